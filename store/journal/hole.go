package journal

import (
	"crypto/rand"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/seal"
)

// AddHole appends an entry of which only the leaf hash is known: another box lost it
// and its records are taken over. Its frame has a sound sum and opens under no key, so
// that it is what damage is: named, shown as a hole, and mended when it is found.
func (b *Batch) AddHole(leaf clinic.Leaf) error {
	if len(b.entries) >= maxEntries {
		return fmt.Errorf("%w: %d entries at once", entry.ErrTooLarge, len(b.entries))
	}
	place := uint32(len(b.g.offsets) + len(b.entries))
	r := Raw{Index: b.first + uint64(len(b.entries)), Leaf: leaf, Segment: b.g.segment, Place: place, Seed: b.g.seed}
	if err := b.addLeaf(&r); err != nil {
		return err
	}
	f := frame{place: place, before: uint16(len(b.entries)), sealed: make([]byte, seal.Overhead)}
	rand.Read(f.sealed) // never fails since Go 1.24
	b.offsets = append(b.offsets, uint32(b.g.end)+uint32(len(b.buf)))
	b.buf = appendFrame(b.buf, f)
	b.entries = append(b.entries, r)
	return nil
}
