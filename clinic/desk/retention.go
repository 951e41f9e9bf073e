package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// DueYear is the visits of a year that need no longer be kept by one rule.
type DueYear struct {
	Year   int               // of the visits
	Rule   clinic.CatalogRow // zero for protected records: it would tell the illness
	Until  clinic.Date       // last day of keeping; zero likewise
	Visits []DueVisit        // in order of their day
}

// DueVisit is one of them.
type DueVisit struct {
	Patient, Visit clinic.ID
	Key            string
	Day            clinic.Date
}

// RetentionDue lists, for administrators, the visits whose time of keeping has ended,
// by year and rule. Nothing is ever deleted by itself: this is what a commission
// decides on. It reads day by day, so that no read is long.
func (d *Desk) RetentionDue(ctx context.Context, by clinic.ID) (due []DueYear, rules []clinic.CatalogRow, err error) {
	list := dueList{today: d.today()}
	err = d.view(ctx, func(r Reader) error {
		list.rules = r.SearchCatalog(clinic.CatalogRetention, clinic.KeepPrefix, list.today, 100)
		_, err := who(r, by, rightStaff)
		return err
	})
	if err != nil || len(list.rules) == 0 {
		return nil, nil, err
	}
	last := list.last()
	for day, ok := (clinic.Date{Year: 1900, Month: 1, Day: 1}), true; ok; day = day.AddDays(1) {
		err := d.view(ctx, func(r Reader) error {
			if day, ok, err = r.NextDay(day); err != nil || !ok || last.Before(day) {
				ok = false
				return err
			}
			return list.day(r, day)
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return list.years, list.rules, nil
}

// dueList is a RetentionDue on its way.
type dueList struct {
	today clinic.Date
	rules []clinic.CatalogRow
	years []DueYear
}

// last is the last day whose visits may be due by any rule.
func (l *dueList) last() clinic.Date {
	least := l.rules[0].Years
	for _, rule := range l.rules {
		least = min(least, rule.Years)
	}
	return clinic.Date{Year: l.today.Year - least - 1, Month: 12, Day: 31}
}

func (l *dueList) day(r Reader, day clinic.Date) error {
	rows, err := r.Day(day)
	for i := 0; i < len(rows) && err == nil; i++ {
		err = l.visit(r, &rows[i])
	}
	return err
}

// visit adds the visit when its time has ended.
func (l *dueList) visit(r Reader, v *VisitRow) error {
	records, err := r.Records(v.Patient)
	if err != nil {
		return err
	}
	holes, err := r.Lost(v.Patient)
	if err != nil {
		return err
	}
	file := clinic.FoldPatient(v.Patient, records)
	file.Lose(holes)
	rules, codes := everyRule(l.rules), []string(nil)
	if x := file.Visit(v.ID); x != nil && !x.Misses(clinic.KindDiagnosis) && (v.Has&HasDiagnosis == 0 || x.Doc(clinic.KindDiagnosis) != nil) {
		rules, codes = l.rules, x.Diagnoses()
	}
	until, rule, ok := clinic.KeepUntil(v.Day, codes, rules)
	if !ok || !until.Before(l.today) {
		return nil
	}
	_, closed, err := protected(r, v.Patient)
	if closed {
		rule, until = clinic.CatalogRow{}, clinic.Date{}
	}
	l.add(DueYear{v.Day.Year, rule, until, []DueVisit{{v.Patient, v.ID, v.Key, v.Day}}})
	return err
}

// everyRule has each rule apply to every visit: of one whose diagnosis can no longer be
// read the longest time counts.
func everyRule(rules []clinic.CatalogRow) []clinic.CatalogRow {
	out := slices.Clone(rules)
	for i := range out {
		out[i].Applies = "*"
	}
	return out
}

// add joins visits of one year and rule.
func (l *dueList) add(y DueYear) {
	for i := range l.years {
		if x := &l.years[i]; x.Year == y.Year && x.Rule.Code == y.Rule.Code {
			x.Visits = append(x.Visits, y.Visits...)
			return
		}
	}
	l.years = append(l.years, y)
}
