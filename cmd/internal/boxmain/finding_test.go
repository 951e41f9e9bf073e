package boxmain

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/device/config"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/storetest"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// stopped is a development box with some records and a copy of them, which does not run.
type stopped struct {
	*testing.T
	path string
	cfg  config.Box
	seg  string // its first segment
}

func newStopped(t *testing.T) *stopped {
	t.Helper()
	path := write(t, fmt.Sprintf("[copy]\ndir = %q\nsame_disk = true\n", t.TempDir()))
	w := &stopped{T: t, path: path, cfg: must[config.Box](t)(Load(path))}
	w.seg = filepath.Join(w.cfg.Data.Dir, "own", "00000000.seg")
	w.open(func(b *Box) {
		for i := range 30 {
			storetest.Save(t, b.store, appointment(t, i+1))
		}
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	return w
}

// open runs do with the box's records open and its use cases at work, as run has them.
func (w *stopped) open(do func(b *Box)) {
	w.Helper()
	v := opened1(w.T, w.cfg)
	if err := v.loadKey(w.Context(), true); err != nil {
		w.Fatal(err)
	}
	defer v.close()
	working(w.T, w.cfg, v, func(b *Box) {
		b.ending.Lock()
		b.end = func(error) {}
		b.ending.Unlock()
		do(b)
	})
}

// state opens the records without what makes entries of findings.
func (w *stopped) state(do func(s *store.State)) {
	w.Helper()
	v := opened1(w.T, w.cfg)
	if err := v.loadKey(w.Context(), false); err != nil {
		w.Fatal(err)
	}
	defer v.close()
	b := New(Options{Config: w.cfg, Log: quiet()})
	b.vault = v
	if err := b.open(w.Context()); err != nil {
		w.Fatal(err)
	}
	do(b.store.State())
	if err := b.store.Close(); err != nil {
		w.Fatal(err)
	}
}

// rot bends an entry.
func (w *stopped) rot(at int) {
	w.Helper()
	b, err := os.ReadFile(w.seg)
	if err != nil {
		w.Fatal(err)
	}
	b[at] ^= 16
	if err := os.WriteFile(w.seg, b, 0o600); err != nil {
		w.Fatal(err)
	}
}

// told are the details of an event, over two starts.
func (w *stopped) told(event string) (out []string) {
	w.Helper()
	for range 2 {
		w.open(func(b *Box) {
			out = nil
			for _, m := range machineEvents(w.T, b.store) {
				if m.Event == event {
					out = append(out, m.Detail)
				}
			}
		})
	}
	return out
}

// TestMendByHandIsTold: what the command found and mended is an entry after the next
// start, once, and what it could not mend is another, once, however often it is run.
func TestMendByHandIsTold(t *testing.T) {
	w := newStopped(t)
	w.rot(1900)
	if out, err := program(t, "", "mend", "-config", w.path); err != nil || !strings.Contains(out, "đã sửa / mended") {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := w.told(clinic.MachineMended); !slices.Equal(got, []string{"own/00000000.seg: 1"}) {
		t.Errorf("mended: %q", got)
	}
	if err := os.RemoveAll(w.cfg.Copy.Dir); err != nil {
		t.Fatal(err)
	}
	w.rot(1900)
	for range 3 {
		if out, err := program(t, "", "mend", "-config", w.path); !errors.Is(err, ErrDamage) || !strings.Contains(out, "NOT mended") {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if got := w.told(clinic.MachineDamaged); !slices.Equal(got, []string{"own 1, in 0"}) {
		t.Errorf("damaged: %q", got)
	}
	if got := w.told(clinic.MachineMended); len(got) != 1 {
		t.Errorf("mended: %q", got)
	}
}

// TestMendThatWasCutIsTold cuts a repair at each of its steps, by hand or while the box
// runs: the next one, or the next start, makes one entry of it.
func TestMendThatWasCutIsTold(t *testing.T) {
	want := []string{"own/00000000.seg: 1"}
	// cut is a scrub of a box that does not live to tell more than it does here.
	cut := func(w *stopped, change func(o *store.ScrubOptions)) {
		w.open(func(b *Box) {
			b.ending.Lock()
			b.end = nil // nothing is recorded
			b.ending.Unlock()
			o := b.scrubOptions()
			o.Cold = durable.Cold{}
			change(&o)
			if err := b.store.Scrubber(o).Part(t.Context(), "own/00000000.seg"); err != nil {
				t.Fatal(err)
			}
		})
	}
	byHand := func(w *stopped) {
		if out, err := program(t, "", "mend", "-config", w.path); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	atStart := func(w *stopped) {
		w.open(func(b *Box) {
			o := b.scrubOptions()
			o.Cold = durable.Cold{}
			if err := b.unfinished(t.Context(), b.store.Scrubber(o)); err != nil {
				t.Fatal(err)
			}
		})
	}
	for name, before := range map[string]func(w *stopped){
		"before the segment was written": func(w *stopped) {
			cut(w, func(o *store.ScrubOptions) { o.Copies, o.Found = nil, nil })
		},
		"after the segment was written": func(w *stopped) {
			cut(w, func(o *store.ScrubOptions) { o.Found = nil })
		},
		"after it was kept": func(w *stopped) { cut(w, func(*store.ScrubOptions) {}) },
		"twice": func(w *stopped) {
			cut(w, func(o *store.ScrubOptions) { o.Copies, o.Found = nil, nil })
			cut(w, func(o *store.ScrubOptions) { o.Found = nil })
		},
	} {
		for how, after := range map[string]func(w *stopped){"by hand": byHand, "at start": atStart} {
			t.Run(name+", "+how, func(t *testing.T) {
				w := newStopped(t)
				w.rot(1900)
				before(w)
				after(w)
				if got := w.told(clinic.MachineMended); !slices.Equal(got, want) {
					t.Errorf("told %q", got)
				}
			})
		}
	}
	t.Run("after it was recorded", func(t *testing.T) {
		w := newStopped(t)
		w.rot(1900)
		kept := map[string][]byte{}
		cut(w, func(*store.ScrubOptions) {})
		w.state(func(s *store.State) {
			err := s.ForEach(bucketFound, func(key string, v []byte) error {
				kept[key] = v
				return nil
			})
			if err != nil || len(kept) == 0 {
				t.Fatal(kept, err)
			}
		})
		w.open(func(b *Box) {
			for key, v := range kept { // as if they had not been dropped
				if err := b.store.State().Put(bucketFound, key, v); err != nil {
					t.Fatal(err)
				}
			}
		})
		if got := w.told(clinic.MachineMended); !slices.Equal(got, want) {
			t.Errorf("told %q", got)
		}
	})
}

// TestLostIsToldAfterMend: entries that a lying disk lost are told to the centre though
// it was the command that found the views to know more.
func TestLostIsToldAfterMend(t *testing.T) {
	w := newStopped(t)
	before, err := os.ReadFile(w.seg)
	if err != nil {
		t.Fatal(err)
	}
	w.open(func(b *Box) { storetest.Save(t, b.store, appointment(t, 31)) })
	if err := os.WriteFile(w.seg, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := program(t, "", "mend", "-config", w.path); !errors.Is(err, ErrDamage) {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := w.told(clinic.MachineLost); !slices.Equal(got, []string{"1"}) {
		t.Errorf("told %q", got)
	}
}

// end is where the first segment's last byte stands, zeros behind it aside.
func (w *stopped) end() int {
	w.Helper()
	b, err := os.ReadFile(w.seg)
	if err != nil {
		w.Fatal(err)
	}
	return len(bytes.TrimRight(b, "\x00"))
}

// blind takes the views away.
func (w *stopped) blind() {
	w.Helper()
	views, err := filepath.Glob(filepath.Join(w.cfg.Data.Dir, "views-*.db"))
	if err != nil || len(views) != 1 {
		w.Fatal(views, err)
	}
	if err := os.Remove(views[0]); err != nil {
		w.Fatal(err)
	}
}

// TestNumbersOfLostEntriesAreNotGivenAgain: the entry of the newest slip rots and the
// views are lost with it, so nobody knows the number any more. It is not printed twice.
func TestNumbersOfLostEntriesAreNotGivenAgain(t *testing.T) {
	w := newStopped(t)
	if err := os.RemoveAll(w.cfg.Copy.Dir); err != nil {
		t.Fatal(err)
	}
	const printed = 31
	var from, to int
	w.open(func(b *Box) {
		from = w.end()
		storetest.Save(t, b.store, appointment(t, printed))
		to = w.end()
		if err := b.desk.NoteMachine(t.Context(), clinic.Machine{Event: clinic.MachineNewCode}); err != nil {
			t.Fatal(err)
		}
	})
	w.rot((from + to) / 2)
	w.blind()
	for range 2 {
		w.open(func(b *Box) {
			jumps := 0
			for _, m := range machineEvents(t, b.store) {
				if m.Fresh != nil {
					jumps++
				}
			}
			if n := slips(t, b); n < printed || n > printed+10 || jumps != 1 {
				t.Errorf("the next slip is %d after %d was printed; %d jumps", n+1, printed, jumps)
			}
		})
	}
	if got := w.told(clinic.MachineDamaged); !slices.Equal(got, []string{"own 1, in 0"}) {
		t.Errorf("damaged: %q", got)
	}
}

// TestLostOfBothIsAskedForAtStart: what is told at the start, for the numbers' sake, is
// no news to the scrub any more; the centre is asked for what it had sent all the same.
func TestLostOfBothIsAskedForAtStart(t *testing.T) {
	w := newStopped(t)
	if err := os.RemoveAll(w.cfg.Copy.Dir); err != nil {
		t.Fatal(err)
	}
	cursor := outbox.Cursor{Epoch: wire.Epoch{1}, Next: 40}
	w.open(func(b *Box) {
		sent := sentDown(t, 40)
		for _, some := range [][]wire.Salted{sent[:38], sent[38:]} { // what rots is not the tail
			if err := (applier{b}).Apply(t.Context(), some); err != nil {
				t.Fatal(err)
			}
		}
		if err := (keeper{b.store.State()}).SaveCursor(cursor); err != nil {
			t.Fatal(err)
		}
	})
	w.rot(1900)
	w.seg = filepath.Join(w.cfg.Data.Dir, "in", "00000000.seg")
	w.rot(2000)
	w.blind()
	w.open(func(b *Box) {
		if own, in := b.store.Holes(); own != 1 || in != 1 {
			t.Fatalf("%d and %d holes", own, in)
		}
		if _, c, err := (keeper{b.store.State()}).Load(); err != nil || c.Next != 0 {
			t.Errorf("the centre is asked from entry %d, %v", c.Next, err)
		}
	})
}
