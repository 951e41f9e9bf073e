package ingest_test

import (
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// TestFalseBranches: an epoch that does not come from where it says is no branch; the box
// sends everything.
func TestFalseBranches(t *testing.T) {
	for name, spoil := range map[string]func(*wire.Branch){
		"another root":   func(b *wire.Branch) { b.Root[0] ^= 1 },
		"a longer one":   func(b *wire.Branch) { b.Size = 11 },
		"a huge one":     func(b *wire.Branch) { b.Size = 1<<64 - 1 },
		"nobody's epoch": func(b *wire.Branch) { b.Epoch[0] ^= 1 },
		"its own":        func(b *wire.Branch) { b.Epoch = wire.Epoch{0xE9} },
		"of nothing":     func(b *wire.Branch) { b.Size = 0 },
		"none":           nil,
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				b := w.add("a")
				b.Record(10)
				b.Connect()
				w.sync(b, time.Minute)
				turned := b.Copy()
				w.join(turned)
				w.boxes["a"] = turned
				turned.Branch = &wire.Branch{Epoch: b.Epoch, Size: 8, Root: b.Root(8)}
				turned.Epoch, turned.Parent, turned.Incarnation = wire.Epoch{0xE9}, b.Incarnation, wire.Epoch{2}
				if spoil != nil {
					spoil(turned.Branch)
				}
				turned.Record(2)
				turned.Connect()
				w.settle()
				s, err := w.db.Stream(t.Context(), "a", hub.Epoch(turned.Epoch))
				if err != nil {
					t.Fatal(err)
				}
				first := turned.State().Receipt.Size
				if branched := w.raised(t, "a", hub.AlarmSplit); branched != (spoil == nil) {
					t.Errorf("branched %v, stream %+v, receipt for %d", branched, s, first)
				}
				w.sync(turned, time.Minute)
				if s, err := w.db.Stream(t.Context(), "a", hub.Epoch(turned.Epoch)); err != nil || s.Size != 12 {
					t.Errorf("%+v %v", s, err)
				}
			})
		})
	}
}

func (w *world) raised(t *testing.T, box, code string) bool {
	t.Helper()
	as, err := w.db.Alarms(t.Context(), box, 99)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range as {
		if a.Code == code {
			return true
		}
	}
	return false
}

// TestAlignAnswers: questions about any place, honest or not, are answered within the
// bounds, and change nothing.
func TestAlignAnswers(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(400)
		b.Lose(3)
		b.Connect()
		w.sync(b, time.Minute)
		ask := func(a wire.Align) wire.Aligned {
			t.Helper()
			a.Nonce = wire.NewNonce()
			w.enqueue("cb/1/a/up", b.Frame(a))
			w.settle()
			all := b.State().Aligned
			if len(all) == 0 || all[len(all)-1].Nonce != a.Nonce {
				t.Fatalf("no answer: %+v", a)
			}
			return all[len(all)-1]
		}
		e := b.Epoch
		good := func(n uint64) wire.Head { return wire.Head{Size: n, Root: b.Root(n)} }
		bad := func(n uint64) wire.Head { return wire.Head{Size: n, Root: wire.Hash{1}} }
		for _, c := range []struct {
			heads []wire.Head
			want  uint64
		}{
			{[]wire.Head{good(1), good(50), bad(60), bad(400)}, 50},
			{[]wire.Head{bad(1)}, 0},
			{[]wire.Head{good(400), bad(1 << 62)}, 400},
			{[]wire.Head{bad(5), good(9)}, 9},
		} {
			if a := ask(wire.Align{Epoch: e, Heads: c.heads}); a.Agrees != c.want || a.Size != 400 {
				t.Errorf("%+v, want %d", a, c.want)
			}
		}
		next := uint64(0)
		for next < 400 {
			a := ask(wire.Align{Epoch: e, From: next})
			if len(a.Back) == 0 || a.First != next {
				t.Fatalf("nothing from %d: %+v", next, a)
			}
			if hole := next == 0; hole != (a.Back[min(3, len(a.Back)-1)].Bytes == nil) {
				t.Errorf("the hole is at 3, handed back from %d: %+v", next, a.Back[:4])
			}
			next += uint64(len(a.Back))
		}
		for _, from := range []uint64{400, 401, 1<<64 - 1} {
			if a := ask(wire.Align{Epoch: e, From: from}); len(a.Back) != 0 || a.Size != 400 {
				t.Errorf("from %d: %+v", from, a)
			}
		}
		if s := w.stored(b); s.Size != 400 || s.Holes != 1 {
			t.Errorf("%+v", s)
		}
	})
}
