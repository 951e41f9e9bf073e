package desk

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// formTemporary is Paper.Form of a slip with a temporary code.
const formTemporary = "temporary"

// PrintTemporary records the copy and queues the slip with the patient's temporary code.
// A patient who has papers needs none: CodeCodeNone. CodePrintQueue means: the same form
// again queues the same copy. With a clock that nobody vouches for the slip says no
// time: it is needed all the same, and nothing else on it is dated.
func (d *Desk) PrintTemporary(ctx context.Context, c Call, patient clinic.ID) (Done, error) {
	done, err := d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPaper, patient: patient,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := readPatient(w, patient)
			if err != nil {
				return nil, err
			}
			if err := d.mayRead(w, w.by.ID, patient); err != nil {
				return nil, err
			}
			code, ok := file.Now.Current(clinic.SystemTemporary, w.today)
			if !ok {
				return nil, &Error{Code: CodeCodeNone}
			}
			records, err := w.Records(patient)
			if err != nil {
				return nil, err
			}
			body := &clinic.Paper{Form: formTemporary, Code: code.Value, Copy: 1}
			for _, r := range records {
				if p, ok := r.Body.(*clinic.Paper); ok && p.Form == formTemporary && p.Code == code.Value {
					body.Copy = max(body.Copy, p.Copy+1)
				}
			}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: patient, Body: body}}, nil
		},
		same: func(b any) bool { p, ok := b.(*clinic.Paper); return ok && p.Form == formTemporary },
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := d.temporarySlip(ctx, &done.Records[0])
	return done, d.enqueue(ctx, c, doc, err)
}

// temporarySlip lays out the paper that the record says was printed.
func (d *Desk) temporarySlip(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	printed := r.Body.(*clinic.Paper)
	t := paper.Temporary{Facility: d.o.Site.Facility, Code: printed.Code, Copy: printed.Copy}
	if r.Trusted {
		t.Printed = r.Event
	}
	err := d.view(ctx, func(reader Reader) error {
		file, err := readPatient(reader, r.Subject)
		if err != nil {
			return err
		}
		t.Patient = *file.Now
		people, err := names(reader)
		if err != nil {
			return err
		}
		t.Printer = people[r.Author].Name
		if id, ok := t.Patient.MotherID(); ok {
			if _, mother, err := detailsOf(reader, id); err != nil {
				return err
			} else if mother != nil {
				t.Mother = mother.Name
			}
		}
		return nil
	})
	return t.Doc(), err
}
