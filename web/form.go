package web

import (
	"errors"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Form is what was typed and what is wrong with it. It outlives every error: the
// page shows it again as it was.
type Form struct {
	Values url.Values
	Errors []Problem
}

// Problem is one thing wrong with a form: the field it belongs to (empty: the
// form as a whole), a message key and its arguments.
type Problem struct {
	Field string
	Key   string
	Args  []any
}

func newForm(v url.Values) Form {
	if v == nil {
		v = url.Values{}
	}
	return Form{Values: v}
}

// Get returns what was typed, without the spaces around it.
func (f *Form) Get(name string) string { return strings.TrimSpace(f.Values.Get(name)) }

// Set puts a value into a field.
func (f *Form) Set(name, value string) { f.Values.Set(name, value) }

// Fail notes a problem with a field.
func (f *Form) Fail(field, key string, args ...any) {
	f.Errors = append(f.Errors, Problem{field, key, args})
}

// Has reports whether the value is among those of a field with several.
func (f *Form) Has(name, value string) bool { return slices.Contains(f.Values[name], value) }

// OK reports whether nothing is wrong so far.
func (f *Form) OK() bool { return len(f.Errors) == 0 }

// Err returns the first problem of a field, or nil.
func (f *Form) Err(field string) *Problem {
	for i := range f.Errors {
		if f.Errors[i].Field == field {
			return &f.Errors[i]
		}
	}
	return nil
}

// without returns the errors, those of fields that the page does not show without their
// field: a summary must lead nowhere rather than to nothing.
func (f *Form) without(fields ...string) []Problem {
	out := slices.Clone(f.Errors)
	for i := range out {
		if slices.Contains(fields, out[i].Field) {
			out[i].Field = ""
		}
	}
	return out
}

// FailField notes a *clinic.FieldError of the domain and reports whether err was
// one. The domain's name of the field is the form's name.
func (f *Form) FailField(err error) bool {
	fe, ok := errors.AsType[*clinic.FieldError](err)
	if ok {
		f.Fail(fe.Field, "problem."+fe.Problem)
	}
	return ok
}

// typed returns the fields that a person typed, without those that steer and
// without PINs: those are kept nowhere.
func typed(form url.Values) url.Values {
	v := url.Values{}
	for name, values := range form {
		switch name {
		case "act", "do", "pin", "again", "own":
		default:
			v[name] = values
		}
	}
	return v
}

// Input is one field as parts.html draws it. Options come in pairs.
type Input struct {
	Name, Value, Label, Hint string
	Suffix, Mode, Width      string
	Max                      int
	Rows                     int
	Err                      *Problem
	Raw                      bool // no help from keyboard or browser
}

// newInput makes a field from a form, by name. Options: "label", "hint",
// "suffix" (message keys), "mode" (inputmode), "width" (class), "rows", "raw",
// "max".
func newInput(f Form, name string, options ...any) Input {
	in := Input{Name: name, Value: f.Values.Get(name), Label: "field." + name, Err: f.Err(name), Max: 200}
	for i := 0; i+1 < len(options); i += 2 {
		switch v := options[i+1].(type) {
		case int:
			in.number(options[i].(string), v)
		case bool:
			in.Raw = v
		case string:
			in.text(options[i].(string), v)
		}
	}
	return in
}

func (in *Input) number(option string, v int) {
	if option == "rows" {
		in.Rows, in.Max = v, 4000
		return
	}
	in.Max = v
}

func (in *Input) text(option, v string) {
	switch option {
	case "label":
		in.Label = v
	case "hint":
		in.Hint = v
	case "suffix":
		in.Suffix = v
	case "mode":
		in.Mode = v
	case "width":
		in.Width = v
	}
}

// newChips is the head of a choice of one among few.
func newChips(f Form, name, label, hint string) Input {
	return Input{Name: name, Label: label, Hint: hint, Err: f.Err(name)}
}

// described ties a field to its hint and its error for who hears the page. The
// names are those of our own forms, never typed ones.
func described(name, hint string, err *Problem) template.HTMLAttr {
	var by []string
	if hint != "" {
		by = append(by, name+"-hint")
	}
	attr := ""
	if err != nil {
		by = append(by, name+"-error")
		attr = ` aria-invalid="true"`
	}
	if len(by) == 0 {
		return ""
	}
	return template.HTMLAttr(` aria-describedby="` + strings.Join(by, " ") + `"` + attr)
}

// english puts the decimals that a page fills in into the English way. Three
// decimals stay as they are: 1.125 would be refused as unclear.
func (f *Form) english() {
	for name, values := range f.Values {
		for i, v := range values {
			if whole, frac, ok := strings.Cut(v, ","); ok && quantity(name) && digitsOnly(whole) && digitsOnly(frac) && len(frac) < 3 {
				values[i] = whole + "." + frac
			}
		}
	}
}

// unclear refuses a quantity such as 1,500: on an English page it means fifteen
// hundred, to the desk one and a half.
func (f *Form) unclear() {
	for name := range f.Values {
		whole, frac, ok := strings.Cut(f.Get(name), ",")
		if ok && quantity(name) && len(frac) == 3 && digitsOnly(frac) && digitsOnly(whole) && whole != "0" {
			f.Fail(name, "problem.comma")
		}
	}
}

// quantity reports whether a field holds a decimal number.
func quantity(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	if base == "dose" || base == "quantity" || base == "found" || base == "sent" || base == "v" || base == "hb" || base == "grams" {
		return true
	}
	return slices.ContainsFunc(clinic.VitalFields(), func(x clinic.VitalField) bool { return x.Name == name })
}

func digitsOnly(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// DateInput is a date in three fields.
type DateInput struct {
	Name, Label, Hint string
	Parts             []Input
	Err               *Problem
}

func newDateField(f Form, name string, options ...any) DateInput {
	head := newInput(f, name, options...)
	d := DateInput{Name: name, Label: head.Label, Hint: head.Hint, Err: head.Err}
	for _, p := range []struct {
		part, width string
		size        int
	}{{"day", "govuk-input--width-2", 2}, {"month", "govuk-input--width-2", 2}, {"year", "govuk-input--width-4", 4}} {
		d.Parts = append(d.Parts, newInput(f, name+"."+p.part, "label", "field."+p.part, "width", p.width, "max", p.size))
	}
	return d
}

// SearchInput is the field that looks something up, with what it found.
type SearchInput struct {
	Search      Search
	Label, Hint string
	Codes       bool // show the rows' codes
	Err         *Problem
}

func newSearchField(f Form, s Search, label string, codes bool) SearchInput {
	return SearchInput{s, label, label + "-hint", codes, f.Err("q")}
}
