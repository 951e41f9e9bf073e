package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

func TestUpload(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("tram-01")
		b.RecordDraft(clinic.Draft{Kind: clinic.KindFacility, Body: &clinic.Facility{Code: "22736", Name: "Trạm Mẫu", Box: "tram-01"}})
		b.Record(3000)
		b.Connect()
		w.sync(b, time.Minute)
		w.stored(b)
		row, err := w.db.Box(t.Context(), "tram-01")
		if err != nil || row.Facility.Code != "22736" || row.LastSeen.IsZero() {
			t.Fatalf("%+v, %v", row, err)
		}
		if st := b.State(); st.Receipt.At().UnixMilli() == 0 || st.Receipts > 40 {
			t.Fatalf("%d receipts for 31 frames", st.Receipts)
		}
		b.Record(1) // goes out with the next tick; a few milliseconds of state suffice
		w.sync(b, time.Minute)
		w.stored(b)
		w.alarms()
	})
}

func TestBadNetworkAndRestarts(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				boxes := []*hubtest.Box{w.add("a"), w.add("b")}
				for i, b := range boxes {
					b.Record(1000 + i*500)
					b.PerFrame = 40
					b.Connect()
				}
				w.bad = rand.New(rand.NewPCG(seed, 1))
				for i := range 30 {
					for _, b := range boxes {
						b.Tick()
						b.Record(7)
					}
					w.settle()
					time.Sleep(time.Second)
					if i%7 == 3 {
						w.restart()
					}
				}
				for _, b := range boxes {
					w.sync(b, 10*time.Minute)
					w.stored(b)
				}
				w.alarms()
			})
		})
	}
}

// TestCommitFaults: the box never gets a receipt for what is not stored, and
// sending again is harmless, whatever a commit said.
func TestCommitFaults(t *testing.T) {
	for _, f := range []dbtest.Fault{dbtest.NotApplied, dbtest.Applied} {
		for _, every := range []int{1, 3} {
			t.Run(fmt.Sprint(f, every), func(t *testing.T) {
				run(t, func(t *testing.T, w *world) {
					b := w.add("a")
					b.PerFrame = 10
					b.Record(300)
					w.fail(func(_ string, n int) dbtest.Fault {
						if n%every == 0 {
							return f
						}
						return dbtest.None
					})
					b.Connect()
					for range 30 {
						w.settle()
						time.Sleep(time.Second)
						b.Tick()
						s, err := w.db.Stream(t.Context(), "a", hub.Epoch(b.Epoch))
						if err != nil {
							t.Fatal(err)
						}
						if r := b.State().Receipt; r.Size > s.Size {
							t.Fatalf("receipt for %d, stored %d", r.Size, s.Size)
						}
					}
					if _, trouble := w.in.Counts.Trouble(); !trouble && every == 1 {
						t.Error("nobody would see that the database fails")
					}
					w.fail(nothing)
					w.sync(b, time.Minute)
					w.stored(b)
					w.alarms()
				})
			})
		}
	}
}

// TestKilledBetweenCommitAndReceipt loses every receipt for a while, and the hub
// after each.
func TestKilledBetweenCommitAndReceipt(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.PerFrame, b.Window = 50, 2
		b.Record(1000)
		b.Connect()
		w.settle()
		for i := range 5 {
			f := b.Frame(b.Data(uint64(100+50*i), 50))
			w.in.Handle("cb/1/a/up", f)
			synctest.Wait()
			w.restart() // the receipt was queued and is gone with the hub
			w.in.Handle("cb/1/a/up", f)
			w.settle()
		}
		w.sync(b, time.Minute)
		w.stored(b)
		w.alarms()
	})
}

func TestReplaysDuplicatesReorder(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(10)
		b.Connect()
		w.sync(b, time.Minute)
		b.Record(90)
		var frames [][]byte
		for i := uint64(0); i < 100; i += 5 {
			frames = append(frames, b.Frame(b.Data(i, 10))) // each overlaps the next
		}
		r := rand.New(rand.NewPCG(1, 1))
		for range 8 {
			r.Shuffle(len(frames), func(i, j int) { frames[i], frames[j] = frames[j], frames[i] })
			for _, f := range frames {
				w.in.Handle("cb/1/a/up", f)
				synctest.Wait()
			}
		}
		w.sync(b, time.Minute)
		w.stored(b)
		w.alarms()
	})
}

func TestFork(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(50)
		clone := b.Copy()
		clone.Incarnation = wire.Epoch{2}
		b.Record(50)
		clone.Record(60)
		b.Connect()
		w.sync(b, time.Minute)
		before := w.stored(b)

		w.boxes["a"] = clone
		clone.Connect()
		w.settle()
		for range 5 {
			time.Sleep(11 * time.Second)
			clone.Tick()
			w.settle()
		}
		f := clone.Frame(clone.Data(40, 70))
		w.in.Handle("cb/1/a/up", f)
		w.settle()
		after, err := w.db.Stream(t.Context(), "a", hub.Epoch(b.Epoch))
		if err != nil || after.Root != before.Root || after.Size != before.Size {
			t.Fatalf("a fork changed what was stored: %+v %v", after, err)
		}
		kept, err := w.db.Conflicts(t.Context(), "a", hub.Epoch(b.Epoch))
		if err != nil || len(kept) != 60 || kept[0].Index != 50 {
			t.Fatalf("%d entries of the other version kept, %v", len(kept), err)
		}
		w.alarms(hub.AlarmFork, hub.AlarmRoot)

		// The first one goes on: it was superseded, and a person sees it.
		w.boxes["a"] = b
		b.Record(20)
		b.Connect()
		w.sync(b, time.Minute)
		w.stored(b)
		w.alarms(hub.AlarmFork, hub.AlarmRoot, hub.AlarmClone)
	})
}

func TestRestoredBackupIsSeen(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(50)
		old := b.Copy()
		b.Record(50)
		b.Connect()
		w.sync(b, time.Minute)
		old.Incarnation, old.Parent = wire.Epoch{3}, wire.Epoch{1}
		w.boxes["a"] = old
		old.Connect()
		w.settle()
		w.alarms(hub.AlarmSplit)
		if r := old.State().Receipt; r.Size != 100 {
			t.Fatalf("the restored box is not told what is held: %d", r.Size)
		}
	})
}

// TestTwoMachinesOneKey: a copied box raises an alarm also when the machine that
// spoke first never starts another session, whether it records or only asks.
func TestTwoMachinesOneKey(t *testing.T) {
	for name, speak := range map[string]func(w *world, b *hubtest.Box) []byte{
		"records": func(_ *world, b *hubtest.Box) []byte {
			b.Record(5)
			return b.Frame(b.Data(50, 5))
		},
		"asks": func(_ *world, b *hubtest.Box) []byte {
			time.Sleep(6 * time.Minute)
			return b.Frame(wire.Ping{Nonce: wire.NewNonce(), Receipt: true})
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) {
				b := w.add("a")
				b.Record(50)
				b.Parent, b.Incarnation = wire.Epoch{1}, wire.Epoch{2}
				b.Connect()
				w.sync(b, time.Minute)
				twin := b.Copy()
				twin.Parent, twin.Incarnation = wire.Epoch{1}, wire.Epoch{3}
				w.boxes["a"] = twin
				twin.Connect()
				w.sync(twin, time.Minute)
				late := b.Frame(b.Data(40, 10))
				w.in.Handle("cb/1/a/up", late) // was under way
				w.settle()
				w.alarms()
				w.in.Handle("cb/1/a/up", speak(w, b))
				w.settle()
				w.alarms(hub.AlarmClone)
			})
		})
	}
}

// TestLagIsKnownEarly: the first frame of a backlog tells how much follows.
func TestLagIsKnownEarly(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Connect()
		w.settle()
		b.Window = 0 // nothing but what the test sends
		b.Record(3000)
		for _, c := range []struct{ from, size, lag uint64 }{{0, 10, 2990}, {50, 10, 3040}, {0, 10, 3090}} {
			w.in.Handle("cb/1/a/up", b.Frame(b.Data(c.from, 10))) // stored; beyond a gap; known already
			w.settle()
			s, err := w.db.Stream(t.Context(), "a", hub.Epoch(b.Epoch))
			if err != nil || s.Size != c.size || s.Lag() != c.lag || s.Behind.IsZero() {
				t.Fatalf("%+v %v", s, err)
			}
			b.Record(50)
		}
		b.Window = 4
		w.sync(b, time.Minute)
		if s := w.stored(b); s.Lag() != 0 || !s.Behind.IsZero() {
			t.Fatalf("%+v", s)
		}
	})
}

func TestParkedAndHoles(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(3)
		b.RecordBytes([]byte("not CBOR at all"))
		b.RecordBytes([]byte{0xff})
		unknown, err := entry.Encode(clinic.Draft{Kind: 999, Body: &clinic.Viewed{}, Event: time.Now()}, clinic.NewID(), clinic.ID{}, 1, true)
		if err != nil {
			t.Fatal(err)
		}
		b.RecordBytes(unknown)
		b.Record(3)
		b.Lose(1)
		b.Lose(7)
		b.Connect()
		w.sync(b, time.Minute)
		s := w.stored(b)
		r := b.State().Receipt
		if s.Parked != 3 || s.Holes != 2 || len(r.Parked) != 1 || r.Parked[0].From != 3 || r.Parked[0].To != 6 || len(r.Holes) != 2 || r.Holes[1].From != 7 {
			t.Fatalf("%+v %+v", s, r)
		}
		w.restart()
		b.Connect()
		w.settle()
		if r := b.State().Receipt; len(r.Parked) != 1 || len(r.Holes) != 2 {
			t.Fatalf("forgotten in a restart: %+v", r)
		}
	})
}
