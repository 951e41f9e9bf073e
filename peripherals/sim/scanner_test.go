package sim

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/testpeer"
)

func TestShape(t *testing.T) {
	for _, tt := range []struct {
		name string
		as   Shape
		want []string
	}{
		{"as it is", Shape{}, []string{"Ấn"}},
		{"set up", Shape{Prefix: "]Q1", Suffix: "\r\n"}, []string{"]Q1Ấn\r\n"}},
		{"decomposed", Shape{NFD: true}, []string{"A\u0302\u0301n"}},
		{"cut", Shape{Cut: 1, Suffix: "\r"}, []string{"\xe1\r"}},
		{"cut beyond the end", Shape{Cut: 99}, []string{"Ấn"}},
		{"pieces", Shape{Suffix: "\r", Chunk: 2}, []string{"\xe1\xba", "\xa4n", "\r"}},
	} {
		var got []string
		for _, p := range tt.as.pieces("Ấn") {
			got = append(got, string(p))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestScannerPath: the path is stable, vanishes with the cable, and what is scanned
// reaches whoever opens it later, without echo or line editing.
func TestScannerPath(t *testing.T) {
	s, err := NewScanner(t.TempDir())
	if err != nil {
		testpeer.Lacks(t, "no pseudo-terminals here: "+err.Error())
	}
	path := s.Path()
	for round := range 3 {
		if err := s.Plug(); err != nil || !s.Plugged() || s.Path() != path {
			t.Fatalf("round %d: %v, plugged %v", round, err, s.Plugged())
		}
		if err := s.ScanAs("\x04ab\x03c", Shape{Suffix: "\r"}); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 100)
		if n, err := f.Read(b); err != nil || string(b[:n]) != "\x04ab\x03c\r" {
			t.Errorf("round %d: read %q, %v", round, b[:n], err)
		}
		if err := s.Unplug(); err != nil {
			t.Fatal(err)
		}
		if n, err := f.Read(b); n != 0 || err == nil {
			t.Errorf("round %d: read %d bytes after the hang-up", round, n)
		}
		f.Close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("round %d: the path is still there: %v", round, err)
		}
		if err := errors.Join(s.Unplug(), s.Close()); err != nil {
			t.Errorf("unplugged twice: %v", err)
		}
		if err := s.Scan("x"); !errors.Is(err, ErrUnplugged) {
			t.Errorf("scan without a cable: %v", err)
		}
	}
	if left, _ := filepath.Glob(filepath.Dir(path) + "/*"); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestNobodyReads: a scan that does not fit into the terminal fails in time.
func TestNobodyReads(t *testing.T) {
	s, err := NewScanner(t.TempDir())
	if err != nil {
		testpeer.Lacks(t, "no pseudo-terminals here: "+err.Error())
	}
	defer s.Close()
	s.timeout = 20 * time.Millisecond
	if err := s.Scan(strings.Repeat("x", 100_000)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("100 KB into nothing: %v", err)
	}
}
