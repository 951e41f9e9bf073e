package courier_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"clinicbox/sync/courier"
	"clinicbox/sync/courier/couriertest"
	"clinicbox/sync/wire"
)

const roomy = 1 << 30

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// prepared returns a stick with our folder.
func prepared(t testing.TB, seed uint64, room int64) *couriertest.Stick {
	t.Helper()
	m := couriertest.New(seed, room)
	must(t, courier.Prepare(m))
	return m
}

// TestThereAndBack: a box that never had a link writes months to a stick; the centre
// takes them in and writes receipts and rows; at the next visit both have everything,
// and the stick is empty again but for what tells so.
func TestThereAndBack(t *testing.T) {
	c := newCentre(t)
	s := c.station("tram-01")
	s.append(1500, 2000)
	c.push("tram-01", 900, 2000)
	m := prepared(t, 1, roomy)
	v, err := s.visit(m)
	must(t, err)
	if !v.Up.All || v.Up.Next != 1500 || v.Up.Pieces < 3 || v.Up.Bytes != v.Up.Wrote {
		t.Fatalf("%+v", v)
	}
	for _, n := range m.Files() {
		if size := len(m.Content(n)); size > courier.MaxPiece {
			t.Errorf("%s has %d bytes", n, size)
		}
	}
	rs, err := c.bring(m)
	must(t, err)
	if r := rs["tram-01"]; r.New != 1500 || r.Missing || r.Differs || r.Bad+r.Refused > 0 || !r.Down.All || r.Down.Next != 900 {
		t.Fatalf("%+v", r)
	}
	v, err = s.visit(m)
	must(t, err)
	if v.Received != 1500 || v.Entries != 900 || v.Missing || v.Bad > 0 || !c.agree("tram-01") {
		t.Fatalf("%+v, has %d of the centre", v, len(s.in))
	}
	if v.Up.Pieces != 1 || v.Up.Next != v.Up.First {
		t.Errorf("the box left more than its acknowledgement on the stick: %+v", v.Up)
	}
	_, err = c.bring(m)
	must(t, err)
	if files := m.Files(); len(files) != 2 || c.held["tram-01"].acked != 900 {
		t.Errorf("what was received stays on the stick: %v, acknowledged %d", files, c.held["tram-01"].acked)
	}
	// Nothing new: nothing is written.
	v, err = s.visit(m)
	must(t, err)
	rs, err = c.bring(m)
	must(t, err)
	if v.Up.Wrote+rs["tram-01"].Down.Wrote != 0 || c.held["tram-01"].twice > 0 {
		t.Errorf("%+v %+v, %d entries came twice", v.Up, rs["tram-01"].Down, c.held["tram-01"].twice)
	}
}

// stride is which calls are tried: every one, or some where time is short.
func stride() int {
	if testing.Short() {
		return 6
	}
	return 1
}

// TestPulledOutAtEveryCall pulls the stick out in the middle of every single call that
// changes it, at the box and at the centre: what stood there whole stays, and after the
// next two visits all is there, once.
func TestPulledOutAtEveryCall(t *testing.T) {
	for _, side := range []string{"box", "centre", "box again"} {
		for n := 1; ; n += stride() {
			if done := pulledAt(t, side, n); done {
				if n < 6 {
					t.Errorf("%s: only %d calls", side, n)
				}
				break
			}
		}
	}
}

func pulledAt(t *testing.T, side string, n int) (done bool) {
	c := newCentre(t)
	s := c.station("tram-01")
	s.append(170, 8000)
	c.push("tram-01", 150, 8000)
	m := prepared(t, uint64(n), roomy)
	round := func(which string, do func() error) {
		before := map[string][]byte{}
		for _, f := range m.Files() {
			before[f] = m.Content(f)
		}
		if which != side {
			must(t, do())
			return
		}
		m.PullAt(n)
		err := do()
		done = m.Steps() < n
		if (err == nil) != done || err != nil && !errors.Is(err, courier.ErrGone) {
			t.Fatalf("%s pulled at %d of %d: %v", side, n, m.Steps(), err)
		}
		m.Pull()
		intact(t, m, fmt.Sprintf("%s pulled at %d", side, n))
		must(t, do())
	}
	box := func() error { _, err := s.visit(m); return err }
	hub := func() error { _, err := c.bring(m); return err }
	round("box", box)
	s.append(3, 200)
	round("centre", hub)
	s.append(80, 8000)
	round("box again", box)
	must(t, hub())
	must(t, box())
	if !c.agree("tram-01") {
		t.Fatalf("%s pulled at %d: the centre has %d of %d, confirmed %d, the box %d of %d\n%v", side, n, len(c.held["tram-01"].leaves), s.Size(), s.got, len(s.in), len(c.held["tram-01"].down), m)
	}
	return done
}

// intact fails unless at most one piece is torn.
func intact(t *testing.T, m *couriertest.Stick, what string) {
	t.Helper()
	torn := 0
	for _, f := range m.Files() {
		if !strings.HasSuffix(f, ".cbc") {
			continue
		}
		if _, err := courier.DecodePiece(m.Content(f)); err != nil {
			torn++
		}
	}
	if torn > 0 {
		t.Fatalf("%s: %d torn pieces under a name that says they are whole", what, torn)
	}
}

// TestCallsFail makes every call fail once, done or not: the visit ends with the cause,
// and the next one brings all of it.
func TestCallsFail(t *testing.T) {
	for _, applied := range []bool{true, false} {
		for n := 1; ; n += stride() {
			c := newCentre(t)
			s := c.station("tram-01")
			s.append(150, 8000)
			c.push("tram-01", 100, 100)
			m := prepared(t, uint64(n), roomy)
			m.FailAt(n, applied)
			_, err := s.visit(m)
			if m.Steps() < n {
				break
			}
			if !errors.Is(err, courier.ErrGone) {
				t.Fatalf("call %d failed (%v): %v", n, applied, err)
			}
			m.FailAt(0, false)
			_, err = s.visit(m)
			must(t, err)
			_, err = c.bring(m)
			must(t, err)
			_, err = s.visit(m)
			must(t, err)
			if !c.agree("tram-01") {
				t.Fatalf("call %d failed (%v): not everything arrived", n, applied)
			}
		}
	}
}

// TestFullStick: what fits is written and arrives; with room the rest follows.
func TestFullStick(t *testing.T) {
	for _, room := range []int64{300 << 10, 900 << 10, 2 << 20, 3<<20 + 12345} {
		c := newCentre(t)
		s := c.station("tram-01")
		s.append(500, 8000)
		m := prepared(t, uint64(room), room)
		v, err := s.visit(m)
		if !errors.Is(err, courier.ErrFull) || !v.Up.Full || v.Up.All {
			t.Fatalf("%d: %+v, %v", room, v, err)
		}
		intact(t, m, "full")
		if room > 400<<10 && v.Up.Next < 50 {
			t.Errorf("of %d bytes only %d entries were used", room, v.Up.Next)
		}
		m.Grow(roomy)
		_, err = c.bring(m)
		must(t, err)
		if got := uint64(len(c.held["tram-01"].leaves)); got != v.Up.Next {
			t.Errorf("%d: the stick holds %d, %d arrived", room, v.Up.Next, got)
		}
		for range 2 {
			_, err = s.visit(m)
			must(t, err)
			_, err = c.bring(m)
			must(t, err)
		}
		if _, err = s.visit(m); err != nil || !c.agree("tram-01") {
			t.Errorf("%d: not all arrived: %v", room, err)
		}
	}
}

// TestTornPieceOnAFullStick: a torn piece makes room for what it should have held, also
// when nothing else fits.
func TestTornPieceOnAFullStick(t *testing.T) {
	c := newCentre(t)
	s := c.station("tram-01")
	s.append(500, 8000)
	m := prepared(t, 3, 3<<20)
	full, err := s.visit(m)
	if !errors.Is(err, courier.ErrFull) || full.Up.Pieces < 2 {
		t.Fatalf("%+v, %v", full, err)
	}
	for i, name := range m.Files() {
		b := m.Content(name)
		b[len(b)/2] ^= 1
		m.Put(name, b)
		v, err := s.visit(m)
		if !errors.Is(err, courier.ErrFull) || v.Up.Next != full.Up.Next || v.Up.Pieces != full.Up.Pieces {
			t.Errorf("piece %d torn: %+v, before %+v; %v", i, v.Up, full.Up, err)
		}
		intact(t, m, "mended")
	}
	_, err = c.bring(m)
	must(t, err)
	if got := uint64(len(c.held["tram-01"].leaves)); got != full.Up.Next {
		t.Errorf("%d entries arrived of %d", got, full.Up.Next)
	}
}

// TestManySticksAndBoxes: three boxes, three sticks that take turns, one of which is
// lost now and then and one that is a year old, pulled out at random: in the end all is
// there once, and no stick grows without end.
func TestManySticksAndBoxes(t *testing.T) {
	seeds := 5
	if testing.Short() {
		seeds = 1
	}
	for seed := range uint64(seeds) {
		rng := rand.New(rand.NewPCG(seed, 7))
		c := newCentre(t)
		names := []string{"tram-01", "tram-02", "di-dong"}
		for _, n := range names {
			c.station(n).append(1+rng.IntN(200), 4000)
		}
		sticks := make([]*couriertest.Stick, 3)
		for i := range sticks {
			sticks[i] = prepared(t, seed*10+uint64(i), roomy)
		}
		old := sticks[0]
		for step := range 40 {
			i := rng.IntN(len(sticks))
			m := sticks[i]
			m.PullAt([]int{0, 0, 1 + rng.IntN(60)}[rng.IntN(3)])
			if name := names[rng.IntN(3)]; rng.IntN(3) > 0 {
				c.stations[name].append(rng.IntN(30), 4000)
				_, _ = c.stations[name].visit(m)
			} else {
				c.push(name, rng.IntN(20), 4000)
				_, _ = c.bring(m)
			}
			m.Pull()
			switch {
			case rng.IntN(12) == 0:
				sticks[i] = prepared(t, seed*1000+uint64(step), roomy) // lost
			case step == 15:
				old = m.Copy(seed)
			case step == 35:
				sticks[i] = old
			}
		}
		for range 3 {
			for _, m := range sticks {
				for _, n := range names {
					_, err := c.stations[n].visit(m)
					must(t, err)
				}
				_, err := c.bring(m)
				must(t, err)
				for _, n := range names {
					_, err := c.stations[n].visit(m)
					must(t, err)
				}
			}
		}
		for _, n := range names {
			if !c.agree(n) {
				t.Errorf("seed %d: %s: centre %d of %d, confirmed %d, box %d of %d", seed, n, len(c.held[n].leaves), c.stations[n].Size(), c.stations[n].got, len(c.stations[n].in), len(c.held[n].down))
			}
		}
		for _, m := range sticks {
			if files := m.Files(); len(files) > 4*len(names) {
				t.Errorf("seed %d: %d files stay on a stick with nothing to carry\n%v", seed, len(files), m)
			}
		}
	}
}

// TestHostileStick: names, links, pipes, garbage and other boxes' pieces harm nothing and
// keep nothing from arriving.
func TestHostileStick(t *testing.T) {
	dir := t.TempDir()
	c := newCentre(t)
	s, other := c.station("tram-01"), c.station("tram-02")
	s.append(3000, 100)
	other.append(500, 100)
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	stick := filepath.Join(dir, "stick")
	up := filepath.Join(stick, courier.Folder, "up", "tram-01")
	down := filepath.Join(stick, courier.Folder, "down", "tram-01")
	for _, d := range []string{up, down, filepath.Join(stick, courier.Folder, "up", "..hidden"), filepath.Join(stick, courier.Folder, "up", "CON")} {
		must(t, os.MkdirAll(d, 0o755))
	}
	for i, d := range []string{up, down} {
		must(t, os.Symlink(filepath.Join(dir, "secret"), filepath.Join(d, "0000000000000000-0001.cbc")))
		must(t, os.Symlink(filepath.Join(dir, "secret"), filepath.Join(d, "0000000000000000-0002.cbc.tmp")))
		must(t, syscall.Mkfifo(filepath.Join(d, "0000000000000000-0003.cbc"), 0o644))
		must(t, os.Mkdir(filepath.Join(d, "0000000000000000-0004.cbc"), 0o755))
		must(t, os.WriteFile(filepath.Join(d, "0000000000000000-0005.cbc"), []byte("CBCF garbage"), 0o644))
		must(t, os.WriteFile(filepath.Join(d, "0000000000000000-0006.cbc"), nil, 0o644))
		big, err := os.Create(filepath.Join(d, "0000000000000000-0007.cbc"))
		must(t, err)
		must(t, big.Truncate(8<<30)) // sparse
		must(t, big.Close())
		for n := range 500 {
			must(t, os.WriteFile(filepath.Join(d, fmt.Sprintf("f%d-%d.txt", i, n)), []byte("?"), 0o644))
		}
	}
	m, err := courier.Open(stick)
	must(t, err)
	defer m.Close()
	_, err = other.visit(m)
	must(t, err)
	// A piece of another box under this one's name, and one that says so itself.
	otherUp := filepath.Join(stick, courier.Folder, "up", "tram-02")
	es, err := os.ReadDir(otherUp)
	must(t, err)
	for _, e := range es {
		b, err := os.ReadFile(filepath.Join(otherUp, e.Name()))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(up, e.Name()), b, 0o644))
	}
	_, err = s.visit(m)
	must(t, err)
	rs, err := c.bring(m)
	must(t, err)
	v, err := s.visit(m)
	must(t, err)
	if !c.agree("tram-01") || rs["tram-01"].Bad < 2 || len(c.held["tram-02"].leaves) != 500 {
		t.Errorf("%+v %+v", rs, v)
	}
	for name := range rs {
		if name != "tram-01" && name != "tram-02" {
			t.Errorf("a box of the name %q", name)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "secret")); err != nil || string(b) != "x" {
		t.Errorf("a file outside the stick was touched: %q %v", b, err)
	}
}

// TestStickOfAnother: a stick without our folder is left alone; a folder that is a link
// leads nowhere.
func TestStickOfAnother(t *testing.T) {
	c := newCentre(t)
	s := c.station("tram-01")
	s.append(3, 100)
	dir := t.TempDir()
	m, err := courier.Open(dir)
	must(t, err)
	defer m.Close()
	if _, err := s.visit(m); !errors.Is(err, courier.ErrNone) {
		t.Error(err)
	}
	if es, err := os.ReadDir(dir); err != nil || len(es) > 0 {
		t.Errorf("%v %v", es, err)
	}
	elsewhere := t.TempDir()
	must(t, os.Symlink(elsewhere, filepath.Join(dir, courier.Folder)))
	if _, err := s.visit(m); err == nil {
		t.Error("a link out of the stick was followed")
	}
	if es, err := os.ReadDir(elsewhere); err != nil || len(es) > 0 {
		t.Errorf("%v %v", es, err)
	}
}

// TestForged: a box's piece whose words were changed, with a right checksum, is refused,
// and a down piece from another centre changes nothing.
func TestForged(t *testing.T) {
	c, evil := newCentre(t), newCentre(t)
	s := c.station("tram-01")
	s.append(100, 100)
	evil.stations["tram-01"], evil.held["tram-01"] = s, &held{}
	evil.push("tram-01", 10, 100)
	m := prepared(t, 1, roomy)
	_, err := s.visit(m)
	must(t, err)
	_, err = evil.bring(m) // cannot open what is not for it
	must(t, err)
	v, err := s.visit(m)
	must(t, err)
	if len(s.in) > 0 || s.got > 0 || v.Bad != 1 || v.Receipts > 0 {
		t.Errorf("another centre is believed: %+v", v)
	}
	if len(evil.held["tram-01"].leaves) > 0 {
		t.Error("another centre read the records")
	}
}

// TestOldEpochStays: what a box of this name wrote in an epoch before stays until the
// centre confirms it, whatever this one thinks.
func TestOldEpochStays(t *testing.T) {
	c := newCentre(t)
	s := c.station("tram-01")
	s.append(2000, 100)
	m := prepared(t, 1, roomy)
	_, err := s.visit(m)
	must(t, err)
	before := m.Files()
	s.epoch, s.raws, s.tree = wire.Epoch{5}, nil, tree{}
	s.append(10, 100)
	_, err = s.visit(m)
	must(t, err)
	if after := m.Files(); len(after) != len(before)+1 || !slices.Contains(after, before[0]) {
		t.Errorf("before %v, after %v", before, after)
	}
}

// TestRestoredBoxKeepsWhatItLost: a box that was put back from a copy meets a piece with
// entries that it has no more. The piece stays until it was brought, whatever the link
// has confirmed of the new line, and the new entries are written beside it.
func TestRestoredBoxKeepsWhatItLost(t *testing.T) {
	for _, got := range []uint64{100, 160} {
		c := newCentre(t)
		s := c.station("tram-01")
		s.append(100, 1000)
		s.got = 100 // by the link
		s.append(50, 1000)
		m := prepared(t, 1, roomy)
		_, err := s.visit(m)
		must(t, err)
		before := m.Files()
		s.raws, s.tree = nil, tree{}
		s.append(100, 1000) // the same
		s.append(int(map[uint64]uint64{100: 40, 160: 60}[got]), 999)
		s.got = got
		v, err := s.visit(m)
		must(t, err)
		for _, f := range before {
			if !slices.Contains(m.Files(), f) {
				t.Errorf("received %d: %s is gone, with the only copy of what it holds", got, f)
			}
		}
		if !v.Up.All || v.Up.Next != s.Size() || got == 100 && v.Up.Wrote == 0 {
			t.Errorf("received %d of %d: %+v", got, s.Size(), v.Up)
		}
	}
}
