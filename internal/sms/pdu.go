package sms

import (
	"encoding/binary"
	"errors"
	"time"
	"unicode/utf16"
)

var (
	// ErrTruncated means that a PDU ends before what its lengths say.
	ErrTruncated = errors.New("sms: PDU is cut off")
	// ErrMalformed means that a PDU holds what the standard does not allow.
	ErrMalformed = errors.New("sms: PDU is malformed")
	// ErrUnsupported means a kind of message or coding that is not read here.
	ErrUnsupported = errors.New("sms: PDU of another kind")
)

// Message types and flags of the first octet (TS 23.040 §9.2.3).
const (
	mtiMask    = 0x03
	mtiDeliver = 0x00
	mtiSubmit  = 0x01
	mtiReport  = 0x02
	flagVPRel  = 0x10 // relative validity
	vpMask     = 0x18
	flagReport = 0x20 // a status report is wanted
	flagHeader = 0x40
	noMore     = 0x04
	dcsUCS2    = 0x08
	maxUser    = 140
)

// coding of user data.
type coding byte

const (
	gsm7 coding = iota
	data8
	ucs2
)

// codingOf reads a data coding scheme (TS 23.038 §4). What is reserved is read in
// the default alphabet, as the standard asks.
func codingOf(dcs byte) (coding, error) {
	switch {
	case dcs&0x80 == 0:
		if dcs&0x20 != 0 {
			return 0, ErrUnsupported // compressed: nobody sends it
		}
		return [4]coding{gsm7, data8, ucs2, gsm7}[dcs>>2&3], nil
	case dcs&0xF0 == 0xE0:
		return ucs2, nil
	case dcs&0xF4 == 0xF4:
		return data8, nil
	}
	return gsm7, nil
}

// user is the user data of a message.
type user struct {
	text  string
	data  []byte // of 8-bit data, which has no text
	place Place
}

// appendUser writes coding and user data: with what stands between (validity or
// time stamp) in the middle.
func appendUser(b []byte, u user, between []byte) ([]byte, error) {
	head := u.place.header()
	if codes, ok := septets(u.text); ok {
		fill := (7 - 8*len(head)%7) % 7
		n := (8*len(head) + fill) / 7
		if len(codes) == 0 || n+len(codes) > 160 {
			return nil, ErrTooLong
		}
		b = append(append(b, 0), between...)
		packed := pack(codes, fill) // the header's last octet and the fill end at a septet
		return append(append(append(b, byte(n+len(codes))), head...), packed...), nil
	}
	body, err := binary.Append(nil, binary.BigEndian, utf16.Encode([]rune(u.text)))
	if err != nil || len(head)+len(body) > maxUser {
		return nil, ErrTooLong
	}
	b = append(append(b, dcsUCS2), between...)
	return append(append(append(b, byte(len(head)+len(body))), head...), body...), nil
}

// readUser reads user data of length n (septets or octets) to the end of the PDU.
func readUser(c coding, n int, octets []byte, header bool) (u user, err error) {
	want := n
	if c == gsm7 {
		want = (7*n + 7) / 8
	}
	if want > maxUser {
		return u, ErrMalformed
	}
	if len(octets) < want {
		return u, ErrTruncated
	}
	octets = octets[:want]
	head := 0
	if header {
		if len(octets) == 0 || int(octets[0])+1 > len(octets) {
			return u, ErrMalformed
		}
		head = int(octets[0]) + 1
		if u.place, err = readHeader(octets[1:head]); err != nil {
			return u, err
		}
	}
	switch c {
	case gsm7:
		used := (8*head + 6) / 7 // septets
		codes, ok := unpack(octets, n-used, 7*used)
		if !ok {
			return u, ErrMalformed
		}
		u.text = letters(codes)
	case data8:
		u.data = octets[head:]
	case ucs2:
		body := octets[head:]
		if len(body)%2 != 0 {
			return u, ErrMalformed
		}
		units := make([]uint16, len(body)/2)
		for i := range units {
			units[i] = binary.BigEndian.Uint16(body[2*i:])
		}
		u.text = string(utf16.Decode(units))
	}
	return u, nil
}

// readHeader finds the place in a user data header; other elements are skipped. A
// place that cannot be makes the message one of one part, as the standard asks.
func readHeader(h []byte) (p Place, err error) {
	for len(h) > 0 {
		if len(h) < 2 || len(h) < 2+int(h[1]) {
			return p, ErrMalformed
		}
		id, body := h[0], h[2:2+int(h[1])]
		h = h[2+len(body):]
		var q Place
		switch {
		case id == 0 && len(body) == 3:
			q = Place{Ref: uint16(body[0]), Total: body[1], Seq: body[2]}
		case id == 8 && len(body) == 4:
			q = Place{Ref: binary.BigEndian.Uint16(body), Wide: true, Total: body[2], Seq: body[3]}
		}
		if q.Seq > 0 && q.Seq <= q.Total {
			p = q
		}
	}
	return p, nil
}

// appendStamp writes a service centre time stamp (TS 23.040 §9.2.3.11).
func appendStamp(b []byte, t time.Time) []byte {
	_, east := t.Zone()
	quarters := east / (15 * 60)
	sign := byte(0)
	if quarters < 0 {
		quarters, sign = -quarters, 8
	}
	for _, n := range []int{t.Year() % 100, int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), quarters} {
		b = append(b, byte(n%10<<4|n/10%10))
	}
	b[len(b)-1] |= sign
	return b
}

// stamp reads a time stamp. One that no calendar has is the zero time: it is no
// reason to lose a message.
func stamp(b []byte) time.Time {
	var n [7]int
	for i, c := range b[:7] {
		low, high := c&0xF, c>>4
		if i == 6 {
			low &= 7
		}
		if low > 9 || high > 9 {
			return time.Time{}
		}
		n[i] = int(low)*10 + int(high)
	}
	east := n[6] * 15 * 60
	if b[6]&8 != 0 {
		east = -east
	}
	if east > 14*3600 || east < -12*3600 {
		east = 0
	}
	t := time.Date(2000+n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.FixedZone("", east))
	if int(t.Month()) != n[1] || t.Day() != n[2] || t.Hour() != n[3] || t.Minute() != n[4] || t.Second() != n[5] {
		return time.Time{}
	}
	return t
}
