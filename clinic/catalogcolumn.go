package clinic

import (
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// RowProblem is what is wrong with one row of a catalogue, or what must be seen before
// it is taken (Warn). The words stand with whoever shows it.
type RowProblem struct {
	At     int               // line of the file, from 1; 0 = none
	Column string            // name of the column, empty = the row
	Code   string            // one of the Row… codes
	Args   map[string]string // for the words: what was read, another line, a day
	Warn   bool              // the row is taken all the same
}

// The codes of RowProblem.
const (
	RowEmpty      = "empty"      // must not be empty
	RowLong       = "long"       // Args: max
	RowText       = "text"       // characters that are no text
	RowForm       = "form"       // the code has not its form
	RowNumber     = "number"     // no number, or out of its limits
	RowPrice      = "price"      // no price in đồng
	RowDate       = "date"       // no date
	RowOrder      = "order"      // ends before it begins
	RowRange      = "range"      // no reference range
	RowValue      = "value"      // no form of a result
	RowCatalog    = "catalog"    // Args: catalog; of another catalogue, or of none
	RowColumn     = "column"     // Warn; Args: value; a column that is not known
	RowTwice      = "twice"      // Args: line; the column or the row stands there twice
	RowOverlap    = "overlap"    // Args: line or day; another row of the code holds on the same days
	RowGap        = "gap"        // Warn; Args: day; no row of the code holds after it
	RowPast       = "past"       // Warn; Args: day; changes what held before today
	RowTooMany    = "too-many"   // Args: max; rows, columns or cells
	RowFile       = "file"       // not a file of the kind, or damaged
	RowNoColumns  = "columns"    // Args: value; the columns that must be there are not
	RowKind       = "kind"       // a file of no known kind
	RowLarge      = "large"      // Args: max
	RowEncoding   = "encoding"   // text that is not UTF-8
	RowNothing    = "nothing"    // no rows
	RowFormula    = "formula"    // a cell with an error of the spreadsheet
	RowSince      = "since"      // Warn; Args: value, day; set again since, and stays
	RowDosage     = "dosage"     // no dose × times × days
	RowRule       = "rule"       // no rule of the safety checks
	RowSubstances = "substances" // no list of substances with amounts
	RowLimits     = "limits"     // no limits of control
	RowTiming     = "timing"     // no timing of a dose
	RowUnits      = "units"      // no list of other units
)

// RowCodes lists every code, for the catalogues of words.
func RowCodes() []string {
	return []string{
		RowEmpty, RowLong, RowText, RowForm, RowNumber, RowPrice, RowDate, RowOrder, RowRange, RowValue, RowCatalog, RowColumn,
		RowTwice, RowOverlap, RowGap, RowPast, RowTooMany, RowFile, RowNoColumns, RowKind, RowLarge, RowEncoding, RowNothing, RowFormula, RowSince, RowRule, RowSubstances, RowTiming, RowDosage, RowLimits, RowUnits,
	}
}

// CatalogColumn is one thing that rows say, by the name that files and pages use.
type CatalogColumn struct {
	Name string
	Max  int // characters
	// Get writes the value; empty when the row does not say it.
	Get func(*CatalogRow) string
	// Set reads a value that is not empty; the code says what is wrong, "" = nothing.
	Set func(*CatalogRow, string) (code string)
	// Copy takes the value of another row, also an empty one.
	Copy func(to, from *CatalogRow)
}

// catalogColumns is made once: thousands of rows are read by it.
var catalogColumns = sync.OnceValue(newCatalogColumns)

// CatalogColumns returns every column, in the order of lists. Nobody changes the slice.
func CatalogColumns() []CatalogColumn { return catalogColumns() }

func newCatalogColumns() []CatalogColumn {
	return []CatalogColumn{
		words("code", 50, func(r *CatalogRow) *string { return &r.Code }),
		words("name", 500, func(r *CatalogRow) *string { return &r.Name }),
		words("english", 500, func(r *CatalogRow) *string { return &r.English }),
		words("strength", 500, func(r *CatalogRow) *string { return &r.Strength }),
		words("form", 200, func(r *CatalogRow) *string { return &r.Form }),
		words("unit", 50, func(r *CatalogRow) *string { return &r.Unit }),
		words("route", 50, func(r *CatalogRow) *string { return &r.Route }),
		words("atc", 10, func(r *CatalogRow) *string { return &r.ATC }),
		{"price", 20, func(r *CatalogRow) string { return number(int64(r.Price)) }, setPrice, func(to, from *CatalogRow) { to.Price = from.Price }},
		count("years", 200, func(r *CatalogRow) *int { return &r.Years }),
		words("applies", 500, func(r *CatalogRow) *string { return &r.Applies }),
		words("parent", 200, func(r *CatalogRow) *string { return &r.Parent }),
		words("flags", 200, func(r *CatalogRow) *string { return &r.Flags }),
		words("registration", 100, func(r *CatalogRow) *string { return &r.Registration }),
		words("tender", 100, func(r *CatalogRow) *string { return &r.Tender }),
		words("group", 10, func(r *CatalogRow) *string { return &r.Group }),
		count("insured", 100, func(r *CatalogRow) *int { return &r.Insured }),
		{"ranges", 2000, func(r *CatalogRow) string { return FormatRanges(r.Ranges) }, setRanges, func(to, from *CatalogRow) { to.Ranges = from.Ranges }},
		{"value", 500, func(r *CatalogRow) string { return string(r.Value) }, setValue, func(to, from *CatalogRow) { to.Value = from.Value }},
		{"substances", 1000, func(r *CatalogRow) string { return SubstancesText(r.Substances) }, setSubstances, func(to, from *CatalogRow) { to.Substances = from.Substances }},
		{"rule", 2000, func(r *CatalogRow) string { return RuleText(r.Rule) }, setRule, func(to, from *CatalogRow) { to.Rule = from.Rule }},
		count("pack", 100_000, func(r *CatalogRow) *int { return &r.Pack }),
		words("gtin", 200, func(r *CatalogRow) *string { return &r.GTIN }),
		count("minimum", 1_000_000, func(r *CatalogRow) *int { return &r.Minimum }),
		{"timing", 100, func(r *CatalogRow) string { return r.Timing }, setTiming, func(to, from *CatalogRow) { to.Timing = from.Timing }},
		{"dosage", 200, func(r *CatalogRow) string { return r.Dosage }, setDosage, func(to, from *CatalogRow) { to.Dosage = from.Dosage }},
		{"limits", 200, func(r *CatalogRow) string { return r.Limits }, setLimits, func(to, from *CatalogRow) { to.Limits = from.Limits }},
		count("validfor", 40_000, func(r *CatalogRow) *int { return &r.ValidFor }),
		{"possible", 50, func(r *CatalogRow) string { return r.Possible }, setPossible, func(to, from *CatalogRow) { to.Possible = from.Possible }},
		{"units", 200, func(r *CatalogRow) string { return r.Units }, setUnits, func(to, from *CatalogRow) { to.Units = from.Units }},
		day("from", func(r *CatalogRow) *Date { return &r.From }),
		day("to", func(r *CatalogRow) *Date { return &r.To }),
		words("version", 100, func(r *CatalogRow) *string { return &r.Version }),
		words("source", 200, func(r *CatalogRow) *string { return &r.Source }),
	}
}

// ColumnOf returns the column of a name.
func ColumnOf(name string) (CatalogColumn, bool) {
	all := CatalogColumns()
	i := slices.IndexFunc(all, func(c CatalogColumn) bool { return c.Name == name })
	if i < 0 {
		return CatalogColumn{}, false
	}
	return all[i], true
}

// Differs returns the names of the columns in which two rows differ.
func (r *CatalogRow) Differs(o *CatalogRow) (names []string) {
	for _, c := range CatalogColumns() {
		if c.Get(r) != c.Get(o) {
			names = append(names, c.Name)
		}
	}
	return names
}

func words(name string, most int, at func(*CatalogRow) *string) CatalogColumn {
	return CatalogColumn{
		name, most, func(r *CatalogRow) string { return *at(r) },
		func(r *CatalogRow, s string) string { *at(r) = s; return "" },
		func(to, from *CatalogRow) { *at(to) = *at(from) },
	}
}

func count(name string, most int, at func(*CatalogRow) *int) CatalogColumn {
	set := func(r *CatalogRow, s string) string {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSuffix(s, "%"), ".0"))
		if err != nil || n < 0 || n > most {
			return RowNumber
		}
		*at(r) = n
		return ""
	}
	get := func(r *CatalogRow) string { return number(int64(*at(r))) }
	return CatalogColumn{name, 10, get, set, func(to, from *CatalogRow) { *at(to) = *at(from) }}
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

func day(name string, at func(*CatalogRow) *Date) CatalogColumn {
	get := func(r *CatalogRow) string {
		if at(r).IsZero() {
			return ""
		}
		return at(r).Time().Format(time.DateOnly)
	}
	set := func(r *CatalogRow, s string) string {
		d, ok := ParseDay(s)
		if !ok {
			return RowDate
		}
		*at(r) = d
		return ""
	}
	return CatalogColumn{name, 20, get, set, func(to, from *CatalogRow) { *at(to) = *at(from) }}
}

// ParseDay reads a whole date as files write it: yyyy-mm-dd, yyyymmdd (S8 of the
// insurance tables) or dd/mm/yyyy, the day first as Vietnamese papers have it.
func ParseDay(s string) (Date, bool) {
	for _, form := range []string{time.DateOnly, "20060102", "2/1/2006", "2-1-2006", "2.1.2006"} {
		if t, err := time.ParseInLocation(form, s, ICT); err == nil {
			d := DateOf(t)
			return d, d.Full() && d.Valid()
		}
	}
	return Date{}, false
}

const maxPrice = 1_000_000_000_000

// setPrice reads đồng: digits, in groups of three or not, with a fraction of nothing.
// 35,5 and 1.50 are refused: a price of a fraction is a mistake of the file.
func setPrice(r *CatalogRow, s string) string {
	s = strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(s), "đ"), "VND"))
	if i := strings.LastIndexAny(s, ".,"); i >= 0 && len(s)-i <= 3 && strings.Trim(s[i+1:], "0") == "" {
		s = s[:i]
	}
	sep := ""
	if i := strings.IndexAny(s, ".,"); i > 0 {
		sep = s[i : i+1]
	}
	if sep != "" {
		groups := strings.Split(s, sep)
		for i, g := range groups {
			if i > 0 && len(g) != 3 || len(g) > 3 || g == "" {
				return RowPrice
			}
		}
		s = strings.Join(groups, "")
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 || n > maxPrice || !digits(s) {
		return RowPrice
	}
	r.Price = Dong(n)
	return ""
}

func setRanges(r *CatalogRow, s string) string {
	g, ok := ParseRanges(s)
	if !ok {
		return RowRange
	}
	r.Ranges = g
	return ""
}

func setLimits(r *CatalogRow, s string) string {
	if _, ok := ParseLimits(s); !ok {
		return RowLimits
	}
	r.Limits = s
	return ""
}

func setTiming(r *CatalogRow, s string) string {
	if _, ok := ParseTiming(s); !ok {
		return RowTiming
	}
	r.Timing = s
	return ""
}

func setValue(r *CatalogRow, s string) string {
	if !ValueForm(s).Valid() {
		return RowValue
	}
	r.Value = ValueForm(s)
	return ""
}

func setSubstances(r *CatalogRow, s string) string {
	all, err := ParseSubstances(s)
	if err != nil || len(all) == 0 {
		return RowSubstances
	}
	r.Substances = all
	return ""
}

func setRule(r *CatalogRow, s string) string {
	rule, err := ParseRule(s)
	if err != nil {
		return RowRule
	}
	r.Rule = rule
	return ""
}

func setDosage(r *CatalogRow, s string) string {
	if _, err := ParseDosage(s); err != nil {
		return RowDosage
	}
	r.Dosage = s
	return ""
}
