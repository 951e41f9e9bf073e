package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/internal/names"
)

// knowing is what a session's start told.
func knowing() *shared {
	return (&Start{
		Epoch:  Epoch{1, 2, 3},
		Naming: &Naming{Key: Hash{7}, From: 1 << 40},
		Common: [][]byte{append([]byte{9}, make([]byte, 31)...), append([]byte{3}, make([]byte, 15)...)},
	}).shared()
}

// drawn are entries of visits whose identifiers a box drew by itself.
func drawn(t testing.TB, key names.Key, from uint64, visits int) *Data {
	t.Helper()
	c, n := names.New(key), from
	next := func() clinic.ID { n += 3; return c.ID(n) }
	b := NewDataBuilder(Epoch{1, 2, 3}, 7, MaxFrame)
	for i := range 3 * visits {
		subject, visit := c.ID(from-uint64(i/3)), c.ID(from+uint64(i/3)*9+1)
		e, err := entry.Encode(clinic.Draft{
			Kind: clinic.KindExam, Subject: subject, Visit: visit, Event: time.Unix(1_793_577_600+int64(i), 0),
			Body: &clinic.Exam{Reason: "Ho, sốt"},
		}, next(), clinic.ID{3}, uint64(1_793_577_600_000+i*1000)<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		if !b.Add(Raw{Index: uint64(7 + i), Seed: entry.Seed{9}, Place: uint32(i), Bytes: e}) {
			t.Fatal("does not fit")
		}
	}
	return b.Data(Hash{6}, 0)
}

// TestNamedIdentifiersDoNotTravel: what the box drew under its key costs a byte or two,
// and what it did not draw so, sixteen.
func TestNamedIdentifiersDoNotTravel(t *testing.T) {
	know := knowing()
	size := func(key names.Key) int {
		d := drawn(t, key, know.from, 20)
		_, column, err := d.cutUp(newest, know)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := encodeInner(d, newest, know)
		if err != nil {
			t.Fatal(err)
		}
		m, err := decodeInner(plain, know)
		if err != nil || !reflect.DeepEqual(m.(*Data).Items(), d.Items()) {
			t.Fatal("changed on the way", err)
		}
		return len(column)
	}
	const ids, fixed = 60 + 2*20, 1 + 32 + 1 // acts, patients, visits; epoch, root and seed
	if n := size(names.Key{7}); n > fixed+2*ids {
		t.Errorf("%d bytes for %d identifiers of the box", n-fixed, ids)
	}
	if n := size(names.Key{8}); n != fixed+16*ids {
		t.Errorf("%d bytes for %d identifiers of somebody else", n-fixed, ids)
	}
}

// TestNamingIsSecret: a frame in form 2 shows nothing to who lacks the session, and opens
// with what another start told to other identifiers, never to these.
func TestNamingIsSecret(t *testing.T) {
	d := drawn(t, names.Key{7}, 1<<40, 3)
	plain, err := encodeInner(d, newest, knowing())
	if err != nil {
		t.Fatal(err)
	}
	other := knowing()
	other.names = names.New(names.Key{6})
	m, err := decodeInner(plain, other)
	if err != nil {
		t.Fatal(err)
	}
	act := names.New(names.Key{7}).ID(1<<40 + 3)
	for _, it := range m.(*Data).Items() {
		if bytes.Contains(it.Bytes, act[:]) {
			t.Fatal("an identifier without its key")
		}
	}
	if _, err := decodeInner(plain, new(shared)); !errors.Is(err, ErrForm) {
		t.Error("numbers without a key were read", err)
	}
}

// TestEveryCodeTravels: each way in which a string can be said.
func TestEveryCodeTravels(t *testing.T) {
	c := names.New(names.Key{7})
	id := func(n uint64) []byte { b := c.ID(n); return append([]byte{0x50}, b[:]...) }
	one := c.ID(5)
	foreign := append([]byte{0x50}, bytes.Repeat([]byte{0xee}, 16)...)
	known := append([]byte{0x50, 3}, make([]byte, 15)...)
	list := []byte{0x88}
	for _, s := range [][]byte{id(5), id(5), foreign, foreign, known, append([]byte{0x44}, one[:4]...), id(1 << 60), append([]byte{0x44}, 1, 2, 3, 4)} {
		list = append(list, s...)
	}
	act := func(s []byte) []byte { return append([]byte{0xa1, 3}, s...) }
	b := NewDataBuilder(Epoch{4}, 0, MaxFrame) // not the session's
	for i, e := range [][]byte{list, act(id(6)), act(id(6)), act(foreign), act(foreign), act(id(7)), {0xa1, 3, 0x44, 9, 9, 9, 9}} {
		if !b.Add(Raw{Index: uint64(i), Seed: entry.Seed{8}, Place: uint32(i), Bytes: e}) {
			t.Fatal("does not fit")
		}
	}
	d := b.Data(Hash{6}, 0)
	plain, err := encodeInner(d, newest, knowing())
	if err != nil {
		t.Fatal(err)
	}
	body, _, _ := d.body()
	if d.pack(body, newest, knowing()) == nil {
		t.Fatal("not read back")
	}
	m, err := decodeInner(plain, knowing())
	if err != nil || !reflect.DeepEqual(m.(*Data).Items(), d.Items()) || m.(*Data).Epoch != d.Epoch {
		t.Fatal("changed on the way", err)
	}
}

// streams2 builds the plaintext of data in form 2 of a hostile peer.
func streams2(t testing.TB, entries [][]byte, codes, times, column []byte) []byte {
	t.Helper()
	d := &Data{Runs: []Run{{Seed: make([]byte, 32), Entries: entries}}, Size: uint64(len(entries))}
	b, err := encMode.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	b = binary.AppendUvarint(b, uint64(len(codes)))
	z := compress(append(append(b, codes...), times...), newest)
	out := binary.AppendUvarint([]byte{kindData}, codecZstd+newest)
	return pad(append(append(binary.AppendUvarint(out, uint64(len(z))), z...), column...))
}

// TestHostileStreams: nothing that lacks something, or has too much, is read.
func TestHostileStreams(t *testing.T) {
	column := func(more ...byte) []byte {
		return append(append([]byte{0}, make([]byte, 32)...), append([]byte{1}, more...)...)
	}
	id, act, short := []byte{0x50}, []byte{0xa1, 3, 0x50}, []byte{0x44}
	one := func(b ...byte) [][]byte { return [][]byte{b} }
	many := [][]byte{{1}}
	for range 100 {
		refs := []byte{0x99, 0x01, 0xf0}
		for range 0x1f0 {
			refs = append(refs, 0x58, 32)
		}
		many = append(many, refs)
	}
	for name, b := range map[string][]byte{
		"fine":                      streams2(t, one(id...), []byte{codeNamed}, nil, column(2)),
		"fine, of the list":         streams2(t, one(id...), []byte{1}, nil, column()),
		"fine, a prefix":            streams2(t, one(short...), []byte{codePrefix}, nil, column()),
		"fine, an act":              streams2(t, one(act...), []byte{actNamed}, nil, column(2)),
		"no code":                   streams2(t, one(id...), nil, nil, column(2)),
		"a code too many":           streams2(t, one(id...), []byte{1, 1}, nil, column()),
		"no number":                 streams2(t, one(id...), []byte{codeNamed}, nil, column()),
		"half a number":             streams2(t, one(id...), []byte{codeNamed}, nil, column(0x80)),
		"a name of four bytes":      streams2(t, one(short...), []byte{codeNamed}, nil, column(2)),
		"out of the list":           streams2(t, one(id...), []byte{2}, nil, column()),
		"of another length":         streams2(t, one(short...), []byte{1}, nil, column()),
		"a prefix out of the list":  streams2(t, one(short...), []byte{codePrefix + 1}, nil, column()),
		"a prefix of all of it":     streams2(t, one(id...), []byte{codePrefix}, nil, column()),
		"a huge code":               streams2(t, one(id...), []byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 1}, nil, column()),
		"an act of no kind":         streams2(t, one(act...), []byte{3}, nil, column()),
		"an act not given":          streams2(t, one(act...), []byte{actGiven}, nil, column(1, 2, 3)),
		"no time":                   streams2(t, one(headTime), nil, nil, column()),
		"half a time":               streams2(t, one(headTime), nil, []byte{0}, column()),
		"a time too many":           streams2(t, one(headTime), nil, []byte{0, 0, 0}, column()),
		"seconds before 1970":       streams2(t, one(headNear), nil, []byte{1}, column()),
		"a reference before all":    streams2(t, one(0x58, 32), []byte{1}, nil, column()),
		"references without end":    streams2(t, many, bytes.Repeat([]byte{1}, 100*0x1f0), nil, column()),
		"a seed that nobody said":   streams2(t, one(1), nil, nil, append(make([]byte, 33), 2)),
		"an epoch of no kind":       streams2(t, one(1), nil, nil, append([]byte{2}, column()[1:]...)),
		"a short column":            streams2(t, one(1), nil, nil, make([]byte, 20)),
		"a long column":             streams2(t, one(1), nil, nil, column(1)),
		"a bomb":                    pad(append(binary.AppendUvarint([]byte{kindData, codecZstd + newest}, 1<<20), compress(make([]byte, 100*MaxInner), newest)...)),
		"codes longer than what is": pad(append(binary.AppendUvarint([]byte{kindData, codecZstd + newest}, uint64(len(compress([]byte{0xa0, 0xff, 1}, newest)))), compress([]byte{0xa0, 0xff, 1}, newest)...)),
	} {
		fine := len(name) >= 4 && name[:4] == "fine"
		if m, err := decodeInner(b, knowing()); (err == nil) != fine || err != nil && !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v, %v", name, m, err)
		}
	}
}

// FuzzForm2: no entry changes on the way whatever it is, and no streams make more than
// is allowed.
func FuzzForm2(f *testing.F) {
	for _, it := range append(awkward(f).Items(), drawn(f, names.Key{7}, 1<<40, 2).Items()...) {
		m := knowing().memory()
		short := m.shorten(it.Bytes)
		f.Add(it.Bytes, m.two.codes, m.two.times, m.column)
		f.Add(short, m.two.codes, m.two.times, m.column)
	}
	f.Fuzz(func(t *testing.T, b, codes, times, column []byte) {
		from, to := knowing().memory(), knowing().memory()
		from.places = map[string]int{}
		from.entered(clinic.Leaf{1})
		to.entered(clinic.Leaf{1})
		var short [][]byte
		for range 2 {
			short = append(short, from.shorten(b))
		}
		to.column, to.two.codes, to.two.times = from.column, from.two.codes, from.two.times
		for _, s := range short {
			if got, ok := to.lengthen(s); !ok || !bytes.Equal(got, b) {
				t.Fatalf("%x became %x by %x", b, got, s)
			}
		}
		hostile := knowing().memory()
		hostile.leaves = []clinic.Leaf{{1}}
		hostile.column, hostile.two.codes, hostile.two.times = column, codes, times
		for range 2 {
			if out, ok := hostile.lengthen(b); ok && len(out) > max(entry.MaxSize+64, len(b)) {
				t.Fatalf("%d bytes of %d", len(out), len(b))
			}
		}
	})
}

// TestCommon: people and their keys are told, patients and visits are not.
func TestCommon(t *testing.T) {
	d := drawn(t, names.Key{7}, 1<<40, 5)
	var raws []Raw
	for _, it := range d.Items() {
		raws = append(raws, Raw{Seed: entry.Seed{9}, Bytes: it.Bytes, Leaf: it.Leaf})
	}
	seed, author := entry.Seed{9}, clinic.ID{3}
	if got := Common(raws); !reflect.DeepEqual(got, [][]byte{seed[:], author[:]}) {
		t.Errorf("%x", got)
	}
	raws[len(raws)-1].Bytes = nil
	raws[0].Bytes = []byte{1}
	if got := Common(raws); len(got) != 2 {
		t.Errorf("%x", got)
	}
	if got := Common(nil); len(got) != 0 {
		t.Errorf("%x", got)
	}
}

// TestCommonIsBounded: a start with a list without end, or with what no skeleton cuts, is
// neither made nor taken.
func TestCommonIsBounded(t *testing.T) {
	for _, common := range [][][]byte{make([][]byte, maxCommon+1), {{1, 2, 3}}, {make([]byte, mostCut+1)}} {
		for i := range common {
			if common[i] == nil {
				common[i] = make([]byte, 16)
			}
		}
		if (&Start{Dir: DirUp, Box: "tram-01", Common: common}).check() == nil {
			t.Errorf("%d strings", len(common))
		}
	}
}
