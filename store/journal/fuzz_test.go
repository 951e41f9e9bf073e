package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"clinicbox/store/journal"
)

// FuzzSegment opens a journal whose only segment is any bytes: it must never
// panic, and what opens must read, go on and open again with the same entries.
func FuzzSegment(f *testing.F) {
	c := config(f.TempDir())
	j := open(f, c)
	add(f, j, "a")
	add(f, j, "b", "c")
	add(f, j, "d")
	j.Close()
	good, err := os.ReadFile(filepath.Join(c.Dir, "00000000.seg"))
	if err != nil {
		f.Fatal(err)
	}
	body := good[1024 : 1024+4*57]
	f.Add(body, uint8(0))
	f.Add(body[:100], uint8(4))
	f.Add(append(append([]byte{}, body[57:]...), body...), uint8(2))
	f.Add(append(body[:57:57], body[2*57:]...), uint8(0))
	f.Fuzz(func(t *testing.T, body []byte, known uint8) {
		c := config(t.TempDir())
		c.Known = uint64(known)
		if err := os.WriteFile(filepath.Join(c.Dir, "00000000.seg"), append(good[:1024:1024], body...), 0o600); err != nil {
			t.Fatal(err)
		}
		j, err := journal.Open(c)
		if err != nil {
			t.Fatal(err) // the header is good: damage behind it never stops the journal
		}
		before := texts(t, j)
		add(t, j, "goes on")
		j.Close()
		c.Known = 0
		j = open(t, c)
		after := texts(t, j)
		if len(after) != len(before)+1 || after[len(before)] != "goes on" {
			t.Fatalf("%q, then %q", before, after)
		}
		for i := range before {
			if before[i] != after[i] {
				t.Fatalf("%q, then %q", before, after)
			}
		}
		j.Close()
	})
}
