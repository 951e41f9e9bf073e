package wire

import (
	"bytes"
	"encoding/binary"

	"clinicbox/clinic"
	"clinicbox/internal/names"
)

// Form 2 of skeletons keeps everything that differs between two entries of a kind in
// streams behind the compressed message, so that what stays is the same each time:
//
//   - codes: a uvarint for each string that is cut. Of 32 bytes: the entry so many
//     before, 0 = given. Of others: 0 = named, 1 to 64 the place in the list, 65 given,
//     66 and more the place in the list of a longer string that begins with it. An
//     entry's act is 0 = named, 1 that of the entry before, 2 given; it is not listed.
//   - times: the differences of times, as in form 1.
//   - the column: given strings, and of each named one the difference of its number
//     (package names) to that of the last one (zigzag).
//
// Both sides know beforehand what the session's start said (shared).
type form2 struct {
	codes, times []byte
	act          clinic.ID // of the entry before
	number       uint64    // of the last named string
	know         *shared
}

// Codes of form 2.
const (
	codeNamed  = 0
	codeGiven  = listed + 1
	codePrefix = listed + 2 // and what is added to the place

	actNamed = 0
	actSame  = 1
	actGiven = 2
)

// shared is what both sides of a session know of strings from its start. Its zero value
// says nothing.
type shared struct {
	names *names.Cipher // nil = no string is named
	from  uint64        // number before the first
	list  [][]byte      // strings that the list begins with
	seeds [][]byte      // of journal segments
	epoch Epoch
}

// memory begins a frame in form 2.
func (s *shared) memory() memory {
	return memory{list: append([][]byte(nil), s.list...), two: &form2{number: s.from, know: s}}
}

func (m *memory) code(c uint64) { m.two.codes = binary.AppendUvarint(m.two.codes, c) }

// cut takes a string out of an entry.
func (m *memory) cut(s []byte, at spot) {
	if at.act && len(s) == len(clinic.ID{}) {
		m.cutAct(clinic.ID(s))
		return
	}
	if len(s) == len(clinic.Leaf{}) {
		if at, ok := m.places[string(s)]; ok {
			m.code(uint64(len(m.leaves) - at))
			return
		}
		m.code(0)
		m.column = append(m.column, s...)
		return
	}
	for i, known := range m.list {
		if bytes.Equal(known, s) {
			m.front(i)
			m.code(uint64(i + 1))
			return
		}
		if len(known) > len(s) && bytes.HasPrefix(known, s) {
			m.code(codePrefix + uint64(i))
			return
		}
	}
	m.add(s)
	if m.name(s) {
		m.code(codeNamed)
		return
	}
	m.code(codeGiven)
	m.column = append(m.column, s...)
}

func (m *memory) cutAct(act clinic.ID) {
	switch before := m.two.act; {
	case act == before:
		m.code(actSame)
	case m.name(act[:]):
		m.code(actNamed)
	default:
		m.code(actGiven)
		m.column = append(m.column, act[:]...)
	}
	m.two.act = act
}

// name puts the number of a string into the column; false when it has none.
func (m *memory) name(s []byte) bool {
	c := m.two.know.names
	if c == nil {
		return false
	}
	n, ok := c.Number(s)
	if !ok {
		return false
	}
	m.column = binary.AppendVarint(m.column, int64(n-m.two.number))
	m.two.number = n
	return true
}

func (m *memory) cutNumber(out, head []byte, h item) []byte {
	t := &m.two.times
	if h.info == 27 {
		*t = binary.AppendVarint(*t, int64(h.n>>16)-int64(m.time>>16))
		*t = binary.AppendUvarint(*t, h.n&0xffff)
		m.time = h.n
		return append(out, headTime)
	}
	if d := int64(h.n) - m.seconds(); d > -nearTime && d < nearTime {
		*t = binary.AppendVarint(*t, d)
		return append(out, headNear)
	}
	return append(out, head...)
}

// put returns the string of n bytes that was cut out.
func (m *memory) put(n int, at spot) ([]byte, bool) {
	code, k := binary.Uvarint(m.two.codes)
	if k <= 0 {
		return nil, false
	}
	m.two.codes = m.two.codes[k:]
	if at.act && n == len(clinic.ID{}) {
		return m.putAct(code)
	}
	switch {
	case n == len(clinic.Leaf{}) && code == 0:
		return m.given(n)
	case n == len(clinic.Leaf{}):
		if code > uint64(len(m.leaves)) {
			return nil, false
		}
		return m.leaves[uint64(len(m.leaves))-code][:], true
	case code == codeNamed:
		s, ok := m.named()
		if !ok || n != len(s) {
			return nil, false
		}
		m.add(s)
		return s, true
	case code == codeGiven:
		s, ok := m.given(n)
		if ok {
			m.add(s)
		}
		return s, ok
	}
	return m.known(n, code)
}

// known is a string of the list, or the beginning of one.
func (m *memory) known(n int, code uint64) ([]byte, bool) {
	if code >= codePrefix {
		if code -= codePrefix; code >= uint64(len(m.list)) || len(m.list[code]) <= n {
			return nil, false
		}
		return m.list[code][:n], true
	}
	if code > uint64(len(m.list)) || len(m.list[code-1]) != n {
		return nil, false
	}
	m.front(int(code - 1))
	return m.list[0], true
}

func (m *memory) putAct(code uint64) (s []byte, ok bool) {
	switch code {
	case actSame:
		s, ok = m.two.act[:], true
	case actNamed:
		s, ok = m.named()
	case actGiven:
		s, ok = m.given(len(m.two.act))
	}
	if ok {
		m.two.act = clinic.ID(s)
		return m.two.act[:], true
	}
	return nil, false
}

// given takes a string from the column.
func (m *memory) given(n int) ([]byte, bool) {
	if n > len(m.column) {
		return nil, false
	}
	s := m.column[:n]
	m.column = m.column[n:]
	return s, true
}

// named makes a string of a number in the column.
func (m *memory) named() ([]byte, bool) {
	d, k := binary.Varint(m.column)
	if k <= 0 || m.two.know.names == nil {
		return nil, false
	}
	m.column = m.column[k:]
	m.two.number += uint64(d)
	id := m.two.know.names.ID(m.two.number)
	return id[:], true
}
