package clinic_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
)

func checkRows(t *testing.T) []clinic.CatalogRow {
	t.Helper()
	rows, err := starting.Rows(clinic.CatalogHealthCheck)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestBMIClass: every value of an adult has one class, a child none.
func TestBMIClass(t *testing.T) {
	rows := checkRows(t)
	for bmi, want := range map[int]string{100: "BMI1", 184: "BMI1", 185: "BMI2", 229: "BMI2", 230: "BMI3", 249: "BMI3", 250: "BMI4", 299: "BMI4", 300: "BMI5", 800: "BMI5"} {
		if row, ok := clinic.BMIClass(rows, bmi, 40*12); !ok || row.Code != want {
			t.Errorf("%d: %s, not %s", bmi, row.Code, want)
		}
	}
	for bmi := 1; bmi < 2000; bmi++ {
		n := 0
		for _, r := range clinic.CheckRows(rows, clinic.CheckBMI) {
			if _, ok := clinic.BMIClass([]clinic.CatalogRow{r}, bmi, 240); ok {
				n++
			}
		}
		if n != 1 {
			t.Fatalf("%d classes hold %d", n, bmi)
		}
	}
	for _, months := range []int{-1, 0, 18 * 12} {
		if row, ok := clinic.BMIClass(rows, 180, months); ok {
			t.Errorf("%d months: %s", months, row.Code)
		}
	}
}

// TestCheckParts: a purpose asks its parts, and what is of women only is not asked of men.
func TestCheckParts(t *testing.T) {
	rows := checkRows(t)
	has := func(purpose string, sex clinic.Sex, code string) bool {
		for _, r := range clinic.CheckPartsOf(rows, purpose, sex) {
			if r.Code == code {
				return true
			}
		}
		return false
	}
	if !has("MDDK", clinic.SexFemale, "PH11") || has("MDDK", clinic.SexMale, "PH11") || !has("MDDK", clinic.SexUnknown, "PH11") {
		t.Error("gynaecology")
	}
	if has("MDHS", clinic.SexFemale, "PH11") || !has("MDHS", clinic.SexFemale, "PH15") || !has("MDHS", clinic.SexMale, "PH12") {
		t.Error("school")
	}
	if n := len(clinic.CheckRows(rows, clinic.CheckClasses)); n != 5 {
		t.Errorf("%d classes of health", n)
	}
}
