// Package dbtest holds a database of the centre to what its users rely on:
// hub/db runs it on SQLite, another implementation runs it on itself.
package dbtest

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// DB is everything that the parts of the hub ask of a database.
type DB interface {
	Boxes
	Streams
	Downs
	Shares
}

// Boxes keeps boxes and alarms.
type Boxes interface {
	AddBox(ctx context.Context, name string, k hub.Keys, at time.Time) error
	Box(ctx context.Context, name string) (hub.Box, error)
	Boxes(ctx context.Context) ([]hub.Box, error)
	Seen(ctx context.Context, name string, at time.Time) error
	Probe(ctx context.Context, at time.Time) error
	Raise(ctx context.Context, a hub.Alarm) error
	OpenAlarms(ctx context.Context) ([]hub.Alarm, error)
	Acknowledge(ctx context.Context, box string, id int64, ack hub.Ack) error
	Alarms(ctx context.Context, box string, limit int) ([]hub.Alarm, error)
	Conflict(ctx context.Context, a hub.Alarm, e hub.Epoch, es []hub.Entry) error
	Conflicts(ctx context.Context, box string, e hub.Epoch) ([]hub.Entry, error)
}

// Streams keeps what boxes upload.
type Streams interface {
	Append(ctx context.Context, b *hub.Batch) error
	Stream(ctx context.Context, box string, e hub.Epoch) (hub.Stream, error)
	Streams(ctx context.Context, box string) ([]hub.Stream, error)
	Entries(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]hub.Entry, error)
	Branch(ctx context.Context, s hub.Stream, from hub.Epoch, had, base uint64) error
	Elsewhere(ctx context.Context, box string, e hub.Epoch) (uint64, error)
	Leaves(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]clinic.Leaf, error)
	Flagged(ctx context.Context, box string, e hub.Epoch, n int) (parked, holes []uint64, err error)
	Hashes(ctx context.Context, box string, e hub.Epoch, pos []int64) ([][32]byte, error)
	Touch(ctx context.Context, box string, e hub.Epoch, stated uint64, at time.Time) error
	ParkedEntries(ctx context.Context, stream, after int64, n int) ([]hub.Found, error)
	Release(ctx context.Context, found []hub.Found) error
	Fill(ctx context.Context, box string, e hub.Epoch, es []hub.Entry) error
	Incarnation(ctx context.Context, s hub.Stream) (by hub.Epoch, err error)
	Incarnations(ctx context.Context, box string, limit int) ([]hub.Incarnation, error)
}

// Downs keeps what goes down to boxes.
type Downs interface {
	Push(ctx context.Context, box string, es []hub.Down) (last uint64, err error)
	Pending(ctx context.Context) ([]string, error)
	Downs(ctx context.Context, box string, after uint64, n int) ([]hub.Down, error)
	Acked(ctx context.Context, box string, e hub.Epoch, seq uint64, at time.Time) error
	DownState(ctx context.Context, box string) (hub.DownState, error)
	RestartDowns(ctx context.Context, a hub.Alarm, at time.Time) error
}

// Run runs the suite. open returns a database; the same one again, as after a
// restart, when called twice with one directory.
func Run(t *testing.T, open func(t *testing.T, dir string) DB) {
	for name, f := range map[string]func(*testing.T, func(*testing.T) DB){
		"boxes": testBoxes, "append": testAppend, "atomic": testAtomic, "separate": testSeparate,
		"flags": testFlags, "parking": testParking, "alarms": testAlarms, "acks": testAcks, "evidence": testEvidence, "down": testDown, "branch": testBranch, "downs anew": testDownsAnew, "incarnations": testIncarnations, "clones": testClones, "shares": testShares, "replaced": testReplaced, "touch": testTouch,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			f(t, func(t *testing.T) DB { return open(t, dir) })
		})
	}
}

// At is the time of the suite's acts.
func At(minutes int) time.Time {
	return time.UnixMilli(1_790_000_000_000).UTC().Add(time.Duration(minutes) * time.Minute)
}

// Epoch is the stream that the suite writes.
func Epoch() hub.Epoch { return hub.Epoch{1, 2, 3, 4, 5, 6, 7, 8} }

// Maker makes batches that follow one another, as ingest would.
type Maker struct {
	Box    string
	Epoch  hub.Epoch
	leaves []tlog.Hash // stored hashes
	n      int64
}

// ReadHashes implements tlog.HashReader.
func (m *Maker) ReadHashes(pos []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(pos))
	for i, p := range pos {
		out[i] = m.leaves[p]
	}
	return out, nil
}

// Next makes a batch of n entries.
func (m *Maker) Next(n int) *hub.Batch {
	return m.Of(slices.Repeat([][]byte{[]byte(m.Box + " entry")}, n)...)
}

// Of makes a batch of entries of these bytes.
func (m *Maker) Of(entries ...[]byte) *hub.Batch {
	b := &hub.Batch{Box: m.Box, Epoch: m.Epoch, From: uint64(m.n), Incarnation: hub.Epoch{9}, At: At(1), Stated: uint64(m.n) + uint64(len(entries))}
	for _, bytes := range entries {
		e := hub.Entry{Index: uint64(m.n), Salt: [16]byte{byte(m.n), 7}, Bytes: bytes, Kind: clinic.KindVitals}
		e.Leaf = entry.LeafHash(entry.Salt(e.Salt), e.Bytes)
		hs, err := tlog.StoredHashesForRecordHash(m.n, tlog.Hash(e.Leaf), m)
		if err != nil {
			panic(err) // the tree is in memory
		}
		for i, h := range hs {
			b.Hashes = append(b.Hashes, hub.Hash{Pos: int64(len(m.leaves) + i), Hash: h})
		}
		m.leaves = append(m.leaves, hs...)
		m.n++
		b.Entries = append(b.Entries, e)
	}
	root, err := tlog.TreeHash(m.n, m)
	if err != nil {
		panic(err)
	}
	b.Root = root
	return b
}

func add(t *testing.T, d DB, names ...string) {
	t.Helper()
	for i, n := range names {
		must(t, d.AddBox(t.Context(), n, hub.Keys{Identity: [32]byte{byte(i + 1)}, HPKE: []byte{byte(i)}}, At(0)))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func isErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %v", err, want)
	}
}

func testBoxes(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "b", "a")
	add(t, d, "b") // the same again
	isErr(t, d.AddBox(ctx, "a", hub.Keys{Identity: [32]byte{9}}, At(0)), hub.ErrBoxExists)
	for _, bad := range []string{"", "A", "a/b", "a.b", "+", "#", "-a", "ạ", string(bytes.Repeat([]byte("a"), 33))} {
		isErr(t, d.AddBox(ctx, bad, hub.Keys{}, At(0)), hub.ErrBoxName)
	}
	_, err := d.Box(ctx, "c")
	isErr(t, err, hub.ErrUnknownBox)
	must(t, d.Seen(ctx, "a", At(5)))
	must(t, d.Seen(ctx, "a", At(3))) // late news do not turn time back
	d = open(t)
	bs, err := d.Boxes(ctx)
	must(t, err)
	if len(bs) != 2 || bs[0].Name != "a" || bs[0].Keys.Identity != [32]byte{2} || !bs[0].LastSeen.Equal(At(5)) ||
		!bs[0].FirstSeen.Equal(At(5)) || !bs[1].LastSeen.IsZero() || bs[0].DownEpoch == bs[1].DownEpoch {
		t.Fatalf("%+v", bs)
	}
}

func testAppend(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a")
	m := &Maker{Box: "a", Epoch: Epoch()}
	var last *hub.Batch
	for _, n := range []int{1, 1, 2, 63, 64, 65, 200} {
		last = m.Next(n)
		if n < 65 {
			last.Checkpoint = bytes.Repeat([]byte{byte(n)}, 64)
		}
		must(t, d.Append(ctx, last))
	}
	d = open(t)
	s, err := d.Stream(ctx, "a", Epoch())
	must(t, err)
	if s.Size != 396 || s.Root != last.Root || s.Receipt.Size != 396 || s.Receipt.Root != last.Root || s.Stated != 396 || s.Lag() != 0 || !s.Behind.IsZero() {
		t.Fatalf("%+v", s)
	}
	if c := s.Checkpoint; c.Size != 131 || !bytes.Equal(c.Signature, bytes.Repeat([]byte{64}, 64)) {
		t.Fatalf("the latest checkpoint is %+v", c)
	}
	es, err := d.Entries(ctx, "a", Epoch(), 194, 300)
	must(t, err)
	if len(es) != 202 || es[0].Index != 194 || !bytes.Equal(es[201].Bytes, last.Entries[199].Bytes) || es[201].Leaf != last.Entries[199].Leaf || es[201].Salt != last.Entries[199].Salt || es[3].Kind != clinic.KindVitals {
		t.Fatalf("%d entries, %+v", len(es), es[0])
	}
	ls, err := d.Leaves(ctx, "a", Epoch(), 395, 9)
	must(t, err)
	if len(ls) != 1 || ls[0] != last.Entries[199].Leaf {
		t.Fatal(ls)
	}
	pos := []int64{0, 64, 63, int64(len(m.leaves)) - 1}
	hs, err := d.Hashes(ctx, "a", Epoch(), pos)
	must(t, err)
	for i, p := range pos {
		if tlog.Hash(hs[i]) != m.leaves[p] {
			t.Fatalf("hash %d", p)
		}
	}
	if _, err := d.Hashes(ctx, "a", Epoch(), []int64{int64(len(m.leaves))}); err == nil {
		t.Fatal("a hash that is not there was given")
	}
}

func testAtomic(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a")
	m := &Maker{Box: "a", Epoch: Epoch()}
	first, second := m.Next(5), m.Next(5)
	isErr(t, d.Append(ctx, second), hub.ErrMoved)
	must(t, d.Append(ctx, first))
	isErr(t, d.Append(ctx, first), hub.ErrMoved) // the same again
	broken := *second
	broken.Entries = slices.Clone(second.Entries)
	broken.Entries[4].Index = 0 // collides after four good rows
	if err := d.Append(ctx, &broken); err == nil {
		t.Fatal("an index was written twice")
	}
	skipped := *second
	skipped.Hashes = second.Hashes[1:]
	if err := d.Append(ctx, &skipped); err == nil {
		t.Fatal("a tree hash is missing")
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	isErr(t, d.Append(cancelled, second), context.Canceled)
	s, err := d.Stream(ctx, "a", Epoch())
	must(t, err)
	if es, err := d.Entries(ctx, "a", Epoch(), 0, 99); err != nil || len(es) != 5 || s.Size != 5 || s.Root != first.Root {
		t.Fatalf("part of a refused batch stayed: %d entries, %+v, %v", len(es), s, err)
	}
	must(t, d.Append(ctx, second))
	isErr(t, d.Append(ctx, (&Maker{Box: "nobody", Epoch: Epoch()}).Next(1)), hub.ErrUnknownBox)
}

func testSeparate(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a", "b")
	a, b, a2 := &Maker{Box: "a", Epoch: Epoch()}, &Maker{Box: "b", Epoch: Epoch()}, &Maker{Box: "a", Epoch: hub.Epoch{8}}
	for _, x := range []*hub.Batch{a.Next(70), b.Next(3), a2.Next(5), b.Next(4), a.Next(1)} {
		must(t, d.Append(ctx, x))
	}
	f := clinic.Facility{Code: "22736", Name: "Trạm Y tế xã Mẫu", Site: "Đảo Nhỏ"}
	x := b.Next(1)
	x.Facility = &f
	must(t, d.Append(ctx, x))
	ss, err := d.Streams(ctx, "a")
	must(t, err)
	if len(ss) != 2 || ss[0].Size+ss[1].Size != 76 {
		t.Fatalf("%+v", ss)
	}
	if all, err := d.Streams(ctx, ""); err != nil || len(all) != 3 || all[2].Box != "b" {
		t.Fatalf("%+v %v", all, err)
	}
	es, err := d.Entries(ctx, "b", Epoch(), 0, 99)
	must(t, err)
	for _, e := range es {
		if string(e.Bytes) != "b entry" {
			t.Fatalf("%s in b", e.Bytes)
		}
	}
	boxB, err := d.Box(ctx, "b")
	must(t, err)
	boxA, err := d.Box(ctx, "a")
	must(t, err)
	if boxB.Facility != f || boxA.Facility != (clinic.Facility{}) {
		t.Fatalf("%+v %+v", boxA.Facility, boxB.Facility)
	}
}

func testFlags(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a")
	m := &Maker{Box: "a", Epoch: Epoch()}
	b := m.Next(10)
	b.Entries[2].Parked, b.Entries[7].Parked = true, true
	b.Entries[4].Bytes = nil
	b.Entries[5].Bytes = []byte{} // empty is not a hole
	must(t, d.Append(ctx, b))
	p, h, err := d.Flagged(ctx, "a", Epoch(), 1)
	must(t, err)
	if !slices.Equal(p, []uint64{2}) || !slices.Equal(h, []uint64{4}) {
		t.Fatal(p, h)
	}
	s, err := d.Stream(ctx, "a", Epoch())
	must(t, err)
	es, err := d.Entries(ctx, "a", Epoch(), 0, 10)
	must(t, err)
	if s.Parked != 2 || s.Holes != 1 || !es[2].Parked || es[4].Bytes != nil || es[5].Bytes == nil || es[3].Parked {
		t.Fatalf("%+v %+v", s, es)
	}
}

func testParking(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	for _, name := range []string{"a", "b"} {
		add(t, d, name)
		m := &Maker{Box: name, Epoch: Epoch()}
		b := m.Next(10)
		b.Entries[2].Parked, b.Entries[7].Parked, b.Entries[4].Bytes = true, true, nil
		must(t, d.Append(ctx, b))
	}
	var all []hub.Found
	for stream, after := int64(0), int64(-1); ; {
		found, err := d.ParkedEntries(ctx, stream, after, 1)
		must(t, err)
		if len(found) == 0 {
			break
		}
		all = append(all, found...)
		stream, after = found[0].Stream, int64(found[0].Index)
	}
	if len(all) != 4 || all[0].Index != 2 || all[1].Index != 7 || all[1].Box == all[2].Box || !all[3].Parked {
		t.Fatalf("%+v", all)
	}
	all[1].Kind = 77
	for range 2 { // again is no error
		must(t, d.Release(ctx, all[1:2]))
	}
	p, h, err := d.Flagged(ctx, all[1].Box, Epoch(), 9)
	must(t, err)
	es, err := d.Entries(ctx, all[1].Box, Epoch(), 7, 1)
	must(t, err)
	if !slices.Equal(p, []uint64{2}) || !slices.Equal(h, []uint64{4}) || es[0].Parked || es[0].Kind != 77 {
		t.Fatal(p, h, es)
	}
	es, err = d.Entries(ctx, "a", Epoch(), 4, 2)
	must(t, err)
	hole, other := es[0], es[1]
	hole.Bytes, hole.Kind = []byte("mended"), 5
	other.Bytes = []byte("not a hole")
	wrong := hole
	wrong.Leaf[0] ^= 1
	for range 2 {
		must(t, d.Fill(ctx, "a", Epoch(), []hub.Entry{wrong, hole, other}))
	}
	got, err := d.Entries(ctx, "a", Epoch(), 4, 2)
	must(t, err)
	if string(got[0].Bytes) != "mended" || got[0].Kind != 5 || string(got[1].Bytes) != "a entry" {
		t.Fatalf("%s %s", got[0].Bytes, got[1].Bytes)
	}
}

func testTouch(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a")
	m := &Maker{Box: "a", Epoch: Epoch()}
	b := m.Next(10)
	b.Stated = 30
	must(t, d.Append(ctx, b))
	must(t, d.Touch(ctx, "a", Epoch(), 25, At(9)))
	s, err := d.Stream(ctx, "a", Epoch())
	must(t, err)
	if s.Stated != 30 || s.Lag() != 20 || !s.Behind.Equal(At(1)) || !s.Receipt.At.Equal(At(9)) {
		t.Fatalf("%+v", s)
	}
	must(t, d.Append(ctx, m.Next(20)))
	must(t, d.Touch(ctx, "a", Epoch(), 1<<63, At(10)))
	s, err = d.Stream(ctx, "a", Epoch())
	must(t, err)
	if !s.Behind.Equal(At(10)) {
		t.Fatalf("caught up and fell behind again: %+v", s)
	}
}

func testDown(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a", "b")
	mk := func(n byte) hub.Down { return hub.Down{Salt: [16]byte{n}, Bytes: []byte{n}, Leaf: clinic.Leaf{n}} }
	if last, err := d.Push(ctx, "a", []hub.Down{mk(1), mk(2)}); err != nil || last != 2 {
		t.Fatal(last, err)
	}
	if last, err := d.Push(ctx, "a", []hub.Down{mk(2), mk(3)}); err != nil || last != 3 {
		t.Fatal("a repeated push queued twice", last, err)
	}
	if last, err := d.Push(ctx, "b", []hub.Down{mk(1)}); err != nil || last != 1 {
		t.Fatal(last, err)
	}
	_, err := d.Push(ctx, "c", []hub.Down{mk(1)})
	isErr(t, err, hub.ErrUnknownBox)
	pending := func(want ...string) {
		t.Helper()
		if got, err := d.Pending(ctx); err != nil || !slices.Equal(got, want) {
			t.Fatal(got, err)
		}
	}
	pending("a", "b")
	d = open(t)
	st, err := d.DownState(ctx, "a")
	must(t, err)
	isErr(t, d.Acked(ctx, "a", st.Epoch, 4, At(1)), hub.ErrMoved)
	isErr(t, d.Acked(ctx, "a", hub.Epoch{}, 1, At(1)), hub.ErrMoved)
	isErr(t, d.Acked(ctx, "c", hub.Epoch{}, 0, At(1)), hub.ErrUnknownBox)
	must(t, d.Acked(ctx, "a", st.Epoch, 2, At(2)))
	must(t, d.Acked(ctx, "a", st.Epoch, 1, At(3))) // an old one, late
	pending("a", "b")
	st, err = d.DownState(ctx, "a")
	must(t, err)
	es, err := d.Downs(ctx, "a", st.Acked, 10)
	must(t, err)
	if st.Last != 3 || st.Acked != 2 || len(es) != 1 || es[0].Seq != 3 || !bytes.Equal(es[0].Bytes, []byte{3}) || es[0].Leaf != (clinic.Leaf{3}) {
		t.Fatalf("%+v %+v", st, es)
	}
	must(t, d.Acked(ctx, "a", st.Epoch, 3, At(4)))
	pending("b")
}
