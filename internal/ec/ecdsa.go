package ec

import (
	"crypto/rand"
	"io"
	"math/big"
)

// Key is a private key with its public point.
type Key struct {
	D      *big.Int
	Public Point
}

// NewKey makes a key over a generator, which is the curve's own except where a
// protocol chose another one. From is crypto/rand.Reader outside of worked examples.
func (c *Curve) NewKey(from io.Reader, g Point) (Key, error) {
	top := new(big.Int).Sub(c.N, big.NewInt(1))
	d, err := rand.Int(from, top)
	if err != nil {
		return Key{}, err
	}
	d.Add(d, big.NewInt(1))
	return Key{d, c.Mul(d, g)}, nil
}

// Shared returns the x coordinate that two keys share, in Size bytes.
func (c *Curve) Shared(k Key, other Point) ([]byte, error) {
	if !c.On(other) {
		return nil, ErrPoint
	}
	p := c.Mul(k.D, other)
	if p.IsInfinity() {
		return nil, ErrPoint
	}
	return p.X.FillBytes(make([]byte, c.Size())), nil
}

// digest is the leftmost bits of a hash as a number (FIPS 186-5 section 6.4).
func (c *Curve) digest(hash []byte) *big.Int {
	e := new(big.Int).SetBytes(hash)
	if over := len(hash)*8 - c.N.BitLen(); over > 0 {
		e.Rsh(e, uint(over))
	}
	return e
}

// Signature is an ECDSA signature.
type Signature struct{ R, S *big.Int }

// Verify reports whether the signature over a hash holds for a public key.
func (c *Curve) Verify(public Point, hash []byte, sig Signature) bool {
	if !c.On(public) || sig.R == nil || sig.S == nil || sig.R.Sign() <= 0 || sig.S.Sign() <= 0 ||
		sig.R.Cmp(c.N) >= 0 || sig.S.Cmp(c.N) >= 0 {
		return false
	}
	w := new(big.Int).ModInverse(sig.S, c.N)
	u1 := new(big.Int).Mul(c.digest(hash), w)
	u2 := w.Mul(sig.R, w)
	u1.Mod(u1, c.N)
	u2.Mod(u2, c.N)
	p := c.Add(c.Mul(u1, c.G), c.Mul(u2, public))
	return !p.IsInfinity() && new(big.Int).Mod(p.X, c.N).Cmp(sig.R) == 0
}

// Sign signs a hash. It is for invented cards: it leaks its key to who can time it.
func (c *Curve) Sign(k Key, hash []byte) (Signature, error) {
	for {
		once, err := c.NewKey(rand.Reader, c.G)
		if err != nil {
			return Signature{}, err
		}
		r := new(big.Int).Mod(once.Public.X, c.N)
		s := new(big.Int).Mul(r, k.D)
		s.Add(s, c.digest(hash)).Mul(s, new(big.Int).ModInverse(once.D, c.N)).Mod(s, c.N)
		if r.Sign() > 0 && s.Sign() > 0 {
			return Signature{r, s}, nil
		}
	}
}
