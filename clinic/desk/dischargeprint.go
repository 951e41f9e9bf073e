package desk

import (
	"context"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// formDischarge is Paper.Form of a discharge paper.
const formDischarge = "discharge"

// PrintDischarge prints the paper of a stay that ended, as printPaper does: that of a
// corrected discharge is another paper.
func (d *Desk) PrintDischarge(ctx context.Context, c Call, in PrintInput) (Done, error) {
	return d.printPaper(ctx, c, in, visitPaper{form: formDischarge, lay: d.dischargePaper, of: func(w *document) (string, error) {
		switch {
		case w.whole.NoDetails, w.file.Misses(clinic.KindDischarge), w.file.Misses(clinic.KindStay), w.misses(clinic.KindDiagnosis, HasDiagnosis):
			return "", &Error{Code: CodeLost}
		case w.file.Discharged() == nil:
			return "", &Error{Code: CodeStayNone}
		}
		return leafCode(w.file.Doc(clinic.KindDischarge).Leaf()), nil
	}})
}

// dischargeOf finds the version that has the code.
func dischargeOf(v *clinic.VisitFile, code string) *clinic.Record {
	return versionOf(v, clinic.KindDischarge, func(r *clinic.Record) bool { return leafCode(r.Leaf) == code })
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
	return d.withQR(version, "", &a.QR, a.Doc)
}

func (w *document) fillDischarge(a *paper.Discharge) {
	a.Patient, a.Key, a.Days = *w.patient, w.row.Key, w.stayDays()
	if all := w.file.Placements(); len(all) > 0 {
		a.Admitted = all[0].At()
	}
	a.Card, a.Diagnoses = w.insurance(), w.diagnosed()
	a.Unread = w.misses(clinic.KindDiagnosis, HasDiagnosis)
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
