package ingest_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// TestBoundedQueue floods one box's topic while the hub does nothing.
func TestBoundedQueue(t *testing.T) {
	k, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	slow := &slowDB{release: make(chan struct{})}
	in := ingest.New(ingest.Options{DB: slow, Link: discard{}, Identity: k.Identity, HPKE: k.HPKE})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- in.Run(ctx) }()
	<-in.Ready()
	who := wire.Who{Nonce: wire.NewNonce()}.Frame()
	for range 1000 {
		in.Handle("cb/1/a/up", who)
	}
	if d := in.Counts.Dropped.Load(); d < 900 {
		t.Errorf("%d of 1000 dropped: the queue has no end", d)
	}
	big := make([]byte, wire.MaxFrame)
	for range 20 {
		in.Handle("cb/1/b/up", big)
	}
	if d := in.Counts.Dropped.Load(); d < 905 {
		t.Errorf("%d dropped: bytes are not bounded", d)
	}
	close(slow.release)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

type slowDB struct {
	ingest.DB
	release chan struct{}
}

func (s *slowDB) ParkedEntries(context.Context, int64, int64, int) ([]hub.Found, error) {
	return nil, nil
}
func (s *slowDB) Pending(context.Context) ([]string, error) { return nil, nil }
func (s *slowDB) Raise(context.Context, hub.Alarm) error    { <-s.release; return nil }
func (s *slowDB) DownState(context.Context, string) (hub.DownState, error) {
	<-s.release
	return hub.DownState{}, nil
}

func (s *slowDB) Boxes(context.Context) (out []hub.Box, err error) {
	for _, name := range []string{"a", "b"} {
		k, err := keyfile.Generate(name)
		if err != nil {
			return nil, err
		}
		p := k.Public()
		out = append(out, hub.Box{Name: name, Keys: hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}})
	}
	return out, nil
}

type discard struct{}

func (discard) Publish(string, []byte) error { return nil }

// TestFloodersTakeTurns: more boxes than there are workers, each with a frame
// always waiting, and one box that has entries.
func TestFloodersTakeTurns(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		var bad []*hubtest.Box
		for i := range 6 {
			b := w.add(fmt.Sprint("bad-", i))
			b.Connect()
			bad = append(bad, b)
		}
		good := w.add("good")
		good.Connect()
		w.settle()
		good.Record(3)
		entries := good.Frame(good.Data(0, 3))
		var pongs, before atomic.Int64
		ask := func(b *hubtest.Box) {
			w.in.Handle("cb/1/"+b.Keys.Name+"/up", b.Frame(wire.Ping{Nonce: wire.Nonce{1}}))
		}
		w.tap = func(topic string) bool {
			name := strings.TrimSuffix(strings.TrimPrefix(topic, "cb/1/"), "/down")
			if name == "good" {
				before.CompareAndSwap(0, pongs.Load())
				return false
			}
			n := pongs.Add(1)
			if n < 10_000 {
				ask(w.boxes[name])
			}
			if n == 1000 { // all workers are busy by now
				w.in.Handle("cb/1/good/up", entries)
			}
			return true
		}
		for _, b := range bad {
			ask(b)
		}
		w.settle()
		if n := before.Load(); n == 0 || n > 6000 || pongs.Load() < 10_000 {
			t.Fatalf("answered after %d of %d questions of the others", n, pongs.Load())
		}
	})
}

// TestMadeUpNamesKeepNobodyOut: a stream of names that nobody registered, and a
// box that was registered while the hub ran.
func TestMadeUpNamesKeepNobodyOut(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(5)
		who := wire.Who{Nonce: wire.NewNonce()}.Frame()
		for i := range 5000 {
			w.in.Handle(fmt.Sprintf("cb/1/made-up-%d/up", i), who)
			if i%500 == 1 {
				b.Tick()
				w.settle()
			}
			time.Sleep(time.Millisecond)
		}
		if !b.Synced() {
			t.Fatalf("kept out: %+v", b.State())
		}
		w.stored(b)
		w.alarms()
	})
}

// TestDiskWithRoomAgain: after a failure nobody need send anything for the hub to
// find out that it can store again.
func TestDiskWithRoomAgain(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(5)
		b.Connect()
		w.settle()
		b.Record(5)
		w.fail(func(method string, _ int) dbtest.Fault {
			if method == "Append" || method == "Probe" {
				return dbtest.NotApplied
			}
			return dbtest.None
		})
		trouble := func() bool { _, is := w.in.Counts.Trouble(); return is }
		for range 2 {
			b.Tick()
			w.settle()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if !trouble() {
			t.Fatal("a full disk is not seen")
		}
		w.fail(nothing)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if trouble() {
			t.Fatal("room again, and still in trouble")
		}
		w.sync(b, time.Minute)
	})
}

// TestEvidenceHasARate: a box that lies in each frame does not make a transaction
// of each.
func TestEvidenceHasARate(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(20)
		b.Connect()
		w.sync(b, time.Minute)
		b.Record(5)
		var writes atomic.Int32
		w.fail(func(method string, _ int) dbtest.Fault {
			if method == "Conflict" {
				writes.Add(1)
			}
			return dbtest.None
		})
		for i := range 2000 {
			lie := b.Data(20, 5)
			lie.Root[0] ^= byte(1 + i%7)
			w.in.Handle("cb/1/a/up", b.Frame(lie))
			w.settle()
		}
		if n := writes.Load(); n == 0 || n > 100 || w.in.Counts.Roots.Load() != 2000 {
			t.Fatalf("%d transactions for %d lies", n, w.in.Counts.Roots.Load())
		}
		w.alarms(hub.AlarmRoot)
		w.sync(b, time.Minute)
		w.stored(b)
	})
}

// TestNoRecordInTheLog: whatever arrives, nothing of it is written to the log.
func TestNoRecordInTheLog(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		secret := func(n int) {
			for range n {
				b.RecordDraft(clinic.Draft{
					Kind: clinic.KindExam, Subject: clinic.NewID(), Event: time.Now(), Body: &clinic.Exam{Reason: "Nguyễn Bí Mật ho ra máu"},
				})
			}
			b.RecordBytes([]byte("Nguyễn Bí Mật, parked"))
		}
		secret(10)
		clone := b.Copy()
		secret(10)
		b.Connect()
		w.sync(b, time.Minute)
		lie := b.Data(0, 22)
		lie.Root[0] ^= 1
		w.in.Handle("cb/1/a/up", b.Frame(lie))
		clone.Record(20)
		clone.Incarnation, clone.Window = wire.Epoch{5}, 0
		w.boxes["a"] = clone
		clone.Connect()
		w.settle()
		w.in.Handle("cb/1/a/up", clone.Frame(clone.Data(0, 31)))
		w.settle()
		w.fail(func(method string, _ int) dbtest.Fault {
			if method == "Append" || method == "Conflict" {
				return dbtest.NotApplied
			}
			return dbtest.None
		})
		w.in.Handle("cb/1/a/up", clone.Frame(clone.Data(0, 31)))
		w.settle()
		w.fail(nothing)
		w.alarms(hub.AlarmFork, hub.AlarmRoot)
		if !strings.Contains(w.logs.String(), "alarm") {
			t.Fatal("nothing was logged at all")
		}
		w.logs.Absent("Bí Mật", "ho ra máu", "parked")
	})
}
