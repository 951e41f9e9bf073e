package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/sync/wire"
)

// world is a hub and boxes joined by a network that the test makes good or bad.
// It runs inside synctest.
type world struct {
	t     *testing.T
	keys  *keyfile.Private
	db    *db.DB
	plan  func(method string, n int) dbtest.Fault
	in    *ingest.Ingest
	stop  func()
	boxes map[string]*hubtest.Box
	bad   *rand.Rand // nil = a perfect network
	cut   bool

	mu    sync.Mutex
	queue []message
}

type message struct {
	topic string
	frame []byte
}

func newWorld(t *testing.T) *world {
	k, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, keys: k, boxes: map[string]*hubtest.Box{}}
	if w.db, err = db.Open(context.Background(), filepath.Join(t.TempDir(), "hub.db")); err != nil {
		t.Fatal(err)
	}
	w.plan = func(string, int) dbtest.Fault { return dbtest.None }
	w.start()
	return w
}

// start starts a hub on the database; everything in memory is new.
func (w *world) start() {
	w.in = ingest.New(ingest.Options{
		DB:   &dbtest.Faults{DB: w.db, Plan: func(m string, n int) dbtest.Fault { return w.plan(m, n) }},
		Link: w, Identity: w.keys.Identity, HPKE: w.keys.HPKE, Log: testlog.Logger(w.t),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- w.in.Run(ctx) }()
	<-w.in.Ready()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	}
}

func (w *world) restart() {
	w.stop()
	w.mu.Lock()
	w.queue = nil // on the way to a hub that is gone
	w.mu.Unlock()
	w.start()
}

// close stops everything and verifies the whole database.
func (w *world) close() {
	w.stop()
	fs, err := w.db.Check(context.Background())
	if err != nil {
		w.t.Error(err)
	}
	for _, f := range fs {
		if f.Problem != "" {
			w.t.Errorf("check: %+v", f)
		}
	}
	if err := w.db.Close(); err != nil {
		w.t.Error(err)
	}
}

func (w *world) add(name string) *hubtest.Box {
	w.t.Helper()
	b := hubtest.NewBox(name, w.keys.Public())
	w.join(b)
	p := b.Keys.Public()
	k := hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}
	if err := w.db.AddBox(context.Background(), name, k, time.Now()); err != nil {
		w.t.Fatal(err)
	}
	w.boxes[name] = b
	return b
}

func (w *world) join(b *hubtest.Box) {
	b.Send = func(f []byte) { w.enqueue("cb/1/"+b.Keys.Name+"/up", f) }
}

// Publish implements ingest.Link.
func (w *world) Publish(topic string, f []byte) error {
	w.enqueue(topic, f)
	return nil
}

// enqueue loses, doubles and swaps messages when the network is bad.
func (w *world) enqueue(topic string, f []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := message{topic, bytes.Clone(f)}
	switch {
	case w.cut:
		return
	case w.bad == nil:
	case w.bad.IntN(10) == 0:
		return
	case w.bad.IntN(10) == 0:
		w.queue = append(w.queue, m)
	case w.bad.IntN(5) == 0 && len(w.queue) > 0:
		i := w.bad.IntN(len(w.queue))
		w.queue = append(w.queue[:i:i], append([]message{m}, w.queue[i:]...)...)
		return
	}
	w.queue = append(w.queue, m)
}

// settle delivers until nothing moves.
func (w *world) settle() {
	for {
		synctest.Wait()
		w.mu.Lock()
		if len(w.queue) == 0 {
			w.mu.Unlock()
			return
		}
		m := w.queue[0]
		w.queue = w.queue[1:]
		w.mu.Unlock()
		var name string
		if n, _ := fmt.Sscanf(m.topic, "cb/1/%s", &name); n == 1 && name[len(name)-3:] == "/up" {
			w.in.Handle(m.topic, m.frame)
			continue
		}
		for n, b := range w.boxes {
			if m.topic == "cb/1/"+n+"/down" {
				b.Handle(m.frame)
			}
		}
	}
}

// sync lets a box tick until it has a receipt for everything.
func (w *world) sync(b *hubtest.Box, within time.Duration) {
	w.t.Helper()
	for end := time.Now().Add(within); !b.Synced(); {
		if time.Now().After(end) {
			s := b.State()
			w.t.Fatalf("receipt for %d of %d after %v; %v", s.Receipt.Size, b.Size(), within, s.Bad)
		}
		w.settle()
		time.Sleep(time.Second)
		b.Tick()
	}
	w.settle()
}

// stored fails unless the hub holds exactly the box's log.
func (w *world) stored(b *hubtest.Box) hub.Stream {
	w.t.Helper()
	s, err := w.db.Stream(context.Background(), b.Keys.Name, hub.Epoch(b.Epoch))
	if err != nil {
		w.t.Fatal(err)
	}
	if s.Size != b.Size() || s.Root != b.Root(b.Size()) {
		w.t.Fatalf("%s: hub holds %d, box %d; roots equal: %v", b.Keys.Name, s.Size, b.Size(), s.Root == b.Root(b.Size()))
	}
	if st := b.State(); len(st.Bad) > 0 {
		w.t.Fatalf("%s heard: %v", b.Keys.Name, st.Bad)
	}
	return s
}

func (w *world) alarms(want ...string) {
	w.t.Helper()
	as, err := w.db.Alarms(context.Background(), "", 100)
	if err != nil {
		w.t.Fatal(err)
	}
	got := map[string]bool{}
	for _, a := range as {
		got[a.Code] = true
	}
	if len(got) != len(want) {
		w.t.Fatalf("alarms %+v, want %v", as, want)
	}
	for _, c := range want {
		if !got[c] {
			w.t.Fatalf("alarms %+v, want %v", as, want)
		}
	}
}

// run runs a test in a bubble, with a world that is verified at the end.
func run(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		defer w.close()
		f(t, w)
	})
}

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
					broken := true
					w.plan = func(_ string, n int) dbtest.Fault {
						if broken && n%every == 0 {
							return f
						}
						return dbtest.None
					}
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
					broken = false
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
		c := &w.in.Counts
		if c.Unknown.Load() != 6 || c.Foreign.Load() != 1 || c.Roots.Load() != 2 || c.Gaps.Load() != 0 || c.Failures.Load() != 0 {
			t.Fatalf("unknown %d foreign %d roots %d gaps %d failures %d", c.Unknown.Load(), c.Foreign.Load(), c.Roots.Load(), c.Gaps.Load(), c.Failures.Load())
		}
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
					w.bad = rand.New(rand.NewPCG(3, 3))
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

func (s *slowDB) Pending(context.Context) ([]string, error) { return nil, nil }
func (s *slowDB) Raise(context.Context, hub.Alarm) error    { <-s.release; return nil }
func (s *slowDB) DownState(context.Context, string) (hub.DownState, error) {
	<-s.release
	return hub.DownState{}, nil
}

func (s *slowDB) Box(_ context.Context, name string) (hub.Box, error) {
	k, err := keyfile.Generate(name)
	if err != nil {
		return hub.Box{}, err
	}
	p := k.Public()
	return hub.Box{Name: name, Keys: hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}}, nil
}

type discard struct{}

func (discard) Publish(string, []byte) error { return nil }
