package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/store/search"
)

func index(names ...string) (*search.Names, map[clinic.ID]string) {
	x := search.NewNames(nil)
	by := map[clinic.ID]string{}
	for _, n := range names {
		id := clinic.NewID()
		x.Put(id, n)
		by[id] = n
	}
	return x, by
}

func TestFindRanks(t *testing.T) {
	x, by := index("Nguyễn Văn Ân", "Nguyễn Văn An", "Nguyễn Văn Ấn", "Nguyễn Văn Anh", "Nguyễn Văn An Bình", "An Văn Nguyễn",
		"Trần Thị Hoà", "Trần Thị Hòa", "Trần Thị Hoa", "Đặng Thị Ân", "Lê Văn Dũng", "Lê Văn Dương", "  "+norm.NFD.String("Đỗ Ỷ Lan")+" ")
	for _, c := range []struct {
		query string
		want  string // in order; "…" = more may follow
	}{
		{"nguyen van an", "Nguyễn Văn An|An Văn Nguyễn|Nguyễn Văn Ân|Nguyễn Văn Ấn|…"},
		{"Nguyễn Văn Ân", "Nguyễn Văn Ân|Nguyễn Văn Ấn|Nguyễn Văn An|An Văn Nguyễn|…"},
		{"nguyễn văn ấn", "Nguyễn Văn Ấn|Nguyễn Văn Ân|Nguyễn Văn An|An Văn Nguyễn|…"},
		{"ân", "Nguyễn Văn Ân|Đặng Thị Ân|Nguyễn Văn Ấn|Nguyễn Văn An|…"},
		{norm.NFD.String("Đặng"), "Đặng Thị Ân"},
		{"DANG THI", "Đặng Thị Ân"},
		{"hoa tran", "Trần Thị Hoa|Trần Thị Hoà|Trần Thị Hòa"},
		{"dung", "Lê Văn Dũng"},
		{"du le", "Lê Văn Dũng|Lê Văn Dương"},
		{"dươ", "Lê Văn Dương"},
		{"y lan", "  " + norm.NFD.String("Đỗ Ỷ Lan") + " "},
		{"khong ai", ""},
		{"nguyen van anh", "Nguyễn Văn Anh"},
		{"", ""},
		{"   ", ""},
		{"\u0301", ""},
		{"!", ""},
		{strings.Repeat("an ", 40), ""},
	} {
		var got []string
		for _, id := range x.Find(c.query, 20, nil) {
			got = append(got, by[id])
		}
		want, more := strings.CutSuffix(c.want, "|…")
		if more {
			got = got[:min(len(got), strings.Count(want, "|")+1)]
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%q:\n got %s\nwant %s", c.query, strings.Join(got, "|"), c.want)
		}
	}
}

func TestFindLimitKeepAndRename(t *testing.T) {
	x := search.NewNames(nil)
	ids := make([]clinic.ID, 300)
	for i := range ids {
		ids[i] = clinic.NewID()
		x.Put(ids[i], fmt.Sprintf("Nguyễn %c%c", 'A'+i%26, 'a'+i/26))
	}
	first := x.Find("nguyen", 10, nil)
	if len(first) != 10 || !slices.Equal(first, x.Find("nguyen", 10, nil)) {
		t.Fatal("not the same answer twice", first)
	}
	kept := x.Find("nguyen", 10, func(id clinic.ID) bool { return id != first[0] })
	if len(kept) != 10 || slices.Contains(kept, first[0]) {
		t.Fatal(kept)
	}
	x.Put(ids[5], "Trần Mới")
	if got := x.Find("tran moi", 3, nil); len(got) != 1 || got[0] != ids[5] || x.Len() != 300 {
		t.Fatal("renamed", got)
	}
	if got := x.Find("fa", 3, nil); len(got) != 0 {
		t.Fatal("old name still answers", got)
	}
}

func row(code, name, english string, from, to int) clinic.CatalogRow {
	return clinic.CatalogRow{Catalog: "icd10", Code: code, Name: name, English: english, From: clinic.DateFromInt(from), To: clinic.DateFromInt(to)}
}

// of gives the rows of each catalogue as starting rows.
func of(all ...clinic.CatalogRow) func(string) []clinic.CatalogRow {
	return func(catalog string) (out []clinic.CatalogRow) {
		for _, r := range all {
			if r.Catalog == catalog {
				out = append(out, r)
			}
		}
		return out
	}
}

func TestCatalog(t *testing.T) {
	x := search.NewCatalogs(nil, of(
		row("J00", "Viêm mũi họng cấp [cảm thường]", "Acute nasopharyngitis [common cold]", 20200101, 0),
		row("J02", "Viêm họng cấp", "Acute pharyngitis", 20200101, 20251231),
		row("J02", "Viêm họng cấp tính", "Acute pharyngitis", 20260101, 0),
		row("J02.9", "Viêm họng cấp, không đặc hiệu", "Acute pharyngitis, unspecified", 20200101, 0),
		row("I10", "Tăng huyết áp vô căn (nguyên phát)", "Essential (primary) hypertension", 20200101, 0),
		clinic.CatalogRow{Catalog: "medicine", Code: "M1", Name: "Paracetamol", English: "Paracetamol", Strength: "500 mg", ATC: "N02BE01", From: clinic.Date{Year: 2020}},
		clinic.CatalogRow{Catalog: "medicine", Code: "M2", Name: "Paracetamol", English: "Paracetamol", Strength: "250 mg", ATC: "N02BE01", From: clinic.Date{Year: 2020}},
	))
	day := clinic.Date{Year: 2026, Month: 6, Day: 15}
	codes := func(catalog, q string, on clinic.Date) string {
		var out []string
		for _, r := range x.Find(catalog, q, on, 10) {
			out = append(out, r.Code+" "+r.Name)
		}
		return strings.Join(out, "|")
	}
	for _, c := range []struct{ catalog, query, want string }{
		{"icd10", "j02", "J02 Viêm họng cấp tính|J02.9 Viêm họng cấp, không đặc hiệu"},
		{"icd10", "J02.9", "J02.9 Viêm họng cấp, không đặc hiệu"},
		{"icd10", "viem hong", "J02 Viêm họng cấp tính|J02.9 Viêm họng cấp, không đặc hiệu|J00 Viêm mũi họng cấp [cảm thường]"},
		{"icd10", "hyperten", "I10 Tăng huyết áp vô căn (nguyên phát)"},
		{"icd10", "cold", "J00 Viêm mũi họng cấp [cảm thường]"},
		{"icd10", "huyết áp", "I10 Tăng huyết áp vô căn (nguyên phát)"},
		{"medicine", "para 500", "M1 Paracetamol"},
		{"medicine", "n02be", "M1 Paracetamol|M2 Paracetamol"},
		{"icd10", "", ""},
		{"icd10", "()", ""},
		{"nothing", "j", ""},
	} {
		if got := codes(c.catalog, c.query, day); got != c.want {
			t.Errorf("%q:\n got %s\nwant %s", c.query, got, c.want)
		}
	}
	if r, ok := x.Row("icd10", "j02", clinic.Date{Year: 2025, Month: 12, Day: 31}); !ok || r.Name != "Viêm họng cấp" {
		t.Error("last day of the old row:", r, ok)
	}
	if r, ok := x.Row("icd10", "J02", day); !ok || r.Name != "Viêm họng cấp tính" {
		t.Error("new row:", r, ok)
	}
	if _, ok := x.Row("icd10", "J02", clinic.Date{Year: 2019, Month: 12, Day: 31}); ok {
		t.Error("row before its time")
	}
}

func TestCatalogOverlay(t *testing.T) {
	base := row("J00", "gốc", "", 20200101, 0)
	one, two := row("J00", "một", "", 20200101, 0), row("J00", "hai", "", 20200101, 0)
	day := clinic.Date{Year: 2026, Month: 1, Day: 1}
	for _, order := range [][]int{{1, 2}, {2, 1}} { // the stamp decides, not the order
		x := search.NewCatalogs(nil, of(base))
		for _, n := range order {
			x.Put([]clinic.CatalogRow{one, two}[n-1], search.Stamp{HLC: uint64(n)})
		}
		x.Put(row("J01", "khác", "", 20200101, 0), search.Stamp{})
		if r, ok := x.Row("icd10", "J00", day); !ok || r.Name != "hai" {
			t.Errorf("order %v: %v", order, r.Name)
		}
		if got := x.Started("icd10", "j00"); len(got) != 1 || got[0].Name != "gốc" {
			t.Errorf("order %v: what the program brought is forgotten: %v", order, got)
		}
		if got := x.Rows("icd10", ""); len(got) != 2 || got[0].Name != "hai" || got[1].Name != "khác" {
			t.Errorf("order %v: %v", order, got)
		}
		// A name that changed is found by the new one only, also after a search.
		x.Put(row("J00", "ba", "", 20200101, 0), search.Stamp{HLC: 9})
		if len(x.Find("icd10", "hai", day, 9)) != 0 || len(x.Find("icd10", "ba", day, 9)) != 1 {
			t.Errorf("order %v: the search does not follow", order)
		}
	}
}

func FuzzFind(f *testing.F) {
	x, _ := index("Nguyễn Văn Ân", "Đặng Thị Ấn", "H’Hen Niê", "\xff\xfe", "")
	for _, q := range []string{"an", "Ð", "\xff", "a\u0301\u0323", "ﬁ İ"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, q string) {
		if got := x.Find(q, 3, nil); len(got) > 3 {
			t.Fatal(got)
		}
		x.Put(clinic.ID{1}, q)
		if x.Len() > 6 {
			t.Fatal(x.Len())
		}
	})
}

// TestRenaming: names are set again at each change of a patient.
func TestRenaming(t *testing.T) {
	x := search.NewNames(nil)
	ids := []clinic.ID{{1}, {2}}
	for i := range 500 {
		x.Put(ids[0], []string{"Nguyễn Văn An", "Lê Bình", "", "Trần Thị Kim Chi"}[i%4])
		x.Put(ids[1], "Phạm Dũng")
		want := [][]clinic.ID{ids[:1], nil, nil, nil}[i%4]
		if got := x.Find("nguyen an", 5, nil); !slices.Equal(got, want) {
			t.Fatalf("round %d: %v", i, got)
		}
		if got := x.Find("dung pham", 5, nil); !slices.Equal(got, ids[1:]) {
			t.Fatalf("round %d: the other name: %v", i, got)
		}
	}
}
