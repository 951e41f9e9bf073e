package web

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/interop/dayone"
	"clinicbox/web/i18n"
)

// generated are the beginnings of keys that pages put together from a value.
func generated() []string {
	return []string{
		"triage.", "noticeto.", "result.", "way.", "tripplace.", "roundkind.",
		"age.", "checkstate.", "pastabout.", "pastsource.", "deathplace.", "control.", "aefi.", "dosestate.", "outcome.", "sign.", "site.", "visittype.", "answer.", "principle.", "catalog.", "change.", "citizen.", "column.", "downtime.", "newborn.born.", "old.all.", "old.column.", "old.fate.", "old.like.", "old.list.", "old.row.", "newborn.of.", "end.why.", "field.", "key.", "lab.flag.", "legal.role.", "language.", "line.", "locked.", "machine.", "month.key.", "next.", "open.need.", "open.reason.", "paper.", "printer.", "problem.",
		"role.", "row.", "safety.", "saved.", "scan.", "scanner.", "sex.", "signature.", "specimen.", "staffpin.", "state.", "step.", "steps.", "sync.", "system.", "trouble.", "trust.",
		"stock.move-", "stock.reason-",
		"birthmode.", "birthplace.", "bornstate.", "complication.", "concern.", "danger.", "lie.", "motherstate.", "perineum.", "placenta.", "pregnancyend.", "protein.", "risk.", "tetanus.", "urgency.",
		"away.consent-", "budget.", "sticks.", "unlock.", "weekday.", "why.",
	}
}

func TestCatalogues(t *testing.T) {
	vi, err := i18n.Load("vi")
	if err != nil {
		t.Fatal(err)
	}
	en, err := i18n.Load("en")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := vi.Keys(), en.Keys(); !slices.Equal(a, b) {
		t.Errorf("the catalogues differ in keys: %d, %d", len(a), len(b))
	}
	hole := regexp.MustCompile(`\{[a-z]+\}`)
	plural := regexp.MustCompile(`\{([a-z]+):[^|{}]+\|[^|{}]+\}`)
	counted := regexp.MustCompile(`\{(?:n|left|seconds|days|times|patients|looks|digits|max|want|have)\} [a-z]+s\b`)
	for _, key := range vi.Keys() {
		a, b := hole.FindAllString(vi.Text(key), -1), hole.FindAllString(en.Text(key), -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %v in Vietnamese, %v in English", key, a, b)
		}
		for _, m := range plural.FindAllStringSubmatch(en.Text(key), -1) {
			if !slices.Contains(b, "{"+m[1]+"}") {
				t.Errorf("%s: %s counts what the message does not say", key, m[0])
			}
		}
		if left := plural.ReplaceAllString(hole.ReplaceAllString(en.Text(key)+vi.Text(key), ""), ""); strings.ContainsAny(left, "{}|") {
			t.Errorf("%s: a place that nothing fills: %s", key, left)
		}
		if m := counted.FindString(en.Text(key)); m != "" {
			t.Errorf("%s: %q is wrong for one", key, m)
		}
		if strings.TrimSpace(vi.Text(key)) == "" || strings.TrimSpace(en.Text(key)) == "" {
			t.Errorf("%s has no words", key)
		}
	}
	if got := vi.Text("no.such"); got != "[no.such]" {
		t.Errorf("missing key shows %q", got)
	}
	if Messages("vi")("no.such") || Messages("fr")("app.what") || !Messages("en")("app.what") {
		t.Error("Messages is wrong")
	}
}

func TestEveryRefusalHasWords(t *testing.T) {
	var keys []string
	for _, c := range desk.Codes() {
		keys = append(keys, string(c))
	}
	for _, p := range clinic.Problems() {
		keys = append(keys, "problem."+p)
	}
	for _, p := range clinic.LegalProblems() {
		keys = append(keys, "problem.legal."+p)
	}
	keys = append(keys, clinic.CitizenDoubts()...)
	for _, f := range clinic.VitalFields() {
		keys = append(keys, "field."+f.Name)
	}
	for _, st := range steps() {
		keys = append(keys, "step."+st.name, "steps."+st.name, "saved."+st.name, "next."+st.name)
	}
	keys = append(keys, "key.1", "key.2", "key.3", "key.4", "signature.1", "signature.3", "signature.4", "signature.5", "signature.6")
	for f := range clinic.FlagInvalid + 1 {
		keys = append(keys, flagKey(f))
	}
	for _, x := range clinic.Specimens() {
		keys = append(keys, "specimen."+x)
	}
	for _, c := range clinic.RowCodes() {
		keys = append(keys, "row."+c)
	}
	for _, c := range clinic.OldCodes() {
		keys = append(keys, "old.row."+c)
	}
	for _, l := range clinic.OldLists() {
		keys = append(keys, "old.list."+string(l))
		for _, c := range append(dayone.Columns(l), "male", "female", "vitals") {
			keys = append(keys, "old.column."+c)
		}
	}
	for _, c := range clinic.CatalogNames() {
		keys = append(keys, "catalog."+c)
	}
	for _, c := range clinic.CatalogColumns() {
		keys = append(keys, "column."+c.Name)
	}
	keys = append(keys, unlockKeys()...)
	keys = append(keys, machineKeys()...)
	keys = append(keys, stickKeys()...)
	keys = append(keys, budgetKeys()...)
	for _, lang := range i18n.Languages() {
		has := Messages(lang)
		for _, key := range keys {
			if !has(key) {
				t.Errorf("%s: no words for %s", lang, key)
			}
		}
	}
}

// TestKeysAreUsedAndThere looks for every key in templates and code, both ways.
func TestKeysAreUsedAndThere(t *testing.T) {
	var text strings.Builder
	vi, err := i18n.Load("vi")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`(?:\bt|searchField \.Form \.Search) "([a-z][a-z0-9.-]*[a-z0-9])"|"(?:label|hint)" "([a-z.-]+)"`)
	for _, name := range append(files, pages...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(raw)
		for _, m := range asked.FindAllStringSubmatch(string(raw), -1) {
			if key := m[1] + m[2]; !vi.Has(key) {
				t.Errorf("%s asks for %q, which no catalogue has", name, key)
			}
		}
	}
	code := text.String()
	refusals := map[string]bool{}
	for _, c := range desk.Codes() {
		refusals[string(c)] = true
	}
	for _, key := range vi.Keys() {
		made := slices.ContainsFunc(generated(), func(p string) bool { return strings.HasPrefix(key, p) })
		if !made && !refusals[key] && !strings.HasSuffix(key, ".search-hint") && !strings.Contains(code, `"`+key+`"`) {
			t.Errorf("nothing uses %q", key)
		}
	}
}

// TestOneAndMore: what is counted reads right for one too.
func TestOneAndMore(t *testing.T) {
	en, err := i18n.Load("en")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key  string
		args []any
		want string
	}{
		{"lost.patient", []any{"n", 1}, "1 entry of this patient cannot be read on this box"},
		{"lost.patient", []any{"n", 12}, "12 entries of this patient cannot be read on this box"},
		{"lost.lacks", []any{"n", 1}, "This visit lacks 1 signed part: the box cannot read it"},
		{"looks.by.count", []any{"patients", 1, "looks", 3}, "1 patient, 3 looks"},
		{"pin.wrong", []any{"left", "1"}, "The PIN is wrong. 1 try left. Enter it again."},
		{"find.under", []any{"name", "{n:x|y} {name}"}, "found by the linked record: {n:x|y} {name}"}, // no form of ours
	} {
		if got := en.Text(tt.key, tt.args...); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.key, got, tt.want)
		}
	}
}

// TestCertificatesHaveOneName: the law says chứng thư (Law 20/2023/QH15); chứng chỉ is what
// Android and Windows call it, where people look for their words.
func TestCertificatesHaveOneName(t *testing.T) {
	vi, err := i18n.Load("vi")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range vi.Keys() {
		if strings.Contains(strings.ToLower(vi.Text(key)), "chứng chỉ") && !strings.HasPrefix(key, "trust.android.") && !strings.HasPrefix(key, "trust.windows.") {
			t.Errorf("%s: %s", key, vi.Text(key))
		}
	}
}
