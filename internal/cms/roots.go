package cms

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// Roots are the authorities that are believed, from PEM files. Which ones is a
// matter of configuration: the national root and those of the licensed providers.
type Roots struct {
	roots, between *x509.CertPool
	n              int
}

// ErrNoRoots is returned for files without a root certificate.
var ErrNoRoots = errors.New("cms: no root certificate")

// ParseRoots reads certificates in PEM: self-signed ones are believed, others only
// fill gaps of chains.
func ParseRoots(texts ...[]byte) (*Roots, error) {
	r := &Roots{roots: x509.NewCertPool(), between: x509.NewCertPool()}
	for _, b := range texts {
		for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "CERTIFICATE" {
				return nil, fmt.Errorf("%w: PEM block %q", ErrNoRoots, block.Type) // a private key has no business here
			}
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("cms: roots: %w", err)
			}
			r.Add(c)
		}
	}
	if r.n == 0 {
		return nil, ErrNoRoots
	}
	return r, nil
}

// LoadRoots is ParseRoots of files.
func LoadRoots(paths ...string) (*Roots, error) {
	var texts [][]byte
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, fmt.Errorf("cms: roots: %w", err)
		}
		texts = append(texts, b)
	}
	return ParseRoots(texts...)
}

// Add takes a certificate in: as a root when it is self-signed.
func (r *Roots) Add(c *x509.Certificate) {
	if c.IsCA && c.CheckSignatureFrom(c) == nil {
		r.roots.AddCert(c)
		r.n++
		return
	}
	r.between.AddCert(c)
}

// Revocation asks whether a certificate was revoked at a time. Decree 23/2025/NĐ-CP
// wants OCSP or CRLs asked: the centre's signing service does, when it signs. A box
// has none and says "not checked".
type Revocation interface {
	// Revoked may wait for the network. An error means that nothing is known.
	Revoked(cert, issuer *x509.Certificate, at time.Time) (bool, error)
}
