package modem

// maxLine bounds a line; the longest wanted is a PDU of 176 bytes in hexadecimal.
const maxLine = 1024

// prompt is what AT+CMGS answers before it takes the PDU. No line end follows.
const prompt = ">"

// splitter makes lines of what the port gives, in whatever pieces it comes.
type splitter struct {
	buf  []byte
	long bool // the line is dropped: it is none of a modem
}

// push adds bytes and emits each line that they end, without its end. Empty lines and
// control characters are dropped, other bytes than ASCII become '?'.
func (s *splitter) push(b []byte, emit func(string)) {
	for _, c := range b {
		switch {
		case c == '\r' || c == '\n':
			if len(s.buf) > 0 && !s.long {
				emit(string(s.buf))
			}
			s.buf, s.long = s.buf[:0], false
			continue
		case c < ' ' || c == 0x7F:
			continue
		case c > 0x7F:
			c = '?'
		}
		if len(s.buf) == maxLine {
			s.long = true
			continue
		}
		s.buf = append(s.buf, c)
		if len(s.buf) == 2 && string(s.buf) == prompt+" " {
			emit(prompt)
			s.buf = s.buf[:0]
		}
	}
}
