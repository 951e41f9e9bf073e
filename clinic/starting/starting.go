// Package starting holds the catalogues that a new box starts with: diagnoses,
// medicines and services of primary care, and how long records are kept, as data in CSV files (see README.md).
package starting

import (
	"cmp"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"clinicbox/clinic"
)

//go:embed icd10.csv medicine.csv service.csv retention.csv
var files embed.FS

// ErrData is wrapped by every error that Rows returns.
var ErrData = errors.New("starting: bad catalogue")

// Forms of codes. WHO gives oral rehydration salts (A07CA) no substance level.
var (
	icdForm = regexp.MustCompile(`^[A-Z][0-9]{2}(\.[0-9]{1,2})?$`)
	atcForm = regexp.MustCompile(`^([A-Z][0-9]{2}[A-Z]{2}[0-9]{2}|A07CA)$`)
	ourForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{2,11}$`)
)

// Rows returns all rows, catalogue by catalogue in the order of the files. The
// caller owns the slice.
func Rows() ([]clinic.CatalogRow, error) { return parse(files) }

// table is one file: its columns in order, and the form of its codes.
type table struct {
	file, catalog, columns string
	code                   *regexp.Regexp
}

const validity = ",from,to,version,source"

func parse(fsys fs.FS) ([]clinic.CatalogRow, error) {
	var all []clinic.CatalogRow
	for _, t := range []table{
		{"icd10.csv", clinic.CatalogICD10, "code,name,english" + validity, icdForm},
		{"medicine.csv", clinic.CatalogMedicine, "code,name,english,strength,form,unit,route,atc,price" + validity, ourForm},
		{"service.csv", clinic.CatalogService, "code,name,english,unit,price" + validity, ourForm},
		{"retention.csv", clinic.CatalogRetention, "code,name,english,years,applies" + validity, ourForm},
	} {
		rows, err := t.read(fsys)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

func (t *table) read(fsys fs.FS) ([]clinic.CatalogRow, error) {
	f, err := fsys.Open(t.file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	columns := strings.Split(t.columns, ",")
	if head, err := r.Read(); err != nil || !slices.Equal(head, columns) {
		return nil, fmt.Errorf("%w: %s:1: want the columns %s", ErrData, t.file, t.columns)
	}
	var rows []clinic.CatalogRow
	for {
		rec, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, t.overlap(rows)
		}
		if err != nil { // csv's errors name the line themselves
			return nil, fmt.Errorf("%w: %s: %w", ErrData, t.file, err)
		}
		row := clinic.CatalogRow{Catalog: t.catalog}
		for i, v := range rec {
			if err := t.set(&row, columns[i], v); err != nil {
				line, _ := r.FieldPos(i)
				return nil, fmt.Errorf("%w: %s:%d: %s %s", ErrData, t.file, line, columns[i], err)
			}
		}
		if !row.To.IsZero() && row.To.Before(row.From) {
			line, _ := r.FieldPos(0)
			return nil, fmt.Errorf("%w: %s:%d: to is before from", ErrData, t.file, line)
		}
		rows = append(rows, row)
	}
}

// set puts one column into the row. Only to may be empty.
func (t *table) set(row *clinic.CatalogRow, column, v string) (err error) {
	if err := plain(v); err != nil {
		return err
	}
	if v == "" && column != "to" {
		return errors.New("is empty")
	}
	switch column {
	case "code":
		row.Code, err = v, form(t.code, v)
	case "name":
		row.Name = v
	case "english":
		row.English = v
	case "strength":
		row.Strength = v
	case "form":
		row.Form = v
	case "unit":
		row.Unit = v
	case "route":
		row.Route = v
	case "atc":
		row.ATC, err = v, form(atcForm, v)
	case "years":
		if row.Years, err = strconv.Atoi(v); err != nil || row.Years < 1 {
			return errors.New("is no number of years")
		}
	case "applies":
		row.Applies = v
	case "price":
		row.Price, err = price(v)
	case "from":
		row.From, err = date(v)
	case "to":
		row.To, err = date(v)
	case "version":
		row.Version = v
	case "source":
		row.Source = v
	}
	return err
}

// plain refuses what would not compare equal after typing: outer spaces, doubled
// spaces, controls, letters that are not composed.
func plain(v string) error {
	if !utf8.ValidString(v) {
		return errors.New("is not UTF-8")
	}
	if v != strings.Join(strings.Fields(v), " ") {
		return errors.New("has stray spaces")
	}
	for _, r := range v {
		if unicode.Is(unicode.Mn, r) || !unicode.IsPrint(r) {
			return fmt.Errorf("holds %U", r)
		}
	}
	return nil
}

func form(re *regexp.Regexp, v string) error {
	if !re.MatchString(v) {
		return errors.New("has not its form")
	}
	return nil
}

func price(v string) (clinic.Dong, error) {
	n, err := strconv.ParseUint(v, 10, 40)
	if err != nil || n == 0 {
		return 0, errors.New("is no price in đồng")
	}
	return clinic.Dong(n), nil
}

func date(v string) (clinic.Date, error) {
	if v == "" {
		return clinic.Date{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, v, clinic.ICT)
	if err != nil {
		return clinic.Date{}, errors.New("is no date yyyy-mm-dd")
	}
	return clinic.DateOf(t), nil
}

// overlap refuses two rows of a code that hold on the same day.
func (t *table) overlap(rows []clinic.CatalogRow) error {
	sorted := slices.SortedFunc(slices.Values(rows), func(a, b clinic.CatalogRow) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.From.Int(), b.From.Int()))
	})
	for i := 1; i < len(sorted); i++ {
		a, b := &sorted[i-1], &sorted[i]
		if a.Code == b.Code && a.ValidOn(b.From) {
			return fmt.Errorf("%w: %s: code %s holds twice on %s", ErrData, t.file, b.Code, b.From)
		}
	}
	return nil
}
