package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// InventedMark stands in the name of every invented authority.
const InventedMark = "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"

// Invented is an authority that nobody must believe, for tests and the
// demonstration. It makes its own key: no real one can be put into it.
type Invented struct {
	Certificate *x509.Certificate
	Key         *ecdsa.PrivateKey
}

// NewInvented makes one, valid from a time for twenty years.
func NewInvented(name string, from time.Time) (*Invented, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("cms: invent: %w", err)
	}
	a := &Invented{Key: key}
	t := &x509.Certificate{
		Subject: pkix.Name{CommonName: InventedMark + " - " + name}, NotBefore: from, NotAfter: from.AddDate(20, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	a.Certificate, err = a.issue(t, t, key.Public())
	return a, err
}

// Issue certifies a key for the subject, for as long as the authority is valid.
// Change alters the certificate before it is signed; nil for one that signs documents.
func (a *Invented) Issue(subject pkix.Name, key crypto.PublicKey, change func(*x509.Certificate)) (*x509.Certificate, error) {
	t := &x509.Certificate{
		Subject: subject, NotBefore: a.Certificate.NotBefore, NotAfter: a.Certificate.NotAfter, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
	if change != nil {
		change(t)
	}
	return a.issue(t, a.Certificate, key)
}

func (a *Invented) issue(t, parent *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("cms: invent: %w", err)
	}
	t.SerialNumber = serial.Add(serial, big.NewInt(1))
	der, err := x509.CreateCertificate(rand.Reader, t, parent, key, a.Key)
	if err != nil {
		return nil, fmt.Errorf("cms: invent: %w", err)
	}
	return x509.ParseCertificate(der)
}

// Roots are those of the invented authority alone.
func (a *Invented) Roots() *Roots {
	r, _ := ParseRoots(a.PEM()) // our own certificate: cannot fail
	return r
}

// PEM is the authority's certificate, for legal.roots of a demonstration.
func (a *Invented) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate.Raw})
}

// Person is the subject of an invented practitioner, as providers write one.
func Person(name, cccd string) pkix.Name {
	return pkix.Name{Country: []string{"VN"}, CommonName: name, ExtraNames: []pkix.AttributeTypeAndValue{{Type: uid(), Value: "CCCD:" + cccd}}}
}

// Organisation is the subject of an invented facility.
func Organisation(name, tax string) pkix.Name {
	return pkix.Name{
		Country: []string{"VN"}, Organization: []string{name}, CommonName: name,
		ExtraNames: []pkix.AttributeTypeAndValue{{Type: uid(), Value: "MST:" + tax}},
	}
}
