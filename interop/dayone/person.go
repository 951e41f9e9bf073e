package dayone

import (
	"strconv"
	"strings"
	"unicode"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
)

// person reads who it is.
func (l *line) person() {
	p := &l.row.Patient
	whole := l.list == clinic.OldPatients
	p.Source = clinic.SourceTyped
	if p.Name = l.cells["name"]; p.Name != "" && !isName(p.Name) {
		l.fail("name", clinic.RowName, p.Name)
	} else if p.Name == "" && whole {
		l.fail("name", clinic.RowEmpty, "")
	}
	l.numbers()
	l.sexAndBirth()
	if whole {
		l.fromNumber()
	}
	crossed := l.cells["male"] + l.cells["female"]
	if whole && p.Birth.IsZero() && l.cells["birth"]+l.cells["age"] == "" && (crossed == "" || strings.ToLower(crossed) == "x") {
		l.fail("birth", clinic.RowEmpty, "")
	}
	if whole && p.Sex == clinic.SexUnknown && l.cells["sex"]+crossed == "" {
		l.fail("sex", clinic.RowEmpty, "")
	}
	if !whole && !l.bad && len(p.Identifiers) == 0 && (p.Name == "" || p.Birth.IsZero()) {
		l.fail("name", clinic.RowEmpty, "")
	}
	p.Phone = l.phone()
	p.Address, p.Occupation, p.Guardian = l.cells["address"], l.cells["occupation"], l.cells["guardian"]
	for column, of := range map[string]struct {
		text string
		max  int
	}{"name": {p.Name, 100}, "address": {p.Address, 300}, "occupation": {p.Occupation, 60}, "guardian": {p.Guardian, 100}} {
		if len([]rune(of.text)) > of.max {
			l.fail(column, clinic.RowLong, "")
		}
	}
	p.Ethnic = l.ethnic()
	for i := range p.Identifiers {
		id := &p.Identifiers[i]
		if id.System == clinic.SystemCitizen && len(clinic.CheckCitizen(id.Value, p.Sex, p.Birth)) > 0 {
			l.warn("citizen", clinic.RowDoubt, id.Value)
		}
	}
}

func isName(s string) bool {
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsDigit(r), strings.ContainsRune("{}@/\\|<>=", r):
			return false
		}
	}
	return letters > 1
}

// swapped finds values that stand in another's column: all that is there would be wrong.
func (l *line) swapped() {
	wrong := func(column, belongs string) {
		l.bad = true
		l.Problems = append(l.Problems, clinic.RowProblem{
			At: l.at, Column: column, Code: clinic.RowSwapped,
			Args: map[string]string{"value": sheet.Shorten(l.cells[column]), "column": belongs},
		})
	}
	name, birth, number := l.cells["name"], l.cells["birth"], plainDigits(l.cells["citizen"])
	if name != "" && !isName(name) {
		switch _, isDate := date(name); {
		case len(plainDigits(name)) >= 9:
			wrong("name", "citizen")
		case isDate:
			wrong("name", "birth")
		}
	}
	if birth != "" {
		if _, is := sex(birth); is {
			wrong("birth", "sex")
		} else if n := len(plainDigits(birth)); n == 9 || n == 12 {
			wrong("birth", "citizen")
		} else if isName(birth) && len(strings.Fields(birth)) > 1 && !strings.Contains(birth, "tuổi") && !strings.Contains(birth, "tháng") {
			wrong("birth", "name")
		}
	}
	if s := l.cells["citizen"]; s != "" && number == "" {
		if _, is := date(s); is {
			wrong("citizen", "birth")
		} else if isName(s) {
			wrong("citizen", "name")
		}
	}
	if s := l.cells["sex"]; s != "" {
		if _, is := sex(s); !is {
			if _, is := date(s); is && len(s) > 3 {
				wrong("sex", "birth")
			}
		}
	}
}

// plainDigits returns the digits of a number that is one, or "".
func plainDigits(s string) string {
	s = strings.TrimSuffix(clinic.NormalIdentifier(strings.TrimSuffix(s, ".0")), "'")
	s = strings.TrimPrefix(s, "'")
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// digits reads a number that a spreadsheet may have spoiled. lost: it wrote 7.9E+10 and
// kept fewer digits than the number has.
func digits(s string) (number string, lost bool) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "'")
	mantissa, exp, ok := strings.Cut(strings.ToUpper(strings.ReplaceAll(s, ",", ".")), "E")
	if n, err := strconv.Atoi(strings.TrimPrefix(exp, "+")); ok && err == nil && strings.Trim(mantissa, "0123456789.") == "" {
		whole, frac, _ := strings.Cut(mantissa, ".")
		if n < 0 || n > 20 || len(whole) != 1 || len(frac) < n-1 { // the last digit may be a zero that is not written
			return "", true
		}
		return whole + (frac + strings.Repeat("0", n))[:n], false
	}
	return clinic.NormalIdentifier(strings.TrimSuffix(s, ".0")), false
}

// numbers reads the numbers that name the person.
func (l *line) numbers() {
	for _, c := range []struct {
		column string
		system clinic.System
	}{
		{"citizen", clinic.SystemCitizen},
		{"oldid", clinic.SystemOldID},
		{"insurance", clinic.SystemInsurance},
		{"social", clinic.SystemSocial},
		{"passport", clinic.SystemPassport},
	} {
		typed := l.cells[c.column]
		if typed == "" || typed == "-" || typed == "0" {
			continue
		}
		value, lost := digits(typed)
		if lost {
			l.fail(c.column, clinic.RowDigits, typed)
			continue
		}
		system := c.system
		value, system = l.zeros(c.column, value, system)
		if clinic.CheckIdentifier(c.column, system, value) != nil {
			l.fail(c.column, clinic.RowIdentifier, typed)
			continue
		}
		l.row.Patient.Identifiers = append(l.row.Patient.Identifiers, clinic.Identifier{System: system, Value: value})
	}
}

// zeros gives a number back what a spreadsheet dropped before it, and finds old numbers
// in the column of new ones.
func (l *line) zeros(column, value string, system clinic.System) (string, clinic.System) {
	want := 0
	switch n := len(value); {
	case plainDigits(value) == "":
	case system == clinic.SystemCitizen && n == 9:
		return value, clinic.SystemOldID
	case system == clinic.SystemCitizen && (n == 10 || n == 11):
		want = 12 // codes of provinces are 001 to 096
	case system == clinic.SystemOldID && n == 12:
		return value, clinic.SystemCitizen
	case system == clinic.SystemOldID && n == 8, system == clinic.SystemSocial && (n == 8 || n == 9):
		want = n + 1
		if system == clinic.SystemSocial {
			want = 10
		}
	case system == clinic.SystemInsurance && n == 10:
		return value, clinic.SystemSocial
	}
	if want > 0 {
		value = strings.Repeat("0", want-len(value)) + value
		l.warn(column, clinic.RowZeros, value)
	}
	return value, system
}

// phone reads a telephone number; what is none is left out and told.
func (l *line) phone() string {
	typed := l.cells["phone"]
	if typed == "" || typed == "-" || typed == "0" {
		return ""
	}
	value, lost := digits(typed)
	value = strings.NewReplacer("(", "", ")", "", "/", "").Replace(value)
	if rest, ok := strings.CutPrefix(value, "+84"); ok {
		value = "0" + rest
	}
	if len(value) == 9 && value[0] != '0' { // the spreadsheet dropped it
		value = "0" + value
	}
	if lost || plainDigits(value) == "" || len(value) < 8 || len(value) > 15 {
		l.warn("phone", clinic.RowPhone, typed)
		return ""
	}
	return value
}

// ethnic reads the code of the ethnic group; a name is kept by nobody.
func (l *line) ethnic() string {
	s := l.cells["ethnic"]
	switch {
	case s == "":
		return ""
	case len(s) == 1 && s[0] >= '1' && s[0] <= '9':
		return "0" + s
	case len(s) == 2 && strings.Trim(s, "0123456789") == "":
		return s
	case sheet.Key(s) == "kinh":
		return "01"
	}
	l.warn("ethnic", clinic.RowForm, s)
	return ""
}

// fromNumber takes sex and year of birth from the citizen number when the file has none.
func (l *line) fromNumber() {
	p := &l.row.Patient
	for _, id := range p.Identifiers {
		if id.System != clinic.SystemCitizen || id.Value[3] > '3' {
			continue
		}
		g := int(id.Value[3] - '0')
		if p.Sex == clinic.SexUnknown && l.cells["sex"] == "" {
			p.Sex = clinic.Sex(1 + g%2)
			l.warn("sex", clinic.RowFromNumber, id.Value)
		}
		if p.Birth.IsZero() && l.cells["birth"] == "" && l.cells["age"] == "" {
			yy, _ := strconv.Atoi(id.Value[4:6])
			p.Birth = clinic.Date{Year: 1900 + 100*(g/2) + yy}
			l.warn("birth", clinic.RowFromNumber, id.Value)
		}
	}
}

// allergies reads what harmed the person.
func (l *line) allergies() {
	s := l.cells["allergies"]
	switch sheet.Key(s) {
	case "":
		return
	case "khong", "khongco", "no", "none", "chuaphathien", "khongdiung", "0":
		l.row.NoAllergy = true
		return
	case "co", "yes", "khongro", "chuaro", "x":
		l.warn("allergies", clinic.RowValue, s)
		return
	}
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return strings.ContainsRune(",;+\n", r) }) {
		if part = sheet.Clean(part); part == "" {
			continue
		}
		if len([]rune(part)) > 60 {
			l.fail("allergies", clinic.RowLong, "")
			return
		}
		l.row.Allergies = append(l.row.Allergies, clinic.Allergy{Substance: part})
	}
	if len(l.row.Allergies) > 30 {
		l.fail("allergies", clinic.RowTooMany, "")
	}
}
