package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// ImmunisePage is the view of the step that records vaccines.
type ImmunisePage struct {
	Step
	Plan   desk.DosesDue
	Lines  []DoseLine // due, or in the record
	Others []DoseLine // not due yet, and vaccines of no schedule
	Signs  []string
	Sites  []string
	Ways   []clinic.Outcome
}

// DoseLine is one dose of the form. Its fields are named by Code.
type DoseLine struct {
	Code     string
	Name     string
	English  string
	Due      clinic.DoseDue // zero for a vaccine of no schedule
	Vaccines []clinic.CatalogRow
}

// offSchedule marks the code of a line that stands for a vaccine, not for a dose.
const offSchedule = "+"

func immuniseStep() step {
	return step{name: "immunise", kind: clinic.KindImmunised, fill: fillImmunise, view: viewImmunise, save: saveImmunise}
}

// fillImmunise puts what is saved into the form; an empty one is filled by the view, for
// that needs the schedule.
func fillImmunise(f *Form, d *clinic.Document, v *desk.VisitView) {
	b := clinic.BodyOf[clinic.Immunised](d)
	if b == nil {
		f.Set("fresh", "1")
		return
	}
	f.Set("outcome", strconv.Itoa(int(b.Outcome)))
	f.Set("note", b.Note)
	f.Set("asked", "none")
	if len(b.Signs) > 0 {
		f.Set("asked", "some")
	}
	f.Values["sign"] = b.Signs
	for _, x := range b.Doses {
		code := offSchedule + x.Vaccine
		if len(x.Counts) > 0 {
			code = x.Counts[0]
		}
		f.fillDose(code, &x)
		f.Set("dose."+code, "yes")
	}
	if a := clinic.BodyOf[clinic.Appointment](v.Visit.Doc(clinic.KindAppointment)); a != nil {
		fillDate(f, "next", a.Due)
	}
}

func (f *Form) fillDose(code string, d *clinic.Dose) {
	f.Set("vaccine."+code, d.Vaccine)
	f.Set("batch."+code, d.Batch)
	f.Set("expiry."+code, d.Expiry.String())
	f.Set("site."+code, d.Site)
}

func viewImmunise(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &ImmunisePage{Step: b, Signs: clinic.ScreeningSigns(), Sites: clinic.Sites(), Ways: clinic.Outcomes()}
	var err error
	if v.Plan, err = s.opts.Desk.DosesDue(ctx, b.User.ID, &b.File); err != nil {
		return nil, err
	}
	fresh := b.Form.Get("fresh") != ""
	b.Form.Values.Del("fresh")
	v.rename()
	scheduled := map[string]bool{}
	for _, d := range v.Plan.Due {
		for _, code := range d.Vaccines {
			scheduled[code] = true
		}
		l := DoseLine{Code: d.Code, Name: d.Name, English: d.English, Due: d, Vaccines: v.pick(d.Vaccines)}
		due := d.State == clinic.DoseNow || d.State == clinic.DoseLate
		switch {
		case b.Form.Get("dose."+d.Code) != "" || due:
			v.Lines = append(v.Lines, l)
		case d.State == clinic.DoseLater || d.State == clinic.DoseClosed:
			v.Others = append(v.Others, l)
		}
		v.prefill(&l, due && fresh)
	}
	for _, row := range v.Plan.Vaccines {
		if scheduled[row.Code] {
			continue
		}
		l := DoseLine{Code: offSchedule + row.Code, Name: row.Name, English: row.English, Vaccines: []clinic.CatalogRow{row}}
		if b.Form.Get("dose."+l.Code) != "" {
			v.Lines = append(v.Lines, l)
		} else {
			v.Others = append(v.Others, l)
		}
		v.prefill(&l, false)
	}
	if fresh {
		v.Form.Set("outcome", "1")
		v.next()
	}
	return v, nil
}

// rename gives doses of a record that the schedule does not plan, such as tetanus of
// pregnant women, the line of their vaccine.
func (v *ImmunisePage) rename() {
	for name := range v.Form.Values {
		code, ok := strings.CutPrefix(name, "dose.")
		if !ok || strings.HasPrefix(code, offSchedule) || slices.ContainsFunc(v.Plan.Due, func(d clinic.DoseDue) bool { return d.Code == code }) {
			continue
		}
		to := offSchedule + v.Form.Get("vaccine."+code)
		for _, field := range []string{"dose.", "vaccine.", "batch.", "expiry.", "site."} {
			v.Form.Set(field+to, v.Form.Get(field+code))
			v.Form.Values.Del(field + code)
		}
	}
}

// pick returns the rows of vaccines that hold.
func (v *ImmunisePage) pick(codes []string) (out []clinic.CatalogRow) {
	for _, code := range codes {
		if i := slices.IndexFunc(v.Plan.Vaccines, func(r clinic.CatalogRow) bool { return r.Code == code }); i >= 0 {
			out = append(out, v.Plan.Vaccines[i])
		}
	}
	return out
}

// prefill puts the session's batch into a line that nobody filled in. What is due and open today is chosen:
// who saves says that it was given.
func (v *ImmunisePage) prefill(l *DoseLine, due bool) {
	if v.Form.Values.Has("site." + l.Code) {
		return
	}
	for i, row := range l.Vaccines {
		site := siteOf(&row)
		if i == 0 {
			v.Form.fillDose(l.Code, &clinic.Dose{Vaccine: row.Code, Site: site})
		}
		if v.Plan.Session == nil || v.Plan.Session.Closed {
			continue
		}
		at := slices.IndexFunc(v.Plan.Session.Batches, func(b clinic.VaccineBatch) bool { return b.Vaccine == row.Code })
		if at < 0 || v.Plan.Session.Batches[at].Over(v.File.Row.Day) {
			continue
		}
		open := v.Plan.Session.Batches[at]
		v.Form.fillDose(l.Code, &clinic.Dose{Vaccine: row.Code, Batch: open.Batch, Expiry: open.Expiry, Site: site})
		if due && v.Plan.Today {
			v.Form.Set("dose."+l.Code, "yes")
		}
		return
	}
}

// siteOf is where a vaccine is usually given to small children.
func siteOf(row *clinic.CatalogRow) string {
	switch {
	case strings.Contains(row.Route, "uống"):
		return "mouth"
	case strings.Contains(row.Route, "trong da"), strings.Contains(row.Route, "dưới da"):
		return "arm-left"
	}
	return "thigh-left"
}

// next fills in when to come back, if what is chosen is given.
func (v *ImmunisePage) next() {
	day := v.File.Row.Day
	given := slices.DeleteFunc(v.File.Patient.GivenDoses(), func(g clinic.GivenDose) bool { return g.Visit == v.File.Row.ID })
	var schedule []clinic.ScheduledDose
	for _, d := range v.Plan.Due {
		schedule = append(schedule, d.ScheduledDose)
		if v.Form.Get("dose."+d.Code) != "" {
			given = append(given, clinic.GivenDose{Code: d.Code, Day: day})
		}
	}
	after := clinic.DueDoses(schedule, v.File.Patient.Now.Birth, given, day)
	if at, ok := clinic.NextDose(after, day); ok && at.Before(day.AddDays(nextWithin)) {
		fillDate(&v.Form, "next", at)
	}
}

// nextWithin is how far ahead a slip is offered: nobody keeps one for years.
const nextWithin = 400

// readExpiry reads what a vial says: 03/2027, 31/03/2027, or 270331 as its code has it
// (GS1 General Specifications 3.4.7: day 00 is the last of the month).
func readExpiry(s string) (clinic.Date, bool) {
	if s == "" {
		return clinic.Date{}, true
	}
	if len(s) == 6 && digitsOnly(s) {
		n, _ := strconv.Atoi(s)
		d := clinic.DateFromInt(20_000_000 + n)
		if d.Day == 0 {
			d = clinic.MonthEnd(d.Year, d.Month)
		}
		return d, d.Full() && d.Valid()
	}
	return clinic.ParseExpiry(s)
}

func saveImmunise(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	n, _ := strconv.Atoi(f.Get("outcome"))
	in := desk.ImmuniseInput{
		On: on, Outcome: clinic.Outcome(n), Asked: f.Get("asked") != "", Signs: f.Values["sign"], Note: f.Get("note"), Confirmed: f.Values["confirmed"],
	}
	if f.Get("asked") == "none" && len(in.Signs) > 0 {
		f.Fail("asked", "immunise.none-and-some")
	}
	if f.Get("asked") == "some" && len(in.Signs) == 0 {
		f.Fail("asked", "immunise.which")
	}
	var codes []string
	for name, values := range f.Values {
		if code, ok := strings.CutPrefix(name, "dose."); ok && slices.Contains(values, "yes") {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	for _, code := range codes {
		x := desk.DoseInput{Code: code, Vaccine: f.Get("vaccine." + code), Batch: f.Get("batch." + code), Site: f.Get("site." + code)}
		var ok bool
		if x.Expiry, ok = readExpiry(f.Get("expiry." + code)); !ok {
			f.Fail("expiry."+code, "immunise.expiry")
		}
		if strings.HasPrefix(code, offSchedule) {
			x.Code = ""
		}
		in.Doses = append(in.Doses, x)
	}
	if in.Next = readDate(f, "next"); !in.Next.IsZero() && !in.Next.Full() {
		f.Fail("next", "appointment.whole-date")
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Immunise(ctx, c, in)
	for _, e := range desk.ErrorsOf(err) { // the form's lines have the names of their doses
		name, at, ok := strings.Cut(e.Field, ".")
		if i, bad := strconv.Atoi(at); ok && bad == nil && i < len(codes) {
			e.Field = name + "." + codes[i]
		}
		if e.Field == "asked" {
			e.Field = "questions"
		}
	}
	return err
}

// ReactionPage is the view of the step after a vaccine.
type ReactionPage struct {
	Step
	Doses []clinic.Dose
	Signs []string
	Again bool
}

func reactionStep() step {
	return step{name: "reaction", kind: clinic.KindReaction, fill: fillReaction, view: viewReaction, save: saveReaction}
}

func fillReaction(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Reaction](d)
	if b == nil {
		return
	}
	f.Set("seen", "some")
	if b.None {
		f.Set("seen", "none")
	}
	f.Values["sign"] = b.Signs
	if b.Severe {
		f.Set("severe", "yes")
	}
	fillDate(f, "day", b.Day)
	f.Set("time", b.Time)
	f.Set("note", b.Note)
	f.Set("care", b.Care)
}

func viewReaction(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &ReactionPage{Step: b, Signs: clinic.ReactionSigns(), Again: b.Base == "" && b.File.Visit.Doc(clinic.KindReaction) != nil}
	if x := clinic.BodyOf[clinic.Immunised](b.File.Visit.Doc(clinic.KindImmunised)); x != nil {
		v.Doses = x.Doses
	}
	return v, nil
}

func saveReaction(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.ReactionInput{On: on, Reaction: clinic.Reaction{
		None: f.Get("seen") == "none", Signs: f.Values["sign"], Severe: f.Get("severe") == "yes", Time: f.Get("time"), Note: f.Get("note"), Care: f.Get("care"),
	}}
	if in.Day = readDate(f, "day"); !in.Day.IsZero() && !in.Day.Full() {
		f.Fail("day", "appointment.whole-date")
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Reaction(ctx, c, in)
	return renamed(err, "none", "seen")
}

// doseNames is what was given in a few words.
func doseNames(doses []clinic.Dose) string {
	var out []string
	for _, d := range doses {
		out = append(out, cmp.Or(strings.Join(d.Counts, "+"), d.Name))
	}
	return strings.Join(out, ", ")
}
