package ingest_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// TestHostile sends what must change nothing.
func TestHostile(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.add("a"), w.add("b")
		for _, x := range []*hubtest.Box{a, b} {
			x.Record(20)
			x.Connect()
			w.sync(x, time.Minute)
		}
		good := a.Frame(a.Data(0, 20))
		flipped := bytes.Clone(good)
		flipped[len(flipped)-1] ^= 1
		wrongRoot := a.Data(0, 20)
		wrongRoot.Root[0] ^= 1
		a.Record(5)
		a.Window = 0 // the lie comes before the truth
		lie := a.Data(20, 5)
		lie.Root[0] ^= 1
		otherEpoch := a.Data(0, 20)
		otherEpoch.Epoch[0] ^= 1
		far := a.Data(20, 5)
		far.First, far.Size = 1<<62, 1<<62+5
		most := a.Data(20, 5)
		most.First, most.Size = ^uint64(5), ^uint64(0)
		for _, m := range []message{
			{"cb/1/a/up", nil},
			{"cb/1/a/up", []byte("hello")},
			{"cb/1/a/up", bytes.Repeat([]byte{0xCB}, wire.MaxFrame+1)},
			{"cb/1/a/up", []byte{0xCB, 1, 1}},
			{"cb/1/a/up", []byte{0xCB, 2, 1, 0}},
			{"cb/1/a/up", flipped},
			{"cb/1/b/up", good},
			{"cb/1/nobody/up", good},
			{"cb/1/../up", good},
			{"cb/1/a/down", good},
			{"cb/1//up", good},
			{"cb/1/a/b/up", good},
			{"", good},
			{"cb/1/a/up", a.Frame(wrongRoot)},
			{"cb/1/a/up", a.Frame(lie)},
			{"cb/1/a/up", a.Frame(otherEpoch)},
			{"cb/1/a/up", a.Frame(far)},
			{"cb/1/a/up", a.Frame(most)},
			{"cb/1/a/up", a.Frame(wire.Unknown{Kind: 77, Body: []byte("later")})},
			{"cb/1/a/up", a.Frame(wire.SignedReceipt("not mine to send"))},
			{"cb/1/a/up", a.Frame(wire.DownAck{Epoch: a.State().DownEpoch, Next: 5})},
			{"cb/1/a/up", a.Frame(wire.DownAck{Epoch: a.State().DownEpoch, Next: 1 << 63})},
			{"cb/1/a/up", a.Frame(wire.DownAck{Next: 1})},
		} {
			w.in.Handle(m.topic, m.frame)
			w.settle()
		}
		for _, x := range []*hubtest.Box{a, b} {
			s, err := w.db.Stream(t.Context(), x.Keys.Name, hub.Epoch(x.Epoch))
			if err != nil || s.Size < 20 || s.Root != x.Root(s.Size) || s.Stated > x.Size() {
				t.Fatalf("%s: %+v %v", x.Keys.Name, s, err)
			}
		}
		w.alarms(hub.AlarmGarbage, hub.AlarmForeign, hub.AlarmRoot, hub.AlarmDown)
		kept, err := w.db.Conflicts(t.Context(), "a", hub.Epoch(a.Epoch))
		if err != nil || len(kept) != 5 || kept[0].Index != 20 || !bytes.Equal(kept[4].Bytes, a.Bytes(24)) {
			t.Fatalf("what came under another root is not kept as evidence: %d, %v", len(kept), err)
		}
		c := &w.in.Counts
		if c.Unknown.Load() != 6 || c.Foreign.Load() != 1 || c.Roots.Load() != 2 || c.Gaps.Load() != 0 || c.Failures.Load() != 0 {
			t.Fatalf("unknown %d foreign %d roots %d gaps %d failures %d", c.Unknown.Load(), c.Foreign.Load(), c.Roots.Load(), c.Gaps.Load(), c.Failures.Load())
		}
		a.Window = 4
		w.sync(a, time.Minute) // and it goes on
		w.stored(a)
	})
}

func TestAnotherKeyCannotStart(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(5)
		thief := hubtest.NewBox("a", w.keys.Public())
		thief.Record(9)
		w.join(thief)
		w.boxes["a"] = thief
		thief.Connect()
		for range 10 {
			w.settle()
			time.Sleep(2 * time.Second)
			thief.Connect()
		}
		if ss, err := w.db.Streams(t.Context(), "a"); err != nil || len(ss) != 0 || thief.State().Receipts != 0 {
			t.Fatalf("%+v %v", ss, err)
		}
		w.alarms(hub.AlarmSignature)
		w.boxes["a"] = b
		b.Connect()
		w.sync(b, time.Minute)
		w.stored(b)
	})
}

func TestDown(t *testing.T) {
	for _, bad := range []bool{false, true} {
		t.Run(fmt.Sprint("bad network ", bad), func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				b := w.add("a")
				rows := func(n int) (ds []clinic.Draft) {
					for i := range n {
						ds = append(ds, clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: "icd10", Code: fmt.Sprint(i), Name: "Cảm"}})
					}
					return ds
				}
				push := func(n int) {
					if _, err := w.in.Push(t.Context(), "a", rows(n)); err != nil {
						t.Fatal(err)
					}
				}
				push(700) // before the box was ever there
				if bad {
					w.mu.Lock() // the push is still on its way
					w.bad = rand.New(rand.NewPCG(3, 3))
					w.mu.Unlock()
				}
				b.Record(3)
				b.Connect()
				wait := func(n int) {
					t.Helper()
					for range 600 {
						w.settle()
						if st, _ := w.db.DownState(t.Context(), "a"); len(b.State().Down) == n && st.Acked == uint64(n) {
							return
						}
						time.Sleep(time.Second)
						b.Tick()
					}
					t.Fatalf("box has %d of %d", len(b.State().Down), n)
				}
				wait(700)
				push(5) // into a running session
				wait(705)
				w.restart()
				push(5) // the hub knows no session
				wait(710)
				st := b.State()
				if len(st.Bad) > 0 || !bad && st.DownAgain > 5 {
					t.Fatal(st.DownAgain, st.Bad)
				}
				for _, s := range st.Down {
					if r, err := entry.Decode(s.Bytes, clinic.Ref{}, clinic.Leaf{}); err != nil || r.Body == nil {
						t.Fatal(err)
					}
				}
				w.alarms()
			})
		})
	}
}

// TestAbsentBoxCostsLittle: a box that is away is not called for ever at a high
// rate.
func TestAbsentBoxCostsLittle(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.add("a")
		if _, err := w.in.Push(t.Context(), "a", []clinic.Draft{{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{}}}); err != nil {
			t.Fatal(err)
		}
		sent := 0
		for range 24 * 60 {
			time.Sleep(time.Minute)
			synctest.Wait()
			w.mu.Lock()
			sent += len(w.queue)
			w.queue = nil
			w.mu.Unlock()
		}
		if sent < 100 || sent > 200 {
			t.Fatalf("%d frames in a day", sent)
		}
	})
}

// TestAnnounce: boxes that found nobody hear that the hub is back, each once.
func TestAnnounce(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		a, b := w.add("a"), w.add("b")
		a.Record(3)
		b.Record(4)
		w.in.Announce(t.Context())
		w.settle()
		for _, x := range []*hubtest.Box{a, b} {
			if !x.Synced() {
				t.Fatalf("%s was not asked: %+v", x.Keys.Name, x.State())
			}
		}
	})
}

func TestPing(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(1)
		b.Connect()
		w.sync(b, time.Minute)
		n := wire.NewNonce()
		w.in.Handle("cb/1/a/up", b.Frame(wire.Ping{Nonce: n}))
		w.in.Handle("cb/1/a/up", b.Frame(wire.Ping{Nonce: n, Receipt: true}))
		w.settle()
		st := b.State()
		if len(st.Pongs) != 1 || st.Pongs[0].Nonce != n || st.Pongs[0].Time != time.Now().UnixMilli() || !st.Receipt.Answers(n) {
			t.Fatalf("%+v", st)
		}
	})
}
