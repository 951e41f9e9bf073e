package dbtest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"clinicbox/hub"
)

func testAlarms(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a")
	e := (&Maker{Box: "a", Epoch: Epoch()}).Next(2).Entries
	for i := range 3 {
		must(t, d.Conflict(ctx, hub.Alarm{Box: "a", Code: hub.AlarmFork, Detail: "from 0", Last: At(i)}, Epoch(), e))
	}
	must(t, d.Raise(ctx, hub.Alarm{Box: "a", Code: hub.AlarmGarbage, Last: At(1)}))
	d = open(t)
	as, err := d.Alarms(ctx, "a", 10)
	must(t, err)
	if len(as) != 2 || as[0].Code != hub.AlarmFork || as[0].Count != 3 || !as[0].First.Equal(At(0)) || !as[0].Last.Equal(At(2)) {
		t.Fatalf("%+v", as)
	}
	kept, err := d.Conflicts(ctx, "a", Epoch())
	must(t, err)
	if len(kept) != 2 || !bytes.Equal(kept[0].Bytes, e[0].Bytes) {
		t.Fatalf("%+v", kept)
	}
	for i := range 500 {
		must(t, d.Raise(ctx, hub.Alarm{Box: "a", Code: hub.AlarmRoot, Detail: string(rune('A' + i)), Last: At(i)}))
	}
	as, err = d.Alarms(ctx, "", 10_000)
	must(t, err)
	total := 0
	for _, a := range as {
		total += a.Count
	}
	if len(as) > 300 || total != 504 {
		t.Fatalf("%d alarms count %d: a box could fill the disk, or one was not counted", len(as), total)
	}
}

// testAcks: an alarm is closed by who saw it, and open again when it happens again.
func testAcks(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a", "b")
	fork := hub.Alarm{Box: "a", Code: hub.AlarmFork, Detail: "from 0", Last: At(1)}
	must(t, d.Raise(ctx, fork))
	must(t, d.Raise(ctx, fork))
	must(t, d.Raise(ctx, hub.Alarm{Box: "b", Code: hub.AlarmFork, Detail: "from 7", Last: At(2)}))
	id := first(t, d, "a").ID
	isErr(t, d.Acknowledge(ctx, "a", id, hub.Ack{Count: 1, At: At(3), Who: "operator"}), hub.ErrAgain)
	isErr(t, d.Acknowledge(ctx, "a", id, hub.Ack{Count: 3, At: At(3), Who: "operator"}), hub.ErrAgain)
	isErr(t, d.Acknowledge(ctx, "b", id, hub.Ack{Count: 2, At: At(3), Who: "operator"}), hub.ErrUnknownBox)
	isErr(t, d.Acknowledge(ctx, "a", 999, hub.Ack{Count: 1}), hub.ErrUnknownBox)
	if a := first(t, d, "a"); !a.Open() || a.Ack.Who != "" {
		t.Fatalf("%+v", a)
	}
	for i := range 2 { // the second of two people changes nothing
		must(t, d.Acknowledge(ctx, "a", id, hub.Ack{Count: 2, At: At(3 + i), Who: "operator"}))
	}
	d = open(t)
	if a := first(t, d, "a"); a.Open() || a.Ack != (hub.Ack{Count: 2, At: At(3), Who: "operator"}) || a.Count != 2 {
		t.Fatalf("%+v", a)
	}
	codes(t, d, "b/fork/1")
	must(t, d.Raise(ctx, fork))
	must(t, d.Raise(ctx, hub.Alarm{Box: "a", Code: hub.AlarmFork, Detail: "from 5", Last: At(9)}))
	must(t, d.Raise(ctx, hub.Alarm{Box: "a", Code: hub.AlarmGarbage, Last: At(1)}))
	codes(t, d, "a/fork/2", "a/garbage/1", "b/fork/1")
	must(t, d.Acknowledge(ctx, "a", id, hub.Ack{Count: 3, At: At(10), Who: "operator"}))
	codes(t, d, "a/fork/1", "a/garbage/1", "b/fork/1")
	as, err := d.Alarms(ctx, "a", 10)
	must(t, err)
	if len(as) != 3 || as[0].Detail != "from 5" || as[2].ID != id || as[2].Ack.Count != 3 {
		t.Fatalf("open ones come first, none is lost: %+v", as)
	}
}

func first(t *testing.T, d DB, box string) hub.Alarm {
	t.Helper()
	as, err := d.Alarms(t.Context(), box, 1)
	must(t, err)
	if len(as) != 1 {
		t.Fatal(as)
	}
	return as[0]
}

func codes(t *testing.T, d DB, want ...string) {
	t.Helper()
	as, err := d.OpenAlarms(t.Context())
	must(t, err)
	var got []string
	for _, a := range as {
		got = append(got, a.Box+"/"+a.Code+"/"+string(rune('0'+a.Count)))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("open: %v, want %v", got, want)
	}
}

// testEvidence: a box that makes up versions without end fills its share and no more.
func testEvidence(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a", "b")
	sum := func(box string) (n int) {
		es, err := d.Conflicts(ctx, box, Epoch())
		must(t, err)
		for i := range es {
			n += len(es[i].Bytes)
		}
		return n
	}
	e := hub.Entry{Bytes: make([]byte, 16<<10)}
	for i := range 50 {
		var es []hub.Entry
		for j := range 100 {
			e.Index, e.Leaf[0], e.Leaf[1] = uint64(j), byte(i), byte(j)
			es = append(es, e)
		}
		must(t, d.Conflict(ctx, hub.Alarm{Box: "a", Code: hub.AlarmRoot, Detail: "x", Last: At(i)}, Epoch(), es))
	}
	if n := sum("a"); n < 16<<20 || n > 64<<20 {
		t.Fatalf("%d bytes of evidence", n)
	}
	if a := first(t, d, "a"); a.Count != 50 || a.Kept < 1000 {
		t.Fatalf("%+v", a)
	}
	must(t, d.Conflict(ctx, hub.Alarm{Box: "b", Code: hub.AlarmRoot, Last: At(1)}, Epoch(), []hub.Entry{e}))
	if n := sum("b"); n != 16<<10 {
		t.Fatalf("another box's evidence was not kept: %d", n)
	}
}

func testIncarnations(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a")
	s := func(i byte, tip uint64) hub.Stream {
		return hub.Stream{Box: "a", Epoch: Epoch(), Incarnation: hub.Epoch{i}, Parent: hub.Epoch{i - 1}, Tip: tip, Started: At(int(i))}
	}
	for i := byte(1); i <= 3; i++ {
		for range 2 {
			if by, err := d.Incarnation(ctx, s(i, uint64(i))); err != nil || by != (hub.Epoch{}) {
				t.Fatal(by, err)
			}
		}
	}
	by, err := d.Incarnation(ctx, s(2, 2))
	must(t, err)
	if by != (hub.Epoch{3}) {
		t.Fatal("a superseded incarnation speaks and nobody notices")
	}
	is, err := d.Incarnations(ctx, "a", 9)
	must(t, err)
	if len(is) != 3 || is[0].ID != (hub.Epoch{3}) || is[0].Superseded != (hub.Epoch{}) || is[1].Superseded != (hub.Epoch{3}) || is[2].Tip != 1 {
		t.Fatalf("%+v", is)
	}
}

// testClones: one machine restarts and is restored; two machines both go on.
func testClones(t *testing.T, open func(*testing.T) DB) {
	type step struct{ id, parent, by byte }
	boxes := 0
	for name, steps := range map[string][]step{
		"restarts":                      {{1, 0, 0}, {2, 1, 0}, {3, 2, 0}, {4, 3, 0}},
		"restarts nobody heard of":      {{1, 0, 0}, {4, 3, 0}, {9, 8, 0}, {10, 9, 0}},
		"restored once":                 {{1, 0, 0}, {2, 1, 0}, {3, 2, 0}, {4, 1, 0}, {5, 4, 0}},
		"restored twice from one copy":  {{1, 0, 0}, {2, 1, 0}, {3, 1, 0}, {4, 3, 0}, {5, 1, 0}},
		"two children, one goes on":     {{1, 0, 0}, {2, 1, 0}, {3, 1, 0}, {4, 3, 0}},
		"two children, both go on":      {{1, 0, 0}, {2, 1, 0}, {3, 1, 0}, {2, 1, 3}, {3, 1, 0}, {2, 1, 3}},
		"two children, both restart":    {{1, 0, 0}, {2, 1, 0}, {3, 1, 0}, {4, 2, 3}, {5, 3, 4}, {6, 4, 5}},
		"the superseded one speaks":     {{1, 0, 0}, {2, 1, 0}, {1, 0, 2}, {2, 1, 0}},
		"an incarnation is its own dad": {{1, 1, 0}, {2, 1, 0}, {2, 2, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			d, ctx := open(t), t.Context()
			boxes++
			box := fmt.Sprint("box-", boxes)
			add(t, d, box)
			want := 0
			for i, s := range steps {
				by, err := d.Incarnation(ctx, hub.Stream{
					Box: box, Epoch: Epoch(), Incarnation: hub.Epoch{s.id}, Parent: hub.Epoch{s.parent}, Started: At(i),
				})
				must(t, err)
				if by != (hub.Epoch{s.by}) {
					t.Fatalf("step %d: superseded by %v, want %d", i, by, s.by)
				}
				if s.by != 0 {
					want++
				}
			}
			as, err := d.Alarms(ctx, box, 10)
			must(t, err)
			n := 0
			for _, a := range as {
				n += a.Count
			}
			if n != want {
				t.Fatalf("%d alarms, want %d: %+v", n, want, as)
			}
		})
	}
}
