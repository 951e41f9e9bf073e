package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// Pair is a hidden field.
type Pair struct{ Name, Value string }

// hidden returns what was typed as hidden fields, sorted, without some.
func hidden(v url.Values, without ...string) []Pair {
	var out []Pair
	for name, values := range v {
		if slices.Contains(without, name) {
			continue
		}
		for _, x := range values {
			out = append(out, Pair{name, x})
		}
	}
	slices.SortStableFunc(out, func(a, b Pair) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// numberField is the form's field of an identifier.
type numberField struct {
	name   string
	system clinic.System
}

func numberFields() []numberField {
	return []numberField{{"citizen", clinic.SystemCitizen}, {"insurance", clinic.SystemInsurance}}
}

// fillPatient puts a patient into the form.
func fillPatient(f *Form, p *clinic.Patient, on clinic.Date) {
	if !p.Unnamed {
		f.Set("name", p.Name)
	}
	if len(p.Mother) > 0 || p.BirthTime != "" {
		f.Set("birthtime", p.BirthTime)
		f.Set("borngrams", "")
		if p.BornGrams > 0 {
			f.Set("borngrams", strconv.Itoa(p.BornGrams))
		}
	}
	fillDate(f, "birth", p.Birth)
	if p.Sex != clinic.SexUnknown {
		f.Set("sex", strconv.Itoa(int(p.Sex)))
	}
	for _, n := range numberFields() {
		if id, ok := p.Current(n.system, on); ok {
			f.Set(n.name, id.Value)
		}
	}
	f.Set("address", p.Address)
	f.Set("phone", p.Phone)
	f.Set("guardian", p.Guardian)
}

// fillCard puts what a card says over what the record says.
func fillCard(f *Form, card *clinic.Patient) {
	said := newForm(nil)
	fillPatient(&said, card, clinic.Date{})
	for name := range said.Values {
		if said.Get(name) != "" {
			f.Set(name, said.Get(name))
		}
	}
}

// readPatient puts the form into a patient; what the form does not show on the day
// stays as base has it.
func readPatient(f *Form, base clinic.Patient, on clinic.Date) clinic.Patient {
	p := base
	p.Name = f.Get("name")
	p.Birth = readDate(f, "birth")
	sex, _ := strconv.Atoi(f.Get("sex"))
	p.Sex = clinic.Sex(sex)
	p.Address, p.Phone, p.Guardian = f.Get("address"), f.Get("phone"), f.Get("guardian")
	p.Identifiers = readNumbers(f, &base, on)
	if f.Values.Has("birthtime") {
		p.BirthTime, p.BornGrams = f.Get("birthtime"), readGrams(f)
	}
	p.Unnamed = (base.Unnamed || base.Source == clinic.SourceUnknown) && p.Name == ""
	if base.Source == clinic.SourceUnknown { // nobody can be asked for what is missing
		if !p.Unnamed && !p.Birth.IsZero() && p.Sex != clinic.SexUnknown {
			p.Source = clinic.SourceTyped
		}
		return p
	}
	if p.Unnamed {
		p.Name = base.Name
	} else if p.Name == "" {
		f.Fail("name", "register.name-empty")
	}
	if p.Birth.IsZero() && f.Err("birth") == nil {
		f.Fail("birth", "register.birth-empty")
	}
	if p.Sex == clinic.SexUnknown {
		f.Fail("sex", "register.sex-empty")
	}
	return p
}

// readNumbers keeps identifiers of other systems and those that did not change; a
// changed number replaces the one that the form showed, which the desk then ends.
func readNumbers(f *Form, base *clinic.Patient, on clinic.Date) []clinic.Identifier {
	typed := map[clinic.System]string{}
	for _, n := range numberFields() {
		typed[n.system] = clinic.NormalIdentifier(f.Get(n.name))
	}
	var out []clinic.Identifier
	kept := map[clinic.System]bool{}
	for _, id := range base.Identifiers {
		value, inForm := typed[id.System]
		if shown, ok := base.Current(id.System, on); inForm && ok && shown == id && value != id.Value {
			continue
		}
		if id.Unsure && value == id.Value {
			continue // somebody typed it anew: it shall be sure
		}
		kept[id.System] = kept[id.System] || value == id.Value && id.Live(on)
		out = append(out, id)
	}
	for _, n := range numberFields() {
		value := typed[n.system]
		if value == "" || kept[n.system] {
			continue
		}
		system := n.system
		if system == clinic.SystemInsurance && len(value) == 10 {
			system = clinic.SystemSocial // the number on cards printed since April 2021
		}
		if err := clinic.CheckIdentifier(n.name, system, value); err != nil {
			f.FailField(err)
			continue
		}
		out = append(out, clinic.Identifier{System: system, Value: value})
	}
	return out
}

// fillDate puts a date into its three fields.
func fillDate(f *Form, name string, d clinic.Date) {
	part := func(suffix string, n int) {
		if n != 0 {
			f.Set(name+suffix, strconv.Itoa(n))
		}
	}
	part(".day", d.Day)
	part(".month", d.Month)
	part(".year", d.Year)
}

// readDate reads three fields; day and month may be left empty when only the year
// is known.
func readDate(f *Form, name string) clinic.Date {
	part := func(suffix string) int {
		s := f.Get(name + suffix)
		if s == "" {
			return 0
		}
		n, err := strconv.Atoi(s)
		if err != nil || n <= 0 {
			return -1
		}
		return n
	}
	d := clinic.Date{Year: part(".year"), Month: part(".month"), Day: part(".day")}
	switch {
	case d.Year < 0 || d.Month < 0 || d.Day < 0 || !d.Valid() || d.Year == 0 && !d.IsZero():
		f.Fail(name, "problem.date")
		return clinic.Date{}
	}
	return d
}
