package clinic

import (
	"cmp"
	"slices"
	"strings"
)

// CatalogProgramme are the programmes in which people with a chronic disease are
// followed. A row's Applies are beginnings of ICD-10 codes, Minimum the days from one
// visit to the next, Limits what counts as controlled.
const CatalogProgramme = "programme"

// Enrolment is the body of KindEnrolled, outside visits: somebody is followed in a
// programme from a day on, or no longer. It is whole; a correction says all anew.
type Enrolment struct {
	Programme string `cbor:"1,keyasint"` // code in CatalogProgramme
	On        Date   `cbor:"2,keyasint"`
	Left      Date   `cbor:"3,keyasint,omitempty"` // zero = still followed
	Why       string `cbor:"4,keyasint,omitempty"` // of leaving
}

// Limit is one side of what counts as controlled: a measurement below a value.
type Limit struct {
	Field VitalField
	Below int // in the field's units, as Vitals holds them
}

// ParseLimits reads the column limits: "systolic<140 diastolic<90".
func ParseLimits(s string) (out []Limit, ok bool) {
	for word := range strings.FieldsSeq(s) {
		name, value, cut := strings.Cut(word, "<")
		i := slices.IndexFunc(VitalFields(), func(f VitalField) bool { return f.Name == name })
		if !cut || i < 0 {
			return nil, false
		}
		f := VitalFields()[i]
		n, err := ParseFixed(name, value, f.Decimals)
		if err != nil || n <= 0 {
			return nil, false
		}
		out = append(out, Limit{f, n})
	}
	return out, len(out) > 0
}

// Control tells whether a disease is held within the limits. Values are frozen in pages'
// words only.
type Control uint8

// The states of control.
const (
	ControlUnknown Control = 0 // nothing was measured lately
	Controlled     Control = 1
	Uncontrolled   Control = 2
)

// controlDays is how long a measurement tells of control: three months and a few days.
const controlDays = 100

// Followed is one person's place in a programme on a day.
type Followed struct {
	Row     CatalogRow // of the programme; only its Code when no row holds any more
	Enrol   *Document  // the enrolment
	Since   Date
	Last    Date    // of the last visit with what the programme measures; zero = none yet
	Values  []Value // measured then
	Control Control
	Due     Date   // of the next visit: the appointment, or the row's days after the last
	Slip    string // of that appointment; empty = none was made
}

// Value is one measurement as lists write it.
type Value struct {
	Field VitalField
	N     int
	Over  bool
}

// Overdue is how many days the next visit is late on the day; negative = not yet.
func (f *Followed) Overdue(on Date) int {
	return int(on.Time().Sub(f.Due.Time()).Hours() / 24)
}

// Followed returns the programmes in which the person is, by code, as they stand on the
// day. Of several enrolments in one programme that nobody ended the first counts.
func (p *PatientFile) Followed(rows []CatalogRow, on Date) (out []Followed) {
	seen := map[string]bool{}
	for i := range p.Files {
		d := &p.Files[i]
		b := BodyOf[Enrolment](d)
		if b == nil || !b.Left.IsZero() || seen[b.Programme] {
			continue
		}
		seen[b.Programme] = true
		f := Followed{Row: CatalogRow{Catalog: CatalogProgramme, Code: b.Programme, Name: b.Programme}, Enrol: d, Since: b.On}
		if j := slices.IndexFunc(rows, func(r CatalogRow) bool { return r.Code == b.Programme && r.ValidOn(on) }); j >= 0 {
			f.Row = rows[j]
		}
		f.measure(p, on)
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Followed) int { return cmp.Compare(a.Row.Code, b.Row.Code) })
	return out
}

// measure finds the last visit that tells of the disease, and what follows from it.
func (f *Followed) measure(p *PatientFile, on Date) {
	limits, _ := ParseLimits(f.Row.Limits)
	days := max(f.Row.Minimum, 1)
	f.Due = f.Since
	for i := range p.Visits { // the newest first
		v := &p.Visits[i]
		if v.Visit == nil || v.Ended != nil || on.Before(v.Visit.Day) {
			continue
		}
		values := measured(v, limits)
		if len(values) == 0 {
			continue
		}
		f.Last, f.Values = v.Visit.Day, values
		f.Due = v.Visit.Day.AddDays(days)
		if a := BodyOf[Appointment](v.Doc(KindAppointment)); a != nil && a.Due.Full() {
			f.Due, f.Slip = a.Due, a.Slip
		}
		break
	}
	if f.Last.IsZero() || f.Last.AddDays(controlDays).Before(on) || len(f.Values) < len(limits) {
		return
	}
	f.Control = Controlled
	if slices.ContainsFunc(f.Values, func(v Value) bool { return v.Over }) {
		f.Control = Uncontrolled
	}
}

// measured returns the values of a visit that the limits are about: of several
// measurements the last.
func measured(v *VisitFile, limits []Limit) (out []Value) {
	b := BodyOf[Vitals](v.Doc(KindVitals))
	if b == nil {
		return nil
	}
	for _, l := range limits {
		if n := l.Field.Value(b); n != 0 {
			out = append(out, Value{l.Field, n, n >= l.Below})
		}
	}
	return out
}

// ProgrammesOf returns the programmes that a diagnosis belongs to.
func ProgrammesOf(d *Diagnosis, rows []CatalogRow, on Date) (out []CatalogRow) {
	if d == nil {
		return nil
	}
	codes := append([]string{d.Main}, d.Others...)
	for _, r := range rows {
		if r.ValidOn(on) && slices.ContainsFunc(strings.Fields(r.Applies), func(begin string) bool {
			return slices.ContainsFunc(codes, func(c string) bool { return strings.HasPrefix(c, begin) })
		}) {
			out = append(out, r)
		}
	}
	return out
}
