// Package ec does arithmetic on short Weierstrass curves y² = x³ + ax + b over prime
// fields, for what identity cards need and the standard library cannot: Brainpool
// curves, a generator that a protocol chose, certificates that spell their curve out.
//
// It takes time that depends on its secrets. Use it for keys that live for one
// conversation with a card on the desk, and for signatures; for anything else there
// is crypto/ecdh.
package ec

import (
	"encoding/asn1"
	"errors"
	"math/big"
)

// ErrPoint is returned for bytes that are no point of the curve.
var ErrPoint = errors.New("ec: not a point of the curve")

// Point is a point in affine coordinates; the zero Point is the point at infinity.
type Point struct{ X, Y *big.Int }

// IsInfinity reports whether p is the neutral element.
func (p Point) IsInfinity() bool { return p.X == nil }

// Equal reports whether two points are the same.
func (p Point) Equal(q Point) bool {
	if p.IsInfinity() || q.IsInfinity() {
		return p.IsInfinity() == q.IsInfinity()
	}
	return p.X.Cmp(q.X) == 0 && p.Y.Cmp(q.Y) == 0
}

// Curve is a curve of prime order N: its cofactor is 1, so a point of the curve is in
// the group.
type Curve struct {
	Name       string
	OID        asn1.ObjectIdentifier // by which certificates name it
	P, A, B, N *big.Int
	G          Point
}

// Size is the length of a coordinate in bytes.
func (c *Curve) Size() int { return (c.P.BitLen() + 7) / 8 }

// On reports whether p is a point of the curve other than infinity.
func (c *Curve) On(p Point) bool {
	if p.IsInfinity() || p.X.Sign() < 0 || p.Y.Sign() < 0 || p.X.Cmp(c.P) >= 0 || p.Y.Cmp(c.P) >= 0 {
		return false
	}
	right := new(big.Int).Mul(p.X, p.X)
	right.Add(right, c.A).Mul(right, p.X).Add(right, c.B)
	left := new(big.Int).Mul(p.Y, p.Y)
	return left.Sub(left, right).Mod(left, c.P).Sign() == 0
}

// Marshal returns the uncompressed form: 04, X, Y. The point must not be infinity.
func (c *Curve) Marshal(p Point) []byte {
	n := c.Size()
	b := make([]byte, 1+2*n)
	b[0] = 4
	p.X.FillBytes(b[1 : 1+n])
	p.Y.FillBytes(b[1+n:])
	return b
}

// Unmarshal reads an uncompressed point and proves that it is on the curve.
func (c *Curve) Unmarshal(b []byte) (Point, error) {
	n := c.Size()
	if len(b) != 1+2*n || b[0] != 4 {
		return Point{}, ErrPoint
	}
	p := Point{new(big.Int).SetBytes(b[1 : 1+n]), new(big.Int).SetBytes(b[1+n:])}
	if !c.On(p) {
		return Point{}, ErrPoint
	}
	return p, nil
}

// Add returns p + q.
func (c *Curve) Add(p, q Point) Point {
	j := c.lift(p)
	c.add(&j, c.lift(q))
	return c.affine(j)
}

// Mul returns k·p for k ≥ 0, four bits at a time.
func (c *Curve) Mul(k *big.Int, p Point) Point {
	var multiple [16]jacobian // i·p
	for i := 1; i < len(multiple); i++ {
		multiple[i] = multiple[i-1]
		c.add(&multiple[i], c.lift(p))
	}
	var j jacobian
	for i := (k.BitLen()+3)/4 - 1; i >= 0; i-- {
		for range 4 {
			c.double(&j)
		}
		c.add(&j, multiple[k.Bit(4*i+3)<<3|k.Bit(4*i+2)<<2|k.Bit(4*i+1)<<1|k.Bit(4*i)])
	}
	return c.affine(j)
}

// jacobian is (x/z², y/z³); infinity has z nil.
type jacobian struct{ x, y, z *big.Int }

func (c *Curve) lift(p Point) jacobian {
	if p.IsInfinity() {
		return jacobian{}
	}
	return jacobian{p.X, p.Y, big.NewInt(1)}
}

func (c *Curve) affine(j jacobian) Point {
	if j.z == nil {
		return Point{}
	}
	inv := new(big.Int).ModInverse(j.z, c.P)
	inv2 := c.mul(inv, inv)
	return Point{c.mul(j.x, inv2), c.mul(j.y, c.mul(inv2, inv))}
}

func (c *Curve) mul(a, b *big.Int) *big.Int {
	r := new(big.Int).Mul(a, b)
	return r.Mod(r, c.P)
}

func (c *Curve) sub(a, b *big.Int) *big.Int {
	r := new(big.Int).Sub(a, b)
	return r.Mod(r, c.P)
}

// shift returns a·2ⁿ, not reduced.
func shift(a *big.Int, n uint) *big.Int { return new(big.Int).Lsh(a, n) }

// double sets j to 2j (formulas dbl-2007-bl for any a, written out).
func (c *Curve) double(j *jacobian) {
	if j.z == nil || j.y.Sign() == 0 {
		*j = jacobian{}
		return
	}
	yy := c.mul(j.y, j.y)
	s := c.mul(shift(j.x, 2), yy)
	zz, xx := c.mul(j.z, j.z), c.mul(j.x, j.x)
	m := c.mul(c.A, c.mul(zz, zz))
	m.Add(m, xx.Add(xx, shift(xx, 1)))
	x := new(big.Int).Mul(m, m)
	x = c.sub(x, shift(s, 1))
	y := new(big.Int).Mul(m, s.Sub(s, x))
	y = c.sub(y, shift(yy.Mul(yy, yy), 3))
	*j = jacobian{x, y, c.mul(shift(j.y, 1), j.z)}
}

// add sets j to j + q.
func (c *Curve) add(j *jacobian, q jacobian) {
	if q.z == nil {
		return
	}
	if j.z == nil {
		*j = q
		return
	}
	z1, z2 := c.mul(j.z, j.z), c.mul(q.z, q.z)
	u1, u2 := c.mul(j.x, z2), c.mul(q.x, z1)
	s1, s2 := c.mul(j.y, c.mul(z2, q.z)), c.mul(q.y, c.mul(z1, j.z))
	h, r := c.sub(u2, u1), c.sub(s2, s1)
	if h.Sign() == 0 {
		if r.Sign() == 0 {
			c.double(j)
		} else {
			*j = jacobian{}
		}
		return
	}
	hh := c.mul(h, h)
	hhh, v := c.mul(h, hh), c.mul(u1, hh)
	x := new(big.Int).Mul(r, r)
	x = c.sub(x.Sub(x, hhh), shift(v, 1))
	y := v.Mul(r, v.Sub(v, x))
	y = c.sub(y, s1.Mul(s1, hhh))
	*j = jacobian{x, y, c.mul(h, c.mul(j.z, q.z))}
}
