package barcode_test

import (
	"reflect"
	"testing"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/internal/invent"
	"clinicbox/peripherals/barcode"
)

// TestInventedCards reads the cards of many invented people, as printed and as a
// decomposing scanner with an AIM identifier sends them.
func TestInventedCards(t *testing.T) {
	g := invent.New(11)
	cards := map[string]int{}
	for range 10_000 {
		p := g.Patient()
		for _, shape := range []func(string) string{
			func(s string) string { return s + "\r\n" },
			func(s string) string { return "]Q1" + norm.NFD.String(s) + "\t" },
		} {
			if p.CitizenQR != "" {
				cards[map[int]string{2021: "2021", 2024: "2024"}[p.Card]]++
				sameCitizen(t, &p, shape(p.CitizenQR))
			}
			if p.InsuranceQR != "" {
				cards["insurance"]++
				sameInsurance(t, &p, shape(p.InsuranceQR))
			}
		}
	}
	for _, kind := range []string{"2021", "2024", "insurance"} {
		if cards[kind] < 5000 {
			t.Errorf("only %d cards of %s", cards[kind], kind)
		}
	}
	if len(cards) != 3 {
		t.Errorf("cards: %v", cards)
	}
}

func sameCitizen(t *testing.T, p *invent.Person, raw string) {
	t.Helper()
	s, err := barcode.Parse([]byte(raw))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	want := clinic.Patient{
		Name: p.Patient.Name, Birth: p.Patient.Birth, Sex: p.Patient.Sex, Address: p.Patient.Address,
		Issued: p.Patient.Issued, Source: clinic.SourceCitizenQR,
	}
	for _, id := range p.Patient.Identifiers {
		if id.System == clinic.SystemCitizen || id.System == clinic.SystemOldID {
			want.Identifiers = append(want.Identifiers, id)
		}
	}
	if s.Kind != clinic.ScanCitizen || len(s.Doubts) > 0 || !reflect.DeepEqual(s.Patient, want) {
		t.Fatalf("%q read as\n%+v, want\n%+v", raw, s, want)
	}
	if len(s.Extra) != 0 && (p.Card != 2024 || p.Patient.Guardian == "") {
		t.Fatalf("extra %q", s.Extra)
	}
}

func sameInsurance(t *testing.T, p *invent.Person, raw string) {
	t.Helper()
	s, err := barcode.Parse([]byte(raw))
	if err != nil {
		t.Fatalf("%v in %q", err, raw)
	}
	got, want := s.Patient, p.Patient
	if s.Kind != clinic.ScanInsurance || len(s.Doubts) > 0 || got.Name != want.Name || got.Birth != want.Birth ||
		got.Sex != want.Sex || got.Address != want.Address || got.Guardian != want.Guardian {
		t.Fatalf("%q read as\n%+v, want\n%+v", raw, s, want)
	}
	if last := want.Identifiers[len(want.Identifiers)-1]; got.Identifiers[0] != last {
		t.Fatalf("%q names\n%+v, want\n%+v", raw, got.Identifiers[0], last)
	}
}
