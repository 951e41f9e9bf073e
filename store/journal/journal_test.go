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

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/journal"
	"clinicbox/store/seal"
	"clinicbox/store/storetest"
)

func config(dir string) journal.Config {
	return journal.Config{Dir: dir, Kind: clinic.Own, Keys: seal.NewRing(seal.Key{9}), Epoch: [8]byte{1}, Tree: true}
}

func open(t testing.TB, c journal.Config) *journal.Journal {
	t.Helper()
	j, err := journal.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// add commits one act of the given entries.
func add(t testing.TB, j *journal.Journal, texts ...string) []journal.Raw {
	t.Helper()
	b, err := j.Begin()
	if err != nil {
		t.Fatal(err)
	}
	raws, err := b.Add(entries(texts...))
	if err == nil {
		err = b.Commit()
	}
	if err != nil {
		t.Fatal(err)
	}
	return raws
}

func entries(texts ...string) (es []journal.Entry) {
	for _, s := range texts {
		es = append(es, journal.Entry{Bytes: []byte(s)})
	}
	return es
}

// texts reads the whole journal; a hole is "-".
func texts(t testing.TB, j *journal.Journal) (out []string) {
	t.Helper()
	for i := range j.Size() {
		r, err := j.Get(i)
		if err != nil {
			t.Fatal(err)
		}
		if r.Hole() {
			out = append(out, "-")
		} else {
			out = append(out, string(r.Bytes))
		}
	}
	return out
}

func segment(dir string, n int) string { return filepath.Join(dir, fmt.Sprintf("%08d.seg", n)) }

func TestAppendReadReopen(t *testing.T) {
	c := config(t.TempDir())
	c.SegmentSize = 4 << 10
	j := open(t, c)
	var want []string
	var leaves []tlog.Hash
	for i := range 100 {
		grown := j.Grown()
		s := strings.Repeat(fmt.Sprint(i), 1+i*7%300)
		for _, r := range add(t, j, s, s+"'") {
			want = append(want, string(r.Bytes))
			leaves = append(leaves, tlog.Hash(r.Leaf))
			if r.Salt != r.Seed.Salt(r.Place) || r.Leaf != entry.LeafHash(r.Salt, r.Bytes) {
				t.Fatal("salt or leaf is not derived")
			}
		}
		<-grown
	}
	if j.Segments() < 5 {
		t.Fatalf("only %d segments", j.Segments())
	}
	roots := map[uint64][32]byte{}
	for n := range j.Size() + 1 {
		roots[n], _ = j.Root(n)
	}
	j.Close()
	for _, damage := range []func(){
		func() {},
		func() { os.Remove(filepath.Join(c.Dir, "00000001.idx")) },
		func() { os.WriteFile(filepath.Join(c.Dir, "00000002.idx"), []byte("rubbish"), 0o600) },
		func() { os.Remove(filepath.Join(c.Dir, "hashes")) },
		func() { os.Truncate(filepath.Join(c.Dir, "hashes"), 1000) },
		func() { flip(t, filepath.Join(c.Dir, "hashes"), 33) },
		func() { flip(t, filepath.Join(c.Dir, "hashes"), -40) },
		func() { os.WriteFile(filepath.Join(c.Dir, "x.tmp"), []byte("left"), 0o600) },
		func() { flip(t, segment(c.Dir, 1), 20) },   // one copy of the header
		func() { flip(t, segment(c.Dir, 2), 8) },    // version of one copy
		func() { flip(t, segment(c.Dir, 3), 600) },  // the other copy
		func() { zero(t, segment(c.Dir, 3), 1024) }, // both: the third stands in the idx
	} {
		damage()
		j = open(t, c)
		if got := texts(t, j); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("read %d entries, want %d", len(got), len(want))
		}
		for n, root := range roots {
			if got, err := j.Root(n); err != nil || got != root {
				t.Fatalf("root at %d differs: %v", n, err)
			}
		}
		j.Close()
	}
	h, err := tlog.TreeHash(int64(len(leaves)), memoryTree(t, leaves))
	if err != nil || [32]byte(h) != roots[uint64(len(leaves))] {
		t.Fatal("root is not the tree head of the leaves", err)
	}
}

func memoryTree(t *testing.T, leaves []tlog.Hash) tlog.HashReader {
	var all []tlog.Hash
	r := tlog.HashReaderFunc(func(is []int64) (out []tlog.Hash, err error) {
		for _, i := range is {
			out = append(out, all[i])
		}
		return out, nil
	})
	for i, l := range leaves {
		hs, err := tlog.StoredHashesForRecordHash(int64(i), l, r)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, hs...)
	}
	return r
}

func flip(t testing.TB, path string, at int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if at < 0 {
		at += len(b)
	}
	b[at] ^= 0x10
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func zero(t testing.TB, path string, n int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[:n])
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCutAtEveryByte cuts the file at every byte of its last acts, and fills what
// was cut with zeros or rubbish: whole acts before the cut stay, the rest is gone,
// and the journal goes on.
func TestCutAtEveryByte(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	add(t, j, "first")
	add(t, j, "second", "act")
	add(t, j, "third", "of", "three")
	ends := []int{} // where acts end
	at := 1024
	for i, n := range []int{5, 6, 3, 5, 2, 5} {
		at += 16 + 40 + n
		if i == 0 || i == 2 || i == 5 {
			ends = append(ends, at)
		}
	}
	j.Close()
	good, err := os.ReadFile(segment(c.Dir, 0))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[int]uint64{0: 0, ends[0]: 1, ends[1]: 3, ends[2]: 6}
	for cut := 1024; cut <= at; cut++ {
		var want uint64
		for end, n := range counts {
			if end <= cut {
				want = max(want, n)
			}
		}
		for name, tail := range map[string][]byte{
			"short": nil, "zeros": make([]byte, 5000), "rubbish": append([]byte{^good[cut]}, bytes.Repeat([]byte("CBF\x00\x00\x00\x00\x30"), 300)...),
		} {
			if err := os.WriteFile(segment(c.Dir, 0), append(bytes.Clone(good[:cut]), tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			j := open(t, c)
			if j.Size() != want {
				t.Fatalf("cut at %d, %s: %d entries, want %d", cut, name, j.Size(), want)
			}
			add(t, j, "goes on")
			j.Close()
			j = open(t, c)
			if got := texts(t, j); uint64(len(got)) != want+1 || got[want] != "goes on" {
				t.Fatalf("cut at %d, %s: then %q", cut, name, got)
			}
			j.Close()
		}
	}
}

// TestKnownEntriesAreNotCut: what the views have seen was durable, so damage there
// is damage and not an unfinished write.
func TestKnownEntriesAreNotCut(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	add(t, j, "a")
	want, _ := j.Root(1)
	leaf := add(t, j, "b", "c")[1].Leaf
	root, _ := j.Root(3)
	j.Close()
	flip(t, segment(c.Dir, 0), 1024+3*57-1) // in the last frame
	c.Known = 3
	j = open(t, c)
	if got := texts(t, j); fmt.Sprint(got) != "[a b -]" {
		t.Fatalf("%q", got)
	}
	if r, _ := j.Get(2); r.Leaf != leaf {
		t.Error("hole has lost its leaf hash")
	}
	if r1, _ := j.Root(1); r1 != want {
		t.Error("root at 1 differs")
	}
	if r3, _ := j.Root(3); r3 != root {
		t.Error("root at 3 differs")
	}
	add(t, j, "d")
	j.Close()
	c.Known = 4
	for range 2 {
		j = open(t, c)
		if got := texts(t, j); fmt.Sprint(got) != "[a b - d]" {
			t.Fatalf("%q", got)
		}
		if q := j.Quarantine(); len(q) != 1 || q[0].First != 2 || q[0].Count != 1 {
			t.Errorf("%+v", q)
		}
		j.Close()
		c.Known = 0 // a good frame stands behind it: it is kept without knowing too
	}
}

// TestFlippedBits flips every byte of a frame in the middle: the others stay.
func TestFlippedBits(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	add(t, j, "a")
	leaf := add(t, j, "b")[0].Leaf
	add(t, j, "c")
	root, _ := j.Root(3)
	j.Close()
	good, _ := os.ReadFile(segment(c.Dir, 0))
	for i := 1024 + 57; i < 1024+2*57; i++ {
		bad := bytes.Clone(good)
		bad[i] ^= 0x40
		if err := os.WriteFile(segment(c.Dir, 0), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		j = open(t, c)
		if got := texts(t, j); fmt.Sprint(got) != "[a - c]" {
			t.Fatalf("byte %d: %q", i, got)
		}
		if r, _ := j.Get(1); r.Leaf != leaf {
			t.Fatalf("byte %d: hole has lost its leaf hash", i)
		}
		if got, _ := j.Root(3); got != root {
			t.Fatalf("byte %d: root differs", i)
		}
		if rs, err := j.Read(0, 10, 1<<20); err != nil || len(rs) != 3 || !rs[1].Hole() {
			t.Fatalf("byte %d: %v, %v", i, rs, err)
		}
		if after, _ := os.ReadFile(segment(c.Dir, 0)); !bytes.Equal(after, bad) {
			t.Fatalf("byte %d: the damaged frame was not kept", i)
		}
		j.Close()
	}
}

func TestMissingSegmentIsHoles(t *testing.T) {
	c := config(t.TempDir())
	c.SegmentSize = 1500
	j := open(t, c)
	for i := range 40 {
		add(t, j, fmt.Sprint(i))
	}
	root, _ := j.Root(40)
	n := j.Segments()
	j.Close()
	os.Remove(segment(c.Dir, 1))
	zero(t, segment(c.Dir, 2), 1024)
	os.Remove(filepath.Join(c.Dir, "00000002.idx"))
	j = open(t, c)
	got := texts(t, j)
	if len(got) != 40 || got[0] != "0" || got[39] != "39" || j.Segments() != n {
		t.Fatalf("%d segments: %q", j.Segments(), got)
	}
	holes := strings.Count(strings.Join(got, " "), "-")
	if holes == 0 || holes > 25 {
		t.Fatalf("%d holes", holes)
	}
	if r, err := j.Root(40); err != nil || r != root {
		t.Error("root differs", err)
	}
	add(t, j, "goes on")
}

func TestClearErrors(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	add(t, j, "a")
	j.Close()
	good, _ := os.ReadFile(segment(c.Dir, 0))
	newer := bytes.Clone(good)
	newer[9], newer[512+9] = 2, 2
	for name, try := range map[string]struct {
		data []byte
		key  byte
		kind clinic.Journal
		want error
	}{
		"wrong key":     {good, 8, clinic.Own, journal.ErrKey},
		"newer":         {newer, 9, clinic.Own, journal.ErrVersion},
		"short":         {good[:100], 9, clinic.Own, journal.ErrCorrupt},
		"empty":         {nil, 9, clinic.Own, journal.ErrCorrupt},
		"other journal": {good, 9, clinic.In, journal.ErrCorrupt},
		"rubbish":       {bytes.Repeat([]byte("x"), 5000), 9, clinic.Own, journal.ErrCorrupt},
	} {
		if err := os.WriteFile(segment(c.Dir, 0), try.data, 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(filepath.Join(c.Dir, "00000000.idx")) // the header's copy
		c := c
		c.Keys, c.Kind = seal.NewRing(seal.Key{try.key}), try.kind
		if _, err := journal.Open(c); !errors.Is(err, try.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExplicitSaltStays(t *testing.T) {
	c := config(t.TempDir())
	j := open(t, c)
	salt := entry.Salt{1, 2, 3}
	b, err := j.Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Add([]journal.Entry{{Bytes: []byte("a"), Salt: &salt}}); err != nil {
		t.Fatal(err)
	}
	if r, err := b.Get(0); err != nil || r.Salt != salt {
		t.Fatal("batch", r, err)
	}
	if err := b.Commit(); err != nil {
		t.Fatal(err)
	}
	r, err := j.Get(0)
	if err != nil || r.Salt != salt || !r.Explicit || r.Leaf != entry.LeafHash(salt, []byte("a")) {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestFaults fails every step of a commit and of a segment's change, applied and
// not: what was answered as saved is there, what was answered as not saved is not.
func TestFaults(t *testing.T) {
	for _, step := range []storetest.Step{storetest.StepWrite, storetest.StepSync, storetest.StepTruncate, storetest.StepRename, storetest.StepSyncDir, storetest.StepOpen} {
		for _, cause := range []error{syscall.ENOSPC, syscall.EIO} {
			for _, applied := range []bool{false, true} {
				for n := range 8 {
					name := fmt.Sprintf("%s %d %v applied=%v", step, n, cause, applied)
					t.Run(name, func(t *testing.T) { fault(t, step, n, cause, applied) })
				}
			}
		}
	}
}

func fault(t *testing.T, step storetest.Step, n int, cause error, applied bool) {
	l := &storetest.Faults{}
	c := config(t.TempDir())
	c.FS, c.SegmentSize = l, 1400
	j := open(t, c)
	var saved []string
	maybe := map[string]bool{}
	for i := range 20 {
		if i == 3 {
			l.Arm(step, n, cause, applied)
		}
		s := fmt.Sprintf("entry %d", i)
		b, err := j.Begin()
		if err == nil {
			if _, err = b.Add(entries(s)); err == nil {
				err = b.Commit()
			}
		}
		switch {
		case err == nil:
			saved = append(saved, s)
		case errors.Is(err, journal.ErrFull):
			if !errors.Is(cause, syscall.ENOSPC) || step == storetest.StepSync && c.SegmentSize == 0 {
				t.Fatalf("full without cause: %v", err)
			}
		case errors.Is(err, journal.ErrFatal):
			maybe[s] = true
			if _, err := j.Begin(); !errors.Is(err, journal.ErrFatal) {
				t.Fatalf("went on after a fatal error: %v", err)
			}
		default:
			t.Fatalf("neither full nor fatal: %v", err)
		}
		if got := texts(t, j); fmt.Sprint(got) != fmt.Sprint(saved) {
			t.Fatalf("reads %q, saved %q", got, saved)
		}
	}
	j.Close()
	l.Disarm()
	j = open(t, c)
	var kept []string
	for _, s := range texts(t, j) {
		if !maybe[s] {
			kept = append(kept, s)
		}
	}
	if fmt.Sprint(kept) != fmt.Sprint(saved) {
		t.Fatalf("afterwards %q, saved %q, unknown %v", kept, saved, maybe)
	}
	add(t, j, "goes on")
	v := j.Verify()
	for n := range j.Segments() {
		if p := v.Segment(n); p != "" {
			t.Error(p)
		}
		_ = j.Each(n, func(r journal.Raw) error {
			if p := v.Entry(r); p != "" {
				t.Error(p)
			}
			return nil
		})
	}
	if _, p := v.End(); p != "" || v.Incomplete > 0 {
		t.Error(p, v.Incomplete)
	}
}
