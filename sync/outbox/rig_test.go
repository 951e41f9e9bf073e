package outbox_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/keyfile"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// rig is a box and a hub on a simulated link, inside a synctest bubble.
type rig struct {
	t    *testing.T
	net  *outboxtest.Net
	hub  *outboxtest.Hub
	log  *outboxtest.Log
	box  *outboxtest.Box
	key  *keyfile.Private
	opts outbox.Opts

	out  *outbox.Outbox
	stop func()
}

func newRig(t *testing.T, seed uint64) *rig {
	t.Helper()
	box, err := keyfile.Generate("tram-01")
	if err != nil {
		t.Fatal(err)
	}
	hub, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, net: outboxtest.NewNet(t, seed), log: outboxtest.NewLog(), box: outboxtest.NewBox(), key: box}
	r.hub = outboxtest.NewHub(t, hub, box.Public())
	r.net.Hub, r.hub.Send = r.hub.Receive, r.net.Deliver
	rng := rand.New(rand.NewPCG(seed, 2))
	r.opts = outbox.Opts{
		Box: "tram-01", Identity: box.Identity, HPKE: box.HPKE, Hub: hub.Public(), Agent: "test",
		Epoch: wire.Epoch{1}, Log: r.log, Link: r.net, Keeper: r.box, Applier: r.box, Rand: rng.Float64,
	}
	return r
}

// start runs the outbox as a new process does.
func (r *rig) start() {
	r.t.Helper()
	r.opts.Parent, r.opts.Incarnation, r.opts.Tip = r.opts.Incarnation, wire.Epoch{byte(rand.Uint32())}, r.log.Size()
	out, err := outbox.New(r.opts)
	if err != nil {
		r.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan error, 1)
	go func() { done <- out.Run(ctx) }()
	r.out = out
	r.stop = func() {
		cancel()
		if err := <-done; err != nil {
			r.t.Error(err)
		}
	}
	select {
	case <-out.Ready():
	case err := <-done:
		r.t.Fatalf("did not start: %v", err)
	}
}

func (r *rig) restart() {
	r.stop()
	r.start()
}

// settle waits until the hub has everything, at most d.
func (r *rig) settle(d time.Duration) {
	r.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		tr := r.out.Truths()
		if tr.Unsent() == 0 && tr.Linked && uint64(r.hub.Size()) == r.log.Size() {
			return
		}
	}
	r.t.Fatalf("not settled after %v: %+v, hub has %d", d, r.out.Truths(), r.hub.Size())
}

// same fails unless the hub has the box's journal, entry by entry.
func (r *rig) same() {
	r.t.Helper()
	own, err := r.log.Root(r.log.Size())
	if err != nil || r.hub.Root() != own || uint64(r.hub.Size()) != r.log.Size() {
		r.t.Fatalf("hub has %d entries with another root than our %d (%v)", r.hub.Size(), r.log.Size(), err)
	}
}

func (r *rig) truths(want outbox.Truths) {
	r.t.Helper()
	synctest.Wait()
	got := r.out.Truths()
	got.Oldest, got.LastReceipt = time.Time{}, time.Time{}
	if got != want {
		r.t.Fatalf("truths are %+v, want %+v", got, want)
	}
}

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

var mobile = outboxtest.Faults{Delay: 150 * time.Millisecond}
