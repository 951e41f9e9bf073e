package web

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/safety"
)

// Finding is what the safety checks say, in the page's language.
type Finding struct {
	Severity string // note, warn, interrupt
	Text     string
	Source   string
	Row      string // address of the rule that says so, or empty
	Ask      string // address of the page where what is missing can be said, or empty
}

// findings of a visit, whose address is at.
func findings(lang, at string, found []safety.Finding) (out []Finding) {
	for _, f := range found {
		x := Finding{Severity: f.Severity.String(), Text: f.Vi, Source: f.Source}
		if lang == "en" {
			x.Text = f.En
		}
		if f.Catalog != "" {
			x.Row = catalogPath(f.Catalog, "rows", f.Rule)
		}
		switch f.Rule {
		case safety.AskWeight, safety.AskPregnant, safety.AskWeeks, safety.AskKidneys:
			x.Ask = at + "/vitals?again=1"
		}
		out = append(out, x)
	}
	return out
}

// Reason is a severe finding on the page that interrupts, with the field for why it is
// gone past.
type Reason struct {
	N     int
	Text  Problem
	Again bool // the page comes back because nothing was typed
}

const (
	fieldFinding = "finding."
	fieldReason  = "reason."
)

// reasons makes the fields of a prescription that was refused for severe findings, and
// the hidden ones that go with them: what was given for other findings stays given.
func reasons(f *Form, refusals []*desk.Error) (out []Reason, keys []Pair) {
	asked := map[string]bool{}
	for n, e := range refusals {
		asked[e.Args["finding"]] = true
		out = append(out, Reason{N: n, Text: f.Errors[n], Again: f.Values.Has(fieldFinding + "0")})
		keys = append(keys, Pair{fieldFinding + strconv.Itoa(n), e.Args["finding"]})
	}
	n := len(keys)
	for _, o := range overrides(f) {
		if o.Reason != "" && !asked[o.Finding] {
			keys = append(keys, Pair{fieldFinding + strconv.Itoa(n), o.Finding}, Pair{fieldReason + strconv.Itoa(n), o.Reason})
			n++
		}
	}
	return out, keys
}

// overrides reads the reasons that were typed: finding.N names what reason.N is for.
func overrides(f *Form) (out []clinic.Override) {
	for n := range 2 * linesMax * linesMax {
		key := f.Values.Get(fieldFinding + strconv.Itoa(n))
		if key == "" {
			break
		}
		out = append(out, clinic.Override{Finding: key, Reason: f.Get(fieldReason + strconv.Itoa(n))})
	}
	return out
}

// isReason tells the fields that the page that interrupts makes anew.
func isReason(field string) bool {
	return strings.HasPrefix(field, fieldFinding) || strings.HasPrefix(field, fieldReason)
}
