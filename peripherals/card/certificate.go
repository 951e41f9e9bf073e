package card

import (
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"time"
)

// certificate is as much of an X.509 certificate as a chain of two needs. crypto/x509
// refuses Brainpool and curves that are spelled out, which issuers use.
type certificate struct {
	tbs           []byte
	from, until   time.Time
	key           publicKey
	keyOK         bool
	algorithm     []byte
	signature     []byte
	otherPurposes bool // an extended key usage: a certificate for something else
}

var errCertificate = errors.New("card: malformed certificate")

func parseCertificate(der []byte) (*certificate, error) {
	outer, rest, err := next(der)
	if err != nil || len(rest) > 0 || outer.tag != derSequence {
		return nil, errCertificate
	}
	parts, err := objects(outer.value)
	if err != nil || len(parts) != 3 || parts[2].tag != 0x03 || len(parts[2].value) < 2 || parts[2].value[0] != 0 {
		return nil, errCertificate
	}
	c := &certificate{tbs: parts[0].whole, algorithm: parts[1].whole, signature: parts[2].value[1:]}
	f, err := objects(parts[0].value)
	if err != nil || len(f) < 7 || f[0].tag != 0xA0 {
		return nil, errCertificate // version 1 has no extensions, and no issuer of cards uses it
	}
	if string(f[2].whole) != string(c.algorithm) {
		return nil, errCertificate
	}
	if c.from, c.until, err = validity(f[4].value); err != nil {
		return nil, err
	}
	c.key, c.keyOK = parseKey(f[6].whole)
	for _, o := range f[7:] {
		if o.tag == 0xA3 {
			c.otherPurposes = hasExtension(o.value, asn1.ObjectIdentifier{2, 5, 29, 37})
		}
	}
	return c, nil
}

func validity(b []byte) (from, until time.Time, err error) {
	p, err := objects(b)
	if err != nil || len(p) != 2 {
		return from, until, errCertificate
	}
	for i, t := range []*time.Time{&from, &until} {
		if rest, err := asn1.Unmarshal(p[i].whole, t); err != nil || len(rest) > 0 {
			return from, until, errCertificate
		}
	}
	return from, until, nil
}

func hasExtension(b []byte, oid asn1.ObjectIdentifier) bool {
	in, _ := child(b, derSequence)
	list, err := objects(in)
	if err != nil {
		return true // what cannot be read is not for us
	}
	for _, o := range list {
		if v, ok := child(o.value, derOID); ok && string(v) == string(oidBytes(oid)) {
			return true
		}
	}
	return false
}

func (c *certificate) validAt(t time.Time) bool { return !t.Before(c.from) && !t.After(c.until) }

// maxRoots bounds a set of roots; the world has about 600.
const maxRoots = 4096

// Roots are the authorities of issuers that are believed, each for its own cards only.
// The zero Roots is empty. It is not changed while a card is read.
type Roots struct{ list []root }

type root struct {
	issuer string
	cert   *certificate
}

// ErrRoot is returned for what is no certificate with a key that can be checked.
var ErrRoot = errors.New("card: no certificate of an issuer whose key can be used")

// Add takes the certificates of an issuer in, in PEM or one in DER. Issuer is the three
// letters that the zones of its cards have: "VNM". It is all or nothing.
func (r *Roots) Add(issuer string, text []byte) error {
	var ders [][]byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			return ErrRoot
		}
		ders = append(ders, block.Bytes)
	}
	if ders == nil {
		ders = [][]byte{text}
	}
	var more []root
	for _, der := range ders {
		c, err := parseCertificate(der)
		if err != nil || !c.keyOK || issuer == "" || len(r.list)+len(more) >= maxRoots {
			return ErrRoot
		}
		more = append(more, root{issuer, c})
	}
	r.list = append(r.list, more...)
	return nil
}

// of yields the certificates that are believed for an issuer.
func (r *Roots) of(issuer string) (list []*certificate) {
	if r == nil {
		return nil
	}
	for _, x := range r.list {
		if x.issuer == issuer {
			list = append(list, x.cert)
		}
	}
	return list
}
