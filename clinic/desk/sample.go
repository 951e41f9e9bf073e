package desk

import (
	"context"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// formSample is Paper.Form of a sample's label.
const formSample = "sample"

// SampleInput is the form that says that a sample was taken.
type SampleInput struct {
	Patient  clinic.ID
	Order    clinic.Leaf // current version of the order
	Tests    []string    // codes, that the sample is for
	Specimen string      // of clinic.Specimens
}

// TakeSample numbers a sample and prints its label. CodePrintQueue means: the sample is
// saved, and the same form again queues the same label. With a clock that nobody vouches
// for the label says no time: it is needed all the same.
func (d *Desk) TakeSample(ctx context.Context, c Call, in SampleInput) (Done, error) {
	if !slices.Contains(clinic.Specimens(), in.Specimen) {
		return Done{}, &Error{Code: CodeRequired, Field: "specimen"}
	}
	if len(in.Tests) == 0 {
		return Done{}, &Error{Code: CodeRequired, Field: "tests"}
	}
	done, err := d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindSample, // under the ID of the order, which may be a linked one
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(in.Patient)
			if err != nil {
				return nil, err
			}
			lines, err := orderLines(&file, in.Order)
			if err != nil {
				return nil, err
			}
			for _, code := range in.Tests {
				i := slices.IndexFunc(lines, func(l clinic.OrderLine) bool { return l.Test.Code == code })
				if i < 0 || lines[i].State >= clinic.LineResult {
					return nil, &Error{Code: CodeChanged}
				}
			}
			n, err := w.next(clinic.SeriesSample(d.o.Site.Facility.Book))
			if err != nil {
				return nil, err
			}
			number, err := clinic.NewSampleNumber(d.o.Site.Facility.Code, d.o.Site.Facility.Book, n)
			if err != nil {
				return nil, &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "sample"}}
			}
			v := lines[0].Visit
			body := &clinic.Sample{Number: number, Order: in.Order[:], Visit: v.ID[:], Tests: in.Tests, Specimen: in.Specimen}
			return []clinic.Draft{
				{Kind: clinic.KindSample, Subject: v.Patient, Body: body},
				{Kind: clinic.KindPaper, Subject: v.Patient, Body: &clinic.Paper{Form: formSample, Code: number, Copy: 1}},
			}, nil
		},
		same: func(b any) bool {
			s, ok := b.(*clinic.Sample)
			return ok && string(s.Order) == string(in.Order[:]) && slices.Equal(s.Tests, in.Tests) && s.Specimen == in.Specimen
		},
	})
	if err != nil {
		return Done{}, err
	}
	return done, d.printLabel(ctx, c, &done.Records[1])
}

// patient reads somebody whose record must be open to the person. The visit's own ID
// leads to the whole person.
func (w *work) patient(id clinic.ID) (clinic.PatientFile, error) {
	file, err := readPatient(w, id)
	if err == nil {
		err = w.desk.mayRead(w, w.by.ID, id)
	}
	if err == nil {
		err = w.desk.judgeAlone(w, &file)
	}
	if err != nil {
		return clinic.PatientFile{}, err
	}
	return file, nil
}

// orderLines returns the tests of an order as it stands; an older version is CodeChanged.
func orderLines(file *clinic.PatientFile, order clinic.Leaf) (out []clinic.OrderLine, err error) {
	for _, l := range file.OrderLines() {
		if l.Order.Leaf() == order {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		return nil, &Error{Code: CodeChanged}
	}
	return out, nil
}

// PrintSample prints the label of a sample once more.
func (d *Desk) PrintSample(ctx context.Context, c Call, patient clinic.ID, number string) (Done, error) {
	done, err := d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindPaper,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.patient(patient)
			if err != nil {
				return nil, err
			}
			sample := file.Lab.Sample(number)
			if sample == nil {
				return nil, &Error{Code: CodeSampleNone}
			}
			records, err := w.Records(sample.Subject)
			if err != nil {
				return nil, err
			}
			body := &clinic.Paper{Form: formSample, Code: number, Copy: 1}
			for _, r := range records {
				if p, ok := r.Body.(*clinic.Paper); ok && p.Form == formSample && p.Code == number {
					body.Copy = max(body.Copy, p.Copy+1)
				}
			}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: sample.Subject, Body: body}}, nil
		},
		same: func(b any) bool {
			p, ok := b.(*clinic.Paper)
			return ok && p.Form == formSample && p.Code == number
		},
	})
	if err != nil {
		return Done{}, err
	}
	return done, d.printLabel(ctx, c, &done.Records[0])
}

// printLabel queues the label that the record says was printed.
func (d *Desk) printLabel(ctx context.Context, c Call, r *clinic.Record) error {
	doc, err := d.label(ctx, r)
	return d.enqueue(ctx, c, doc, err)
}

func (d *Desk) label(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	printed := r.Body.(*clinic.Paper)
	l := paper.SampleLabel{Facility: d.o.Site.Facility, Number: printed.Code, Copy: printed.Copy}
	err := d.view(ctx, func(reader Reader) error {
		file, err := readPatient(reader, r.Subject)
		if err != nil {
			return err
		}
		sample := file.Lab.Sample(printed.Code)
		if sample == nil {
			return &Error{Code: CodeSampleNone}
		}
		b := sample.Body.(*clinic.Sample)
		l.Patient, l.Specimen = *file.Now, b.Specimen
		if sample.Trusted {
			l.Taken = sample.Event
		}
		for _, line := range file.OrderLines() {
			if slices.Contains(b.Tests, line.Test.Code) && line.Sample != nil && line.Sample.Leaf == sample.Leaf {
				l.Tests = append(l.Tests, line.Test.Name)
				l.Urgent = l.Urgent || line.Body().Urgent
			}
		}
		if len(l.Tests) == 0 { // the order is taken back: the sample is here all the same
			l.Tests = strings.Fields(strings.Join(b.Tests, " "))
		}
		return nil
	})
	return l.Doc(), err
}

// fromSample finds the patient whose sample has the scanned label.
func (d *Desk) fromSample(r Reader, scan clinic.Scan) (ScanResult, error) {
	patient, ok, err := r.SampleOf(scan.Sample)
	if err != nil {
		return ScanResult{}, err
	}
	hits, err := hitsOf(r, []clinic.ID{patient}, BySlip)
	if err != nil {
		return ScanResult{}, err
	}
	if !ok || len(hits) == 0 {
		return ScanResult{}, &Error{Code: CodeSampleNone}
	}
	return ScanResult{Answer: ScanKnown, Scan: scan, Hits: hits}, nil
}
