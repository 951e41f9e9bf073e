package budget

import (
	"testing"
	"time"

	"clinicbox/sync/wire"
)

// world is a meter with a clock and what it keeps.
type world struct {
	t     *testing.T
	m     *Meter
	now   time.Time
	known bool
	kept  []byte
	wire  int64
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 11, 10, 8, 0, 0, 0, time.UTC), known: true}
	w.start()
	return w
}

func (w *world) start() {
	w.t.Helper()
	w.m, w.wire = New(Options{
		Cap: 1000_000, Zone: time.FixedZone("ICT", 7*3600),
		Now: func() (time.Time, bool) { return w.now, w.known },
	}), 0
}

func (w *world) restart() {
	w.t.Helper()
	if b := w.m.Keep(); b != nil {
		w.kept = b
	}
	w.start()
	if err := w.m.Restore(w.kept); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) spend(c wire.Class, frame, wire int64) {
	w.m.Frame(c, int(frame))
	w.wire += wire
	w.m.Wire(w.wire)
}

func (w *world) is(month string, used int64, of map[wire.Class]int64) {
	w.t.Helper()
	s := w.m.State()
	if s.Month != month || s.Used != used {
		w.t.Errorf("%s has used %d, want %s %d", s.Month, s.Used, month, used)
	}
	sum := int64(0)
	for _, u := range s.Of {
		sum += u.Bytes
		if want, ok := of[u.Class]; ok && want != u.Bytes {
			w.t.Errorf("%v: %d, want %d", u.Class, u.Bytes, want)
		}
	}
	if sum != used {
		w.t.Errorf("the classes have %d of %d", sum, used)
	}
}

// TestMonths: months are those of the clinic's zone, restarts lose and double nothing,
// and an instant without a connection counts nothing.
func TestMonths(t *testing.T) {
	w := newWorld(t)
	w.spend(wire.ClassRecords, 300, 500)
	w.m.Wire(100)
	w.m.Wire(500)
	w.is("2026-11", 500, map[wire.Class]int64{wire.ClassRecords: 300, wire.ClassLink: 200, wire.ClassSafety: 0})
	w.restart()
	w.restart()
	w.is("2026-11", 500, map[wire.Class]int64{wire.ClassRecords: 300, wire.ClassLink: 200})
	w.spend(wire.ClassCatalogues, 50, 80)
	w.is("2026-11", 580, map[wire.Class]int64{wire.ClassRecords: 300, wire.ClassCatalogues: 50, wire.ClassLink: 230})
	w.now = time.Date(2026, 11, 30, 17, 0, 0, 0, time.UTC) // midnight in Viet Nam
	w.spend(wire.ClassSafety, 10, 20)
	w.is("2026-12", 20, map[wire.Class]int64{wire.ClassSafety: 10, wire.ClassRecords: 0})
	for range 30 {
		w.now = w.now.AddDate(0, 1, 0)
		w.spend(wire.ClassRecords, 1, 2)
	}
	if n := len(w.m.months); n > keep {
		t.Errorf("%d months are kept", n)
	}
	w.restart()
	w.is("2029-06", 2, map[wire.Class]int64{wire.ClassRecords: 1})
}

// TestClockNotKnown: what is used while the centre's time is not known belongs to the
// first month that is known, once, also over restarts; until then it counts against the
// last one.
func TestClockNotKnown(t *testing.T) {
	w := newWorld(t)
	w.spend(wire.ClassRecords, 100, 100)
	w.known, w.now = false, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	w.restart()
	w.spend(wire.ClassRecords, 10, 20)
	w.is("2026-11", 120, map[wire.Class]int64{wire.ClassRecords: 110})
	w.restart()
	w.now = time.Date(2051, 1, 1, 0, 0, 0, 0, time.UTC) // wrong by years
	w.spend(wire.ClassSafety, 5, 5)
	w.is("2026-11", 125, map[wire.Class]int64{wire.ClassRecords: 110, wire.ClassSafety: 5})
	w.known, w.now = true, time.Date(2026, 12, 3, 0, 0, 0, 0, time.UTC)
	w.is("2026-12", 25, map[wire.Class]int64{wire.ClassRecords: 10, wire.ClassSafety: 5})
	w.restart()
	w.is("2026-12", 25, map[wire.Class]int64{wire.ClassRecords: 10, wire.ClassSafety: 5})
	w.now = time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)
	w.is("2026-11", 100, map[wire.Class]int64{wire.ClassRecords: 100})
}

// TestWhatWaits: images wait first, then updates, then catalogues; records and safety
// never do; a new month frees all.
func TestWhatWaits(t *testing.T) {
	w := newWorld(t)
	waits := func() (s string) {
		for _, u := range w.m.State().Of {
			if u.Waits {
				s += u.Class.String() + " "
			}
			if u.Waits != w.m.Waits(u.Class) || u.Waits == u.Since.IsZero() {
				t.Errorf("%+v", u)
			}
		}
		return s
	}
	for _, step := range []struct {
		to   int64
		want string
	}{{699_000, ""}, {700_000, "images "}, {801_000, "updates images "}, {900_000, "catalogues updates images "}, {5_000_000, "catalogues updates images "}} {
		w.spend(wire.ClassRecords, 0, step.to-w.wire)
		if got := waits(); got != step.want {
			t.Errorf("at %d: %q", step.to, got)
		}
		w.now = w.now.Add(time.Hour)
	}
	since := w.m.State().Of[wire.ClassImages].Since
	if want := time.Date(2026, 11, 10, 9, 0, 0, 0, time.UTC); !since.Equal(want) {
		t.Errorf("images wait since %v", since)
	}
	w.restart()
	if got := w.m.State().Of[wire.ClassImages].Since; !got.Equal(since) {
		t.Errorf("after a restart since %v", got)
	}
	w.now = time.Date(2026, 12, 2, 0, 0, 0, 0, time.UTC)
	if got := waits(); got != "" {
		t.Errorf("a new month: %q", got)
	}
	free := New(Options{Now: func() (time.Time, bool) { return w.now, true }, Zone: time.UTC})
	free.Wire(1 << 50)
	if free.Waits(wire.ClassImages) {
		t.Error("without a cap something waits")
	}
}

// FuzzRestore feeds what a damaged disk may hold.
func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"months":{"2026-11":{"total":5,"of":{"1":3}},"":null},"latest":"2026-11"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := New(Options{Cap: 10, Now: func() (time.Time, bool) { return time.Unix(0, 0), false }, Zone: time.UTC})
		_ = m.Restore(b)
		m.Frame(wire.ClassRecords, 1)
		m.Wire(2)
		_ = m.State()
		_ = m.Keep()
	})
}
