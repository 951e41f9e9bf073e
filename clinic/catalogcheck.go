package clinic

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Check returns what makes the row one that no catalogue may hold: a name or code
// that is missing, text that is none, a code that has not the form of its catalogue,
// days in the wrong order. It looks at nothing but the row.
func (r *CatalogRow) Check() (bad []RowProblem) {
	fail := func(column, code string, args map[string]string) {
		bad = append(bad, RowProblem{Column: column, Code: code, Args: args})
	}
	all := 0
	for _, c := range CatalogColumns() {
		s := c.Get(r)
		all += len(s)
		switch {
		case s == "":
			if c.Name == "code" || c.Name == "name" || c.Name == "from" {
				fail(c.Name, RowEmpty, nil)
			}
		case utf8.RuneCountInString(s) > c.Max:
			fail(c.Name, RowLong, map[string]string{"max": strconv.Itoa(c.Max)})
		case !plain(s):
			fail(c.Name, RowText, nil)
		}
	}
	if all > maxRowText {
		fail("", RowLong, map[string]string{"max": strconv.Itoa(maxRowText)})
	}
	if r.Catalog == "" || !lowerWord(r.Catalog) {
		fail("catalog", RowCatalog, map[string]string{"catalog": r.Catalog})
	}
	if r.Code != "" && !r.codeForm() {
		fail("code", RowForm, map[string]string{"value": r.Code})
	}
	for _, d := range []struct {
		column string
		day    Date
	}{{"from", r.From}, {"to", r.To}} {
		if !d.day.IsZero() && (!d.day.Full() || !d.day.Valid()) {
			fail(d.column, RowDate, nil)
		}
	}
	if r.Withdrawn() && r.To != r.From.AddDays(-1) {
		fail("to", RowOrder, nil)
	}
	if r.Price < 0 || r.Price > maxPrice {
		fail("price", RowPrice, nil)
	}
	if _, ok := ParseTiming(r.Timing); r.Catalog == CatalogSchedule && !ok {
		fail("timing", RowTiming, nil)
	}
	if _, _, ok := ContactTiming(r.Timing); r.Catalog == CatalogAntenatal && !ok {
		fail("timing", RowTiming, nil)
	}
	if _, ok := ParseLimits(r.Limits); r.Catalog == CatalogProgramme && !ok {
		fail("limits", RowLimits, nil)
	}
	if !r.Value.Valid() {
		fail("value", RowValue, nil)
	}
	return bad
}

// maxRowText is the text of a row in bytes: with it an entry fits its 16 KiB.
const maxRowText = 8000

// plain reports whether the text would compare equal after typing: no outer or
// doubled spaces, no controls. Letters that are not composed are the reader's matter.
func plain(s string) bool {
	if !utf8.ValidString(s) || s != strings.Join(strings.Fields(s), " ") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0
}

func lowerWord(s string) bool {
	return len(s) <= 20 && strings.IndexFunc(s, func(r rune) bool { return r < 'a' || r > 'z' }) != 0 &&
		strings.IndexFunc(s, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }) < 0
}

// codeForm: the forms that tables and papers rest on.
func (r *CatalogRow) codeForm() bool {
	switch c := r.Code; r.Catalog {
	case CatalogICD10:
		return CheckICD("", c) == nil
	case CatalogProvince, CatalogEthnic:
		return len(c) == 2 && digits(c)
	case CatalogCommune:
		return len(c) == 5 && digits(c)
	case CatalogBed: // Decision 4750/QĐ-BYT, MA_GIUONG
		return len(c) == 4 && strings.Contains("HTCK", c[:1]) && digits(c[1:])
	case CatalogRetention:
		return strings.HasPrefix(c, KeepPrefix)
	default:
		return !strings.ContainsAny(c, " \t")
	}
}
