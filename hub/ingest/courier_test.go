package ingest_test

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// carried makes a piece of a box with entries of one frame each.
func carried(t *testing.T, w *world, b *hubtest.Box, id wire.FileID, from, n int) ingest.Piece {
	t.Helper()
	m := &dbtest.Maker{Box: b.Keys.Name, Epoch: hub.Epoch{5}}
	if from > 0 {
		m.Next(from)
	}
	p := ingest.Piece{Box: b.Keys.Name, File: id}
	start, s, err := wire.StartFile(w.keys.Public().HPKE, b.Keys.Identity, id, wire.Start{
		Dir: wire.DirUp, Box: b.Keys.Name, Epoch: wire.Epoch{5}, Incarnation: wire.Epoch{6},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Start = start
	for range n {
		batch := m.Next(1)
		e := batch.Entries[0]
		d := wire.NewDataBuilder(wire.Epoch{5}, e.Index, wire.MaxFrame)
		if !d.Add(wire.Raw{Index: e.Index, Leaf: e.Leaf, Explicit: true, Salt: entry.Salt(e.Salt), Bytes: e.Bytes}) {
			t.Fatal("does not fit")
		}
		f, err := s.Seal(d.Data(wire.Hash(batch.Root), e.Index+1))
		if err != nil {
			t.Fatal(err)
		}
		p.Frames = append(p.Frames, f)
	}
	return p
}

// TestCarriedThroughFaults: the database fails at any write of a piece, having stored it
// or not. Nothing is told that is not stored, and the same piece brings the rest.
func TestCarriedThroughFaults(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		for i, fault := range []dbtest.Fault{dbtest.NotApplied, dbtest.Applied} {
			p := carried(t, w, b, wire.NewFileID(), i*8, 8)
			fails := w.failNth("Append", 3, fault)
			_, err := w.in.Carried(t.Context(), p)
			if !errors.Is(err, ingest.ErrNotStored) {
				t.Fatalf("fault %v: %v", fault, err)
			}
			w.fail(fails)
			got, err := w.in.Carried(t.Context(), p)
			if err != nil || got.Size != uint64(8*i+8) || got.First != uint64(8*i) || got.Next != got.Size {
				t.Fatalf("fault %v: %+v %v", fault, got, err)
			}
			again, err := w.in.Carried(t.Context(), p)
			if err != nil || again.New > 0 || again.Size != got.Size {
				t.Fatalf("again: %+v %v", again, err)
			}
		}
		w.alarms()
	})
}

// failNth makes the n-th call of a method from now on fail, and returns the plan in which
// nothing does.
func (w *world) failNth(method string, n int, f dbtest.Fault) plan {
	left := n
	w.fail(func(m string, _ int) dbtest.Fault {
		if m != method {
			return dbtest.None
		}
		if left--; left == 0 {
			return f
		}
		return dbtest.None
	})
	return nothing
}

// TestCarriedByOthers: what is not of the box that it names is refused, under an alarm,
// and so is all of a box that left; a piece that comes too early says from where on it is.
func TestCarriedByOthers(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, other := w.add("a"), w.add("b")
		p := carried(t, w, a, wire.NewFileID(), 0, 3)
		for what, change := range map[string]func(*ingest.Piece){
			"another box":   func(p *ingest.Piece) { p.Box = other.Keys.Name },
			"nobody":        func(p *ingest.Piece) { p.Box = "nobody" },
			"another file":  func(p *ingest.Piece) { p.File = wire.NewFileID() },
			"another start": func(p *ingest.Piece) { p.Start = append([]byte(nil), p.Start[:len(p.Start)-1]...) },
			"no start":      func(p *ingest.Piece) { p.Start = nil },
		} {
			q := p
			change(&q)
			if got, err := w.in.Carried(t.Context(), q); err != nil || !got.Refused || got.New > 0 {
				t.Errorf("%s: %+v %v", what, got, err)
			}
		}
		forged := p
		forged.Frames = append([][]byte{append([]byte(nil), p.Frames[0][:40]...), {1, 2, 3}}, p.Frames[1:]...)
		if got, err := w.in.Carried(t.Context(), forged); err != nil || got.Garbage != 2 || got.New > 0 {
			t.Errorf("forged frames: %+v %v", got, err)
		}
		late := carried(t, w, a, wire.NewFileID(), 20, 4)
		if got, err := w.in.Carried(t.Context(), late); err != nil || got.First != 20 || got.Size != 0 {
			t.Errorf("early: %+v %v", got, err)
		}
		if got, err := w.in.Carried(t.Context(), p); err != nil || got.New != 3 {
			t.Errorf("the real one: %+v %v", got, err)
		}
		if _, err := w.in.Parcel(t.Context(), "nobody"); !errors.Is(err, hub.ErrUnknownBox) {
			t.Error(err)
		}
		parcel, err := w.in.Parcel(t.Context(), "a")
		if err != nil || len(parcel.Receipts) != 1 {
			t.Fatalf("%+v %v", parcel, err)
		}
		r, err := parcel.Receipts[0].Verify(ed25519.PublicKey(w.keys.Public().Identity))
		if err != nil || r.Size != 3 {
			t.Errorf("%+v %v", r, err)
		}
		w.stop()
		if _, err := w.in.Carried(t.Context(), p); !errors.Is(err, ingest.ErrStopped) {
			t.Errorf("a stopped centre: %v", err)
		}
		w.start()
	})
}
