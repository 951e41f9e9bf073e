package hubmain_test

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// pair is the real outbox and the real ingest with its real database, joined by a
// simulated link, in a synctest bubble: every timer is the bubble's, so the times
// that the tests state are exact and no load of the machine changes them.
type pair struct {
	t      *testing.T
	net    *outboxtest.Net
	log    *outboxtest.Log
	box    *outboxtest.Box
	keys   *keyfile.Private // of the centre
	public hub.Keys         // of the box
	watch  outbox.Applier   // over box; nil = box itself
	shared int              // entries that came by sets
	db     *db.DB
	path   string // of db
	opts   outbox.Opts
	logs   *testlog.Log

	wrap func(ingest.DB) ingest.DB // puts faults into the centre's database; nil = none
	now  func() time.Time          // the centre's clock; nil = the right one

	out     *outbox.Outbox
	stopBox func()
	stopHub func()

	expected bool // that alarms were raised

	mu sync.Mutex
	in *ingest.Ingest // nil while the centre is stopped
}

func newPair(t *testing.T, seed uint64) *pair {
	t.Helper()
	box, err := keyfile.Generate("tram-01")
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, net: outboxtest.NewNet(t, seed), log: outboxtest.NewLog(), box: outboxtest.NewBox(), logs: testlog.New(t)}
	if p.keys, err = keyfile.Generate("hub"); err != nil {
		t.Fatal(err)
	}
	p.path = filepath.Join(t.TempDir(), "hub.db")
	if p.db, err = db.Open(t.Context(), p.path); err != nil {
		t.Fatal(err)
	}
	pub := box.Public()
	k := hub.Keys{Identity: [32]byte(pub.Identity), HPKE: pub.HPKE.Bytes()}
	p.public = k
	if err := p.db.AddBox(t.Context(), "tram-01", k, time.Now()); err != nil {
		t.Fatal(err)
	}
	p.log.Epoch = wire.Epoch{1}
	p.net.Hub = p.receive
	rng := rand.New(rand.NewPCG(seed, 2))
	p.opts = outbox.Opts{
		Box: "tram-01", Identity: box.Identity, HPKE: box.HPKE, Hub: p.keys.Public(), Agent: "test",
		Epoch: wire.Epoch{1}, Log: p.log, Link: p.net, Keeper: p.box, Applier: p.box, Rand: rng.Float64,
		Logger: p.logs.Logger(),
	}
	return p
}

func (p *pair) receive(f []byte) {
	p.mu.Lock()
	in := p.in
	p.mu.Unlock()
	if in != nil {
		in.Handle("cb/1/tram-01/up", f)
	}
}

// Publish implements ingest.Link.
func (p *pair) Publish(_ string, f []byte) error {
	p.net.Deliver(f)
	return nil
}

// startHub starts the centre as a new process does: announcing itself at once.
func (p *pair) startHub() {
	o := ingest.Options{
		DB: p.db, Link: p, Identity: p.keys.Identity, HPKE: p.keys.HPKE, Log: p.logs.Logger(), Now: p.now,
	}
	if p.wrap != nil {
		o.DB = p.wrap(p.db)
	}
	in := ingest.New(o)
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	<-in.Ready()
	p.mu.Lock()
	p.in = in
	p.mu.Unlock()
	in.Announce(ctx)
	p.stopHub = func() {
		p.mu.Lock()
		p.in = nil
		p.mu.Unlock()
		cancel()
		if err := <-done; err != nil {
			p.t.Error(err)
		}
		p.stopHub = func() {}
	}
}

func (p *pair) startBox() {
	p.t.Helper()
	p.opts.Parent, p.opts.Incarnation, p.opts.Tip = p.opts.Incarnation, freshEpoch(), p.log.Size()
	p.opts.Log, p.opts.Line, p.opts.Epoch, p.opts.Branch = p.log, p.log, p.log.Epoch, p.log.Branch
	p.opts.Keeper, p.opts.Applier = p.box, p.box
	if p.watch != nil {
		p.opts.Applier = p.watch
	}
	out, err := outbox.New(p.opts)
	if err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- out.Run(ctx) }()
	<-out.Ready()
	p.out = out
	p.stopBox = func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Error(err)
		}
	}
}

// agreed reports whether the box knows that the centre has everything, and has
// applied all that was pushed.
func (p *pair) agreed() bool {
	tr := p.out.Truths()
	st, err := p.db.DownState(p.t.Context(), "tram-01")
	if err != nil {
		p.t.Fatal(err)
	}
	return tr.Linked && tr.Unsent() == 0 && tr.Saved == p.log.Size() && st.Acked == st.Last
}

// within fails unless both agree before d has passed; it returns how long it took.
func (p *pair) within(d time.Duration, what string) time.Duration {
	p.t.Helper()
	began := time.Now()
	for !p.agreed() {
		if took := time.Since(began); took >= d {
			st, _ := p.db.DownState(p.t.Context(), "tram-01")
			p.t.Fatalf("%s: not after %v: %+v, down %d of %d", what, took, p.out.Truths(), st.Acked, st.Last)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return time.Since(began)
}

func (p *pair) push(n int) {
	p.t.Helper()
	p.mu.Lock()
	in := p.in
	p.mu.Unlock()
	for range n {
		if _, err := in.Push(p.t.Context(), "tram-01", sampleRows()); err != nil {
			p.t.Fatal(err)
		}
	}
}

// close compares both sides entry by entry and verifies the whole database.
func (p *pair) close() {
	p.t.Helper()
	ctx := p.t.Context()
	p.stopBox()
	p.stopHub()
	root, err := p.log.Root(p.log.Size())
	ss, err2 := p.db.Streams(ctx, "tram-01")
	if err != nil || err2 != nil || p.log.Size() > 0 && (len(ss) != 1 || ss[0].Size != p.log.Size() || ss[0].Root != root) {
		p.t.Errorf("%d entries in the box, the centre has %+v; %v %v", p.log.Size(), ss, err, err2)
	}
	as, err := p.db.Alarms(ctx, "", 100)
	if err != nil || len(as) > 0 && !p.expected {
		p.t.Errorf("alarms without a cause: %+v, %v", as, err)
	}
	fs, err := p.db.Check(ctx)
	if err != nil {
		p.t.Error(err)
	}
	for _, f := range fs {
		if f.Problem != "" {
			p.t.Errorf("check: %+v", f)
		}
	}
	st, err := p.db.DownState(ctx, "tram-01")
	if err != nil || uint64(p.box.In()-p.shared) != st.Last {
		p.t.Errorf("%d entries pushed, the box has %d; %v", st.Last, p.box.In(), err)
	}
	if err := p.db.Close(); err != nil {
		p.t.Error(err)
	}
}

// together runs a test with a pair in a bubble, and verifies both at the end.
func together(t *testing.T, seed uint64, f func(t *testing.T, p *pair)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, seed)
		p.startHub()
		p.startBox()
		defer p.close()
		f(t, p)
	})
}

func freshEpoch() (e wire.Epoch) {
	n := wire.NewNonce()
	copy(e[:], n[:])
	return e
}
