package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clinicbox/store/journal"
	"clinicbox/store/storetest"
)

// addActs commits several acts as one batch.
func addActs(t testing.TB, j *journal.Journal, acts ...[]string) {
	t.Helper()
	b, err := j.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range acts {
		if _, err := b.Add(entries(a...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
}

// TestTornBatch loses every set of frames of the last batch, as a power cut does
// that writes sectors in any order: nobody was told of it, so nothing of it stays
// and there is no hole. With a batch behind it, or known to the views, the same
// damage is damage.
func TestTornBatch(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	add(t, j, "1", "2")
	addActs(t, j, []string{"3", "4", "5"}, []string{"6"}, []string{"7", "8"})
	j.Close()
	good, _ := os.ReadFile(segment(c.Dir, 0))
	j = open(t, c)
	add(t, j, "9")
	j.Close()
	more, _ := os.ReadFile(segment(c.Dir, 0))
	lose := func(b []byte, lost int) []byte {
		b = bytes.Clone(b)
		for i := range 6 {
			if lost>>i&1 == 1 {
				clear(b[1024+(2+i)*57:][:57])
			}
		}
		return b
	}
	try := func(data []byte, known uint64) []string {
		t.Helper()
		if err := os.WriteFile(segment(c.Dir, 0), data, 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(c.Dir, "hashes"))
		c := c
		c.Known = known
		j := open(t, c)
		defer j.Close()
		return texts(t, j)
	}
	for lost := 1; lost < 64; lost++ {
		torn := fmt.Sprint(try(lose(good, lost), 2))
		// Whole acts of which only the end is lost look like acts that came before.
		if tail := map[int]string{0b111000: "[1 2 3 4 5]", 0b110000: "[1 2 3 4 5 6]", 0b100000: "[1 2 3 4 5 6]"}[lost]; torn != "[1 2]" && torn != tail {
			t.Errorf("lost %06b: torn batch reads %s", lost, torn)
		}
		for i, got := range try(lose(more, lost), 0) {
			if want := fmt.Sprint(i + 1); got != want && (got != "-" || lost>>(i-2)&1 == 0) {
				t.Errorf("lost %06b: with a batch behind it entry %d reads %s", lost, i, got)
			}
		}
		if n := len(try(lose(more, lost), 0)); n != 9 {
			t.Errorf("lost %06b: %d entries", lost, n)
		}
		if n := len(try(lose(good, lost), 8)); n != 8 && lost < 0b100000 {
			t.Errorf("lost %06b: %d entries though 8 are known", lost, n)
		}
	}
}

// TestClosedIsNoHole: a hole is told to the centre for good; closing makes none.
func TestClosedIsNoHole(t *testing.T) {
	j := open(t, config(t.TempDir()))
	add(t, j, "a")
	j.Close()
	if r, err := j.Get(0); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("%+v, %v", r, err)
	}
	if rs, err := j.Read(0, 1, 1); !errors.Is(err, journal.ErrClosed) {
		t.Errorf("%+v, %v", rs, err)
	}
	if err := j.Each(0, func(journal.Raw) error { return nil }); !errors.Is(err, journal.ErrClosed) {
		t.Error(err)
	}
	if _, err := j.Root(1); err == nil {
		t.Error("a root of a closed journal")
	}
}

// TestHeaderOfTheGrowingSegment: both its copies stand in one block of the disk, so
// a third stands in another file.
func TestHeaderOfTheGrowingSegment(t *testing.T) {
	for _, first := range []bool{true, false} {
		c := config(t.TempDir())
		c.SegmentSize = 1400
		j := open(t, c)
		for i := 0; !first && j.Segments() < 3 || i < 3; i++ {
			add(t, j, fmt.Sprint("entry ", i))
		}
		want, n, root := texts(t, j), j.Segments()-1, must(j.Root(j.Size()))
		j.Close()
		zero(t, segment(c.Dir, n), 1024)
		for range 2 {
			j = open(t, c)
			if got := texts(t, j); fmt.Sprint(got) != fmt.Sprint(want) || must(j.Root(j.Size())) != root {
				t.Fatalf("%q, want %q, or another root", got, want)
			}
			j.Close()
			os.Remove(filepath.Join(c.Dir, fmt.Sprintf("%08d.idx", n))) // it was put right
		}
	}
}

func must(root [32]byte, err error) [32]byte {
	if err != nil {
		panic(err)
	}
	return root
}

// TestLeavesOutliveTheirFrames loses frames of finished segments and all tree
// hashes: the root stays, and holes have their leaf hashes.
func TestLeavesOutliveTheirFrames(t *testing.T) {
	c := config(t.TempDir())
	c.SegmentSize = 1400
	j := open(t, c)
	for i := range 40 {
		add(t, j, fmt.Sprint("entry ", i))
	}
	raws, err := j.Read(0, 40, 1<<20)
	if err != nil || j.Segments() < 4 {
		t.Fatal(j.Segments(), err)
	}
	root := must(j.Root(40))
	j.Close()
	for n := range 3 {
		flip(t, segment(c.Dir, n), 1024+40)
		flip(t, segment(c.Dir, n), 1024+3*63+40)
	}
	zero(t, segment(c.Dir, 1), 1300)
	for _, hashes := range []func(){
		func() { os.Remove(filepath.Join(c.Dir, "hashes")) },
		func() { zero(t, filepath.Join(c.Dir, "hashes"), 600) },
		func() { flip(t, filepath.Join(c.Dir, "hashes"), 7) }, // a leaf that no root check reads
	} {
		hashes()
		j = open(t, c)
		got, err := j.Read(0, 40, 1<<20)
		if err != nil || must(j.Root(40)) != root {
			t.Fatal("root differs", err)
		}
		holes := 0
		for i := range got {
			if got[i].Hole() {
				holes++
			}
			if got[i].Leaf != raws[i].Leaf {
				t.Errorf("entry %d has another leaf hash", i)
			}
		}
		if holes < 6 {
			t.Errorf("only %d holes", holes)
		}
		j.Close()
	}
	idx := filepath.Join(c.Dir, "00000000.idx")
	b, _ := os.ReadFile(idx)
	os.Remove(idx)
	open(t, c).Close()
	if again, _ := os.ReadFile(idx); len(again) != len(b) {
		t.Errorf("offsets file made again has %d bytes, before %d", len(again), len(b))
	}
}

// TestFullDiskAtOpen: what a repair cannot write stays in memory. Reading goes on,
// writing waits for room.
func TestFullDiskAtOpen(t *testing.T) {
	l := &storetest.Faults{}
	c := config(t.TempDir())
	c.SegmentSize = 1400
	j := open(t, c)
	for i := range 40 {
		add(t, j, fmt.Sprint("entry ", i))
	}
	want, root, root7 := texts(t, j), must(j.Root(40)), must(j.Root(7))
	j.Close()
	os.Truncate(filepath.Join(c.Dir, "hashes"), 500)
	os.Remove(filepath.Join(c.Dir, "00000001.idx"))
	c.FS = l
	l.ArmForever(storetest.StepWrite, 0, syscall.ENOSPC)
	j = open(t, c)
	if got := texts(t, j); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%q", got)
	}
	if must(j.Root(40)) != root || must(j.Root(7)) != root7 {
		t.Error("roots differ")
	}
	for range 2 {
		if _, err := j.Begin(); !errors.Is(err, journal.ErrFull) {
			t.Fatal(err)
		}
	}
	l.Disarm()
	add(t, j, "room again")
	root = must(j.Root(41))
	j.Close()
	j = open(t, c)
	if got := texts(t, j); len(got) != 41 || must(j.Root(41)) != root || strings.Contains(fmt.Sprint(got), "-") {
		t.Fatalf("%q, or another root", got)
	}
}

// TestRotIsNamedWhenItIsRead damages an entry of an open journal.
func TestRotIsNamedWhenItIsRead(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	leaf := add(t, j, "a")[0].Leaf
	add(t, j, "b")
	flip(t, segment(c.Dir, 0), 1024+40)
	for range 2 {
		if r, err := j.Get(0); err != nil || !r.Hole() || r.Leaf != leaf {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if q := j.Quarantine(); len(q) != 1 || q[0].First != 0 || q[0].Count != 1 {
		t.Fatalf("%+v", q)
	}
}

// TestLastSegmentWithoutHeader: a last segment that lost its header and the copies of
// it, as a disk that lies about flushes leaves it, keeps nobody from what is in the
// others. One without frames is made again; one with some reads as holes.
func TestLastSegmentWithoutHeader(t *testing.T) {
	for name, frames := range map[string]bool{"with frames": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			c := config(t.TempDir())
			c.SegmentSize = 3000
			j := open(t, c)
			var want []string
			for j.Segments() < 3 || len(texts(t, j)) == 0 {
				want = append(want, fmt.Sprint("entry ", len(want), strings.Repeat(".", 300)))
				add(t, j, want[len(want)-1])
			}
			first, end := j.Span(j.Segments() - 1)
			last := segment(c.Dir, j.Segments()-1)
			j.Close()
			data, err := os.ReadFile(last)
			if err != nil {
				t.Fatal(err)
			}
			clear(data[:1024])
			if !frames {
				data = nil
			}
			if err := errors.Join(os.WriteFile(last, data, 0o600), os.Remove(strings.TrimSuffix(last, "seg")+"idx")); err != nil {
				t.Fatal(err)
			}
			for round := range 2 {
				j = open(t, c)
				got := texts(t, j)
				if fmt.Sprint(got[:first]) != fmt.Sprint(want[:first]) {
					t.Fatalf("entries of other segments: %q", got)
				}
				size := first
				if frames {
					size = end
				}
				if round == 0 && j.Size() != size {
					t.Fatalf("size %d, want %d", j.Size(), size)
				}
				if bad := j.Quarantine(); frames && (len(bad) != 1 || bad[0].Count != end-first) {
					t.Fatalf("set aside: %+v", bad)
				}
				add(t, j, "goes on")
				if got := texts(t, j); got[len(got)-1] != "goes on" {
					t.Fatalf("%q", got)
				}
				j.Close()
			}
		})
	}
}
