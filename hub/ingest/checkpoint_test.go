package ingest_test

import (
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/keyfile"
)

// cosigned fails unless the last receipt of the box is proof of exactly its log.
func cosigned(t *testing.T, w *world, b *hubtest.Box) {
	t.Helper()
	r := b.State().Receipt
	note, err := r.Note(b.Keys.Identity, w.keys.Public().Identity)
	if err != nil || note == nil {
		t.Fatalf("not cosigned at %d: %v", r.Size, err)
	}
	c, err := checkpoint.Open(note, b.Keys.Public().Identity)
	if err != nil || c.Size != b.Size() || c.Root != b.Root(b.Size()) || c.Origin != checkpoint.Origin(b.Keys.Name, b.Epoch) {
		t.Fatalf("%+v, %v", c, err)
	}
	if at, ok := checkpoint.Cosigned(note, checkpoint.Cosigner{Name: "cb/centre", Key: w.keys.Public().Identity}); !ok || time.Since(at) > time.Minute || at.After(time.Now()) {
		t.Fatalf("cosigned at %v, %v", at, ok)
	}
}

// TestCosigns: a receipt proves the tree that the box signed, after a restart too; one
// for a box that signs nothing is a receipt all the same.
func TestCosigns(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		old, b := w.add("old"), w.add("a")
		b.Signs, b.PerFrame, old.PerFrame = true, 7, 7
		for range 3 {
			for _, x := range []*hubtest.Box{old, b} {
				x.Record(20)
				x.Connect()
				w.sync(x, time.Minute)
			}
			cosigned(t, w, b)
			if r := old.State().Receipt; len(r.Cosigned) > 0 || r.Size != old.Size() {
				t.Fatalf("cosigned what the box did not sign: %+v", r)
			}
			w.restart()
		}
		b.Connect()
		w.sync(b, time.Minute)
		cosigned(t, w, b)
		s := w.stored(b)
		if s.Checkpoint.Size != 60 || len(s.Checkpoint.Signature) != 64 {
			t.Fatalf("%+v", s.Checkpoint)
		}
		b.Signs = false // the slot before the update starts again
		b.Record(3)
		b.Connect()
		w.sync(b, time.Minute)
		if r := b.State().Receipt; len(r.Cosigned) > 0 || w.stored(b).Checkpoint.Size != 60 {
			t.Fatalf("%+v", r)
		}
		b.Signs = true
		b.Record(1)
		b.Connect()
		w.sync(b, time.Minute)
		cosigned(t, w, b)
		w.alarms()
	})
}

// TestWrongCheckpoint: entries under a checkpoint that the box's key did not sign are
// evidence and nothing else, and what follows is taken.
func TestWrongCheckpoint(t *testing.T) {
	thief, err := keyfile.Generate("a")
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(b *hubtest.Box) []byte{
		"another key": func(b *hubtest.Box) []byte {
			d := b.Data(10, 5)
			if err := d.Sign("a", thief.Identity); err != nil {
				t.Fatal(err)
			}
			return b.Frame(d)
		},
		"another box": func(b *hubtest.Box) []byte {
			d := b.Data(10, 5)
			if err := d.Sign("b", b.Keys.Identity); err != nil {
				t.Fatal(err)
			}
			return b.Frame(d)
		},
		"another tree": func(b *hubtest.Box) []byte {
			d, e := b.Data(10, 5), b.Data(10, 4)
			if err := e.Sign("a", b.Keys.Identity); err != nil {
				t.Fatal(err)
			}
			d.Checkpoint = e.Checkpoint
			return b.Frame(d)
		},
		"before its turn": func(b *hubtest.Box) []byte {
			d := b.Data(12, 3)
			if err := d.Sign("a", thief.Identity); err != nil {
				t.Fatal(err)
			}
			return b.Frame(d)
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				b := w.add("a")
				b.Signs = true
				b.Record(10)
				b.Connect()
				w.sync(b, time.Minute)
				b.Window = 0
				b.Record(5)
				w.in.Handle("cb/1/a/up", spoil(b))
				w.settle()
				s, err := w.db.Stream(t.Context(), "a", hub.Epoch(b.Epoch))
				if err != nil || s.Size != 10 || s.Checkpoint.Size != 10 {
					t.Fatalf("%+v %v", s, err)
				}
				w.alarms(hub.AlarmHead)
				kept, err := w.db.Conflicts(t.Context(), "a", hub.Epoch(b.Epoch))
				if err != nil || len(kept) == 0 {
					t.Fatalf("%d kept, %v", len(kept), err)
				}
				b.Window = 4
				w.sync(b, time.Minute)
				cosigned(t, w, b)
			})
		})
	}
}

// TestBriefReceipts: who says that it reads them gets them, unless there is more to say.
func TestBriefReceipts(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		old, b := w.add("old"), w.add("a")
		b.Briefly = true
		for _, x := range []*hubtest.Box{old, b} {
			x.Record(20)
			x.Connect()
			w.sync(x, time.Minute)
			x.Record(20)
			w.sync(x, time.Minute)
		}
		if n := b.State().Brief; n == 0 {
			t.Error("no receipt was brief")
		}
		if n := old.State().Brief; n != 0 {
			t.Errorf("%d receipts that the box does not read", n)
		}
		was := b.State().Brief
		b.Signs = true
		b.Record(5)
		w.sync(b, time.Minute)
		cosigned(t, w, b)
		if b.State().Brief == was {
			t.Error("no cosigned receipt was brief")
		}
		w.alarms()
	})
}
