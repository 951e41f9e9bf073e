package card

import (
	"context"
	"encoding/asn1"
	"errors"
	"io"
	"math/big"

	"clinicbox/internal/ec"
)

// chipInfo is a key of the chip with the protocol that uses it.
type chipInfo struct {
	oid   asn1.ObjectIdentifier
	suite suite
	id    *big.Int // nil when the chip has one key
	curve *ec.Curve
	key   ec.Point
}

// oidChip is id-CA-ECDH (9303-11 section 9.2.5); the last number is the suite.
func oidChip() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 3, 2} }

// oidChipKey is id-PK-ECDH (section 9.2.6).
func oidChipKey() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 1, 2} }

// chooseChip pairs the first key on a known curve with the strongest protocol for it.
func chooseChip(infos []byte) (best chipInfo, ok bool) {
	list := securityInfos(infos)
	for _, i := range list {
		if !i.OID.Equal(oidChipKey()) {
			continue
		}
		curve, key, err := ec.ParsePublic(i.Required.FullBytes)
		if err != nil {
			continue
		}
		c := chipInfo{curve: curve, key: key, id: number(i.Optional.FullBytes)}
		for _, p := range list {
			n := len(oidChip())
			if len(p.OID) != n+1 || !p.OID[:n].Equal(oidChip()) || !same(c.id, number(p.Optional.FullBytes)) {
				continue
			}
			if s := suiteOf(p.OID); s > c.suite {
				c.oid, c.suite = p.OID, s
			}
		}
		if c.suite > best.suite {
			best = c
		}
	}
	return best, best.suite != 0
}

func number(der []byte) *big.Int {
	var n *big.Int
	if _, err := asn1.Unmarshal(der, &n); err != nil || n.Sign() < 0 || n.BitLen() > 64 {
		return nil
	}
	return n
}

func same(a, b *big.Int) bool { return a == nil || b == nil || a.Cmp(b) == 0 }

// chipAuthentication agrees on a new session with the chip's own key (9303-11 section
// 6.2). Who lacks that key cannot answer the next command.
func (l *line) chipAuthentication(ctx context.Context, c chipInfo, random io.Reader) (Outcome, error) {
	const step = "chip"
	own, err := c.curve.NewKey(random, c.curve.G)
	if err != nil {
		return "", &Fault{Cause: Stopped, Step: step, Left: -1, Err: err}
	}
	var id []byte
	if c.id != nil {
		id = tlv(0x84, c.id.FillBytes(make([]byte, max(1, (c.id.BitLen()+7)/8))))
	}
	public := c.curve.Marshal(own.Public)
	sw, err := l.offer(ctx, c, public, id)
	if err != nil {
		return "", err
	}
	if sw != swOK {
		return Declined, nil
	}
	secret, err := c.curve.Shared(own, c.key)
	if err != nil {
		return Failed, nil
	}
	l.sm = newSession(c.suite, secret, c.suite.zero())
	a, err := l.send(ctx, step, command{ins: 0xA4, p1: 2, p2: 0x0C, data: []byte{0x01, 0x01}})
	f, _ := errors.AsType[*Fault](err)
	switch {
	case f != nil && f.Cause == Channel:
		return Failed, nil
	case err != nil:
		return "", err
	case a.sw != swOK: // perhaps a bare status, which anybody can send
		return Declined, nil
	}
	return Held, nil
}

// offer hands the terminal's key over, in one command with 3DES and two with AES.
func (l *line) offer(ctx context.Context, c chipInfo, public, id []byte) (uint16, error) {
	const step = "chip"
	if c.suite == tripleDES {
		a, err := l.send(ctx, step, command{ins: 0x22, p1: 0x41, p2: 0xA6, data: concat(tlv(0x91, public), id)})
		return a.sw, err
	}
	a, err := l.send(ctx, step, command{ins: 0x22, p1: 0x41, p2: 0xA4, data: concat(tlv(0x80, oidBytes(c.oid)), id)})
	if err != nil || a.sw != swOK {
		return a.sw, err
	}
	a, err = l.send(ctx, step, command{ins: 0x86, data: tlv(0x7C, tlv(0x80, public)), le: shortLe})
	return a.sw, err
}
