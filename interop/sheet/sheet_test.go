package sheet_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/interop/sheet"
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

// encode writes text in an old code, from a table of its own.
func encode(code sheet.Code, s string) string {
	switch code {
	case sheet.Code1258:
		out, err := charmap.Windows1258.NewEncoder().String(apart(s))
		if err != nil {
			panic(err)
		}
		return out
	case sheet.CodeTCVN3:
		return table(s, "µ à ¶ ả · ã ¸ á ¹ ạ ¨ ă » ằ ¼ ẳ ½ ẵ ¾ ắ Æ ặ © â Ç ầ È ẩ É ẫ Ê ấ Ë ậ ® đ Ì è Î ẻ Ï ẽ Ð é Ñ ẹ ª ê Ò ề Ó ể Ô ễ Õ ế Ö ệ × ì Ø ỉ Ü ĩ Ý í Þ ị ß ò á ỏ â õ ã ó ä ọ « ô å ồ æ ổ ç ỗ è ố é ộ ¬ ơ ê ờ ë ở ì ỡ í ớ î ợ ï ù ñ ủ ò ũ ó ú ô ụ \u00ad ư õ ừ ö ử ÷ ữ ø ứ ù ự ú ỳ û ỷ ü ỹ ý ý þ ỵ § Đ ¢ Â ¤ Ô")
	}
	return table(s, "aø à aû ả aõ ã aù á aï ạ aê ă aè ằ aú ẳ aü ẵ aé ắ aë ặ aâ â aà ầ aå ẩ aã ẫ aá ấ aä ậ ñ đ eø è eû ẻ eõ ẽ eù é eï ẹ eâ ê eà ề eå ể eã ễ eá ế eä ệ ì ì æ ỉ ó ĩ í í ò ị oø ò oû ỏ oõ õ où ó oï ọ oâ ô oà ồ oå ổ oã ỗ oá ố oä ộ ô ơ ôø ờ ôû ở ôõ ỡ ôù ớ ôï ợ uø ù uû ủ uõ ũ uù ú uï ụ ö ư öø ừ öû ử öõ ữ öù ứ öï ự yø ỳ yû ỷ yõ ỹ yù ý î ỵ Ñ Đ")
}

// apart writes tones as marks of their own, as Windows does.
func apart(s string) string {
	var out strings.Builder
	for _, r := range s {
		if _, err := charmap.Windows1258.NewEncoder().String(string(r)); err == nil {
			out.WriteRune(r)
			continue
		}
		d := []rune(norm.NFD.String(string(r)))
		for i, tone := range d {
			if strings.ContainsRune("\u0300\u0301\u0303\u0309\u0323", tone) {
				out.WriteString(norm.NFC.String(string(slices.Delete(slices.Clone(d), i, i+1))) + string(tone))
			}
		}
	}
	return out.String()
}

func table(s, pairs string) string {
	f := strings.Fields(pairs)
	for i := 0; i < len(f); i += 2 {
		f[i], f[i+1] = f[i+1], f[i]
	}
	return strings.NewReplacer(f...).Replace(s)
}

// bytes makes a byte of each sign.
func bytes(s string) []byte {
	var out []byte
	for _, r := range s {
		out = append(out, byte(r))
	}
	return out
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
		raw := []byte(encode(code, text))
		if code != sheet.Code1258 {
			raw = bytes(encode(code, text))
			if got := rows(sheet.Read("a.csv", []byte(encode(code, text)), sheet.DefaultLimits())); !slices.Equal(got, want) {
				t.Errorf("%s as text: %s", code, strings.Join(got, "\n"))
			}
		}
		got := sheet.Read("a.csv", raw, sheet.DefaultLimits())
		if !slices.Equal(rows(got), want) || !slices.Equal(got.Codes, []sheet.Code{code}) {
			t.Errorf("%s: %v %v\n%s", code, got.Codes, got.Problems, strings.Join(rows(got), "\n"))
		}
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
			file = append(file, bytes(encode(sheet.CodeTCVN3, line))...)
		case 2:
			file = append(file, bytes(encode(sheet.CodeVNI, line))...)
		case 3:
			file = append(file, encode(sheet.Code1258, line)...)
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
		f.Add(bytes(encode(code, strings.Join(people(), "\n"))))
	}
	f.Add([]byte(encode(sheet.Code1258, people()[1])))
	f.Add([]byte("sep=;\na;\"b\nc\"\xff;"))
	l := sheet.Limits{Bytes: 1 << 16, Inflated: 1 << 18, Rows: 50, Columns: 10, Cell: 100}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := sheet.Read("a.csv", b, l)
		if r.Kind == "csv" && len(r.Rows) > l.Rows+sheet.HeadRows {
			t.Fatal(len(r.Rows))
		}
		for _, row := range r.Rows {
			if strings.ToValidUTF8(strings.Join(row.Cells, ""), "") != strings.Join(row.Cells, "") {
				t.Fatal(fmt.Sprintf("%q", row.Cells))
			}
		}
	})
}

func BenchmarkOldCode(b *testing.B) {
	text := bytes(encode(sheet.CodeTCVN3, strings.Join(people(), "\n")+"\n"))
	file := slices.Repeat(text, 600)
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if t := sheet.Read("a.csv", file, sheet.DefaultLimits()); len(t.Rows) != 5400 {
			b.Fatal(t.Problems)
		}
	}
}
