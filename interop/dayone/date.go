package dayone

import (
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// sex reads a sex as people and insurance tables write it.
func sex(s string) (clinic.Sex, bool) {
	switch sheet.Key(s) {
	case "1", "nam", "m", "male", "trai", "ong":
		return clinic.SexMale, true
	case "2", "nu", "f", "female", "gai", "ba":
		return clinic.SexFemale, true
	case "3", "khac", "other", "khongxacdinh":
		return clinic.SexUndetermined, true
	}
	return clinic.SexUnknown, false
}

// sexAndBirth reads both, also from the two columns of old books: a year of birth, an
// age or a cross in that of the sex.
func (l *line) sexAndBirth() {
	p := &l.row.Patient
	if s := l.cells["sex"]; s != "" {
		var ok bool
		if p.Sex, ok = sex(s); !ok {
			l.fail("sex", clinic.RowSex, s)
		}
	}
	birth, age := l.cells["birth"], l.cells["age"]
	male, female := l.cells["male"], l.cells["female"]
	switch {
	case male != "" && female != "":
		l.fail("sex", clinic.RowSex, male+" / "+female)
	case male != "" && p.Sex == clinic.SexUnknown:
		p.Sex = clinic.SexMale
	case female != "" && p.Sex == clinic.SexUnknown:
		p.Sex = clinic.SexFemale
	}
	if v := male + female; (male == "" || female == "") && birth == "" && age == "" && v != "" && strings.ToLower(v) != "x" {
		if len(v) == 4 {
			birth = v
		} else {
			age = v
		}
	}
	switch {
	case birth != "":
		p.Birth = l.birth(birth)
	case age != "":
		p.Birth = l.ofAge("age", age)
	}
	if p.Birth.IsZero() {
		return
	}
	oldest := l.today
	oldest.Year -= 130
	if l.today.Before(p.Birth) || p.Birth.Year < oldest.Year {
		l.fail("birth", clinic.RowBirth, birth+age)
	}
}

// birth reads a birth date, and an age that stands in its place.
func (l *line) birth(s string) clinic.Date {
	if d, ok := date(s); ok {
		return d
	}
	if d, ok := serial(s, l.today); ok {
		l.warn("birth", clinic.RowSerial, s+" → "+d.String())
		return d
	}
	key := sheet.Key(s)
	if strings.HasSuffix(key, "tuoi") || strings.HasSuffix(key, "thang") || strings.HasSuffix(key, "t") && len(key) < 5 {
		return l.ofAge("birth", s)
	}
	if two(s) {
		l.fail("birth", clinic.RowYear2, s)
	} else {
		l.fail("birth", clinic.RowBirth, s)
	}
	return clinic.Date{}
}

// ofAge counts back from today: the year of birth, of months the month.
func (l *line) ofAge(column, s string) clinic.Date {
	key := sheet.Key(s)
	number := strings.TrimRight(key, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.Atoi(number)
	unit := key[len(number):]
	d := clinic.Date{Year: l.today.Year - n}
	switch {
	case err != nil || n > 130:
		l.fail(column, clinic.RowBirth, s)
		return clinic.Date{}
	case unit == "thang" || unit == "m" || unit == "months":
		t := time.Date(l.today.Year, time.Month(l.today.Month-n), 1, 0, 0, 0, 0, time.UTC)
		d = clinic.Date{Year: t.Year(), Month: int(t.Month())}
	case unit != "" && unit != "tuoi" && unit != "t" && unit != "y" && unit != "years":
		l.fail(column, clinic.RowBirth, s)
		return clinic.Date{}
	}
	l.warn(column, clinic.RowAge, s+" → "+d.String())
	return d
}

// day reads a column as people write days, or as spreadsheets count them up to the last one.
// Not ok: it is empty, or what is wrong was told.
func (l *line) day(column string, last clinic.Date) (clinic.Date, bool) {
	s := l.cells[column]
	d, ok := date(s)
	if ok || s == "" {
		return d, ok
	}
	if d, ok = serial(s, last); ok {
		l.warn(column, clinic.RowSerial, s+" → "+d.String())
		return d, true
	}
	if two(s) {
		l.fail(column, clinic.RowYear2, s)
	} else {
		l.fail(column, clinic.RowDate, s)
	}
	return clinic.Date{}, false
}

// two reports whether a date has a year of two digits, or is one.
func two(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/-. ", r) })
	n := len(parts)
	return n > 0 && len(parts[n-1]) <= 2 && strings.Trim(strings.Join(parts, ""), "0123456789") == ""
}

// date reads dd/mm/yyyy, mm/yyyy, yyyy and yyyy-mm-dd, with any signs between; a time of
// day behind it is left out. Nothing else: 12/25/1990 is not guessed at.
func date(s string) (clinic.Date, bool) {
	s = strings.TrimSuffix(strings.TrimSpace(s), ".0")
	if day, clock, ok := strings.Cut(s, " "); ok && strings.Contains(clock, ":") {
		s = day
	}
	if day, _, ok := strings.Cut(s, "T"); ok && len(day) == 10 {
		s = day
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/-. ", r) })
	var n []int
	for _, p := range parts {
		v, err := strconv.Atoi(p)
		if err != nil || len(p) > 4 || v < 0 {
			return clinic.Date{}, false
		}
		n = append(n, v)
	}
	var d clinic.Date
	switch {
	case len(n) == 1 && len(parts[0]) == 4:
		d = clinic.Date{Year: n[0]}
	case len(n) == 2 && len(parts[1]) == 4:
		d = clinic.Date{Year: n[1], Month: n[0]}
	case len(n) == 3 && len(parts[2]) == 4:
		d = clinic.Date{Year: n[2], Month: n[1], Day: n[0]}
	case len(n) == 3 && len(parts[0]) == 4:
		d = clinic.Date{Year: n[0], Month: n[1], Day: n[2]}
	default:
		return clinic.Date{}, false
	}
	if len(n) == 3 && (n[0] == 0 && n[1] == 0) { // 00/00/1950
		d.Month, d.Day = 0, 0
	}
	return d, d.Valid() && !d.IsZero() && d.Year >= 1900 && (len(n) < 2 || d.Month > 0 || d.Day == 0)
}

// serial reads a day as spreadsheets count them, from 1905 to today.
func serial(s string, today clinic.Date) (clinic.Date, bool) {
	n, err := strconv.Atoi(strings.TrimSuffix(s, ".0"))
	if err != nil || n < 2100 || len(strings.TrimSuffix(s, ".0")) < 4 {
		return clinic.Date{}, false
	}
	d := clinic.DateOf(time.Date(1899, 12, 30, 12, 0, 0, 0, time.UTC).AddDate(0, 0, min(n, 1<<20)))
	return d, !today.Before(d)
}
