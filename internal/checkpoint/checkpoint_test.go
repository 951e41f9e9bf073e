package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// seedKey is the same key at each run.
func seedKey(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// log is a tree of numbered leaves.
type log struct{ hashes []tlog.Hash }

func newLog(t testing.TB, n int) *log {
	l := &log{}
	for i := range n {
		hs, err := tlog.StoredHashesForRecordHash(int64(i), leafOf(i), l)
		if err != nil {
			t.Fatal(err)
		}
		l.hashes = append(l.hashes, hs...)
	}
	return l
}

func leafOf(i int) tlog.Hash { return sha256.Sum256(fmt.Append(nil, i)) }

func (l *log) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, l.hashes[i])
	}
	return out, nil
}

func (l *log) at(t testing.TB, n int) Checkpoint {
	root, err := tlog.TreeHash(int64(n), l)
	if err != nil {
		t.Fatal(err)
	}
	return Checkpoint{Origin: Origin("tram-01", [8]byte{1, 2}), Size: uint64(n), Root: root}
}

func sign(t testing.TB, c Checkpoint, k ed25519.PrivateKey) []byte {
	t.Helper()
	msg, err := Sign(c, k)
	if err != nil {
		t.Fatal(err)
	}
	return msg
}

// TestNotesOfOthers: the public tools' own verifier accepts what we sign.
func TestNotesOfOthers(t *testing.T) {
	k := seedKey(7)
	c := newLog(t, 5).at(t, 5)
	msg := sign(t, c, k)
	vkey, err := note.NewEd25519VerifierKey(c.Origin, public(k))
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := note.Open(msg, note.VerifierList(v)); err != nil {
		t.Error(err)
	}
	if got, err := Open(msg, public(k)); err != nil || got != c {
		t.Error(got, err)
	}
}

// TestGoldenCheckpoint freezes the form.
func TestGoldenCheckpoint(t *testing.T) {
	c := Checkpoint{Origin: "cb/tram-01/0102000000000000", Size: 5, Root: [32]byte{9}}
	want := "cb/tram-01/0102000000000000\n5\nCQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n— cb/tram-01/0102000000000000 "
	msg := sign(t, c, seedKey(7))
	if !strings.HasPrefix(string(msg), want) || c.Origin != Origin("tram-01", [8]byte{1, 2}) {
		t.Errorf("%s", msg)
	}
	if again := sign(t, c, seedKey(7)); !bytes.Equal(msg, again) {
		t.Error("the same checkpoint has two signatures")
	}
}

func TestRefusals(t *testing.T) {
	k := seedKey(7)
	good := sign(t, newLog(t, 5).at(t, 5), k)
	for name, bad := range map[string]struct {
		msg  []byte
		want error
	}{
		"other size":   {bytes.Replace(good, []byte("\n5\n"), []byte("\n6\n"), 1), ErrSignature},
		"other origin": {bytes.ReplaceAll(good, []byte("tram-01"), []byte("tram-02")), ErrSignature},
		"other key":    {sign(t, newLog(t, 5).at(t, 5), seedKey(8)), ErrSignature},
		"size 05":      {bytes.Replace(good, []byte("\n5\n"), []byte("\n05\n"), 1), ErrFormat},
		"no signature": {good[:bytes.Index(good, []byte("\n\n"))], ErrFormat},
		"empty":        {nil, ErrFormat},
		"too long":     {append(slices.Clone(good), make([]byte, MaxSize)...), ErrFormat},
	} {
		if _, err := Open(bad.msg, public(k)); !errors.Is(err, bad.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(good, nil); !errors.Is(err, ErrSignature) {
		t.Error("no key verifies:", err)
	}
	if _, err := Sign(Checkpoint{Origin: "a b"}, k); !errors.Is(err, ErrFormat) {
		t.Error("a name with a blank:", err)
	}
}

func TestCosign(t *testing.T) {
	k, w := seedKey(7), seedKey(9)
	c := newLog(t, 5).at(t, 5)
	msg := sign(t, c, k)
	by := Cosigner{Name: "centre", Key: public(w)}
	if _, ok := Cosigned(msg, by); ok {
		t.Fatal("cosigned by nobody")
	}
	first, err := Cosign(msg, by.Name, w, time.Unix(1_800_000_000, 0))
	if err != nil {
		t.Fatal(err)
	}
	both, err := Cosign(first, by.Name, w, time.Unix(1_800_000_060, 0))
	if err != nil {
		t.Fatal(err)
	}
	if at, ok := Cosigned(both, by); !ok || at.Unix() != 1_800_000_060 || len(Witnesses(both)) != 1 || Witnesses(both)[0] != "centre" {
		t.Error(at, ok, Witnesses(both))
	}
	if got, err := Open(both, public(k)); err != nil || got != c {
		t.Error("the log's own signature is lost:", err)
	}
	for _, other := range []Cosigner{{"centre", public(k)}, {"center", public(w)}, {"", nil}} {
		if _, ok := Cosigned(both, other); ok {
			t.Errorf("%q cosigned", other.Name)
		}
	}
	moved := bytes.Replace(both, []byte("\n5\n"), []byte("\n4\n"), 1)
	if _, ok := Cosigned(moved, by); ok {
		t.Error("a cosignature holds for another size")
	}
}

func TestProofsOfEveryEntry(t *testing.T) {
	l := newLog(t, 17)
	for n := 1; n <= 17; n++ {
		c := l.at(t, n)
		for i := range n {
			at := uint64(i)
			p, err := Path(at, c.Size, l)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Holds(at, leafOf(i), p); err != nil {
				t.Fatal(n, i, err)
			}
			if err := c.Holds(at, leafOf(i+1), p); !errors.Is(err, ErrProof) {
				t.Error("another leaf verifies:", n, i, err)
			}
			if err := c.Holds(at+1, leafOf(i), p); !errors.Is(err, ErrProof) {
				t.Error("another place verifies:", n, i, err)
			}
			if err := c.Holds(at, leafOf(i), append(slices.Clone(p), [32]byte{})); !errors.Is(err, ErrProof) {
				t.Error("a longer way verifies:", n, i, err)
			}
			if len(p) > 0 && !errors.Is(c.Holds(at, leafOf(i), p[1:]), ErrProof) {
				t.Error("a shorter way verifies:", n, i)
			}
		}
	}
	if _, err := Path(17, 17, l); !errors.Is(err, ErrProof) {
		t.Error(err)
	}
}

func TestGrowth(t *testing.T) {
	l := newLog(t, 17)
	for to := 1; to <= 17; to++ {
		for from := 1; from <= to; from++ {
			p, err := Grow(uint64(from), uint64(to), l)
			if err != nil {
				t.Fatal(err)
			}
			a, b := l.at(t, from), l.at(t, to)
			if err := Grew(a, b, p); err != nil {
				t.Fatal(from, to, err)
			}
			a.Root[3] ^= 1
			if err := Grew(a, b, p); !errors.Is(err, ErrProof) {
				t.Error("another past grows into it:", from, to, err)
			}
		}
	}
	a, b := l.at(t, 3), l.at(t, 2)
	if err := Grew(a, b, nil); !errors.Is(err, ErrProof) {
		t.Error("it shrank:", err)
	}
}

func FuzzParse(f *testing.F) {
	k := seedKey(7)
	l := newLog(f, 5)
	signed := sign(f, l.at(f, 5), k)
	f.Add(signed)
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := Unverified(b); err == nil {
			if got, err := parse(c.String()); err != nil || got != c {
				t.Fatal(got, err)
			}
		}
		_ = Witnesses(b)
		_, _ = Cosign(b, "w", k, time.Unix(1, 0))
	})
}
