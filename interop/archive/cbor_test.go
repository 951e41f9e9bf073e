package archive

import (
	"bytes"
	"encoding/json"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// FuzzLine: whatever bytes an entry has, its line is JSON, on one line, and says again
// what the entry was.
func FuzzLine(f *testing.F) {
	b, err := entry.Encode(clinic.Draft{Kind: clinic.KindPatient, Why: "vì\n\"", Body: &clinic.Patient{Name: "Nguyễn Thị Mẫu", Identifiers: []clinic.Identifier{{Value: "1"}}}},
		clinic.NewID(), clinic.NewID(), 1<<40, true)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, uint64(3))
	f.Add([]byte{0xa2, 2, 0x19, 3, 0xe7, 5, 0x3a, 1, 2, 3, 4}, uint64(0))
	s := newSchema()
	f.Fuzz(func(t *testing.T, b []byte, index uint64) {
		if len(b) == 0 || len(b) > entry.MaxSize {
			return
		}
		e := Entry{Journal: clinic.In, Index: index, Bytes: b, Proof: [][32]byte{{1}}}
		e.Leaf = entry.LeafHash(e.Salt, b)
		line := s.appendLine(nil, &e)
		if !json.Valid(line) || bytes.Count(line, []byte("\n")) != 1 || len(line) > maxLine {
			t.Fatalf("%d bytes: %q", len(line), line)
		}
		again, err := parseLine(line)
		if err != nil || again.Index != index || again.Leaf != e.Leaf || !bytes.Equal(again.Bytes, b) || len(again.Proof) != 1 {
			t.Fatalf("%+v, %v", again, err)
		}
	})
}

// TestPlainCBOR: what is not in the one form that entries have is shown as bytes only.
func TestPlainCBOR(t *testing.T) {
	s := newSchema()
	for name, c := range map[string]struct {
		cbor []byte
		want string
	}{
		"plain":                    {[]byte{0xa1, 2, 21}, `"kind":"vitals","code":21`},
		"negative event":           {[]byte{0xa2, 2, 21, 5, 0x20}, `"event":"1970-01-01T06:59:59+07:00"`},
		"no kind":                  {[]byte{0xa1, 1, 21}, `"raw":true`},
		"no map":                   {[]byte{0x80}, `"raw":true`},
		"long number":              {[]byte{0xa1, 2, 0x18, 21}, `"raw":true`},
		"keys not ascending":       {[]byte{0xa2, 5, 1, 2, 21}, `"raw":true`},
		"key twice":                {[]byte{0xa2, 2, 21, 2, 21}, `"raw":true`},
		"key a text":               {[]byte{0xa1, 0x61, 'a', 21}, `"raw":true`},
		"float":                    {[]byte{0xa2, 2, 21, 12, 0xf9, 0, 0}, `"raw":true`},
		"tag":                      {[]byte{0xa2, 2, 21, 12, 0xc1, 0}, `"raw":true`},
		"indefinite":               {[]byte{0xa2, 2, 21, 12, 0x9f, 0xff}, `"raw":true`},
		"too deep":                 {append(append([]byte{0xa2, 2, 21, 12}, bytes.Repeat([]byte{0x81}, 20)...), 0), `"raw":true`},
		"text that is none":        {[]byte{0xa2, 2, 21, 11, 0x61, 0xff}, `"raw":true`},
		"more behind":              {[]byte{0xa1, 2, 21, 0}, `"raw":true`},
		"cut":                      {[]byte{0xa2, 2, 21, 11, 0x65, 'a'}, `"raw":true`},
		"an array that is huge":    {[]byte{0xa2, 2, 21, 12, 0x9a, 0xff, 0xff, 0xff, 0xff}, `"raw":true`},
		"a year that no clock has": {[]byte{0xa2, 2, 21, 5, 0x1b, 0xff, 0, 0, 0, 0, 0, 0, 0}, `"raw":true`},
	} {
		e := Entry{Journal: clinic.Own, Bytes: c.cbor}
		if line := s.appendLine(nil, &e); !bytes.Contains(line, []byte(c.want)) {
			t.Errorf("%s: %s", name, line)
		}
	}
}

// TestTreeIsRFC6962 compares root and proofs with those of another way to compute them.
func TestTreeIsRFC6962(t *testing.T) {
	var leaves [][32]byte
	var slow func(l [][32]byte) [32]byte
	split := func(n int) int {
		k := 1
		for k*2 < n {
			k *= 2
		}
		return k
	}
	slow = func(l [][32]byte) [32]byte {
		if len(l) == 1 {
			return l[0]
		}
		k := split(len(l))
		return node(slow(l[:k]), slow(l[k:]))
	}
	var path func(l [][32]byte, i int) [][32]byte
	path = func(l [][32]byte, i int) [][32]byte {
		if len(l) == 1 {
			return nil
		}
		if k := split(len(l)); i < k {
			return append(path(l[:k], i), slow(l[k:]))
		} else {
			return append(path(l[k:], i-k), slow(l[:k]))
		}
	}
	var tr tree
	for n := 1; n <= 70; n++ {
		leaf := entry.LeafHash(entry.Salt{}, []byte{byte(n)})
		leaves = append(leaves, leaf)
		tr.add(leaf)
		want := slow(leaves)
		if tr.root() != want {
			t.Fatalf("root of %d", n)
		}
		in := &journalPart{Size: uint64(n), Root: want[:]}
		for i := range n {
			p := path(leaves, i)
			if !in.holds(&Entry{Index: uint64(i), Leaf: leaves[i], Proof: p}) {
				t.Fatalf("proof of %d in %d", i, n)
			}
			if n > 1 && in.holds(&Entry{Index: uint64((i + 1) % n), Leaf: leaves[i], Proof: p}) {
				t.Fatalf("proof of %d in %d holds for another", i, n)
			}
			if in.holds(&Entry{Index: uint64(i), Leaf: leaves[i], Proof: append(p, [32]byte{})}) {
				t.Fatal("a longer proof holds")
			}
		}
	}
}
