package powercut_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/internal/powercut"
)

// script is a trace made by hand: one event after the other.
func script(events ...powercut.Event) *powercut.Trace {
	t := &powercut.Trace{}
	for _, e := range events {
		t.Moment += 2
		e.Begin, e.End = t.Moment-1, t.Moment
		t.Events = append(t.Events, e)
	}
	return t
}

// outcomes rebuilds many times and returns what there was, each state once.
func outcomes(t *testing.T, trace *powercut.Trace, c powercut.Cut) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	for c.Seed = range 400 {
		dir := t.TempDir()
		if err := trace.Rebuild(c, dir); err != nil {
			t.Fatal(err)
		}
		var state []string
		es, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range es {
			b, _ := os.ReadFile(filepath.Join(dir, e.Name()))
			state = append(state, e.Name()+"="+short(b))
		}
		out[strings.Join(state, " ")] = true
		os.RemoveAll(dir)
	}
	return out
}

// short writes a content as one letter for each 512 bytes; a mixed one is "?".
func short(b []byte) (s string) {
	for len(b) > 0 {
		n := min(512, len(b))
		if c := b[0]; bytes.Count(b[:n], b[:1]) < n {
			s += "?"
		} else if c == 0 {
			s += "0"
		} else {
			s += string(c)
		}
		b = b[n:]
	}
	return s
}

func fill(c byte, n int) []byte { return bytes.Repeat([]byte{c}, n) }

// TestDiskStates lists all states that a disk may be in after a cut, for small
// stories: no more, so that nothing impossible is asked, and no less.
func TestDiskStates(t *testing.T) {
	create := powercut.Event{Op: powercut.OpCreate, Name: "f", File: 1}
	a := powercut.Event{Op: powercut.OpWrite, File: 1, Data: fill('a', 1024)}
	b := powercut.Event{Op: powercut.OpWrite, File: 1, Data: fill('b', 1024)}
	sync, dir := powercut.Event{Op: powercut.OpSync, File: 1}, powercut.Event{Op: powercut.OpSyncDir, Name: "."}
	for name, c := range map[string]struct {
		trace  *powercut.Trace
		lies   int
		sector int
		want   string
	}{
		"nothing is flushed":           {script(create, a), 0, 512, "| f=| f=00| f=0a| f=a0| f=aa"},
		"the file is flushed, no name": {script(create, a, sync), 0, 512, "| f=aa"},
		"the name is flushed":          {script(create, dir, a), 0, 512, "f=| f=00| f=0a| f=a0| f=aa"},
		"all is flushed":               {script(create, a, sync, dir), 0, 512, "f=aa"},
		"the last flush lied":          {script(create, a, sync, dir), 1, 512, "| f=aa"},
		"both flushes lied":            {script(create, a, sync, dir), 2, 512, "| f=| f=00| f=0a| f=a0| f=aa"},
		"torn by sectors":              {script(create, a, sync, dir, b), 0, 512, "f=aa| f=ab| f=ba| f=bb"},
		"not torn below a sector":      {script(create, a, sync, dir, b), 0, 4096, "f=aa| f=bb"},
		"shorter":                      {script(create, a, sync, dir, powercut.Event{Op: powercut.OpResize, File: 1, Off: 512}), 0, 512, "f=a| f=aa"},
		"emptied and written":          {script(create, a, sync, dir, powercut.Event{Op: powercut.OpResize, File: 1}, b), 0, 512, "f=| f=00| f=0b| f=aa| f=ab| f=b0| f=ba| f=bb"},
		"longer":                       {script(create, a, sync, dir, powercut.Event{Op: powercut.OpGrow, File: 1, Off: 1536}), 0, 512, "f=aa| f=aa0"},
		"replaced": {script(create, a, sync, dir, powercut.Event{Op: powercut.OpCreate, Name: "t", File: 2}, powercut.Event{Op: powercut.OpWrite, File: 2, Data: fill('n', 512)},
			powercut.Event{Op: powercut.OpSync, File: 2}, powercut.Event{Op: powercut.OpRename, Name: "t", To: "f", File: 2}), 0, 512, "f=aa| f=aa t=n| f=n"},
		"removed": {script(create, a, sync, dir, powercut.Event{Op: powercut.OpRemove, Name: "f"}), 0, 512, "| f=aa"},
	} {
		got := outcomes(t, c.trace, powercut.Cut{At: c.trace.Moment, Lies: c.lies, Sector: c.sector})
		for _, w := range strings.Split(c.want, "|") {
			if w = strings.TrimSpace(w); !got[w] {
				t.Errorf("%s: %q never happens", name, w)
			}
			delete(got, w)
		}
		for g := range got {
			t.Errorf("%s: %q happens", name, g)
		}
	}
}

// TestCutText: a cut that a log names can be made again.
func TestCutText(t *testing.T) {
	want := powercut.Cut{At: 17, Lies: 2, Sector: 4096, Seed: 1 << 63}
	if got, err := powercut.ParseCut(want.String()); err != nil || got != want {
		t.Error(got, err)
	}
	trace := script(powercut.Event{Op: powercut.OpSay, Data: []byte("x")})
	path := filepath.Join(t.TempDir(), "trace")
	if err := trace.Save(path); err != nil {
		t.Fatal(err)
	}
	if again, err := powercut.Load(path); err != nil || again.Said(9) != "x" {
		t.Error(again, err)
	}
}
