package catalog_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/interop/catalog"
	"clinicbox/interop/sheet"
)

const (
	workbook = `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr %s/><sheets><sheet name="ẩn" sheetId="1" state="hidden" r:id="rId1"/><sheet name="a" sheetId="2" r:id="rId2"/></sheets></workbook>`
	rels     = `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>`
	styles   = `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts><numFmt numFmtId="164" formatCode="[Red]&quot;day&quot;0.0"/><numFmt numFmtId="165" formatCode="[$-42A]dd/mm/yyyy;@"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>`
	shared   = `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>code</t></si><si><r><t>na</t></r><r><t>me</t></r><rPh><t>đọc</t></rPh></si><si><t>from</t></si></sst>`
	heads    = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="inlineStr"><is><t>price</t></is></c></row>`
)

// xlsx packs a sheet; attrs stand in workbookPr.
func xlsx(t testing.TB, attrs, rows string) []byte {
	return pack(t, map[string]string{
		"xl/workbook.xml": fmt.Sprintf(workbook, attrs), "xl/_rels/workbook.xml.rels": rels, "xl/styles.xml": styles, "xl/sharedStrings.xml": shared,
		"xl/worksheets/sheet2.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + heads + rows + `</sheetData></worksheet>`,
	})
}

func pack(t testing.TB, parts map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(parts[name]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readX(b []byte) catalog.Result {
	return catalog.Read("a.xlsx", clinic.CatalogService, b, sheet.DefaultLimits())
}

func TestXLSXCells(t *testing.T) {
	row := func(n int, cells string) string { return fmt.Sprintf(`<row r="%d">%s</row>`, n, cells) }
	text := func(s string) string { return `<c t="inlineStr"><is><t xml:space="preserve"> ` + s + ` </t></is></c>` }
	a := text("A") + text("tên")
	same(t, readX(xlsx(t, "", row(3, a+`<c s="1"><v>46204</v></c><c><v>3.5E4</v></c>`)+row(4, text("B")+text("b")+`<c s="3"><v>46204.75</v></c><c s="2"><f>1+1</f><v>12.0</v></c>`))),
		"3 A|tên|35000|01/07/2026", "4 B|b|12|01/07/2026")
	same(t, readX(xlsx(t, `date1904="1"`, row(2, a+`<c s="1"><v>44742</v></c>`))), "2 A|tên|01/07/2026")
	same(t, readX(xlsx(t, "", row(2, a+`<c t="d"><v>2026-07-01T00:00:00</v></c>`))), "2 A|tên|01/07/2026")
	same(t, readX(xlsx(t, "", row(2, a+`<c s="1"><v>61</v></c>`)+row(3, a+`<c s="1"><v>59</v></c>`)+row(4, a+`<c s="1"><v>60</v></c>`))),
		"2 A|tên|01/03/1900", "3 A|tên|28/02/1900", "line 4 from formula")
	same(t, readX(xlsx(t, "", row(2, a+`<c r="D2" t="e"><v>#N/A</v></c>`)+row(3, a+`<c r="D3" t="s"><v>99</v></c>`)+row(4, a+`<c r="F4"><v>1</v></c>`))),
		"4 A|tên", "line 2 price formula", "line 3 price formula")
	// A number that should be a code of five digits has lost its zeros: it is told, not mended.
	same(t, readX(xlsx(t, "", row(2, `<c><v>4</v></c>`+text("a")))), "2 4|a")
}

func TestXLSXDamaged(t *testing.T) {
	good := xlsx(t, "", `<row r="2"><c t="inlineStr"><is><t>A</t></is></c><c t="inlineStr"><is><t>a</t></is></c></row>`)
	same(t, readX(good), "2 A|a")
	same(t, readX(good[:len(good)-30]), "line 0  file")
	for _, part := range []string{"xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet2.xml"} {
		parts := map[string]string{"xl/workbook.xml": fmt.Sprintf(workbook, ""), "xl/_rels/workbook.xml.rels": rels, "xl/worksheets/sheet2.xml": "<a/>"}
		delete(parts, part)
		same(t, readX(pack(t, parts)), "line 0  file")
	}
	for _, rows := range []string{`<row r="2"><c>`, `<row r="1"></row>`, `<row r="x"></row>`, `</row>`, `<row r="2"><c><v>&bomb;</v></c></row>`} {
		same(t, readX(xlsx(t, "", rows)), "line 0  file")
	}
	same(t, readX(xlsx(t, "", `<row r="2"><c r="ZZ2"/></row>`)), "line 2  too-many 64")
}

// TestXLSXBomb: a small file that unpacks to more than the limit is refused before it
// is unpacked.
func TestXLSXBomb(t *testing.T) {
	b := xlsx(t, "", strings.Repeat(" ", 97<<20))
	if len(b) > 1<<20 {
		t.Fatal("no bomb")
	}
	same(t, readX(b), "line 0  large 96")
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("code,name,price\nA,a,1\n"), "x.csv")
	f.Add([]byte("sep=;\nmã;tên\n\"A\";b"), "x.csv")
	f.Add([]byte("\xff\xfec\x00"), "x.txt")
	f.Add([]byte(`[{"code":"A","name":"b","ranges":[{"low":1}]}]`), "x.json")
	b, err := os.ReadFile("testdata/services.xlsx")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, "x.xlsx")
	l := sheet.Limits{Bytes: 1 << 16, Inflated: 1 << 18, Rows: 50, Columns: 10, Cell: 100}
	f.Fuzz(func(t *testing.T, b []byte, name string) {
		r := catalog.Read(name, clinic.CatalogService, b, l)
		if len(r.Rows) == 0 && len(r.Problems) == 0 || len(r.Rows) > l.Rows {
			t.Fatalf("%d rows, %d problems", len(r.Rows), len(r.Problems))
		}
		for _, row := range r.Rows {
			if row.Row.Code == "" || row.Row.Name == "" || row.Row.Catalog != clinic.CatalogService {
				t.Fatalf("%+v", row)
			}
		}
	})
}

// FuzzSheet reaches behind the packing, which random bytes seldom pass.
func FuzzSheet(f *testing.F) {
	f.Add(`<row r="2"><c t="s"><v>0</v></c><c s="1"><v>46204</v></c></row>`, styles, shared)
	f.Add(`<row><c t="inlineStr"><is><r><t>A</t></r></is></c></row>`, `<styleSheet/>`, ``)
	l := sheet.Limits{Bytes: 1 << 16, Inflated: 1 << 18, Rows: 50, Columns: 10, Cell: 100}
	f.Fuzz(func(t *testing.T, rows, style, texts string) {
		b := pack(t, map[string]string{
			"xl/workbook.xml": fmt.Sprintf(workbook, ""), "xl/_rels/workbook.xml.rels": rels, "xl/styles.xml": style, "xl/sharedStrings.xml": texts,
			"xl/worksheets/sheet2.xml": `<worksheet><sheetData>` + heads + rows + `</sheetData></worksheet>`,
		})
		r := catalog.Read("a.xlsx", clinic.CatalogService, b, l)
		if len(r.Rows) == 0 && len(r.Problems) == 0 {
			t.Fatal("neither rows nor a word")
		}
	})
}

func BenchmarkReadXLSX(b *testing.B) {
	var rows strings.Builder
	for i := range 15_844 {
		fmt.Fprintf(&rows, `<row r="%d"><c t="inlineStr"><is><t>A%05d</t></is></c><c t="inlineStr"><is><t>Bệnh số %d, không xác định</t></is></c>`, i+2, i, i)
		rows.WriteString(`<c s="1"><v>46204</v></c>`)
		for range 26 {
			rows.WriteString(`<c><v>1</v></c>`)
		}
		rows.WriteString(`</row>`)
	}
	file := xlsx(b, "", rows.String())
	b.ReportAllocs()
	for b.Loop() {
		if r := readX(file); len(r.Rows) != 15_844 {
			b.Fatal(told(r)[:3])
		}
	}
}
