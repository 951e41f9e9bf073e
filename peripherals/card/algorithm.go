package card

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"

	// The hashes that issuers use.
	_ "crypto/sha256"
	_ "crypto/sha512"

	"clinicbox/internal/ec"
)

// hashOf reads an AlgorithmIdentifier of a hash; 0 for what is not known. SHA-1 is not:
// whoever can make two files of one hash would sign one and show the other.
func hashOf(o object) crypto.Hash {
	oid, ok := child(o.value, derOID)
	if !ok {
		return 0
	}
	return hashByOID(oid)
}

func hashByOID(oid []byte) crypto.Hash {
	for last, h := range map[int]crypto.Hash{1: crypto.SHA256, 2: crypto.SHA384, 3: crypto.SHA512, 4: crypto.SHA224} {
		if bytes.Equal(oid, oidBytes(asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, last})) {
			return h
		}
	}
	return 0
}

// scheme is how a signature is made.
type scheme int

const (
	schemeNone scheme = iota
	schemePKCS1
	schemePSS
	schemeECDSA
)

// algorithm is a signature algorithm; hash is 0 when the identifier leaves it to the
// place where it stands.
type algorithm struct {
	scheme scheme
	hash   crypto.Hash
	salt   int
}

// algorithmOf reads an AlgorithmIdentifier of a signature.
func algorithmOf(der []byte) algorithm {
	in, ok := child(der, derSequence)
	if !ok {
		return algorithm{}
	}
	list, err := objects(in)
	if err != nil || len(list) == 0 || list[0].tag != derOID {
		return algorithm{}
	}
	rsaOID := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, n} }
	ecdsa := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, n} }
	known := []struct {
		oid asn1.ObjectIdentifier
		a   algorithm
	}{
		{rsaOID(1), algorithm{scheme: schemePKCS1}},
		{rsaOID(14), algorithm{schemePKCS1, crypto.SHA224, 0}},
		{rsaOID(11), algorithm{schemePKCS1, crypto.SHA256, 0}},
		{rsaOID(12), algorithm{schemePKCS1, crypto.SHA384, 0}},
		{rsaOID(13), algorithm{schemePKCS1, crypto.SHA512, 0}},
		{ecdsa(1), algorithm{schemeECDSA, crypto.SHA224, 0}},
		{ecdsa(2), algorithm{schemeECDSA, crypto.SHA256, 0}},
		{ecdsa(3), algorithm{schemeECDSA, crypto.SHA384, 0}},
		{ecdsa(4), algorithm{schemeECDSA, crypto.SHA512, 0}},
		{asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}, algorithm{scheme: schemeECDSA}},
	}
	for _, k := range known {
		if isOID(list[0], k.oid) {
			return k.a
		}
	}
	if isOID(list[0], rsaOID(10)) && len(list) == 2 {
		return pss(list[1].whole)
	}
	return algorithm{}
}

// pss reads RSASSA-PSS-params (RFC 4055 section 3.1); the defaults are SHA-1 and do
// not count.
func pss(der []byte) algorithm {
	in, ok := child(der, derSequence)
	if !ok {
		return algorithm{}
	}
	a := algorithm{scheme: schemePSS, salt: 20}
	var mask crypto.Hash
	list, err := objects(in)
	if err != nil {
		return algorithm{}
	}
	for _, o := range list {
		p, err := objects(o.value)
		if err != nil || len(p) != 1 {
			return algorithm{}
		}
		switch o.tag {
		case 0xA0:
			a.hash = hashOf(p[0])
		case 0xA1:
			if inner, err := objects(p[0].value); err == nil && len(inner) == 2 {
				mask = hashOf(inner[1])
			}
		case 0xA2:
			if len(p[0].value) != 1 {
				return algorithm{}
			}
			a.salt = int(p[0].value[0])
		}
	}
	if a.hash == 0 || mask != a.hash {
		return algorithm{}
	}
	return a
}

// publicKey is a key of one of the kinds that are known.
type publicKey struct {
	rsa   *rsa.PublicKey
	curve *ec.Curve
	point ec.Point
}

// parseKey reads a SubjectPublicKeyInfo.
func parseKey(spki []byte) (publicKey, bool) {
	if c, p, err := ec.ParsePublic(spki); err == nil {
		return publicKey{curve: c, point: p}, true
	}
	if k, err := x509.ParsePKIXPublicKey(spki); err == nil {
		if r, ok := k.(*rsa.PublicKey); ok && r.Size() <= 1024 && r.E > 1 {
			return publicKey{rsa: r}, true
		}
	}
	return publicKey{}, false
}

// minRSA is the smallest modulus of an issuer's key, in bytes.
const minRSA = 256

// fits reports whether the key can have made signatures of this algorithm.
func (k publicKey) fits(a algorithm) bool {
	switch a.scheme {
	case schemePKCS1, schemePSS:
		return k.rsa != nil && k.rsa.Size() >= minRSA && a.hash.Available()
	case schemeECDSA:
		return k.curve != nil && a.hash.Available()
	}
	return false
}

// verify reports whether a signature holds. The key fits the algorithm.
func (k publicKey) verify(a algorithm, signed, sig []byte) bool {
	h := a.hash.New()
	h.Write(signed)
	sum := h.Sum(nil)
	switch a.scheme {
	case schemePKCS1:
		return rsa.VerifyPKCS1v15(k.rsa, a.hash, sum, sig) == nil
	case schemePSS:
		return rsa.VerifyPSS(k.rsa, a.hash, sum, sig, &rsa.PSSOptions{SaltLength: a.salt, Hash: a.hash}) == nil
	case schemeECDSA:
		var s ec.Signature
		rest, err := asn1.Unmarshal(sig, &s)
		return err == nil && len(rest) == 0 && k.curve.Verify(k.point, sum, s)
	}
	return false
}
