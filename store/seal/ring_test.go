package seal_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"clinicbox/store/seal"
)

func grown(t testing.TB, root seal.Key, n int) seal.Ring {
	t.Helper()
	r := seal.NewRing(root)
	for i := range n {
		var err error
		if r, err = r.With(uint64(i) + 7); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestRingOpensAsWritten(t *testing.T) {
	root, next := seal.Key{1}, seal.Key{2}
	r := grown(t, root, 3)
	for _, roots := range [][]seal.Key{{root}, {root, next}} {
		b := r.Encode(roots...)
		for k := range r.All() {
			if bytes.Contains(b, k[:]) {
				t.Fatal("a key stands in clear")
			}
		}
		for _, k := range roots {
			got, alone, err := seal.DecodeRing(b, k)
			if err != nil || alone != (len(roots) == 1) || got.Generation() != r.Generation()+1 || got.Made() != 9 {
				t.Fatal(got, alone, err)
			}
			if !slices.Equal(slices.Collect(got.All()), slices.Collect(r.All())) || *got.Oldest() != root {
				t.Fatal("other keys")
			}
			for k := range r.All() {
				if f := got.Find(k.ID()); f == nil || *f != k {
					t.Fatal("a key is not found")
				}
			}
		}
		if _, _, err := seal.DecodeRing(b, seal.Key{3}); !errors.Is(err, seal.ErrRoot) {
			t.Fatal(err)
		}
		for i := range b { // what is not as written is not opened
			bad := bytes.Clone(b)
			bad[i] ^= 0x40
			if got, _, err := seal.DecodeRing(bad, root); err == nil {
				t.Fatalf("flipped byte %d opens: %v", i, got)
			}
			if _, _, err := seal.DecodeRing(b[:i], root); !errors.Is(err, seal.ErrDamaged) {
				t.Fatalf("cut at %d: %v", i, err)
			}
		}
	}
	if r.Find(seal.KeyID{}) != nil {
		t.Error("finds what is not there")
	}
}

func TestRingNeverSealsTwiceAlike(t *testing.T) {
	r := grown(t, seal.Key{1}, 1)
	a, b := r.Encode(seal.Key{1}), r.Encode(seal.Key{1})
	if bytes.Equal(a[32:56], b[32:56]) {
		t.Error("a nonce was used again")
	}
	two := grown(t, seal.Key{1}, 2)
	if *two.Newest() == *r.Newest() || two.Newest().ID() == two.Oldest().ID() {
		t.Error("keys are alike")
	}
}

func TestRingIsNeverPrinted(t *testing.T) {
	r := grown(t, seal.Key{0xde, 0xad}, 1)
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(f, r); got != "[ring of 2 keys]" {
			t.Errorf("%s prints %q", f, got)
		}
	}
}

func TestRingIsBounded(t *testing.T) {
	r := grown(t, seal.Key{1}, 1023)
	if _, err := r.With(0); !errors.Is(err, seal.ErrManyKeys) {
		t.Fatal(err)
	}
	if got, _, err := seal.DecodeRing(r.Encode(seal.Key{1}), seal.Key{1}); err != nil || got.Len() != 1024 {
		t.Fatal(got, err)
	}
}

// frozen is a ring of version 1 under the root {1}.
func frozen(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/ring-1.hex")
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRingFormIsFrozen(t *testing.T) {
	r, alone, err := seal.DecodeRing(frozen(t), seal.Key{1})
	if err != nil || !alone || r.Len() != 3 || *r.Oldest() != (seal.Key{1}) || r.Made() != 8 || r.Generation() != 1 {
		t.Fatal(r, alone, err)
	}
	if id := r.Newest().ID(); hex.EncodeToString(id[:]) != "64765948bce6cbd3" {
		t.Errorf("newest key %x", id)
	}
	newer := frozen(t)
	newer[9]++
	if _, _, err := seal.DecodeRing(newer, seal.Key{1}); !errors.Is(err, seal.ErrVersion) {
		t.Error(err)
	}
}

// FuzzRing gives the decoder any bytes, with a sum that is right: it must not panic,
// and what it takes must write and read again alike.
func FuzzRing(f *testing.F) {
	root := seal.Key{1}
	r := grown(f, root, 2)
	for _, b := range [][]byte{frozen(f), r.Encode(root), r.Encode(root, seal.Key{2}), nil} {
		f.Add(b, true)
		f.Add(b[:max(len(b)-4, 0)], true)
	}
	f.Fuzz(func(t *testing.T, b []byte, sum bool) {
		if sum {
			b = seal.Summed(b)
		}
		got, _, err := seal.DecodeRing(b, root)
		if err != nil {
			if got.Len() != 0 {
				t.Fatal("keys with an error")
			}
			return
		}
		again, alone, err := seal.DecodeRing(got.Encode(root), root)
		if err != nil || !alone || !slices.Equal(slices.Collect(again.All()), slices.Collect(got.All())) {
			t.Fatal(again, err)
		}
	})
}
