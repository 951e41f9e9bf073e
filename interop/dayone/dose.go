package dayone

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// dose reads a vaccine that somebody has had.
func (l *line) dose() {
	d := &clinic.OldDose{Vaccine: l.cells["vaccine"], Lot: clinic.NormalLot(l.cells["lot"]), Place: l.cells["place"]}
	l.row.Dose = d
	if d.Vaccine == "" {
		l.fail("vaccine", clinic.RowEmpty, "")
	}
	if s := strings.TrimSuffix(l.cells["dose"], ".0"); s != "" {
		n, err := strconv.Atoi(strings.TrimLeft(sheet.Key(s), "abcdefghijklmnopqrstuvwxyz"))
		if err != nil || n < 1 || n > 20 {
			l.fail("dose", clinic.RowNumber, s)
		}
		d.Number = n
	}
	for column, of := range map[string]struct {
		text string
		max  int
	}{"vaccine": {d.Vaccine, 120}, "lot": {d.Lot, 30}, "place": {d.Place, 120}} {
		if len([]rune(of.text)) > of.max {
			l.fail(column, clinic.RowLong, "")
		}
	}
	s := l.cells["given"]
	day, ok := l.day("given", l.today)
	switch {
	case s == "":
		l.fail("given", clinic.RowEmpty, "")
	case !ok: // was told
	case l.today.Before(day):
		l.fail("given", clinic.RowFuture, s)
	case !l.row.Patient.Birth.IsZero() && day.Last().Before(l.row.Patient.Birth):
		l.fail("given", clinic.RowUnborn, s)
	}
	d.Day = day
}
