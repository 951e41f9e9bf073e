package authority

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
)

// Root is the offline root: an Ed25519 key above all statements, and a P-256 key
// above the web authority. It lives on a machine without a network, or in files
// that stay in a safe; between ceremonies nothing needs it.
type Root struct {
	Name    string
	Key     crypto.Signer
	Web     crypto.Signer
	WebCert []byte
}

// Grant is what a ceremony hands to the centre. Nothing in it is secret.
type Grant struct {
	Root   ed25519.PublicKey `json:"root"`
	Issuer []byte            `json:"issuer"` // signed by the root
	Web    [][]byte          `json:"web"`    // X.509: issuing authority, root
}

// The files of a root in its folder.
const (
	rootKeyFile = "root.key"
	webKeyFile  = "web-root.key"
	webCertFile = "web-root.der"
)

// NewRoot makes the keys. at is when the web root begins: the day of the ceremony.
func NewRoot(name string, at time.Time) (*Root, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("authority: root key: %w", err)
	}
	web, err := cert.NewP256()
	if err != nil {
		return nil, fmt.Errorf("authority: web root key: %w", err)
	}
	r := &Root{Name: name, Key: key, Web: web}
	if r.WebCert, err = cert.WebRoot(web, name, at); err != nil {
		return nil, fmt.Errorf("authority: web root: %w", err)
	}
	return r, nil
}

// Save writes the root into a folder, under a passphrase unless it is empty, which
// only a demonstration should do.
func (r *Root) Save(dir string, passphrase []byte) error {
	if err := SaveKey(filepath.Join(dir, rootKeyFile), r.Key, passphrase); err != nil {
		return err
	}
	if err := SaveKey(filepath.Join(dir, webKeyFile), r.Web, passphrase); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, webCertFile), r.WebCert, 0o644)
}

// LoadRoot reads what Save wrote.
func LoadRoot(dir string, passphrase []byte) (*Root, error) {
	key, err := LoadKey(filepath.Join(dir, rootKeyFile), passphrase)
	if err != nil {
		return nil, err
	}
	web, err := LoadKey(filepath.Join(dir, webKeyFile), passphrase)
	if err != nil {
		return nil, err
	}
	der, err := readSmall(filepath.Join(dir, webCertFile), false)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, ErrKeys
	}
	if _, err := cert.NewParent(der, web); err != nil {
		return nil, ErrKeys
	}
	return &Root{Name: c.Subject.Organization[0], Key: key, Web: web, WebCert: der}, nil
}

// Request asks for a grant: the centre makes it, and carries it to the ceremony.
func Request(name string, issuing, web crypto.Signer) ([]byte, error) {
	pub, ok := issuing.Public().(ed25519.PublicKey)
	if !ok {
		return nil, ErrKeys
	}
	spki, err := cert.SPKI(web)
	if err != nil {
		return nil, ErrKeys
	}
	return cert.Sign(issuing, cert.IssuerRequest{Name: name, Key: pub, Web: spki})
}

// Terms are what the ceremony decides.
type Terms struct {
	Seq       uint64       // one more than the last grant's
	Withdraws []cert.KeyID // issuing keys that were stolen
	At        time.Time
}

// Grant certifies the keys of a request.
func (r *Root) Grant(request []byte, t Terms) (Grant, error) {
	q, err := cert.OpenIssuerRequest(request)
	if err != nil {
		return Grant{}, err
	}
	raw, err := cert.Sign(r.Key, cert.Issuer{Name: q.Name, Key: q.Key, Seq: t.Seq, Withdraws: t.Withdraws})
	if err != nil {
		return Grant{}, err
	}
	root, err := cert.NewParent(r.WebCert, r.Web)
	if err != nil {
		return Grant{}, err
	}
	der, err := cert.WebIssuing(root, q.Web, t.At)
	if err != nil {
		return Grant{}, err
	}
	return Grant{Root: r.Key.Public().(ed25519.PublicKey), Issuer: raw, Web: [][]byte{der, r.WebCert}}, nil
}

// Save writes the grant for the way back to the centre.
func (g Grant) Save(path string) error {
	b, err := json.MarshalIndent(g, "", "  ")
	if err != nil {
		return fmt.Errorf("authority: grant: %w", err)
	}
	return durable.WriteFile(path, append(b, '\n'), 0o644)
}

// LoadGrant reads a grant. Open verifies it against the centre's keys.
func LoadGrant(path string) (g Grant, err error) {
	b, err := readSmall(path, false)
	if err != nil {
		return g, err
	}
	if err := json.Unmarshal(b, &g); err != nil {
		return g, fmt.Errorf("%w: grant", ErrKeys)
	}
	return g, nil
}
