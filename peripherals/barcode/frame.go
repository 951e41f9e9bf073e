package barcode

import "bytes"

// Splitter cuts a scanner's byte stream into codes. A code ends at CR, LF, CRLF or
// when the line falls silent. The zero value is ready; it is for one goroutine.
//
// What never ends is cut: after MaxPayload+1 bytes the rest up to the next end is
// dropped, so that garbage at full speed costs no memory and Parse still says
// that the code was too long.
type Splitter struct {
	buf []byte
}

// Push takes bytes as they arrived and gives each code that they complete. The
// slice is the callee's to keep.
func (s *Splitter) Push(b []byte, code func([]byte)) {
	for len(b) > 0 {
		end := bytes.IndexAny(b, "\r\n")
		if end < 0 {
			s.add(b)
			return
		}
		s.add(b[:end])
		s.Idle(code)
		b = b[end+1:]
	}
}

// Idle tells that nothing arrived for a while: what is there is a whole code.
func (s *Splitter) Idle(code func([]byte)) {
	if len(s.buf) > 0 {
		code(bytes.Clone(s.buf))
	}
	s.buf = s.buf[:0]
}

// Drop forgets an unfinished code: the scanner went away in the middle of it.
func (s *Splitter) Drop() { s.buf = s.buf[:0] }

func (s *Splitter) add(b []byte) {
	room := MaxPayload + 1 - len(s.buf)
	s.buf = append(s.buf, b[:min(room, len(b))]...)
}
