package hubmain

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"time"

	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
)

// ErrNoAuthority: the ceremony was not held yet.
var ErrNoAuthority = errors.New("hub: no authority yet")

// The files of the authority in its folder. The centre must start by itself, so they
// have no passphrase; the root's files, elsewhere, have one.
const (
	issuingFile = "issuing.key"
	commandFile = "command.key"
	webFile     = "web.key"
	linkFile    = "link.key"
	linkCert    = "link.der"
	grantFile   = "grant.json"
	rootFolder  = "root" // of MakeAuthority only
)

func newEd25519() (crypto.Signer, error) {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	return k, err
}

func newP256() (crypto.Signer, error) { return cert.NewP256() }

// keyOr returns the key in a file, made when there is none.
func keyOr(path string, make func() (crypto.Signer, error)) (crypto.Signer, error) {
	k, err := authority.LoadKey(path, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	if k, err = make(); err != nil {
		return nil, fmt.Errorf("hub: authority: %w", err)
	}
	return k, authority.SaveKey(path, k, nil)
}

// centreKeys returns the keys of the authority, made where they are missing. They are
// made once: a request that is asked for again names the same ones.
func centreKeys(dir, name string) (k authority.Keys, err error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return k, err
	}
	for _, f := range []struct {
		to   *crypto.Signer
		name string
		make func() (crypto.Signer, error)
	}{
		{&k.Issuing, issuingFile, newEd25519},
		{&k.Command, commandFile, newEd25519},
		{&k.Web, webFile, newP256},
		{&k.Link, linkFile, newP256},
	} {
		if *f.to, err = keyOr(filepath.Join(dir, f.name), f.make); err != nil {
			return k, err
		}
	}
	path := filepath.Join(dir, linkCert)
	k.LinkCert, err = os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return k, err
	}
	link, ok := k.Link.(*ecdsa.PrivateKey)
	if !ok {
		return k, authority.ErrKeys
	}
	if k.LinkCert, err = cert.LinkRoot(link, name, time.Now()); err != nil {
		return k, fmt.Errorf("hub: link authority: %w", err)
	}
	return k, durable.WriteFile(path, k.LinkCert, 0o644)
}

// loadAuthority returns the authority's keys with the grant; ErrNoAuthority without
// one.
func loadAuthority(dir string) (k authority.Keys, err error) {
	if dir == "" {
		return k, ErrNoAuthority
	}
	grant, err := authority.LoadGrant(filepath.Join(dir, grantFile))
	if errors.Is(err, fs.ErrNotExist) {
		return k, ErrNoAuthority
	} else if err != nil {
		return k, err
	}
	for _, name := range []string{issuingFile, commandFile, webFile, linkFile, linkCert} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return k, fmt.Errorf("%w: %w", authority.ErrKeys, err) // nothing is made anew beside a grant
		}
	}
	if k, err = centreKeys(dir, "-"); err != nil {
		return k, err
	}
	k.Grant = grant
	return k, nil
}

// openAuthority opens the authority over the database.
func openAuthority(ctx context.Context, cfg *Config, keys *keyfile.Private, s authority.Store) (*authority.Authority, error) {
	k, err := loadAuthority(cfg.Authority.Dir)
	if err != nil {
		return nil, err
	}
	pub := keys.Public()
	return authority.Open(ctx, authority.Options{Store: s, Keys: k, Now: time.Now, Centre: authority.Centre{
		Name: pub.Name, Receipt: pub.Identity, HPKE: pub.HPKE.Bytes(), Broker: cfg.advertised(),
	}})
}

// advertised is the broker's address as boxes are told it.
func (c *Config) advertised() string {
	switch {
	case c.Broker.Advertise != "":
		return c.Broker.Advertise
	case c.Broker.URL != "":
		return c.Broker.URL
	}
	return "ssl://" + reachable(c.Broker.Listen)
}

// MakeAuthority makes a root and an authority in the folder, without a passphrase and
// without a ceremony: for demonstrations and tests, where nothing is protected. When
// there is an authority it stays.
func MakeAuthority(dir, name string) error {
	if _, err := loadAuthority(dir); !errors.Is(err, ErrNoAuthority) {
		return err
	}
	k, err := centreKeys(dir, name)
	if err != nil {
		return err
	}
	now := time.Now()
	root, err := authority.NewRoot(name, now)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, rootFolder)
	if err := durable.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := root.Save(folder, nil); err != nil {
		return err
	}
	request, err := authority.Request(name, k.Issuing, k.Web)
	if err != nil {
		return err
	}
	grant, err := root.Grant(request, authority.Terms{Seq: 1, At: now})
	if err != nil {
		return err
	}
	return grant.Save(filepath.Join(dir, grantFile))
}

// brokerNames are the names and addresses under which the broker is reached.
func (c *Config) brokerNames() (n cert.Names) {
	hosts := []string{"localhost", "127.0.0.1", "::1"}
	if h, _, err := net.SplitHostPort(c.Broker.Listen); err == nil {
		hosts = append(hosts, h)
	}
	hosts = append(hosts, hostOf(c.advertised()))
	return namesOf(hosts)
}
