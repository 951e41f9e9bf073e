package sms

import "strings"

const (
	escape = 0x1B
	// basic is the default alphabet by code (TS 23.038 §6.2.1); place 0x1B is the escape.
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)

// alphabet has the default alphabet and its extension both ways.
type alphabet struct {
	runes  [128]rune
	codes  map[rune]byte
	more   map[byte]rune // behind an escape (TS 23.038 §6.2.1.1)
	escape map[rune]byte
}

var gsm = func() alphabet {
	a := alphabet{codes: map[rune]byte{}, escape: map[rune]byte{}, more: map[byte]rune{
		0x0A: '\f', 0x14: '^', 0x28: '{', 0x29: '}', 0x2F: '\\', 0x3C: '[', 0x3D: '~', 0x3E: ']', 0x40: '|', 0x65: '€',
	}}
	for i, r := range []rune(basic) {
		a.runes[i] = r
		if i != escape {
			a.codes[r] = byte(i)
		}
	}
	for c, r := range a.more {
		a.escape[r] = c
	}
	return a
}()

// septets writes a text in the default alphabet; ok is false when it has a letter
// that is not in it.
func septets(text string) (out []byte, ok bool) {
	for _, r := range text {
		if c, ok := gsm.codes[r]; ok {
			out = append(out, c)
		} else if c, ok := gsm.escape[r]; ok {
			out = append(out, escape, c)
		} else {
			return nil, false
		}
	}
	return out, true
}

// letters reads septets. A code that the extension table lacks is the one of the
// basic table, as the standard asks; an escape at the end is dropped.
func letters(codes []byte) string {
	var b strings.Builder
	for i := 0; i < len(codes); i++ {
		c := codes[i] & 0x7F
		if c != escape {
			b.WriteRune(gsm.runes[c])
			continue
		}
		if i++; i == len(codes) {
			break
		}
		c = codes[i] & 0x7F
		if r, ok := gsm.more[c]; ok {
			b.WriteRune(r)
		} else if c == escape {
			b.WriteRune(' ') // reserved for a further table
		} else {
			b.WriteRune(gsm.runes[c])
		}
	}
	return b.String()
}

// pack puts septets into octets, low bits first, after skip bits of zero.
func pack(codes []byte, skip int) []byte {
	out := make([]byte, (skip+7*len(codes)+7)/8)
	for i, c := range codes {
		at := skip + 7*i
		wide := uint16(c&0x7F) << (at % 8)
		out[at/8] |= byte(wide)
		if wide > 0xFF {
			out[at/8+1] |= byte(wide >> 8)
		}
	}
	return out
}

// unpack reads n septets behind skip bits; ok is false when octets are missing.
func unpack(octets []byte, n, skip int) (codes []byte, ok bool) {
	if n < 0 || skip+7*n > 8*len(octets) {
		return nil, false
	}
	codes = make([]byte, n)
	for i := range codes {
		at := skip + 7*i
		wide := uint16(octets[at/8])
		if at/8+1 < len(octets) {
			wide |= uint16(octets[at/8+1]) << 8
		}
		codes[i] = byte(wide>>(at%8)) & 0x7F
	}
	return codes, true
}
