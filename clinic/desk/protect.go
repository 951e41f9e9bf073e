package desk

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
)

// openFor is how long a protected record stays open to who gave a reason, unless
// they log out before.
const openFor = 2 * time.Hour

// openings are the protected records that people opened, in memory only: after a
// restart a reason is asked for anew.
type openings struct {
	mu   sync.Mutex
	from map[opening]time.Time
	acts map[clinic.ID]time.Time // when a form opened something first: sent again it opens no longer
}

type opening struct{ by, patient clinic.ID }

func newOpenings() *openings {
	return &openings{from: map[opening]time.Time{}, acts: map[clinic.ID]time.Time{}}
}

func opens(from, now time.Time) bool { return within(from, now, openFor) }

// within reports whether now comes at most so long after a moment, and not before it.
func within(from, now time.Time, long time.Duration) bool {
	return !now.Before(from) && now.Sub(from) < long
}

func (o *openings) open(x opening, act clinic.ID, from, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for k, t := range o.from {
		if !opens(t, now) {
			delete(o.from, k)
		}
	}
	for k, t := range o.acts {
		if !opens(t, now) {
			delete(o.acts, k)
		}
	}
	if first, ok := o.acts[act]; ok {
		from = first
	}
	o.acts[act] = from
	if o.from[x].Before(from) {
		o.from[x] = from
	}
}

func (o *openings) isOpen(x opening, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	from, ok := o.from[x]
	return ok && opens(from, now)
}

// CloseOpened closes the protected records that the person opened: the session ends.
func (d *Desk) CloseOpened(by clinic.ID) {
	d.open.mu.Lock()
	defer d.open.mu.Unlock()
	for k := range d.open.from {
		if k.by == by {
			delete(d.open.from, k)
		}
	}
}

// closed reports whether the record is protected and not open to the person: any ID
// of a patient that is, closes all of them.
func (d *Desk) closed(r People, by, patient clinic.ID) (bool, error) {
	who, err := identity(r, patient)
	if err != nil {
		return true, err
	}
	for _, id := range who.IDs {
		on, err := r.Protected(id)
		if err != nil || on && !d.open.isOpen(opening{by, id}, d.now()) {
			return true, err
		}
	}
	return false, nil
}

// protected reports whether any ID of the person is protected.
func protected(r People, patient clinic.ID) (clinic.Identity, bool, error) {
	who, err := identity(r, patient)
	if err != nil {
		return who, false, err
	}
	for _, id := range who.IDs {
		if on, err := r.Protected(id); err != nil || on {
			return who, on, err
		}
	}
	return who, false, nil
}

// mayRead refuses the content of a record that is closed to the person.
func (d *Desk) mayRead(r People, by, patient clinic.ID) error {
	closed, err := d.closed(r, by, patient)
	if err == nil && closed {
		err = &Error{Code: CodeProtected}
	}
	return err
}

// veil leaves of a patient what a closed record shows: name and year of birth.
func veil(p *clinic.Patient) clinic.Patient {
	return clinic.Patient{Name: p.Name, Folded: p.Folded, Birth: clinic.Date{Year: p.Birth.Year}}
}

// veilHits leaves of closed records what they may show.
func (d *Desk) veilHits(r People, by clinic.ID, hits []Hit) ([]Hit, error) {
	out := slices.Clone(hits)
	for i := range out {
		closed, err := d.closed(r, by, out[i].ID)
		if err != nil {
			return nil, err
		}
		if closed {
			out[i].Now, out[i].Closed = veil(&out[i].Now), true
		}
		out[i].who = clinic.Identity{} // answers and their reasons stand in it
	}
	return out, nil
}

// veilError does the same to who was found by a refusal.
func (d *Desk) veilError(r People, by clinic.ID, err error) error {
	for _, e := range ErrorsOf(err) {
		hits, verr := d.veilHits(r, by, e.Found)
		if verr != nil {
			return verr
		}
		e.Found = hits
	}
	return err
}

// billing leaves of a visit what its bill needs, for who is paid but does not care
// for the patient.
func (v *VisitView) billing() {
	p := veil(v.Patient.Now)
	v.Patient = clinic.PatientFile{ID: v.Patient.ID, Now: &p, Allergies: v.Patient.Allergies, Protected: true}
	f := clinic.VisitFile{ID: v.Visit.ID, Patient: v.Visit.Patient, Opened: v.Visit.Opened, Ended: v.Visit.Ended, State: v.Visit.State}
	f.Lost, f.MayLack = ofBill(v.Visit.Lost), ofBill(v.Visit.MayLack)
	if v.Visit.Visit != nil {
		opened := *v.Visit.Visit
		opened.Reason, opened.Type, opened.Triage, opened.Trip, v.StayDays = "", 0, 0, nil, 0
		f.Visit, f.Opened.Body = &opened, &opened
	}
	for _, d := range v.Visit.Docs(clinic.KindBill) {
		f.Documents = append(f.Documents, *d)
	}
	if f.Ended != nil {
		ended := *f.Ended
		ended.Body = &clinic.VisitEnded{}
		f.Ended = &ended
	}
	v.Visit, v.ICD, v.Closed = f, nil, true
	v.Row.Has &= shownClosed | HasBill
	v.Row.Type = 0
}

// ofBill leaves the holes that may be of a bill.
func ofBill(holes []clinic.Hole) []clinic.Hole {
	return slices.DeleteFunc(slices.Clone(holes), func(h clinic.Hole) bool { return h.Kind != clinic.KindBill && h.Kind != 0 })
}

// shownClosed is what lists tell of where a visit of a closed record stands.
const shownClosed = HasVitals | HasSigned | HasEnded

// ClosedView is what a protected record shows before it is opened.
type ClosedView struct {
	ID        clinic.ID
	Now       clinic.Patient // name and year of birth
	Allergies clinic.AllergyFile
	Protected bool
	Closed    bool // a reason is needed
	May       bool // the person's role opens protected records
}

// Closed reads what a protected record shows to everybody who may read records. That
// its page was shown is recorded as a look that opened nothing.
func (d *Desk) Closed(ctx context.Context, by, patient clinic.ID) (out ClosedView, err error) {
	err = d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightRead)
		if err != nil {
			return err
		}
		file, err := readPatient(r, patient)
		if err != nil {
			return err
		}
		out = ClosedView{ID: patient, Now: veil(file.Now), May: slices.Contains(rightOpen.roles(), p.Role)}
		out.Allergies = file.Allergies.Shown()
		if _, out.Protected, err = protected(r, patient); err != nil {
			return err
		}
		out.Closed, err = d.closed(r, by, patient)
		return err
	})
	if err == nil {
		d.views.hold(ctx, look{by: by, patient: patient, audit: true})
	}
	return out, err
}

// OpenInput is the form that opens a protected record.
type OpenInput struct {
	Patient clinic.ID
	Reason  clinic.OpenReason
	Words   string // needed unless it is an emergency
}

// OpenProtected opens a protected record to the caller for two hours. Who, whom and
// why are durable before it returns. On a full disk, where nothing can be recorded,
// a doctor still gets in, and a nurse in an emergency: the opening is held in memory
// and in the log.
func (d *Desk) OpenProtected(ctx context.Context, c Call, in OpenInput) error {
	body, err := d.openBody(in)
	if err != nil {
		return err
	}
	done, err := d.save(ctx, c, plan{
		need: rightOpen, kind: clinic.KindLooked, patient: c.By,
		build: func(w *work) ([]clinic.Draft, error) {
			who, on, err := protected(w, in.Patient)
			if err != nil || !on {
				return nil, errors.Join(err, errNothing)
			}
			return openDrafts(c.By, opensAll(body, &who)), nil
		},
		same: func(b any) bool {
			l, ok := b.(*clinic.Looked)
			return ok && l.Opened == body.Opened && l.Words == body.Words && slices.Contains(l.Subjects(), in.Patient)
		},
	})
	now := d.now()
	switch {
	case errors.Is(err, errNothing):
		return nil // it is open to everybody
	case errors.Is(err, &Error{Code: CodeStoreFull}), errors.Is(err, &Error{Code: CodeStoreReadOnly}):
		return d.openUnrecorded(ctx, c, opening{c.By, in.Patient}, body, err)
	case err != nil:
		return err
	}
	from := now
	if done.Again {
		if from = done.Records[0].Event; !opens(from, now) {
			return &Error{Code: CodeFormStale} // an old form opens nothing
		}
	}
	for _, id := range done.Records[0].Body.(*clinic.Looked).Subjects() {
		d.open.open(opening{c.By, id}, c.Act, from, now)
		d.views.opened(c.By, id, nil)
	}
	d.o.Log.Warn("a protected record was opened", "person", c.By)
	return nil
}

// openUnrecorded lets people in while nothing can be recorded, for the reason given.
func (d *Desk) openUnrecorded(ctx context.Context, c Call, what opening, body *clinic.Looked, why error) error {
	var all clinic.Identity
	err := d.view(ctx, func(r Reader) error {
		p, err := who(r, c.By, rightOpen)
		if err == nil && p.Role != clinic.RoleDoctor && body.Opened != clinic.OpenEmergency {
			err = why
		}
		if err == nil {
			all, err = identity(r, what.patient)
		}
		return err
	})
	if err != nil {
		return err
	}
	now := d.now()
	drafts := openDrafts(c.By, opensAll(body, &all))
	for i := range drafts {
		drafts[i].Event = now
	}
	late := &viewAct{c.Act, c.By, drafts}
	for _, id := range all.IDs {
		d.open.open(opening{c.By, id}, c.Act, now, now)
		d.views.opened(c.By, id, late)
		late = nil // once
	}
	d.o.Log.Error("a protected record was opened while the disk takes nothing: the opening is held in memory", "person", c.By)
	return nil
}

// opensAll returns the opening with every ID of the person.
func opensAll(body *clinic.Looked, who *clinic.Identity) *clinic.Looked {
	all := &clinic.Looked{Opened: body.Opened, Words: body.Words}
	for _, id := range who.IDs {
		all.Add(id, clinic.ID{}, 0)
	}
	return all
}

// openDrafts tells who opened what and why, and the centre that somebody did.
func openDrafts(by clinic.ID, body *clinic.Looked) []clinic.Draft {
	return []clinic.Draft{
		{Kind: clinic.KindLooked, Subject: by, Body: body},
		{Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &clinic.Machine{Event: clinic.MachineOpened, Person: by}},
	}
}

func (d *Desk) openBody(in OpenInput) (*clinic.Looked, error) {
	if !slices.Contains(clinic.OpenReasons(), in.Reason) {
		return nil, &Error{Code: CodeRequired, Field: "reason"}
	}
	words, err := d.text("words", in.Words, 500)
	if err != nil {
		return nil, err
	}
	if words == "" && in.Reason != clinic.OpenEmergency {
		return nil, &Error{Code: CodeRequired, Field: "words"}
	}
	body := &clinic.Looked{Opened: in.Reason, Words: words}
	body.Add(in.Patient, clinic.ID{}, 0)
	return body, nil
}

// ProtectInput is the form that protects a record, or opens it to all again.
type ProtectInput struct {
	Patient clinic.ID
	On      bool
	Why     string
}

// Protect sets or ends the protection of a record. Doctors and administrators.
// Ending it opens the record to everybody and is as loud as opening it.
func (d *Desk) Protect(ctx context.Context, c Call, in ProtectInput) error {
	why, err := d.text("why", in.Why, 500)
	if err != nil {
		return err
	}
	if why == "" {
		return &Error{Code: CodeRequired, Field: "why"}
	}
	_, err = d.save(ctx, c, plan{
		need: rightProtect, kind: clinic.KindProtection,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := readPatient(w, in.Patient)
			if err != nil {
				return nil, err
			}
			_, on, err := protected(w, in.Patient)
			if err != nil {
				return nil, err
			}
			if on == in.On {
				return nil, errNothing
			}
			return protectDrafts(w, in, why, &file)
		},
		same: func(b any) bool { p, ok := b.(*clinic.Protection); return ok && p.On == in.On },
	})
	if errors.Is(err, errNothing) {
		return nil // it is so already
	}
	return err
}

// protectDrafts protects the ID that the form is about, or ends the protection of
// every ID of the person.
func protectDrafts(w *work, in ProtectInput, why string, file *clinic.PatientFile) ([]clinic.Draft, error) {
	var out []clinic.Draft
	for i := range file.Parts {
		p := &file.Parts[i]
		if in.On && p.ID == in.Patient {
			return []clinic.Draft{protectDraft(p, true, why)}, nil
		}
		if on, err := w.Protected(p.ID); err != nil {
			return nil, err
		} else if on && !in.On {
			d := protectDraft(p, false, why)
			for _, h := range file.Lost { // what cannot be read may be what closes it
				if h.Kind == clinic.KindProtection && h.Leaf != (clinic.Leaf{}) {
					b := d.Body.(*clinic.Protection)
					b.Merges = append(b.Merges, slices.Clone(h.Leaf[:]))
				}
			}
			out = append(out, d)
		}
	}
	opened := opensAll(&clinic.Looked{Opened: clinic.OpenForAll, Words: why}, &file.Who)
	return append(out, openDrafts(w.by.ID, opened)...), nil
}

// protectDraft sets or ends the protection of one ID: it replaces what counts there.
func protectDraft(p *clinic.Part, on bool, why string) clinic.Draft {
	body := &clinic.Protection{On: on}
	d := clinic.Draft{Kind: clinic.KindProtection, Subject: p.ID, Why: why, Body: body}
	if n := len(p.Guards); n > 0 {
		d.Corrects = p.Guards[n-1].Leaf
		for _, t := range p.Guards[:n-1] {
			body.Merges = append(body.Merges, slices.Clone(t.Leaf[:]))
		}
	}
	return d
}
