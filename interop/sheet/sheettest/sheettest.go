// Package sheettest writes text in the old codes of Vietnamese, for tests of what reads
// them.
package sheettest

import (
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"clinicbox/interop/sheet"
)

// Encode writes text in an old code, a byte a sign, from tables of its own. It panics for
// text that the code cannot say.
func Encode(code sheet.Code, s string) []byte {
	if code == sheet.Code1258 {
		out, err := charmap.Windows1258.NewEncoder().String(apart(s))
		if err != nil {
			panic(err)
		}
		return []byte(out)
	}
	var out []byte
	for _, r := range Font(code, s) {
		if r > 0xff {
			panic(string(r))
		}
		out = append(out, byte(r))
	}
	return out
}

// Font writes text in TCVN3 or VNI as it looks without the font: how it stands in a
// spreadsheet.
func Font(code sheet.Code, s string) string {
	if code == sheet.CodeTCVN3 {
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
