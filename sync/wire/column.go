package wire

import (
	"bytes"
	"encoding/binary"

	"github.com/fxamacker/cbor/v2"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// Data for whoever reads dictionaries is, before padding, uvarint length of a zstd
// frame without its magic, the frame, and the column: what is random, in the order in which it is met.
// First epoch, root and checkpoint, of which zeros stay in the message, then for each
// run its seed, of which zeros stay, and what its entries' skeletons miss.
//
// With dictionary 2 and later ones, form 2: what the zstd frame holds is the message,
// uvarint length of the codes, the codes, and the times (form2.go). In the column the
// epoch is a byte, 0 = the session's, 1 = given behind it; of a seed 0 = given, else the
// place in the list of the session's start.

// longest is the longest skeleton that is read: times that jump about are longer so.
const longest = 2 * entry.MaxSize

// skeleton returns the message without what is random, which the memory has then.
func (d *Data) skeleton(m *memory) *Data {
	out := *d
	m.places = map[string]int{}
	if m.two != nil {
		m.column = m.two.know.cutEpoch(m.column, d.Epoch)
	} else {
		m.column = append(m.column, d.Epoch[:]...)
	}
	m.column = append(m.column, d.Root[:]...)
	m.column = append(m.column, d.Checkpoint...)
	out.Epoch, out.Root, out.Checkpoint = Epoch{}, Hash{}, blank(d.Checkpoint)
	out.Runs = make([]Run, len(d.Runs))
	for i := range d.Runs {
		r := d.Runs[i]
		if m.two != nil && len(r.Seed) > 0 {
			m.column = m.two.know.cutSeed(m.column, r.Seed)
		} else {
			m.column = append(m.column, r.Seed...)
		}
		items := r.items(0, nil)
		r.Seed, r.Entries = blank(r.Seed), make([][]byte, len(items))
		for j := range items {
			r.Entries[j] = []byte{}
			if len(items[j].Bytes) > 0 {
				r.Entries[j] = m.shorten(items[j].Bytes)
			}
			m.entered(items[j].Leaf)
		}
		out.Runs[i] = r
	}
	return &out
}

func blank(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return make([]byte, len(b))
}

// flesh puts into a skeleton what is random. What it makes is not larger than any
// other body.
func (d *Data) flesh(m *memory) error {
	if !m.takeEpoch(&d.Epoch) || !m.take(d.Root[:]) || !m.take(d.Checkpoint) {
		return ErrForm
	}
	room := MaxInner
	for i := range d.Runs {
		r := &d.Runs[i]
		if !m.takeSeed(r.Seed) {
			return ErrForm
		}
		hole := 0
		for j, b := range r.Entries {
			if len(b) == 0 {
				m.entered(clinic.Leaf(r.Leaves[hole]))
				hole++
				continue
			}
			full, ok := m.lengthen(b)
			room -= len(full)
			if !ok || len(full) == 0 || len(full) > entry.MaxSize || room < 0 {
				return ErrForm
			}
			r.Entries[j] = full
			m.entered(entry.LeafHash(r.salt(j), full))
		}
	}
	if len(m.column) > 0 || m.two != nil && len(m.two.codes)+len(m.two.times) > 0 {
		return ErrForm
	}
	return nil
}

// take reads what comes next in the column.
func (m *memory) take(dst []byte) bool {
	if len(m.column) < len(dst) {
		return false
	}
	m.column = m.column[copy(dst, m.column):]
	return true
}

// pack is the message in the form above; body is its plain one. It is nil when the
// receiver would not read what we mean, which no message of ours does.
func (d *Data) pack(body []byte, dict uint32, know *shared) []byte {
	for i := range d.Runs {
		if !d.Runs[i].valid(entry.MaxSize) {
			return nil
		}
	}
	b, column, err := d.cutUp(dict, know)
	if err != nil {
		return nil
	}
	z := compress(b, dict)
	out := append(append(binary.AppendUvarint(nil, uint64(len(z))), z...), column...)
	back, err := unpack(out, uint64(dict), know)
	if err != nil {
		return nil
	}
	if again, err := encMode.Marshal(back); err != nil || !bytes.Equal(again, body) {
		return nil
	}
	return out
}

// cutUp returns what is to be compressed, and the column.
func (d *Data) cutUp(dict uint32, know *shared) (b, column []byte, err error) {
	m := memory{}
	if dict >= firstOfTwo {
		m = know.memory()
	}
	if b, err = encMode.Marshal(d.skeleton(&m)); err != nil {
		return nil, nil, err
	}
	if m.two != nil {
		b = binary.AppendUvarint(b, uint64(len(m.two.codes)))
		b = append(append(b, m.two.codes...), m.two.times...)
	}
	return b, m.column, nil
}

// Fodder returns what dictionaries of form 2 are trained on: the part of a message that
// is compressed, and in it the skeletons, in a session that names strings so.
func (d *Data) Fodder(n Naming) (body []byte, skeletons [][]byte, err error) {
	know := (&Start{Naming: &n}).shared()
	if body, _, err = d.cutUp(firstOfTwo, know); err != nil {
		return nil, nil, err
	}
	m := know.memory()
	for _, r := range d.skeleton(&m).Runs {
		skeletons = append(skeletons, r.Entries...)
	}
	return body, skeletons, nil
}

func unpack(b []byte, dict uint64, know *shared) (*Data, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, ErrForm
	}
	body, err := decompress(b[k:k+int(n)], dict)
	if err != nil {
		return nil, err
	}
	m := &memory{}
	if dict >= firstOfTwo {
		two := know.memory()
		if m = &two; !m.streams(&body) {
			return nil, ErrForm
		}
	}
	m.column = b[k+int(n):]
	d, err := decodeData(body, longest)
	if err != nil {
		return nil, err
	}
	return d, d.flesh(m)
}

// streams takes codes and times off the end of a body.
func (m *memory) streams(body *[]byte) bool {
	rest, err := decMode.UnmarshalFirst(*body, new(cbor.RawMessage))
	if err != nil {
		return false
	}
	*body = (*body)[:len(*body)-len(rest)]
	n, k := binary.Uvarint(rest)
	if k <= 0 || n > uint64(len(rest)-k) {
		return false
	}
	m.two.codes, m.two.times = rest[k:k+int(n)], rest[k+int(n):]
	return true
}

func (s *shared) cutEpoch(column []byte, e Epoch) []byte {
	if e == s.epoch {
		return append(column, 0)
	}
	return append(append(column, 1), e[:]...)
}

func (m *memory) takeEpoch(e *Epoch) bool {
	if m.two == nil {
		return m.take(e[:])
	}
	var given [1]byte
	if !m.take(given[:]) || given[0] > 1 {
		return false
	}
	if given[0] == 1 {
		return m.take(e[:])
	}
	*e = m.two.know.epoch
	return true
}

func (s *shared) cutSeed(column, seed []byte) []byte {
	for i, known := range s.seeds {
		if bytes.Equal(known, seed) {
			return append(column, byte(i+1))
		}
	}
	return append(append(column, 0), seed...)
}

func (m *memory) takeSeed(seed []byte) bool {
	if m.two == nil || len(seed) == 0 {
		return m.take(seed)
	}
	var at [1]byte
	if !m.take(at[:]) || int(at[0]) > len(m.two.know.seeds) {
		return false
	}
	if at[0] == 0 {
		return m.take(seed)
	}
	copy(seed, m.two.know.seeds[at[0]-1])
	return true
}
