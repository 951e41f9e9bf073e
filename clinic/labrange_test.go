package clinic

import (
	"strings"
	"testing"
)

func TestRanges(t *testing.T) {
	r := CatalogRow{}
	text := "0d-28d: 14-20 !8-24; 28d-6m: 10-14 !7-20; M 12y-: 13-17 !7-20; F 12y-: 12-15,5 !7-20; 6m-12y: 11-14,5 !7-20"
	if code := setRanges(&r, text); code != "" {
		t.Fatal(code)
	}
	if got := FormatRanges(r.Ranges); got != text {
		t.Errorf("written as %q", got)
	}
	for _, tt := range []struct {
		sex  Sex
		days int
		v    Milli
		want Judgement
	}{
		{SexMale, 0, 14_000, Usual},
		{SexMale, 27, 13_900, Low},
		{SexMale, 28, 13_900, Usual},
		{SexFemale, 40 * 365, 12_000, Usual},
		{SexMale, 40 * 365, 12_000, Low},
		{SexMale, 40 * 365, 6_900, CriticalLow},
		{SexFemale, 40 * 365, 15_600, High},
		{SexFemale, 40 * 365, 20_001, CriticalHigh},
		{SexUndetermined, 6 * 365, 14_600, High},
	} {
		g, ok := r.RangeFor(tt.sex, tt.days)
		if !ok || g.Judge(tt.v) != tt.want {
			t.Errorf("sex %d, %d days, %v: %d, want %d (%+v)", tt.sex, tt.days, tt.v, g.Judge(tt.v), tt.want, g)
		}
	}
	// Nobody is judged by the range of the other sex.
	if _, ok := r.RangeFor(SexUndetermined, 40*365); ok {
		t.Error("a range for a sex that is not known")
	}
	for _, bad := range []string{"1-2-3", "x", "5-3", "M:", "2y-1y: 1-2", "1-2 !3-4", ":1", "1q-: 1-2", "1,2345-2"} {
		if _, ok := ParseRanges(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzRanges(f *testing.F) {
	f.Add("M 12y-: 13-17 !7-20; =Âm tính")
	f.Add("0d-28d: -5,5")
	f.Fuzz(func(t *testing.T, s string) {
		g, ok := ParseRanges(s)
		if !ok {
			return
		}
		again, ok := ParseRanges(FormatRanges(g))
		if !ok || len(again) != len(g) {
			t.Fatalf("%q → %q is not taken", s, FormatRanges(g))
		}
		for i := range g {
			g[i].Text, again[i].Text = strings.TrimSpace(g[i].Text), strings.TrimSpace(again[i].Text)
			if again[i] != g[i] {
				t.Fatalf("%q → %q: %+v, was %+v", s, FormatRanges(g), again[i], g[i])
			}
		}
	})
}

func TestValueForms(t *testing.T) {
	if n, ok := ValueForm("1").Decimals(); !ok || n != 1 || ValueForm("1").Choices() != nil {
		t.Error("a number with one decimal")
	}
	c := ValueForm("Âm tính/Negative|Dương tính/Positive!|P. falciparum/P. falciparum!!").Choices()
	if len(c) != 3 || c[0] != (Choice{"Âm tính", "Negative", false, false, false}) || c[1] != (Choice{"Dương tính", "Positive", true, false, false}) ||
		c[2] != (Choice{"P. falciparum", "P. falciparum", true, true, false}) {
		t.Errorf("%+v", c)
	}
	for _, bad := range []ValueForm{"4", "a", "a|", "a|a", "!|b"} {
		if bad.Valid() {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestPrices(t *testing.T) {
	for in, want := range map[string]Dong{
		"35000": 35000, "35.000": 35000, "35,000": 35000, "35000.00": 35000, "35000,0": 35000, "1.234.567 đ": 1234567, "0": 0,
	} {
		var r CatalogRow
		if code := setPrice(&r, in); code != "" || r.Price != want {
			t.Errorf("%q: %d %s", in, r.Price, code)
		}
	}
	for _, bad := range []string{"-1", "35.5", "35,50", "1.50", "1.2345", "12.34.567", "a", ".", "1e3", "1.234,567", "99999999999999", "1..000"} {
		if code := setPrice(new(CatalogRow), bad); code != RowPrice {
			t.Errorf("%q is taken", bad)
		}
	}
}
