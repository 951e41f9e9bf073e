package card

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/asn1"
	"io"
	"math/big"

	"clinicbox/internal/ec"
)

// paceInfo is one way to open the chip by PACE with Generic Mapping over a curve.
type paceInfo struct {
	oid       asn1.ObjectIdentifier
	suite     suite
	parameter int
	curve     *ec.Curve
	ambiguous bool // the chip has the same protocol over other parameters, too
}

// oidPACE is id-PACE-ECDH-GM (9303-11 section 9.2.1); the last number is the suite.
func oidPACE() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 2, 2, 4, 2} }

func suiteOf(oid asn1.ObjectIdentifier) suite {
	if n := oid[len(oid)-1]; n >= int(tripleDES) && n <= int(aes256) {
		return suite(n)
	}
	return 0
}

// standardCurve is the table of 9303-11 section 9.5.1.
func standardCurve(parameter int) *ec.Curve {
	switch parameter {
	case 12:
		return ec.ByName("P-256")
	case 13:
		return ec.ByName("brainpoolP256r1")
	case 15:
		return ec.ByName("P-384")
	case 16:
		return ec.ByName("brainpoolP384r1")
	case 17:
		return ec.ByName("brainpoolP512r1")
	case 18:
		return ec.ByName("P-521")
	}
	return nil
}

// securityInfo is the common form of 9303-11 section 9.2.
type securityInfo struct {
	OID      asn1.ObjectIdentifier
	Required asn1.RawValue
	Optional asn1.RawValue `asn1:"optional"`
}

// securityInfos splits SecurityInfos; what it cannot read it leaves out.
func securityInfos(der []byte) (list []securityInfo) {
	set, _, err := next(der)
	if err != nil || set.tag != 0x31 {
		return nil
	}
	items, err := objects(set.value)
	if err != nil {
		return nil
	}
	for _, o := range items {
		var i securityInfo
		if _, err := asn1.Unmarshal(o.whole, &i); err == nil && len(i.OID) > 1 {
			list = append(list, i)
		}
	}
	return list
}

// choosePACE returns the strongest way that EF.CardAccess offers, false when it offers
// none of ours.
func choosePACE(access []byte) (best paceInfo, ok bool) {
	var all []paceInfo
	for _, i := range securityInfos(access) {
		n := len(oidPACE())
		if len(i.OID) != n+1 || !i.OID[:n].Equal(oidPACE()) || suiteOf(i.OID) == 0 {
			continue
		}
		p := paceInfo{oid: i.OID, suite: suiteOf(i.OID)}
		if _, err := asn1.Unmarshal(i.Optional.FullBytes, &p.parameter); err == nil {
			p.curve = standardCurve(p.parameter)
		}
		all = append(all, p)
	}
	for i, p := range all {
		for j, q := range all {
			p.ambiguous = p.ambiguous || i != j && p.oid.Equal(q.oid) && p.parameter != q.parameter
		}
		if p.curve != nil && (best.curve == nil || p.suite > best.suite) {
			best = p
		}
	}
	return best, best.curve != nil
}

// paceRun is one run of the protocol; newKey makes its keys.
type paceRun struct {
	*line
	paceInfo
	newKey func(g ec.Point) (ec.Key, error)
}

const stepPACE = "pace"

// pace opens the chip by PACE (9303-11 section 4.4).
func (l *line) pace(ctx context.Context, k Key, info paceInfo, random io.Reader) error {
	p := paceRun{l, info, func(g ec.Point) (ec.Key, error) { return info.curve.NewKey(random, g) }}
	return p.run(ctx, k)
}

func (p paceRun) run(ctx context.Context, k Key) error {
	data := concat(tlv(0x80, oidBytes(p.oid)), tlv(0x83, []byte{k.password}))
	if p.ambiguous {
		data = append(data, tlv(0x84, []byte{byte(p.parameter)})...)
	}
	a, err := p.send(ctx, stepPACE, command{ins: 0x22, p1: 0xC1, p2: 0xA4, data: data})
	if err != nil {
		return err
	}
	switch {
	case a.sw == swOK, a.sw&0xFFF0 == 0x63C0 && a.sw&0xF > 1, a.sw == 0x63C1 && p.lastTry:
	case a.sw == 0x63C1:
		return &Fault{Cause: LastTry, Step: stepPACE, Status: a.sw, Left: 1}
	case a.sw == 0x63C0:
		return keyRefusal(stepPACE, a.sw)
	default:
		return refusal(stepPACE, a.sw)
	}
	secret, err := p.step(ctx, 0x10, nil, 0x80)
	if err != nil {
		return err
	}
	nonce, err := p.suite.decrypt(p.suite.derive(k.secret(), forPassword), p.suite.zero(), secret)
	if err != nil {
		return fault(Protocol, stepPACE, swOK)
	}
	g, err := p.generator(ctx, new(big.Int).SetBytes(nonce))
	if err != nil {
		return err
	}
	return p.agree(ctx, g)
}

// step is GENERAL AUTHENTICATE with one object each way.
func (p paceRun) step(ctx context.Context, cla byte, send []byte, want uint32) ([]byte, error) {
	a, err := p.send(ctx, stepPACE, command{cla: cla, ins: 0x86, data: tlv(0x7C, send), le: shortLe})
	switch {
	case err != nil:
		return nil, err
	case a.sw != swOK && cla == 0:
		return nil, keyRefusal(stepPACE, a.sw)
	case a.sw != swOK:
		return nil, refusal(stepPACE, a.sw)
	}
	if in, ok := child(a.data, 0x7C); ok {
		if v, ok := child(in, want); ok {
			return v, nil
		}
	}
	return nil, fault(Protocol, stepPACE, a.sw)
}

// swap exchanges public keys over a generator.
func (p paceRun) swap(ctx context.Context, g ec.Point, tag uint32) (own ec.Key, chip ec.Point, err error) {
	if own, err = p.newKey(g); err != nil {
		return own, chip, &Fault{Cause: Stopped, Step: stepPACE, Left: -1, Err: err}
	}
	b, err := p.step(ctx, 0x10, tlv(tag, p.curve.Marshal(own.Public)), tag+1)
	if err != nil {
		return own, chip, err
	}
	if chip, err = p.curve.Unmarshal(b); err != nil || chip.Equal(own.Public) {
		return own, chip, fault(Protocol, stepPACE, swOK)
	}
	return own, chip, nil
}

// generator is the Generic Mapping: s·G + H.
func (p paceRun) generator(ctx context.Context, s *big.Int) (ec.Point, error) {
	own, chip, err := p.swap(ctx, p.curve.G, 0x81)
	if err != nil {
		return ec.Point{}, err
	}
	g := p.curve.Add(p.curve.Mul(s, p.curve.G), p.curve.Mul(own.D, chip))
	if g.IsInfinity() {
		return ec.Point{}, fault(Protocol, stepPACE, swOK)
	}
	return g, nil
}

// agree makes the session and proves on both sides that the other has its keys.
func (p paceRun) agree(ctx context.Context, g ec.Point) error {
	own, chip, err := p.swap(ctx, g, 0x83)
	if err != nil {
		return err
	}
	secret, err := p.curve.Shared(own, chip)
	if err != nil {
		return fault(Protocol, stepPACE, swOK)
	}
	s := newSession(p.suite, secret, p.suite.zero())
	token, err := p.step(ctx, 0, tlv(0x85, p.token(s, chip)), 0x86)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(token, p.token(s, own.Public)) != 1 {
		return fault(Channel, stepPACE, swOK)
	}
	p.sm = s
	return nil
}

// token is a MAC over a public key and the protocol (9303-11 section 4.4.3.4).
func (p paceRun) token(s *session, public ec.Point) []byte {
	return p.suite.mac(s.mac, tlv(0x7F49, tlv(0x06, oidBytes(p.oid)), tlv(0x86, p.curve.Marshal(public))))
}

// oidBytes is an object identifier without tag and length.
func oidBytes(oid asn1.ObjectIdentifier) []byte {
	der, err := asn1.Marshal(oid)
	if err != nil {
		panic("card: " + err.Error()) // constants of this package, or read from DER
	}
	return bytes.Clone(der[2:])
}
