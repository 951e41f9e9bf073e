package desk

import (
	"context"
	"slices"
	"strconv"
	"time"

	"clinicbox/clinic"
)

// VisitInput is the form that opens a visit.
type VisitInput struct {
	Patient   clinic.ID
	Source    clinic.Source // how identity was established; zero = typed
	Insurance string        // card number shown
	Slip      string        // appointment slip that brought the patient
	Reason    string
	Type      clinic.VisitType
	Another   bool // yes, a second visit although one waits today
}

// OpenVisit queues the patient: number, visit key, slip used up, in one act. The
// same patient waiting already is CodeAlreadyQueued with Visit, unless in.Another.
func (d *Desk) OpenVisit(ctx context.Context, c Call, in VisitInput) (Done, error) {
	form, err := d.visitForm(in)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindVisit, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			if err := w.mayOpen(in.Patient, in.Another); err != nil {
				return nil, err
			}
			return d.openVisit(w, in.Patient, *form)
		},
		same: func(body any) bool {
			v, ok := body.(*clinic.Visit)
			return ok && v.Source == form.Source && v.Insurance == form.Insurance &&
				v.Slip == form.Slip && v.Reason == form.Reason && v.Type == form.Type
		},
	})
}

func (d *Desk) visitForm(in VisitInput) (*clinic.Visit, error) {
	var bad Errors
	v := &clinic.Visit{Source: in.Source, Insurance: clinic.NormalIdentifier(in.Insurance), Type: in.Type}
	if !v.Type.Known() {
		bad = append(bad, &Error{Code: CodeRequired, Field: "type"})
	}
	if v.Source == 0 {
		v.Source = clinic.SourceTyped
	}
	if v.Insurance != "" {
		if s, ok := clinic.GuessSystem(v.Insurance); !ok || s == clinic.SystemOldID || s == clinic.SystemTemporary {
			err := clinic.CheckIdentifier("insurance", clinic.SystemInsurance, v.Insurance)
			if err := bad.collect(valueError(err)); err != nil {
				return nil, err
			}
		}
	}
	if in.Slip != "" {
		code, _, err := clinic.ParseSlip(in.Slip)
		if err != nil {
			bad = append(bad, &Error{Code: CodeScanSlipNone, Field: "slip"})
		}
		v.Slip = code
	}
	var err error
	if v.Reason, err = d.text("reason", in.Reason, 500); err != nil {
		if err := bad.collect(err); err != nil {
			return nil, err
		}
	}
	return v, bad.join()
}

// mayOpen refuses an unknown patient, and one who waits already.
func (w *work) mayOpen(patient clinic.ID, another bool) error {
	who, p, err := detailsOf(w, patient)
	if err != nil {
		return err
	}
	if p == nil {
		return &Error{Code: CodeNoPatient}
	}
	if p.Withdrawn {
		return &Error{Code: CodeWithdrawn}
	}
	file, err := readPatient(w, patient)
	if err != nil {
		return err
	}
	if doc, _ := file.Died(); doc != nil {
		return &Error{Code: CodeDied}
	}
	if v := file.LiesIn(); v != nil && !another {
		return &Error{Code: CodeAlreadyQueued, Visit: v.ID}
	}
	rows, err := w.desk.queue(w, w.now)
	if err != nil || another {
		return err
	}
	for _, row := range rows {
		if who.Has(row.Patient) && row.waits() {
			return &Error{Code: CodeAlreadyQueued, Visit: row.ID}
		}
	}
	return nil
}

// overnight is how long a visit stays in the queue of the day after it was opened:
// midnight sends nobody home, but who was forgotten does not stand before those who
// come in the morning.
const overnight = 8 * time.Hour

// queue returns this box's visits of the day, before them those of the last evening that go on.
func (d *Desk) queue(r Agenda, now time.Time) ([]VisitRow, error) {
	today := dayOf(now)
	rows, err := d.dayHere(r, today.AddDays(-1))
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(row VisitRow) bool {
		return !row.waits() || now.Sub(row.Opened) > overnight
	})
	own, err := d.dayHere(r, today)
	own = slices.DeleteFunc(own, func(row VisitRow) bool { return row.Has&HasAfter != 0 })
	return append(rows, own...), err
}

// waits tells that the visit goes on.
func (v *VisitRow) waits() bool { return v.Has&(HasSigned|HasEnded|HasAfter) == 0 }

// openVisit numbers the visit and uses up the slip.
func (d *Desk) openVisit(w *work, patient clinic.ID, v clinic.Visit) ([]clinic.Draft, error) {
	f := d.o.Site.Facility
	n, err := w.next(clinic.SeriesVisit(f.Book, w.today))
	if err != nil {
		return nil, err
	}
	if v.Queue, err = w.next(clinic.SeriesQueue(w.today)); err != nil {
		return nil, err
	}
	v.Day = w.today
	if v.Key, err = clinic.NewVisitKey(f.Code, f.Book, w.today, n); err != nil {
		return nil, &Error{Code: CodeSeriesFull, Args: map[string]string{"series": "visit"}}
	}
	id := d.o.NewID()
	out := []clinic.Draft{{Kind: clinic.KindVisit, Subject: patient, Visit: id, Body: &v}}
	if v.Slip == "" {
		return out, nil
	}
	who, err := identity(w, patient)
	if err != nil {
		return nil, err
	}
	row, ok, err := w.Slip(v.Slip)
	switch {
	case err != nil:
		return nil, err
	case !ok:
		// Another box's slip that has not come down yet: the patient stands here,
		// so the code is kept with the visit and used up wherever it is known.
	case !who.Has(row.Patient):
		return nil, &Error{Code: CodeSlipOther, Field: "slip"}
	case !row.Used.IsZero():
		return nil, &Error{Code: CodeScanSlipUsed, Field: "slip", Visit: row.Used}
	case row.Void:
		return nil, &Error{Code: CodeScanSlipVoid, Field: "slip"}
	}
	return append(out, clinic.Draft{
		Kind: clinic.KindArrived, Subject: patient, Visit: id, Body: &clinic.Arrived{Slip: v.Slip},
	}), nil
}

// EndInput is the form that ends a visit without care.
type EndInput struct {
	Patient clinic.ID
	Visit   clinic.ID
	Why     string
}

// cared is what only a doctor writes, or goods that went out.
const cared = HasExam | HasDiagnosis | HasPrescription | HasAppointment | HasDispensed

// died reports whether the visit says that the person died.
func died(v *clinic.VisitFile) bool {
	b := clinic.BodyOf[clinic.Death](v.Doc(clinic.KindDeath))
	return b != nil && !b.Mistake
}

// lies reports whether the patient lies in a bed.
func lies(v *clinic.VisitFile) bool {
	_, ok := v.Lies()
	return ok
}

// dosesOf are the doses that stand in the visit.
func dosesOf(v *clinic.VisitFile) (out []clinic.Dose) {
	for _, d := range v.Docs(clinic.KindImmunised) {
		if b := clinic.BodyOf[clinic.Immunised](d); b != nil {
			out = append(out, b.Doses...)
		}
	}
	return out
}

// EndVisit takes the patient out of the queue: left unseen, opened by mistake. Once
// a doctor wrote something, only a doctor may.
func (d *Desk) EndVisit(ctx context.Context, c Call, in EndInput) (Done, error) {
	why, err := d.text("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	if why == "" {
		return Done{}, &Error{Code: CodeRequired, Field: "why"}
	}
	return d.save(ctx, c, plan{
		need: rightEnd, kind: clinic.KindVisitEnded, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			doc, err := w.visit(in.Patient, in.Visit)
			switch {
			case err != nil:
				return nil, err
			case doc.row.Has&HasEnded != 0:
				return nil, &Error{Code: CodeVisitEnded}
			case doc.row.Has&HasSigned != 0:
				return nil, &Error{Code: CodeVisitSigned}
			case len(dosesOf(&doc.file)) > 0:
				return nil, &Error{Code: CodeDoseThere}
			case born(&doc.file):
				return nil, &Error{Code: CodeBirthThere}
			case lies(&doc.file):
				return nil, &Error{Code: CodeLying, Visit: in.Visit}
			case died(&doc.file):
				return nil, &Error{Code: CodeDied} // it could not be taken back any more
			case doc.row.Has&cared != 0 && w.by.Role != clinic.RoleDoctor:
				// What a doctor wrote could never be signed any more.
				return nil, &Error{Code: CodeNotAllowed, Args: map[string]string{"role": strconv.Itoa(int(w.by.Role))}}
			}
			return []clinic.Draft{{
				Kind: clinic.KindVisitEnded, Subject: in.Patient, Visit: in.Visit, Body: &clinic.VisitEnded{Why: why},
			}}, nil
		},
		same: func(body any) bool { e, ok := body.(*clinic.VisitEnded); return ok && e.Why == why },
	})
}
