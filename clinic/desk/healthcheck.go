package desk

import (
	"context"
	"reflect"
	"slices"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// CheckInput is the form of a health check. A part that it does not name was not examined.
type CheckInput struct {
	On
	Purpose    string
	Parts      map[string]CheckEntry // by code of the template
	Class      string                // code; empty = not classified
	Conclusion string
	Advice     string
	Next       clinic.Date // zero = not said
}

// CheckEntry is what was found of one part.
type CheckEntry struct {
	State clinic.CheckState // 0 = not examined
	Words string
}

// partText is how many characters the words of one part have.
const partText = 200

// HealthCheck saves a health check, or a correction of it. Doctors; who measures may copy
// it from a paper.
func (d *Desk) HealthCheck(ctx context.Context, c Call, in CheckInput) (Done, error) {
	if err := d.checkForm(&in); err != nil {
		return Done{}, err
	}
	return d.saveForm(ctx, c, in.On, form{
		need: rightTreat, kind: clinic.KindHealthCheck, copy: true,
		body: func(w *document) (any, error) { return w.healthCheck(&in) },
		same: func(b any) bool { return in.says(b) },
	})
}

// checkForm checks what needs no record to be read, and cleans the words in place.
func (d *Desk) checkForm(in *CheckInput) error {
	var bad Errors
	for _, f := range []struct {
		name string
		p    *string
	}{{"conclusion", &in.Conclusion}, {"advice", &in.Advice}} {
		s, err := d.text(f.name, *f.p, 1000)
		if err := bad.collect(err); err != nil {
			return err
		}
		*f.p = s
	}
	clean := map[string]CheckEntry{}
	for code, x := range in.Parts {
		words, err := d.line("words."+code, x.Words, partText)
		if err := bad.collect(err); err != nil {
			return err
		}
		switch {
		case x.State != clinic.CheckFound: // words of a part that is normal would say otherwise
			if x.State != clinic.CheckNormal {
				x.State = clinic.CheckNotDone
			}
			if words != "" {
				x.State = clinic.CheckFound
			}
		case words == "":
			bad = append(bad, &Error{Code: CodeCheckWords, Field: "words." + code})
		}
		clean[code] = CheckEntry{x.State, words}
	}
	in.Parts = clean
	if in.Purpose == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "purpose"})
	}
	if in.Conclusion == "" {
		bad = append(bad, &Error{Code: CodeRequired, Field: "conclusion"})
	}
	if !in.Next.IsZero() && (!in.Next.Full() || !in.Next.Valid()) {
		bad = append(bad, &Error{Code: CodeCheckNext, Field: "next"})
	}
	return bad.join()
}

// healthCheck makes the body from the template of the visit's day.
func (w *document) healthCheck(in *CheckInput) (any, error) {
	day := w.row.Day
	rows := w.CatalogRows(clinic.CatalogHealthCheck, day)
	find := func(list, code string) (clinic.CatalogRow, bool) {
		all := clinic.CheckRows(rows, list)
		i := slices.IndexFunc(all, func(r clinic.CatalogRow) bool { return r.Code == code })
		if i < 0 {
			return clinic.CatalogRow{}, false
		}
		return all[i], true
	}
	var bad Errors
	purpose, ok := find(clinic.CheckPurposes, in.Purpose)
	if !ok {
		return nil, &Error{Code: CodeNoCatalog, Field: "purpose"}
	}
	body := &clinic.HealthCheck{
		Purpose: purpose.Code, PurposeName: purpose.Name, Conclusion: in.Conclusion, Advice: in.Advice, Next: in.Next, Version: purpose.Version,
	}
	if in.Class != "" {
		class, ok := find(clinic.CheckClasses, in.Class)
		if !ok {
			return nil, &Error{Code: CodeNoCatalog, Field: "class"}
		}
		body.Class, body.ClassName = class.Code, class.Name
	}
	done := false
	for _, row := range clinic.CheckRows(rows, clinic.CheckParts) {
		x := in.Parts[row.Code]
		asked := slices.ContainsFunc(clinic.CheckPartsOf(rows, in.Purpose, w.patient.Sex), func(r clinic.CatalogRow) bool { return r.Code == row.Code })
		if !asked && x.State <= clinic.CheckNotDone { // what was found stays, also when the purpose asks it no longer
			continue
		}
		part := clinic.CheckPart{Code: row.Code, Name: row.Name, State: max(x.State, clinic.CheckNotDone), Words: x.Words}
		done = done || part.State != clinic.CheckNotDone
		body.Parts = append(body.Parts, part)
	}
	if !done {
		bad = append(bad, &Error{Code: CodeCheckParts, Field: "parts"})
	}
	if !in.Next.IsZero() && !day.Before(in.Next) {
		bad = append(bad, &Error{Code: CodeCheckNext, Field: "next"})
	}
	return body, bad.join()
}

// says reports whether a saved body is what the form says.
func (in *CheckInput) says(body any) bool {
	b, ok := body.(*clinic.HealthCheck)
	if !ok || b.Purpose != in.Purpose || b.Class != in.Class || b.Conclusion != in.Conclusion || b.Advice != in.Advice || b.Next != in.Next {
		return false
	}
	said, typed := map[string]CheckEntry{}, map[string]CheckEntry{}
	for _, p := range b.Parts {
		if p.State != clinic.CheckNotDone {
			said[p.Code] = CheckEntry{p.State, p.Words}
		}
	}
	for code, x := range in.Parts {
		if x.State > clinic.CheckNotDone {
			typed[code] = x
		}
	}
	return reflect.DeepEqual(said, typed)
}

// CheckTemplate returns the template's rows on a day, for the form.
func (d *Desk) CheckTemplate(ctx context.Context, day clinic.Date) (rows []clinic.CatalogRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		rows = r.CatalogRows(clinic.CatalogHealthCheck, day)
		return nil
	})
	return rows, err
}

// formCheck is Paper.Form of the conclusion of a health check.
const formCheck = "healthcheck"

// PrintCheck prints the conclusion of the visit's health check, which somebody must have
// confirmed, as printPaper does.
func (d *Desk) PrintCheck(ctx context.Context, c Call, in PrintInput) (Done, error) {
	return d.printPaper(ctx, c, in, visitPaper{form: formCheck, lay: d.checkPaper, of: func(w *document) (string, error) {
		check := w.file.Doc(clinic.KindHealthCheck)
		switch {
		case w.whole.NoDetails, w.file.Misses(clinic.KindHealthCheck):
			return "", &Error{Code: CodeLost}
		case check == nil:
			return "", &Error{Code: CodeCheckNone}
		case check.State != clinic.DocSigned:
			return "", &Error{Code: CodeCheckUnsigned}
		}
		return leafCode(check.Leaf()), nil
	}})
}

// checkPaper lays out the paper that the record says was printed.
func (d *Desk) checkPaper(ctx context.Context, r *clinic.Record) (paper.Doc, error) {
	a := paper.HealthCheck{Facility: d.o.Site.Facility, Copy: r.Body.(*clinic.Paper).Copy, Printed: r.Event}
	version, err := d.original(ctx, r, CodeCheckNone, checkOf, func(o *original) {
		a.HealthCheck, a.Made = *o.version.Body.(*clinic.HealthCheck), o.version.Event
		a.Doctor, a.Printer, a.Entered, a.EnteredAt = o.doctor, o.printer, o.entered, o.enteredAt
		a.Patient, a.Examined, a.Key = *o.patient, o.row.Day, o.row.Key
		o.fillCheck(&a)
	})
	if err != nil {
		return paper.Doc{}, err
	}
	return d.withQR(version, "", &a.QR, a.Doc)
}

// checkOf finds the version of a health check that a paper names.
func checkOf(v *clinic.VisitFile, code string) *clinic.Record {
	return versionOf(v, clinic.KindHealthCheck, func(r *clinic.Record) bool { return leafCode(r.Leaf) == code })
}

// fillCheck copies what was measured at the visit.
func (w *document) fillCheck(a *paper.HealthCheck) {
	b := clinic.BodyOf[clinic.Vitals](w.file.Doc(clinic.KindVitals))
	if b == nil {
		return
	}
	a.Vitals = *b
	months := ageMonths(w.patient.Birth, &w.file)
	if row, ok := clinic.BMIClass(w.CatalogRows(clinic.CatalogHealthCheck, w.row.Day), b.BMI(), months); ok {
		a.BMIClass = row.Name
	}
}
