package sealer_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/internal/durable"
)

func waits(err error) time.Duration {
	if w, ok := errors.AsType[*sealer.WaitError](err); ok {
		return w.Wait
	}
	return 0
}

// Thirty wrong tries take most of a day, restarts or not, and close the slot.
func TestPausesAndLock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, ann, bob := newBench(t), clinic.NewID(), clinic.NewID()
		b.o.Pause = nil
		f := b.create(b.staff(ann, right), b.staff(bob, right))
		start := time.Now()
		for i := range sealer.MaxWrong {
			if i%4 == 3 {
				f = b.open() // a power cut buys nothing
			}
			err := b.refuses(f, b.staff(ann, wrong))
			for errors.Is(err, sealer.ErrWait) {
				if w := waits(err); w <= 0 || w > time.Hour {
					t.Fatalf("try %d: %v", i, err)
				}
				time.Sleep(waits(err))
				err = b.refuses(f, b.staff(ann, wrong))
			}
			if !errors.Is(err, sealer.ErrWrong) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if took := time.Since(start); took < 18*time.Hour || took > 20*time.Hour {
			t.Errorf("%d tries took %v", sealer.MaxWrong, took)
		}
		f = b.open()
		time.Sleep(48 * time.Hour)
		if err := b.refuses(f, b.staff(ann, right)); !errors.Is(err, sealer.ErrLocked) {
			t.Fatalf("not locked: %v", err)
		}
		b.opens(f, b.staff(bob, right)) // a colleague lets her in again
		if err := f.Forgive(t.Context(), &b.key, 1); err != nil {
			t.Fatal(err)
		}
		b.opens(f, b.staff(ann, right))
	})
}

func TestRightForgetsWrong(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	b.o.Pause = nil
	f := b.create(b.staff(ann, right))
	for range 5 {
		for range 4 {
			_ = b.refuses(f, b.staff(ann, wrong))
		}
		b.opens(f, b.staff(ann, right))
	}
	for range 5 {
		_ = b.refuses(f, b.staff(ann, wrong))
	}
	if err := b.refuses(f, b.staff(ann, right)); waits(err) == 0 || waits(err) > 30*time.Second {
		t.Fatal(err)
	}
	if err := f.Replace(t.Context(), &b.key, b.staff(ann, "739105")); err != nil {
		t.Fatal(err)
	}
	b.opens(f, b.staff(ann, "739105")) // a new PIN starts anew
}

// A counter that is missing, damaged, of another box or older than the slots file
// remembers costs the longest pause, and is whole again after a right PIN.
func TestLostCounter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, z, ann := newBench(t), newBench(t), clinic.NewID()
		b.o.Pause, z.o.Pause = nil, nil
		z.create(z.staff(ann, right))
		f := b.create(b.staff(ann, right))
		old := read(t, b.o.Tries)
		for range 3 {
			_ = b.refuses(f, b.staff(ann, wrong))
		}
		if _, err := f.AddSlot(t.Context(), &b.key, b.staff(clinic.NewID(), right)); err != nil {
			t.Fatal(err) // the slots file remembers how far the counter was
		}
		good := read(t, b.o.Tries)
		bad := append([]byte(nil), good...)
		bad[len(bad)/2] ^= 1
		for name, x := range map[string][]byte{
			"missing": nil, "rolled back": old, "damaged": bad, "cut": good[:9], "empty": {}, "another box's": read(t, z.o.Tries),
		} {
			write(t, b.o.Tries, string(x))
			if x == nil {
				_ = os.Remove(b.o.Tries)
			}
			f = b.open()
			err := b.refuses(f, b.staff(ann, right))
			if waits(err) != time.Hour {
				t.Fatalf("%s: %v", name, err)
			}
			time.Sleep(time.Hour)
			b.opens(f, b.staff(ann, right))
			b.opens(b.open(), b.staff(ann, right))
			write(t, b.o.Tries, string(good))
		}
	})
}

// Within one run an older counter is noticed at once.
func TestRolledBackUnderTheProgram(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	b.o.Pause = nil
	f := b.create(b.staff(ann, right))
	old := read(t, b.o.Tries)
	for i := range 3 {
		err := b.refuses(f, b.staff(ann, wrong))
		if i == 0 && !errors.Is(err, sealer.ErrWrong) || i > 0 && waits(err) == 0 && !errors.Is(err, sealer.ErrWrong) {
			t.Fatal(err)
		}
		write(t, b.o.Tries, string(old))
	}
	f2 := b.open()
	if err := b.refuses(f, b.staff(ann, right)); !errors.Is(err, sealer.ErrWait) && err != nil {
		t.Fatal(err)
	}
	b.opens(f2, b.staff(ann, right)) // what is possible and what not: a new run cannot know
}

// The tries at the screen cost one count each, however many tablets ask at once.
func TestManyTabletsAtOnce(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	b.o.Pause = nil
	f := b.create(b.staff(ann, right))
	answers := make(chan error, 40)
	for range 40 {
		go func() {
			_, err := f.Unlock(t.Context(), b.staff(ann, wrong))
			answers <- err
		}()
	}
	looked := 0
	for range 40 {
		if err := <-answers; errors.Is(err, sealer.ErrWrong) {
			looked++
		} else if !errors.Is(err, sealer.ErrWait) {
			t.Error(err)
		}
	}
	if looked != 5 {
		t.Fatalf("%d PINs were looked at before the first pause", looked)
	}
}

// frozenFS is a disk that takes nothing.
type frozenFS struct {
	durable.OS
	why error
}

func (l frozenFS) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if flag&(os.O_WRONLY|os.O_RDWR|os.O_CREATE) != 0 {
		return nil, &fs.PathError{Op: "open", Path: name, Err: l.why}
	}
	return l.OS.OpenFile(name, flag, perm)
}

func (l frozenFS) Rename(string, string) error { return l.why }
func (l frozenFS) Remove(string) error         { return l.why }

// A read-only or full disk takes no count: people get in all the same, and who pulls the
// plug to be counted anew waits a minute each time.
func TestTriesOnAReadOnlyDisk(t *testing.T) {
	for _, why := range []error{syscall.EROFS, syscall.ENOSPC} {
		t.Run(why.Error(), func(t *testing.T) { uncounted(t, why) })
	}
}

func uncounted(t *testing.T, why error) {
	synctest.Test(t, func(t *testing.T) {
		b, ann, bob := newBench(t), clinic.NewID(), clinic.NewID()
		b.o.Pause = nil
		b.create(b.staff(ann, right), b.staff(bob, right))
		b.o.FS = frozenFS{why: why}
		f := b.open()
		time.Sleep(10 * time.Second)
		if err := b.refuses(f, b.staff(ann, right)); waits(err) != 50*time.Second || !errors.Is(err, sealer.ErrUncounted) {
			t.Fatalf("ten seconds after the start: %v", err)
		}
		time.Sleep(50 * time.Second)
		b.opens(f, b.staff(ann, right))
		b.opens(f, b.staff(ann, right)) // a right one costs nothing
		start := time.Now()
		for i := range 8 {
			if i%3 == 2 { // a power cut buys no time
				f = b.open()
			}
			err := b.refuses(f, b.staff(ann, wrong))
			for errors.Is(err, sealer.ErrWait) {
				time.Sleep(waits(err))
				err = b.refuses(f, b.staff(ann, wrong))
			}
			if !errors.Is(err, sealer.ErrWrong) {
				t.Fatalf("try %d: %v", i, err)
			}
		}
		if took := time.Since(start); took < 7*time.Minute {
			t.Errorf("8 tries took %v", took)
		}
		time.Sleep(time.Hour)
		for range 3 { // nor does going from one person to the next
			if err := b.refuses(f, b.staff(ann, wrong)); !errors.Is(err, sealer.ErrWrong) {
				t.Fatal(err)
			}
			if w := waits(b.refuses(f, b.staff(bob, right))); w != time.Minute {
				t.Fatalf("after a colleague's wrong try: waits %v", w)
			}
			time.Sleep(time.Hour)
		}
		b.opens(f, b.staff(bob, right))
		b.opens(f, b.staff(ann, right))
	})
}
