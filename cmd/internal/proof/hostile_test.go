package proof

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
)

// ask is one hostile form: what is sent, what the page says, what must come back.
type ask struct {
	name   string
	send   func() page // the same in each language
	status int
	key    string   // of the message that it shows
	kept   []string // typed, and on the page again
}

// refuses asks in both languages and fails the test unless nothing is saved and the
// person can go on.
func (v *visitor) refuses(asks []ask) {
	v.h.t.Helper()
	v.refused(asks)
	v.h.goesOn(v)
}

// refused asks in both languages and fails the test unless nothing is saved.
func (v *visitor) refused(asks []ask) {
	v.h.t.Helper()
	for _, a := range asks {
		before := v.h.entries()
		for _, lang := range []string{"vi", "en"} {
			v.speaks(lang)
			p := a.send()
			if p.status != a.status {
				v.h.t.Errorf("%s (%s): %d, want %d: %.300s", a.name, lang, p.status, a.status, p.text())
			}
			v.h.inWords(a.name, lang, p, a.key)
			for _, k := range a.kept {
				if !strings.Contains(p.body, k) {
					v.h.t.Errorf("%s (%s): %q is lost", a.name, lang, k)
				}
			}
			if strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, "<b>Lan") {
				v.h.t.Errorf("%s (%s): what was typed became part of the page", a.name, lang)
			}
		}
		if n := v.h.entries(); n != before {
			v.h.t.Errorf("%s: %d entries were saved", a.name, n-before)
		}
	}
}

// with returns a form with one value changed.
func with(f url.Values, name, value string) url.Values {
	f.Set(name, value)
	return f
}

// TestHostileForms types into forms what no form expects.
func TestHostileForms(t *testing.T) {
	t.Parallel()
	h := newHostileBox(t)
	v := h.login(hostileNurse)
	v.saves("/register", with(hostilePerson("Hoàng Thị Trước"), "citizen", "056161012345"))
	register := func(f url.Values) func() page {
		return func() page { return v.post("/register", v.form("/register", f)) }
	}
	date := func(d, m, y string) url.Values {
		return with(with(with(hostilePerson("Đặng Thị Ngày"), "birth.day", d), "birth.month", m), "birth.year", y)
	}
	named := func(name string) func() page { return register(hostilePerson(name)) }
	v.refuses([]ask{
		{"31 February", register(date("31", "2", "1990")), 422, "problem.date", []string{`value="31"`, `value="1990"`, "Đặng Thị Ngày", "ho khan"}},
		{"29 February of no leap year", register(date("29", "2", "2023")), 422, "problem.date", []string{`value="29"`, `value="2023"`}},
		{"month 13", register(date("1", "13", "1990")), 422, "problem.date", []string{`value="13"`}},
		{"born in the future", register(date("1", "1", "2090")), 422, "patient.birth", []string{`value="2090"`}},
		{"born 1700", register(date("1", "1", "1700")), 422, "problem.date", []string{`value="1700"`}},
		{"letters as a year", register(date("1", "1", "abcd")), 422, "problem.date", []string{`value="abcd"`}},
		{"13 digits typed", register(with(hostilePerson("Đặng Thị Số"), "citizen", "0561610123456")), 422, "problem.digits-12", []string{"0561610123456", "Đặng Thị Số", "Thôn Bãi Sau"}},
		{"13 digits to find", func() page { return v.post("/find", url.Values{"q": {"0561610123456"}}) }, 422, "find.number-length", []string{"0561610123456"}},
		{"13 digits in the scan field", func() page { return v.post("/scan/type", url.Values{"code": {"0561610123456"}}) }, 422, "scan.error.number-length", []string{"0561610123456"}},
		{"HTML as a name", named("<script>alert(1)</script>"), 422, "patient.name", []string{"&lt;script&gt;alert(1)"}},
		{"markup as a name", named("<b>Lan</b>"), 422, "patient.name", []string{"&lt;b&gt;Lan"}},
		{"text that turns round", named("Lan \u202eneihK"), 422, "form.text", []string{"ho khan"}},
		{"a control character", named("Lan \x07 Chi"), 422, "form.text", []string{"ho khan"}},
		{"300 letters", named(strings.Repeat("Đ", 300)), 422, "form.too-long", []string{strings.Repeat("Đ", 300)}},
		{"an emoji", named("Lan 🌸"), 422, "patient.name", []string{"Lan 🌸"}},
		{"a pile of marks", named("La" + strings.Repeat("\u0301", 40)), 422, "patient.name", []string{"ho khan"}},
		{"nothing that can be seen", named("\u3164\u200b"), 422, "form.required", []string{"ho khan"}},
		{"a zero-width space in a known name", named("Hoàng Thị\u200b Trước"), 409, "duplicates.name", []string{"Hoàng Thị Trước"}},
		{"the number of somebody else, insisting", register(with(with(hostilePerson("Mai Thị Khác"), "citizen", "056161012345"), "do", "different")), 409, "duplicates.number", []string{"Mai Thị Khác", "Hoàng Thị Trước"}},
		{"a form without an act", func() page {
			f := v.form("/register", hostilePerson("Không Mã"))
			f.Del("act")
			return v.post("/register", f)
		}, 422, "form.act", []string{"Không Mã"}},
		{"a body that is too large", register(with(hostilePerson("Dài"), "address", strings.Repeat("đảo ", 20_000))), 413, "trouble.large", nil},
		{"no such patient", func() page { return v.get("/patients/" + clinic.NewID().String()) }, 404, "patient.none", nil},
		{"no address at all", func() page { return v.get("/patients/';%20DROP%20TABLE--") }, 404, "trouble.none", nil},
		{"another site", func() page { return v.fromElsewhere("/register", v.form("/register", hostilePerson("Người Lạ"))) }, 403, "trouble.cross", nil},
	})
	h.log.Absent("Trước", "0561610123", "Đặng Thị", "Lan 🌸", "alert(1)", "Bãi Sau", "ho khan", "Mai Thị")
}

// fromElsewhere sends a form as a page of another site would make the browser do.
func (v *visitor) fromElsewhere(path string, f url.Values) page {
	v.h.t.Helper()
	req, err := http.NewRequest(http.MethodPost, v.base+path, strings.NewReader(f.Encode()))
	if err != nil {
		v.h.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "http://evil.test")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	p, err := v.do(req)
	if err != nil {
		v.h.t.Fatal(err)
	}
	return p
}
