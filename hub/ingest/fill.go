package ingest

import (
	"context"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// fill takes the bytes of entries that came as holes and that the box can read by now:
// it mended them. Their leaf hashes, which are compared already, prove them.
func (b *box) fill(ctx context.Context, items []wire.Item) error {
	if b.stream.Holes == 0 || len(items) == 0 {
		return nil
	}
	_, holes, err := b.in.DB.Flagged(ctx, b.name, b.stream.Epoch, maxFlagged)
	if err != nil {
		return err
	}
	lacks := make(map[uint64]bool, len(holes))
	for _, i := range holes {
		lacks[i] = true
	}
	var es []hub.Entry
	for i := range items {
		if it := &items[i]; it.Bytes != nil && lacks[it.Index] {
			es = append(es, take(it, nil))
		}
	}
	if len(es) == 0 {
		return nil
	}
	if err := b.in.DB.Fill(ctx, b.name, b.stream.Epoch, es); err != nil {
		return err
	}
	if b.in.Stored != nil {
		b.in.Stored(&hub.Batch{Box: b.name, Epoch: b.stream.Epoch, From: b.stream.Size, Entries: es, At: b.in.Now()})
	}
	b.in.Log.Info("holes are filled", "box", b.name, "entries", len(es))
	for i := range es {
		b.stream.Holes--
		if es[i].Parked {
			b.stream.Parked++
		}
	}
	return nil
}
