package fold_test

import (
	"testing"

	"golang.org/x/text/unicode/norm"

	"clinicbox/internal/fold"
)

func TestString(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"Nguyễn Văn Ân":             "nguyen van an",
		"  ĐẶNG\tThị  ẤN ":          "dang thi an",
		"Ðặng":                      "dang", // U+00D0 by mistake
		"Khánh Hoà":                 "khanh hoa",
		"Khánh Hòa":                 "khanh hoa",
		"ƯƠNG":                      "uong",
		norm.NFD.String("Nguyễn"):   "nguyen",
		"K'Brêh-Niê":                "k'breh-nie",
		"a\xffb":                    "ab",
		"Lê\u00a0Thị":               "le thi",
		"\u0301":                    "",
		"H’Hen":                     "h’hen",
		norm.NFD.String("Đỗ Ỷ Lan"): "do y lan",
	} {
		if got := fold.String(in); got != want {
			t.Errorf("String(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestToneless(t *testing.T) {
	for in, want := range map[string]string{"Nguyễn": "nguyên", "Đặng": "đăng", "Hòa": "hoa", "Ương": "ương"} {
		if got := fold.Toneless(in); got != want {
			t.Errorf("Toneless(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"Nguyễn Văn Ân", "ĐÐđð", "\xff", "İ", "ﬁ", "a\u0301\u0323 b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fold.String(s)
		if twice := fold.String(once); twice != once {
			t.Fatalf("not idempotent: %q → %q → %q", s, once, twice)
		}
	})
}

func TestSpelled(t *testing.T) {
	for _, same := range [][2]string{{"Hòa", "HOÀ"}, {"Thúy Nguyễn", "thuý nguyễn"}, {"Ðặng", norm.NFD.String("Đặng")}} {
		if fold.Spelled(same[0]) != fold.Spelled(same[1]) {
			t.Errorf("%q and %q are not spelled alike", same[0], same[1])
		}
	}
	for _, two := range [][2]string{{"Hoa", "Hòa"}, {"Hòa", "Hóa"}, {"Dũng", "Đũng"}, {"Tuân", "Tuan"}, {"Văn An", "Vănan"}} {
		if fold.Spelled(two[0]) == fold.Spelled(two[1]) {
			t.Errorf("%q and %q are spelled alike", two[0], two[1])
		}
	}
}
