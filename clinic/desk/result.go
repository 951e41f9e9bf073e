package desk

import (
	"context"
	"fmt"
	"slices"

	"clinicbox/clinic"
)

// ResultEntry is the typed result of one test.
type ResultEntry struct {
	Test string // catalogue code
	Text string // number as typed, the choice's Vietnamese word, or free words; empty = none yet
	Unit string // that the number was read in; needed where a test has several
}

// ResultInput is the form of results: of an order's tests, each with its sample's number
// when one was taken, or with Base the correction of a result.
type ResultInput struct {
	Patient clinic.ID
	Order   clinic.Leaf // current version of the order; of a correction ignored
	Base    clinic.Leaf // current version of the result that is corrected; zero = new
	Why     string      // of a correction
	Values  []ResultEntry
	Note    string
	// Confirmed holds the codes of tests whose critical number was looked at twice.
	Confirmed []string

	device string // that measured
}

// EnterResult saves results. What no device shows is refused, with the limits; a unit
// that was not said is asked for; a critical number is CodeLabCritical until confirmed.
func (d *Desk) EnterResult(ctx context.Context, c Call, in ResultInput) (Done, error) {
	note, err := d.text("note", in.Note, 500)
	if err != nil {
		return Done{}, err
	}
	why, err := d.text("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	correct := in.Base != (clinic.Leaf{})
	if correct && why == "" {
		return Done{}, &Error{Code: CodeWhy, Field: "why"}
	}
	in.Note, in.Why = note, why
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindResult, // under the ID of the order, which may be a linked one
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(in.Patient)
			if err != nil {
				return nil, err
			}
			if !correct {
				return w.newResults(&file, in)
			}
			draft, err := w.correctedResult(&file, in)
			if err != nil {
				return nil, err
			}
			return []clinic.Draft{draft}, w.fillResult(&file, draft.Body.(*clinic.Result), in, in.Values)
		},
		same: func(b any) bool {
			r, ok := b.(*clinic.Result)
			return ok && r.Note == note && sameResults(r, in.Values)
		},
	})
}

// sameResults reports whether the values are among those that were typed.
func sameResults(r *clinic.Result, typed []ResultEntry) bool {
	for i := range r.Values {
		v := &r.Values[i]
		if !slices.ContainsFunc(typed, func(e ResultEntry) bool { return e.Test == v.Test && sameValue(v, e) }) {
			return false
		}
	}
	return true
}

func sameValue(v *clinic.ResultValue, e ResultEntry) bool {
	switch {
	case v.Number == nil:
		return v.Text == e.Text
	case v.Typed != "":
		return v.Typed == e.Text+" "+e.Unit
	}
	n, err := clinic.ParseFixed(e.Test, e.Text, 3)
	return err == nil && clinic.Milli(n) == *v.Number && (e.Unit == "" || e.Unit == v.Unit)
}

// newResults makes results of an order's tests: one for each sample that they are of, and
// one for those without.
func (w *work) newResults(file *clinic.PatientFile, in ResultInput) (out []clinic.Draft, err error) {
	lines, err := orderLines(file, in.Order)
	if err != nil {
		return nil, err
	}
	var numbers []string
	of := map[string][]ResultEntry{}
	for _, e := range in.Values {
		i := slices.IndexFunc(lines, func(l clinic.OrderLine) bool { return l.Test.Code == e.Test })
		switch {
		case e.Text == "":
			continue
		case i < 0:
			return nil, &Error{Code: CodeChanged}
		case lines[i].State >= clinic.LineResult:
			return nil, &Error{Code: CodeLabDone, Field: e.Test, Args: map[string]string{"test": lines[i].Test.Name}}
		}
		number := ""
		if s := lines[i].Sample; s != nil {
			number = s.Body.(*clinic.Sample).Number
		}
		if of[number] == nil {
			numbers = append(numbers, number)
		}
		of[number] = append(of[number], e)
	}
	var bad Errors
	for _, number := range numbers {
		v := lines[0].Visit
		b := &clinic.Result{Order: in.Order[:], Visit: v.ID[:], Sample: number, Taken: w.today, Device: in.device}
		if s := file.Lab.Sample(number); s != nil {
			b.Taken = dayOf(s.Event)
		}
		if err := bad.collect(w.fillResult(file, b, in, of[number])); err != nil {
			return nil, err
		}
		out = append(out, clinic.Draft{Kind: clinic.KindResult, Subject: v.Patient, Body: b})
	}
	if len(out) == 0 {
		return nil, &Error{Code: CodeNothing, Field: "values"}
	}
	return out, bad.join()
}

// correctedResult begins a new version of a result; the old stays.
func (w *work) correctedResult(file *clinic.PatientFile, in ResultInput) (clinic.Draft, error) {
	old := file.Lab.Find(in.Base)
	if old == nil || old.Leaf() != in.Base {
		return clinic.Draft{}, &Error{Code: CodeChanged}
	}
	b := *clinic.BodyOf[clinic.Result](old)
	for _, e := range in.Values {
		if b.Value(e.Test) == nil {
			return clinic.Draft{}, &Error{Code: CodeChanged}
		}
	}
	b.Values, b.Device = nil, ""
	return clinic.Draft{
		Kind: clinic.KindResult, Subject: old.Current().Record.Subject, Corrects: in.Base, Why: in.Why, Body: &b,
	}, nil
}

// fillResult reads the typed values by the catalogue of the sample's day, and judges them
// by sex and age on that day.
func (w *work) fillResult(file *clinic.PatientFile, b *clinic.Result, in ResultInput, values []ResultEntry) error {
	var bad Errors
	b.Note = in.Note
	for _, e := range values {
		text, err := w.desk.line(e.Test, e.Text, 300)
		if err := bad.collect(err); err != nil {
			return err
		}
		if text == "" {
			continue
		}
		row, ok := w.Row(clinic.CatalogLabTest, e.Test, b.Taken)
		if !ok {
			bad = append(bad, &Error{Code: CodeLabNone, Field: e.Test, Args: map[string]string{"code": e.Test}})
			continue
		}
		v, err := row.ReadResult(e.Test, text, e.Unit)
		if err != nil {
			if err := bad.collect(labError(err, row.Name)); err != nil {
				return err
			}
			continue
		}
		row.JudgeResult(&v, file.Now.Sex, file.Now.Birth, b.Taken)
		if v.Number != nil && v.Flag.Critical() && b.Device == "" && !slices.Contains(in.Confirmed, e.Test) {
			bad = append(bad, &Error{Code: CodeLabCritical, Field: e.Test, Args: map[string]string{
				"test": v.Name, "code": v.Test, "value": v.Say(), "range": v.Range.Says(),
			}})
		}
		b.Values = append(b.Values, v)
	}
	if len(bad) == 0 && len(b.Values) == 0 {
		return &Error{Code: CodeNothing, Field: "values"}
	}
	return bad.join()
}

// labError turns what is wrong with a typed result into a refusal that names the test.
func labError(err error, test string) error {
	found := ErrorsOf(valueError(err))
	if len(found) == 0 {
		return err
	}
	e := found[0]
	switch e.Args["problem"] {
	case clinic.ProblemImpossible:
		e.Code = CodeLabImpossible
	case clinic.ProblemOtherUnit:
		e.Code = CodeLabOtherUnit
	case clinic.ProblemUnit:
		e.Code = CodeLabUnit
	}
	e.Args["test"] = test
	return e
}

// Measured is what a device says of one sample.
type Measured struct {
	ID     clinic.ID // names the measurement: the same one again saves once
	Device string    // kind and serial number, for the record
	Sample string    // number of the label
	Values []ResultEntry
}

// Analyser is a device that measures samples. Its driver is called by one goroutine.
type Analyser interface {
	// Next waits for a measurement. Until Done it may come again, also after a power cut:
	// the device, or the driver's own file, keeps it.
	Next(ctx context.Context) (Measured, error)
	// Done says that the measurement is saved, or why it cannot be: then somebody must
	// read the device's display and type the result.
	Done(ctx context.Context, id clinic.ID, refused error) error
}

// Analyse files what a device measures until Next fails, or the store does. What cannot
// be filed goes back to the device with the reason.
func (d *Desk) Analyse(ctx context.Context, a Analyser) error {
	for {
		m, err := a.Next(ctx)
		if err != nil {
			return fmt.Errorf("desk: device: %w", err)
		}
		err = d.takeMeasured(ctx, m)
		if err != nil && ErrorsOf(err) == nil {
			return err
		}
		if err := a.Done(ctx, m.ID, err); err != nil {
			return fmt.Errorf("desk: device: %w", err)
		}
	}
}

// takeMeasured saves the results of a sample as the box's own entry: nobody typed them,
// and a clinician reviews them as others.
func (d *Desk) takeMeasured(ctx context.Context, m Measured) error {
	_, err := d.o.Store.Act(ctx, m.ID, clinic.ID{}, func(r Reader) ([]clinic.Draft, error) {
		w := d.workBy(r, Person{})
		patient, ok, err := r.SampleOf(m.Sample)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, &Error{Code: CodeSampleNone}
		}
		file, err := readPatient(r, patient)
		if err != nil {
			return nil, err
		}
		sample := file.Lab.Sample(m.Sample)
		if sample == nil {
			return nil, &Error{Code: CodeSampleNone}
		}
		in := ResultInput{Patient: patient, Values: m.Values, device: m.Device}
		for _, l := range file.OrderLines() {
			if l.Sample != nil && l.Sample.Leaf == sample.Leaf {
				in.Order = l.Order.Leaf()
			}
		}
		return w.newResults(&file, in)
	})
	return err
}
