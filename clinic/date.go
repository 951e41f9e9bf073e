package clinic

import (
	"fmt"
	"time"
)

// ICT is Viet Nam's time: UTC+7 all year, no daylight saving.
var ICT = time.FixedZone("ICT", 7*3600)

// Date is a calendar date whose month or day may be unknown (0): cards and
// memories often know only the year. The zero Date is unknown altogether.
type Date struct {
	Year  int `cbor:"1,keyasint,omitempty"` // 1900–2200
	Month int `cbor:"2,keyasint,omitempty"` // 1–12, 0 unknown
	Day   int `cbor:"3,keyasint,omitempty"` // 1–31, 0 unknown
}

// DateOf returns the date of t in Viet Nam.
func DateOf(t time.Time) Date {
	y, m, d := t.In(ICT).Date()
	return Date{y, int(m), d}
}

// Last returns the last day that a date may mean: of a month its last, of a year too.
func (d Date) Last() Date {
	switch {
	case d.IsZero() || d.Full():
		return d
	case d.Month == 0:
		return Date{d.Year, 12, 31}
	}
	return MonthEnd(d.Year, d.Month)
}

// IsZero reports whether nothing of the date is known.
func (d Date) IsZero() bool { return d == Date{} }

// Full reports whether year, month and day are known.
func (d Date) Full() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// Valid reports whether the known parts form a date of the calendar between
// 1900 and 2200. An unknown date is valid; an unknown month with a day is not.
func (d Date) Valid() bool {
	switch {
	case d.IsZero():
		return true
	case d.Year < 1900 || d.Year > 2200:
		return false
	case d.Month == 0:
		return d.Day == 0
	case d.Month < 0 || d.Month > 12 || d.Day < 0:
		return false
	case d.Day == 0:
		return true
	}
	t := time.Date(d.Year, time.Month(d.Month), d.Day, 12, 0, 0, 0, time.UTC)
	return t.Day() == d.Day && int(t.Month()) == d.Month
}

// Time returns the first instant of the date in Viet Nam; unknown parts count
// as the first month or day.
func (d Date) Time() time.Time {
	return time.Date(d.Year, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, ICT)
}

// AddDays returns the date n days later. The date must be Full.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// Before reports whether d starts before e; unknown parts count as the first.
func (d Date) Before(e Date) bool { return d.Time().Before(e.Time()) }

// Int returns yyyymmdd, with zeros for unknown parts: the order of dates.
func (d Date) Int() int { return d.Year*10000 + d.Month*100 + d.Day }

// DateFromInt is the inverse of Int.
func DateFromInt(n int) Date { return Date{n / 10000, n / 100 % 100, n % 100} }

// String writes the date as Vietnamese papers do: dd/mm/yyyy, mm/yyyy or yyyy.
func (d Date) String() string {
	switch {
	case d.IsZero():
		return ""
	case d.Month == 0:
		return fmt.Sprintf("%04d", d.Year)
	case d.Day == 0:
		return fmt.Sprintf("%02d/%04d", d.Month, d.Year)
	}
	return fmt.Sprintf("%02d/%02d/%04d", d.Day, d.Month, d.Year)
}

// Age is a length of life in whole years, months and days.
type Age struct{ Years, Months, Days int }

// AgeAt returns the age on day on; unknown parts of the birth date count as the
// first month or day. A birth after on gives the zero Age.
func (d Date) AgeAt(on Date) Age {
	if d.IsZero() || !d.Before(on) {
		return Age{}
	}
	b, t := d.Time(), on.Time()
	months := (t.Year()-b.Year())*12 + int(t.Month()) - int(b.Month())
	if t.Day() < b.Day() {
		months--
	}
	days := int(t.Sub(b.AddDate(0, months, 0)).Hours() / 24)
	return Age{months / 12, months % 12, max(days, 0)}
}
