package desk

import (
	"encoding/binary"
	"slices"
	"time"

	"clinicbox/clinic"
)

// Audit reads who looked at which record.
type Audit interface {
	// Looks returns the looks at a patient, by a person of the staff, or, for
	// clinic.OpenedSubject, all openings of protected records; newest first. It
	// returns about q.Limit looks, more when one entry holds several, and the mark to
	// go on from, zero when there are no more. It reads no more than it returns,
	// beside what the query leaves out.
	Looks(id clinic.ID, q LookQuery) (looks []Look, next LookMark, err error)
}

// Look is one look at a record.
type Look struct {
	By      clinic.ID
	Patient clinic.ID
	Visit   []byte // first bytes of the visit's identifier; none = the patient's page
	At      time.Time
	Trusted bool // whether the box's clock was
	Opened  clinic.OpenReason
	Words   string // why a protected record was opened
	Audit   bool   // only the name, among looks
	Leaf    clinic.Leaf
}

// LookMark is a place in the order of looks: hybrid time and beginning of the leaf
// hash of an entry.
type LookMark [16]byte

// LookQuery narrows Looks. Limit must be set.
type LookQuery struct {
	Before LookMark // go on here; zero = from the newest
	Limit  int
	By     clinic.ID // this person only; zero = anybody
	From   time.Time // looks from then on; zero = all
	To     time.Time // looks before then; zero = all
}

// Ends reports whether an entry of that hybrid time, in 8 bytes, and all older ones
// hold looks from before the query's time: nothing is recorded before it happens.
func (q *LookQuery) Ends(hlc []byte) bool {
	ms := binary.BigEndian.Uint64(hlc) >> 16
	return !q.From.IsZero() && q.From.UnixMilli() > 0 && ms < uint64(q.From.UnixMilli())
}

// May reports whether an entry whose first look was at t may hold a wanted one.
func (q *LookQuery) May(t time.Time) bool { return q.To.IsZero() || t.Before(q.To) }

// Pick returns the wanted looks of an entry, newest first.
func (q *LookQuery) Pick(id clinic.ID, r *clinic.Record) []Look {
	var out []Look
	add := func(l Look) {
		l.By, l.Trusted, l.Leaf = r.Author, r.Trusted, r.Leaf
		mine := id == l.Patient || id == l.By || id == clinic.OpenedSubject() && l.Opened != 0
		if mine && (q.By.IsZero() || q.By == l.By) && (q.From.IsZero() || !l.At.Before(q.From)) && q.May(l.At) {
			out = append(out, l)
		}
	}
	switch b := r.Body.(type) {
	case *clinic.Viewed:
		l := Look{Patient: r.Subject, At: r.Event}
		if !r.Visit.IsZero() {
			l.Visit = r.Visit[:clinic.VisitHint]
		}
		l.Words = b.Why
		add(l)
	case *clinic.Looked:
		for _, look := range b.Looks {
			if p, ok := b.Of(look); ok {
				add(Look{
					Patient: p, Visit: look.Visit, At: r.Event.Add(time.Duration(look.After) * time.Second),
					Opened: b.Opened, Words: b.Words, Audit: b.Audit,
				})
			}
		}
	}
	slices.Reverse(out)
	return out
}
