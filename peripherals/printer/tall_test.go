package printer

import "testing"

func TestTallLetters(t *testing.T) {
	n := 0
	for r := range rune(0x2000) {
		if isTall(r) {
			n++
		}
	}
	// Three letters of the circumflex (â ê ô) and ă, four tones above, two cases.
	if n != 32 {
		t.Fatalf("%d letters", n)
	}
	for _, r := range "ậặệộẬêơờừýẢđÂa" {
		if isTall(r) {
			t.Errorf("%c has not two marks above", r)
		}
	}
}
