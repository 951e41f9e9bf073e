package dayone

import (
	"strings"

	"clinicbox/clinic"
)

// visit reads what happened on a day long ago.
func (l *line) visit() {
	v := &clinic.OldVisit{Author: l.cells["author"]}
	l.row.Visit = v
	s := l.cells["date"]
	day, ok := date(s)
	if !ok {
		if day, ok = serial(s, l.today); ok {
			l.warn("date", clinic.RowSerial, s+" → "+day.String())
		}
	}
	switch {
	case s == "":
		l.fail("date", clinic.RowEmpty, "")
	case !ok && two(s):
		l.fail("date", clinic.RowYear2, s)
	case !ok, !day.Full(), day.Year < 2000: // no key of a visit can say it
		l.fail("date", clinic.RowDate, s)
	case l.today.Before(day):
		l.fail("date", clinic.RowFuture, s)
	case !l.row.Patient.Birth.IsZero() && day.Before(l.row.Patient.Birth):
		l.fail("date", clinic.RowUnborn, s)
	}
	v.Day = day
	v.Exam = clinic.Exam{Reason: l.cells["reason"], History: l.cells["history"], Finding: l.cells["finding"]}
	v.Diagnosis = clinic.Diagnosis{Main: strings.ToUpper(l.cells["icd"]), Text: l.cells["diagnosis"]}
	for column, text := range map[string]string{"reason": v.Exam.Reason, "history": v.Exam.History, "finding": v.Exam.Finding, "diagnosis": v.Diagnosis.Text} {
		if len([]rune(text)) > 1000 {
			l.fail(column, clinic.RowLong, "")
		}
	}
	if len([]rune(v.Author)) > 100 {
		l.fail("author", clinic.RowLong, "")
	}
	l.vitals()
	if !l.bad && v.Exam == (clinic.Exam{}) && v.Diagnosis.Main == "" && v.Diagnosis.Text == "" {
		l.fail("reason", clinic.RowEmpty, "")
	}
}

// vitals reads what was measured; what cannot be is told and refused.
func (l *line) vitals() {
	values := map[string]string{}
	if s := l.cells["pressure"]; s != "" {
		up, down, ok := strings.Cut(strings.ReplaceAll(s, " ", ""), "/")
		if !ok {
			l.fail("pressure", clinic.RowNumber, s)
			return
		}
		values[clinic.FieldSystolic], values[clinic.FieldDiastolic] = up, down
	}
	for column, field := range map[string]string{
		"pulse": clinic.FieldPulse, "temperature": clinic.FieldTemperature, "weight": clinic.FieldWeight, "height": clinic.FieldHeight,
	} {
		if s := l.cells[column]; s != "" {
			values[field] = s
		}
	}
	v, problems := clinic.ParseVitals(values)
	for range problems {
		l.fail("vitals", clinic.RowNumber, "")
	}
	for _, f := range clinic.CheckVitals(&v, -1) {
		if f.Hard {
			l.fail("vitals", clinic.RowNumber, clinic.FormatFixed(f.Value, f.Field.Decimals))
		} else {
			v.Confirmed = append(v.Confirmed, f.Field.Name)
		}
	}
	l.row.Visit.Vitals = v
}
