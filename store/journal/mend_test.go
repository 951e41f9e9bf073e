package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/store/journal"
	"clinicbox/store/seal"
	"clinicbox/store/storetest"
)

// from is a Source of a folder.
func from(dir string) journal.Source {
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(dir, name)) }
}

// several makes a journal of several segments and a copy of its folder. It returns
// what each entry says.
func several(t *testing.T) (c journal.Config, copied string, want []string) {
	t.Helper()
	c = config(t.TempDir())
	c.SegmentSize = 3 << 10
	j := open(t, c)
	for i := range 120 {
		s := fmt.Sprintf("%d %0*d", i, i*13%200, i)
		add(t, j, s, s+"'")
		want = append(want, s, s+"'")
	}
	j.Close()
	copied = filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(copied, os.DirFS(c.Dir)); err != nil {
		t.Fatal(err)
	}
	return c, copied, want
}

// scrubAll reads every segment and mends what it can.
func scrubAll(t *testing.T, j *journal.Journal, dir string, with journal.With) (found int) {
	t.Helper()
	for n := range j.Segments() {
		flaws, err := j.Scrub(n, from(dir))
		if err != nil {
			t.Fatal(err)
		}
		if found += len(flaws); len(flaws) == 0 {
			continue
		}
		with.Local = from(dir)
		m, err := j.Mend(n, with)
		if err == nil {
			err = j.Put(m)
		}
		if err != nil && !errors.Is(err, journal.ErrNoHelp) {
			t.Fatal(err)
		}
		if err := j.MendBeside(n, from(dir)); err != nil {
			t.Fatal(err)
		}
	}
	return found
}

// TestMendFlippedBits flips bits in 300 random places of every file, of an open
// journal and of one that is opened with the damage, and wants every finished segment
// back byte by byte.
func TestMendFlippedBits(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 4))
		c, copied, want := several(t)
		root := must(open(t, c).Root(uint64(len(want))))
		c.Known = uint64(len(want))
		j := open(t, c)
		damage(t, c.Dir, r, 300)
		if seed%2 == 1 { // found at the open
			j.Close()
			if j, _ = journal.Open(c); j == nil {
				continue // the growing segment's three headers: a restore is needed
			}
		}
		if found := scrubAll(t, j, c.Dir, journal.With{Copy: from(copied), Heads: []journal.Head{{Size: c.Known, Root: root}}}); found == 0 {
			t.Fatal("nothing was found")
		}
		scrubAll(t, j, c.Dir, journal.With{Copy: from(copied)}) // the end of a segment before one that was lost
		if got := texts(t, j); !slices.Equal(got, want) || len(j.Quarantine()) > 0 || must(j.Root(c.Known)) != root {
			t.Fatalf("seed %d: entries, quarantine %v or root are not what they were", seed, j.Quarantine())
		}
		for n := range j.Segments() - 1 {
			for _, ext := range []string{"seg", "idx"} {
				name := fmt.Sprintf("%08d.%s", n, ext)
				a, _ := from(c.Dir)(name)
				if b, _ := from(copied)(name); !bytes.Equal(a, b) {
					t.Errorf("seed %d: %s differs from the copy", seed, name)
				}
			}
		}
		j.Close()
		again := open(t, c)
		if got := texts(t, again); !slices.Equal(got, want) || len(again.Quarantine()) > 0 || must(again.Root(c.Known)) != root {
			t.Fatalf("seed %d: after a restart %d entries, %v", seed, len(got), again.Quarantine())
		}
	}
}

// damage flips bits at random places of all files of a folder.
func damage(t *testing.T, dir string, r *rand.Rand, n int) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for range n {
		name := files[r.IntN(len(files))]
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) == 0 {
			continue
		}
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		at := r.IntN(len(b))
		if _, err := f.WriteAt([]byte{b[at] ^ 1<<r.IntN(8)}, int64(at)); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
}

// TestEveryByteOfASegment flips each byte of a small segment alone: it is found, and
// right again.
func TestEveryByteOfASegment(t *testing.T) {
	c := config(t.TempDir())
	c.SegmentSize = 1100
	j := open(t, c)
	add(t, j, "a", "b")
	add(t, j, "c") // in the next segment
	good, _ := os.ReadFile(segment(c.Dir, 0))
	copies := func(string) ([]byte, error) { return good, nil }
	for at := range good {
		flip(t, segment(c.Dir, 0), at)
		flaws, err := j.Scrub(0, from(c.Dir))
		if err != nil {
			t.Fatal(err)
		}
		if len(flaws) == 0 {
			t.Fatalf("byte %d: not found", at)
		}
		if at%13 > 0 { // each repair syncs
			flip(t, segment(c.Dir, 0), at)
			continue
		}
		m, err := j.Mend(0, journal.With{Local: from(c.Dir), Copy: copies})
		if err == nil {
			err = j.Put(m)
		}
		if got, _ := os.ReadFile(segment(c.Dir, 0)); err != nil || !bytes.Equal(got, good) {
			t.Fatalf("byte %d: %v; the file is not as before", at, err)
		}
	}
}

// TestMendLostSegment: file and offsets are gone altogether.
func TestMendLostSegment(t *testing.T) {
	c, copied, want := several(t)
	c.Known = uint64(len(want))
	for _, n := range []int{0, 3} {
		os.Remove(segment(c.Dir, n))
		os.Remove(filepath.Join(c.Dir, fmt.Sprintf("%08d.idx", n)))
	}
	os.Remove(filepath.Join(c.Dir, "hashes"))
	j := open(t, c)
	if len(j.Quarantine()) != 2 {
		t.Fatal("nothing is missed")
	}
	scrubAll(t, j, c.Dir, journal.With{Copy: from(copied)})
	if got := texts(t, j); !slices.Equal(got, want) {
		t.Fatal("not all entries are back")
	}
	root := must(j.Root(c.Known))
	whole := config(copied)
	if must(open(t, whole).Root(c.Known)) != root {
		t.Error("the root is another one")
	}
}

// TestMendFromKnownEntries: no copy, but somebody else kept salt and bytes. What does
// not fit the leaf hash changes nothing.
func TestMendFromKnownEntries(t *testing.T) {
	c, _, want := several(t)
	j := open(t, c)
	known := map[clinic.Leaf]journal.Known{}
	for i := range j.Size() {
		r, err := j.Get(i)
		if err != nil {
			t.Fatal(err)
		}
		known[r.Leaf] = journal.Known{Salt: r.Salt, Bytes: bytes.Clone(r.Bytes), More: r.More()}
	}
	for at := 1100; at < 2000; at += 150 {
		flip(t, segment(c.Dir, 2), at)
	}
	forged := map[clinic.Leaf]journal.Known{}
	for leaf, k := range known {
		k.Bytes = append(bytes.Clone(k.Bytes), '!')
		forged[leaf] = k
	}
	scrubAll(t, j, c.Dir, journal.With{Known: forged})
	if !slices.Contains(texts(t, j), "-") {
		t.Fatal("forged entries were taken, or nothing was damaged")
	}
	scrubAll(t, j, c.Dir, journal.With{Known: known})
	if got := texts(t, j); !slices.Equal(got, want) {
		t.Fatal("not all entries are back")
	}
	j.Close()
	if got := texts(t, open(t, c)); !slices.Equal(got, want) {
		t.Fatal("they are gone after a restart")
	}
}

// TestForeignCopyMendsNothing: frames of another journal, or of another place, are
// never put in.
func TestForeignCopyMendsNothing(t *testing.T) {
	c, copied, want := several(t)
	other := config(t.TempDir())
	other.SegmentSize, other.Keys = c.SegmentSize, seal.NewRing(seal.Key{8})
	o := open(t, other)
	for range 40 {
		add(t, o, "somebody else's")
	}
	j := open(t, c)
	flip(t, segment(c.Dir, 1), 1200)
	shifted := func(string) ([]byte, error) { return from(copied)("00000002.seg") }
	for _, src := range []journal.Source{from(other.Dir), shifted} {
		if _, err := j.Mend(1, journal.With{Local: from(c.Dir), Copy: src}); !errors.Is(err, journal.ErrNoHelp) {
			t.Fatalf("mended: %v", err)
		}
	}
	scrubAll(t, j, c.Dir, journal.With{Copy: from(copied)})
	if !slices.Equal(texts(t, j), want) {
		t.Fatal("not mended by the right copy")
	}
}

// TestMendFaults fails every step of a repair, applied and not: the old file or the
// new one stands there, never a third.
func TestMendFaults(t *testing.T) {
	for _, step := range []storetest.Step{storetest.StepOpen, storetest.StepWrite, storetest.StepSync, storetest.StepRename, storetest.StepSyncDir} {
		for n := range 4 {
			for _, applied := range []bool{false, true} {
				c, copied, want := several(t)
				l := new(storetest.Faults)
				c.FS = l
				j := open(t, c)
				flip(t, segment(c.Dir, 1), 1300)
				bad, _ := os.ReadFile(segment(c.Dir, 1))
				good, _ := os.ReadFile(segment(copied, 1))
				m, err := j.Mend(1, journal.With{Local: from(c.Dir), Copy: from(copied)})
				if err != nil {
					t.Fatal(err)
				}
				l.Arm(step, n, syscall.EIO, applied)
				_ = j.Put(m) // the box is started again
				l.Disarm()
				got, _ := os.ReadFile(segment(c.Dir, 1))
				if !bytes.Equal(got, bad) && !bytes.Equal(got, good) {
					t.Fatalf("%s %d %v: neither the old nor the new file", step, n, applied)
				}
				j.Close()
				j = open(t, c)
				scrubAll(t, j, c.Dir, journal.With{Copy: from(copied)})
				if !slices.Equal(texts(t, j), want) {
					t.Fatalf("%s %d %v: not whole after the next try", step, n, applied)
				}
			}
		}
	}
}

// TestMendFaultOfTheGrowingSegment: when nobody knows which file has the name, no more
// is saved: it would be saved to the one that is gone.
func TestMendFaultOfTheGrowingSegment(t *testing.T) {
	for _, applied := range []bool{false, true} {
		c, copied, _ := several(t)
		l := new(storetest.Faults)
		c.FS = l
		j := open(t, c)
		last := j.Segments() - 1
		flip(t, segment(c.Dir, last), 1100)
		m, err := j.Mend(last, journal.With{Local: from(c.Dir), Copy: from(copied)})
		if err != nil {
			t.Fatal(err)
		}
		l.Arm(storetest.StepRename, 1, syscall.EIO, applied) // behind that of the offsets
		if err := j.Put(m); !errors.Is(err, journal.ErrFatal) {
			t.Errorf("applied %v: %v", applied, err)
		}
		l.Disarm()
		if _, err := j.Begin(); !errors.Is(err, journal.ErrFatal) {
			t.Errorf("applied %v: the journal goes on: %v", applied, err)
		}
	}
}
