package desk

import (
	"fmt"
	"slices"

	"clinicbox/clinic"
)

// demographics checks and cleans a registration form; every refusal names its
// field, all at once.
func (d *Desk) demographics(in PatientInput) (*clinic.Patient, error) {
	var bad Errors
	p := in.Patient
	if p.Source == 0 {
		p.Source = clinic.SourceTyped
	}
	var err error
	for _, f := range []struct {
		name  string
		p     *string
		limit int
	}{
		{"name", &p.Name, 100},
		{"address", &p.Address, 300},
		{"phone", &p.Phone, 20},
		{"ethnic", &p.Ethnic, 2},
		{"occupation", &p.Occupation, 60},
		{"guardian", &p.Guardian, 100},
	} {
		if *f.p, err = d.line(f.name, *f.p, f.limit); err != nil {
			if err := bad.collect(err); err != nil {
				return nil, err
			}
		}
	}
	if p.Unnamed {
		p.Name = "" // the act says whose child it is
	}
	p.Folded = d.o.Fold(p.Name)
	bad = append(bad, d.checkPerson(&p)...)
	bad = append(bad, d.checkBirth(&p)...)
	if p.Identifiers, err = d.identifiers(p.Identifiers); err != nil {
		if err := bad.collect(err); err != nil {
			return nil, err
		}
	}
	return &p, bad.join()
}

// checkPerson refuses a name without letters, a birth that cannot be, a sex that
// is no code. Only a patient without papers who cannot speak may lack them.
func (d *Desk) checkPerson(p *clinic.Patient) Errors {
	var bad Errors
	switch {
	case p.Unnamed:
	case p.Name == "":
		bad = append(bad, &Error{Code: CodeRequired, Field: "name"})
	case !isName(p.Name), p.Folded == "", len(p.Name) > 255:
		bad = append(bad, &Error{Code: CodeName, Field: "name"})
	}
	now, sure := d.o.Clock.Now()
	today := clinic.DateOf(now)
	oldest := today
	oldest.Year -= 130
	switch {
	case p.Birth.IsZero():
		if p.Source != clinic.SourceUnknown {
			bad = append(bad, &Error{Code: CodeRequired, Field: "birth"})
		}
	case !p.Birth.Valid(), sure && today.Before(p.Birth), sure && p.Birth.Year < oldest.Year:
		bad = append(bad, &Error{Code: CodeBirth, Field: "birth"})
	}
	if !p.Issued.Valid() {
		bad = append(bad, &Error{Code: CodeValue, Field: "issued", Args: map[string]string{"problem": clinic.ProblemDate}})
	}
	if p.Sex > clinic.SexUndetermined || p.Sex == clinic.SexUnknown && p.Source != clinic.SourceUnknown {
		bad = append(bad, &Error{Code: CodeSex, Field: "sex"})
	}
	return bad
}

// identifiers checks each number and adds the social insurance number inside a
// card number, by which other boxes may know the person.
func (d *Desk) identifiers(in []clinic.Identifier) ([]clinic.Identifier, error) {
	if len(in) > 20 {
		return nil, &Error{Code: CodeTooMany, Field: "identifiers", Args: map[string]string{"max": "20"}}
	}
	var bad Errors
	var out []clinic.Identifier
	has := func(s clinic.System, value string) bool {
		for _, o := range out {
			if o.System == s && o.Value == value {
				return true
			}
		}
		return false
	}
	for i, id := range in {
		id.Value = clinic.NormalIdentifier(id.Value)
		same := func(o clinic.Identifier) bool { // of one number each card has a row of its own
			return o.System == id.System && o.Value == id.Value && o.From == id.From && o.To == id.To
		}
		if id.Value == "" || slices.ContainsFunc(out, same) {
			continue
		}
		field := fmt.Sprintf("identifiers.%d", i)
		if err := bad.collect(valueError(clinic.CheckIdentifier(field, id.System, id.Value))); err != nil {
			return nil, err
		}
		if len(id.Facility) > 20 || len(id.Area) > 8 {
			bad = append(bad, &Error{Code: CodeTooLong, Field: field, Args: map[string]string{"max": "20"}})
		}
		if !id.From.Valid() || !id.To.Valid() || !id.FiveYears.Valid() {
			bad = append(bad, &Error{Code: CodeValue, Field: field, Args: map[string]string{"problem": clinic.ProblemDate}})
		}
		out = append(out, id)
	}
	for _, id := range out {
		social, ok := clinic.SocialOf(id.Value)
		if ok && id.System == clinic.SystemInsurance && !has(clinic.SystemSocial, social) {
			out = append(out, clinic.Identifier{System: clinic.SystemSocial, Value: social})
		}
	}
	return out, bad.join()
}
