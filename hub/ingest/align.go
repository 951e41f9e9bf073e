package ingest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

const (
	backEntries = 128
	branchStep  = 4096     // entries copied in one transaction
	sameAlign   = 4        // answers to one question: a broker that repeats it costs no more
	backBytes   = 16 << 10 // of entries in an answer, before compression: seconds on a slow link
)

// branch takes the epoch of a box that parted from what we hold: its first entries are
// those of the epoch before, and are not sent again. They are copied in steps, so that
// other boxes have their turns; after a cut the next session goes on. A branch that does
// not fit what we hold is none: the box sends everything.
func (b *box) branch(ctx context.Context, s *wire.Start) error {
	if s.Branch == nil || s.Branch.Size == 0 || s.Branch.Epoch == s.Epoch {
		return nil
	}
	from, err := b.in.DB.Stream(ctx, b.name, hub.Epoch(s.Branch.Epoch))
	if err != nil {
		return err
	}
	to, err := b.in.DB.Stream(ctx, b.name, hub.Epoch(s.Epoch))
	if err != nil || from.Size < s.Branch.Size || to.Size >= s.Branch.Size {
		return err
	}
	t := &tree{ctx: ctx, db: b.in.DB, box: b.name, epoch: from.Epoch}
	root, err := tlog.TreeHash(int64(s.Branch.Size), t)
	if err != nil || root != tlog.Hash(s.Branch.Root) {
		return err
	}
	if to.Size == 0 {
		now := b.in.Now()
		b.branched = slices.DeleteFunc(b.branched, func(t time.Time) bool { return now.Sub(t) < 0 || now.Sub(t) > restartGap })
		if len(b.branched) >= maxBranches {
			return errBranches
		}
		b.branched = append(b.branched, now)
		b.in.Log.Warn("branch", "box", b.name, "epoch", hub.Epoch(s.Epoch).String(), "from", from.Epoch.String(), "at", s.Branch.Size)
	}
	return b.copyBranch(ctx, s, t, to.Size)
}

// errBranches ends a session that begins yet another epoch: each costs a copy. A box
// begins one an hour, and another one when it is started anew.
var errBranches = errors.New("ingest: too many branches within an hour")

// maxBranches of a box within restartGap.
const maxBranches = 6

func (b *box) copyBranch(ctx context.Context, s *wire.Start, old *tree, had uint64) error {
	defer b.forget()
	for had < s.Branch.Size {
		next := min(had+branchStep, s.Branch.Size)
		root, err := tlog.TreeHash(int64(next), old)
		if err != nil {
			return err
		}
		err = b.in.DB.Branch(ctx, hub.Stream{
			Box: b.name, Epoch: hub.Epoch(s.Epoch), Size: next, Root: root,
			Incarnation: hub.Epoch(s.Incarnation), Parent: hub.Epoch(s.Parent), Tip: s.Tip, Started: b.in.Now(),
		}, old.epoch, had, s.Branch.Size)
		if err != nil {
			return err
		}
		if had = next; had < s.Branch.Size {
			b.in.yield()
		}
	}
	return nil
}

// align tells a box where its log parts from what we hold, or hands that back.
func (b *box) align(ctx context.Context, m *wire.Align, s *wire.Start) {
	if m.Epoch != s.Epoch {
		b.garbage(ctx, "a question about another epoch than the session's")
		return
	}
	if m.Nonce != b.aligning {
		b.aligning, b.answers = m.Nonce, 0
	}
	if b.answers++; b.answers > sameAlign {
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
		if m.Most == 0 {
			a.Elsewhere, err = b.in.DB.Elsewhere(ctx, b.name, b.stream.Epoch)
		}
		return a, err
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
	if m.Most == 0 && a.First+uint64(len(a.Back)) >= a.Size { // the last one of a realignment
		a.Elsewhere, err = b.in.DB.Elsewhere(ctx, b.name, b.stream.Epoch)
	}
	return a, err
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
