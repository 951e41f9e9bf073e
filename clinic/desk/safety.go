package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/safety"
)

// How long what was said at an earlier visit still tells of today.
const (
	nursingDays    = 180
	pregnantMost   = 42  // weeks
	creatinineDays = 365 // then it is asked for again where kidneys are ill
)

// rulebook keeps the compiled rules of the days that are asked for, until a row of any
// catalogue changes.
type rulebook struct {
	mu      sync.Mutex
	version uint64
	days    map[clinic.Date]*safety.Rules
}

// ruleDays is how many days' rules are kept: today's, and a few of visits that are
// entered afterwards.
const ruleDays = 4

// on returns the rules of the day. Rows that cannot be used go to the log when the day's
// rules are made.
func (b *rulebook) on(r Reference, day clinic.Date, o *Options) *safety.Rules {
	b.mu.Lock()
	defer b.mu.Unlock()
	if v := r.CatalogVersion(); v != b.version {
		b.version, b.days = v, nil
	}
	if rules := b.days[day]; rules != nil {
		return rules
	}
	var rows []clinic.CatalogRow
	for _, c := range append(clinic.SafetyCatalogs(), clinic.CatalogMedicine) {
		rows = append(rows, r.CatalogRows(c, day)...)
	}
	rules, bad := safety.Compile(rows, o.Fold)
	for _, p := range bad {
		o.Log.Warn("a row of the safety checks cannot be used", "catalog", p.Catalog, "code", p.Code, "problem", p.What)
	}
	if b.days == nil || len(b.days) >= ruleDays {
		b.days = map[clinic.Date]*safety.Rules{}
	}
	b.days[day] = rules
	return rules
}

// Findings tells what the safety checks say of a prescription while it is typed: lines
// that are not complete yet are looked at as far as they are.
func (d *Desk) Findings(ctx context.Context, by clinic.ID, in PrescriptionInput) (found []safety.Finding, err error) {
	err = d.view(ctx, func(r Reader) error {
		w, err := d.workOf(r, by, rightTreat)
		if err != nil {
			return err
		}
		doc, err := w.visit(in.Patient, in.Visit)
		if err != nil {
			return err
		}
		rx := &clinic.Prescription{}
		d.packets(&in, rx)
		fresh := map[string]bool{} // nothing is said of the dose yet
		for _, typed := range in.Lines {
			fresh[typed.Medicine] = typed.Dose == "" && typed.Quantity == ""
			l, _ := d.drugLine("", typed) // what is wrong with it is said when it is saved
			if row, ok := doc.copyRow(&l, rx.Packets); ok {
				if !l.Measured(&row) {
					l.Dose, l.Measure = 0, ""
				}
				rx.Lines = append(rx.Lines, l)
			}
		}
		found = slices.DeleteFunc(doc.findings(doc.file.Find(in.Base), rx), func(f safety.Finding) bool {
			return f.Rule == safety.AskDose && !slices.ContainsFunc(f.Now, func(m string) bool { return !fresh[m] })
		})
		return nil
	})
	return found, err
}

// findings looks at a prescription of the visit. self is the document that it is, or
// will be, a version of: what it said before does not run beside it.
func (w *document) findings(self *clinic.Document, rx *clinic.Prescription) []safety.Finding {
	day := w.day()
	var now []safety.Line
	for _, l := range rx.Lines {
		now = append(now, w.line(l, day))
	}
	return safety.Check(w.desk.rules.on(w, w.row.Day, &w.desk.o), w.person(day), now, w.running(self))
}

// line joins a line to its catalogue row of the visit's day.
func (w *document) line(l clinic.DrugLine, start clinic.Date) safety.Line {
	row, _ := w.Row(clinic.CatalogMedicine, l.Medicine, w.row.Day)
	return safety.LineOf(l, row, start)
}

// lineElsewhere joins a line of another facility to the row here only when both mean one
// medicine: codes of lists are each facility's own.
func (w *document) lineElsewhere(m *clinic.PastMedicine) safety.Line {
	row, ok := w.Row(clinic.CatalogMedicine, m.Line.Medicine, w.row.Day)
	if !ok || m.Line.ATC == "" || row.ATC != m.Line.ATC {
		row = clinic.CatalogRow{}
	}
	return safety.LineOf(m.Line, row, m.Start)
}

// day is the visit's day by a clock that never steps back: a board that woke up in 1970
// would find that nothing runs yet.
func (w *document) day() clinic.Date {
	if fellBack(&w.file.Opened) {
		return dayOf(w.file.Opened.Recorded())
	}
	return w.row.Day
}

// running collects the medicines of every other prescription of the person, of linked
// IDs too; the checks know which are over.
func (w *document) running(self *clinic.Document) (out []safety.Line) {
	for i := range w.whole.Visits {
		v := &w.whole.Visits[i]
		if v.State == clinic.VisitClosed {
			continue
		}
		for _, d := range v.Docs(clinic.KindPrescribe) {
			if self != nil && d.Versions[0].Record.Leaf == self.Versions[0].Record.Leaf {
				continue
			}
			if rx := clinic.BodyOf[clinic.Prescription](d); rx != nil {
				for _, l := range rx.Lines {
					out = append(out, w.line(l, visitDay(v)))
				}
			}
		}
	}
	if e := w.whole.Elsewhere.Now; e != nil {
		for i := range e.Medicines {
			out = append(out, w.lineElsewhere(&e.Medicines[i]))
		}
	}
	return out
}

// visitDay is zero where the visit's opening is missing: then its medicines run.
func visitDay(v *clinic.VisitFile) clinic.Date {
	switch {
	case v.Visit == nil:
		return clinic.Date{}
	case fellBack(&v.Opened):
		return dayOf(v.Opened.Recorded())
	}
	return v.Visit.Day
}

// person gathers what is known on the day: weight and answers from the visit's own
// measurements first, then from the last ones before.
func (w *document) person(day clinic.Date) safety.Patient {
	p := safety.Patient{On: day, AgeDays: ageDays(w.patient.Birth, day), Sex: w.patient.Sex, Allergies: w.whole.Allergies.All()}
	var said answers
	var own expectancy
	w.expects(&own, day)
	for _, v := range w.visits() {
		at := cmp.Or(visitDay(v), day)
		ago := int(day.Time().Sub(at.Time()) / (24 * time.Hour))
		for _, b := range VitalsOf(v) {
			if p.Weight == 0 && b.Weight > 0 {
				p.Weight, p.Weighed = b.Weight, at
			}
			if p.Creatinine == 0 && b.Creatinine > 0 && ago <= creatinineDays {
				p.Creatinine, p.Tested = b.Creatinine, at
			}
			if own.over.Before(at) { // not of a pregnancy that is over
				said.take(&p, b, ago)
			}
		}
		if a := clinic.BodyOf[clinic.Antenatal](v.Doc(clinic.KindAntenatal)); a != nil && p.Weight == 0 && a.Weight > 0 {
			p.Weight, p.Weighed = a.Weight, at
		}
		if dx := clinic.BodyOf[clinic.Diagnosis](v.Doc(clinic.KindDiagnosis)); dx != nil {
			for _, code := range append([]string{dx.Main}, dx.Others...) {
				p.Problems = append(p.Problems, safety.Problem{Code: code, On: at})
			}
		}
	}
	if e := w.whole.Elsewhere.Now; e != nil {
		for _, x := range e.Problems {
			p.Problems = append(p.Problems, safety.Problem{Code: x.Code, On: cmp.Or(x.Last, day)})
		}
	}
	if own.pregnant {
		p.Pregnant, p.Weeks = clinic.AnswerYes, own.weeks
	}
	if own.nursing && !said.nursing {
		p.Breastfeeding = clinic.AnswerYes
	}
	w.labCreatinine(&p, day)
	return p
}

// labCreatinine takes the creatinine of a sample when it is the newer one. A facility that
// has another code for the test, or another unit, types it with the measurements.
func (w *document) labCreatinine(p *safety.Patient, day clinic.Date) {
	x, ok := w.whole.Lab.Latest(clinic.TestCreatinine)
	if !ok || x.Value.Number == nil || x.Value.Unit != clinic.UnitCreatinine || day.Before(x.Taken) || x.Taken.Before(day.AddDays(-creatinineDays)) {
		return
	}
	if p.Creatinine == 0 || p.Tested.Before(x.Taken) {
		p.Creatinine, p.Tested = int((*x.Value.Number+500)/1000), x.Taken
	}
}

// answers tells which questions an earlier look at the measurements answered: the last
// answer counts, whatever was said before it.
type answers struct{ pregnant, nursing bool }

// take reads one measurement of so many days ago. That somebody was not pregnant is
// known on that day only.
func (a *answers) take(p *safety.Patient, b *clinic.Vitals, ago int) {
	if !a.pregnant && b.Pregnant != clinic.AnswerUnknown {
		a.pregnant = true
		switch weeks := b.Weeks + ago/7; {
		case b.Pregnant == clinic.AnswerYes && weeks <= pregnantMost:
			p.Pregnant = clinic.AnswerYes
			if b.Weeks > 0 {
				p.Weeks = weeks
			}
		case b.Pregnant == clinic.AnswerNo && ago <= 0:
			p.Pregnant = clinic.AnswerNo
		}
	}
	if !a.nursing && b.Breastfeeding != clinic.AnswerUnknown {
		a.nursing = true
		if ago <= nursingDays {
			p.Breastfeeding = b.Breastfeeding
		}
	}
}

// visits are the person's, this one first, then the others, newest first.
func (w *document) visits() []*clinic.VisitFile {
	out := []*clinic.VisitFile{&w.file}
	for i := range w.whole.Visits {
		if v := &w.whole.Visits[i]; v.ID != w.row.ID || v.Patient != w.row.Patient {
			out = append(out, v)
		}
	}
	return out
}

// VitalsOf returns a visit's measurements, the latest first.
func VitalsOf(v *clinic.VisitFile) (out []*clinic.Vitals) {
	docs := v.Docs(clinic.KindVitals)
	slices.SortFunc(docs, func(a, b *clinic.Document) int { return cmp.Compare(b.Current().Record.HLC, a.Current().Record.HLC) })
	for _, d := range docs {
		if b := clinic.BodyOf[clinic.Vitals](d); b != nil {
			out = append(out, b)
		}
	}
	return out
}

// ageDays is below 0 where it is not known: also for a child of whom only the year is.
func ageDays(birth, day clinic.Date) int {
	if birth.IsZero() || day.Before(birth) || birth.Month == 0 && day.Year-birth.Year < 14 {
		return -1
	}
	return int(day.Time().Sub(birth.Time()) / (24 * time.Hour))
}

// stopped returns the first severe finding of a saved prescription that nobody gave a
// reason to go past: an allergy may have been heard of, or another prescription come,
// after it was written.
func (w *document) stopped(self *clinic.Document, rx *clinic.Prescription) *safety.Finding {
	for _, f := range w.findings(self, rx) {
		if f.Interrupting() && reasonFor(rx.Overrides, &f) == "" && !confirmedBefore(rx, &f) {
			return &f
		}
	}
	return nil
}

func reasonFor(overrides []clinic.Override, f *safety.Finding) string {
	for _, o := range overrides {
		if o.Finding == f.Key() {
			return o.Reason
		}
	}
	return ""
}

// confirmedBefore honours what earlier versions recorded.
func confirmedBefore(rx *clinic.Prescription, f *safety.Finding) bool {
	return f.Kind == safety.KindAllergy && !slices.ContainsFunc(f.Now, func(m string) bool { return !slices.Contains(rx.Confirmed, m) })
}

// override refuses a prescription with severe findings that have no reason, and records
// the reasons of the others.
func (d *Desk) override(w *document, rx *clinic.Prescription, given []clinic.Override) error {
	if w.old != nil {
		if before := clinic.BodyOf[clinic.Prescription](w.old); before != nil {
			given = append(slices.Clone(given), before.Overrides...)
		}
	}
	var bad Errors
	for _, f := range w.findings(w.old, rx) {
		if !f.Interrupting() {
			continue
		}
		reason, err := d.line("reason", reasonFor(given, &f), 200)
		if err := bad.collect(err); err != nil {
			return err
		}
		if reason == "" {
			at := slices.IndexFunc(rx.Lines, func(l clinic.DrugLine) bool { return slices.Contains(f.Now, l.Medicine) })
			bad = append(bad, &Error{Code: CodeDrugSafety, Field: fmt.Sprintf("lines.%d.medicine", max(at, 0)), Args: findingArgs(&f)})
			continue
		}
		rx.Overrides = append(rx.Overrides, clinic.Override{Finding: f.Key(), Words: f.Vi, Reason: reason})
	}
	return bad.join()
}

func findingArgs(f *safety.Finding) map[string]string {
	vi, en := f.Vi, f.En
	if f.Source != "" {
		vi, en = vi+". Nguồn: "+f.Source, en+". Source: "+f.Source
	}
	return map[string]string{"finding": f.Key(), "vi": vi, "en": en}
}

// waiting returns what the checks say now of each prescription that waits for a
// signature, by the leaf of its current version.
func (w *document) waiting() map[clinic.Leaf][]safety.Finding {
	out := map[clinic.Leaf][]safety.Finding{}
	for _, rx := range w.file.Docs(clinic.KindPrescribe) {
		if rx.State != clinic.DocSigned {
			out[rx.Leaf()] = w.findings(rx, clinic.BodyOf[clinic.Prescription](rx))
		}
	}
	return out
}
