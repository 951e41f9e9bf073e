package barcode_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"clinicbox/peripherals/barcode"
)

func TestSplitter(t *testing.T) {
	long := strings.Repeat("x", barcode.MaxPayload+1)
	for _, tt := range []struct {
		name   string
		pushes []string // "" is a silence
		want   []string
	}{
		{"CR", []string{"a\r"}, []string{"a"}},
		{"LF", []string{"a\n"}, []string{"a"}},
		{"CRLF", []string{"a\r\nb\r\n"}, []string{"a", "b"}},
		{"CRLF in two pieces", []string{"a\r", "\nb\r\n"}, []string{"a", "b"}},
		{"silence", []string{"a", "b", "", "c"}, []string{"ab"}},
		{"silence twice", []string{"a", "", "", "b", ""}, []string{"a", "b"}},
		{"byte by byte", []string{"a", "b", "c", "\r"}, []string{"abc"}},
		{"only ends", []string{"\r\n\r\n\n", ""}, nil},
		{"longest", []string{long[1:] + "\r"}, []string{long[1:]}},
		{"too long is cut", []string{long, long, long + "tail\rb\r"}, []string{long, "b"}},
		{"too long, then silence", []string{long, long, "", "b", ""}, []string{long, "b"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s barcode.Splitter
			var got []string
			code := func(b []byte) { got = append(got, string(b)) }
			for _, p := range tt.pushes {
				if p == "" {
					s.Idle(code)
				} else {
					s.Push([]byte(p), code)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %d codes %.80q, want %d", len(got), got, len(tt.want))
			}
		})
	}
}

// FuzzSplitter: however the bytes are cut into pieces, the codes are the same, none
// is too long and none holds a line end.
func FuzzSplitter(f *testing.F) {
	f.Add([]byte("079|a\r\nb\n"), uint8(3))
	f.Add(bytes.Repeat([]byte("x"), 9000), uint8(200))
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		run := func(n int) (out [][]byte) {
			var s barcode.Splitter
			code := func(b []byte) { out = append(out, b) }
			for p := range slices.Chunk(in, n) {
				s.Push(p, code)
			}
			s.Idle(code)
			return out
		}
		a, b := run(int(size)+1), run(1)
		if !slices.EqualFunc(a, b, bytes.Equal) {
			t.Fatalf("pieces of %d give %q, of 1 %q", int(size)+1, a, b)
		}
		for _, c := range a {
			if len(c) == 0 || len(c) > barcode.MaxPayload+1 || bytes.ContainsAny(c, "\r\n") {
				t.Fatalf("bad code %q", c)
			}
		}
	})
}
