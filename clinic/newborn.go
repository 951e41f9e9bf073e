package clinic

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
)

// BornAt tells where a child was born.
type BornAt uint8

// Where a child was born; 0 is not asked. Values are frozen.
const (
	BornHere      BornAt = 1 // at this facility
	BornElsewhere BornAt = 2 // and brought in
)

// UnknownName stands for the name of a patient without papers who cannot say it.
const UnknownName = "Chưa rõ tên"

// NewbornName says whose child one is that has no name yet, as wards write it: Con bà
// NGUYỄN THỊ A, and of twins and more its place among them: Con bà NGUYỄN THỊ A 1/2.
func NewbornName(mother string, order, of int) string {
	s := "Con bà " + strings.ToUpper(mother)
	switch {
	case order > 0 && of > 1:
		return fmt.Sprintf("%s %d/%d", s, order, of)
	case order > 0:
		return fmt.Sprintf("%s %d", s, order)
	}
	return s
}

// NewbornOf takes the mother's name out of a name that NewbornName made; fold is the
// search key of names, so letters may be written in any way.
func NewbornOf(name string, fold func(string) string) (mother string, ok bool) {
	words := strings.Fields(name)
	if len(words) < 3 || fold(words[0]) != "con" || fold(words[1]) != "ba" {
		return "", false
	}
	if last := words[len(words)-1]; strings.Trim(last, "0123456789/") == "" {
		words = words[:len(words)-1]
	}
	return strings.Join(words[2:], " "), len(words) > 2
}

// ParseGrams reads the typed weight of a newborn: grams, 3200, or kilograms with
// decimals, 3,2. With three decimals both are the same: 3.200 g are 3,200 kg.
func ParseGrams(field, s string) (int, error) {
	s = strings.TrimSpace(s)
	if strings.ContainsAny(s, ",.") {
		return ParseFixed(field, s, 3)
	}
	return ParseFixed(field, s, 0)
}

// BornGramsRange is what a newborn may weigh, in grams: what scales show of one.
func BornGramsRange() Range {
	r := RangeOf(FieldWeight, 0).Hard
	return Range{r.Low * 100, r.High * 100}
}

// MotherAge is how many years old somebody can be who bears a child: wide, for it is a
// typing error or the wrong person that it shall find.
func MotherAge() Range { return Range{10, 60} }

// ParseClock reads a typed time of day, 6:05, 06.05, 0605 or 6h05, into HH:MM.
func ParseClock(s string) (string, bool) {
	s = strings.NewReplacer(".", ":", "h", ":", "H", ":", " ", "").Replace(strings.TrimSpace(s))
	if len(s) == 4 && digits(s) {
		s = s[:2] + ":" + s[2:]
	}
	s = strings.TrimSuffix(s, ":")
	if !strings.Contains(s, ":") {
		s += ":00"
	}
	t, err := time.Parse("15:04", s)
	return t.Format("15:04"), err == nil
}

// BornTime returns the moment of birth; ok is false when day or time is not known.
func BornTime(birth Date, clock string) (t time.Time, ok bool) {
	if !birth.Full() || !birth.Valid() {
		return time.Time{}, false
	}
	at, err := time.ParseInLocation("15:04", clock, ICT)
	if err != nil {
		return time.Time{}, false
	}
	return time.Date(birth.Year, time.Month(birth.Month), birth.Day, at.Hour(), at.Minute(), 0, 0, ICT), true
}

// AgeUnit is what an age is counted in.
type AgeUnit uint8

// The units of an age.
const (
	AgeYears  AgeUnit = 0
	AgeMonths AgeUnit = 1
	AgeDays   AgeUnit = 2
	AgeHours  AgeUnit = 3
)

// monthsUntil is the age up to which papers say it in months (Circular 26/2025/TT-BYT:
// of children under 72 months).
const monthsUntil = 72

// SayAge returns the age as it is said: in hours on the first day of life when the time
// of birth is known, in days in the first month, in months up to 72, else in years. An
// unknown birth date gives ok false.
func SayAge(birth Date, clock string, now time.Time) (n int, unit AgeUnit, ok bool) {
	if birth.IsZero() {
		return 0, 0, false
	}
	on := DateOf(now)
	a := birth.AgeAt(on)
	switch {
	case birth.Month == 0 || a.InMonths() >= monthsUntil:
		return a.Years, AgeYears, true
	case birth.Day == 0 || a.InMonths() > 0:
		return a.InMonths(), AgeMonths, true
	}
	if born, exact := BornTime(birth, clock); exact && now.Sub(born) < 24*time.Hour {
		return max(int(now.Sub(born)/time.Hour), 0), AgeHours, true
	}
	return a.Days, AgeDays, true
}

// SmallChild reports whether somebody is of the age that papers say in months.
func SmallChild(birth, on Date) bool {
	return birth.Month != 0 && birth.AgeAt(on).InMonths() < monthsUntil
}

// ChildOf reports whether the patient's details name one of the person's IDs as the
// mother.
func (p *Patient) ChildOf(who *Identity) bool {
	return slices.ContainsFunc(who.IDs, func(id ID) bool { return bytes.Equal(p.Mother, id[:]) })
}

// MotherID returns the mother's patient ID; ok is false when none is known.
func (p *Patient) MotherID() (id ID, ok bool) {
	if len(p.Mother) != len(id) {
		return ID{}, false
	}
	id = ID(p.Mother)
	return id, !id.IsZero()
}

// Twins reports whether the two are different children of one birth: never the same
// person, however much else is alike.
func Twins(a, b *Patient) bool {
	return a.Order > 0 && b.Order > 0 && a.Order != b.Order && len(a.Mother) > 0 && bytes.Equal(a.Mother, b.Mother)
}

// SameTime reports whether two children may be of one birth by their dates, which for
// twins may be two days apart; a date that is not known to the day compares by the year.
func SameTime(a, b Date) bool {
	if !a.Full() || !b.Full() {
		return a.Year == b.Year
	}
	return a.Time().Sub(b.Time()).Abs() <= 48*time.Hour
}

// OneBirth reports whether two children of one mother are by all that is known the same
// child: born on one day, and not known to be two.
func OneBirth(a, b *Patient) bool {
	return len(a.Mother) > 0 && bytes.Equal(a.Mother, b.Mother) && a.Birth.Full() && a.Birth == b.Birth &&
		(a.Order == b.Order || a.Order == 0 || b.Order == 0)
}
