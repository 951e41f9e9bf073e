package dbtest

import (
	"bytes"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// testBranch makes a stream out of the beginning of another one: it grows on by itself.
func testBranch(t *testing.T, open func(*testing.T) DB) {
	for _, size := range []int{1, 32, 33, 64, 100, 130} {
		d, ctx := open(t), t.Context()
		box := "box-" + string(rune('a'+size%26))
		add(t, d, box)
		m := &Maker{Box: box, Epoch: Epoch()}
		b := m.Next(130)
		b.Entries[0].Bytes = nil // a hole travels along
		must(t, d.Append(ctx, b))
		root, err := tlog.TreeHash(int64(size), m)
		must(t, err)
		s := hub.Stream{Box: box, Epoch: hub.Epoch{9}, Size: uint64(size), Root: root, Incarnation: hub.Epoch{1}, Parent: hub.Epoch{2}, Tip: 7, Started: At(3)}
		isErr(t, d.Branch(ctx, hub.Stream{Box: box, Epoch: hub.Epoch{8}, Size: 131, Started: At(3)}, Epoch(), 0, 131), hub.ErrMoved)
		isErr(t, d.Branch(ctx, hub.Stream{Box: box, Epoch: hub.Epoch{8}, Size: 1, Started: At(3)}, hub.Epoch{77}, 0, 1), hub.ErrMoved)
		isErr(t, d.Branch(ctx, s, Epoch(), 3, s.Size), hub.ErrMoved)
		for had := 0; had < size; { // in steps of all sizes, each of them whole
			step, next := s, min(size, had+1+had/2)
			if step.Root, err = tlog.TreeHash(int64(next), m); err != nil {
				t.Fatal(err)
			}
			step.Size = uint64(next)
			must(t, d.Branch(ctx, step, Epoch(), uint64(had), s.Size))
			isErr(t, d.Branch(ctx, step, Epoch(), uint64(had), s.Size), hub.ErrMoved)
			if got, err := d.Stream(ctx, box, s.Epoch); err != nil || got.Size != step.Size || got.Root != step.Root {
				t.Fatalf("%+v %v", got, err)
			}
			had = next
		}
		if n, err := d.Elsewhere(ctx, box, s.Epoch); err != nil || n != uint64(130-size) {
			t.Fatal(n, err)
		}
		if n, err := d.Elsewhere(ctx, box, Epoch()); err != nil || n != 0 {
			t.Fatal(n, err)
		}
		d = open(t)
		got, err := d.Stream(ctx, box, s.Epoch)
		must(t, err)
		if got.Size != s.Size || got.Root != s.Root || got.Tip != 7 || got.Holes != 1 || got.Receipt.Size != s.Size || got.Incarnation != s.Incarnation {
			t.Fatalf("%+v", got)
		}
		es, err := d.Entries(ctx, box, s.Epoch, 0, 999)
		must(t, err)
		if len(es) != size || size > 1 && (!bytes.Equal(es[size-1].Bytes, b.Entries[size-1].Bytes) || es[size-1].Leaf != b.Entries[size-1].Leaf) {
			t.Fatalf("%d entries of %d", len(es), size)
		}
		// It grows as a stream of its own does.
		next := &Maker{Box: box, Epoch: s.Epoch, leaves: m.leaves[:tlog.StoredHashCount(int64(size))], n: int64(size)}
		must(t, d.Append(ctx, next.Next(70)))
		if old, err := d.Stream(ctx, box, Epoch()); err != nil || old.Size != 130 {
			t.Fatalf("the stream that it comes from: %+v %v", old, err)
		}
		as, err := d.Alarms(ctx, box, 10)
		must(t, err)
		if len(as) != 1 || as[0].Code != hub.AlarmSplit || as[0].Count != 1 {
			t.Fatalf("%+v", as)
		}
	}
}

// testDownsAnew begins the stream down to one box anew; the others go on.
func testDownsAnew(t *testing.T, open func(*testing.T) DB) {
	d, ctx := open(t), t.Context()
	add(t, d, "a", "b")
	mk := func(n byte) hub.Down { return hub.Down{Salt: [16]byte{n}, Bytes: []byte{n}, Leaf: clinic.Leaf{n}} }
	for _, box := range []string{"a", "b"} {
		_, err := d.Push(ctx, box, []hub.Down{mk(1), mk(2)})
		must(t, err)
	}
	was, err := d.DownState(ctx, "a")
	must(t, err)
	other, err := d.DownState(ctx, "b")
	must(t, err)
	must(t, d.Acked(ctx, "a", was.Epoch, 2, At(1)))
	must(t, d.RestartDowns(ctx, hub.Alarm{Box: "a", Code: hub.AlarmDown, Last: At(2)}, At(2)))
	isErr(t, d.RestartDowns(ctx, hub.Alarm{Box: "c", Code: hub.AlarmDown, Last: At(2)}, At(2)), hub.ErrUnknownBox)
	d = open(t)
	st, err := d.DownState(ctx, "a")
	must(t, err)
	es, err := d.Downs(ctx, "a", 0, 9)
	must(t, err)
	if st.Epoch == was.Epoch || st.Last != 2 || st.Acked != 0 || len(es) != 2 || es[1].Leaf != (clinic.Leaf{2}) {
		t.Fatalf("%+v %+v", st, es)
	}
	if now, err := d.DownState(ctx, "b"); err != nil || now.Epoch != other.Epoch {
		t.Fatalf("%+v %v", now, err)
	}
	isErr(t, d.Acked(ctx, "a", was.Epoch, 1, At(3)), hub.ErrMoved)
	if last, err := d.Push(ctx, "a", []hub.Down{mk(2), mk(3)}); err != nil || last != 3 {
		t.Fatal(last, err)
	}
}
