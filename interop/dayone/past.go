package dayone

import (
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// pastMax is how many letters one thing of the history may have, as on the page.
const pastMax = 500

// past reads one thing of the history, of a day that nobody knows.
func (l *line) past() {
	p := &clinic.PastItem{Text: l.cells["past"], Source: clinic.PastPaper}
	l.row.Past = p
	switch n := len([]rune(p.Text)); {
	case n == 0:
		l.fail("past", clinic.RowEmpty, "")
	case n > pastMax:
		l.fail("past", clinic.RowLong, "")
	}
	var ok bool
	if p.About, ok = about(l.cells["about"]); !ok {
		l.fail("about", clinic.RowChoice, l.cells["about"])
	}
	s := strings.TrimSuffix(l.cells["year"], ".0")
	if s == "" {
		return
	}
	year, err := strconv.Atoi(s)
	switch birth := l.row.Patient.Birth; {
	case err != nil || year < 0:
		l.fail("year", clinic.RowNumber, s)
	case year < 100:
		l.fail("year", clinic.RowYear2, s)
	case year < 1900:
		l.fail("year", clinic.RowDate, s)
	case year > l.today.Year:
		l.fail("year", clinic.RowFuture, s)
	case year < birth.Year:
		l.fail("year", clinic.RowUnborn, s)
	}
	p.Year = year
}

// about reads what kind of thing it is; nothing said is an illness.
func about(s string) (clinic.PastAbout, bool) {
	switch sheet.Key(s) {
	case "", "benh", "benhtat", "illness", "noikhoa":
		return clinic.PastIllness, true
	case "phauthuat", "mo", "ngoaikhoa", "operation", "surgery":
		return clinic.PastOperation, true
	case "chanthuong", "tainan", "injury", "accident":
		return clinic.PastInjury, true
	case "khac", "other":
		return clinic.PastOther, true
	}
	return 0, false
}
