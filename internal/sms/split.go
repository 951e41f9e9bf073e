package sms

import (
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxParts bounds a message: each part is paid for.
const MaxParts = 10

// ErrTooLong means that a text would need more than MaxParts.
var ErrTooLong = errors.New("sms: too long")

// ErrText means that a text is empty or no UTF-8.
var ErrText = errors.New("sms: no text")

// Place tells which part of a longer message one is. The zero Place is a message of
// one part.
type Place struct {
	Ref   uint16 // the same in all parts
	Wide  bool   // Ref has 16 bits, else 8
	Total byte
	Seq   byte // from 1
}

// header is the user data header of a part (TS 23.040 §9.2.3.24.1 and .8).
func (p Place) header() []byte {
	switch {
	case p.Total == 0:
		return nil
	case p.Wide:
		return []byte{6, 8, 4, byte(p.Ref >> 8), byte(p.Ref), p.Total, p.Seq}
	}
	return []byte{5, 0, 3, byte(p.Ref), p.Total, p.Seq}
}

// Piece is one part of a text, as it goes into a Submit.
type Piece struct {
	Text  string
	Place Place
}

// Split divides a text into the parts that it travels in: one while it fits into
// 160 septets or 70 UTF-16 units. No letter is cut. place carries the reference and
// its width; Total and Seq are filled in. The text should be in form NFC, else its
// marks cost letters of their own.
func Split(text string, place Place) ([]Piece, error) {
	if text == "" || !utf8.ValidString(text) {
		return nil, ErrText
	}
	size := sizes(text)
	if size.all(text) <= size.alone {
		return []Piece{{Text: text}}, nil
	}
	room := size.narrow
	if place.Wide {
		room = size.wide
	}
	var cuts []string
	from, used := 0, 0
	for i, r := range text {
		if n := size.one(r); used+n > room {
			cuts, from, used = append(cuts, text[from:i]), i, n
		} else {
			used += n
		}
	}
	cuts = append(cuts, text[from:])
	if len(cuts) > MaxParts {
		return nil, ErrTooLong
	}
	pieces := make([]Piece, len(cuts))
	for i, c := range cuts {
		place.Total, place.Seq = byte(len(cuts)), byte(i+1)
		pieces[i] = Piece{c, place}
	}
	return pieces, nil
}

// size tells what a coding holds: alone, and beside each header.
type size struct {
	alone, narrow, wide int
	one                 func(rune) int
}

func (s size) all(text string) (n int) {
	for _, r := range text {
		n += s.one(r)
	}
	return n
}

func sizes(text string) size {
	if _, ok := septets(text); ok {
		return size{160, 153, 152, func(r rune) int {
			if _, ok := gsm.escape[r]; ok {
				return 2
			}
			return 1
		}}
	}
	return size{70, 67, 66, func(r rune) int { return utf16.RuneLen(r) }}
}
