package clinic

import (
	"fmt"
	"strconv"
	"strings"
)

// Issue is one number that an entry used up in a series of its box.
type Issue struct {
	Series string
	Number int
}

// SeriesQueue counts the people of one day at this box.
func SeriesQueue(day Date) string { return fmt.Sprintf("queue/%08d", day.Int()) }

// SeriesVisit counts the visit keys (MA_LK) of one book and day.
func SeriesVisit(book string, day Date) string {
	return fmt.Sprintf("visit/%s/%08d", strings.ToLower(book), day.Int())
}

// SeriesSlip counts the appointment slips of one book.
func SeriesSlip(book string) string { return "slip/" + strings.ToLower(book) }

// SeriesPrescription counts the prescriptions of one book.
func SeriesPrescription(book string) string { return "prescription/" + strings.ToLower(book) }

// SeriesTemporary counts the temporary patient codes of one book.
func SeriesTemporary(book string) string { return "temporary/" + strings.ToLower(book) }

// SeriesSample counts the samples of one book.
func SeriesSample(book string) string { return "sample/" + strings.ToLower(book) }

// Issued returns the numbers that an entry with this body used up: the store
// keeps the highest of each series, from the entries of its own journal.
func Issued(body any) []Issue {
	var out []Issue
	add := func(series string, n int) { out = append(out, Issue{series, n}) }
	switch b := body.(type) {
	case *Visit:
		if b.Queue > 0 {
			add(SeriesQueue(b.Day), b.Queue)
		}
		if c, day, err := ParseVisitKey(b.Key); err == nil {
			add(SeriesVisit(c.Book, day), c.Number)
		}
	case *Appointment:
		if _, c, err := ParseSlip(b.Slip); err == nil {
			add(SeriesSlip(c.Book), c.Number)
		}
	case *Prescription:
		if c, err := ParsePrescriptionCode(b.Code); err == nil {
			add(SeriesPrescription(c.Book), c.Number)
		}
	case *Sample:
		if _, c, err := ParseSampleNumber(b.Number); err == nil {
			add(SeriesSample(c.Book), c.Number)
		}
	case *Patient:
		for _, id := range b.Identifiers {
			if _, c, err := ParseTemporary(id.Value); id.System == SystemTemporary && err == nil {
				add(SeriesTemporary(c.Book), c.Number)
			}
		}
	default:
		out = append(issuedGoods(body), issuedBirth(body)...)
	}
	return out
}

// SeriesDay returns the day of a series that counts the numbers of one day.
func SeriesDay(series string) (day Date, ok bool) {
	at := strings.LastIndexByte(series, '/')
	if !strings.HasPrefix(series, "queue/") && !strings.HasPrefix(series, "visit/") || len(series)-at != 9 {
		return Date{}, false
	}
	n, err := strconv.Atoi(series[at+1:])
	day = DateFromInt(n)
	return day, err == nil && day.Valid()
}

// NewVisitKey returns a visit's MA_LK: facility code, book, yymmdd, four digits.
// It never changes, whatever is corrected later.
func NewVisitKey(facility, book string, day Date, n int) (string, error) {
	book = strings.ToLower(book)
	if !codeParts(facility, book) || !day.Full() || !day.Valid() || day.Year < 2000 || day.Year > 2099 || n < 1 || n > 9999 {
		return "", fmt.Errorf("%w: visit key out of form", ErrSlip)
	}
	return fmt.Sprintf("%s%s%06d%04d", facility, book, day.Int()%1_000_000, n), nil
}

// ParseVisitKey takes a visit key apart.
func ParseVisitKey(s string) (Code, Date, error) {
	if len(s) != 16 || !codeParts(s[:5], s[5:6]) || !digits(s[6:]) {
		return Code{}, Date{}, ErrSlip
	}
	d, _ := strconv.Atoi(s[6:12])
	n, _ := strconv.Atoi(s[12:])
	day := DateFromInt(20_000_000 + d)
	if !day.Full() || !day.Valid() || n == 0 {
		return Code{}, Date{}, ErrSlip
	}
	return Code{Facility: s[:5], Book: s[5:6], Number: n}, day, nil
}

// NewPrescriptionCode returns FFFFFRRRRRRR-C, -N, -H or -T by the kind of prescription. The
// seven characters that must be unique within the facility are our book and a
// counter, so that two boxes without a link never meet.
func NewPrescriptionCode(facility, book string, n int, t RxType) (string, error) {
	book = strings.ToLower(book)
	if !codeParts(facility, book) || n < 1 || n > 999_999 || !t.valid() {
		return "", fmt.Errorf("%w: prescription code out of form", ErrSlip)
	}
	return fmt.Sprintf("%s%s%06d-%s", facility, book, n, t), nil
}

// ParsePrescriptionCode takes a code of NewPrescriptionCode apart.
func ParsePrescriptionCode(s string) (Code, error) {
	if len(s) != 14 || !codeParts(s[:5], s[5:6]) || !digits(s[6:12]) || s[12] != '-' || !RxType(s[13:]).valid() {
		return Code{}, ErrSlip
	}
	n, _ := strconv.Atoi(s[6:12])
	if n == 0 {
		return Code{}, ErrSlip
	}
	return Code{Facility: s[:5], Book: s[5:6], Number: n}, nil
}

func codeParts(facility, book string) bool {
	return len(facility) == 5 && alnum(strings.ToUpper(facility)) &&
		len(book) == 1 && book == strings.ToLower(book) && alnum(strings.ToUpper(book))
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
