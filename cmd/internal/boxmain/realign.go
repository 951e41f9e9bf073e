package boxmain

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// line lets the outbox begin a new epoch of the own journal.
type line struct{ b *Box }

var _ outbox.Line = line{}

// Turn implements outbox.Line. Numbers jump first: what the centre held may have given
// out those that would come next here. The same turn again jumps no further.
func (l line) Turn(ctx context.Context, from wire.Epoch, base, back uint64) (wire.Epoch, *wire.Branch, error) {
	s := l.b.store
	if from == wire.Epoch(s.Epoch()) {
		if err := l.jump(ctx, from, base, back); err != nil {
			return wire.Epoch{}, nil, err
		}
		if err := s.Turn(ctx, from, base); err != nil {
			return wire.Epoch{}, nil, err
		}
	}
	return s.Epoch(), l.b.branch(), nil
}

func (l line) jump(ctx context.Context, from wire.Epoch, base, back uint64) error {
	of := append([]byte("clinicbox turn v1"), from[:]...)
	act := sha256.Sum256(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(of, base), back))
	own := l.b.store.Own().Size()
	m := clinic.Machine{Event: clinic.MachineRealigned, Detail: fmt.Sprintf("common %d, own %d, handed back %d", base, own, back)}
	// Another body of this box may go on giving out numbers: chance keeps them apart.
	return l.b.desk.NoteLoss(ctx, clinic.ID(act[:16]), m, back+jumpFloor+uint64(rand.IntN(jumpFloor)))
}

// jumpFloor is more than a station issues while two bodies of its box do not know of
// each other.
const jumpFloor = 1000

// branch is where the present epoch of the own journal comes from; nil = it is the first.
func (b *Box) branch() *wire.Branch {
	lives := b.store.Lives()
	if len(lives) == 0 {
		return nil
	}
	l := lives[len(lives)-1]
	return &wire.Branch{Epoch: l.Epoch, Size: l.Size, Root: l.Root}
}

// Lacks implements outbox.Line.
func (l line) Lacks() []uint64 { return slices.Sorted(maps.Keys(l.b.store.Lacks())) }

// GiveBack implements outbox.Line.
func (l line) GiveBack(ctx context.Context, entries map[uint64]wire.Salted) error {
	found := make(map[uint64]store.Received, len(entries))
	for i, e := range entries {
		found[i] = store.Received{Salt: entry.Salt(e.Salt), Bytes: e.Bytes}
	}
	back, err := l.b.store.HandBack(ctx, found, l.b.scrubOptions())
	if back > 0 {
		l.b.log.Warn("the centre handed entries back", "entries", back)
	}
	return err
}
