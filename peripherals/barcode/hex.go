package barcode

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// decodeHex reads a text field of the insurance card: hexadecimal UTF-8, on some
// cards UTF-16LE, on a few the text itself. An input method may have turned
// keystrokes into letters on the way (undone tells). A name must be all Latin
// letters; other text must be printable.
func decodeHex(s string, name bool) (text string, undone, ok bool) {
	keys := undoTelex(s)
	raw, err := hex.DecodeString(keys)
	if err != nil {
		plain := strings.Contains(s, " ") && fits(s, name)
		return s, false, plain
	}
	for _, t := range []string{fromUTF8(raw), fromUTF16(raw)} {
		t = norm.NFC.String(strings.TrimSpace(t))
		if fits(t, name) {
			return t, keys != s, true
		}
	}
	return "", false, false
}

func fits(s string, name bool) bool {
	if name {
		return isName(s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || unicode.IsLetter(r) && !unicode.Is(unicode.Latin, r) {
			return false
		}
	}
	return s != ""
}

func fromUTF8(b []byte) string {
	if !utf8.Valid(b) {
		return ""
	}
	return string(b)
}

func fromUTF16(b []byte) string {
	if len(b)%2 != 0 {
		return ""
	}
	u := make([]uint16, len(b)/2)
	for i := range u {
		u[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(u))
}

// undoTelex turns the letters that a Telex input method makes of hexadecimal
// digits back into the keystrokes: aa→â, ee→ê, dd→đ, and f after a vowel, which
// puts a grave on it.
func undoTelex(s string) string {
	var b strings.Builder
	for _, r := range norm.NFC.String(s) {
		keys := ""
		switch unicode.ToLower(r) {
		case 'â':
			keys = "aa"
		case 'ê':
			keys = "ee"
		case 'đ':
			keys = "dd"
		case 'à':
			keys = "af"
		case 'è':
			keys = "ef"
		case 'ầ':
			keys = "aaf"
		case 'ề':
			keys = "eef"
		default:
			b.WriteRune(r)
			continue
		}
		b.WriteString(keys)
	}
	return b.String()
}
