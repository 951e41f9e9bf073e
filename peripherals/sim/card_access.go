package sim

import (
	"bytes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"math/big"

	"clinicbox/internal/ec"
)

// cardPace is one run of PACE on the chip.
type cardPace struct {
	offer  PACEOffer
	secret []byte // of the password
	s      *big.Int
	g      ec.Point
	own    ec.Key
	their  ec.Point
	sm     *cardSession
	next   byte // the object that must come
}

// password returns K for a password reference; nil when the card has no such password.
func (c *Card) password(ref byte) []byte {
	switch {
	case ref == 1:
		h := sha1.Sum([]byte(c.spec.keyText()))
		return h[:]
	case ref == 2 && c.spec.CAN != "":
		return []byte(c.spec.CAN)
	}
	return nil
}

// externalAuthenticate is the chip's half of BAC.
func (c *Card) externalAuthenticate(b []byte) ([]byte, uint16) {
	if c.bac == nil || len(b) != 40 {
		return nil, 0x6985
	}
	if c.locked() {
		return nil, 0x6983
	}
	challenge := c.bac
	c.bac = nil
	seed := c.password(1)[:16]
	enc, mac := cardKDF(1, seed, 1), cardKDF(1, seed, 2)
	if !bytes.Equal(b[32:], cardMAC(1, mac, cardPad(b[:32], 8))) {
		return nil, c.refuse()
	}
	plain := make([]byte, 32)
	cipher.NewCBCDecrypter(cardCipher(1, enc), make([]byte, 8)).CryptBlocks(plain, b[:32])
	if !bytes.Equal(plain[8:16], challenge) {
		return nil, c.refuse()
	}
	own := random(16)
	out := bytes.Join([][]byte{challenge, plain[:8], own}, nil)
	cipher.NewCBCEncrypter(cardCipher(1, enc), make([]byte, 8)).CryptBlocks(out, out)
	for i := range own {
		own[i] ^= plain[16+i]
	}
	high, low := binary.BigEndian.Uint32(challenge[4:]), binary.BigEndian.Uint32(plain[4:])
	c.sm, c.open = newCardSession(1, own, uint64(high)<<32|uint64(low)), true
	return append(out, cardMAC(1, mac, cardPad(out, 8))...), 0x9000
}

// manage is MSE:Set AT for PACE, and AT and KAT for chip authentication.
func (c *Card) manage(cmd cardCommand) uint16 {
	switch {
	case cmd.p1 == 0xC1 && cmd.p2 == 0xA4:
		return c.startPACE(cmd.data)
	case cmd.p1 == 0x41 && cmd.p2 == 0xA6 && c.sm != nil && c.spec.Suite == 1:
		tag, public, n := cardTLV(cmd.data)
		if n == 0 || tag != 0x91 {
			return 0x6A80
		}
		return c.agreeChip(public)
	case cmd.p1 == 0x41 && cmd.p2 == 0xA4 && c.sm != nil && c.spec.Suite > 1:
		tag, oid, n := cardTLV(cmd.data)
		if n == 0 || tag != 0x80 || !bytes.Equal(oid, bareOID(chipOID(c.spec.Suite))) {
			return 0x6A80
		}
		c.chipSet = true
		return 0x9000
	}
	return 0x6A86
}

func (c *Card) startPACE(b []byte) uint16 {
	p := &cardPace{next: 0x80}
	parameter := -1
	for len(b) > 0 {
		tag, v, n := cardTLV(b)
		if n == 0 || len(v) == 0 {
			return 0x6A80
		}
		b = b[n:]
		switch tag {
		case 0x80:
			for _, o := range c.spec.PACE {
				if bytes.Equal(v, bareOID(paceOID(o.Suite))) && (parameter < 0 || parameter == o.Parameter) {
					p.offer = o
				}
			}
		case 0x83:
			p.secret = c.password(v[0])
		case 0x84:
			parameter = int(v[0])
		}
	}
	for _, o := range c.spec.PACE {
		if parameter == o.Parameter && o.Suite == p.offer.Suite {
			p.offer = o
		}
	}
	switch {
	case p.offer.Suite == 0:
		return 0x6A80
	case p.secret == nil:
		return 0x6A88
	case c.locked():
		return 0x6983
	}
	c.pace = p
	if c.faults.Tries > 0 && c.wrong > 0 {
		return 0x63C0 | uint16(c.faults.Tries-c.wrong)
	}
	return 0x9000
}

func (c *Card) generalAuthenticate(cmd cardCommand) ([]byte, uint16) {
	tag, in, n := cardTLV(cmd.data)
	if n == 0 || tag != 0x7C {
		return nil, 0x6A80
	}
	if c.chipSet {
		c.chipSet = false
		_, public, _ := cardTLV(in)
		return ber(0x7C, nil), c.agreeChip(public)
	}
	p := c.pace
	if p == nil {
		return nil, 0x6985
	}
	curve := p.offer.curve()
	kind, value, _ := cardTLV(in)
	if p.next != 0x80 && kind != p.next || (p.next == 0x85) != (cmd.cla&0x10 == 0) {
		c.pace = nil
		return nil, 0x6A80
	}
	switch p.next {
	case 0x80:
		p.next = 0x81
		nonce := random(16)
		p.s = new(big.Int).SetBytes(nonce)
		b := cardCipher(p.offer.Suite, cardKDF(p.offer.Suite, p.secret, 3))
		cipher.NewCBCEncrypter(b, make([]byte, b.BlockSize())).CryptBlocks(nonce, nonce)
		return ber(0x7C, ber(0x80, nonce)), 0x9000
	case 0x81, 0x83:
		return c.paceSwap(p, curve, value)
	}
	c.pace = nil
	oid := paceOID(p.offer.Suite)
	if !bytes.Equal(value, p.sm.token(oid, curve.Marshal(p.own.Public))) {
		return nil, c.refuse()
	}
	c.sm, c.open, c.wrong = p.sm, true, 0
	// This answer is still in clear.
	return ber(0x7C, ber(0x86, p.sm.token(oid, curve.Marshal(p.their)))), 0x9000
}

// paceSwap exchanges keys, first over the curve's generator, then over the mapped one.
func (c *Card) paceSwap(p *cardPace, curve *ec.Curve, value []byte) ([]byte, uint16) {
	their, err := curve.Unmarshal(value)
	if err != nil {
		c.pace = nil
		return nil, 0x6A80
	}
	out := p.next + 1
	c.ec(2)
	if p.next == 0x81 {
		own := c.key(curve, curve.G)
		p.g = curve.Add(curve.Mul(own.D, their), curve.Mul(p.s, curve.G))
		p.next = 0x83
		return ber(0x7C, ber(int(out), curve.Marshal(own.Public))), 0x9000
	}
	p.own, p.their, p.next = c.key(curve, p.g), their, 0x85
	secret, err := curve.Shared(p.own, their)
	if err != nil {
		return nil, 0x6A80
	}
	p.sm = newCardSession(p.offer.Suite, secret, 0)
	return ber(0x7C, ber(int(out), curve.Marshal(p.own.Public))), 0x9000
}

func (s *cardSession) token(oid asn1.ObjectIdentifier, public []byte) []byte {
	in := ber(0x7F49, ber(6, bareOID(oid)), ber(0x86, public))
	if s.suite == 1 {
		in = cardPad(in, 8)
	}
	return cardMAC(s.suite, s.mac, in)
}

// agreeChip is chip authentication; a copy has another key than DG14 says.
func (c *Card) agreeChip(public []byte) uint16 {
	curve := ec.ByName("P-256")
	p, err := curve.Unmarshal(public)
	if err != nil {
		return 0x6A80
	}
	c.ec(1)
	secret, err := curve.Shared(c.spec.chipKey(), p)
	if err != nil {
		return 0x6A80
	}
	c.sm = newCardSession(c.spec.Suite, secret, 0) // the answer is the old session's last
	return 0x9000
}

// internalAuthenticate is active authentication with an ECDSA or RSA key.
func (c *Card) internalAuthenticate(challenge []byte) ([]byte, uint16) {
	switch {
	case !c.open || len(challenge) != 8 || c.spec.Active == "":
		return nil, 0x6985
	case c.spec.Active == "rsa":
		return c.signRSA(challenge)
	}
	c.ec(1)
	curve := ec.ByName(c.spec.Active)
	h := sha256.Sum256(challenge)
	s, err := curve.Sign(c.spec.activeKey(curve), h[:])
	if err != nil {
		return nil, 0x6F00
	}
	out := s.R.FillBytes(make([]byte, curve.Size()))
	return append(out, s.S.FillBytes(make([]byte, curve.Size()))...), 0x9000
}

// seeded is a key that is the same each time the same card is written.
func seeded(c *ec.Curve, seed string) ec.Key {
	h := sha256.Sum256([]byte(seed))
	d := new(big.Int).SetBytes(h[:])
	d.Mod(d, new(big.Int).Sub(c.N, big.NewInt(1))).Add(d, big.NewInt(1))
	return ec.Key{D: d, Public: c.Mul(d, c.G)}
}
