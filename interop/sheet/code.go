package sheet

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/encoding/charmap"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Code is a way in which Vietnamese was written before Unicode.
type Code string

// The codes that are recognised. Files of them look like Western text: a byte a sign.
const (
	CodeNone  Code = ""
	CodeTCVN3 Code = "TCVN3"        // ABC, the .Vn fonts (TCVN 5712:1993, VN3)
	CodeVNI   Code = "VNI"          // the VNI- fonts: a letter, then a sign for its marks
	Code1258  Code = "Windows-1258" // letters, then tones as marks of their own
)

// tcvn3 are the letters of the signs from A1 on, "." where there is none. The fonts for
// capitals have the same signs.
const tcvn3 = "ĂÂÊÔƠƯĐăâêôơưđ......àảãáạ.ằẳẵắ.......ặầẩẫấậè.ẻẽéẹềểễếệìỉ...ĩíịò.ỏõóọồổỗốộờởỡớợù.ủũúụừửữứựỳỷỹýỵ."

// The signs of VNI: letters of their own, and marks on the letter before.
const (
	vniLetters = "ô ơ ö ư ñ đ í í ì ì æ ỉ ó ĩ ò ị î ỵ Ô Ơ Ö Ư Ñ Đ Í Í Ì Ì Æ Ỉ Ó Ĩ Ò Ị Î Ỵ"
	vniMarks   = "ù \u0301 ø \u0300 û \u0309 õ \u0303 ï \u0323 â \u0302 á \u0302\u0301 à \u0302\u0300 å \u0302\u0309 ã \u0302\u0303 ä \u0302\u0323 " +
		"ê \u0306 é \u0306\u0301 è \u0306\u0300 ú \u0306\u0309 ü \u0306\u0303 ë \u0306\u0323"
)

// coder turns text whose signs are bytes (U+00A0 to U+00FF) into Vietnamese.
type coder struct {
	code   Code
	decode func(token string) string
	known  map[string]int // scores of words: names repeat
}

// coders returns the readings of text and those of bytes, the plain one first.
func coders() (text, raw []*coder) {
	from3 := map[rune]rune{}
	for i, r := range []rune(tcvn3) {
		if r != '.' {
			from3[rune(0xa1+i)] = r
		}
	}
	vni := strings.NewReplacer(vniPairs()...)
	as := func(code Code, decode func(string) string) *coder { return &coder{code, decode, map[string]int{}} }
	three := as(CodeTCVN3, func(s string) string {
		return capitals(strings.Map(func(r rune) rune {
			if to, ok := from3[r]; ok {
				return to
			}
			return r
		}, s))
	})
	letters := as(CodeVNI, func(s string) string { return fold.NFC(vni.Replace(s)) })
	plain := as(CodeNone, func(s string) string { return s })
	return []*coder{plain, three, letters}, []*coder{as(Code1258, from1258), three, letters}
}

// vniPairs are replacements for each mark behind each vowel: a mark that stands alone is
// no text of VNI.
func vniPairs() (out []string) {
	letters, marks := strings.Fields(vniLetters), strings.Fields(vniMarks)
	vowels := map[string]string{"ô": "ơ", "Ô": "Ơ", "ö": "ư", "Ö": "Ư"}
	for _, v := range strings.Split("aeiouyAEIOUY", "") {
		vowels[v] = v
	}
	for from, to := range vowels {
		for i := 0; i < len(marks); i += 2 {
			out = append(out, from+marks[i], to+marks[i+1], from+strings.ToUpper(marks[i]), to+marks[i+1])
		}
	}
	return append(out, letters...)
}

func from1258(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if r > 0xff {
			return s
		}
		b = append(b, byte(r))
	}
	out, err := charmap.Windows1258.NewDecoder().Bytes(b)
	if err != nil {
		return s
	}
	return fold.NFC(string(out))
}

// capitals makes a word of capitals whole: the fonts for them have one sign for both.
func capitals(s string) string {
	upper := 0
	for _, r := range s {
		if r < 0x80 && unicode.IsLower(r) {
			return s
		}
		if r < 0x80 {
			upper++
		}
	}
	if upper > 1 { // of one nobody knows: Vũ, or VŨ
		return strings.ToUpper(s)
	}
	return s
}

// What a word tells of the code that it is read in.
const (
	scoreWord    = 2  // a syllable of Vietnamese with its marks
	scoreNoWord  = -3 // none
	scoreClear   = 5  // how much better another code must read a row
	scoreClearly = 3  // rows that are so much better: the others follow
)

// recode finds the rows that were written in an old code. Text that reads as it is stays
// as it is, also beside rows of bytes; of bytes that are in no code the table tells.
func (t *Table) recode() {
	var text, raw reading
	text.coders, raw.coders = coders()
	raw.bytes = true
	for i := range t.Rows {
		cells := strings.Join(t.Rows[i].Cells, " ")
		switch {
		case !western(cells):
		case t.raw[t.Rows[i].Line]:
			raw.add(i, cells)
		default:
			text.add(i, cells)
		}
	}
	read := text.write(t) + raw.write(t)
	if len(t.raw) > 0 && read < 2*scoreWord && len(t.Problems) == 0 {
		t.Rows = nil
		t.Fail(0, clinic.RowEncoding, nil)
	}
}

// reading is the rows of a table that may be in the same codes.
type reading struct {
	bytes  bool
	coders []*coder
	rows   []int
	scores [][]int
	total  []int
	clear  int // rows that another code reads much better
}

func (g *reading) add(row int, text string) {
	s := make([]int, len(g.coders))
	g.total = append(g.total, make([]int, len(g.coders)-len(g.total))...)
	for j, c := range g.coders {
		s[j] = score(text, c)
		g.total[j] += s[j]
	}
	if slices.Max(s)-s[0] >= scoreClear {
		g.clear++
	}
	g.rows, g.scores = append(g.rows, row), append(g.scores, s)
}

// write rewrites the rows in the code that reads them best, and returns how well.
func (g *reading) write(t *Table) (read int) {
	for i, s := range g.scores {
		best := 0
		for j := range s {
			if s[j] > s[best] || s[j] == s[best] && g.bytes && g.total[j] > g.total[best] {
				best = j
			}
		}
		read += s[best]
		if best > 0 && !g.bytes && s[best]-s[0] < scoreClear && g.clear < scoreClearly {
			continue
		}
		t.write(&t.Rows[g.rows[i]], g.coders[best])
	}
	return read
}

func (t *Table) write(row *Row, c *coder) {
	if c.code == CodeNone {
		return
	}
	for i, cell := range row.Cells {
		row.Cells[i] = strings.Join(mapTokens(cell, c.decode), "")
	}
	if !slices.Contains(t.Codes, c.code) {
		t.Codes = append(t.Codes, c.code)
	}
}

// western reports whether a text may be in a code: it has signs of the upper half of a
// byte, and none that Unicode alone has.
func western(s string) bool {
	some := false
	for _, r := range s {
		if r > 0xff {
			return false
		}
		some = some || r >= 0xa1
	}
	return some
}

func score(text string, c *coder) (n int) {
	for _, token := range mapTokens(text, func(s string) string { return s }) {
		if !western(token) {
			continue
		}
		of, ok := c.known[token]
		if !ok {
			of = c.score(token)
			c.known[token] = of
		}
		n += of
	}
	return n
}

func (c *coder) score(token string) int {
	switch {
	case syllable(c.decode(token)):
		return scoreWord
	case c.code == CodeNone && !strings.ContainsFunc(token, func(r rune) bool { return r >= 0xc0 }):
		return 0 // signs of units and quotes stand in any text
	}
	return scoreNoWord
}

// mapTokens splits text into words with their signs and what is between them.
func mapTokens(s string, f func(string) string) (out []string) {
	inside := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= 0xa1
	}
	for s != "" {
		word := inside([]rune(s[:min(len(s), 4)])[0])
		end := strings.IndexFunc(s, func(r rune) bool { return inside(r) != word })
		if end < 0 {
			end = len(s)
		}
		part := s[:end]
		if word {
			part = f(part)
		}
		out, s = append(out, part), s[end:]
	}
	return out
}

// The parts of a syllable, without tones.
const (
	onsets  = " b c ch d đ g gh gi h k kh l m n ng ngh nh p ph q qu r s t th tr v x  "
	rhymes  = " a ă â e ê i o ô ơ u ư y ai ao au ay âu ây eo êu ia iê iêu iu oa oai oao oay oă oe oeo oi oo ôi ơi ua uâ uây uê ui uo uô uôi uơ uy uya uyê uyu ưa ưi ươ ươi ươu ưu yê yêu "
	codas   = " c ch m n ng nh p t  "
	maxWord = 7 // nghiêng
)

// syllable reports whether a word is one of Vietnamese: an onset, a rhyme with at most
// one tone, an end.
func syllable(word string) bool {
	word = strings.ToLower(fold.NFC(word))
	if len([]rune(word)) > maxWord {
		return false
	}
	plain := fold.Toneless(word)
	tones := 0
	for _, r := range word {
		if !unicode.IsLetter(r) {
			return false
		}
		if s := string(r); fold.Toneless(s) != s {
			if !strings.Contains("aăâeêioôơuưy", fold.Toneless(s)) {
				return false
			}
			tones++
		}
	}
	if tones > 1 {
		return false
	}
	for _, onset := range []int{3, 2, 1, 0} {
		r := []rune(plain)
		if len(r) <= onset || !strings.Contains(onsets, " "+string(r[:onset])+" ") {
			continue
		}
		for coda := 0; coda <= 2 && onset+coda < len(r); coda++ {
			rhyme, end := string(r[onset:len(r)-coda]), string(r[len(r)-coda:])
			if strings.Contains(rhymes, " "+rhyme+" ") && strings.Contains(codas, " "+end+" ") {
				return true
			}
		}
	}
	return false
}
