package catalog_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/interop/catalog"
	"clinicbox/interop/sheet"
)

// told writes what was read in one line a row and problem, to compare.
func told(r catalog.Result) (out []string) {
	for _, row := range r.Rows {
		s := fmt.Sprintf("%d %s|%s", row.At, row.Row.Code, row.Row.Name)
		if row.Row.Price > 0 {
			s += fmt.Sprintf("|%d", row.Row.Price)
		}
		if !row.Row.From.IsZero() {
			s += "|" + row.Row.From.String()
		}
		out = append(out, s)
	}
	for _, p := range r.Problems {
		s := fmt.Sprintf("line %d %s %s", p.At, p.Column, p.Code)
		if p.Warn {
			s += " (warn)"
		}
		if v := p.Args["value"] + p.Args["max"]; v != "" {
			s += " " + v
		}
		out = append(out, s)
	}
	return out
}

func same(t *testing.T, r catalog.Result, want ...string) {
	t.Helper()
	if got := told(r); !slices.Equal(got, want) {
		t.Errorf("got\n %s\nwant\n %s", strings.Join(got, "\n "), strings.Join(want, "\n "))
	}
}

func read(name, text string) catalog.Result {
	return catalog.Read(name, clinic.CatalogService, []byte(text), sheet.DefaultLimits())
}

func TestCSV(t *testing.T) {
	want := []string{"2 KHAM|Khám bệnh|35000", "3 TIEM|Tiêm; truyền|1500"}
	for name, text := range map[string]string{
		"comma":                 "code,name,price\nKHAM,Khám bệnh,35000\nTIEM,Tiêm; truyền,1500\n",
		"semicolon":             "\ufeffMã;Tên;Đơn giá\r\nKHAM;Khám bệnh;35.000\r\nTIEM;\"Tiêm; truyền\";1500,00\r\n",
		"tab":                   "MA_DICH_VU\tTEN_DICH_VU\tDON_GIA\nKHAM\tKhám bệnh\t35,000\nTIEM\tTiêm; truyền\t1500\n",
		"UTF-16":                "\xff\xfeM\x00\xe3\x00\t\x00T\x00\xea\x00n\x00\t\x00G\x00i\x00\xe1\x00\n\x00K\x00H\x00A\x00M\x00\t\x00K\x00h\x00\xe1\x00m\x00 \x00b\x00\xc7\x1e\x6e\x00h\x00\t\x003\x005\x000\x000\x000\x00\n\x00T\x00I\x00E\x00M\x00\t\x00T\x00i\x00\xea\x00m\x00;\x00 \x00t\x00r\x00u\x00y\x00\xc1\x1e\x6e\x00\t\x001\x005\x000\x000\x00",
		"decomposed and spaces": "code,name,price\n KHAM , Kha\u0301m  bệnh ,35000\nTIEM,Tiêm; truye\u0302\u0300n,1500\n",
	} {
		t.Run(name, func(t *testing.T) { same(t, read("x.csv", text), want...) })
	}
	t.Run("sep= and titles", func(t *testing.T) {
		same(t, read("x.csv", "sep=;\nDANH MỤC DỊCH VỤ;;\n;;\nSTT;Mã;Tên;Giá\n1;KHAM;Khám bệnh;35000\n;;;\n2;TIEM;Tiêm;1500"),
			"5 KHAM|Khám bệnh|35000", "7 TIEM|Tiêm|1500", "line 4  column (warn) STT")
	})
}

// TestErrors: each error has its line and column, and the other rows are read.
func TestErrors(t *testing.T) {
	same(t, read("x.csv", "code,name,price,from,to\nA,a,12x,2026-01-01,\nB,b,1,30/02/2026,\n,c,2,,\nD,,2,,\nE,e,3,01/07/2026,31/12/2026\nF,f,-4,,\n\"G\nH\",g,5,,\n"),
		"6 E|e|3|01/07/2026", "8 G H|g|5",
		"line 2 price price 12x", "line 3 from date 30/02/2026", "line 4 code empty", "line 5 name empty", "line 7 price price -4")
	same(t, read("x.csv", "code,name,mã\nA,a,b\n"), "line 1 code twice")
	same(t, read("x.csv", "tên,giá\nA,1\n"), "line 0  columns code, name")
	same(t, read("x.csv", "code,name\n"), "line 0  nothing")
	same(t, read("x.csv", ""), "line 0  columns code, name")
	same(t, read("x.csv", "code,name\nA,\"a\nB,b\n"), "line 3  file")
	same(t, read("x.csv", "code,name\nA,\xe3\n"), "line 0  encoding")
	same(t, read("x.pdf", "%PDF-1.7"), "line 0  kind")
	same(t, read("x.xls", "\xd0\xcf\x11\xe0"), "line 0  kind")
	same(t, read("x.csv", "code,name,catalog\nA,a,medicine\nB,b,service\n"), "3 B|b", "line 2 catalog catalog medicine")
	r := catalog.Read("x.csv", "", []byte("code,name,catalog\nA,a,medicine\nB,b,\n"), sheet.DefaultLimits())
	same(t, r, "2 A|a", "line 3 catalog empty")
}

func TestJSON(t *testing.T) {
	same(t, read("x.json", `[{"code":"KHAM","name":"Khám bệnh","price":35000,"from":"2026-07-01","ranges":[{"low":3900,"high":6000}]},
		{"code":"TIEM","name":"Tiêm","price":null,"nmae":"x"}]`),
		"1 KHAM|Khám bệnh|35000|01/07/2026", "2 TIEM|Tiêm", "line 0  column (warn) nmae")
	r := read("x.json", `[{"code":"GLU","name":"Glucose","ranges":[{"low":3900,"high":6000}],"value":"1"}]`)
	if len(r.Rows) != 1 || len(r.Rows[0].Row.Ranges) != 1 || r.Rows[0].Row.Ranges[0].High != 6000 || r.Rows[0].Row.Value != "1" {
		t.Errorf("%+v", r)
	}
	same(t, read("x.json", `[{"code":"A","name":{"a":1}}]`), "line 1 name formula", "line 1 name empty")
	same(t, read("x.json", `{"code":"A"}`), "line 0  file")
	same(t, read("x.json", `[{"code":"A","name":"b"}`), "line 0  file")
	same(t, read("x.json", `[{"code":"A","name":"b"},3]`), "line 2  file")
	same(t, read("x.json", `[]`), "line 0  columns code, name")
}

// TestFileOfASpreadsheet reads a file that another program wrote, with a title above the
// names, money formats, dates by a built-in and by an own format, rich text and a second
// sheet.
func TestFileOfASpreadsheet(t *testing.T) {
	b, err := os.ReadFile("testdata/services.xlsx")
	if err != nil {
		t.Fatal(err)
	}
	r := catalog.Read("services.xlsx", clinic.CatalogService, b, sheet.DefaultLimits())
	same(t, r,
		"4 KHAM|Khám bệnh|38000|01/07/2026", "5 XNGLU|Định lượng glucose|22500|01/07/2026", "6 SIEUAM|Siêu âm ổ bụng|49300|01/07/2026",
		"line 3  column (warn) STT", "line 3  column (warn) Ghi chú")
	if r.Kind != "xlsx" || r.Lines != 3 || r.Rows[0].Row.Unit != "lần" {
		t.Errorf("%+v", r)
	}
}

func TestLimits(t *testing.T) {
	l := sheet.Limits{Bytes: 1000, Inflated: 1000, Rows: 3, Columns: 4, Cell: 20}
	read := func(text string) catalog.Result {
		return catalog.Read("x.csv", clinic.CatalogService, []byte(text), l)
	}
	same(t, read("code,name\n"+strings.Repeat("A,a\n", 4)), "2 A|a", "3 A|a", "4 A|a", "line 5  too-many 3")
	same(t, read("code,name,a,b,c\n"), "line 1  too-many 4")
	same(t, read("code,name\nA,"+strings.Repeat("ă", 21)+"\n"), "line 2  long 20")
	same(t, read(strings.Repeat("x", 1001)), "line 0  large 0")
	many := catalog.Read("x.csv", clinic.CatalogService, []byte("code,name\n"+strings.Repeat("A,\n", 1000)), sheet.DefaultLimits())
	if n := len(many.Problems); n != 201 || many.Problems[200].Code != clinic.RowTooMany {
		t.Errorf("%d problems are told", n)
	}
}
