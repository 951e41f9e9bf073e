package wire

import (
	"bytes"
	"encoding/binary"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// Data for whoever reads dictionaries is, before padding, uvarint length of a zstd
// frame without its magic, the frame, and the column: what is random, in the order in which it is met.
// First epoch, root and checkpoint, of which zeros stay in the message, then for each
// run its seed, of which zeros stay, and what its entries' skeletons miss.

// longest is the longest skeleton that is read: times that jump about are longer so.
const longest = 2 * entry.MaxSize

// Skeleton returns the message without what is random, which is the column.
func (d *Data) Skeleton() (*Data, []byte) {
	out := *d
	m := memory{places: map[string]int{}}
	m.column = append(m.column, d.Epoch[:]...)
	m.column = append(m.column, d.Root[:]...)
	m.column = append(m.column, d.Checkpoint...)
	out.Epoch, out.Root, out.Checkpoint = Epoch{}, Hash{}, blank(d.Checkpoint)
	out.Runs = make([]Run, len(d.Runs))
	for i := range d.Runs {
		r := d.Runs[i]
		m.column = append(m.column, r.Seed...)
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
	return &out, m.column
}

// Body returns the message's encoding.
func (d *Data) Body() ([]byte, error) { return encMode.Marshal(d) }

func blank(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return make([]byte, len(b))
}

// flesh puts into a skeleton what is random. What it makes is not larger than any
// other body.
func (d *Data) flesh(column []byte) error {
	m := memory{column: column}
	if !m.take(d.Epoch[:]) || !m.take(d.Root[:]) || !m.take(d.Checkpoint) {
		return ErrForm
	}
	room := MaxInner
	for i := range d.Runs {
		r := &d.Runs[i]
		if !m.take(r.Seed) {
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
	if len(m.column) > 0 {
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
func (d *Data) pack(body []byte, dict uint32) []byte {
	for i := range d.Runs {
		if !d.Runs[i].valid(entry.MaxSize) {
			return nil
		}
	}
	s, column := d.Skeleton()
	b, err := s.Body()
	if err != nil {
		return nil
	}
	z := compress(b, dict)
	out := append(append(binary.AppendUvarint(nil, uint64(len(z))), z...), column...)
	back, err := unpack(out, uint64(dict))
	if err != nil {
		return nil
	}
	if again, err := back.Body(); err != nil || !bytes.Equal(again, body) {
		return nil
	}
	return out
}

func unpack(b []byte, dict uint64) (*Data, error) {
	n, k := binary.Uvarint(b)
	if k <= 0 || n > uint64(len(b)-k) {
		return nil, ErrForm
	}
	body, err := decompress(b[k:k+int(n)], dict)
	if err != nil {
		return nil, err
	}
	d, err := decodeData(body, longest)
	if err != nil {
		return nil, err
	}
	return d, d.flesh(b[k+int(n):])
}
