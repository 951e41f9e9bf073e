package handback_test

import (
	"bytes"
	"crypto/hpke"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"

	"clinicbox/internal/entry"
	"clinicbox/internal/handback"
	"clinicbox/internal/keyfile"
)

func keys(t testing.TB) hpke.PrivateKey {
	t.Helper()
	k, err := keyfile.Generate("tram-01")
	if err != nil {
		t.Fatal(err)
	}
	return k.HPKE
}

// file hands n entries back.
func file(t testing.TB, key hpke.PrivateKey, n, size int) (b []byte, es []handback.Entry) {
	t.Helper()
	var buf bytes.Buffer
	w, err := handback.NewWriter(&buf, handback.To{Box: "tram-01", Epoch: [8]byte{7}, HPKE: key.PublicKey()})
	if err != nil {
		t.Fatal(err)
	}
	body := make([]byte, size)
	for i := range n {
		binary.BigEndian.PutUint32(body, uint32(i))
		e := handback.Entry{Index: uint64(i) * 3, Salt: entry.Salt{byte(i)}, Bytes: body}
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
		e.Bytes = bytes.Clone(body)
		es = append(es, e)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes(), es
}

func read(b []byte, key hpke.PrivateKey) (out []handback.Entry, err error) {
	r, err := handback.NewReader(bytes.NewReader(b), key)
	if err != nil {
		return nil, err
	}
	for {
		es, err := r.Next()
		if errors.Is(err, io.EOF) {
			if r.Box != "tram-01" || r.Epoch != [8]byte{7} {
				return nil, fmt.Errorf("%s %x", r.Box, r.Epoch)
			}
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, es...)
	}
}

func TestHandBack(t *testing.T) {
	key := keys(t)
	for _, n := range []int{0, 1, 40, 900} { // the last in several pieces
		b, want := file(t, key, n, 3000)
		got, err := read(b, key)
		if err != nil || len(got) != len(want) || n > 0 && !reflect.DeepEqual(got, want) {
			t.Errorf("%d entries: %d came back, %v", n, len(got), err)
		}
		if _, err := read(b, keys(t)); !errors.Is(err, handback.ErrOther) {
			t.Errorf("with another key: %v", err)
		}
		if bytes.Contains(b, make([]byte, 100)) {
			t.Error("entries lie open in the file")
		}
	}
}

// TestHandBackDamaged cuts and bends a file everywhere: an error, and no entry that was
// not in it.
func TestHandBackDamaged(t *testing.T) {
	key := keys(t)
	b, want := file(t, key, 400, 3000)
	good := func(what string, got []handback.Entry) {
		t.Helper()
		for i := range got {
			if !reflect.DeepEqual(got[i], want[i]) {
				t.Fatalf("%s: entry %d is another", what, i)
			}
		}
	}
	for cut := 0; cut < len(b); cut += 1 + len(b)/70 {
		got, err := read(b[:cut], key)
		if err == nil {
			t.Fatalf("cut at %d: no error", cut)
		}
		good("cut", got)
	}
	for at := 0; at < len(b); at += 1 + len(b)/70 {
		bad := bytes.Clone(b)
		bad[at] ^= 4
		got, err := read(bad, key)
		if err == nil {
			t.Fatalf("bent at %d: no error", at)
		}
		good("bent", got)
	}
	if _, err := read(append([]byte("CBXBACK1"), 0, 0, 0, 4, 0xa1, 1, 0x18, 99), key); !errors.Is(err, handback.ErrVersion) {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	key := keys(f)
	b, _ := file(f, key, 3, 40)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := read(b, key); err == nil && len(got) != 3 && len(got) != 0 {
			t.Fatalf("%d entries", len(got))
		}
	})
}
