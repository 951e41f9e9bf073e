package starting

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"clinicbox/clinic"
)

// setRule puts a column of a rule into the row; false = it is none of a rule's. Which
// of them may be empty is for package safety to say when it compiles the row.
func setRule(row *clinic.CatalogRow, column, v string) (known bool, err error) {
	if row.Rule == nil {
		row.Rule = &clinic.Rule{}
	}
	r := row.Rule
	texts := map[string]*string{"kind": &r.Kind, "a": &r.A, "b": &r.B, "severity": &r.Severity, "severe": &r.Severe, "reach": &r.Reach}
	numbers := map[string]*int{"low": &r.Low, "high": &r.High, "days": &r.Days, "percent": &r.Percent}
	kilos := map[string]*int{"kg_from": &r.Low, "kg_to": &r.High}
	ages := map[string]*int{"age_from": &r.AgeFrom, "age_to": &r.AgeTo}
	amounts := map[string]*int64{"max_dose": &r.MaxDose, "max_day": &r.MaxDay, "dose_kg": &r.DoseKg, "day_kg": &r.DayKg}
	switch {
	case texts[column] != nil:
		*texts[column] = v
	case numbers[column] != nil || kilos[column] != nil:
		if v == "" {
			break
		}
		var n int
		n, err = strconv.Atoi(v)
		if p := kilos[column]; p != nil {
			*p = 10 * n
		} else {
			*numbers[column] = n
		}
	case ages[column] != nil:
		*ages[column], err = age(v)
	case amounts[column] != nil:
		*amounts[column], _, err = clinic.ParseAmount(v)
	default:
		return false, nil
	}
	return true, err
}

// age reads 12y, 6m, 6w or 28d into days: a year has 365 and a month 30, which
// errs towards the older band by days only.
func age(v string) (int, error) {
	if v == "" {
		return 0, nil
	}
	days := map[byte]int{'d': 1, 'w': 7, 'm': 30, 'y': 365}[v[len(v)-1]]
	n, err := strconv.Atoi(v[:len(v)-1])
	if err != nil || days == 0 || n < 0 || n > 200 {
		return 0, errors.New("is no age")
	}
	return n * days, nil
}

// substances gives every medicine what stands in substance.csv: one line for each
// substance, with the amount in one unit of the medicine or why it is not counted.
func substances(fsys fs.FS, all []clinic.CatalogRow) error {
	const file = "substance.csv"
	f, err := fsys.Open(file)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrData, err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) == 0 || strings.Join(lines[0], ",") != "code,atc,inn,amount,why" {
		return fmt.Errorf("%w: %s: want the columns code,atc,inn,amount,why: %v", ErrData, file, err)
	}
	held := map[string][]clinic.Substance{}
	for i, l := range lines[1:] {
		bad := func(what string) error { return fmt.Errorf("%w: %s:%d: %s", ErrData, file, i+2, what) }
		s := clinic.Substance{Code: l[1], INN: l[2]}
		if s.Amount, s.IU, err = clinic.ParseAmount(l[3]); err != nil {
			return bad("amount " + err.Error())
		}
		if !substanceForm.MatchString(l[1]) || l[2] == "" || (l[3] == "") == (l[4] == "") || plain(strings.Join(l, "|")) != nil {
			return bad("want a code, a name, and an amount or why there is none")
		}
		held[l[0]] = append(held[l[0]], s)
	}
	for i := range all {
		if r := &all[i]; r.Catalog == clinic.CatalogMedicine {
			if r.Substances = held[r.Code]; r.Substances == nil {
				return fmt.Errorf("%w: %s: nothing of %s", ErrData, file, r.Code)
			}
		}
	}
	return nil
}
