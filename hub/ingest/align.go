package ingest

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

const (
	backEntries = 128
	backBytes   = 16 << 10 // of entries in an answer, before compression: seconds on a slow link
)

// branch takes the epoch of a box that parted from what we hold: its first entries are
// those of the epoch before, and are not sent again. A branch that does not fit what we
// hold is none: the box sends everything.
func (b *box) branch(ctx context.Context, s *wire.Start) error {
	if s.Branch == nil || s.Branch.Size == 0 {
		return nil
	}
	from, err := b.in.DB.Stream(ctx, b.name, hub.Epoch(s.Branch.Epoch))
	if err != nil {
		return err
	}
	if from.Size < s.Branch.Size || s.Branch.Epoch == s.Epoch {
		return nil
	}
	t := &tree{ctx: ctx, db: b.in.DB, box: b.name, epoch: from.Epoch}
	root, err := tlog.TreeHash(int64(s.Branch.Size), t)
	if err != nil || root != tlog.Hash(s.Branch.Root) {
		return err
	}
	made, err := b.in.DB.Branch(ctx, hub.Stream{
		Box: b.name, Epoch: hub.Epoch(s.Epoch), Size: s.Branch.Size, Root: root,
		Incarnation: hub.Epoch(s.Incarnation), Parent: hub.Epoch(s.Parent), Tip: s.Tip, Started: b.in.Now(),
	}, from.Epoch)
	if err == nil && made {
		b.forget()
		b.in.Log.Warn("branch", "box", b.name, "epoch", hub.Epoch(s.Epoch).String(), "from", from.Epoch.String(), "at", s.Branch.Size)
	}
	return err
}

// align tells a box where its log parts from what we hold, or hands that back.
func (b *box) align(ctx context.Context, m *wire.Align, s *wire.Start) {
	if m.Epoch != s.Epoch {
		b.garbage(ctx, "a question about another epoch than the session's")
		return
	}
	b.use(hub.Epoch(m.Epoch))
	a, err := b.aligned(ctx, m)
	if err != nil {
		b.forget()
		b.in.failed(ctx, "align", err)
		return
	}
	b.send(a)
}

func (b *box) aligned(ctx context.Context, m *wire.Align) (a wire.Aligned, err error) {
	if err := b.load(ctx); err != nil {
		return a, err
	}
	a = wire.Aligned{Epoch: m.Epoch, Nonce: m.Nonce, Size: b.stream.Size}
	if len(m.Heads) > 0 {
		a.Agrees, err = b.agrees(ctx, m.Heads)
		return a, err
	}
	if m.From >= b.stream.Size {
		return a, nil
	}
	n := min(backEntries, b.stream.Size-m.From)
	if m.Most > 0 {
		n = min(n, m.Most)
	}
	es, err := b.in.DB.Entries(ctx, b.name, b.stream.Epoch, m.From, int(n))
	if err != nil {
		return a, err
	}
	a.First = m.From
	bytes := 0
	for i := range es {
		if es[i].Index != m.From+uint64(i) {
			return a, fmt.Errorf("ingest: entry %d where %d should be", es[i].Index, m.From+uint64(i))
		}
		if bytes += len(es[i].Bytes) + 32; bytes > backBytes && i > 0 {
			break
		}
		a.Back = append(a.Back, wire.Back{Salt: wire.Salt(es[i].Salt), Bytes: es[i].Bytes})
	}
	return a, nil
}

// agrees returns the largest size at which our tree has the root that a head states.
func (b *box) agrees(ctx context.Context, heads []wire.Head) (uint64, error) {
	for i := len(heads) - 1; i >= 0; i-- {
		if heads[i].Size > b.stream.Size {
			continue
		}
		root, err := tlog.TreeHash(int64(heads[i].Size), b.tree(ctx))
		if err != nil {
			return 0, err
		}
		if root == tlog.Hash(heads[i].Root) {
			return heads[i].Size, nil
		}
	}
	return 0, nil
}
