package card

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

const (
	zoneTD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
	zoneTD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
	// A number of eleven characters goes on in the optional field (9303-5, note j).
	zoneLong = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"
)

// TestZones reads the specimens of 9303 parts 4 and 5.
func TestZones(t *testing.T) {
	today := time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		text string
		want MRZ
		key  string
	}{
		"card": {zoneTD1, MRZ{"I", "UTO", "D23145890", "740812", "120415", clinic.SexFemale, "UTO", "", "", "ERIKSSON", "ANNA MARIA"}, "D23145890774081221204159"},
		"passport": {
			zoneTD3,
			MRZ{"P", "UTO", "L898902C3", "740812", "120415", clinic.SexFemale, "UTO", "ZE184226B", "", "ERIKSSON", "ANNA MARIA"},
			"L898902C3674081221204159",
		},
		"long number": {zoneLong, MRZ{"I", "UTO", "D23145890734", "340712", "950712", clinic.SexMale, "UTO", "", "", "STEVENSON", "PETER JOHN"}, "D23145890734934071279507122"},
	}
	for name, c := range cases {
		for _, text := range []string{c.text, strings.ToLower(c.text), strings.ReplaceAll(c.text, "\n", ""), strings.ReplaceAll(c.text, "\n", "\r\n") + "\r"} {
			m, err := ParseMRZ(text)
			if err != nil || m != c.want || m.Key().text != c.key {
				t.Errorf("%s: %#v, key %q, %v", name, m, m.Key().text, err)
			}
		}
	}
	m, err := ParseMRZ(zoneTD1)
	if err != nil {
		t.Fatal(err)
	}
	if b, e := m.BirthDate(today), m.ExpiryDate(); b != (clinic.Date{Year: 1974, Month: 8, Day: 12}) || e != (clinic.Date{Year: 2012, Month: 4, Day: 15}) {
		t.Errorf("%v, %v", b, e)
	}
	for birth, want := range map[string]clinic.Date{
		"261130": {Year: 2026, Month: 11, Day: 30}, "261201": {Year: 1926, Month: 12, Day: 1}, "74<<<<": {Year: 1974},
		"<<<<<<": {}, "741399": {},
	} {
		if got := (MRZ{Birth: birth}).BirthDate(today); got != want {
			t.Errorf("%s is %v, want %v", birth, got, want)
		}
	}
}

// TestEachCheckDigit: one wrong character is found, and the field is told.
func TestEachCheckDigit(t *testing.T) {
	change := func(z string, at int) string {
		b := []byte(z)
		b[at] = '0' + (b[at]-'0'+1)%10
		return string(b)
	}
	one, three := strings.ReplaceAll(zoneTD1, "\n", ""), strings.ReplaceAll(zoneTD3, "\n", "")
	for name, c := range map[string]struct {
		text string
		want MRZCode
	}{
		"card, number": {change(one, 6), MRZDocument}, "card, birth": {change(one, 30), MRZBirth},
		"card, expiry": {change(one, 38), MRZExpiry}, "card, composite": {change(one, 59), MRZComposite},
		"passport, number": {change(three, 45), MRZDocument}, "passport, birth": {change(three, 57), MRZBirth},
		"passport, expiry": {change(three, 65), MRZExpiry}, "passport, optional": {change(three, 86), MRZOptional},
		"passport, composite": {change(three, 87), MRZComposite},
		"short":               {one[1:], MRZLength}, "long": {strings.Repeat("<", 300), MRZLength},
		"letters": {strings.Replace(one, "ANNA", "ĐNNA", 1), MRZCharacters}, "long number, cut": {"I<UTOD23145890<<<<<<<<<<<<<<<<" + one[30:], MRZDocument},
	} {
		_, err := ParseMRZ(c.text)
		if e, ok := errors.AsType[*MRZError](err); !ok || e.Code != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

// TestFillerInsideANumber: for a hyphen in the number the zone has a filler, which the
// chip's key is made of, too (9303-3 section 4.6). The check digits were reckoned apart.
func TestFillerInsideANumber(t *testing.T) {
	m, err := ParseMRZ("P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nAB<12345<2UTO7408122F1204159<<<<<<<<<<<<<<06")
	if err != nil || m.Key().text != "AB<12345<274081221204159" {
		t.Errorf("%q, %v", m.Key().text, err)
	}
	r := Reading{MRZ: m}
	if got := r.Patient(time.Now()).Identifiers; len(got) != 1 || got[0].Value != "AB12345" {
		t.Errorf("%v", got)
	}
}

func TestKeyOf(t *testing.T) {
	birth, expiry := clinic.Date{Year: 1990, Month: 2, Day: 1}, clinic.Date{Year: 2041, Month: 3, Day: 14}
	for number, want := range map[string]string{
		"001190000007": "190000007190020184103149", "190000007": "190000007190020184103149", " l898902c ": "L898902C<390020184103149",
	} {
		k, err := KeyOf(number, birth, expiry)
		if err != nil || k.text != want {
			t.Errorf("%q: %q, %v; want %q", number, k.text, err, want)
		}
	}
	for name, bad := range map[string]func() (Key, error){
		"no expiry":    func() (Key, error) { return KeyOf("001190000007", birth, clinic.Date{}) },
		"half a birth": func() (Key, error) { return KeyOf("001190000007", clinic.Date{Year: 1990}, expiry) },
		"no number":    func() (Key, error) { return KeyOf("", birth, expiry) },
		"letters":      func() (Key, error) { return KeyOf("Đ12345678", birth, expiry) },
		"short CAN":    func() (Key, error) { return CAN("12345") },
		"CAN of text":  func() (Key, error) { return CAN("12345a") },
	} {
		if k, err := bad(); !errors.Is(err, ErrKey) || k != (Key{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
