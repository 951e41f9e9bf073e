package wire

import (
	"bytes"
	"encoding/hex"
	"os"
	"slices"
	"strings"
	"testing"
)

// FuzzFrame feeds frames from outside to everything that reads one unopened.
func FuzzFrame(f *testing.F) {
	box, hub := frozenKey("tram-01", 1), frozenKey("hub", 2)
	want := Expect{DirUp, "tram-01", box.Public().Identity, Nonce{1}}
	start := recorded(f, "frame-start")
	_, o, err := AcceptSession(start, hub.HPKE, want)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(start)
	var frames [][]byte
	for _, n := range []string{"data", "receipt", "down", "pong", "downack", "ping", "unknown"} {
		frames = append(frames, recorded(f, "frame-"+n))
		f.Add(frames[len(frames)-1])
	}
	f.Add(Who{Nonce: Nonce{2}, Back: true}.Frame())
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := Parse(b)
		if err != nil {
			return
		}
		if h.size > len(b) {
			t.Fatalf("header of %d bytes in a frame of %d", h.size, len(b))
		}
		_, _ = ParseWho(b)
		if _, err := o.Open(b); err == nil && !slices.ContainsFunc(frames, func(f []byte) bool { return bytes.Equal(f, b) }) {
			t.Fatal("a forged frame opens")
		}
		if _, _, err := AcceptSession(b, hub.HPKE, want); err == nil && !bytes.Equal(b, start) {
			t.Fatal("a forged start is accepted")
		}
	})
}

// FuzzInner feeds authentic plaintexts of a hostile peer.
func FuzzInner(f *testing.F) {
	for _, m := range frozenMessages(&testing.T{}) {
		for _, dict := range []uint32{0, 1, newest} {
			b, err := encodeInner(m, dict, knowing())
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	for _, dict := range Dictionaries() {
		d, err := encodeInner(awkward(f), dict, knowing())
		if err != nil {
			f.Fatal(err)
		}
		f.Add(d)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := decodeInner(b, knowing())
		if err != nil {
			return
		}
		if d, ok := m.(*Data); ok {
			if items := d.Items(); uint64(len(items)) != d.Size-d.First {
				t.Fatalf("%d items for %d indices", len(items), d.Size-d.First)
			}
		}
		again, err := encodeInner(m, 0, knowing())
		if err != nil {
			t.Fatalf("read but not written: %v", err)
		}
		if _, err := decodeInner(again, knowing()); err != nil {
			t.Fatalf("written but not read: %v", err)
		}
	})
}

// FuzzSigned feeds bodies that are validly signed: a hub gone wrong.
func FuzzSigned(f *testing.F) {
	hub := frozenKey("hub", 2)
	for n, m := range frozenMessages(&testing.T{}) {
		if n == "receipt" || n == "down" || n == "pong" || n == "set" {
			b, _, _ := m.body()
			f.Add(b[64:])
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, context := range []string{receiptContext, downContext, pongContext, setContext} {
			sig, err := signCtx(hub.Identity, context, body)
			if err != nil {
				t.Fatal(err)
			}
			b := append(sig, body...)
			if r, err := SignedReceipt(b).Verify(hub.Public().Identity); err == nil && !ordered(r.Parked, r.Size) {
				t.Fatal("ranges out of order")
			}
			if d, err := SignedDown(b).Verify(hub.Public().Identity); err == nil && d.Next() <= d.First {
				t.Fatal("down data without entries")
			}
			if s, err := SignedSet(b).Verify(hub.Public().Identity); err == nil && len(s.Entries) == 0 {
				t.Fatal("a set without entries")
			}
			_, _ = SignedPong(b).Verify(hub.Public().Identity)
		}
	})
}

func recorded(f *testing.F, name string) []byte {
	text, err := os.ReadFile("testdata/" + name + ".hex")
	if err != nil {
		f.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		f.Fatal(err)
	}
	return b
}
