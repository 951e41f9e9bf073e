package modem

import (
	"errors"
	"slices"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/sms"
)

// ErrStep means that a mark cannot follow what is known of a part.
var ErrStep = errors.New("modem: a message cannot go that step")

// Part is what is known of one part of a message.
type Part struct {
	Mark
	Tries int
}

// Letter is what is known of a message that goes out: a help for whoever keeps an
// Outbox. It holds no text.
type Letter struct {
	To    redact.Text
	Parts []Part
}

// NewLetter is one of so many parts that wait.
func NewLetter(to redact.Text, parts int) *Letter {
	return &Letter{to, slices.Repeat([]Part{{Mark: Mark{Step: Waiting}}}, parts)}
}

// Next is the part to be sent now, -1 when none is: parts go one after another, and
// none behind one that was refused or may be lost.
func (l *Letter) Next() int {
	for i, p := range l.Parts {
		switch p.Step {
		case Waiting:
			return i
		case Sent, Arrived:
		default:
			return -1
		}
	}
	return -1
}

// Mark books a mark of the driver. It refuses one that would send a part twice.
func (l *Letter) Mark(part int, m Mark) error {
	if part < 0 || part >= len(l.Parts) {
		return ErrStep
	}
	p := &l.Parts[part]
	from := map[Step][]Step{
		Trying: {Waiting}, Waiting: {Trying}, Sent: {Trying}, Unsure: {Trying}, Refused: {Trying, Waiting},
	}
	if !slices.Contains(from[m.Step], p.Step) {
		return ErrStep
	}
	if m.Step == Trying {
		p.Tries++
	}
	p.Mark = m
	return nil
}

// Recover is called when the program starts: what was being tried then may have been
// sent. It reports whether anything changed.
func (l *Letter) Recover() (changed bool) {
	for i := range l.Parts {
		if p := &l.Parts[i]; p.Step == Trying {
			p.Step, changed = Unsure, true
		}
	}
	return changed
}

// Again lets a refused or unsure part be sent once more, because a person said so.
func (l *Letter) Again(part int, now time.Time) error {
	if part < 0 || part >= len(l.Parts) || l.Parts[part].Step != Refused && l.Parts[part].Step != Unsure {
		return ErrStep
	}
	l.Parts[part].Mark = Mark{Step: Waiting, At: now}
	return nil
}

// window is how long a report may take; references come again after 256 messages.
const window = 7 * 24 * time.Hour

// Report books a report when it is about this message: the reference and the number
// agree, and the part was sent in the week before. It reports whether it is. The last
// word counts, and nothing takes an arrival back.
func (l *Letter) Report(r sms.Report, now time.Time) bool {
	if !sameNumber(l.To.Reveal(), r.To.Reveal()) {
		return false
	}
	for i := range l.Parts {
		p := &l.Parts[i]
		if p.Step != Sent && p.Step != Arrived && p.Step != Failed || p.Reference != r.Reference || now.Sub(p.At) > window {
			continue
		}
		switch out := r.Outcome(); {
		case p.Step == Arrived || out == sms.Trying:
		case out == sms.Delivered:
			p.Step = Arrived
		default:
			p.Step, p.Code = Failed, int(r.Status)
		}
		return true
	}
	return false
}

// Step is the message's: that of its part that is furthest from arriving.
func (l *Letter) Step() Step {
	order := []Step{Failed, Refused, Unsure, Trying, Waiting, Sent, Arrived}
	at := len(order) - 1
	for _, p := range l.Parts {
		at = min(at, slices.Index(order, p.Step))
	}
	return order[max(at, 0)]
}

// sameNumber compares the last nine digits: networks write 0912…, 84912… or +84912….
func sameNumber(a, b string) bool {
	tail := func(s string) string { return s[max(0, len(s)-9):] }
	return a != "" && b != "" && tail(a) == tail(b)
}
