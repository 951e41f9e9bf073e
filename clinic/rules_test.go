package clinic_test

import (
	"slices"
	"testing"

	"clinicbox/clinic"
)

func TestIdentifierForms(t *testing.T) {
	for _, c := range []struct {
		system  clinic.System
		typed   string
		problem string
	}{
		{clinic.SystemCitizen, "034 190 012 345", ""},
		{clinic.SystemCitizen, "0341900123456", clinic.ProblemDigits12},
		{clinic.SystemCitizen, "03419001234O", clinic.ProblemDigits12},
		{clinic.SystemCitizen, "０３４１９００１２３４５", clinic.ProblemDigits12},
		{clinic.SystemOldID, "012345678", ""},
		{clinic.SystemOldID, "034190012345", ""},
		{clinic.SystemOldID, "01234567", clinic.ProblemDigits9},
		{clinic.SystemInsurance, "xd2 22-0123456789", ""},
		{clinic.SystemInsurance, "XD6220123456789", clinic.ProblemInsurance},
		{clinic.SystemInsurance, "XD222012345678", clinic.ProblemInsurance},
		{clinic.SystemInsurance, "122220123456789", clinic.ProblemInsurance},
		{clinic.SystemSocial, "0123456789", ""},
		{clinic.SystemSocial, "012345678", clinic.ProblemDigits10},
		{clinic.SystemPassport, "B1234567", ""},
		{clinic.SystemPassport, "B12", clinic.ProblemPassport},
		{clinic.SystemPassport, "B1234567Đ", clinic.ProblemPassport},
		{clinic.SystemTemporary, "T22736A00001", clinic.ProblemTemporary},
		{99, "1", clinic.ProblemSystem},
		{clinic.SystemCitizen, "", clinic.ProblemDigits12},
		{clinic.SystemInsurance, "\xff\xfe", clinic.ProblemInsurance},
	} {
		if err := clinic.CheckIdentifier("id", c.system, clinic.NormalIdentifier(c.typed)); problem(err) != c.problem {
			t.Errorf("system %d %q: %v", c.system, c.typed, err)
		}
	}
}

func TestGuessSystem(t *testing.T) {
	tmp, _ := clinic.NewTemporary("22736", "a", 1)
	for in, want := range map[string]clinic.System{
		"034190012345": clinic.SystemCitizen, "0123456789": clinic.SystemSocial, "XD2220123456789": clinic.SystemInsurance,
		"012345678": clinic.SystemOldID, tmp: clinic.SystemTemporary, "0341900123456": 0, "": 0, "NGUYEN": 0, "12345678901234567890": 0,
	} {
		if got, ok := clinic.GuessSystem(in); got != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
	if s, ok := clinic.SocialOf("XD2220123456789"); !ok || s != "0123456789" {
		t.Errorf("%q", s)
	}
}

func TestCheckCitizen(t *testing.T) {
	birth := clinic.Date{Year: 1990, Month: 5, Day: 1}
	for _, c := range []struct {
		number string
		sex    clinic.Sex
		birth  clinic.Date
		want   []string
	}{
		{"034190012345", clinic.SexFemale, birth, nil},
		{"034090012345", clinic.SexMale, birth, nil},
		{"034090012345", clinic.SexFemale, birth, []string{clinic.DoubtSex}},
		{"034090012345", clinic.SexUnknown, clinic.Date{}, nil},
		{"034190012345", clinic.SexFemale, clinic.Date{Year: 1991}, []string{clinic.DoubtBirth}},
		{"034290012345", clinic.SexMale, birth, []string{clinic.DoubtBirth}}, // century of 2000
		{"034215012345", clinic.SexMale, clinic.Date{Year: 2015}, nil},
		{"003190012345", clinic.SexFemale, birth, []string{clinic.DoubtProvince}},
		{"034490012345", clinic.SexMale, birth, []string{clinic.DoubtCentury, clinic.DoubtBirth}},
		{"0341900123456", clinic.SexFemale, birth, nil}, // no citizen number: nothing to say
	} {
		if got := clinic.CheckCitizen(c.number, c.sex, c.birth); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.number, got, c.want)
		}
	}
}

func TestAlike(t *testing.T) {
	today := clinic.Date{Year: 2026, Month: 11, Day: 2}
	number := clinic.Identifier{System: clinic.SystemCitizen, Value: "034190012345"}
	ended := number
	ended.To = today.AddDays(-1)
	p := func(folded string, birth clinic.Date, ids ...clinic.Identifier) *clinic.Patient {
		return &clinic.Patient{Folded: folded, Birth: birth, Identifiers: ids}
	}
	full := clinic.Date{Year: 1990, Month: 5, Day: 1}
	for i, c := range []struct {
		a, b *clinic.Patient
		want clinic.Likeness
	}{
		{p("an", full, number), p("binh", clinic.Date{Year: 1950}, number), clinic.LikeNumber},
		{p("an", full, number), p("binh", full, ended), clinic.LikeNone},
		{p("an", full), p("an", full), clinic.LikeName},
		{p("an", full), p("an", clinic.Date{Year: 1990}), clinic.LikeName},
		{p("an", full), p("an", clinic.Date{Year: 1990, Month: 5}), clinic.LikeName},
		{p("an", full), p("an", clinic.Date{Year: 1990, Month: 6}), clinic.LikeNone},
		{p("an", full), p("an", clinic.Date{Year: 1990, Month: 5, Day: 2}), clinic.LikeNone},
		{p("an", full), p("an", clinic.Date{}), clinic.LikeNone},
		{p("an", full), p("binh", full), clinic.LikeNone},
		{p("", full), p("", full), clinic.LikeNone},
	} {
		if got, back := clinic.Alike(c.a, c.b, today), clinic.Alike(c.b, c.a, today); got != c.want || back != c.want {
			t.Errorf("case %d: %d, the other way %d, want %d", i, got, back, c.want)
		}
	}
}

func TestDosage(t *testing.T) {
	l := clinic.DrugLine{Unit: "viên", Dose: 2000, Times: 2, Days: 5}
	if got := l.Dosage(); got != "2 viên/lần * 2 lần/ngày * 5 ngày [4 viên/ngày]" || l.Compute() != 20_000 {
		t.Errorf("%q, %v", got, l.Compute())
	}
	l = clinic.DrugLine{Unit: "viên", Dose: 500, Times: 3}
	if got := l.Dosage(); got != "0,5 viên/lần * 3 lần/ngày [1,5 viên/ngày]" {
		t.Errorf("%q", got)
	}
	if got := (&clinic.DrugLine{Unit: "tuýp"}).Dosage(); got != "" {
		t.Errorf("%q", got)
	}
	for q, want := range map[clinic.Milli]string{5000: "05", 500: "0,5", 7500: "07,5", 10_000: "10", 1_500_000: "1.500"} {
		if got := clinic.PaperQuantity(q); got != want {
			t.Errorf("%d: %q", q, got)
		}
	}
}

func TestICDForm(t *testing.T) {
	for in, want := range map[string]string{"a09": "A09", " j00 ": "J00", "i10": "I10", "e119": "E11.9", "E11.9": "E11.9", "s0211": "S02.11", "u07.1": "U07.1"} {
		if got := clinic.NormalICD(in); got != want || clinic.CheckICD("main", got) != nil {
			t.Errorf("%q: %q", in, got)
		}
	}
	for _, in := range []string{"", "A0", "A", "099", "A09.", "A09.123", "AA9", "A09-1", "Đ09", "A09 J00", "\xff09"} {
		if clinic.CheckICD("main", clinic.NormalICD(in)) == nil {
			t.Errorf("%q was taken", in)
		}
	}
}

func TestCheckPIN(t *testing.T) {
	for _, pin := range []string{"480257", "739105", "110358"} {
		if err := clinic.CheckPIN(pin); err != nil {
			t.Errorf("%q: %v", pin, err)
		}
	}
	for pin, want := range map[string]string{"12345": clinic.ProblemPINLength, "123456": clinic.ProblemPINWeak, "000000": clinic.ProblemPINWeak, "12a456": clinic.ProblemPINLength} {
		if got := problem(clinic.CheckPIN(pin)); got != want {
			t.Errorf("%q: %q", pin, got)
		}
	}
}
