package sms

import (
	"bytes"

	"clinicbox/internal/redact"
)

// Incoming is a PDU that a modem gave: exactly one of the two is set.
type Incoming struct {
	Deliver *Deliver
	Report  *Report
}

// Decode reads a PDU that begins with the service centre's address, as AT+CMGL,
// +CMT and +CDS give it.
func Decode(pdu []byte) (in Incoming, err error) {
	r := reader{b: pdu}
	r.take(int(r.octet())) // service centre
	first := r.octet()
	if r.err != nil {
		return in, r.err
	}
	switch first & mtiMask {
	case mtiDeliver:
		in.Deliver = r.deliver(first)
	case mtiReport:
		in.Report = r.report()
	default:
		return in, ErrUnsupported
	}
	if r.err != nil {
		return Incoming{}, r.err
	}
	return in, nil
}

// DecodeSubmit reads what AT+CMGS takes, for the simulator.
func DecodeSubmit(pdu []byte) (s Submit, err error) {
	r := reader{b: pdu}
	r.take(int(r.octet()))
	first := r.octet()
	r.octet() // reference
	if r.err == nil && first&mtiMask != mtiSubmit {
		return s, ErrUnsupported
	}
	s.To = redact.Wrap(r.address())
	r.octet() // protocol
	dcs := r.octet()
	switch first & vpMask {
	case 0:
	case flagVPRel:
		s.Valid = span(r.octet())
	default:
		r.take(7)
	}
	u := r.user(dcs, first&flagHeader != 0)
	if r.err != nil {
		return Submit{}, r.err
	}
	s.Text, s.Place, s.Report = redact.Wrap(u.text), u.place, first&flagReport != 0
	return s, nil
}

// reader takes a PDU apart; after the first error it gives zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) take(n int) []byte {
	if r.err == nil && n > len(r.b) {
		r.err = ErrTruncated
	}
	if r.err != nil {
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) octet() byte { return r.take(1)[0] }

func (r *reader) address() string {
	n, kind := int(r.octet()), r.octet()
	if r.err == nil && n > maxDigits+2 { // a name of 11 letters takes 20 half octets
		r.err = ErrMalformed
	}
	if r.err != nil {
		return ""
	}
	octets := r.take((n + 1) / 2)
	if r.err != nil {
		return ""
	}
	a, err := address(kind, octets, n)
	r.err = err
	return a
}

func (r *reader) user(dcs byte, header bool) (u user) {
	c, err := codingOf(dcs)
	n := int(r.octet())
	if r.err == nil {
		r.err = err
	}
	if r.err == nil {
		u, r.err = readUser(c, n, r.b, header)
	}
	return u
}

func (r *reader) deliver(first byte) *Deliver {
	var d Deliver
	d.From = redact.Wrap(r.address())
	r.octet() // protocol
	dcs := r.octet()
	d.At = stamp(r.take(7))
	u := r.user(dcs, first&flagHeader != 0)
	d.Text, d.Place = redact.Wrap(u.text), u.place
	if u.data != nil {
		d.Data = redact.Wrap(bytes.Clone(u.data))
	}
	return &d
}

func (r *reader) report() *Report {
	var p Report
	p.Reference = r.octet()
	p.To = redact.Wrap(r.address())
	p.Sent, p.Done = stamp(r.take(7)), stamp(r.take(7))
	p.Status = r.octet()
	return &p
}
