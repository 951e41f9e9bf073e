package journal_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"clinicbox/store/journal"
	"clinicbox/store/storetest"
)

// sound computes everything anew and fails for what is stored otherwise.
func sound(t *testing.T, j *journal.Journal) {
	t.Helper()
	v := j.Verify()
	for n := range j.Segments() {
		if p := v.Segment(n); p != "" && len(j.Quarantine()) == 0 { // the root knows of no loss
			t.Fatalf("segment %d: %s", n, p)
		}
		err := j.Each(n, func(r journal.Raw) error {
			if p := v.Entry(r); p != "" && !r.Hole() {
				return fmt.Errorf("entry %d: %s", r.Index, p)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	root, p := v.End()
	if p != "" || root != must(j.Root(j.Size())) {
		t.Fatalf("%s; or the root is another", p)
	}
}

// TestRehashFaults fails every step of a repair after which the tree is another one,
// and wants no moment at which entries and tree differ: the repair changed nothing, or
// it is done, on the disk or in memory, or the journal takes nothing more and the next
// open makes both agree.
func TestRehashFaults(t *testing.T) {
	c, copied, want := several(t)
	root := must(open(t, c).Root(uint64(len(want))))
	fatal, on := 0, 0
	for _, step := range []storetest.Step{storetest.StepOpen, storetest.StepWrite, storetest.StepSync, storetest.StepRename, storetest.StepSyncDir} {
		for n, more := 0, true; more; n++ {
			for _, cause := range []error{syscall.EIO, syscall.ENOSPC} {
				for _, applied := range []bool{false, true} {
					name := fmt.Sprintf("%s %d, %v, applied %v", step, n, cause, applied)
					l := new(storetest.Faults)
					x := c
					x.Dir, x.FS = filepath.Join(t.TempDir(), "own"), l
					if err := os.CopyFS(x.Dir, os.DirFS(copied)); err != nil {
						t.Fatal(err)
					}
					// The entry is lost with every place that knew its leaf hash.
					flip(t, segment(x.Dir, 1), 1300)
					beside := filepath.Join(x.Dir, "00000001.idx")
					if err := errors.Join(os.Remove(filepath.Join(x.Dir, "hashes")), os.Remove(beside)); err != nil {
						t.Fatal(err)
					}
					j := open(t, x)
					m, err := j.Mend(1, journal.With{Local: from(x.Dir), Copy: from(copied)})
					if err != nil || must(j.Root(uint64(len(want)))) == root {
						t.Fatal("the damage costs nothing", err)
					}
					before := l.Count(step)
					l.Arm(step, n, cause, applied)
					err = j.Put(m)
					more = l.Count(step)-before > n
					l.Disarm()
					if !errors.Is(err, journal.ErrFatal) {
						on++
						sound(t, j) // in memory
						l.ArmForever(storetest.StepWrite, 0, syscall.ENOSPC)
						_ = j.MendBeside(1, from(x.Dir))
						sound(t, j)
						l.Disarm()
						add(t, j, "more")
						sound(t, j)
					} else if fatal++; true {
						if _, err := j.Begin(); !errors.Is(err, journal.ErrFatal) {
							t.Fatalf("%s: the journal goes on: %v", name, err)
						}
					}
					j.Close()
					j = open(t, x)
					sound(t, j)
					scrubAll(t, j, x.Dir, journal.With{Copy: from(copied)})
					if got := texts(t, j); !slices.Equal(got[:len(want)], want) || must(j.Root(uint64(len(want)))) != root {
						t.Fatalf("%s: not whole after the next try", name)
					}
					sound(t, j)
					j.Close()
					if _, err := os.Stat(filepath.Join(x.Dir, "hashes.stale")); !errors.Is(err, os.ErrNotExist) {
						t.Fatalf("%s: the mark stays: %v", name, err)
					}
				}
			}
		}
	}
	if fatal == 0 || on == 0 {
		t.Errorf("%d ended, %d went on", fatal, on)
	}
}
