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
	Dose     string // units each time: "1", "0,5", "1/2"
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
	// Overrides gives a reason for each severe finding that is gone past; the words are
	// filled in. Those of the version that is corrected go on without being repeated.
	Overrides []clinic.Override
}

// Limits of a prescription: 90 days is the longest of Circular 26/2025/TT-BYT.
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
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindPrescribe,
		body: func(w *document) (any, error) { return d.fillPrescription(w, typed, in.Overrides) },
		same: func(b any) bool { s, ok := b.(*clinic.Prescription); return ok && samePrescription(s, typed) },
		again: func(w *document, b any) bool {
			s, ok := b.(*clinic.Prescription)
			return ok && (w.whole.Allergies.Lost || w.stopped(w.old, s) != nil)
		},
	})
}

// prescription reads the typed lines; the catalogue is asked later.
func (d *Desk) prescription(in PrescriptionInput) (*clinic.Prescription, error) {
	var bad Errors
	out := &clinic.Prescription{}
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
	l.Dose = amount("dose", in.Dose, maxDose)
	l.Times = count("times", in.Times, maxTimes)
	l.Days = count("days", in.Days, maxDays)
	switch {
	case free:
		l.Quantity = amount("quantity", in.Quantity, maxQuantity)
	case len(bad) == 0:
		l.Quantity = l.Compute()
		if l.Quantity > maxQuantity*1000 {
			bad = append(bad, drugRange(at+"dose", maxQuantity))
		}
	}
	return l, bad
}

func drugRange(field string, high int) *Error {
	return &Error{Code: CodeDrugRange, Field: field, Args: map[string]string{"low": "1", "high": fmt.Sprint(high)}}
}

// fillPrescription copies names and forms from the catalogue of the visit's day, has
// the safety checks look at it and numbers the paper.
func (d *Desk) fillPrescription(w *document, typed *clinic.Prescription, overrides []clinic.Override) (any, error) {
	out := *typed
	out.Lines = slices.Clone(typed.Lines)
	var bad Errors
	for i := range out.Lines {
		l := &out.Lines[i]
		if !w.copyRow(l) {
			bad = append(bad, &Error{Code: CodeDrugNone, Field: fmt.Sprintf("lines.%d.medicine", i), Args: map[string]string{"code": l.Medicine}})
		}
	}
	if len(bad) > 0 {
		return nil, bad.join()
	}
	if w.whole.Allergies.Lost { // nobody knows what the patient must not get
		return nil, &Error{Code: CodeAllergiesLost}
	}
	if err := d.override(w, &out, overrides); err != nil {
		return nil, err
	}
	f := d.o.Site.Facility
	n, err := w.next(clinic.SeriesPrescription(f.Book))
	if err != nil {
		return nil, err
	}
	if out.Code, err = clinic.NewPrescriptionCode(f.Code, f.Book, n); err != nil {
		return nil, &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "prescription"}}
	}
	return &out, nil
}

// copyRow fills a line from the catalogue's row; false = there is none on this day.
func (w *document) copyRow(l *clinic.DrugLine) bool {
	row, ok := w.Row(clinic.CatalogMedicine, l.Medicine, w.row.Day)
	if !ok {
		return false
	}
	l.Name, l.Strength, l.Form, l.Unit, l.ATC = row.Name, row.Strength, row.Form, row.Unit, row.ATC
	if l.Route == "" {
		l.Route = row.Route
	}
	return true
}

// samePrescription compares what is typed: an empty route was filled in.
func samePrescription(saved, typed *clinic.Prescription) bool {
	if saved.Advice != typed.Advice || len(saved.Lines) != len(typed.Lines) {
		return false
	}
	for i, s := range saved.Lines {
		t := typed.Lines[i]
		if s.Medicine != t.Medicine || s.Dose != t.Dose || s.Times != t.Times || s.Days != t.Days ||
			s.Quantity != t.Quantity || s.When != t.When || t.Route != "" && s.Route != t.Route {
			return false
		}
	}
	return true
}
