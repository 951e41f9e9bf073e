package ingest_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
)

// world is a hub and boxes joined by a network that the test makes good or bad.
// It runs inside synctest.
type world struct {
	t     *testing.T
	keys  *keyfile.Private
	db    *db.DB
	plan  atomic.Pointer[plan]
	in    *ingest.Ingest
	stop  func()
	boxes map[string]*hubtest.Box
	logs  *testlog.Log
	tap   func(topic string) bool // takes what the hub sends, when set and true
	bad   *rand.Rand              // nil = a perfect network
	cut   bool
	blind clinic.Kind // that the program of the hub does not know yet

	mu    sync.Mutex
	queue []message
}

// plan says which calls of the database fail. The hub's goroutines ask it.
type plan func(method string, n int) dbtest.Fault

// fail is the plan from now on.
func (w *world) fail(p plan) { w.plan.Store(&p) }

func nothing(string, int) dbtest.Fault { return dbtest.None }

type message struct {
	topic string
	frame []byte
}

func newWorld(t *testing.T) *world {
	k, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, logs: testlog.New(t), keys: k, boxes: map[string]*hubtest.Box{}}
	if w.db, err = db.Open(context.Background(), filepath.Join(t.TempDir(), "hub.db")); err != nil {
		t.Fatal(err)
	}
	w.fail(nothing)
	w.start()
	return w
}

// start starts a hub on the database; everything in memory is new.
func (w *world) start() {
	w.in = ingest.New(ingest.Options{
		DB:   &dbtest.Faults{DB: older{w.db, w.blind}, Plan: func(m string, n int) dbtest.Fault { return (*w.plan.Load())(m, n) }},
		Link: w, Identity: w.keys.Identity, HPKE: w.keys.HPKE, Log: w.logs.Logger(),
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

// older stores as a program does that does not know a kind.
type older struct {
	*db.DB
	blind clinic.Kind
}

func (o older) Append(ctx context.Context, b *hub.Batch) error {
	for i := range b.Entries {
		b.Entries[i].Parked = b.Entries[i].Parked || o.blind != 0 && b.Entries[i].Kind == o.blind
	}
	return o.DB.Append(ctx, b)
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
	if w.tap == nil || !w.tap(topic) {
		w.enqueue(topic, f)
	}
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
