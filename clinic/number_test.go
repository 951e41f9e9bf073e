package clinic_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
)

func problem(err error) string {
	if fe, ok := errors.AsType[*clinic.FieldError](err); ok {
		return fe.Problem
	}
	if err != nil {
		return "other"
	}
	return ""
}

func TestParseFixed(t *testing.T) {
	for _, c := range []struct {
		in       string
		decimals int
		want     int
		problem  string
	}{
		{"37,5", 1, 375, ""},
		{"37.5", 1, 375, ""},
		{" 37 ", 1, 370, ""},
		{"37,50", 1, 375, ""},
		{"0,5", 1, 5, ""},
		{"007", 0, 7, ""},
		{"72", 0, 72, ""},
		{"72,0", 0, 72, ""},
		{"", 1, 0, clinic.ProblemEmpty},
		{"  ", 1, 0, clinic.ProblemEmpty},
		{"37,55", 1, 0, clinic.ProblemPrecise},
		{"72,5", 0, 0, clinic.ProblemPrecise},
		{"37,", 1, 0, clinic.ProblemNumber},
		{",5", 1, 0, clinic.ProblemNumber},
		{"1.234,5", 1, 0, clinic.ProblemNumber},
		{"3 7", 1, 0, clinic.ProblemNumber},
		{"37°C", 1, 0, clinic.ProblemNumber},
		{"1e3", 0, 0, clinic.ProblemNumber},
		{"+5", 0, 0, clinic.ProblemNumber},
		{"０５", 0, 0, clinic.ProblemNumber},
		{"\xff", 0, 0, clinic.ProblemNumber},
		{"-5", 0, 0, clinic.ProblemNegative},
		{"99999999999", 0, 0, clinic.ProblemTooLarge},
		{strings.Repeat("9", 1<<16), 1, 0, clinic.ProblemTooLarge},
	} {
		got, err := clinic.ParseFixed("f", c.in, c.decimals)
		if got != c.want || problem(err) != c.problem {
			t.Errorf("%.20q: %d, %v", c.in, got, err)
		}
		if fe, ok := errors.AsType[*clinic.FieldError](err); ok && (fe.Field != "f" || c.in != "" && strings.Contains(fe.Error(), c.in)) {
			t.Errorf("%.20q: the error %q names no field, or the value", c.in, fe)
		}
	}
}

func TestParseMilliAndDong(t *testing.T) {
	for in, want := range map[string]clinic.Milli{"1": 1000, "0,5": 500, "1/2": 500, "¼": 250, "3/4": 750, "2,125": 2125, "1.5": 1500, "1/3": 333, "⅔": 667} {
		if got, err := clinic.ParseMilli("f", in); got != want || err != nil {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{"1.500": clinic.ProblemAmbiguous, "1/5": clinic.ProblemNumber, "": clinic.ProblemEmpty, "0,0001": clinic.ProblemPrecise} {
		if _, err := clinic.ParseMilli("f", in); problem(err) != want {
			t.Errorf("%q: %v", in, err)
		}
	}
	for in, want := range map[string]clinic.Dong{"38700": 38700, "38.700": 38700, "1.234.567 đ": 1234567, " 0 ": 0} {
		if got, err := clinic.ParseDong("f", in); got != want || err != nil {
			t.Errorf("%q: %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "đ", "38,7", "38.70", "1234.567", "1..000", ".000", "-1", "9.999.999.999.999", strings.Repeat("9", 99)} {
		if got, err := clinic.ParseDong("f", in); err == nil {
			t.Errorf("%q was read as %d", in, got)
		}
	}
}

func FuzzParseFixed(f *testing.F) {
	for _, s := range []string{"37,5", "0.05", "12", "-1", "1.234,5"} {
		f.Add(s, 1)
	}
	f.Fuzz(func(t *testing.T, s string, decimals int) {
		if decimals < 0 || decimals > 3 {
			return
		}
		n, err := clinic.ParseFixed("f", s, decimals)
		if err != nil {
			if problem(err) == "other" {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := clinic.ParseFixed("f", clinic.FormatFixed(n, decimals), decimals)
		if n < 0 || err != nil || again != n {
			t.Fatalf("%q is %d, written and read %d, %v", s, n, again, err)
		}
	})
}

func FuzzParseMilli(f *testing.F) {
	f.Add("1/2")
	f.Add("2,125")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := clinic.ParseMilli("f", s)
		if err != nil {
			return
		}
		if again, err := clinic.ParseMilli("f", strings.ReplaceAll(m.String(), ".", "")); err != nil || again != m {
			t.Fatalf("%q is %v, read again %v, %v", s, m, again, err)
		}
	})
}

func TestBMI(t *testing.T) {
	for _, c := range []struct{ kg, cm, want int }{{600, 1700, 208}, {0, 1700, 0}, {600, 0, 0}, {32, 500, 128}, {3500, 2500, 560}} {
		v := clinic.Vitals{Weight: c.kg, Height: c.cm}
		if got := v.BMI(); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

func TestRangesCoverEveryAge(t *testing.T) {
	for _, f := range clinic.VitalFields() {
		for months := -1; months < 130*12; months++ {
			r := clinic.RangeOf(f.Name, months)
			if r.Hard.Low <= 0 || r.Soft.Low < r.Hard.Low || r.Soft.High > r.Hard.High || r.Soft.Low >= r.Soft.High {
				t.Fatalf("%s at %d months: %+v", f.Name, months, r)
			}
			n := 0
			for _, row := range clinic.VitalRanges() {
				if row.Field == f.Name && months >= row.From && (row.To == 0 || months < row.To) {
					n++
				}
			}
			if n != 1 && months >= 0 {
				t.Fatalf("%s at %d months has %d rows", f.Name, months, n)
			}
		}
	}
}

func TestCheckVitals(t *testing.T) {
	const adult, infant = 40 * 12, 2
	for _, c := range []struct {
		v      clinic.Vitals
		months int
		want   []string
	}{
		{clinic.Vitals{Pulse: 72, Temperature: 370, Systolic: 120, Diastolic: 80, Breathing: 18, SpO2: 98}, adult, nil},
		{clinic.Vitals{}, adult, nil},
		{clinic.Vitals{Pulse: 140, Breathing: 40, Weight: 52, Height: 580}, infant, nil},
		{clinic.Vitals{Pulse: 140, Breathing: 40, Weight: 52, Height: 580}, adult, []string{"soft pulse", "soft breathing", "hard weight", "hard height"}},
		{clinic.Vitals{Pulse: 140, Breathing: 40}, -1, nil},
		{clinic.Vitals{Temperature: 3700, SpO2: 101}, adult, []string{"hard temperature", "hard spo2"}},
		{clinic.Vitals{Temperature: 385}, adult, []string{"soft temperature"}},
		{clinic.Vitals{Breathing: 55}, 4, []string{"soft breathing"}}, // fast breathing from 2 months: 50
		{clinic.Vitals{Breathing: 55}, 1, nil},
		{clinic.Vitals{Pulse: -5}, adult, []string{"hard pulse"}},
	} {
		var got []string
		for _, f := range clinic.CheckVitals(&c.v, c.months) {
			word := "soft "
			if f.Hard {
				word = "hard "
			}
			got = append(got, word+f.Field.Name)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v at %d months: %v", c.v, c.months, got)
		}
	}
}

func TestParseVitals(t *testing.T) {
	v, bad := clinic.ParseVitals(map[string]string{"pulse": "72", "temperature": "37,2", "weight": "", "unknown": "5"})
	if len(bad) != 0 || v.Pulse != 72 || v.Temperature != 372 {
		t.Fatalf("%+v, %v", v, bad)
	}
	_, bad = clinic.ParseVitals(map[string]string{"pulse": "abc", "temperature": "37,25", "spo2": "0", "height": "-1"})
	var fields []string
	for _, b := range bad {
		fields = append(fields, b.Field+" "+b.Problem)
	}
	want := []string{"pulse number", "temperature precise", "spo2 number", "height negative"}
	if !slices.Equal(fields, want) {
		t.Fatalf("%v", fields)
	}
}
