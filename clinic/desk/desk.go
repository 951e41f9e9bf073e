package desk

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"clinicbox/clinic"
)

// Desk is the clinic's use cases. Its methods may be called at the same time.
type Desk struct {
	o     Options
	views *Views
	open  *openings
	fits  *fitting
	rules rulebook

	habits    *habits
	verdicts  *verdicts
	doses     doseMemo
	follows   followMemo
	mothers   followMemo // with the schedule of pregnancy
	stays     stayMemo
	quiet     quietMemo
	importing sync.Mutex // one import of a catalogue at a time
}

// New returns a desk. Start its Views as a task.
func New(o Options) (*Desk, error) {
	switch {
	case o.Store == nil, o.Clock == nil, o.Pins == nil, o.Papers == nil, o.Scans == nil,
		o.Witness == nil, o.Fold == nil:
		return nil, errors.New("desk: an option is missing")
	case o.Legal.Judge != nil && o.Legal.Decode == nil:
		return nil, errors.New("desk: legal signatures cannot be read")
	}
	if _, err := clinic.NewSlip(o.Site.Facility.Code, o.Site.Facility.Book, 1); err != nil {
		return nil, err // facility code or book cannot number anything
	}
	if o.NFC == nil {
		o.NFC = func(s string) string { return s }
	}
	if o.NewID == nil {
		o.NewID = clinic.NewID
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{o: o, views: newViews(&o), open: newOpenings(), fits: newFitting(), verdicts: newVerdicts(), habits: newHabits()}, nil
}

// NewID draws the identifier of a form to come: the act of the Call that brings it.
func (d *Desk) NewID() clinic.ID { return d.o.NewID() }

// Views returns the task that records who looked at which record.
func (d *Desk) Views() *Views { return d.views }

// Site returns where the box stands.
func (d *Desk) Site() Site { return d.o.Site }

// Call says who asks, and under which key. The person's role is checked against
// the staff as they are at that moment.
type Call struct {
	Act clinic.ID // from the form: the same form sent twice saves once
	By  clinic.ID // the person who is logged in
}

// On names the visit that a form is about, the version it was loaded from and,
// after a signature, why it changes. Every form of a visit carries it.
type On struct {
	Patient clinic.ID
	Visit   clinic.ID
	// Base is the leaf of the version that the form showed (Document.Leaf); zero
	// for a new document. If that is not the current version any more, nothing is
	// saved and the error is CodeChanged.
	Base clinic.Leaf
	Why  string // needed once any version of the document is signed
}

// Done tells what a use case saved.
type Done struct {
	Patient clinic.ID
	Visit   clinic.ID       // zero outside visits
	Records []clinic.Record // what was written, in order
	Again   bool            // sent before, or it changes nothing: nothing new was written
}

// trusted returns the time, and an error when the clock is not trusted: nothing
// dated is signed or printed then.
func (d *Desk) trusted() (time.Time, error) {
	t, ok := d.o.Clock.Now()
	if !ok {
		return t, &Error{Code: CodeClockUntrusted}
	}
	return t, nil
}

// now returns the time as the clock has it, trusted or not.
func (d *Desk) now() time.Time {
	t, _ := d.o.Clock.Now()
	return t
}

// today returns the day as the clock has it, trusted or not.
func (d *Desk) today() clinic.Date { return dayOf(d.now()) }

// dayOf returns the day of t, within those that a visit key can say: a board that
// wakes up in 1970 must still take patients in.
func dayOf(t time.Time) clinic.Date {
	day := clinic.DateOf(t)
	switch {
	case day.Year < 2000:
		return clinic.Date{Year: 2000, Month: 1, Day: 1}
	case day.Year > 2099:
		return clinic.Date{Year: 2099, Month: 12, Day: 31}
	}
	return day
}

func (d *Desk) view(ctx context.Context, f func(Reader) error) error {
	return d.o.Store.View(ctx, f)
}
