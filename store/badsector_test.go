package store_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestBadSectors reads with EIO wherever a sector of a journal's files may be, with the
// views and without: the store opens, every entry that is not in the sector is served
// as it was, the others are named, and work goes on.
func TestBadSectors(t *testing.T) {
	o := storetest.Options(t.TempDir())
	o.SegmentSize = 24_000
	filled(t, o)
	s := storetest.Start(t, o)
	raws, err := s.Own().Read(0, 1<<20, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range raws {
		want = append(want, hex.EncodeToString(r.Bytes))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"own/00000000.seg", "own/00000001.seg", "own/hashes", "last"} {
		for _, at := range []int64{0, 4096, 16384} {
			for _, views := range []bool{true, false} {
				badSector(t, o, file, at, views, want)
			}
		}
	}
}

func badSector(t *testing.T, o store.Options, file string, at int64, views bool, want []string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}
	if !views {
		if err := os.Remove(viewsFile(dir)); err != nil {
			t.Fatal(err)
		}
	}
	if file == "last" {
		segs, err := filepath.Glob(filepath.Join(dir, "own", "*.seg"))
		if err != nil {
			t.Fatal(err)
		}
		file = "own/" + filepath.Base(segs[len(segs)-1])
	}
	l := &storetest.Faults{}
	l.Unreadable(file, at, at+4096)
	o.Dir, o.Files = dir, l
	s := storetest.Start(t, o)
	raws, err := s.Own().Read(0, 1<<20, 1<<30)
	if err != nil {
		t.Fatalf("%s at %d: %v", file, at, err)
	}
	bad := 0
	for i, r := range raws {
		switch {
		case r.Hole():
			bad++
		case hex.EncodeToString(r.Bytes) != want[i]:
			t.Fatalf("%s at %d: entry %d is another", file, at, i)
		}
	}
	lost := len(want) - len(raws) + bad
	own, _ := s.Quarantine()
	if lost > 0 && len(own) == 0 && len(raws) == len(want) {
		t.Errorf("%s at %d: %d entries cannot be read, and nobody is told", file, at, lost)
	}
	if lost > 100 || file == "own/hashes" && lost > 0 {
		t.Errorf("%s at %d, views %v: %d entries lost", file, at, views, lost)
	}
	storetest.Save(t, s, patient([16]byte{9}, "Vẫn làm việc"))
	t.Logf("%s at %d, views %v: %d of %d entries cannot be read", file, at, views, lost, len(want))
}
