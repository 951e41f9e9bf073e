package desk

import (
	"context"
	"encoding/hex"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// formDischarge is Paper.Form of a discharge paper.
const formDischarge = "discharge"

// PrintDischarge records the copy and queues the discharge paper of a stay that ended.
// CodePrintQueue means: the same form again queues the same copy.
func (d *Desk) PrintDischarge(ctx context.Context, c Call, in PrintInput) (Done, error) {
	if _, err := d.trusted(); err != nil {
		return Done{}, err
	}
	done, err := d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPaper, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			if !w.sure {
				return nil, &Error{Code: CodeClockUntrusted}
			}
			doc, err := w.visit(in.Patient, in.Visit)
			switch {
			case err != nil:
				return nil, err
			case doc.whole.NoDetails, doc.file.Misses(clinic.KindDischarge), doc.file.Misses(clinic.KindStay), doc.misses(clinic.KindDiagnosis, HasDiagnosis):
				return nil, &Error{Code: CodeLost}
			case doc.file.Discharged() == nil:
				return nil, &Error{Code: CodeStayNone}
			}
			code := dischargeCode(&doc.file.Doc(clinic.KindDischarge).Current().Record)
			body := &clinic.Paper{Form: formDischarge, Code: code, Copy: printed(&doc.file, formDischarge, code) + 1}
			return []clinic.Draft{{Kind: clinic.KindPaper, Subject: in.Patient, Visit: in.Visit, Body: body}}, nil
		},
		same: func(b any) bool { p, ok := b.(*clinic.Paper); return ok && p.Form == formDischarge },
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := d.dischargePaper(ctx, &done.Records[0])
	return done, d.enqueue(ctx, c, doc, err)
}

// dischargeCode names a version: the paper of a corrected discharge is another one.
func dischargeCode(r *clinic.Record) string { return hex.EncodeToString(r.Leaf[:4]) }

// dischargeOf finds the version that has the code.
func dischargeOf(v *clinic.VisitFile, code string) *clinic.Record {
	for _, doc := range v.Docs(clinic.KindDischarge) {
		for i := range doc.Versions {
			if r := &doc.Versions[i].Record; dischargeCode(r) == code {
				return r
			}
		}
	}
	return nil
}

// dischargePaper lays out the paper that the record says was printed.
func (d *Desk) dischargePaper(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	a := paper.Discharge{Facility: d.o.Site.Facility, Copy: r.Body.(*clinic.Paper).Copy, Printed: r.Event}
	version, err := d.original(ctx, r, CodeStayNone, dischargeOf, func(o *original) {
		a.Discharge, a.Made = *o.version.Body.(*clinic.Discharge), o.version.Event
		a.Doctor, a.Printer, a.Entered, a.At = o.doctor, o.printer, o.entered, o.enteredAt
		o.fillDischarge(&a)
	})
	if err != nil {
		return paper.Doc{}, err
	}
	if a.QR, err = d.paperQR(version, ""); err != nil {
		return paper.Doc{}, err
	}
	return a.Doc(), nil
}

func (w *document) fillDischarge(a *paper.Discharge) {
	a.Patient, a.Key, a.Days = *w.patient, w.row.Key, w.stayDays()
	if all := w.file.Placements(); len(all) > 0 {
		a.Admitted = all[0].At()
	}
	a.Card, _ = w.patient.Current(clinic.SystemInsurance, w.row.Day)
	if v := w.file.Visit; v != nil && a.Card.Value == "" {
		a.Card.Value = v.Insurance
	}
	a.Unread = w.misses(clinic.KindDiagnosis, HasDiagnosis)
	for _, code := range w.diagnoses() {
		row, _ := w.Row(clinic.CatalogICD10, code, w.row.Day)
		a.Diagnoses = append(a.Diagnoses, strings.TrimSpace(code+" "+row.Name))
	}
	if _, rx, _ := w.file.Prescribed(); rx != nil {
		for _, l := range rx.Lines {
			a.Medicines = append(a.Medicines, joinWords(l.Name, l.Strength))
		}
	}
}

// stayDays counts the days of the stay by the rule of its end.
func (w *document) stayDays() int {
	day := w.desk.today()
	if end := w.file.Discharged(); end != nil {
		day = end.Day
	}
	row, ok := w.Row(clinic.CatalogCareRule, clinic.RuleStayDays, day)
	return w.file.StayDays(clinic.CareRule(row, ok, clinic.RuleStayDays), day)
}
