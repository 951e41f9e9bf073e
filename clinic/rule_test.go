package clinic_test

import (
	"reflect"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/starting"
)

// TestRuleTextsReturn: every row of the starting catalogues survives one cell of a table.
func TestRuleTextsReturn(t *testing.T) {
	rows, err := starting.Rows()
	if err != nil {
		t.Fatal(err)
	}
	rules, medicines := 0, 0
	for _, r := range rows {
		if r.Rule != nil {
			rules++
			got, err := clinic.ParseRule(clinic.RuleText(r.Rule))
			if err != nil || !reflect.DeepEqual(got, r.Rule) {
				t.Errorf("%s: %q gives %+v, %v", r.Code, clinic.RuleText(r.Rule), got, err)
			}
		}
		if r.Substances != nil {
			medicines++
			got, err := clinic.ParseSubstances(clinic.SubstancesText(r.Substances))
			if err != nil || !reflect.DeepEqual(got, r.Substances) {
				t.Errorf("%s: %q gives %+v, %v", r.Code, clinic.SubstancesText(r.Substances), got, err)
			}
		}
	}
	if rules < 500 || medicines < 280 {
		t.Errorf("%d rules, %d medicines", rules, medicines)
	}
}

func TestAmounts(t *testing.T) {
	for text, want := range map[string]int64{
		"500mg": 500_000, "0,25 mg": 250, "1.5g": 1_500_000, "50mcg": 50, "1000IU": 1000, "": 0,
		"5": -1, "mg": -1, "-5mg": -1, "0mg": -1, "1e3mg": -1, "0.1mcg": -1, "9999999g": -1, "NaNmg": -1, "5kg": -1, "1,2,3mg": -1,
	} {
		n, iu, err := clinic.ParseAmount(text)
		if (err != nil) != (want < 0) || err == nil && (n != want || iu != (text == "1000IU")) {
			t.Errorf("%q: %d, %v, %v", text, n, iu, err)
		}
	}
	for _, bad := range []string{"kind", "kind=pair; colour=red", "days=-1", "days=x", "maxday=99999999999999999999", "agefrom=99999999999"} {
		if r, err := clinic.ParseRule(bad); err == nil {
			t.Errorf("%q: %+v", bad, r)
		}
	}
	if r, err := clinic.ParseRule(" ; "); r == nil || err != nil {
		t.Errorf("%v, %v", r, err)
	}
}

// FuzzRuleText: cells come from files. What is read and written again is read the same.
func FuzzRuleText(f *testing.F) {
	f.Add("kind=pair; a=C10AA01; b=J01FA09; severity=interrupt; days=14", "N02BE01 325mg paracetamol; R06AB04 - chlorphenamine")
	f.Fuzz(func(t *testing.T, rule, substances string) {
		if r, err := clinic.ParseRule(rule); err == nil {
			again, err := clinic.ParseRule(clinic.RuleText(r))
			if r != nil && *r != (clinic.Rule{}) && (err != nil || !reflect.DeepEqual(again, r)) {
				t.Errorf("%q: %+v, %+v, %v", rule, r, again, err)
			}
		}
		if s, err := clinic.ParseSubstances(substances); err == nil {
			again, err := clinic.ParseSubstances(clinic.SubstancesText(s))
			if err != nil || !reflect.DeepEqual(again, s) {
				t.Errorf("%q: %+v, %+v, %v", substances, s, again, err)
			}
		}
	})
}
