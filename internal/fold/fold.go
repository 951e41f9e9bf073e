// Package fold makes the key by which Vietnamese names and words are searched
// without diacritics: NFC → lower → NFD → drop marks (Mn) → đ to d → collapse
// spaces. Two ways of writing a name (NFC or NFD, hòa or hoà) fold alike.
package fold

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// String returns the folded form of s: "  Đặng Thị  ẤN " becomes "dang thi an".
// Folding is idempotent and ignores bytes that are not UTF-8.
func String(s string) string { return strip(s, isMark) }

// Toneless returns s in lower case without tone marks but with the letters kept
// apart: "Nguyễn" becomes "nguyên", "Đặng" becomes "đăng". It is written in NFC.
func Toneless(s string) string { return norm.NFC.String(keep(s, isTone)) }

// Lower returns s in NFC and lower case with single spaces: the form in which
// names are compared with their diacritics.
func Lower(s string) string {
	return spaces(strings.ToLower(norm.NFC.String(strings.ToValidUTF8(s, ""))))
}

// NFC returns s composed, in which text is kept and compared, without bytes that are no UTF-8.
func NFC(s string) string { return norm.NFC.String(strings.ToValidUTF8(s, "")) }

func spaces(s string) string { return strings.Join(strings.Fields(s), " ") }

func strip(s string, drop func(rune) bool) string {
	out := strings.Map(func(r rune) rune {
		switch r {
		case 'đ', 'ð': // U+00F0: tables and old data write Eth for đ
			return 'd'
		}
		return r
	}, keep(s, drop))
	return out
}

func keep(s string, drop func(rune) bool) string {
	return spaces(strings.Map(func(r rune) rune {
		if drop(r) {
			return -1
		}
		return r
	}, norm.NFD.String(Lower(s))))
}

func isMark(r rune) bool { return r > 0x7f && unicode.Is(unicode.Mn, r) }

// isTone tells the five tone marks: grave, acute, tilde, hook above, dot below.
func isTone(r rune) bool {
	switch r {
	case 0x300, 0x301, 0x303, 0x309, 0x323:
		return true
	}
	return false
}

// Spelled returns s in lower case with each word's tone mark behind its letters: names
// that differ only in where the tone stands (hòa, hoà) are spelled alike, and all others
// that people tell apart are not. It is for comparing, not for showing.
func Spelled(s string) string {
	words := strings.Fields(norm.NFD.String(Lower(s)))
	for i, w := range words {
		var letters, tones []rune
		for _, r := range w {
			switch {
			case isTone(r):
				tones = append(tones, r)
			case r == 'ð':
				letters = append(letters, 'đ')
			default:
				letters = append(letters, r)
			}
		}
		words[i] = string(letters) + string(tones)
	}
	return strings.Join(words, " ")
}
