package safety

import (
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// Rules is the catalogues' rows ready for use. It is never written after Compile:
// many may check at the same time.
type Rules struct {
	all     []*rule
	byCode  map[string][]side // beginning of a code → rules that name it
	classes map[string]*rule
	names   map[string][]string // folded name → targets
	longest int                 // words in the longest name
	fold    func(string) string
}

// side is one side of a rule: A, or B.
type side struct {
	rule *rule
	b    bool
}

type rule struct {
	row      clinic.CatalogRow
	catalog  string
	kind     string
	severity Severity
	severe   Severity // of classes and crosses, after a severe reaction
	a, b     targets
	icd      []string
	clinic.Rule
}

// targets are beginnings of codes; those after a minus are left out.
type targets struct{ in, out []string }

func (t targets) has(code string) bool {
	begins := func(p string) bool { return strings.HasPrefix(code, p) }
	return slices.ContainsFunc(t.in, begins) && !slices.ContainsFunc(t.out, begins)
}

func (t targets) any(codes []string) bool { return slices.ContainsFunc(codes, t.has) }

// RowProblem is a row that cannot be used. The others can.
type RowProblem struct {
	Catalog, Code string
	What          string // English, for the log and the administrator's page
}

// String says which row and what.
func (p RowProblem) String() string { return p.Catalog + " " + p.Code + ": " + p.What }

// Compile makes rules of the rows that hold on a day, of any catalogues: medicines give
// names to allergies, others are ignored. fold makes a search key of a name
// (internal/fold). A row that says something impossible is a problem and is left out;
// a set of no rows at all still asks and tells what it cannot check.
func Compile(rows []clinic.CatalogRow, fold func(string) string) (*Rules, []RowProblem) {
	r := newRules(fold)
	var bad []RowProblem
	seen := map[string]bool{}
	for _, row := range rows {
		switch {
		case row.Catalog == clinic.CatalogMedicine:
			r.medicine(&row)
			continue
		case !slices.Contains(clinic.SafetyCatalogs(), row.Catalog):
			continue
		}
		var err error
		if key := row.Catalog + " " + row.Code; seen[key] {
			err = fmt.Errorf("holds twice on this day")
		} else {
			seen[key] = true
			err = r.add(row)
		}
		if err != nil {
			bad = append(bad, RowProblem{row.Catalog, row.Code, err.Error()})
		}
	}
	bad = append(bad, r.unknownClasses()...)
	slices.SortFunc(r.all, func(a, b *rule) int { return strings.Compare(a.catalog+a.row.Code, b.catalog+b.row.Code) })
	return r, bad
}

func newRules(fold func(string) string) *Rules {
	return &Rules{byCode: map[string][]side{}, classes: map[string]*rule{}, names: map[string][]string{}, fold: fold}
}

// CheckRow says why a row of the safety checks could not be used; nil for a row of any
// other catalogue. Whether the class that it names is there, only Compile can tell.
func CheckRow(row *clinic.CatalogRow) error {
	if !slices.Contains(clinic.SafetyCatalogs(), row.Catalog) {
		return nil
	}
	return newRules(nil).add(*row)
}

// Len returns how many rules of a catalogue and kind there are; kind "" counts all.
func (r *Rules) Len(catalog, kind string) (n int) {
	for _, x := range r.all {
		if x.catalog == catalog && (kind == "" || x.kind == kind) {
			n++
		}
	}
	return n
}

func (r *Rules) add(row clinic.CatalogRow) error {
	if row.Rule == nil {
		return fmt.Errorf("has no rule")
	}
	x := &rule{row: row, catalog: row.Catalog, kind: row.Rule.Kind, Rule: *row.Rule}
	if x.catalog == clinic.CatalogDoseLimit && x.kind == "" {
		x.kind = "limit"
	}
	if row.Code == "" || row.Name == "" || row.Source == "" || row.Version == "" {
		return fmt.Errorf("wants a code, words, a source and its edition")
	}
	if x.kind == "name" && x.catalog == clinic.CatalogAllergyClass {
		return r.addNames(x)
	}
	if err := x.read(); err != nil {
		return err
	}
	r.all = append(r.all, x)
	switch {
	case x.kind == "class":
		r.classes[row.Code] = x
	case x.kind == "cross":
	default:
		r.index(x, x.a, false)
		r.index(x, x.b, true)
	}
	return nil
}

func (r *Rules) index(x *rule, t targets, b bool) {
	for _, code := range t.in {
		r.byCode[code] = append(r.byCode[code], side{x, b})
	}
}

// read fills the rule from the row and refuses what makes no sense.
func (x *rule) read() (err error) {
	var ok bool
	if x.severity, ok = severityOf(x.Severity); !ok {
		return fmt.Errorf("severity %q is not note, warn or interrupt", x.Severity)
	}
	if x.severe = x.severity; x.Severe != "" {
		if x.severe, ok = severityOf(x.Severe); !ok {
			return fmt.Errorf("severity %q after a severe reaction is not note, warn or interrupt", x.Severe)
		}
	}
	if x.Reach != "" && x.Reach != "all" {
		return fmt.Errorf("reach %q is not empty or all", x.Reach)
	}
	if err := x.numbers(); err != nil {
		return err
	}
	var sides int
	switch x.catalog + " " + x.kind {
	case "interaction pair":
		sides = 2
	case "interaction duplicate":
		if x.A == "*" {
			return nil
		}
	case "allergyclass class", "caution breastfeeding", "caution pregnancy":
	case "allergyclass cross":
		if x.A == "" || strings.ContainsAny(x.A, " -") {
			return fmt.Errorf("a cross wants one class, not %q", x.A)
		}
		x.b, err = readTargets(x.B)
		return err
	case "doselimit limit":
		if x.MaxDose == 0 && x.MaxDay == 0 && x.DoseKg == 0 && x.DayKg == 0 && x.Days == 0 {
			return fmt.Errorf("limits nothing")
		}
	case "caution age":
		if x.AgeFrom == 0 && x.AgeTo == 0 {
			return fmt.Errorf("has no ages")
		}
	case "caution weight", "caution renal":
		if x.High == 0 {
			return fmt.Errorf("has no limit")
		}
	case "caution condition":
		if x.icd = strings.Fields(x.B); len(x.icd) == 0 {
			return fmt.Errorf("has no diagnosis")
		}
		for _, code := range x.icd {
			if clinic.CheckICD("b", code) != nil {
				return fmt.Errorf("%q is no ICD-10 code", code)
			}
		}
	default:
		return fmt.Errorf("no such kind of rule: %q", x.kind)
	}
	if x.a, err = readTargets(x.A); err == nil && sides == 2 {
		x.b, err = readTargets(x.B)
	}
	return err
}

// numbers refuses those that are negative or the wrong way round.
func (x *rule) numbers() error {
	for _, n := range []int64{
		int64(x.AgeFrom), int64(x.AgeTo), int64(x.Low), int64(x.High), x.MaxDose, x.MaxDay, x.DoseKg, x.DayKg,
		int64(x.Days), int64(x.Percent),
	} {
		if n < 0 || n > 1e12 {
			return fmt.Errorf("a number is negative or too large")
		}
	}
	if x.AgeTo != 0 && x.AgeTo <= x.AgeFrom || x.High != 0 && x.High <= x.Low {
		return fmt.Errorf("a range ends before it begins")
	}
	return nil
}

// readTargets reads a list of beginnings of ATC codes (their lengths are 1, 3, 4, 5 and
// 7) and of our own codes.
func readTargets(s string) (t targets, err error) {
	for _, w := range strings.Fields(s) {
		list := &t.in
		if c, minus := strings.CutPrefix(w, "-"); minus {
			w, list = c, &t.out
		}
		if !isCode(w) {
			return t, fmt.Errorf("%q is no ATC code and none of ours", w)
		}
		*list = append(*list, w)
	}
	if len(t.in) == 0 {
		return t, fmt.Errorf("names no medicine")
	}
	return t, nil
}

// isCode tells a level of the ATC classification or a code of our own: X and letters.
func isCode(s string) bool {
	if len(s) > 2 && len(s) <= 16 && s[0] == 'X' {
		return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
	}
	const form = "A00AA00"
	if !slices.Contains([]int{1, 3, 4, 5, 7}, len(s)) {
		return false
	}
	for i := range len(s) {
		letter := s[i] >= 'A' && s[i] <= 'Z'
		if digit := s[i] >= '0' && s[i] <= '9'; form[i] == 'A' && !letter || form[i] == '0' && !digit {
			return false
		}
	}
	return true
}

// unknownClasses leaves out crosses and names of classes that no row describes.
func (r *Rules) unknownClasses() (bad []RowProblem) {
	r.all = slices.DeleteFunc(r.all, func(x *rule) bool {
		if x.kind != "cross" || r.classes[x.A] != nil {
			return false
		}
		bad = append(bad, RowProblem{x.catalog, x.row.Code, "no class " + x.A})
		return true
	})
	for name, targets := range r.names {
		for _, t := range targets {
			if t != none && !isCode(t) && r.classes[t] == nil {
				bad = append(bad, RowProblem{clinic.CatalogAllergyClass, t, "no such class, for the name " + name})
				r.names[name] = slices.DeleteFunc(slices.Clone(r.names[name]), func(s string) bool { return s == t })
			}
		}
	}
	slices.SortFunc(bad, func(a, b RowProblem) int { return strings.Compare(a.String(), b.String()) })
	return bad
}
