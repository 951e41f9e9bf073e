package ingest

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// use turns to a stream of the box; its state is read when needed.
func (b *box) use(e hub.Epoch) {
	if b.stream == nil || b.stream.Epoch != e {
		b.forget()
		b.stream = &hub.Stream{Box: b.name, Epoch: e, Size: unread}
	}
}

// unread marks a state that was not read from the database yet. No stream is
// that long: SQLite counts to half of it.
const unread = ^uint64(0)

// forget drops what is known of the stream: the database knows better.
func (b *box) forget() {
	if b.stream != nil {
		b.stream.Size = unread
	}
	b.edge, b.touched = nil, 0
}

// maxAhead entries may a box be ahead of us: a thousand busy years.
const maxAhead = 1 << 32

// load reads the stream's state unless it is known.
func (b *box) load(ctx context.Context) error {
	if b.stream.Size != unread {
		return nil
	}
	s, err := b.in.DB.Stream(ctx, b.name, b.stream.Epoch)
	if err != nil {
		return err
	}
	b.stream, b.touched = &s, s.Stated
	return nil
}

func (b *box) tree(ctx context.Context) *tree {
	return &tree{ctx: ctx, db: b.in.DB, box: b.name, epoch: b.stream.Epoch, edge: b.edge}
}

// data stores what is new of a frame. A receipt is owed afterwards whatever came
// of it, except when the database failed: then nothing is said, the box sends
// again, and what was stored after all is found to be known.
func (b *box) data(ctx context.Context, d *wire.Data, s *wire.Start) {
	if d.Epoch != s.Epoch {
		b.garbage(ctx, "entries of another epoch than the session's")
		return
	}
	b.use(hub.Epoch(d.Epoch))
	err := b.store(ctx, d, s)
	for err == nil && b.stream.Size != unread {
		next := b.in.due(b.name, b.stream.Epoch, b.stream.Size)
		if next == nil {
			break
		}
		err = b.store(ctx, next, s)
	}
	if err != nil {
		b.forget()
		if errors.Is(err, hub.ErrRevoked) { // just now: Refresh follows
			b.owed = false
			b.alarm(ctx, hub.AlarmRevoked, "")
			return
		}
		if !errors.Is(err, hub.ErrMoved) {
			b.owed = false
			b.in.failed(ctx, "store", err)
			return
		}
	} else {
		b.in.Counts.lastGoodness.Store(b.in.Now().UnixMilli())
	}
	b.owed = true
}

func (b *box) store(ctx context.Context, d *wire.Data, s *wire.Start) error {
	if err := b.load(ctx); err != nil {
		return err
	}
	if d.First > b.stream.Size+maxAhead || d.Stated() > b.stream.Size+2*maxAhead {
		b.garbage(ctx, "an index out of all reason")
		return nil
	}
	if len(d.Checkpoint) > 0 && !d.Signed(b.name, b.row.Keys.Identity[:]) {
		return b.unsigned(ctx, d)
	}
	if d.First > b.stream.Size {
		b.in.Counts.Gaps.Add(1)
		b.in.hold(b, d)
		b.state(ctx, d.Stated())
		return nil // the receipt tells where we are, and what is held
	}
	items := d.Items()
	known := min(uint64(len(items)), b.stream.Size-d.First)
	if differs, err := b.compare(ctx, items[:known]); err != nil {
		return err
	} else if differs < int(known) {
		return b.fork(ctx, items, differs)
	}
	if err := b.fill(ctx, items[:known]); err != nil {
		return err
	}
	if known == uint64(len(items)) {
		return b.again(ctx, d)
	}
	return b.grow(ctx, d, s, items[known:])
}

// compare returns the first of the items that is not the stored entry.
func (b *box) compare(ctx context.Context, items []wire.Item) (int, error) {
	if len(items) == 0 {
		return 0, nil
	}
	leaves, err := b.in.DB.Leaves(ctx, b.name, b.stream.Epoch, items[0].Index, len(items))
	if err != nil {
		return 0, err
	}
	if len(leaves) != len(items) {
		return 0, fmt.Errorf("ingest: %d leaves from %d on, want %d", len(leaves), items[0].Index, len(items))
	}
	for i := range items {
		if items[i].Leaf != leaves[i] {
			return i, nil
		}
	}
	return len(items), nil
}

// fork keeps what differs beside what is stored, under an alarm.
func (b *box) fork(ctx context.Context, items []wire.Item, from int) error {
	b.in.Counts.Forks.Add(1)
	return b.evidence(ctx, hub.AlarmFork, fmt.Sprintf("epoch %v from %d", b.stream.Epoch, items[from].Index), items[from:])
}

// evidence raises an alarm and keeps the entries under it. A box that repeats
// itself gets through a few times in alarmGap: each is a transaction.
func (b *box) evidence(ctx context.Context, code, detail string, items []wire.Item) error {
	now := b.in.Now()
	if d := now.Sub(b.keptAt); d < 0 || d >= alarmGap {
		b.keptAt, b.kept = now, 0
	}
	if b.kept >= maxKept {
		return nil
	}
	b.kept++
	es := make([]hub.Entry, len(items))
	for i := range items {
		es[i] = take(&items[i], nil)
	}
	b.in.Log.Warn("alarm", "box", b.name, "code", code, "detail", detail, "entries", len(es))
	return b.in.DB.Conflict(ctx, hub.Alarm{Box: b.name, Code: code, Last: now, Detail: detail}, b.stream.Epoch, es)
}

// again checks that a frame whose entries are all known stands on our tree.
func (b *box) again(ctx context.Context, d *wire.Data) error {
	b.in.Counts.Again.Add(1)
	root, err := tlog.TreeHash(int64(d.Size), b.tree(ctx))
	if err != nil {
		return err
	}
	if root != tlog.Hash(d.Root) {
		return b.otherRoot(ctx, d, nil)
	}
	if len(d.Checkpoint) > 0 && d.Size == b.stream.Size {
		b.stream.Checkpoint = hub.Checkpoint{Size: d.Size, Signature: d.Checkpoint}
	}
	b.state(ctx, d.Stated())
	return nil
}

// otherRoot keeps entries that do not lead to the root that the box states. They
// are evidence, not records: which of entries and root is wrong, nobody knows.
func (b *box) otherRoot(ctx context.Context, d *wire.Data, items []wire.Item) error {
	b.in.Counts.Roots.Add(1)
	return b.evidence(ctx, hub.AlarmRoot, fmt.Sprintf("epoch %v at %d", b.stream.Epoch, d.Size), items)
}

// unsigned keeps entries under a checkpoint that the box's key did not sign: evidence,
// for a box signs what it sends, and nobody else opens its sessions.
func (b *box) unsigned(ctx context.Context, d *wire.Data) error {
	b.in.Counts.Roots.Add(1)
	return b.evidence(ctx, hub.AlarmHead, fmt.Sprintf("epoch %v at %d", b.stream.Epoch, d.Size), d.Items())
}

// grow stores new entries when they lead to the root that the box states.
func (b *box) grow(ctx context.Context, d *wire.Data, s *wire.Start, items []wire.Item) error {
	t := b.tree(ctx)
	leaves := make([]clinic.Leaf, len(items))
	for i := range items {
		leaves[i] = items[i].Leaf
	}
	size := b.stream.Size
	root, err := t.grow(size, leaves)
	if err != nil {
		return err
	}
	if root != tlog.Hash(d.Root) {
		return b.otherRoot(ctx, d, items)
	}
	batch := &hub.Batch{
		Box: b.name, Epoch: b.stream.Epoch, From: size, Entries: make([]hub.Entry, len(items)),
		Hashes: t.hashes(), Root: root, Stated: max(d.Stated(), b.stream.Stated), Incarnation: hub.Epoch(s.Incarnation),
		Parent: hub.Epoch(s.Parent), Tip: s.Tip, At: b.in.Now(), Checkpoint: d.Checkpoint,
	}
	for i := range items {
		batch.Entries[i] = take(&items[i], &batch.Facility)
	}
	if err := b.in.DB.Append(ctx, batch); err != nil {
		return err
	}
	if b.in.Stored != nil {
		b.in.Stored(batch)
	}
	return b.grown(t, batch)
}

// grown brings the state in memory to what the transaction stored.
func (b *box) grown(t *tree, batch *hub.Batch) error {
	b.in.Counts.Entries.Add(int64(len(batch.Entries)))
	s := b.stream
	s.Size += uint64(len(batch.Entries))
	s.Root, s.Incarnation, s.Stated = batch.Root, batch.Incarnation, batch.Stated
	s.Receipt = hub.Receipt{At: batch.At, Size: s.Size, Root: s.Root}
	if len(batch.Checkpoint) > 0 {
		s.Checkpoint = hub.Checkpoint{Size: s.Size, Signature: batch.Checkpoint}
	}
	b.touched = s.Stated
	for i := range batch.Entries {
		switch e := &batch.Entries[i]; {
		case e.Bytes == nil:
			s.Holes++
		case e.Parked:
			s.Parked++
		}
	}
	if batch.Facility != nil {
		b.row.Facility = *batch.Facility
	}
	edge, err := t.edgeOf(s.Size)
	b.edge = edge
	return err
}

// take makes an entry of an item. What cannot be read is parked, with its bytes;
// a later program may read it. facility is set when the entry tells it.
func take(it *wire.Item, facility **clinic.Facility) hub.Entry {
	e := hub.Entry{Index: it.Index, Salt: it.Salt, Bytes: it.Bytes, Leaf: it.Leaf}
	if it.Bytes == nil {
		return e
	}
	r, err := entry.Decode(it.Bytes, clinic.Ref{}, it.Leaf)
	e.Kind, e.Parked = r.Kind, err != nil || r.Body == nil
	if f, ok := r.Body.(*clinic.Facility); ok && facility != nil {
		*facility = f
	}
	return e
}

// state notes the size that the box states, when it is news.
func (b *box) state(ctx context.Context, size uint64) {
	if err := b.load(ctx); err != nil {
		b.in.failed(ctx, "stream", err)
		return
	}
	if size <= b.touched || size <= b.stream.Size {
		return
	}
	b.touched = size
	b.stream.Stated = max(b.stream.Stated, size)
	if err := b.in.DB.Touch(ctx, b.name, b.stream.Epoch, size, b.in.Now()); err != nil {
		b.in.failed(ctx, "state", err)
	}
}
