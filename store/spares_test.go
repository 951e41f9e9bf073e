package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/store"
	"clinicbox/store/storetest"
)

// TestCheckSeesEveryCopyOfAHeader: each byte of the copies of segments' headers, and of
// the files beside them, is looked at, of finished segments and of the growing one; and
// the scrub makes all of them right again.
func TestCheckSeesEveryCopyOfAHeader(t *testing.T) {
	o := storetest.Options(t.TempDir())
	o.SegmentSize = 2 << 10
	stopped(t, o, 40)
	all, err := filepath.Glob(filepath.Join(o.Dir, "own", "*.idx"))
	if err != nil || len(all) < 3 {
		t.Fatal(all, err)
	}
	type place struct {
		n    int    // segment
		ext  string // of its file
		at   int    // below 0 from the end
		says string
	}
	const header, beside, offsets = "a copy of its header is damaged", "the copy of its header beside it is damaged", "the offsets beside it are damaged"
	last := len(all) - 1
	places := []place{
		{0, "idx", 3, offsets},
		{0, "idx", 24 + 1024 + 2, offsets},
		{0, "idx", -1, offsets},
		{0, "idx", -40, offsets}, // a leaf hash
		{last, "idx", 3, offsets},
		{last, "idx", -1, offsets},
	}
	for _, n := range []int{0, last} {
		for at := 0; at < 1024; at += 37 {
			places = append(places, place{n, "seg", at, header}, place{n, "idx", 24 + at, beside})
		}
	}
	file := func(n int, ext string) string { return filepath.Join(o.Dir, "own", fmt.Sprintf("%08d.%s", n, ext)) }
	for _, p := range places {
		name := file(p.n, p.ext)
		if fi, err := os.Stat(name); p.at < 0 && err == nil {
			p.at += int(fi.Size())
		}
		flipIn(t, name, p.at)
		rep, err := store.Check(t.Context(), o)
		want := fmt.Sprintf("own: segment %d: %s", p.n, p.says)
		if err != nil || strings.Join(rep.Problems, "\n") != want {
			t.Errorf("%s at %d: %q, %v", filepath.Base(name), p.at, rep.Problems, err)
		}
		flipIn(t, name, p.at)
	}
	for _, n := range []int{0, last} {
		flipIn(t, file(n, "seg"), 5)
		flipIn(t, file(n, "idx"), 600)
	}
	s := storetest.Start(t, o)
	if st, err := s.Scrubber(store.ScrubOptions{}).Pass(t.Context()); err != nil || st.Wrong != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Check(t, o.Dir)
}
