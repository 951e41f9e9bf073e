package proven

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
)

func keyOf(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// log is a small log of entries about invented people.
type log struct {
	entries []Entry
	hashes  []tlog.Hash
}

func (l *log) ReadHashes(at []int64) (out []tlog.Hash, err error) {
	for _, i := range at {
		out = append(out, l.hashes[i])
	}
	return out, nil
}

// newLog holds n entries; box tells it from another box's.
func newLog(t testing.TB, n int, box byte) (*log, []byte) {
	t.Helper()
	l := &log{}
	for i := range n {
		d := clinic.Draft{
			Kind: clinic.KindPatient, Subject: clinic.ID{box, byte(i)}, Event: time.Unix(1_790_000_000, 0),
			Body: &clinic.Patient{Name: "Nguyễn Thị Mẫu"},
		}
		b, err := entry.Encode(d, clinic.ID{1, byte(i)}, clinic.ID{2}, uint64(i+1)<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		e := Entry{Index: uint64(i), Salt: (&entry.Seed{box}).Salt(uint32(i)), Bytes: b}
		e.Leaf = entry.LeafHash(e.Salt, e.Bytes)
		hs, err := tlog.StoredHashesForRecordHash(int64(i), tlog.Hash(e.Leaf), l)
		if err != nil {
			t.Fatal(err)
		}
		l.entries, l.hashes = append(l.entries, e), append(l.hashes, hs...)
	}
	root, err := tlog.TreeHash(int64(n), l)
	if err != nil {
		t.Fatal(err)
	}
	c := checkpoint.Checkpoint{Origin: checkpoint.Origin("tram-01", [8]byte{box}), Size: uint64(n), Root: root}
	signed, err := checkpoint.Sign(c, keyOf(box))
	if err != nil {
		t.Fatal(err)
	}
	for i := range l.entries {
		p, err := checkpoint.Prove(uint64(i), signed, l)
		if err != nil {
			t.Fatal(err)
		}
		l.entries[i].Path = p.Hashes
	}
	return l, signed
}

func TestEveryEntryInBothForms(t *testing.T) {
	for n := 1; n < 10; n++ {
		l, signed := newLog(t, n, 7)
		for _, e := range l.entries {
			file, err := e.File(signed)
			if err != nil {
				t.Fatal(err)
			}
			got, c, err := Open(file, public(keyOf(7)))
			if err != nil || c.Size != uint64(n) || got.Leaf != e.Leaf {
				t.Fatal(err)
			}
			if r, err := got.Record(); err != nil || r.Kind != clinic.KindPatient || r.Leaf != e.Leaf {
				t.Fatal(err)
			}
			j, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var back Entry
			if err := json.Unmarshal(j, &back); err != nil || back.Under(c) != nil || !bytes.Equal(back.Bytes, e.Bytes) {
				t.Fatalf("%s: %v", j, err)
			}
		}
	}
}

// TestExtraIsTheLeafData: a tool that knows RFC 6962 and nothing of ours checks a file.
func TestExtraIsTheLeafData(t *testing.T) {
	l, signed := newLog(t, 5, 7)
	file, _ := l.entries[3].File(signed)
	p, err := checkpoint.ParseProof(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Verify(tlog.RecordHash(p.Extra), public(keyOf(7))); err != nil {
		t.Error(err)
	}
}

func TestHole(t *testing.T) {
	l, signed := newLog(t, 5, 7)
	c, _ := checkpoint.Open(signed, public(keyOf(7)))
	e := l.entries[2]
	e.Bytes, e.Salt = nil, entry.Salt{}
	if err := e.Under(c); err != nil {
		t.Error("the leaf of a hole is in the log all the same:", err)
	}
	if _, err := e.File(signed); !errors.Is(err, ErrHole) {
		t.Error(err)
	}
	if _, err := e.Record(); !errors.Is(err, ErrHole) {
		t.Error(err)
	}
	j, _ := json.Marshal(e)
	var back Entry
	if err := json.Unmarshal(j, &back); err != nil || back.Bytes != nil || back.Under(c) != nil {
		t.Error(err)
	}
}

// TestTamperings changes one thing of a file at a time; the outsider has the key.
func TestTamperings(t *testing.T) {
	l, signed := newLog(t, 9, 7)
	other, theirs := newLog(t, 9, 8)
	c, _ := checkpoint.Open(signed, public(keyOf(7)))
	file := func(change func(*Entry), signed []byte) []byte {
		e := l.entries[5]
		e.Bytes, e.Path = bytes.Clone(e.Bytes), append([][32]byte(nil), e.Path...)
		change(&e)
		b, err := e.File(signed)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	same := func(*Entry) {}
	sign := func(c checkpoint.Checkpoint, k ed25519.PrivateKey) []byte {
		b, err := checkpoint.Sign(c, k)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	rewritten := c
	rewritten.Root[0] ^= 1
	longer := c
	longer.Size = 17 // one more would have a path of the same shape
	good := file(same, signed)
	if _, _, err := Open(good, public(keyOf(7))); err != nil {
		t.Fatal(err)
	}
	foreign, _ := other.entries[5].File(theirs)
	mixed, _ := other.entries[5].File(signed)
	for name, bad := range map[string]struct {
		file []byte
		want error
	}{
		"bytes of the entry":             {file(func(e *Entry) { e.Bytes[len(e.Bytes)-1] ^= 1 }, signed), checkpoint.ErrProof},
		"salt":                           {file(func(e *Entry) { e.Salt[0] ^= 1 }, signed), checkpoint.ErrProof},
		"index":                          {file(func(e *Entry) { e.Index++ }, signed), checkpoint.ErrProof},
		"index beyond the log":           {file(func(e *Entry) { e.Index = 9 }, signed), checkpoint.ErrProof},
		"a hash of the path":             {file(func(e *Entry) { e.Path[1][0] ^= 1 }, signed), checkpoint.ErrProof},
		"a hash too few":                 {file(func(e *Entry) { e.Path = e.Path[1:] }, signed), checkpoint.ErrProof},
		"a hash too many":                {file(func(e *Entry) { e.Path = append(e.Path, [32]byte{}) }, signed), checkpoint.ErrProof},
		"size of the checkpoint":         {bytes.Replace(good, []byte("\n9\n"), []byte("\n8\n"), 1), checkpoint.ErrSignature},
		"origin of the checkpoint":       {bytes.ReplaceAll(good, []byte("tram-01"), []byte("tram-02")), checkpoint.ErrSignature},
		"root of the checkpoint":         {replaceRoot(good, c, rewritten), checkpoint.ErrSignature},
		"signature":                      {flip(good, len(good)-10), checkpoint.ErrSignature},
		"another key signed":             {file(same, sign(c, keyOf(9))), checkpoint.ErrSignature},
		"proof of another box":           {foreign, checkpoint.ErrSignature},
		"entry of another box":           {mixed, checkpoint.ErrProof},
		"root rewritten by the key":      {file(same, sign(rewritten, keyOf(7))), checkpoint.ErrProof},
		"size rewritten by the key":      {file(same, sign(longer, keyOf(7))), checkpoint.ErrProof},
		"cut in the checkpoint":          {good[:len(good)-40], checkpoint.ErrSignature},
		"cut in the path":                {good[:bytes.Index(good, []byte("index"))+30], checkpoint.ErrFormat},
		"no entry":                       {bytes.Replace(good, extraLine(good), nil, 1), ErrForm},
		"empty":                          {nil, checkpoint.ErrFormat},
		"a checkpoint without signature": {good[:bytes.LastIndex(good, []byte("\n\n"))], checkpoint.ErrFormat},
	} {
		if _, _, err := Open(bad.file, public(keyOf(7))); !errors.Is(err, bad.want) {
			t.Errorf("%s: %v, want %v", name, err, bad.want)
		}
	}
	e := l.entries[5]
	e.Leaf[0] ^= 1
	if err := e.Under(c); !errors.Is(err, ErrLeaf) {
		t.Error("a leaf hash that is not of the bytes:", err)
	}
}

func replaceRoot(b []byte, from, to checkpoint.Checkpoint) []byte {
	return bytes.Replace(b, []byte(from.String()), []byte(to.String()), 1)
}

func flip(b []byte, at int) []byte {
	out := bytes.Clone(b)
	if out[at] == 'A' {
		out[at] = 'B'
	} else {
		out[at] = 'A'
	}
	return out
}

func extraLine(b []byte) []byte {
	for l := range bytes.Lines(b) {
		if bytes.HasPrefix(l, []byte("extra ")) {
			return l
		}
	}
	return nil
}

// TestGoldenLine freezes the JSON form.
func TestGoldenLine(t *testing.T) {
	e := Entry{Index: 3, Leaf: clinic.Leaf{1}, Salt: entry.Salt{2}, Bytes: []byte{3}, Path: [][32]byte{{4}}}
	zeros := func(first byte, n int) string {
		return base64.StdEncoding.EncodeToString(append([]byte{first}, make([]byte, n-1)...))
	}
	want := `{"index":3,"leaf":"` + zeros(1, 32) + `","salt":"` + zeros(2, 16) + `","entry":"Aw==","path":["` + zeros(4, 32) + `"]}`
	if got, err := json.Marshal(e); err != nil || string(got) != want {
		t.Errorf("%s, want %s (%v)", got, want, err)
	}
	for name, bad := range map[string]string{
		"short leaf":          strings.Replace(want, zeros(1, 32), zeros(1, 31), 1),
		"salt without bytes":  strings.Replace(want, `,"entry":"Aw=="`, "", 1),
		"bytes without salt":  strings.Replace(want, `,"salt":"`+zeros(2, 16)+`"`, "", 1),
		"short hash in path":  strings.Replace(want, zeros(4, 32), zeros(4, 30), 1),
		"negative index":      strings.Replace(want, `"index":3`, `"index":-3`, 1),
		"what is no base64":   strings.Replace(want, `"Aw=="`, `"?"`, 1),
		"more than one value": want + want,
	} {
		if err := json.Unmarshal([]byte(bad), new(Entry)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzEntry(f *testing.F) {
	l, signed := newLog(f, 5, 7)
	file, _ := l.entries[3].File(signed)
	j, _ := json.Marshal(l.entries[3])
	f.Add(file)
	f.Add(j)
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, c, err := Open(b, public(keyOf(7))); err == nil && (c.Size != 5 || e.Leaf != l.entries[e.Index].Leaf) {
			t.Fatal("believed what the key never signed")
		}
		var e Entry
		if json.Unmarshal(b, &e) != nil {
			return
		}
		out, err := json.Marshal(e)
		var again Entry
		if err != nil || json.Unmarshal(out, &again) != nil || again.Leaf != e.Leaf || !bytes.Equal(again.Bytes, e.Bytes) {
			t.Fatalf("%s", out)
		}
		_, _ = e.Record()
		_ = e.Under(checkpoint.Checkpoint{Size: 5})
	})
}
