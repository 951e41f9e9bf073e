package sheet

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
)

// styles learns which styles show a number as a date (ECMA-376 Part 1, 18.8.30).
func (x *book) styles(d *xml.Decoder) error {
	custom := map[string]bool{}
	inCells := false
	return each(d, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "numFmt":
			custom[attr(&e, "numFmtId")] = dateFormat(attr(&e, "formatCode"))
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if inCells {
				id := attr(&e, "numFmtId")
				is, own := custom[id]
				n, _ := strconv.Atoi(id)
				x.dates = append(x.dates, own && is || !own && (n >= 14 && n <= 17 || n == 22 || n >= 27 && n <= 36 || n >= 50 && n <= 58))
			}
		}
		return nil
	})
}

// dateFormat reports whether a number format shows a day: d or y outside quotes,
// brackets and escapes.
func dateFormat(code string) bool {
	skip, quoted, bracket := false, false, false
	for _, r := range strings.ToLower(code) {
		switch {
		case skip:
			skip = false
		case quoted:
			quoted = r != '"'
		case bracket:
			bracket = r != ']'
		case r == '\\' || r == '_' || r == '*':
			skip = true
		case r == '"':
			quoted = true
		case r == '[':
			bracket = true
		case r == 'd' || r == 'y':
			return true
		case r == ';':
			return false // only the first section counts
		}
	}
	return false
}

// sheet reads the rows.
func (x *book) sheet(d *xml.Decoder) error {
	last := 0
	err := each(d, func(e xml.StartElement) error {
		if e.Name.Local != "row" {
			return nil
		}
		line := last + 1
		if r := attr(&e, "r"); r != "" {
			n, err := strconv.Atoi(r)
			if err != nil || n <= last {
				return errNoPart
			}
			line = n
		}
		last = line
		return x.row(d, line)
	})
	if errors.Is(err, errStop) {
		return nil
	}
	return err
}

// errStop ends the reading at a limit that was told.
var errStop = errors.New("sheet: stop")

// row reads the cells up to the end of the row.
func (x *book) row(d *xml.Decoder, line int) error {
	var cells []string
	var wrong []int
	next := 0
	for {
		tok, err := d.Token()
		if err != nil {
			return noEnd(err)
		}
		switch v := tok.(type) {
		case xml.EndElement:
			if v.Name.Local != "row" {
				continue
			}
			if !x.out.Add(line, cells, x.limits) {
				return errStop
			}
			x.out.Rows[len(x.out.Rows)-1].Wrong = wrong
			return nil
		case xml.StartElement:
			if v.Name.Local != "c" {
				continue
			}
			at, ok := column(attr(&v, "r"), next)
			if !ok || at >= x.limits.Columns {
				x.out.Fail(line, clinic.RowTooMany, map[string]string{"max": strconv.Itoa(x.limits.Columns)})
				return errStop
			}
			s, bad, err := x.cell(d, &v)
			if err != nil {
				return err
			}
			for len(cells) <= at {
				cells = append(cells, "")
			}
			cells[at] = s
			if bad {
				wrong = append(wrong, at)
			}
			next = at + 1
		}
	}
}

func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// column reads the letters of a cell's name; a cell without one stands behind the last.
func column(ref string, next int) (at int, ok bool) {
	if ref == "" {
		return next, true
	}
	n := 0
	for _, r := range ref {
		if r < 'A' || r > 'Z' || n > 1<<14 {
			break
		}
		n = n*26 + int(r-'A') + 1
	}
	return n - 1, n > 0
}

// cell reads one cell up to its end; bad: it holds an error of the spreadsheet.
func (x *book) cell(d *xml.Decoder, e *xml.StartElement) (s string, bad bool, err error) {
	kind := attr(e, "t")
	style, _ := strconv.Atoi(attr(e, "s"))
	value := ""
	for {
		tok, err := d.Token()
		if err != nil {
			return "", false, noEnd(err)
		}
		switch v := tok.(type) {
		case xml.StartElement:
			switch v.Name.Local {
			case "v":
				value, err = inner(d)
			case "is":
				s, err = text(d, "is")
			default:
				err = d.Skip() // f and others
			}
			if err != nil {
				return "", false, noEnd(err)
			}
		case xml.EndElement:
			if kind == "inlineStr" {
				return s, false, nil
			}
			s, bad = x.value(kind, style, value)
			return s, bad, nil
		}
	}
}

// inner returns the text of an element without others in it.
func inner(d *xml.Decoder) (string, error) {
	var b strings.Builder
	for {
		tok, err := d.Token()
		if err != nil {
			return "", err
		}
		switch v := tok.(type) {
		case xml.CharData:
			b.Write(v)
		case xml.EndElement:
			return b.String(), nil
		case xml.StartElement:
			if err := d.Skip(); err != nil {
				return "", err
			}
		}
	}
}

func (x *book) value(kind string, style int, v string) (s string, bad bool) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 || n >= len(x.strings) {
			return "", true
		}
		return x.strings[n], false
	case "str":
		return v, false
	case "b":
		return v, false
	case "e":
		return "", true
	case "d":
		day, _, _ := strings.Cut(v, "T")
		return day, false
	}
	if style >= 0 && style < len(x.dates) && x.dates[style] {
		return serial(v, x.y1904)
	}
	return Number(v), false
}

// serial writes a day as the spreadsheet counts them: from 30 December 1899, for 1900
// is taken for a leap year (before 1 March 1900 from the 31st), or from 1 January 1904.
func serial(v string, y1904 bool) (s string, bad bool) {
	f, err := strconv.ParseFloat(v, 64)
	if v == "" {
		return "", false
	}
	if err != nil || math.IsNaN(f) || f < 0 || f > 200_000 || !y1904 && int(f) == 60 {
		return "", true
	}
	base := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case y1904:
		base = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case f < 60:
		base = base.AddDate(0, 0, 1)
	}
	return base.AddDate(0, 0, int(f)).Format(time.DateOnly), false
}

// Number writes a number as people type it: 35000 for 3.5E4, 0.1 for 0.1000000000000001.
func Number(v string) string {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) || math.Abs(f) > 1e15 {
		return v
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if i := strings.IndexByte(s, '.'); i >= 0 && len(s)-i > 12 {
		s = strings.TrimRight(strings.TrimRight(strconv.FormatFloat(f, 'f', 9, 64), "0"), ".")
	}
	return s
}
