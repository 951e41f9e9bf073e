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
