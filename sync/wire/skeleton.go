package wire

import (
	"bytes"
	"encoding/binary"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// Half of an entry is random: IDs, hashes, signatures. No dictionary shortens that,
// and between it everything else compresses badly. So, for whoever reads dictionaries,
// entries travel as skeletons:
//
//   - the content of a byte string of 4 to 64 bytes stands in a column beside the
//     compressed body, and in its place a uvarint: 0 for one that is new, else where it
//     stands in the list of those that were seen in the frame, the latest first (1);
//   - one of 32 bytes is a reference to an entry most often: 1 is the entry before, 2
//     the one before that, 0 none of this frame;
//   - a number of eight bytes, which is a hybrid logical time, becomes 1d, the
//     difference of its milliseconds to those of the last one (zigzag) and its counter;
//   - a number of four bytes within some weeks of that time becomes 1c and the
//     difference in seconds (zigzag).
//
// That is form 1, which dictionary 1 has. In form 2 (form2.go) the same is cut out and
// stands in streams beside the skeletons.
//
// 1c and 1d begin nothing in CBOR (RFC 8949 section 3). What is not well-formed travels
// as it is behind ff, which begins nothing either.

const (
	leastCut, mostCut = 4, 64
	nearTime          = 1 << 21 // seconds
	listed            = 64      // byte strings that the list keeps
	headTime          = 0x1d
	headNear          = 0x1c
	headAsIs          = 0xff
	deepest           = 16 // levels of nesting
)

// memory is what both sides know of a frame so far.
type memory struct {
	list   [][]byte       // byte strings, the latest first
	leaves []clinic.Leaf  // of the entries so far
	places map[string]int // of leaves
	time   uint64         // the last hybrid logical time
	column []byte         // read from, or written to
	two    *form2         // nil in form 1
}

// rank returns where the string stands in the list, 0 for a new one, and has it first.
func (m *memory) rank(s []byte) uint64 {
	for i, known := range m.list {
		if bytes.Equal(known, s) {
			m.front(i)
			return uint64(i + 1)
		}
	}
	m.add(s)
	return 0
}

func (m *memory) front(i int) {
	s := m.list[i]
	copy(m.list[1:i+1], m.list[:i])
	m.list[0] = s
}

func (m *memory) add(s []byte) {
	m.list = append(m.list, nil)
	copy(m.list[1:], m.list)
	m.list[0] = s
	m.list = m.list[:min(len(m.list), listed)]
}

// entered notes an entry that is complete.
func (m *memory) entered(leaf clinic.Leaf) {
	if m.places != nil {
		m.places[string(leaf[:])] = len(m.leaves)
	}
	m.leaves = append(m.leaves, leaf)
}

// seconds is the last time in Unix seconds.
func (m *memory) seconds() int64 { return int64(m.time >> 16 / 1000) }

// item is the head of a CBOR data item.
type item struct {
	major, size int // size of the head
	info        byte
	n           uint64
}

// headOf reads a head with a definite length; false for what is none.
func headOf(b []byte) (h item, ok bool) {
	if len(b) == 0 {
		return h, false
	}
	h.major, h.info, h.size = int(b[0]>>5), b[0]&31, 1
	switch {
	case h.info < 24:
		h.n = uint64(h.info)
		return h, true
	case h.info > 27:
		return h, false
	}
	h.size = 1 + 1<<(h.info-24)
	if len(b) < h.size {
		return h, false
	}
	for _, c := range b[1:h.size] {
		h.n = h.n<<8 | uint64(c)
	}
	return h, true
}

// spot is where an item stands in an entry.
type spot struct {
	depth int
	act   bool // the entry's act
}

// inside returns the spot of a child, of which the one before it is given.
func (at spot) inside(h item, before []byte) spot {
	return spot{at.depth + 1, at.depth == 0 && h.major == 5 && len(before) == 1 && before[0] == keyAct}
}

// keyAct is the key of an entry's act (internal/entry) in CBOR.
const keyAct = 3

// shorten returns the skeleton of an entry.
func (m *memory) shorten(b []byte) []byte {
	back := m.mark()
	out, rest, ok := m.shortenItem(nil, b, spot{})
	if !ok || len(rest) > 0 {
		back()
		return append([]byte{headAsIs}, b...)
	}
	return out
}

// mark returns what undoes all that follows.
func (m *memory) mark() func() {
	before, list := *m, append([][]byte(nil), m.list...)
	var two form2
	if m.two != nil {
		two = *m.two
	}
	return func() {
		m.time, m.column, m.list = before.time, before.column, list
		if m.two != nil {
			*m.two = two
		}
	}
}

func (m *memory) shortenItem(out, b []byte, at spot) (_, rest []byte, ok bool) {
	h, ok := headOf(b)
	if !ok || at.depth > deepest {
		return nil, nil, false
	}
	head, rest := b[:h.size], b[h.size:]
	switch {
	case h.major == 0 && h.info >= 26:
		return m.shortenNumber(out, head, h), rest, true
	case h.major == 2 || h.major == 3:
		if h.n > uint64(len(rest)) {
			return nil, nil, false
		}
		s, rest := rest[:h.n], rest[h.n:]
		if h.major == 3 || h.n < leastCut || h.n > mostCut {
			return append(append(out, head...), s...), rest, true
		}
		if m.two != nil {
			m.cut(s, at)
			return append(out, head...), rest, true
		}
		return m.shortenString(append(out, head...), s), rest, true
	}
	out = append(out, head...)
	var before []byte
	for range children(h) {
		from := rest
		if out, rest, ok = m.shortenItem(out, rest, at.inside(h, before)); !ok {
			return nil, nil, false
		}
		before = from[:len(from)-len(rest)]
	}
	return out, rest, true
}

// children is how many items follow a head; their number may be nonsense.
func children(h item) uint64 {
	switch h.major {
	case 4:
		return h.n
	case 5:
		return min(h.n, 1<<32) * 2
	case 6:
		return 1
	}
	return 0
}

func (m *memory) shortenString(out, s []byte) []byte {
	var code uint64
	if len(s) == len(clinic.Leaf{}) {
		if at, ok := m.places[string(s)]; ok {
			code = uint64(len(m.leaves) - at)
		}
	} else {
		code = m.rank(s)
	}
	if code == 0 {
		m.column = append(m.column, s...)
	}
	return binary.AppendUvarint(out, code)
}

func (m *memory) shortenNumber(out, head []byte, h item) []byte {
	if m.two != nil {
		return m.cutNumber(out, head, h)
	}
	if h.info == 27 {
		out = binary.AppendVarint(append(out, headTime), int64(h.n>>16)-int64(m.time>>16))
		m.time = h.n
		return binary.AppendUvarint(out, h.n&0xffff)
	}
	if d := int64(h.n) - m.seconds(); d > -nearTime && d < nearTime {
		return binary.AppendVarint(append(out, headNear), d)
	}
	return append(out, head...)
}

// lengthen makes the entry of its skeleton; false for what is none.
func (m *memory) lengthen(b []byte) ([]byte, bool) {
	if len(b) > 0 && b[0] == headAsIs {
		return b[1:], true
	}
	out, rest, ok := m.lengthenItem(nil, b, spot{})
	return out, ok && len(rest) == 0
}

func (m *memory) lengthenItem(out, b []byte, at spot) (_, rest []byte, ok bool) {
	if len(b) == 0 || at.depth > deepest || len(out) > entry.MaxSize {
		return nil, nil, false
	}
	if b[0] == headTime || b[0] == headNear {
		return m.lengthenNumber(out, b)
	}
	h, ok := headOf(b)
	if !ok {
		return nil, nil, false
	}
	out, rest = append(out, b[:h.size]...), b[h.size:]
	switch {
	case h.major == 2 && h.n >= leastCut && h.n <= mostCut:
		if m.two != nil {
			s, ok := m.put(int(h.n), at)
			return append(out, s...), rest, ok
		}
		return m.lengthenString(out, rest, int(h.n))
	case h.major == 2 || h.major == 3:
		if h.n > uint64(len(rest)) {
			return nil, nil, false
		}
		return append(out, rest[:h.n]...), rest[h.n:], true
	}
	var before []byte
	for range children(h) {
		from := rest
		if out, rest, ok = m.lengthenItem(out, rest, at.inside(h, before)); !ok {
			return nil, nil, false
		}
		before = from[:len(from)-len(rest)]
	}
	return out, rest, true
}

func (m *memory) lengthenString(out, b []byte, n int) (_, rest []byte, ok bool) {
	code, k := binary.Uvarint(b)
	if k <= 0 {
		return nil, nil, false
	}
	rest = b[k:]
	switch {
	case code == 0:
		if n > len(m.column) {
			return nil, nil, false
		}
		s := m.column[:n]
		m.column = m.column[n:]
		if n != len(clinic.Leaf{}) {
			m.add(s)
		}
		return append(out, s...), rest, true
	case n == len(clinic.Leaf{}):
		if code > uint64(len(m.leaves)) {
			return nil, nil, false
		}
		return append(out, m.leaves[uint64(len(m.leaves))-code][:]...), rest, true
	case code > uint64(len(m.list)) || len(m.list[code-1]) != n:
		return nil, nil, false
	}
	m.front(int(code - 1))
	return append(out, m.list[0]...), rest, true
}

func (m *memory) lengthenNumber(out, b []byte) (_, rest []byte, ok bool) {
	from := b[1:]
	if m.two != nil {
		from = m.two.times
	}
	d, k := binary.Varint(from)
	if k <= 0 {
		return nil, nil, false
	}
	from = from[k:]
	switch v := m.seconds() + d; {
	case b[0] == headTime:
		low, k := binary.Uvarint(from)
		if k <= 0 || low > 0xffff {
			return nil, nil, false
		}
		from = from[k:]
		m.time = uint64(int64(m.time>>16)+d)<<16 | low
		out = binary.BigEndian.AppendUint64(append(out, 0x1b), m.time)
	case v < 0 || v > 1<<32-1:
		return nil, nil, false
	default:
		out = binary.BigEndian.AppendUint32(append(out, 0x1a), uint32(v))
	}
	if m.two != nil {
		m.two.times = from
		return out, b[1:], true
	}
	return out, from, true
}
