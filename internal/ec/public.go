package ec

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
)

// ErrCurve is returned for keys that are on no curve of this package, or are no keys
// on curves at all.
var ErrCurve = errors.New("ec: no curve that is known")

func oidPublicKey() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1} }
func oidPrimeField() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 2, 840, 10045, 1, 1}
}

type subjectPublicKey struct {
	Algorithm pkix.AlgorithmIdentifier
	Key       asn1.BitString
}

// explicit are ECParameters of SEC 1 section C.2.
type explicit struct {
	Version int
	Field   struct {
		Type asn1.ObjectIdentifier
		P    *big.Int
	}
	Curve struct {
		A, B []byte
		Seed asn1.BitString `asn1:"optional"`
	}
	G        []byte
	N        *big.Int
	Cofactor *big.Int `asn1:"optional"`
}

// ParsePublic reads a SubjectPublicKeyInfo. A curve that is spelled out counts only
// when each number, the generator included, is that of a known curve: whoever may
// choose a generator can forge signatures of others (CVE-2020-0601).
func ParsePublic(der []byte) (*Curve, Point, error) {
	var s subjectPublicKey
	if rest, err := asn1.Unmarshal(der, &s); err != nil || len(rest) > 0 {
		return nil, Point{}, ErrCurve
	}
	if !s.Algorithm.Algorithm.Equal(oidPublicKey()) {
		return nil, Point{}, ErrCurve
	}
	c := byParameters(s.Algorithm.Parameters.FullBytes)
	if c == nil {
		return nil, Point{}, ErrCurve
	}
	p, err := c.Unmarshal(s.Key.RightAlign())
	return c, p, err
}

func byParameters(der []byte) *Curve {
	var oid asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(der, &oid); err == nil && len(rest) == 0 {
		for _, c := range Curves() {
			if c.OID.Equal(oid) {
				return c
			}
		}
		return nil
	}
	var e explicit
	if rest, err := asn1.Unmarshal(der, &e); err != nil || len(rest) > 0 || !e.Field.Type.Equal(oidPrimeField()) {
		return nil
	}
	a, b := new(big.Int).SetBytes(e.Curve.A), new(big.Int).SetBytes(e.Curve.B)
	for _, c := range Curves() {
		if c.P.Cmp(e.Field.P) != 0 || c.A.Cmp(a) != 0 || c.B.Cmp(b) != 0 || c.N.Cmp(e.N) != 0 {
			continue
		}
		if e.Cofactor != nil && e.Cofactor.Cmp(big.NewInt(1)) != 0 {
			continue
		}
		if g, err := c.Unmarshal(e.G); err == nil && g.Equal(c.G) {
			return c
		}
	}
	return nil
}

// MarshalPublic makes a SubjectPublicKeyInfo, with the curve by its name or spelled out.
func MarshalPublic(c *Curve, p Point, spell bool) ([]byte, error) {
	var params any = c.OID
	if spell {
		params = c.spelled()
	}
	der, err := asn1.Marshal(params)
	if err != nil {
		return nil, err
	}
	key := c.Marshal(p)
	return asn1.Marshal(subjectPublicKey{
		pkix.AlgorithmIdentifier{Algorithm: oidPublicKey(), Parameters: asn1.RawValue{FullBytes: der}},
		asn1.BitString{Bytes: key, BitLength: 8 * len(key)},
	})
}

func (c *Curve) spelled() explicit {
	e := explicit{Version: 1, G: c.Marshal(c.G), N: c.N, Cofactor: big.NewInt(1)}
	e.Field.Type, e.Field.P = oidPrimeField(), c.P
	e.Curve.A = c.A.FillBytes(make([]byte, c.Size()))
	e.Curve.B = c.B.FillBytes(make([]byte, c.Size()))
	return e
}
