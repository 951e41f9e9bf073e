package clinic_test

import (
	"slices"
	"testing"

	"clinicbox/clinic"
)

func TestPaperName(t *testing.T) {
	one := []clinic.Substance{{Code: "N02BE01", INN: "paracetamol"}}
	two := []clinic.Substance{{Code: "N02BE01", INN: "paracetamol"}, {Code: "R06AB04", INN: "chlorphenamine"}}
	for _, c := range []struct {
		row  clinic.CatalogRow
		want string
	}{
		{clinic.CatalogRow{Name: "Hapacol 650", English: "paracetamol", Substances: one}, "Paracetamol (Hapacol 650)"},
		{clinic.CatalogRow{Name: "Hapacol 650", Substances: one}, "Paracetamol (Hapacol 650)"},
		{clinic.CatalogRow{Name: "Paracetamol", English: "paracetamol", Substances: one}, "Paracetamol"},
		{clinic.CatalogRow{Name: "Amoxicilin", English: "amoxicillin", Flags: "generic"}, "Amoxicilin"},
		{clinic.CatalogRow{Name: "Tiffy", English: "paracetamol", Substances: two}, "Tiffy"},
		{clinic.CatalogRow{Name: "Tiffy", English: "paracetamol + chlorphenamine"}, "Tiffy"},
		{clinic.CatalogRow{Name: "Mixtard", English: "insulin (human)", Flags: "biologic"}, "Mixtard"},
		{clinic.CatalogRow{Name: "Thuốc lạ"}, "Thuốc lạ"},
		{clinic.CatalogRow{Name: "Ốc", English: "ốc sên"}, "Ốc sên (Ốc)"},
	} {
		if got := c.row.PaperName(); got != c.want {
			t.Errorf("%+v: %q, want %q", c.row, got, c.want)
		}
	}
}

// TestCompute: nobody gets less than dose × times × days, and nobody gets a piece of a
// tablet or bottle.
func TestCompute(t *testing.T) {
	for _, c := range []struct {
		dose, strength, unit string
		times, days          int
		want                 clinic.Milli
		why                  string
	}{
		{"1", "500 mg", "viên", 3, 5, 15_000, ""},
		{"1/2", "500 mg", "viên", 3, 5, 8000, "cần 7 1/2 viên"},
		{"1/2", "500 mg", "viên", 2, 5, 5000, ""},
		{"1/3", "500 mg", "viên", 3, 5, 5000, ""},
		{"1/3", "500 mg", "viên", 2, 5, 4000, ""},
		{"2/3", "500 mg", "viên", 3, 5, 10_000, ""},
		{"1,333", "500 mg", "viên", 3, 1, 4000, ""},
		{"1/4", "5 mg", "viên", 1, 30, 8000, "cần 7 1/2 viên"},
		{"5 ml", "100 mg/5 ml, 60 ml", "chai", 3, 5, 2000, "cần 75 ml, chai 60 ml"},
		{"5ml", "100 mg/5 ml, 60 ml", "chai", 3, 4, 1000, "cần 60 ml, chai 60 ml"},
		{"2 giọt", "0,3%, 5 ml", "lọ", 4, 5, 1000, "cần 2 ml, lọ 5 ml"},
		{"2 giọt", "0,3%, 5 ml", "lọ", 6, 14, 2000, "cần 8,4 ml, lọ 5 ml"},
		{"2 nhát", "100 mcg/liều, 200 liều", "bình", 4, 30, 2000, "cần 240 liều, bình 200 liều"},
		{"1 g", "2%, 15 g", "tuýp", 2, 10, 2000, "cần 20 g, tuýp 15 g"},
		{"1 viên", "500 mg", "viên", 2, 2, 4000, ""},
		{"1000", "", "viên", 1, 1, 1_000_000, ""},
		{"1 liều", "", "liều", 1, 1, 1000, ""},
	} {
		row := clinic.CatalogRow{Strength: c.strength, Unit: c.unit}
		l := clinic.DrugLine{Strength: c.strength, Unit: c.unit, Times: c.times, Days: c.days}
		var err error
		if l.Dose, l.Measure, err = clinic.ParseDose("dose", c.dose); err != nil || !l.Measured(&row) {
			t.Fatalf("%q of %q: %v", c.dose, c.strength, err)
		}
		l.Quantity = l.Compute()
		if l.Quantity != c.want || l.HandedOut() != c.why {
			t.Errorf("%s × %d × %d of %s: %v, %q", c.dose, c.times, c.days, c.strength, l.Quantity, l.HandedOut())
		}
		if again, measure, err := clinic.ParseDose("dose", l.TypedDose()); again != l.Dose || measure != l.Measure || err != nil {
			t.Errorf("%q comes back as %v %q, %v", l.TypedDose(), again, measure, err)
		}
	}
	for dose, strength := range map[string]string{"5 ml": "500 mg", "2 giọt": "1%, 5 g", "1 thìa": "100 mg/5 ml, 60 ml", "5 g": "0,9%, 500 ml"} {
		l := clinic.DrugLine{}
		l.Dose, l.Measure, _ = clinic.ParseDose("dose", dose)
		if l.Measured(&clinic.CatalogRow{Strength: strength, Unit: "lọ"}) {
			t.Errorf("%s of %s", dose, strength)
		}
	}
	for _, dose := range []string{"", "-1", "-1/2", "giọt", "1 1", "x2"} {
		if m, measure, err := clinic.ParseDose("dose", dose); err == nil {
			t.Errorf("%q is %v %s", dose, m, measure)
		}
	}
}

// FuzzParseDose: what is read comes back as it is written, and never computes less than
// it takes.
func FuzzParseDose(f *testing.F) {
	for _, s := range []string{"1/2", "5 ml", "2 giọt", "0,333", "1 1/2", "½", "-3 ml"} {
		f.Add(s, "100 mg/5 ml, 60 ml", 3, 5)
	}
	f.Fuzz(func(t *testing.T, s, strength string, times, days int) {
		l := clinic.DrugLine{Times: times % 25, Days: days % 91}
		var err error
		if l.Dose, l.Measure, err = clinic.ParseDose("dose", s); err != nil {
			return
		}
		if !l.Measured(&clinic.CatalogRow{Strength: strength, Unit: "viên"}) {
			return
		}
		if again, measure, err := clinic.ParseDose("dose", l.TypedDose()); again != l.Dose || measure != l.Measure || err != nil {
			t.Errorf("%q: %q comes back as %v %q, %v", s, l.TypedDose(), again, measure, err)
		}
		q := l.Compute()
		if q < 0 || q%1000 != 0 {
			t.Errorf("%q: %v", s, q)
		}
		third := l.Dose%1000 == 333 || l.Dose%1000 == 667
		if l.Measure == "" && !third && l.Times > 0 && l.Days > 0 && q < l.Dose*clinic.Milli(l.Times)*clinic.Milli(l.Days) {
			t.Errorf("%q: only %v", s, q)
		}
	})
}

func TestRxDays(t *testing.T) {
	row := func(applies, kind string, days int) clinic.CatalogRow {
		return clinic.CatalogRow{Catalog: clinic.CatalogRxDays, Applies: applies, Rule: &clinic.Rule{Kind: kind, Days: days}}
	}
	rows := []clinic.CatalogRow{row("*", "C", 30), row("I10 E11", "C", 90), row("*", "H", 10), row("F G40", "H", 30), row("*", "N", 7), {}}
	for _, c := range []struct {
		t    clinic.RxType
		dx   string
		want int
	}{
		{clinic.RxOrdinary, "J00", 30},
		{clinic.RxOrdinary, "E11.9", 90},
		{clinic.RxOrdinary, "", 30},
		{clinic.RxPsychotropic, "G47.0", 10},
		{clinic.RxPsychotropic, "F32.9", 30},
		{clinic.RxNarcotic, "I10", 7},
	} {
		if got, ok := clinic.RxDays(c.t, []string{c.dx}, rows); got != c.want || !ok {
			t.Errorf("%s %s: %d", c.t, c.dx, got)
		}
	}
	for k, want := range map[clinic.RxType]int{clinic.RxOrdinary: 30, clinic.RxNarcotic: 7, clinic.RxPsychotropic: 10} {
		if got, ok := clinic.RxDays(k, []string{"I10"}, nil); got != want || ok {
			t.Errorf("%s without rows: %d, %v", k, got, ok)
		}
	}
}

func TestRxCodes(t *testing.T) {
	for _, k := range []clinic.RxType{clinic.RxOrdinary, clinic.RxNarcotic, clinic.RxPsychotropic, clinic.RxTraditional} {
		code, err := clinic.NewPrescriptionCode("22736", "a", 7, k)
		c, perr := clinic.ParsePrescriptionCode(code)
		if err != nil || perr != nil || code != "22736a000007-"+string(k) || c.Number != 7 || (&clinic.Prescription{Code: code}).Type() != k {
			t.Errorf("%s: %q, %v, %v", k, code, err, perr)
		}
	}
	if _, err := clinic.NewPrescriptionCode("22736", "a", 7, "X"); err == nil {
		t.Error("a kind that is none")
	}
	for _, bad := range []string{"22736a000007-X", "22736a000007C", "22736a000007-CC", ""} {
		if _, err := clinic.ParsePrescriptionCode(bad); err == nil {
			t.Error(bad)
		}
	}
	if (&clinic.Prescription{}).Type() != clinic.RxOrdinary {
		t.Error("without a code")
	}
}

func TestUnder72(t *testing.T) {
	day := clinic.Date{Year: 2026, Month: 11, Day: 2}
	for birth, want := range map[clinic.Date]bool{
		{Year: 2020, Month: 11, Day: 2}: false, {Year: 2020, Month: 11, Day: 3}: true, {Year: 2026, Month: 11, Day: 2}: true,
		{Year: 2020}: true, {Year: 2019}: false, {}: false, {Year: 2027, Month: 1, Day: 1}: false, {Year: 2020, Month: 12}: true,
	} {
		if got := clinic.Under72(birth, day); got != want {
			t.Errorf("%v: %v", birth, got)
		}
	}
}

func TestDosages(t *testing.T) {
	row := func(code, parent, applies string, r *clinic.Rule) clinic.CatalogRow {
		return clinic.CatalogRow{Code: code, Parent: parent, Applies: applies, Rule: r}
	}
	rows := []clinic.CatalogRow{
		row("ALL", "PARA AMOX", "", nil), row("J", "PARA", "J", nil), row("I", "PARA", "I10", nil), row("OTHER", "IBU", "", nil),
		row("ADULT", "PARA", "*", &clinic.Rule{AgeFrom: 4380}), row("KG", "PARA", "", &clinic.Rule{Low: 100, High: 150}),
	}
	for _, c := range []struct {
		age, weight int
		want        []string
	}{
		{10_000, 600, []string{"J", "ALL", "ADULT"}},
		{1000, 120, []string{"J", "ALL", "KG"}},
		{1000, 0, []string{"J", "ALL"}},
		{1000, 150, []string{"J", "ALL"}},
		{-1, 120, []string{"J", "ALL", "KG"}},
	} {
		var got []string
		for _, r := range clinic.Dosages(rows, "PARA", clinic.DosageFor{AgeDays: c.age, Weight: c.weight, Diagnoses: []string{"J06.9"}}) {
			got = append(got, r.Code)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d days, %d: %v", c.age, c.weight, got)
		}
	}
}

func TestParseDosage(t *testing.T) {
	d, err := clinic.ParseDosage("1/2 × 3 x 5; sau ăn")
	if err != nil || d != (clinic.Dosing{Dose: 500, Times: 3, Days: 5, When: "sau ăn"}) {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err = clinic.ParseDosage("5 ml x 3 x 5"); err != nil || d.Measure != clinic.MeasureML {
		t.Errorf("%+v, %v", d, err)
	}
	for _, bad := range []string{"", "1", "1x2", "1x2x3x4", "0x1x1", "-1x1x1", "1x0x1", "1x1x999", "x1x1"} {
		if d, err := clinic.ParseDosage(bad); err == nil {
			t.Errorf("%q: %+v", bad, d)
		}
	}
}

func TestNumberWords(t *testing.T) {
	for n, want := range map[int]string{
		0: "Không", 1: "Một", 5: "Năm", 10: "Mười", 11: "Mười một", 15: "Mười lăm", 20: "Hai mươi", 21: "Hai mươi mốt", 24: "Hai mươi bốn", 25: "Hai mươi lăm",
		100: "Một trăm", 101: "Một trăm linh một", 105: "Một trăm linh năm", 110: "Một trăm mười", 111: "Một trăm mười một", 215: "Hai trăm mười lăm", 1000: "Một nghìn",
		1005: "Một nghìn không trăm linh năm", 1010: "Một nghìn không trăm mười", 21_121: "Hai mươi mốt nghìn một trăm hai mươi mốt", -1: "", 1_000_000: "",
	} {
		if got := clinic.NumberWords(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
