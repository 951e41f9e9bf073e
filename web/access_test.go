package web

import (
	"math"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// colours reads the variables of the stylesheet.
func colours(t *testing.T) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("assets/src/clinicbox.scss")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"white": "#ffffff"}
	for _, m := range regexp.MustCompile(`(?m)^\$([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(string(raw), -1) {
		out[m[1]] = m[2]
	}
	return out
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) (l float64) {
	t.Helper()
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(hex[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		c := float64(n) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += weight * c
	}
	return l
}

// TestContrast holds WCAG 2.2 AA for the pairs of colours that the stylesheet puts
// together: 4.5 for words (1.4.3), 3 for edges and focus (1.4.11).
func TestContrast(t *testing.T) {
	c := colours(t)
	for _, pair := range []struct {
		front, back string
		least       float64
	}{
		{"ink", "white", 4.5},
		{"ink", "sea-foam", 4.5},
		{"ink", "sea-mist", 4.5},
		{"ink", "focus", 4.5},
		{"ink", "warn-mist", 4.5},
		{"ink", "danger-mist", 4.5},
		{"ink", "good-mist", 4.5},
		{"quiet", "white", 4.5},
		{"quiet", "sea-foam", 4.5},
		{"quiet", "sea-mist", 4.5},
		{"sea", "white", 4.5},
		{"sea-deep", "white", 4.5},
		{"sea-deep", "sea-foam", 4.5},
		{"sea-deep", "sea-mist", 4.5},
		{"white", "sea", 4.5},
		{"white", "sea-deep", 4.5},
		{"white", "action", 4.5},
		{"white", "action-deep", 4.5},
		{"white", "danger", 4.5},
		{"danger", "white", 4.5},
		{"danger", "danger-mist", 4.5},
		{"danger", "sea-foam", 4.5},
		{"good", "white", 4.5},
		{"good", "good-mist", 4.5},
		{"good", "sea-foam", 4.5},
		{"warn", "warn-mist", 4.5},
		{"warn", "white", 4.5},
		{"sea", "white", 3},
		{"ink", "focus", 3}, // edges of buttons and fields, the ring around what has the focus
	} {
		front, back := c[pair.front], c[pair.back]
		if front == "" || back == "" {
			t.Fatalf("no colour %s or %s", pair.front, pair.back)
		}
		a, b := luminance(t, front), luminance(t, back)
		if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < pair.least {
			t.Errorf("%s on %s: %.2f, want %.1f", pair.front, pair.back, got, pair.least)
		}
	}
}

var (
	tagIDs     = regexp.MustCompile(`\sid="([^"]+)"`)
	describers = regexp.MustCompile(`aria-(?:describedby|labelledby)="([^"]+)"`)
	fields     = regexp.MustCompile(`<(?:input|textarea)\b[^>]*>`)
	labelFor   = regexp.MustCompile(`<label[^>]*\sfor="([^"]+)"`)
	attrID     = regexp.MustCompile(`\sid="([^"]*)"`)
	summaryTo  = regexp.MustCompile(`<a href="#([^"]+)"`)
	controls   = regexp.MustCompile(`(?s)<(a|button)\b[^>]*>(.*?)</(?:a|button)>`)
)

// TestPagesForWhoHearsThem: on every page each field has a label, ids are unique,
// what describes a field is there, the error summary leads to fields, and every
// link and button has words.
func TestPagesForWhoHearsThem(t *testing.T) {
	oneByOne(t)
	w := newWorld(t, 0)
	pages := pagesOf(w)
	errors := 0
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Lý Văn Thử", "")
	for path, v := range map[string]map[string][]string{
		"/register": {}, visit + "/vitals": {"pulse": {"9999"}, "systolic": {"120"}}, visit + "/exam": {}, visit + "/diagnosis": {"q": {"x"}},
		visit + "/prescription": {"medicine.0": {"none"}, "dose.0": {"x"}}, visit + "/bill": {"code.0": {"none"}, "quantity.0": {"x"}},
		visit + "/appointment": {"hour": {"x"}}, visit + "/end": {}, visit[:42] + "/allergies": {"known": {"yes"}},
	} {
		v["do"] = []string{"save"}
		pages["errors of "+path[max(0, len(path)-12):]] = b.send(path, v)
	}
	for name, a := range pages {
		var ids []string
		for _, m := range tagIDs.FindAllStringSubmatch(a.body, -1) {
			if slices.Contains(ids, m[1]) {
				t.Errorf("%s: two of id %q", name, m[1])
			}
			ids = append(ids, m[1])
		}
		for _, m := range describers.FindAllStringSubmatch(a.body, -1) {
			for id := range strings.FieldsSeq(m[1]) {
				if !slices.Contains(ids, id) {
					t.Errorf("%s: described by %q, which is not there", name, id)
				}
			}
		}
		labels := map[string]bool{}
		for _, m := range labelFor.FindAllStringSubmatch(a.body, -1) {
			labels[m[1]] = true
		}
		for _, f := range fields.FindAllString(a.body, -1) {
			id := attrID.FindStringSubmatch(f)
			if !strings.Contains(f, `type="hidden"`) && (id == nil || !labels[id[1]]) {
				t.Errorf("%s: no label for %s", name, f)
			}
		}
		if _, summary, ok := strings.Cut(a.body, "data-errors"); ok {
			errors++
			summary, _, _ = strings.Cut(summary, "</div></div>")
			for _, m := range summaryTo.FindAllStringSubmatch(summary, -1) {
				if !slices.Contains(ids, m[1]) {
					t.Errorf("%s: the summary leads to %q, which is not there", name, m[1])
				}
			}
		}
		for _, m := range controls.FindAllStringSubmatch(a.body, -1) {
			if (answer{body: m[2]}).text() == "" && !strings.Contains(m[0], "data-open") {
				t.Errorf("%s: no words on %s", name, m[0])
			}
		}
	}
	if errors < 10 {
		t.Errorf("only %d pages with errors were looked at", errors)
	}
}
