package courier

import (
	"bytes"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"clinicbox/sync/wire"
)

func samplePiece() (*Piece, Extent) {
	p := &Piece{
		Dir: wire.DirUp, Box: "tram-01", File: wire.FileID{1, 2}, Number: 3, Made: time.Unix(1_790_000_000, 0),
		Start: []byte{0xCF, 1, 2, 9}, Frames: [][]byte{{1}, bytes.Repeat([]byte{2}, 300)},
	}
	return p, Extent{Epoch: wire.Epoch{4}, First: 5, Next: 1 << 40, Ack: Mark{wire.Epoch{6}, 7}}
}

// TestGoldenPiece reads a piece that was recorded once: a stick in a drawer must be
// understood years later. CLINICBOX_GOLDEN=write writes it when it is missing.
func TestGoldenPiece(t *testing.T) {
	path := filepath.Join("testdata", "piece.hex")
	want, extent := samplePiece()
	k := &NoteKey{8}
	if _, err := os.Stat(path); os.IsNotExist(err) && os.Getenv("CLINICBOX_GOLDEN") == "write" {
		b, err := want.encode(k, extent)
		if err == nil {
			err = os.WriteFile(path, []byte(hex.EncodeToString(b)+"\n"), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	p, err := DecodePiece(b)
	if err != nil {
		t.Fatal(err)
	}
	p.sealed = nil
	if !reflect.DeepEqual(p, want) {
		t.Errorf("%+v", p)
	}
	if e, err := k.open(b); err != nil || e != extent {
		t.Errorf("%+v %v", e, err)
	}
	again, err := want.encode(k, extent)
	if err != nil || len(again) != len(b) || !bytes.Equal(again[:len(b)-(extentSize+aeadSize)-sumSize], b[:len(b)-(extentSize+aeadSize)-sumSize]) {
		t.Errorf("written otherwise than version 1: %x %v", again, err)
	}
}

// TestTornPiece cuts a piece at every byte and changes every byte: none of these is
// taken for a piece, and its note opens for nobody else and beside no other content.
func TestTornPiece(t *testing.T) {
	p, extent := samplePiece()
	k := &NoteKey{8}
	b, err := p.encode(k, extent)
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if _, err := DecodePiece(b[:n]); !errors.Is(err, ErrTorn) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		changed := bytes.Clone(b)
		changed[n] ^= 0x10
		if _, err := DecodePiece(changed); err == nil {
			t.Fatalf("byte %d changed: no error", n)
		}
	}
	if _, err := DecodePiece(append(bytes.Clone(b), 0)); !errors.Is(err, ErrTorn) {
		t.Errorf("more than the piece: %v", err)
	}
	if _, err := DecodePiece(make([]byte, 5000)); !errors.Is(err, ErrTorn) {
		t.Errorf("zeros: %v", err)
	}
	if _, err := (&NoteKey{9}).open(b); !errors.Is(err, ErrNote) {
		t.Errorf("another writer: %v", err)
	}
	other := *p
	other.Frames = [][]byte{{7}}
	if o, err := other.encode(&NoteKey{9}, extent); err != nil {
		t.Error(err)
	} else if _, err := k.open(o); !errors.Is(err, ErrNote) {
		t.Errorf("%v", err)
	}
}

// FuzzPiece feeds files of a stranger's stick.
func FuzzPiece(f *testing.F) {
	_, extent := samplePiece()
	k := &NoteKey{8}
	text, err := os.ReadFile(filepath.Join("testdata", "piece.hex"))
	if err != nil {
		f.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte("CBCF"))
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := DecodePiece(in)
		if err != nil {
			return
		}
		if again, err := got.encode(k, extent); err != nil || !bytes.Equal(again[:len(got.body())], in[:len(got.body())]) && len(again) == len(in) {
			t.Fatalf("read but not written the same: %v", err)
		}
		if _, err := k.open(in); err == nil && !bytes.Equal(in, b) {
			t.Fatal("a forged note opens")
		}
	})
}
