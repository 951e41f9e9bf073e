package wire

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/klauspost/compress/zstd"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
)

// awkward is data with everything that an entry can be, well-formed or not.
func awkward(t testing.TB) *Data {
	t.Helper()
	raws := visitEntries(t, 10)
	signed := func(leaves ...clinic.Leaf) []byte {
		b := []byte{0xa1, 0x01, 0x80 | byte(len(leaves))}
		for _, l := range leaves {
			b = append(append(b, 0x58, 32), l[:]...)
		}
		return b
	}
	leaf := func(i int) clinic.Leaf {
		return entry.LeafHash(raws[i].Seed.Salt(raws[i].Place), raws[i].Bytes)
	}
	add := func(b []byte) {
		raws = append(raws, Raw{Seed: entry.Seed{3}, Place: uint32(len(raws)), Bytes: b})
	}
	add(signed(leaf(0), leaf(9), clinic.Leaf{1}, leaf(9)))
	add(nil)
	raws[len(raws)-1].Leaf = clinic.Leaf{0xcc}
	add(signed(clinic.Leaf{0xcc}))
	for _, b := range [][]byte{
		{0x1b, 0, 0, 0, 0, 0, 0, 0, 1},                 // a long form of a small number
		{0x1b, 255, 255, 255, 255, 255, 255, 255, 255}, // and the largest
		{0x1b, 0, 0, 0, 0, 0, 0, 0, 9},                 // and back
		{0x1a, 0, 0, 0, 0},
		{0x1a, 255, 255, 255, 255},                 // no times
		{0x82, 0x44, 1, 2, 3, 4, 0x44, 1, 2, 3, 4}, // the same again
		{0x82, 0x43, 1, 2, 3, 0x58, 4, 1, 2, 3, 4}, // in another form
		{0xc1, 0x1a, 0x6a, 0xe8, 0x06, 0x4c},
		{0xf9, 0x3c, 0x00}, // a tag, a float
		{0x1c, 0},
		{0x1d, 0, 0},
		{0xff},
		{0xff, 0xff},
		{0x5f, 0xff}, // nothing in CBOR
		{0x82, 1},
		{1, 1},
		{0x44, 1},
		{0x9b, 255, 255, 255, 255, 255, 255, 255, 255, 0},
		bytes.Repeat([]byte{0x81}, 40), append(bytes.Repeat([]byte{0x81}, 15), 7),
		append([]byte{0x59, 0x3f, 0xf0}, make([]byte, 0x3ff0)...),
		bytes.Repeat([]byte{0}, entry.MaxSize),
	} {
		add(b)
	}
	add(signed(leaf(3)))
	raws[len(raws)-1].Explicit, raws[len(raws)-1].Salt = true, entry.Salt{8}
	b := NewDataBuilder(Epoch{1, 2, 3}, 0, MaxInner/2)
	for i, r := range raws {
		if r.Index = uint64(i); !b.Add(r) {
			t.Fatal("does not fit")
		}
	}
	d := b.Data(Hash{6}, 900)
	d.Checkpoint = bytes.Repeat([]byte{5}, 64)
	return d
}

// TestSkeletons: what travels as skeletons arrives as it was, byte by byte.
func TestSkeletons(t *testing.T) {
	for _, dict := range Dictionaries() {
		for name, d := range map[string]*Data{"awkward": awkward(t), "golden": frozenMessages(t)["data"].(*Data)} {
			plain, err := encodeInner(d, dict, knowing())
			if err != nil {
				t.Fatal(err)
			}
			if codec, _ := binary.Uvarint(plain[1:]); name == "awkward" && codec != uint64(codecZstd+dict) {
				t.Errorf("%s: codec %d", name, codec)
			}
			m, err := decodeInner(plain, knowing())
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			before, _, _ := d.body()
			after, _, _ := m.body()
			if !bytes.Equal(before, after) || !reflect.DeepEqual(m.(*Data).Items(), d.Items()) {
				t.Errorf("%s changed on the way", name)
			}
		}
	}
}

// TestReferencesAreShort: a signature over the documents of its visit costs the
// signature, not their hashes.
func TestReferencesAreShort(t *testing.T) {
	d := awkward(t)
	m := new(memory)
	d.skeleton(m)
	for _, it := range d.Items()[:10] {
		if bytes.Contains(m.column, it.Leaf[:]) {
			t.Fatal("a leaf hash of the frame travels")
		}
	}
	if other := (clinic.Leaf{1}); !bytes.Contains(m.column, other[:]) {
		t.Error("a hash of no entry of the frame does not travel")
	}
}

// TestDictionaryOnlyWhereRead: nobody gets what it did not say that it can read.
func TestDictionaryOnlyWhereRead(t *testing.T) {
	box, hub := keys(t, "tram-01"), keys(t, "hub")
	nonce := NewNonce()
	frame, s, err := StartSession(hub.Public().HPKE, box.Identity, Start{Dir: DirUp, Box: "tram-01", Nonce: nonce, Reads: Dictionaries()})
	if err != nil {
		t.Fatal(err)
	}
	start, o, err := AcceptSession(frame, hub.HPKE, Expect{DirUp, "tram-01", box.Public().Identity, nonce})
	if err != nil || !reflect.DeepEqual(start.Reads, Dictionaries()) {
		t.Fatalf("%+v, %v", start, err)
	}
	for _, c := range []struct {
		theirs []uint32
		codec  uint64
	}{{nil, codecZstd}, {[]uint32{77, 78}, codecZstd}, {start.Reads, codecZstd + newest}, {[]uint32{77, newest}, codecZstd + newest}, {[]uint32{1}, codecZstd + 1}, {nil, codecZstd}} {
		s.Compress(c.theirs)
		f, err := s.Seal(awkward(t))
		if err != nil {
			t.Fatal(err)
		}
		h, err := Parse(f)
		if err != nil {
			t.Fatal(err)
		}
		n := frameNonce(h.Counter)
		plain, err := o.key.aead.Open(nil, n[:], f[h.size:], o.key.aad(f[:h.size]))
		if err != nil {
			t.Fatal(err)
		}
		if codec, _ := binary.Uvarint(plain[1:]); codec != c.codec {
			t.Errorf("codec %d for %v", codec, c.theirs)
		}
		if _, err := o.Open(f); err != nil {
			t.Error(err)
		}
	}
	if _, _, err := StartSession(hub.Public().HPKE, box.Identity, Start{Dir: DirUp, Box: "tram-01", Reads: make([]uint32, maxReads+1)}); err == nil {
		t.Error("a start with a list without end")
	}
}

// packed builds the plaintext of data of a hostile peer, in form 1.
func packed(t testing.TB, d *Data, column []byte) []byte {
	t.Helper()
	b, err := encMode.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	z := compress(b, 1)
	out := binary.AppendUvarint([]byte{kindData}, codecZstd+1)
	out = append(append(binary.AppendUvarint(out, uint64(len(z))), z...), column...)
	return pad(out)
}

// TestHostileSkeletons: no skeleton makes more than any body may have, and none that
// lacks something is read.
func TestHostileSkeletons(t *testing.T) {
	column := bytes.Repeat([]byte{7}, 8+32+32)
	skeleton := func(entries ...[]byte) *Data {
		return &Data{Runs: []Run{{Seed: make([]byte, 32), Entries: entries}}, Size: uint64(len(entries))}
	}
	refs := []byte{0x99, 0x01, 0xd0} // 464 references to the entry before
	for range 464 {
		refs = append(refs, 0x58, 32, 1)
	}
	many := [][]byte{{1}}
	for range 20 {
		many = append(many, refs)
	}
	bomb := bytes.Repeat([]byte{0}, 100*MaxInner)
	for name, b := range map[string][]byte{
		"fine":                         packed(t, skeleton([]byte{1}, refs), column),
		"references without end":       packed(t, skeleton(many...), column),
		"a reference before all":       packed(t, skeleton([]byte{0x58, 32, 1}), column),
		"a place out of the list":      packed(t, skeleton([]byte{0x44, 1}), column),
		"of another length":            packed(t, skeleton([]byte{0x44, 0}, []byte{0x45, 1}), append(column, 1, 2, 3, 4)),
		"a short column":               packed(t, skeleton([]byte{0x44, 0}), append(column, 1, 2, 3)),
		"no column":                    packed(t, skeleton([]byte{1}), nil),
		"a long column":                packed(t, skeleton([]byte{1}), append(column, 1)),
		"nothing as it is":             packed(t, skeleton([]byte{0xff}), column),
		"half a time":                  packed(t, skeleton([]byte{0x1d, 0}), column),
		"a counter of no time":         packed(t, skeleton([]byte{0x1d, 0, 0x80, 0x80, 4}), column),
		"seconds before 1970":          packed(t, skeleton([]byte{0x1c, 1}), column),
		"no bottom":                    packed(t, skeleton(bytes.Repeat([]byte{0x81}, 60)), column),
		"more than it has":             packed(t, skeleton([]byte{0x9b, 255, 255, 255, 255, 255, 255, 255, 255}), column),
		"a bomb":                       pad(append(binary.AppendUvarint([]byte{kindData, codecZstd + newest}, 1<<20), compress(bomb, 1)...)),
		"a bomb, length right":         pad(append(binary.AppendUvarint([]byte{kindData, codecZstd + newest}, uint64(len(compress(bomb, 1)))), compress(bomb, 1)...)),
		"a bomb down":                  pad(append([]byte{kindDown, codecZstd + newest}, compress(bomb, 1)...)),
		"of a dictionary to come":      pad(append([]byte{kindDown, codecZstd + 99}, zstdEncoder.EncodeAll([]byte("x"), nil)...)),
		"another dictionary than said": pad(append([]byte{kindDown, codecZstd}, dictEncoders[0].EncodeAll(refs, nil)...)),
	} {
		if m, err := decodeInner(b, new(shared)); (err == nil) != (name == "fine") || err != nil && !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

// FuzzSkeleton: no entry changes on the way, and no skeleton is larger than allowed.
func FuzzSkeleton(f *testing.F) {
	for _, it := range awkward(f).Items() {
		f.Add(it.Bytes, []byte{})
	}
	m := new(memory)
	for _, r := range awkward(f).skeleton(m).Runs {
		for _, e := range r.Entries {
			f.Add(e, m.column)
		}
	}
	f.Fuzz(func(t *testing.T, b, column []byte) {
		from, to := memory{places: map[string]int{}}, memory{}
		from.entered(clinic.Leaf{1})
		to.entered(clinic.Leaf{1})
		var short [][]byte
		for range 2 {
			short = append(short, from.shorten(b))
		}
		to.column = from.column
		for _, s := range short {
			if got, ok := to.lengthen(s); !ok || !bytes.Equal(got, b) {
				t.Fatalf("%x became %x by %x", b, got, s)
			}
		}
		hostile := memory{column: column, leaves: []clinic.Leaf{{1}}}
		for range 2 {
			if out, ok := hostile.lengthen(b); ok && len(out) > max(entry.MaxSize+64, len(b)) {
				t.Fatalf("%d bytes of %d", len(out), len(b))
			}
		}
	})
}

// TestGoldenDictionary opens frames that were compressed with each dictionary once.
func TestGoldenDictionary(t *testing.T) {
	box, hub := frozenKey("tram-01", 1), frozenKey("hub", 2)
	rows := make([]Salted, 20)
	for i := range rows {
		rows[i] = Salted{Salt{byte(i)}, fmt.Appendf(nil, "Paracetamol 500 mg, hàng %d", i)}
	}
	down, err := Down{Box: "tram-01", Epoch: Epoch{8}, First: 3, Entries: rows}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	messages := []Message{frozenData(t), down}
	starts := map[uint32]Start{1: {}, 2: {
		Epoch: Epoch{1, 2, 3}, Naming: &Naming{Key: Hash{7}, From: 1 << 40},
		Common: [][]byte{append([]byte{9}, make([]byte, 31)...), append([]byte{3}, make([]byte, 15)...)},
	}}
	for id, start := range starts {
		start.Dir, start.Box, start.Nonce, start.Reads = DirUp, "tram-01", Nonce{1}, []uint32{id}
		frames := recorder{t: t, to: hub, by: box, start: start, messages: messages}
		name := fmt.Sprintf("dict%d-", id)
		s, o, err := AcceptSession(golden(t, name+"start", frames.make(0)), hub.HPKE, Expect{DirUp, "tram-01", box.Public().Identity, Nonce{1}})
		if err != nil || !reflect.DeepEqual(s, start) {
			t.Fatalf("%+v, %v", s, err)
		}
		for i, what := range []string{"data", "down"} {
			m, err := o.Open(golden(t, name+what, frames.make(i+1)))
			if err != nil {
				t.Errorf("%s%s: %v", name, what, err)
				continue
			}
			got, _, _ := m.body()
			want, _, _ := messages[i].body()
			if !bytes.Equal(got, want) {
				t.Errorf("%s%s opens to something else", name, what)
			}
		}
	}
}

// recorder makes the frames of a session once, for files that are missing.
type recorder struct {
	t        *testing.T
	to, by   *keyfile.Private
	start    Start
	messages []Message
	frames   [][]byte
}

func (r *recorder) make(i int) func() []byte {
	return func() []byte {
		if r.frames == nil {
			start, s, err := StartSession(r.to.Public().HPKE, r.by.Identity, r.start)
			if err != nil {
				r.t.Fatal(err)
			}
			s.Compress(r.start.Reads)
			r.frames = append(r.frames, start)
			for _, m := range r.messages {
				f, err := s.Seal(m)
				if err != nil {
					r.t.Fatal(err)
				}
				r.frames = append(r.frames, f)
			}
		}
		return r.frames[i]
	}
}

// frozenData is data whose bytes are the same at each run.
func frozenData(t *testing.T) *Data {
	t.Helper()
	b := NewDataBuilder(Epoch{1, 2, 3}, 7, MaxFrame)
	seed := entry.Seed{9}
	leaf := clinic.Leaf{}
	for i := range 6 {
		e, err := entry.Encode(clinic.Draft{
			Kind: clinic.KindExam, Subject: clinic.ID{1}, Visit: clinic.ID{2}, Corrects: leaf, Event: clinic.Date{Year: 2026, Month: 11, Day: 2}.Time(),
			Body: &clinic.Exam{Reason: "Ho, sốt", History: "Bệnh 2 ngày", Finding: "Họng đỏ nhẹ, phổi trong"},
		}, clinic.ID{byte(10 + i)}, clinic.ID{3}, uint64(1_793_577_600_000+i*1000)<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		leaf = entry.LeafHash(seed.Salt(uint32(i)), e)
		if !b.Add(Raw{Index: uint64(7 + i), Seed: seed, Place: uint32(i), Bytes: e}) {
			t.Fatal("does not fit")
		}
	}
	return b.Data(Hash{6}, 0)
}

// TestDictionariesStay: what was ever sent with is never changed.
func TestDictionariesStay(t *testing.T) {
	for id, c := range map[uint32]struct {
		b   []byte
		sum string
	}{
		1: {dictionary1, "a18e0ac1a988ff13409f8b40ea29dc184079ab3a9ea7da44899a7a6b61d54300"},
		2: {dictionary2, "8f10b8b2380d80317b9f3199ecefd46e9251e8f57006b6a9462438935a16c21e"},
	} {
		d, err := zstd.InspectDictionary(c.b)
		if sum := fmt.Sprintf("%x", sha256.Sum256(c.b)); err != nil || d.ID() != id || sum != c.sum {
			t.Errorf("dictionary %d is %s, %v", id, sum, err)
		}
	}
}
