package archive

import (
	"errors"
	"math"
	"strconv"
	"unicode/utf8"
)

// errNotPlain is CBOR that a line does not show in words: no entry of this program has
// it. Its bytes are exported all the same.
var errNotPlain = errors.New("archive: not plain CBOR")

// Major types of CBOR (RFC 8949 section 3.1).
const (
	majorUint  = 0
	majorNeg   = 1
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	majorMap   = 5
	majorOther = 7
)

const maxDepth = 16

// plain reads the CBOR that entries are made of: definite lengths, shortest numbers,
// maps with ascending integer keys, no tags, no floats.
type plain struct{ b []byte }

// head reads a type and its argument.
func (p *plain) head() (major byte, n uint64, err error) {
	if len(p.b) == 0 {
		return 0, 0, errNotPlain
	}
	major, n = p.b[0]>>5, uint64(p.b[0]&31)
	p.b = p.b[1:]
	if n < 24 {
		return major, n, nil
	}
	size := 1 << (n - 24)
	if n > 27 || len(p.b) < size {
		return 0, 0, errNotPlain
	}
	n = 0
	for _, c := range p.b[:size] {
		n = n<<8 | uint64(c)
	}
	p.b = p.b[size:]
	least := uint64(24)
	if size > 1 {
		least = 1 << (size * 4) // what fits in half as many bytes
	}
	if major == majorOther || n < least {
		return 0, 0, errNotPlain
	}
	return major, n, nil
}

// take returns the next n bytes.
func (p *plain) take(n uint64) ([]byte, error) {
	if n > uint64(len(p.b)) {
		return nil, errNotPlain
	}
	out := p.b[:n]
	p.b = p.b[n:]
	return out, nil
}

// fields reads a map and calls f for each key; f reads the value.
func (p *plain) fields(n uint64, f func(key uint64) error) error {
	last, first := uint64(0), true
	for range n {
		major, key, err := p.head()
		if err != nil || major != majorUint || !first && key <= last {
			return errNotPlain
		}
		last, first = key, false
		if err := f(key); err != nil {
			return err
		}
	}
	return nil
}

// value appends the next item as JSON: bytes as hexadecimal digits, keys by the names
// of a type.
func (s *schema) value(out []byte, p *plain, of string, depth int) ([]byte, error) {
	major, n, err := p.head()
	if err != nil || depth > maxDepth {
		return nil, errNotPlain
	}
	switch major {
	case majorUint:
		return strconv.AppendUint(out, n, 10), nil
	case majorNeg:
		if n > math.MaxInt64 {
			return nil, errNotPlain
		}
		return strconv.AppendInt(out, -1-int64(n), 10), nil
	case majorBytes:
		b, err := p.take(n)
		return appendHex(out, b), err
	case majorText:
		b, err := p.take(n)
		if !utf8.Valid(b) {
			return nil, errNotPlain
		}
		return appendText(out, string(b)), err
	case majorArray:
		return s.array(out, p, list{n, of, depth})
	case majorMap:
		return s.object(out, p, list{n, of, depth})
	case majorOther:
		if word := map[uint64]string{20: "false", 21: "true", 22: "null"}[n]; word != "" {
			return append(out, word...), nil
		}
	}
	return nil, errNotPlain
}

// list is what is known of an array or a map before its content.
type list struct {
	n     uint64
	of    string
	depth int
}

func (s *schema) array(out []byte, p *plain, l list) (_ []byte, err error) {
	out = append(out, '[')
	for i := range l.n {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = s.value(out, p, l.of, l.depth+1); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func (s *schema) object(out []byte, p *plain, l list) ([]byte, error) {
	out = append(out, '{')
	first := true
	err := p.fields(l.n, func(key uint64) (err error) {
		if !first {
			out = append(out, ',')
		}
		first = false
		f, ok := s.Types[l.of][strconv.FormatUint(key, 10)]
		if !ok { // of a newer program: the number stays
			f.Name = "#" + strconv.FormatUint(key, 10)
		}
		out = append(append(append(out, '"'), f.Name...), '"', ':')
		out, err = s.value(out, p, f.Of, l.depth+1)
		return err
	})
	return append(out, '}'), err
}

// appendText writes a JSON string: only what RFC 8259 section 7 wants is escaped.
func appendText(out []byte, s string) []byte {
	const digits = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < 0x20:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
