package sheet_test

import (
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
	"clinicbox/interop/sheet/sheettest"
)

// people are lines whose words have every letter of Vietnamese.
func people() []string {
	return []string{
		"họ và tên;địa chỉ;năm sinh",
		"Nguyễn Thị Mẫu;Thôn Bãi Sau, xã Đảo Cồn;1961",
		"Trần Văn Thử;Hẻm Hữu Nghị;1950",
		"Đặng Quỳnh Như;Khóm Bờ Kè;2020",
		"Lê Hoàng Vũ;Xóm Giếng Đá;1972",
		"Phạm Thị Ngọc Bưởi;Thôn Ruộng Muối;1988",
		"Vũ Đức Thuận;Tổ dân phố Kẻ Sặt;1939",
		"Hồ Thị Mỹ Lệ;Đường ven đầm phá;1999",
		"An Kim;Nha Trang;2001",
	}
}

func rows(t sheet.Table) (out []string) {
	for _, r := range t.Rows {
		out = append(out, strings.Join(r.Cells, ";"))
	}
	return out
}

// TestOldCodes: a file in each old code reads as it was meant, as bytes and as a font in
// a spreadsheet shows them.
func TestOldCodes(t *testing.T) {
	want := people()
	text := strings.Join(want, "\n")
	for _, code := range []sheet.Code{sheet.CodeTCVN3, sheet.CodeVNI, sheet.Code1258} {
		raw := sheettest.Encode(code, text)
		if code != sheet.Code1258 {
			if got := rows(sheet.Read("a.csv", []byte(sheettest.Font(code, text)), sheet.DefaultLimits())); !slices.Equal(got, want) {
				t.Errorf("%s as text: %s", code, strings.Join(got, "\n"))
			}
		}
		got := sheet.Read("a.csv", raw, sheet.DefaultLimits())
		if !slices.Equal(rows(got), want) || !slices.Equal(got.Codes, []sheet.Code{code}) {
			t.Errorf("%s: %v %v\n%s", code, got.Codes, got.Problems, strings.Join(rows(got), "\n"))
		}
	}
}

// TestTextBesideBytes: rows of UTF-8 stay as they are beside rows of an old code, though
// their few letters could be signs of one.
func TestTextBesideBytes(t *testing.T) {
	text := []string{"Hòe hoa;10", "Phòng phong;20", "Tang ký sinh;30", "Võ Hoàng Hòa;40"}
	file := strings.Join(text, "\n") + "\n"
	for _, line := range people() {
		file += string(sheettest.Encode(sheet.CodeTCVN3, line)) + "\n"
	}
	file += "\"Lý Hòa\n" + string(sheettest.Encode(sheet.CodeTCVN3, "Nguyễn Thị Mẫu")) + "\";50\n"
	got := rows(sheet.Read("a.csv", []byte(file), sheet.DefaultLimits()))
	if want := append(text, people()...); !slices.Equal(got[:len(got)-1], want) || !strings.Contains(got[len(got)-1], "Nguyễn Thị Mẫu") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

// TestMixedCodes: each row of a file that was put together reads by itself.
func TestMixedCodes(t *testing.T) {
	var file []byte
	want := people()
	for i, line := range want {
		switch i % 4 {
		case 0:
			file = append(file, line...)
		case 1:
			file = append(file, sheettest.Encode(sheet.CodeTCVN3, line)...)
		case 2:
			file = append(file, sheettest.Encode(sheet.CodeVNI, line)...)
		case 3:
			file = append(file, sheettest.Encode(sheet.Code1258, line)...)
		}
		file = append(file, '\n')
	}
	got := sheet.Read("a.csv", file, sheet.DefaultLimits())
	if !slices.Equal(rows(got), want) || len(got.Codes) != 3 {
		t.Errorf("%v %v\n%s", got.Codes, got.Problems, strings.Join(rows(got), "\n"))
	}
}

// TestTextStays: what is right is not changed, also where signs of bytes stand in it.
func TestTextStays(t *testing.T) {
	for _, s := range []string{
		"mã;tên\nA;10 µm × 5 µg ± 2 °C ®", "tên;số\nJosé Müller;1\nRené Béres;2", "Lê An;1\nTrà Bà;2\nSò Hà;3", "a;«b»\n½;²",
		strings.Join(people(), "\n"),
	} {
		got := sheet.Read("a.csv", []byte(s), sheet.DefaultLimits())
		if text := strings.Join(rows(got), "\n"); text != s || len(got.Codes) != 0 {
			t.Errorf("%q became %q %v", s, text, got.Codes)
		}
	}
}

// TestNoCode: bytes that are no code are refused, not guessed.
func TestNoCode(t *testing.T) {
	for _, b := range []string{"a;b\n\xe3;1", "\x89PNG\r\n\x1a\xff\xfe\xfd;\xf0\xf1", "t\xean;\xa1\xb0\xc0zz\xff\xffqq"} {
		got := sheet.Read("a.csv", []byte(b), sheet.DefaultLimits())
		if len(got.Rows) > 0 || len(got.Problems) != 1 || got.Problems[0].Code != clinic.RowEncoding {
			t.Errorf("%q: %v %v", b, rows(got), got.Problems)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, code := range []sheet.Code{sheet.CodeTCVN3, sheet.CodeVNI} {
		f.Add(sheettest.Encode(code, strings.Join(people(), "\n")))
	}
	f.Add(sheettest.Encode(sheet.Code1258, people()[1]))
	f.Add([]byte("sep=;\na;\"b\nc\"\xff;"))
	l := sheet.Limits{Bytes: 1 << 16, Inflated: 1 << 18, Rows: 50, Columns: 10, Cell: 100}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := sheet.Read("a.csv", b, l)
		if r.Kind == "csv" && len(r.Rows) > l.Rows+sheet.HeadRows {
			t.Fatal(len(r.Rows))
		}
		for _, row := range r.Rows {
			if strings.ToValidUTF8(strings.Join(row.Cells, ""), "") != strings.Join(row.Cells, "") {
				t.Fatalf("%q", row.Cells)
			}
		}
	})
}

func BenchmarkOldCode(b *testing.B) {
	text := sheettest.Encode(sheet.CodeTCVN3, strings.Join(people(), "\n")+"\n")
	file := slices.Repeat(text, 600)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if t := sheet.Read("a.csv", file, sheet.DefaultLimits()); len(t.Rows) != 5400 {
			b.Fatal(t.Problems)
		}
	}
}
