package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// ImmuniseInput is the form of what is given at a visit for vaccines.
type ImmuniseInput struct {
	On
	Outcome clinic.Outcome
	Asked   bool     // the questions were asked: nothing is given before
	Signs   []string // that were found, of clinic.ScreeningSigns
	Doses   []DoseInput
	Note    string
	Next    clinic.Date // when to come back: makes the slip; zero = no slip
	// Confirmed names the warnings that were seen: Args "code" of the refusals.
	Confirmed []string
}

// DoseInput is one dose. Code names the dose of the schedule; empty counts for the next
// of each series of the vaccine.
type DoseInput struct {
	Code    string
	Vaccine string
	Batch   string
	Expiry  clinic.Date
	Site    string
}

// mostDoses is how many vaccines are given at one visit.
const mostDoses = 8

// Immunise saves what was given, and with in.Next the appointment for the next doses,
// in one act. A dose that is too early, was given before, comes from an old batch or
// follows a sign is refused until confirmed.
func (d *Desk) Immunise(ctx context.Context, c Call, in ImmuniseInput) (Done, error) {
	note, err := d.immuniseForm(&in)
	if err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindImmunised,
		body: func(w *document) (any, error) { return w.immunised(&in, note) },
		same: func(b any) bool { return in.says(b, note) },
		again: func(w *document, _ any) bool {
			a := clinic.BodyOf[clinic.Appointment](w.file.Doc(clinic.KindAppointment))
			return !in.Next.IsZero() && (a == nil || a.Due != in.Next)
		},
		more: func(w *document, first *clinic.Draft) ([]clinic.Draft, error) {
			out, err := w.comeBack(in.Next, vaccineNote, first.Why)
			if err != nil {
				return nil, err
			}
			moved, err := w.dosesMoved(first)
			return append(out, moved...), err
		},
	})
}

// immuniseForm checks what needs no record to be read.
func (d *Desk) immuniseForm(in *ImmuniseInput) (note string, err error) {
	var bad Errors
	if note, err = d.text("note", in.Note, 500); err != nil {
		if err := bad.collect(err); err != nil {
			return "", err
		}
	}
	for _, s := range in.Signs {
		if !slices.Contains(clinic.ScreeningSigns(), s) {
			bad = append(bad, &Error{Code: CodeRequired, Field: "signs"})
		}
	}
	given := in.Outcome == clinic.OutcomeGiven
	switch {
	case !slices.Contains(clinic.Outcomes(), in.Outcome):
		bad = append(bad, &Error{Code: CodeRequired, Field: "outcome"})
	case given && !in.Asked:
		bad = append(bad, &Error{Code: CodeDoseAsk, Field: "asked"})
	case given && len(in.Doses) == 0 && in.Base == (clinic.Leaf{}):
		bad = append(bad, &Error{Code: CodeDoseNone, Field: "doses"})
	case !given && len(in.Doses) > 0:
		bad = append(bad, &Error{Code: CodeDoseOutcome, Field: "outcome"})
	case !given && note == "" && len(in.Signs) == 0:
		bad = append(bad, &Error{Code: CodeRequired, Field: "note"})
	case len(in.Doses) > mostDoses:
		bad = append(bad, &Error{Code: CodeTooMany, Field: "doses", Args: map[string]string{"max": fmt.Sprint(mostDoses)}})
	}
	for i := range in.Doses {
		if err := bad.collect(d.doseForm(&in.Doses[i], i)); err != nil {
			return "", err
		}
	}
	return note, bad.join()
}

// doseForm checks one line; what is typed of the batch is cleaned in place.
func (d *Desk) doseForm(x *DoseInput, i int) error {
	at := func(name string) string { return fmt.Sprintf("%s.%d", name, i) }
	batch, err := d.line(at("batch"), x.Batch, 30)
	x.Batch = clinic.NormalLot(batch)
	switch {
	case err != nil:
		return err
	case x.Batch == "":
		return &Error{Code: CodeDoseBatch, Field: at("batch")}
	case !x.Expiry.IsZero() && (!x.Expiry.Full() || !x.Expiry.Valid()):
		return &Error{Code: CodeValue, Field: at("expiry"), Args: map[string]string{"problem": clinic.ProblemDate}}
	case !slices.Contains(clinic.Sites(), x.Site):
		return &Error{Code: CodeRequired, Field: at("site")}
	}
	return nil
}

// says reports whether a saved body is what the form says.
func (in *ImmuniseInput) says(body any, note string) bool {
	b, ok := body.(*clinic.Immunised)
	if !ok || b.Outcome != in.Outcome || b.Note != note || !slices.Equal(b.Signs, in.Signs) || len(b.Doses) != len(in.Doses) {
		return false
	}
	for i, x := range in.Doses {
		s := &b.Doses[i]
		if s.Vaccine != x.Vaccine || s.Batch != x.Batch || s.Expiry != x.Expiry || s.Site != x.Site || x.Code != "" && !slices.Contains(s.Counts, x.Code) {
			return false
		}
	}
	return true
}

// immunised makes the body from the schedule and the vaccines of the visit's day.
func (w *document) immunised(in *ImmuniseInput, note string) (any, error) {
	day := w.row.Day
	body := &clinic.Immunised{Day: day, Outcome: in.Outcome, Signs: slices.Clone(in.Signs), Note: note}
	if old := clinic.BodyOf[clinic.Immunised](w.old); old != nil && old.Time != "" {
		body.Time = old.Time
	} else if len(in.Doses) > 0 {
		at := w.now
		if paper := w.event(); !paper.IsZero() {
			at = paper
		}
		body.Time = at.In(clinic.ICT).Format("15:04")
	}
	schedule, _ := clinic.Schedule(w.Rows(clinic.CatalogSchedule, ""), day)
	given := slices.DeleteFunc(w.whole.GivenDoses(), func(g clinic.GivenDose) bool { return g.Visit == w.row.ID })
	due := clinic.DueDoses(schedule, w.patient.Birth, given, day)
	var bad Errors
	if len(in.Signs) > 0 && len(in.Doses) > 0 {
		bad = append(bad, &Error{Code: CodeDoseSigns, Field: "signs", Args: map[string]string{"code": "signs"}})
	}
	for i, x := range in.Doses {
		row, ok := w.Row(clinic.CatalogVaccine, x.Vaccine, day)
		if !ok {
			bad = append(bad, &Error{Code: CodeDoseVaccine, Field: fmt.Sprintf("vaccine.%d", i)})
			continue
		}
		dose := clinic.Dose{Vaccine: row.Code, Name: row.Name, Batch: x.Batch, Expiry: x.Expiry, Site: x.Site, Route: row.Route}
		var e *Error
		if dose.Counts, e = countsFor(&row, x.Code, given); e != nil {
			e.Field = fmt.Sprintf("vaccine.%d", i)
			bad = append(bad, e)
			continue
		}
		bad = append(bad, doubts(&dose, due, day, i)...)
		body.Doses = append(body.Doses, dose)
	}
	if len(body.Doses) == len(in.Doses) { // else its fields would name other lines of the form
		short, err := w.dosesShort(body)
		if err != nil {
			return nil, err
		}
		bad = append(bad, short...)
	}
	bad = slices.DeleteFunc(bad, func(e *Error) bool {
		code := e.Args["code"]
		seen := code != "" && slices.Contains(in.Confirmed, code)
		if seen {
			body.Confirmed = append(body.Confirmed, code)
		}
		return seen
	})
	return body, bad.join()
}

// countsFor tells for which doses of the schedule one of the vaccine counts.
func countsFor(row *clinic.CatalogRow, code string, given []clinic.GivenDose) (out []string, e *Error) {
	last := map[string]int{}
	for _, g := range given {
		series, n := clinic.SplitDose(g.Code)
		last[series] = max(last[series], n)
	}
	want, _ := clinic.SplitDose(code)
	for _, series := range strings.Fields(row.Parent) {
		if series == want {
			out = append(out, code)
			want = ""
			continue
		}
		out = append(out, fmt.Sprint(series, last[series]+1))
	}
	if code != "" && want != "" {
		return nil, &Error{Code: CodeDoseVaccine}
	}
	return out, nil
}

// doubts are the warnings about one dose, to be confirmed one by one.
func doubts(x *clinic.Dose, due []clinic.DoseDue, day clinic.Date, i int) (bad Errors) {
	add := func(c Code, field, what string, args ...string) {
		e := &Error{Code: c, Field: fmt.Sprintf("%s.%d", field, i), Args: map[string]string{"code": what + "." + x.Vaccine, "name": x.Name}}
		for j := 0; j+1 < len(args); j += 2 {
			e.Args[args[j]] = args[j+1]
		}
		bad = append(bad, e)
	}
	batch := clinic.VaccineBatch{Expiry: x.Expiry}
	if batch.Over(day) {
		add(CodeDoseOver, "batch", "over", "day", x.Expiry.String())
	}
	for _, d := range due {
		switch {
		case !slices.Contains(x.Counts, d.Code):
		case d.State == clinic.DoseGiven:
			add(CodeDoseTwice, "batch", "twice", "day", d.Given.String())
		case d.Early(day):
			add(CodeDoseEarly, "batch", "early", "day", d.From.String())
		case d.State == clinic.DoseClosed:
			add(CodeDoseOld, "batch", "old")
		}
	}
	return bad
}

// comeBack makes the appointment for the next time, or moves the one that is there. A
// slip that was used stays as it is. A zero day makes none.
func (w *document) comeBack(next clinic.Date, note, why string) ([]clinic.Draft, error) {
	if next.IsZero() {
		return nil, nil
	}
	doc := *w
	doc.old = w.file.Doc(clinic.KindAppointment)
	draft := clinic.Draft{Kind: clinic.KindAppointment, Subject: w.on.Patient, Visit: w.on.Visit}
	if doc.old != nil {
		draft.Corrects = doc.old.Leaf()
		if clinic.BodyOf[clinic.Appointment](doc.old).Due == next {
			return nil, nil
		}
		if doc.old.State != clinic.DocUnsigned {
			draft.Why = why
		}
	}
	body, err := w.desk.fillAppointment(&doc, clinic.Appointment{Due: next, Note: note})
	if err != nil {
		for _, e := range ErrorsOf(err) {
			if e.Field == "due" {
				e.Field = "next"
			}
		}
		return nil, err
	}
	draft.Body = body
	return []clinic.Draft{draft}, nil
}

// vaccineNote stands on the slip: papers are in the country's language.
const vaccineNote = "Tiêm chủng"

// ReactionInput is the form of what was seen after a vaccine.
type ReactionInput struct {
	On
	clinic.Reaction
}

// Reaction saves what was seen after a vaccine. A zero On.Base adds an observation.
func (d *Desk) Reaction(ctx context.Context, c Call, in ReactionInput) (Done, error) {
	body := in.Reaction
	var bad Errors
	for _, f := range []struct {
		name string
		p    *string
	}{{"note", &body.Note}, {"care", &body.Care}} {
		s, err := d.text(f.name, *f.p, 500)
		if err := bad.collect(err); err != nil {
			return Done{}, err
		}
		*f.p = s
	}
	for _, s := range body.Signs {
		if !slices.Contains(clinic.ReactionSigns(), s) {
			bad = append(bad, &Error{Code: CodeRequired, Field: "signs"})
		}
		body.Severe = body.Severe || clinic.SevereSign(s)
	}
	if body.None == (len(body.Signs) > 0 || body.Note != "") {
		bad = append(bad, &Error{Code: CodeReaction, Field: "none"})
	}
	if clock, ok := clinic.ParseClock(body.Time); body.Time != "" && !ok {
		bad = append(bad, &Error{Code: CodeHour, Field: "time"})
	} else if body.Time != "" {
		body.Time = clock
	}
	if len(bad) > 0 {
		return Done{}, bad.join()
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightMeasure, kind: clinic.KindReaction, many: true,
		body: func(w *document) (any, error) { return w.reaction(body) },
		same: func(b any) bool {
			r, ok := b.(*clinic.Reaction)
			return ok && r.None == body.None && r.Severe == body.Severe && r.Note == body.Note && r.Care == body.Care &&
				slices.Equal(r.Signs, body.Signs) && (body.Day.IsZero() || r.Day == body.Day) && (body.Time == "" || r.Time == body.Time)
		},
	})
}

// reaction fills in when, unless it was said.
func (w *document) reaction(b clinic.Reaction) (any, error) {
	given := clinic.BodyOf[clinic.Immunised](w.file.Doc(clinic.KindImmunised))
	if given == nil || len(given.Doses) == 0 {
		return nil, &Error{Code: CodeReactionNone}
	}
	if b.Day.IsZero() {
		b.Day = w.today
	}
	if b.Time == "" && b.Day == w.today {
		b.Time = w.now.In(clinic.ICT).Format("15:04")
	}
	if b.Day.Before(given.Day) || w.sure && w.today.Before(b.Day) {
		return nil, &Error{Code: CodeValue, Field: "day", Args: map[string]string{"problem": clinic.ProblemDate}}
	}
	return &b, nil
}
