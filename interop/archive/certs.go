package archive

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"clinicbox/internal/cert"
)

// Certificates say whose the box's key is: certificates.json. Who knows the root, which
// is one for a whole fleet, needs to know no key of a box.
type Certificates struct {
	Root       []byte   `json:"root"`       // Ed25519
	Statements [][]byte `json:"statements"` // of the root and the centre, in an order that cert.LoadTrust takes
	Box        []byte   `json:"box"`        // cert.Box
}

func (c *Certificates) encode() ([]byte, error) {
	b, err := json.MarshalIndent(c, "", " ")
	return append(b, '\n'), err
}

// parseCerts reads certificates.json; what they are worth is found at the end of the
// entries, which may have statements that came later.
func parseCerts(b []byte) (*Certificates, error) {
	c := new(Certificates)
	if err := strict(b, c); err != nil || len(c.Root) != ed25519.PublicKeySize {
		return nil, tampered("%s cannot be read", fileCerts)
	}
	return c, nil
}

// certified verifies the way from the root to the box's key.
func (v *verification) certified() error {
	if v.certs == nil {
		if v.o.Root != "" {
			return fmt.Errorf("%w: there are no certificates", ErrKey)
		}
		return nil
	}
	root := ed25519.PublicKey(v.certs.Root)
	if v.o.Root != "" && !isRoot(root, v.o.Root) {
		return fmt.Errorf("%w: certificates of another root", ErrKey)
	}
	t := cert.NewTrust(root)
	for _, raw := range v.certs.Statements {
		if err := t.Add(raw); err != nil {
			return tampered("%s: %v", fileCerts, err)
		}
		v.noteHub(t)
	}
	for _, raw := range v.said {
		_ = t.Add(raw) // what does not verify, or was overtaken, changes nothing
		v.noteHub(t)
	}
	_, err := t.Box(v.certs.Box, cert.WantBox{Name: v.m.Box, Identity: v.m.Key})
	v.rep.Root, v.rep.Trust, v.rep.Revoked = root, t, errors.Is(err, cert.ErrRevoked)
	if err != nil && !v.rep.Revoked {
		return tampered("%s: %v", fileCerts, err)
	}
	return nil
}

// isRoot compares a root's key with what somebody knows of it: the key in base64, or
// its print.
func isRoot(key ed25519.PublicKey, known string) bool {
	plain := func(s string) string { return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s)) }
	return known == base64.StdEncoding.EncodeToString(key) || plain(known) == plain(cert.Fingerprint(key))
}
