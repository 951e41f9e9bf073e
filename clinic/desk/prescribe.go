package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// DrugInput is one line of the prescription form, numbers as typed.
type DrugInput struct {
	Medicine string // catalogue code
	Dose     string // each time: "1", "0,5", "1/2" units, or "5 ml", "2 giọt" (clinic.ParseDose)
	Times    string // times a day
	Days     string
	Quantity string // only where dose × times × days is not what is handed out (bottles, tubes)
	Route    string // empty = the catalogue's
	When     string
}

// PrescriptionInput is the form of the prescription.
type PrescriptionInput struct {
	On
	Lines  []DrugInput
	Advice string
	// Of herbs: how many packets, and how they are boiled and drunk. Lines of herbs say
	// neither times nor days.
	Packets     string
	Preparation string
	// Companion is who came with a child under 72 months. It may be said later, but not
	// after the signature.
	Companion string
	// Overrides gives a reason for each severe finding that is gone past; the words are
	// filled in. Those of the version that is corrected go on without being repeated.
	Overrides []clinic.Override
}

// Limits of what can be typed. 90 days is the longest of Circular 26/2025/TT-BYT; what
// this person may get is for rxRules to say.
const (
	maxDrugs    = 20
	maxDose     = 1000
	maxTimes    = 24
	maxDays     = 90
	maxQuantity = 10_000
)

// Prescribe saves a prescription from the catalogue of the visit's day.
func (d *Desk) Prescribe(ctx context.Context, c Call, in PrescriptionInput) (Done, error) {
	typed, err := d.prescription(in)
	if err != nil {
		return Done{}, err
	}
	done, err := d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindPrescribe, many: true, // one of each kind: fillPrescription
		body: func(w *document) (any, error) { return d.fillPrescription(w, typed, in.Overrides) },
		same: func(b any) bool { s, ok := b.(*clinic.Prescription); return ok && samePrescription(s, typed) },
		again: func(w *document, b any) bool {
			s, ok := b.(*clinic.Prescription)
			return ok && (w.whole.Allergies.Lost || w.stopped(w.old, s) != nil)
		},
	})
	if err == nil {
		d.learn(ctx, c.By, &done)
	}
	return done, err
}

// prescription reads the typed lines; the catalogue is asked later.
func (d *Desk) prescription(in PrescriptionInput) (*clinic.Prescription, error) {
	var bad Errors
	out := &clinic.Prescription{}
	bad = append(bad, d.packets(&in, out)...)
	for i, l := range in.Lines {
		if l == (DrugInput{}) {
			continue
		}
		line, errs := d.drugLine(fmt.Sprintf("lines.%d.", i), l)
		bad = append(bad, errs...)
		if slices.ContainsFunc(out.Lines, func(o clinic.DrugLine) bool { return o.Medicine == line.Medicine }) {
			bad = append(bad, &Error{Code: CodeDrugTwice, Field: fmt.Sprintf("lines.%d.medicine", i)})
		}
		out.Lines = append(out.Lines, line)
	}
	switch {
	case len(out.Lines) == 0:
		bad = append(bad, &Error{Code: CodeNothing, Field: "lines"})
	case len(out.Lines) > maxDrugs:
		bad = append(bad, &Error{Code: CodeTooMany, Field: "lines", Args: map[string]string{"max": fmt.Sprint(maxDrugs)}})
	}
	advice, err := d.text("advice", in.Advice, 1000)
	if err := bad.collect(err); err != nil {
		return nil, err
	}
	out.Advice = advice
	out.Companion, err = d.line("companion", in.Companion, 120)
	if err := bad.collect(err); err != nil {
		return nil, err
	}
	return out, bad.join()
}

func (d *Desk) drugLine(at string, in DrugInput) (clinic.DrugLine, Errors) {
	var bad Errors
	l := clinic.DrugLine{Medicine: strings.TrimSpace(in.Medicine)}
	if l.Medicine == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: at + "medicine"})
	}
	text := func(name, s string) string {
		s, err := d.line(at+name, s, 60)
		_ = bad.collect(err) // always a refusal
		return s
	}
	l.Route, l.When = text("route", in.Route), text("when", in.When)
	free := in.Quantity != "" // then the rest may be said in words
	amount := func(name, s string, high int) clinic.Milli {
		if s == "" && free && name != "quantity" {
			return 0
		}
		m, err := clinic.ParseMilli(at+name, s)
		if err != nil {
			_ = bad.collect(valueError(err))
		} else if m <= 0 || m > clinic.Milli(high)*1000 {
			bad = append(bad, drugRange(at+name, high))
		}
		return m
	}
	count := func(name, s string, high int) int {
		m := amount(name, s, high)
		if m%1000 != 0 {
			bad = append(bad, drugRange(at+name, high))
		}
		return int(m / 1000)
	}
	if in.Dose != "" || !free {
		var err error
		l.Dose, l.Measure, err = readDose(at+"dose", in.Dose)
		_ = bad.collect(err) // always a refusal
	}
	if free || in.Times+in.Days != "" { // otherwise the catalogue says whether it is a herb: copyRow
		l.Times = count("times", in.Times, maxTimes)
		l.Days = count("days", in.Days, maxDays)
	}
	if free { // otherwise copyRow computes it: it takes the size of the pack
		l.Quantity = amount("quantity", in.Quantity, maxQuantity)
	}
	return l, bad
}

// readDose reads what is taken each time, and in what it is measured.
func readDose(field, s string) (clinic.Milli, string, error) {
	m, measure, err := clinic.ParseDose(field, s)
	switch {
	case err != nil:
		return 0, "", valueError(err)
	case m <= 0 || m > maxDose*1000:
		return 0, measure, drugRange(field, maxDose)
	}
	return m, measure, nil
}

func drugRange(field string, high int) *Error {
	return &Error{Code: CodeDrugRange, Field: field, Args: map[string]string{"low": "1", "high": fmt.Sprint(high)}}
}

// fillPrescription copies names and forms from the catalogue of the visit's day, has
// the safety checks and the Circular's rules look at it and numbers the paper.
func (d *Desk) fillPrescription(w *document, typed *clinic.Prescription, overrides []clinic.Override) (any, error) {
	out := *typed
	out.Lines = slices.Clone(typed.Lines)
	bad := w.copyRows(&out)
	if len(bad) > 0 {
		return nil, bad.join()
	}
	if w.whole.Allergies.Lost { // nobody knows what the patient must not get
		return nil, &Error{Code: CodeAllergiesLost}
	}
	kind, bad := w.rxRules(&out)
	if bad = append(bad, w.herbs(&out)...); len(bad) > 0 {
		return nil, bad.join()
	}
	if err := d.override(w, &out, overrides); err != nil {
		return nil, err
	}
	w.toxicFirst(&out)
	for _, doc := range w.file.Docs(clinic.KindPrescribe) {
		if rx := clinic.BodyOf[clinic.Prescription](doc); doc != w.old && rx != nil && rx.Type() == kind {
			return nil, &Error{Code: CodeChanged} // one valid one of each kind
		}
	}
	if w.old != nil {
		if before := clinic.BodyOf[clinic.Prescription](w.old); before != nil {
			out.Replaces = before.Code
		}
	}
	f := d.o.Site.Facility
	n, err := w.next(clinic.SeriesPrescription(f.Book))
	if err != nil {
		return nil, err
	}
	if out.Code, err = clinic.NewPrescriptionCode(f.Code, f.Book, n, kind); err != nil {
		return nil, &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "prescription"}}
	}
	return &out, nil
}

// copyRows fills the lines from the catalogue, and computes what is handed out.
func (w *document) copyRows(rx *clinic.Prescription) (bad Errors) {
	for i := range rx.Lines {
		l := &rx.Lines[i]
		at := fmt.Sprintf("lines.%d.", i)
		row, ok := w.copyRow(l, rx.Packets)
		switch {
		case !ok:
			bad = append(bad, &Error{Code: CodeDrugNone, Field: at + "medicine", Args: map[string]string{"code": l.Medicine}})
			continue
		case !l.Measured(&row):
			bad = append(bad, &Error{Code: CodeDrugMeasure, Field: at + "dose", Args: map[string]string{"measure": l.Measure, "unit": row.Unit, "strength": row.Strength}})
			continue
		}
		if l.Quantity == 0 && !l.Herb && l.Times == 0 && l.Days == 0 {
			for _, name := range []string{"times", "days"} {
				_, err := clinic.ParseMilli(at+name, "")
				_ = bad.collect(valueError(err)) // nothing was typed
			}
			continue
		}
		if l.Quantity == 0 {
			if l.Quantity = l.Compute(); l.Quantity > maxQuantity*1000 {
				bad = append(bad, drugRange(at+"dose", maxQuantity))
			}
		}
	}
	return bad
}

// copyRow fills a line from the catalogue's row; false = there is none on this day. A herb
// that says neither times nor days is taken once a day while the packets last.
func (w *document) copyRow(l *clinic.DrugLine, packets int) (clinic.CatalogRow, bool) {
	row, ok := w.Row(clinic.CatalogMedicine, l.Medicine, w.row.Day)
	if !ok {
		return row, false
	}
	l.Name, l.Strength, l.Form, l.Unit, l.ATC = row.PaperName(), row.Strength, row.Form, row.Unit, row.ATC
	if l.Route == "" {
		l.Route = row.Route
	}
	if l.Herb = row.Has(clinic.FlagHerb); l.Herb && l.Times == 0 && l.Days == 0 {
		l.Times, l.Days = 1, packets
	}
	return row, true
}

// samePrescription compares what is typed: an empty route was filled in, a quantity
// computed, and lines may have been put in another order.
func samePrescription(saved, typed *clinic.Prescription) bool {
	if saved.Advice != typed.Advice || saved.Companion != typed.Companion || saved.Packets != typed.Packets || saved.Preparation != typed.Preparation || len(saved.Lines) != len(typed.Lines) {
		return false
	}
	for _, t := range typed.Lines {
		at := slices.IndexFunc(saved.Lines, func(l clinic.DrugLine) bool { return l.Medicine == t.Medicine })
		if at < 0 {
			return false
		}
		s := saved.Lines[at]
		if s.Herb && t.Times == 0 && t.Days == 0 {
			t.Times, t.Days = s.Times, s.Days // filled in from the packets, which are the same
		}
		quantity := s.Quantity
		if t.Quantity == 0 {
			quantity -= s.Compute()
		}
		if s.Dose != t.Dose || s.Times != t.Times || s.Days != t.Days || quantity != t.Quantity || s.When != t.When ||
			t.Route != "" && s.Route != t.Route || t.Measure != s.Measure && !strings.EqualFold(t.Measure, s.Unit) {
			return false
		}
	}
	return true
}
