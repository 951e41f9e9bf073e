package starting

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"clinicbox/clinic"
)

var allRows = sync.OnceValues(func() ([]clinic.CatalogRow, error) { return Rows() })

func rows(t *testing.T) map[string][]clinic.CatalogRow {
	t.Helper()
	all, err := allRows()
	if err != nil {
		t.Fatal(err)
	}
	by := map[string][]clinic.CatalogRow{}
	for _, r := range all {
		by[r.Catalog] = append(by[r.Catalog], r)
	}
	return by
}

func TestCounts(t *testing.T) {
	by := rows(t)
	for catalog, least := range map[string]int{
		clinic.CatalogICD10: 320, clinic.CatalogMedicine: 160, clinic.CatalogService: 30, clinic.CatalogLabTest: 60,
		clinic.CatalogDepartment: 10, clinic.CatalogOccupation: 20, clinic.CatalogEthnic: 56, clinic.CatalogFacility: 3,
	} {
		if n := len(by[catalog]); n < least {
			t.Errorf("%s: %d rows, want %d", catalog, n, least)
		}
	}
	t.Log(len(by[clinic.CatalogICD10]), "diagnoses,", len(by[clinic.CatalogMedicine]), "medicines,", len(by[clinic.CatalogService]), "services")
}

// TestNames: each thing has a name of its own in each language.
func TestNames(t *testing.T) {
	for catalog, list := range rows(t) {
		seen := map[string]string{}
		for _, r := range list {
			if units := catalog == clinic.CatalogProvince || catalog == clinic.CatalogCommune; units {
				continue // names come again: TestUnits
			}
			if catalog != clinic.CatalogMedicine && r.Name == r.English {
				t.Errorf("%s %s: one name in both languages", catalog, r.Code)
			}
			for _, name := range []string{
				"vi " + strings.ToLower(r.Name) + "|" + r.Strength + "|" + r.Form,
				"en " + strings.ToLower(r.English) + "|" + r.Strength + "|" + r.Form,
			} {
				if c, ok := seen[name]; ok && c != r.Code && name != "en ||" {
					// Sodium chloride and Ringer's share an ATC code, never a name.
					t.Errorf("%s: %s and %s are both %q", catalog, c, r.Code, name)
				}
				seen[name] = r.Code
			}
			if strings.ContainsAny(r.English, "đĐạảãâăêôơư") {
				t.Errorf("%s %s: English holds Vietnamese letters", catalog, r.Code)
			}
			if len(r.Name) > 200 && r.Rule == nil || len(r.Name) > 500 || r.Version == "" || r.Source == "" || r.From.IsZero() {
				t.Errorf("%s %s: row not complete", catalog, r.Code)
			}
		}
	}
}

// TestMedicines: one substance has one ATC code by one route, and units fit forms.
func TestMedicines(t *testing.T) {
	unit := map[string]string{"viên": "viên vỉ", "gel": "tuýp", "kem": "tuýp", "mỡ": "tuýp", "bình": "bình"}
	point := regexp.MustCompile(`\.(\d{1,2}|\d{4,})(\D|$)`) // groups of three are thousands
	routes := map[string]bool{}
	atc := map[string]string{}
	for _, r := range rows(t)[clinic.CatalogMedicine] {
		first, _, _ := strings.Cut(r.Form, " ")
		if u := unit[first]; u != "" && !strings.Contains(u, r.Unit) {
			t.Errorf("%s: %s counted in %s", r.Code, r.Form, r.Unit)
		}
		routes[r.Route] = true
		key := r.English + "|" + r.Route
		if a, ok := atc[key]; ok && a != r.ATC {
			t.Errorf("%s: %s is %s and %s", r.Code, key, a, r.ATC)
		}
		atc[key] = r.ATC
		if point.MatchString(r.Strength) {
			t.Errorf("%s: decimal point in %q; papers use a comma", r.Code, r.Strength)
		}
	}
	if len(routes) < 12 || len(routes) > 20 {
		t.Errorf("%d routes: %v", len(routes), routes)
	}
}

// TestKnownPairs compares with pairs written down independently of the files.
func TestKnownPairs(t *testing.T) {
	icd := map[string]string{
		"I10": "hypertension", "E11.9": "type 2 diabetes", "J00": "nasopharyngitis", "J06.9": "upper respiratory",
		"A09": "gastroenteritis", "A97.0": "dengue", "B86": "scabies", "B77.9": "ascariasis", "J45.9": "asthma",
		"J44.9": "chronic obstructive", "J18.9": "pneumonia", "K29.7": "gastritis", "K21.9": "reflux", "L50.9": "urticaria",
		"M54.5": "low back pain", "M10.9": "gout", "N39.0": "urinary tract", "G43.9": "migraine", "H10.9": "conjunctivitis",
		"H66.9": "otitis media", "R50.9": "fever", "R51": "headache", "S61.0": "finger", "T63.0": "snake", "T63.6": "marine",
		"Z34.9": "normal pregnancy", "Z24.2": "rabies", "Z23.5": "tetanus", "Z48.0": "dressings", "U07.1": "covid-19",
		"F41.1": "anxiety", "B08.4": "hand, foot and mouth", "A15.0": "tuberculosis", "I64": "stroke", "O13": "hypertension",
	}
	atc := map[string]string{
		"paracetamol": "N02BE01", "amoxicillin": "J01CA04", "metformin": "A10BA02", "amlodipine": "C08CA01",
		"ibuprofen": "M01AE01", "omeprazole": "A02BC01", "ciprofloxacin": "J01MA02", "ceftriaxone": "J01DD04",
		"albendazole": "P02CA03", "losartan": "C09CA01", "furosemide": "C03CA01", "prednisolone": "H02AB06",
		"epinephrine": "C01CA24", "oxytocin": "H01BB02", "lidocaine": "N01BB02", "zinc sulfate": "A12CB01",
		"povidone-iodine": "D08AG02", "diazepam": "N05BA01", "isoniazid": "J04AC01", "aciclovir": "J05AB01",
		"oral rehydration salts": "A07CA", "amoxicillin + clavulanic acid": "J01CR02",
	}
	by := rows(t)
	for _, r := range by[clinic.CatalogICD10] {
		if w, ok := icd[r.Code]; ok && strings.Contains(strings.ToLower(r.English), w) {
			delete(icd, r.Code)
		}
	}
	for code, w := range icd {
		t.Errorf("ICD-10 %s is not there or does not say %q", code, w)
	}
	for _, r := range by[clinic.CatalogMedicine] {
		if atc[r.English] == r.ATC {
			delete(atc, r.English)
		}
	}
	for inn, code := range atc {
		t.Errorf("%s is not there as %s", inn, code)
	}
}

// TestPriceByDay: the row is chosen by the day.
func TestPriceByDay(t *testing.T) {
	for day, want := range map[clinic.Date]clinic.Dong{
		{Year: 2019, Month: 12, Day: 31}: 0,
		{Year: 2025, Month: 12, Day: 31}: 30000,
		{Year: 2026, Month: 1, Day: 1}:   35000,
	} {
		var got clinic.Dong
		for _, r := range rows(t)[clinic.CatalogService] {
			if r.Code == "KHAM" && r.ValidOn(day) {
				got += r.Price
			}
		}
		if got != want {
			t.Errorf("%v: %v, want %v", day, got, want)
		}
	}
}

const (
	icdHead = "code,name,english,flags,from,to,version,source\n"
	medHead = "code,name,english,strength,form,unit,route,atc,price,flags,from,to,version,source\n"
	svcHead = "code,name,english,unit,price,from,to,version,source\n"
	icdRow  = "I10,Tăng huyết áp,Hypertension,,2020-01-01,,1,x\n"
	medRow  = "PARA500,Paracetamol,paracetamol,500 mg,viên nén,viên,uống,N02BE01,400,generic,2020-01-01,,1,x\n"
	svcRow  = "KHAM,Khám bệnh,Consultation,lần,30000,2020-01-01,,1,x\n"
)

// real returns the files that are embedded, the large ones of communes cut short.
func real(t *testing.T) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	for _, tb := range tables() {
		b, err := files.ReadFile(tb.file)
		if err != nil {
			t.Fatal(err)
		}
		if tb.catalog == clinic.CatalogCommune {
			b = b[:bytes.IndexByte(b, '\n')+1]
		}
		out[tb.file] = &fstest.MapFile{Data: b}
	}
	return out
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct{ name, icd, med, svc, where string }{
		{"header", "code,name\n" + icdRow, medHead, svcHead, "icd10.csv:1"},
		{"byte order mark", "\uFEFF" + icdHead, medHead, svcHead, "icd10.csv:1"},
		{"too few fields", icdHead + icdRow + "I11,x,y\n", medHead, svcHead, "line 3"},
		{"ICD form", icdHead + strings.Replace(icdRow, "I10", "I1", 1), medHead, svcHead, "icd10.csv:2: code"},
		{"no name", icdHead + icdRow + strings.Replace(icdRow, "Tăng huyết áp", "", 1), medHead, svcHead, "icd10.csv:3: name"},
		{"decomposed", icdHead + strings.Replace(icdRow, "ă", "a\u0306", 1), medHead, svcHead, "icd10.csv:2: name"},
		{"not UTF-8", icdHead + strings.Replace(icdRow, "ă", "\xe3", 1), medHead, svcHead, "icd10.csv:2: name"},
		{"stray space", icdHead + strings.Replace(icdRow, "Hyper", " Hyper", 1), medHead, svcHead, "icd10.csv:2: english"},
		{"date", icdHead + strings.Replace(icdRow, "2020-01-01", "2020-02-30", 1), medHead, svcHead, "icd10.csv:2: from"},
		{"ends before it begins", icdHead + strings.Replace(icdRow, "-01,,", "-01,2019-01-01,", 1), medHead, svcHead, "icd10.csv:2"},
		{"twice", icdHead + icdRow + icdRow, medHead, svcHead, "I10 holds twice"},
		{"overlap", icdHead, medHead, svcHead + strings.Replace(svcRow, "-01,,", "-01,2020-06-01,", 1) + strings.Replace(svcRow, "2020-01-01", "2020-06-01", 1), "KHAM holds twice"},
		{"ATC", icdHead, medHead + strings.Replace(medRow, "N02BE01", "N02BE", 1), svcHead, "medicine.csv:2: atc"},
		{"price", icdHead, medHead + strings.Replace(medRow, ",400,", ",-4,", 1), svcHead, "medicine.csv:2: price"},
		{"price 0", icdHead, medHead, svcHead + svcRow + strings.Replace(svcRow, "30000", "0", 1), "service.csv:3: price"},
		{"no unit", icdHead, medHead, svcHead + strings.Replace(svcRow, "lần", "", 1), "service.csv:2: unit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fsys := real(t)
			fsys["icd10.csv"] = &fstest.MapFile{Data: []byte(tt.icd)}
			fsys["medicine.csv"] = &fstest.MapFile{Data: []byte(tt.med)}
			fsys["service.csv"] = &fstest.MapFile{Data: []byte(tt.svc)}
			_, err := parse(fsys)
			if !errors.Is(err, ErrData) || !strings.Contains(err.Error(), tt.where) {
				t.Errorf("got %v, want it to name %q", err, tt.where)
			}
		})
	}
	if _, err := parse(fstest.MapFS{}); !errors.Is(err, ErrData) {
		t.Errorf("no files: %v", err)
	}
}
