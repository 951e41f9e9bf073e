package clinic_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
)

func TestSlipRoundTrip(t *testing.T) {
	for _, n := range []int{1, 9, 10_000, 99_999, 100_000, 999_999_999} {
		s, err := clinic.NewSlip("22736", "a", n)
		if err != nil {
			t.Fatal(err)
		}
		got, c, err := clinic.ParseSlip(" " + strings.ToLower(s) + "\r\n")
		if err != nil || got != s || c != (clinic.Code{Facility: "22736", Book: "a", Number: n}) {
			t.Fatalf("%q: %q %+v %v", s, got, c, err)
		}
	}
	if s, _ := clinic.NewSlip("22736", "a", 42); s[:12] != "H22736A00042" || len(s) != 13 {
		t.Fatalf("form of the code changed: %q", s)
	}
}

func TestSlipOutOfForm(t *testing.T) {
	bad := []struct {
		facility, book string
		n              int
	}{
		{"2273", "a", 1},
		{"227361", "a", 1},
		{"22-36", "a", 1},
		{"22736", "", 1},
		{"22736", "ab", 1},
		{"22736", "đ", 1},
		{"22736", "a", 0},
		{"22736", "a", -1},
		{"22736", "a", 1_000_000_000},
	}
	for _, c := range bad {
		if s, err := clinic.NewSlip(c.facility, c.book, c.n); !errors.Is(err, clinic.ErrSlip) {
			t.Errorf("%+v gave %q, %v", c, s, err)
		}
	}
}

// Every single mistyped character and every swap of neighbours must be caught.
func TestSlipCheckCharacter(t *testing.T) {
	s, _ := clinic.NewSlip("22736", "a", 40917)
	for i := range len(s) {
		for _, c := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*" {
			wrong := s[:i] + string(c) + s[i+1:]
			if _, _, err := clinic.ParseSlip(wrong); err == nil && wrong != s {
				t.Errorf("%q was taken for %q", wrong, s)
			}
		}
		if i > 0 {
			wrong := s[:i-1] + string(s[i]) + string(s[i-1]) + s[i+1:]
			if _, _, err := clinic.ParseSlip(wrong); err == nil && wrong != s {
				t.Errorf("swapped %q was taken for %q", wrong, s)
			}
		}
	}
}

func TestParseSlipHostile(t *testing.T) {
	for _, s := range []string{
		"", "H", "H22736A00001", "X22736A00001A", "H22736A0000AA", strings.Repeat("H", 13),
		strings.Repeat("9", 1<<16), "H22736A00000", "H22736Ａ00001X", "\xff\xfe", "H22736A\x0000001X",
		"022736000001", "034190012345",
	} {
		if got, _, err := clinic.ParseSlip(s); !errors.Is(err, clinic.ErrSlip) {
			t.Errorf("%.20q: %q, %v", s, got, err)
		}
	}
}

// One number has one code: zeros before a sixth digit would make a second.
func TestSlipIsCanonical(t *testing.T) {
	for _, c := range "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*" {
		if got, _, err := clinic.ParseSlip("H22736A000042" + string(c)); err == nil {
			t.Errorf("%q was taken", got)
		}
	}
}

func TestTemporaryIsNoSlip(t *testing.T) {
	s, err := clinic.NewTemporary("22736", "a", 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := clinic.ParseSlip(s); err == nil {
		t.Fatal("a temporary code was taken for a slip")
	}
	if _, c, err := clinic.ParseTemporary(s); err != nil || c.Number != 3 {
		t.Fatalf("%+v, %v", c, err)
	}
}

func TestVisitKey(t *testing.T) {
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	k, err := clinic.NewVisitKey("22736", "A", day, 7)
	if err != nil || k != "22736a2611020007" {
		t.Fatalf("%q, %v", k, err)
	}
	c, d, err := clinic.ParseVisitKey(k)
	if err != nil || d != day || c.Book != "a" || c.Number != 7 {
		t.Fatalf("%+v %v %v", c, d, err)
	}
	if _, err := clinic.NewVisitKey("22736", "a", day, 10_000); err == nil {
		t.Error("a fifth digit was let in")
	}
	for _, s := range []string{"", "22736a2613020007", "22736a2602300007", "22736a2611020000", "22736A2611020007"} {
		if _, _, err := clinic.ParseVisitKey(s); err == nil {
			t.Errorf("%q was taken for a visit key", s)
		}
	}
}

func TestIssued(t *testing.T) {
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	slip, _ := clinic.NewSlip("22736", "a", 12)
	rx, _ := clinic.NewPrescriptionCode("22736", "a", 5, clinic.RxOrdinary)
	tmp, _ := clinic.NewTemporary("22736", "a", 3)
	cases := []struct {
		body any
		want []clinic.Issue
	}{
		{&clinic.Visit{Key: "22736a2611020007", Day: day, Queue: 9}, []clinic.Issue{{clinic.SeriesQueue(day), 9}, {clinic.SeriesVisit("a", day), 7}}},
		{&clinic.Visit{Key: "from elsewhere", Day: day}, nil},
		{&clinic.Appointment{Slip: slip}, []clinic.Issue{{clinic.SeriesSlip("a"), 12}}},
		{&clinic.Appointment{Slip: "?"}, nil},
		{&clinic.Prescription{Code: rx}, []clinic.Issue{{clinic.SeriesPrescription("a"), 5}}},
		{&clinic.Patient{Identifiers: []clinic.Identifier{{System: clinic.SystemTemporary, Value: tmp}}}, []clinic.Issue{{clinic.SeriesTemporary("a"), 3}}},
		{&clinic.Patient{Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: tmp}}}, nil},
		{nil, nil},
	}
	for _, c := range cases {
		if got := clinic.Issued(c.body); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %v, want %v", c.body, got, c.want)
		}
	}
}

func FuzzParseSlip(f *testing.F) {
	s, _ := clinic.NewSlip("22736", "a", 12)
	f.Add(s)
	f.Add("h22736a100000*")
	f.Fuzz(func(t *testing.T, s string) {
		got, c, err := clinic.ParseSlip(s)
		if err != nil {
			return
		}
		again, err := clinic.NewSlip(c.Facility, c.Book, c.Number)
		if err != nil || again != got {
			t.Fatalf("%q reads as %+v, which writes %q, %v", s, c, again, err)
		}
	})
}
