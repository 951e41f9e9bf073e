package safety

import (
	"fmt"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// none is the target of names that are no medicine: food, pollen, insects.
const none = "NONE"

// maxNames is how many names one row may give.
const maxNames = 200

// addNames takes the names that people give to a class or a substance.
func (r *Rules) addNames(x *rule) error {
	targets := strings.Fields(x.A)
	if len(targets) == 0 {
		return fmt.Errorf("names of nothing")
	}
	names := strings.Split(x.row.Name, ";")
	if len(names) > maxNames {
		return fmt.Errorf("more than %d names", maxNames)
	}
	for _, n := range names {
		if !r.name(n, targets) {
			return fmt.Errorf("an empty name")
		}
	}
	return nil
}

// name adds targets to a name; false = nothing is left of it after folding.
func (r *Rules) name(n string, targets []string) bool {
	words := r.words(n)
	if len(words) == 0 {
		return false
	}
	key := strings.Join(words, " ")
	for _, t := range targets {
		if !slices.Contains(r.names[key], t) {
			r.names[key] = append(slices.Clone(r.names[key]), t)
		}
	}
	slices.Sort(r.names[key])
	r.longest = max(r.longest, len(words))
	return true
}

// medicine lets an allergy be written as the catalogue writes its medicines and
// substances: "Paracetamol", "Vitamin C (acid ascorbic)".
func (r *Rules) medicine(row *clinic.CatalogRow) {
	var codes []string
	for _, s := range row.Substances {
		codes = append(codes, s.Code)
		if isCode(s.Code) && len(s.INN) > 3 {
			r.name(s.INN, []string{s.Code})
		}
	}
	if len(codes) == 0 && len(row.ATC) == 7 && isCode(row.ATC) {
		codes = []string{row.ATC}
	}
	if len(codes) == 0 || slices.ContainsFunc(codes, func(c string) bool { return !isCode(c) }) {
		return
	}
	for _, n := range []string{row.Name, row.English} {
		outer, inner, _ := strings.Cut(n, "(")
		inner, _, _ = strings.Cut(inner, ")")
		for _, part := range []string{outer, inner} {
			if len(part) > 3 {
				r.name(part, codes)
			}
		}
	}
}

// words folds a text and cuts it at everything that is not a letter or digit.
func (r *Rules) words(s string) []string {
	if r.fold != nil {
		s = r.fold(s)
	}
	return strings.FieldsFunc(strings.ToLower(s), func(c rune) bool {
		return c < 0x80 && (c < '0' || c > '9') && (c < 'a' || c > 'z')
	})
}

// resolve finds what a written allergy means: targets, and whether a part of it means
// nothing that is known.
func (r *Rules) resolve(a *clinic.Allergy) (found []string, unknown bool) {
	if code := strings.ToUpper(strings.TrimSpace(a.Code)); code != "" {
		switch {
		case r.classes[code] != nil:
			found = append(found, code)
		case isCode(code):
			found = append(found, r.classOrCode(code)...)
		}
	}
	coded := len(found) > 0
	for _, part := range splitParts(a.Substance) {
		t, ok := r.part(part)
		found = append(found, t...)
		unknown = unknown || !ok
	}
	slices.Sort(found)
	return slices.Compact(found), unknown && !coded
}

// classOrCode turns a beginning of a code that is a whole class into that class, so
// that its crosses count.
func (r *Rules) classOrCode(code string) []string {
	if len(code) < 7 {
		for _, c := range sortedKeys(r.classes) {
			if slices.Contains(r.classes[c].a.in, code) {
				return []string{c}
			}
		}
	}
	return []string{code}
}

// splitParts cuts a list that somebody typed in one field.
func splitParts(s string) []string {
	for _, sep := range []string{" và ", " hoặc ", " and ", " or ", "/", "+", ";", "\n", "&"} {
		s = strings.ReplaceAll(s, sep, ",")
	}
	return slices.DeleteFunc(strings.Split(s, ","), func(p string) bool { return strings.TrimSpace(p) == "" })
}

// filler are words around the name of a food; anything else beside one leaves the part
// unknown, for "viên thuốc màu mực" is no squid.
func filler(w string) bool {
	return slices.Contains([]string{"di", "ung", "bi", "an", "khi", "do", "cac", "loai", "allergy", "allergic", "to", "food"}, w)
}

// part finds names in words, longest first; each word is used once.
func (r *Rules) part(s string) (found []string, ok bool) {
	words := r.words(s)
	used := make([]bool, len(words))
	for n := min(r.longest, len(words)); n > 0; n-- {
		for i := 0; i+n <= len(words); i++ {
			if slices.Contains(used[i:i+n], true) {
				continue
			}
			if t, is := r.names[strings.Join(words[i:i+n], " ")]; is && len(t) > 0 {
				found = append(found, t...)
				for k := range n {
					used[i+k] = true
				}
			}
		}
	}
	medicines := slices.DeleteFunc(slices.Clone(found), func(t string) bool { return t == none })
	if len(medicines) > 0 {
		return medicines, true
	}
	if len(found) == 0 {
		return nil, false
	}
	for i, w := range words {
		if !used[i] && !filler(w) {
			return nil, false
		}
	}
	return nil, true
}
