package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
)

// TestNumbersAreWrittenInTheLanguage: the same numbers on the pages of both.
func TestNumbersAreWrittenInTheLanguage(t *testing.T) {
	for lang, want := range map[string][]string{
		"vi": {"Đã lưu tại máy: 3.595", "37,2 °C", "52,5 kg", "Thường 35,5–37,9", "35.000 đ"},
		"en": {"Saved here: 3,595", "37.2 °C", "52.5 kg", "Usually 35.5–37.9", "35,000 đ"},
	} {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t, 0).speaking(lang)
			w.box.truths.Saved = 3595
			b := w.login(w.doctor, doctorPIN)
			visit := b.opened("Phạm Thị Sương", "001161012345")
			b.examined(visit)
			text := b.get(visit).text() + b.get(visit+"/vitals").text() + b.get(visit+"/bill").text()
			for _, s := range want {
				if !strings.Contains(text, s) {
					t.Errorf("no %q in %s", s, text)
				}
			}
			form, other := `value="37,2"`, `value="37.2"`
			if lang == "en" {
				form, other = other, form
			}
			if a := b.get(visit + "/vitals"); !strings.Contains(a.body, form) || strings.Contains(a.body, other) {
				t.Errorf("the form is filled in the other way")
			}
		})
	}
}

// TestThousandsAreNotDecimals: 1,500 on an English page is no one and a half.
func TestThousandsAreNotDecimals(t *testing.T) {
	w := newWorld(t, 0).speaking("en")
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	line := func(dose string) answer {
		return b.send(visit+"/prescription", url.Values{
			"medicine.0": {w.code(clinic.CatalogMedicine, "paracetamol")}, "dose.0": {dose}, "times.0": {"2"}, "days.0": {"3"}, "do": {"save"},
		})
	}
	for _, dose := range []string{"1,500", "1.500"} {
		if a := line(dose); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Write 1500") || !strings.Contains(a.body, `value="`+dose+`"`) {
			t.Errorf("%s: %d %s", dose, a.status, a.text())
		}
	}
	if a := line("1.2"); a.status != http.StatusSeeOther {
		t.Errorf("with a point: %d %s", a.status, a.text())
	}
	if a := b.get(visit); !strings.Contains(a.text(), "1.2") {
		t.Errorf("%s", a.text())
	}
}

// TestAllergyVersions: what was written before is one tap away.
func TestAllergyVersions(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	at := b.opened("Phạm Thị Sương", "001161012345")[:42]
	if a := b.get(at + "/allergies/versions"); a.status != http.StatusNotFound {
		t.Errorf("versions of nothing: %d", a.status)
	}
	b.send(at+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}, "reaction.0": {"mề đay"}, "severe.0": {"yes"}})
	b.send(at+"/allergies", url.Values{"known": {"no"}, "substance.0": {""}, "why": {"hỏi lại"}})
	for _, page := range []string{at, at + "/allergies"} {
		if a := b.get(page); !strings.Contains(a.body, `href="`+at+`/allergies/versions"`) {
			t.Errorf("%s leads nowhere", page)
		}
	}
	a := b.get(at + "/allergies/versions")
	for _, want := range []string{"Bản hiện hành", "Bản cũ", "Penicillin – mề đay", "Đã hỏi, không", "ĐD. Nguyễn Thị Hoa"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("no %q: %s", want, a.text())
		}
	}
}
