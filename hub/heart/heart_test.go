package heart_test

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/db"
	"clinicbox/hub/heart"
	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
)

const facility = "22736"

// world runs in a synctest bubble: its clock is the bubble's.
type world struct {
	t      *testing.T
	db     *db.DB
	centre *hubtest.Centre
	h      *heart.Heart

	mu   sync.Mutex
	down bool
	out  map[string][][]byte // by topic
}

func run(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, out: map[string][][]byte{}}
		var err error
		if w.db, err = db.Open(context.Background(), filepath.Join(t.TempDir(), "hub.db")); err != nil {
			t.Fatal(err)
		}
		defer w.db.Close()
		w.centre = hubtest.NewCentre(context.Background(), w.db.Authority(), time.Now)
		w.restart()
		f(t, w)
	})
}

func (w *world) restart() {
	w.h = heart.New(heart.Options{DB: w.db, Authority: w.centre.Authority, Link: w, Log: testlog.Logger(w.t)})
}

// Publish implements heart.Link.
func (w *world) Publish(topic string, raw []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.down {
		return context.DeadlineExceeded
	}
	w.out[topic] = append(w.out[topic], raw)
	return nil
}

func (w *world) take(box string) [][]byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.out["cb/1/"+box+"/cmd"]
	w.out = map[string][][]byte{}
	return out
}

// beat sends one and returns the time that came back, and the orders.
func (w *world) beat(m *hubtest.Machine, obeyed uint64) (at time.Time, orders []cert.Command) {
	w.t.Helper()
	time.Sleep(10 * time.Second)
	name := m.Keys.Name
	w.h.Handle(context.Background(), "cb/1/"+name+"/beat", m.NextBeat(cert.StateLocked, obeyed))
	for i, raw := range w.take(name) {
		if i == 0 {
			v, err := m.Enrolled.Trust.Time(raw, name, m.Boot())
			if err != nil {
				w.t.Fatal(err)
			}
			at = time.UnixMilli(v.Time)
			continue
		}
		orders = append(orders, w.order(m, raw, obeyed))
	}
	return at, orders
}

func (w *world) order(m *hubtest.Machine, raw []byte, obeyed uint64) cert.Command {
	w.t.Helper()
	c, err := m.Enrolled.Trust.Command(raw, m.Enrolled.Box, obeyed)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func (w *world) command(ref string, op cert.Op) {
	w.t.Helper()
	if _, err := w.centre.Command(context.Background(), w.centre.By, ref, authority.Order{Op: op}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) deliver() {
	w.t.Helper()
	if err := w.h.Deliver(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func TestTimeAndOrdersComeBack(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		m := w.centre.Join(context.Background(), hubtest.Invitation(facility, "tram-01"))
		at, orders := w.beat(m, 0)
		if !at.Equal(time.Now().Truncate(time.Millisecond)) || len(orders) != 0 {
			t.Fatal(at, orders)
		}
		w.command("tram-01", cert.OpLock)
		w.deliver()
		got := w.take("tram-01")
		if len(got) != 1 || w.order(m, got[0], 0).Op != cert.OpLock {
			t.Fatalf("%d messages at once", len(got))
		}
		w.deliver() // sent already; the box did not say yet that it obeyed
		if got := w.take("tram-01"); len(got) != 0 {
			t.Fatal("sent again without a beat")
		}
		if _, orders := w.beat(m, 0); len(orders) != 1 {
			t.Fatal("not obeyed, and not sent again")
		}
		if _, orders := w.beat(m, 1); len(orders) != 0 {
			t.Fatal("obeyed, and sent again")
		}
		all, err := w.db.Beats(context.Background())
		if b := all[m.Serial().String()]; err != nil || b.Obeyed != 1 || b.State != int(cert.StateLocked) || b.Agent != "test" {
			t.Fatalf("%+v %v", all, err)
		}
	})
}

// TestOrderWhileAway: the link is down, the centre restarts, the box comes later.
func TestOrderWhileAway(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		m := w.centre.Join(ctx, hubtest.Invitation(facility, "tram-01"))
		w.down = true
		if _, err := w.centre.Stolen(ctx, w.centre.By, "tram-01", 0); err != nil {
			t.Fatal(err)
		}
		w.deliver()
		w.down = false
		w.deliver()
		if got := w.take("tram-01"); len(got) != 1 || w.order(m, got[0], 0).Op != cert.OpErase {
			t.Fatalf("%d messages", len(got))
		}
		w.restart()
		if _, orders := w.beat(m, 0); len(orders) != 1 || orders[0].Op != cert.OpErase {
			t.Fatal("a stolen box that comes back does not get its order")
		}
		w.beat(m, 1)
		w.restart()
		w.deliver()
		if got := w.take("tram-01"); len(got) != 0 {
			t.Fatal("an order that was obeyed goes out again")
		}
	})
}

// TestSuccessorAndPredecessor share a name; each gets what is meant for it.
func TestSuccessorAndPredecessor(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		old := w.centre.Join(ctx, hubtest.Invitation(facility, "tram-01"))
		if _, err := w.centre.Stolen(ctx, w.centre.By, "tram-01", 5); err != nil {
			t.Fatal(err)
		}
		next := w.centre.Join(ctx, hubtest.Invitation(facility, "tram-01"))
		w.deliver()
		got := w.take("tram-01")
		if len(got) != 1 || w.order(old, got[0], 0).Op != cert.OpErase {
			t.Fatalf("%d messages", len(got))
		}
		if _, err := next.Enrolled.Trust.Command(got[0], next.Enrolled.Box, 0); err == nil {
			t.Fatal("the successor obeys its predecessor's order")
		}
		if _, orders := w.beat(next, 0); len(orders) != 0 {
			t.Fatal("the successor's beat brings the predecessor's order")
		}
		if _, orders := w.beat(old, 0); len(orders) != 1 {
			t.Fatal("the predecessor gets no order")
		}
	})
}

func TestBadBeats(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		a := w.centre.Join(ctx, hubtest.Invitation(facility, "a"))
		b := w.centre.Join(ctx, hubtest.Invitation(facility, "b"))
		first := a.NextBeat(cert.StateOpen, 0)
		sign := func(k ed25519.PrivateKey, v cert.Beat) []byte {
			raw, err := cert.Sign(k, v)
			if err != nil {
				t.Fatal(err)
			}
			return raw
		}
		good := cert.Beat{Box: "a", Serial: a.Serial(), Boot: a.Boot(), N: 9, State: cert.StateOpen}
		for name, c := range map[string]struct {
			topic string
			raw   []byte
		}{
			"another key":           {"cb/1/a/beat", sign(b.Beat, good)},
			"the identity":          {"cb/1/a/beat", sign(a.Keys.Identity, good)},
			"another box's topic":   {"cb/1/b/beat", first},
			"another box's name":    {"cb/1/b/beat", sign(a.Beat, cert.Beat{Box: "b", Serial: a.Serial(), N: 1, State: 1})},
			"another box's serial":  {"cb/1/a/beat", sign(a.Beat, cert.Beat{Box: "a", Serial: b.Serial(), N: 1, State: 1})},
			"an unknown serial":     {"cb/1/a/beat", sign(a.Beat, cert.Beat{Box: "a", Serial: cert.NewSerial(), N: 1, State: 1})},
			"a changed one":         {"cb/1/a/beat", append(append([]byte{}, first[:len(first)-1]...), first[len(first)-1]^1)},
			"garbage":               {"cb/1/a/beat", []byte("beat")},
			"nothing":               {"cb/1/a/beat", nil},
			"too much":              {"cb/1/a/beat", make([]byte, 1<<20)},
			"no topic of ours":      {"cb/1/a/up", first},
			"a name that is a path": {"cb/1/../beat", first},
		} {
			time.Sleep(time.Minute)
			w.h.Handle(ctx, c.topic, c.raw)
			if all, err := w.db.Beats(ctx); err != nil || len(all) != 0 || len(w.out) != 0 {
				t.Fatalf("%s: %v %v, %d answers", name, all, err, len(w.out))
			}
		}
		as, err := w.db.Alarms(ctx, "", 9)
		if err != nil || len(as) == 0 || as[0].Code != hub.AlarmBeat || as[0].Count > 2 {
			t.Fatalf("%+v %v", as, err)
		}
		time.Sleep(time.Minute)
		for range 3 { // the same one played back
			w.h.Handle(ctx, "cb/1/a/beat", first)
			time.Sleep(time.Minute)
		}
		if n := len(w.take("a")); n != 1 {
			t.Fatalf("%d answers to one beat", n)
		}
		a.Reboot()
		w.h.Handle(ctx, "cb/1/a/beat", a.NextBeat(cert.StateOpen, 0))
		w.take("a")
		time.Sleep(time.Minute)
		w.h.Handle(ctx, "cb/1/a/beat", first) // of an earlier start
		if n := len(w.take("a")); n != 0 {
			t.Fatal("a beat of an earlier start was answered")
		}
	})
}

// TestFlood: whoever floods the topic costs five verifications, then one in 2 s.
func TestFlood(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		m := w.centre.Join(context.Background(), hubtest.Invitation(facility, "a"))
		for range 1000 {
			w.h.Handle(context.Background(), "cb/1/a/beat", m.NextBeat(cert.StateOpen, 0))
		}
		if n := len(w.take("a")); n > 6 {
			t.Fatalf("%d answers", n)
		}
		time.Sleep(time.Minute)
		w.h.Handle(context.Background(), "cb/1/a/beat", m.NextBeat(cert.StateOpen, 0))
		if n := len(w.take("a")); n != 1 {
			t.Fatal("not heard after the flood")
		}
	})
}

// TestPredecessorFloods: a stolen box that beats without end under the name which its
// successor has now does not take the successor's turn; nor do made-up serials, once
// the successor is known.
func TestPredecessorFloods(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		old := w.centre.Join(ctx, hubtest.Invitation(facility, "a"))
		if _, err := w.centre.Stolen(ctx, w.centre.By, "a", 5); err != nil {
			t.Fatal(err)
		}
		next := w.centre.Join(ctx, hubtest.Invitation(facility, "a"))
		answered := func(m *hubtest.Machine) bool {
			w.take("a")
			w.h.Handle(ctx, "cb/1/a/beat", m.NextBeat(cert.StateOpen, 0))
			return len(w.take("a")) > 0
		}
		for range 1000 {
			w.h.Handle(ctx, "cb/1/a/beat", old.NextBeat(cert.StateOpen, 0))
		}
		if answered(old) {
			t.Error("the flood has no limit")
		}
		if !answered(next) {
			t.Fatal("the predecessor took the successor's turn")
		}
		for range 1000 {
			raw, err := cert.Sign(old.Beat, cert.Beat{Box: "a", Serial: cert.NewSerial(), N: 1, State: cert.StateOpen})
			if err != nil {
				t.Fatal(err)
			}
			w.h.Handle(ctx, "cb/1/a/beat", raw)
		}
		if !answered(next) {
			t.Fatal("made-up serials took the successor's turn")
		}
	})
}

func FuzzBeat(f *testing.F) {
	d, err := db.Open(f.Context(), filepath.Join(f.TempDir(), "hub.db"))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = d.Close() })
	c := hubtest.NewCentre(f.Context(), d.Authority(), time.Now)
	m := c.Join(f.Context(), hubtest.Invitation(facility, "a"))
	w := &world{out: map[string][][]byte{}}
	now := time.Now()
	h := heart.New(heart.Options{DB: d, Authority: c.Authority, Link: w, Now: func() time.Time {
		now = now.Add(time.Minute) // the limit on rates is not what is tried here
		return now
	}})
	good := m.NextBeat(cert.StateOpen, 0)
	f.Add(good[:len(good)-1])
	f.Add(good[3:])
	f.Fuzz(func(t *testing.T, raw []byte) {
		if string(raw) == string(good) {
			return
		}
		h.Handle(context.Background(), "cb/1/a/beat", raw)
		if len(w.take("a")) > 0 {
			t.Fatal("answered what the box did not sign")
		}
	})
}
