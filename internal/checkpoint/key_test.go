package checkpoint

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"
)

// A key line is one that tools for signed notes take, and names one log only.
func TestKeyLine(t *testing.T) {
	k, l := seedKey(7), newLog(t, 5)
	c := l.at(t, 3)
	line := KeyLine(c.Origin, public(k))
	v, err := note.NewVerifier(line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(sign(t, c, k), note.VerifierList(v)); err != nil {
		t.Error(err)
	}
	origin, key, err := ParseKeyLine(" " + line + "\n")
	if err != nil || origin != c.Origin || !bytes.Equal(key, public(k)) {
		t.Error(origin, key, err)
	}
	for _, bad := range []string{
		"", "+", strings.Replace(line, "cb/", "cb ", 1), strings.Replace(line, "+", "+0", 1), line + "A", line[:len(line)-4],
		strings.Replace(line, c.Origin, c.Origin+"0", 1), "x" + line, strings.Replace(line, "+A", "+B", 1),
	} {
		if _, _, err := ParseKeyLine(bad); !errors.Is(err, ErrFormat) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if KeyLine(c.Origin, nil) != "" {
		t.Error("a line without a key")
	}
}

func FuzzParseKeyLine(f *testing.F) {
	f.Add(KeyLine("cb/tram-01/0102030405060708", public(seedKey(1))))
	f.Fuzz(func(t *testing.T, s string) {
		if origin, key, err := ParseKeyLine(s); err == nil {
			if o2, k2, err := ParseKeyLine(KeyLine(origin, key)); err != nil || o2 != origin || !bytes.Equal(k2, key) {
				t.Fatalf("%q: %v", s, err)
			}
		}
	})
}
