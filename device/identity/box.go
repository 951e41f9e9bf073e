package identity

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
)

// openFile holds what a locked box works with. PKCS #8 for P-256 keys.
type openFile struct {
	head
	TLS  []byte `json:"tls"`
	Beat []byte `json:"beat"` // seed
	Leaf []byte `json:"leaf"`
	Cert []byte `json:"cert,omitempty"` // of the leaf, DER; the box's own authority signed it
	// TPMLock is the lock-out key of the TPM until the sealed file can hold it.
	TPMLock []byte `json:"tpm_lock,omitempty"`
}

// Box is who this box is, as far as it can be known while it is locked. Its methods
// may be called at the same time.
type Box struct {
	f    folder
	tls  *ecdsa.PrivateKey
	leaf *ecdsa.PrivateKey
	beat ed25519.PrivateKey

	mu     sync.Mutex
	open   openFile
	enrol  *Enrolment
	trust  *cert.Trust // nil before enrolment
	learnt bool        // there is a file of what came since enrolment
	lacked bool        // and it was damaged when it was read
	gen    uint64      // counts changes of trust
	orders ordersFile
}

// Load reads the folder, or makes it with fresh keys.
func Load(dir string) (*Box, error) { return LoadFS(durable.OS{}, dir) }

// LoadFS is Load over a file layer, through which files are replaced.
func LoadFS(l durable.FS, dir string) (*Box, error) {
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	b := &Box{f: folder{dir, l}}
	found, err := b.f.load(fileOpen, &b.open)
	if err == nil && !found {
		err = b.make()
	}
	if err != nil {
		return nil, err
	}
	if err := b.keys(); err != nil {
		return nil, err
	}
	if _, err := b.f.load(fileOrders, &b.orders); err != nil {
		return nil, err
	}
	return b, b.loadEnrolment()
}

func (b *Box) make() error {
	tlsKey, err := newP256()
	if err != nil {
		return err
	}
	leaf, err := newP256()
	if err != nil {
		return err
	}
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	b.open = openFile{head: head{version}, TLS: tlsKey, Beat: seed, Leaf: leaf}
	return b.f.save(fileOpen, b.open)
}

func newP256() ([]byte, error) {
	k, err := cert.NewP256()
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return x509.MarshalPKCS8PrivateKey(k)
}

func (b *Box) keys() (err error) {
	if b.tls, err = p256(b.open.TLS); err != nil {
		return err
	}
	if b.leaf, err = p256(b.open.Leaf); err != nil {
		return err
	}
	if len(b.open.Beat) != ed25519.SeedSize {
		return fmt.Errorf("%w: %s", ErrDamaged, fileOpen)
	}
	b.beat = ed25519.NewKeyFromSeed(b.open.Beat)
	return nil
}

func p256(der []byte) (*ecdsa.PrivateKey, error) {
	k, err := x509.ParsePKCS8PrivateKey(der)
	key, ok := k.(*ecdsa.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%w: a P-256 key", ErrDamaged) // the cause may quote the key
	}
	return key, nil
}

// Beat signs a heartbeat; box and certificate are filled in. ErrStranger before
// enrolment.
func (b *Box) Beat(v cert.Beat) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enrol == nil {
		return nil, ErrStranger
	}
	v.Box, v.Serial, v.Obeyed = b.enrol.Facility.Box, b.enrol.serial, b.orders.Obeyed
	return cert.Sign(b.beat, v)
}

// LinkTLS is the box's end of the link to a broker. now tells time and whether it
// is trusted. ErrStranger before enrolment.
func (b *Box) LinkTLS(host string, now func() (time.Time, bool)) (*tls.Config, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enrol == nil {
		return nil, ErrStranger
	}
	own := tls.Certificate{Certificate: [][]byte{b.enrol.Client}, PrivateKey: b.tls}
	return cert.LinkTLS(own, b.enrol.Link, host, now), nil
}

// Pages returns the certificate of the staff's pages, false while there is none:
// before enrolment, or before the first unlock after it.
func (b *Box) Pages() (tls.Certificate, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enrol == nil || len(b.open.Cert) == 0 {
		return tls.Certificate{}, false
	}
	chain := append([][]byte{b.open.Cert}, b.enrol.Web[:len(b.enrol.Web)-1]...)
	return tls.Certificate{Certificate: chain, PrivateKey: b.leaf}, true
}

// WebRoot returns the certificate that tablets install, nil before enrolment.
func (b *Box) WebRoot() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enrol == nil {
		return nil
	}
	return b.enrol.Web[len(b.enrol.Web)-1]
}

// EraseClosed destroys the closed keys: nothing here signs for this box any more. The
// open ones, of link, heartbeat and pages, stay, so that the centre hears of it. Twice is no error.
func (b *Box) EraseClosed() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.erase(fileClosed)
}

// Erase destroys everything in the folder. Twice is no error.
func (b *Box) Erase() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.erase(Files()...)
}

// erase overwrites before it removes: whoever pulls the plug early saves nothing.
// Flash may keep old blocks all the same.
func (b *Box) erase(names ...string) error {
	var errs []error
	for _, name := range names {
		path := b.f.path(name)
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			noise := make([]byte, info.Size())
			rand.Read(noise)
			err = overwrite(path, noise)
		}
		errs = append(errs, err, durable.Remove(path))
	}
	return errors.Join(errs...)
}

// overwrite writes in place: a new file would leave the old one's blocks.
func overwrite(path string, noise []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("identity: erase: %w", err)
	}
	_, err = f.WriteAt(noise, 0)
	return errors.Join(err, f.Sync(), f.Close())
}

// publicOf returns the heartbeat key's public half.
func publicOf(b *Box) ed25519.PublicKey { return b.beat.Public().(ed25519.PublicKey) }
