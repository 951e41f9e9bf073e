package ec_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"math/big"
	"testing"

	"clinicbox/internal/ec"
)

// TestConstants proves the curves' numbers: both moduli are prime, the generator is on
// the curve, and its order is N. A wrong digit anywhere breaks one of these.
func TestConstants(t *testing.T) {
	if len(ec.Curves()) != 6 {
		t.Fatalf("%d curves", len(ec.Curves()))
	}
	for _, c := range ec.Curves() {
		if !c.P.ProbablyPrime(20) || !c.N.ProbablyPrime(20) || !c.On(c.G) {
			t.Errorf("%s: no primes, or no generator", c.Name)
		}
		if !c.Mul(c.N, c.G).IsInfinity() || c.Mul(new(big.Int).Sub(c.N, big.NewInt(1)), c.G).IsInfinity() {
			t.Errorf("%s: another order", c.Name)
		}
	}
}

func TestGroupLaws(t *testing.T) {
	for _, c := range ec.Curves() {
		k, err := c.NewKey(rand.Reader, c.G)
		if err != nil {
			t.Fatal(err)
		}
		p, two := k.Public, big.NewInt(2)
		minus := ec.Point{X: p.X, Y: new(big.Int).Sub(c.P, p.Y)}
		for what, ok := range map[string]bool{
			"p + p = 2p":     c.Add(p, p).Equal(c.Mul(two, p)),
			"p − p = 0":      c.Add(p, minus).IsInfinity(),
			"p + 0 = p":      c.Add(p, ec.Point{}).Equal(p),
			"0 + p = p":      c.Add(ec.Point{}, p).Equal(p),
			"p + G = G + p":  c.Add(p, c.G).Equal(c.Add(c.G, p)),
			"p + G = (d+1)G": c.Add(p, c.G).Equal(c.Mul(new(big.Int).Add(k.D, big.NewInt(1)), c.G)),
			"0·p = 0":        c.Mul(new(big.Int), p).IsInfinity(),
		} {
			if !ok {
				t.Errorf("%s: not %s", c.Name, what)
			}
		}
	}
}

// TestRFC7027 agrees on the secrets that the RFC prints for Brainpool.
func TestRFC7027(t *testing.T) {
	c := ec.ByName("brainpoolP256r1")
	n := func(s string) *big.Int { i, _ := new(big.Int).SetString(s, 16); return i }
	a := n("81DB1EE100150FF2EA338D708271BE38300CB54241D79950F77B063039804F1D")
	b := n("55E40BC41E37E3E2AD25C3C6654511FFA8474A91A0032087593852D3E7D76BD3")
	const z = "89afc39d41d3b327814b80940b042590f96556ec91e6ae7939bce31f3a18bf2b"
	got, err := c.Shared(ec.Key{D: a}, c.Mul(b, c.G))
	if err != nil || hex.EncodeToString(got) != z {
		t.Errorf("%x, %v", got, err)
	}
}

func TestAgainstTheStandardLibrary(t *testing.T) {
	for name, std := range map[string]ecdh.Curve{"P-256": ecdh.P256(), "P-384": ecdh.P384(), "P-521": ecdh.P521()} {
		c := ec.ByName(name)
		ours, err := c.NewKey(rand.Reader, c.G)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := std.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := c.Unmarshal(theirs.PublicKey().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		a, err := c.Shared(ours, pub)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := std.NewPublicKey(c.Marshal(ours.Public))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := theirs.ECDH(peer); err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: %x, %x, %v", name, a, b, err)
		}
	}
}

func TestSignatures(t *testing.T) {
	for _, c := range ec.Curves() {
		k, err := c.NewKey(rand.Reader, c.G)
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256([]byte(c.Name))
		s, err := c.Sign(k, hash[:])
		if err != nil || !c.Verify(k.Public, hash[:], s) {
			t.Fatalf("%s: own signature does not hold: %v", c.Name, err)
		}
		other := sha256.Sum256([]byte("other"))
		zero := new(big.Int)
		for what, ok := range map[string]bool{
			"another hash": c.Verify(k.Public, other[:], s),
			"another key":  c.Verify(c.G, hash[:], s),
			"r + n":        c.Verify(k.Public, hash[:], ec.Signature{R: new(big.Int).Add(s.R, c.N), S: s.S}),
			"zero r":       c.Verify(k.Public, hash[:], ec.Signature{R: zero, S: s.S}),
			"zero s":       c.Verify(k.Public, hash[:], ec.Signature{R: s.R, S: zero}),
			"no numbers":   c.Verify(k.Public, hash[:], ec.Signature{}),
			"no key":       c.Verify(ec.Point{}, hash[:], s),
		} {
			if ok {
				t.Errorf("%s: holds for %s", c.Name, what)
			}
		}
	}
}

func TestSignaturesOfTheStandardLibrary(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	c, pub, err := ec.ParsePublic(der)
	if err != nil || c.Name != "P-256" {
		t.Fatal(err)
	}
	if again, err := ec.MarshalPublic(c, pub, false); err != nil || !bytes.Equal(again, der) {
		t.Errorf("%x, want %x (%v)", again, der, err)
	}
	hash := sha256.Sum256([]byte("x"))
	r, s, err := ecdsa.Sign(rand.Reader, key, hash[:])
	if err != nil || !c.Verify(pub, hash[:], ec.Signature{R: r, S: s}) {
		t.Errorf("does not hold: %v", err)
	}
}

// TestSpelledOutCurves: explicit parameters count as the curve whose numbers they are,
// and not when somebody chose a generator.
func TestSpelledOutCurves(t *testing.T) {
	for _, c := range ec.Curves() {
		der, err := ec.MarshalPublic(c, c.G, true)
		if err != nil {
			t.Fatal(err)
		}
		got, p, err := ec.ParsePublic(der)
		if err != nil || got.Name != c.Name || !p.Equal(c.G) {
			t.Errorf("%s: %v", c.Name, err)
		}
		chosen := *c
		chosen.G = c.Mul(big.NewInt(7), c.G)
		if der, err = ec.MarshalPublic(&chosen, c.G, true); err != nil {
			t.Fatal(err)
		}
		if _, _, err := ec.ParsePublic(der); err == nil {
			t.Errorf("%s: a chosen generator counts", c.Name)
		}
	}
}

func TestPointsOfNoCurve(t *testing.T) {
	c := ec.ByName("P-256")
	good := c.Marshal(c.G)
	bad := bytes.Clone(good)
	bad[40] ^= 1
	for _, b := range [][]byte{nil, {0}, {4}, good[1:], bad, append(bytes.Clone(good), 0), make([]byte, 65)} {
		if _, err := c.Unmarshal(b); err == nil {
			t.Errorf("%x is a point", b)
		}
	}
	off := ec.Point{X: c.G.X, Y: c.G.X}
	if _, err := c.Shared(ec.Key{D: big.NewInt(3)}, off); err == nil {
		t.Error("a secret was shared with a point of another curve")
	}
}

func FuzzParsePublic(f *testing.F) {
	for _, c := range ec.Curves() {
		for _, spell := range []bool{true, false} {
			der, err := ec.MarshalPublic(c, c.G, spell)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(der)
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		if c, p, err := ec.ParsePublic(der); err == nil && !c.On(p) {
			t.Error("a point off the curve")
		}
	})
}

func BenchmarkMul(b *testing.B) {
	c := ec.ByName("brainpoolP256r1")
	k, err := c.NewKey(rand.Reader, c.G)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Mul(k.D, c.G)
	}
}
