package ingest_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/sync/wire"
)

// direct joins a hub and a box by calls, in real time.
type direct struct {
	in   *ingest.Ingest
	db   *db.DB
	box  *hubtest.Box
	down chan []byte
}

func newDirect(tb testing.TB) *direct {
	tb.Helper()
	k, err := keyfile.Generate("hub")
	if err != nil {
		tb.Fatal(err)
	}
	d := &direct{down: make(chan []byte, 1000)}
	if d.db, err = db.Open(tb.Context(), filepath.Join(tb.TempDir(), "hub.db")); err != nil {
		tb.Fatal(err)
	}
	d.box = hubtest.NewBox("a", k.Public())
	p := d.box.Keys.Public()
	if err := d.db.AddBox(tb.Context(), "a", hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now()); err != nil {
		tb.Fatal(err)
	}
	d.in = ingest.New(ingest.Options{DB: d.db, Link: d, Identity: k.Identity, HPKE: k.HPKE})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.in.Run(ctx) }()
	<-d.in.Ready()
	d.box.Send = func(f []byte) { d.in.Handle("cb/1/a/up", f) }
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
		if err := d.db.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d
}

// Publish implements ingest.Link; a full channel loses, as a broker may.
func (d *direct) Publish(_ string, f []byte) error {
	select {
	case d.down <- f:
	default:
	}
	return nil
}

// until hands the box its frames until the condition holds.
func (d *direct) until(tb testing.TB, what string, cond func() bool) {
	tb.Helper()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case f := <-d.down:
			d.box.Handle(f)
		case <-tick.C:
			d.box.Tick()
		case <-limit.C:
			tb.Fatalf("gave up waiting for %s", what)
		}
	}
}

// FuzzFrames sends raw frames on a registered box's topic while a session is
// open. Whatever they hold, what is stored stays, and the hub goes on.
func FuzzFrames(f *testing.F) {
	d := newDirect(f)
	d.box.Record(20)
	d.box.Connect()
	d.until(f, "the first receipt", d.box.Synced)
	d.box.Record(1)
	for _, m := range []wire.Message{
		d.box.Data(0, 20),
		wire.Ping{Nonce: wire.NewNonce()},
		wire.DownAck{Next: 3},
		wire.Unknown{Kind: 99, Body: []byte{1}},
		wire.SignedDown("x"),
	} {
		f.Add(d.box.Frame(m))
	}
	f.Add(wire.Who{Nonce: wire.NewNonce(), Back: true}.Frame())
	f.Add([]byte{0xCB, 1, 2})
	var seen atomic.Int64
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := d.in.Counts.Frames.Load()
		d.in.Handle("cb/1/a/up", frame)
		if d.in.Counts.Frames.Load() == before {
			t.Fatal("not counted")
		}
		if seen.Add(1)%200 != 0 {
			return
		}
		d.until(t, "an answer afterwards", func() bool { return len(d.down) == 0 })
		s, err := d.db.Stream(t.Context(), "a", hub.Epoch(d.box.Epoch))
		if err != nil || s.Size < 20 || s.Root != d.box.Root(s.Size) {
			t.Fatalf("%+v %v", s, err)
		}
		if bad := d.box.State().Bad; len(bad) > 0 {
			t.Fatal(bad)
		}
	})
}

// FuzzMessages sends what only a registered box can: sealed frames with any
// plaintext, so that the fuzzer gets behind the cipher.
func FuzzMessages(f *testing.F) {
	d := newDirect(f)
	d.box.Record(20)
	d.box.Connect()
	d.until(f, "the first receipt", d.box.Synced)
	f.Add(uint8(1), []byte{0xa0}, uint64(0), uint64(20), 3)
	f.Add(uint8(4), []byte{0xa2, 1, 0x40, 2, 9}, uint64(5), uint64(1<<40), 20)
	f.Fuzz(func(t *testing.T, kind uint8, body []byte, first, size uint64, n int) {
		// The fuzzer may hit on a valid message; entries of its own making are legal.
		if fr := d.box.Frame(wire.Unknown{Kind: kind, Body: body}); fr != nil && len(body) < 1000 && kind != 1 {
			d.in.Handle("cb/1/a/up", fr)
		}
		m := d.box.Data(first%20, n)
		if len(m.Runs) == 0 {
			return
		}
		m.First, m.Size = first, size
		if fr := d.box.Frame(m); fr != nil {
			d.in.Handle("cb/1/a/up", fr)
		}
		s, err := d.db.Stream(t.Context(), "a", hub.Epoch(d.box.Epoch))
		if err != nil || s.Size != 20 || s.Root != d.box.Root(20) {
			t.Fatalf("%+v %v", s, err)
		}
	})
}

// BenchmarkIngest is a backlog of one box: frames opened, decoded, hashed,
// compared, stored with FULL sync, receipts signed. Entries a second.
func BenchmarkIngest(b *testing.B) {
	d := newDirect(b)
	d.in.Log = testlog.Logger(b)
	d.box.Window = 16
	const batch = 5000
	n := 0
	for b.Loop() {
		b.StopTimer()
		d.box.Record(batch)
		if n == 0 {
			d.box.Connect()
		}
		b.StartTimer()
		if n > 0 {
			d.box.Tick()
		}
		d.until(b, "the receipt", d.box.Synced)
		n += batch
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "entries/s")
	b.ReportMetric(float64(d.in.Counts.Bytes.Load())/float64(n), "wire-B/entry")
}
