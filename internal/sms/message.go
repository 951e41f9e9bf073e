package sms

import (
	"time"

	"clinicbox/internal/redact"
)

// Submit is a message on its way out, one part of it.
type Submit struct {
	To     redact.Text // "+84…" or a short code
	Text   redact.Text
	Place  Place
	Report bool          // ask for a status report
	Valid  time.Duration // after that the network gives up; 5 min to 63 weeks, 0 = the network's choice
}

// Encode returns the PDU as AT+CMGS takes it, with the service centre of the card,
// and the length that the command names.
func (s Submit) Encode() (pdu []byte, length int, err error) {
	first := byte(mtiSubmit)
	var valid []byte
	if s.Valid > 0 {
		first |= flagVPRel
		valid = []byte{relative(s.Valid)}
	}
	if s.Report {
		first |= flagReport
	}
	if s.Place.Total > 0 {
		first |= flagHeader
	}
	b := []byte{0, first, 0} // service centre of the card; reference by the modem
	if b, err = appendAddress(b, s.To.Reveal()); err != nil {
		return nil, 0, err
	}
	b = append(b, 0) // protocol: plain
	if b, err = appendUser(b, user{text: s.Text.Reveal(), place: s.Place}, valid); err != nil {
		return nil, 0, err
	}
	return b, len(b) - 1, nil
}

// relative writes a validity period, rounded up (TS 23.040 §9.2.3.12.1).
func relative(d time.Duration) byte {
	up := func(unit time.Duration) int { return int((d + unit - 1) / unit) }
	const day = 24 * time.Hour
	switch {
	case d <= 12*time.Hour:
		return byte(max(up(5*time.Minute)-1, 0))
	case d <= day:
		return byte(143 + up(30*time.Minute) - 24)
	case d <= 30*day:
		return byte(166 + up(day))
	}
	return byte(min(192+max(up(7*day), 5), 255))
}

// span is what a validity period says.
func span(v byte) time.Duration {
	n := time.Duration(v)
	const day = 24 * time.Hour
	switch {
	case v <= 143:
		return (n + 1) * 5 * time.Minute
	case v <= 167:
		return 12*time.Hour + (n-143)*30*time.Minute
	case v <= 196:
		return (n - 166) * day
	}
	return (n - 192) * 7 * day
}

// Deliver is a message that came in, one part of it.
type Deliver struct {
	From  redact.Text // "+84…", a short code or a sender's name; anybody can forge it
	Text  redact.Text
	Data  redact.Of[[]byte] // of a message of 8-bit data, which has no text
	Place Place
	At    time.Time // by the network's clock; zero when it is unreadable
}

// Encode returns the PDU as a modem gives it, for the simulator, and its length
// without the service centre.
func (d Deliver) Encode() (pdu []byte, length int, err error) {
	first := byte(mtiDeliver | noMore)
	if d.Place.Total > 0 {
		first |= flagHeader
	}
	b := []byte{0, first}
	if b, err = appendAddress(b, d.From.Reveal()); err != nil {
		return nil, 0, err
	}
	u := user{text: d.Text.Reveal(), place: d.Place}
	if b, err = appendUser(append(b, 0), u, appendStamp(nil, d.At)); err != nil {
		return nil, 0, err
	}
	return b, len(b) - 1, nil
}

// Outcome is what became of a message.
type Outcome int

// The outcomes.
const (
	Delivered Outcome = iota // the telephone has it
	Trying                   // the network goes on trying
	Failed                   // the network gave up
)

// Report is the network's word on a message that was sent.
type Report struct {
	Reference byte        // that AT+CMGS answered with
	To        redact.Text // as the network writes it
	Sent      time.Time   // when the network took it; zero when unreadable
	Done      time.Time   // when it arrived, or was last tried; zero when unreadable
	Status    byte        // TS 23.040 §9.2.3.15
}

// Outcome sorts the status.
func (r Report) Outcome() Outcome {
	switch {
	case r.Status < 0x20:
		return Delivered
	case r.Status < 0x40:
		return Trying
	}
	return Failed
}

// Encode returns the PDU as a modem gives it, for the simulator, and its length
// without the service centre.
func (r Report) Encode() (pdu []byte, length int, err error) {
	b := []byte{0, mtiReport | noMore, r.Reference}
	if b, err = appendAddress(b, r.To.Reveal()); err != nil {
		return nil, 0, err
	}
	b = append(appendStamp(appendStamp(b, r.Sent), r.Done), r.Status)
	return b, len(b) - 1, nil
}
