package sim

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"time"

	"clinicbox/internal/ec"
)

// CardAuthority is an issuer of cards that nobody must believe: a root (CSCA) and a
// signer of documents.
type CardAuthority struct {
	Root        []byte // the root's certificate, DER
	signer      cardSigner
	certificate []byte
	issuer      []byte
	Bare        bool // signs the list itself, without signed attributes
	Elsewhere   bool // the attributes were signed over another kind of content
}

// CardAuthorityOpts says how an authority makes its certificates.
type CardAuthorityOpts struct {
	Kind    string // a curve's name, "rsa", "pss", or "weak": RSA of 1,024 bits
	Spell   bool   // curves are spelled out
	From    time.Time
	Until   time.Time
	Purpose bool // the signer's certificate is for something else
}

// NewCardAuthority makes its keys: seconds for RSA.
func NewCardAuthority(o CardAuthorityOpts) (*CardAuthority, error) {
	if o.From.IsZero() {
		o.From = time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if o.Until.IsZero() {
		o.Until = o.From.AddDate(20, 0, 0)
	}
	root, err := newCardSigner(o)
	if err != nil {
		return nil, err
	}
	signer, err := newCardSigner(o)
	if err != nil {
		return nil, err
	}
	a := &CardAuthority{signer: signer, issuer: cardName("CSCA")}
	if a.Root, err = o.certify(root, root, "CSCA"); err != nil {
		return nil, err
	}
	a.certificate, err = o.certify(signer, root, "DS")
	return a, err
}

// cardName is a name that says what it is worth.
func cardName(role string) []byte {
	part := func(last int, tag int, s string) []byte {
		return ber(0x31, ber(0x30, der(asn1.ObjectIdentifier{2, 5, 4, last}), ber(tag, []byte(s))))
	}
	return ber(0x30, part(6, 0x13, "VN"), part(3, 0x0C, "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ - "+role))
}

// cardSigner is a key of an authority.
type cardSigner struct {
	curve *ec.Curve
	key   ec.Key
	rsa   *rsa.PrivateKey
	pss   bool
	spell bool
}

func newCardSigner(o CardAuthorityOpts) (s cardSigner, err error) {
	s.spell = o.Spell
	if bits := map[string]int{"rsa": 2048, "pss": 2048, "weak": 1024}[o.Kind]; bits > 0 {
		s.pss = o.Kind == "pss"
		s.rsa, err = rsa.GenerateKey(rand.Reader, bits)
		return s, err
	}
	if s.curve = ec.ByName(o.Kind); s.curve == nil {
		return s, fmt.Errorf("sim: no curve %q", o.Kind)
	}
	s.key, err = s.curve.NewKey(rand.Reader, s.curve.G)
	return s, err
}

func (s cardSigner) public() ([]byte, error) {
	if s.rsa != nil {
		return x509.MarshalPKIXPublicKey(&s.rsa.PublicKey)
	}
	return ec.MarshalPublic(s.curve, s.key.Public, s.spell)
}

func sha256ID() []byte {
	return ber(0x30, der(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}))
}

func (s cardSigner) algorithm() []byte {
	rsaOID := func(n int) []byte { return der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, n}) }
	switch {
	case s.pss:
		mask := ber(0x30, rsaOID(8), sha256ID())
		return ber(0x30, rsaOID(10), ber(0x30, ber(0xA0, sha256ID()), ber(0xA1, mask), ber(0xA2, der(32))))
	case s.rsa != nil:
		return ber(0x30, rsaOID(11), []byte{5, 0})
	}
	return ber(0x30, der(asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}))
}

func (s cardSigner) sign(b []byte) ([]byte, error) {
	h := sha256.Sum256(b)
	switch {
	case s.pss:
		return rsa.SignPSS(rand.Reader, s.rsa, crypto.SHA256, h[:], &rsa.PSSOptions{SaltLength: 32})
	case s.rsa != nil:
		return rsa.SignPKCS1v15(nil, s.rsa, crypto.SHA256, h[:])
	}
	sig, err := s.curve.Sign(s.key, h[:])
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(sig)
}

func (o CardAuthorityOpts) certify(of, by cardSigner, role string) ([]byte, error) {
	public, err := of.public()
	if err != nil {
		return nil, err
	}
	oid := func(last int) []byte { return der(asn1.ObjectIdentifier{2, 5, 29, last}) }
	usage := ber(0x30, oid(15), ber(4, ber(3, []byte{7, 0x80})))
	if role == "CSCA" {
		usage = append(ber(0x30, oid(19), der(true), ber(4, ber(0x30, der(true)))), ber(0x30, oid(15), ber(4, ber(3, []byte{1, 6})))...)
	} else if o.Purpose {
		usage = append(usage, ber(0x30, oid(37), ber(4, ber(0x30, der(asn1.ObjectIdentifier{2, 23, 136, 1, 1, 3}))))...)
	}
	serial := new(big.Int).SetBytes(append([]byte{1}, random(8)...))
	tbs := ber(0x30, ber(0xA0, der(2)), der(serial), by.algorithm(), cardName("CSCA"),
		ber(0x30, der(o.From), der(o.Until)), cardName(role), public, ber(0xA3, ber(0x30, usage)))
	sig, err := by.sign(tbs)
	if err != nil {
		return nil, err
	}
	return ber(0x30, tbs, by.algorithm(), ber(3, []byte{0}, sig)), nil
}

// sod lists and signs the groups; it returns the list, too.
func (a *CardAuthority) sod(groups map[int][]byte) (file, list []byte, err error) {
	var hashes [][]byte
	for _, n := range slices.Sorted(maps.Keys(groups)) {
		h := sha256.Sum256(groups[n])
		hashes = append(hashes, ber(0x30, der(n), ber(4, h[:])))
	}
	content := ber(0x30, der(0), sha256ID(), ber(0x30, hashes...))
	kind := der(asn1.ObjectIdentifier{2, 23, 136, 1, 1, 1})
	signed, attrs := content, []byte(nil)
	if !a.Bare {
		pkcs9 := func(n int) []byte { return der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, n}) }
		h := sha256.Sum256(content)
		of := kind
		if a.Elsewhere {
			of = der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1})
		}
		both := bytes.Join([][]byte{ber(0x30, pkcs9(3), ber(0x31, of)), ber(0x30, pkcs9(4), ber(0x31, ber(4, h[:])))}, nil)
		signed, attrs = ber(0x31, both), ber(0xA0, both)
	}
	sig, err := a.signer.sign(signed)
	if err != nil {
		return nil, nil, err
	}
	info := ber(0x30, der(1), ber(0x30, a.issuer, der(1)), sha256ID(), attrs, a.signer.algorithm(), ber(4, sig))
	data := ber(0x30, der(3), ber(0x31, sha256ID()), ber(0x30, kind, ber(0xA0, ber(4, content))), ber(0xA0, a.certificate), ber(0x31, info))
	return ber(0x77, ber(0x30, der(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}), ber(0xA0, data))), content, nil
}
