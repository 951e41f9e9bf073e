package wire

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
)

func keys(t testing.TB, name string) *keyfile.Private {
	t.Helper()
	p, err := keyfile.Generate(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func start(n Nonce) Start {
	return Start{
		Dir: DirUp, Box: "tram-01", Epoch: Epoch{1}, Incarnation: Epoch{2}, Parent: Epoch{3},
		Tip: 42, Nonce: n, Agent: "test",
	}
}

// pair returns both ends of a session from a box to a hub.
func pair(t testing.TB) (*Sealer, *Opener) {
	t.Helper()
	box, hub := keys(t, "tram-01"), keys(t, "hub")
	n := NewNonce()
	frame, s, err := StartSession(hub.Public().HPKE, box.Identity, start(n))
	if err != nil {
		t.Fatal(err)
	}
	got, o, err := AcceptSession(frame, hub.HPKE, Expect{DirUp, "tram-01", box.Public().Identity, n})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, start(n)) || s.ID() != o.ID() {
		t.Fatalf("changed on the way: %+v", got)
	}
	return s, o
}

func raws(first, n int) []Raw {
	r := rand.New(rand.NewPCG(uint64(first), uint64(n)))
	seed := entry.Seed{7}
	out := make([]Raw, 0, n)
	for i := range n {
		b := make([]byte, 150+r.IntN(150))
		for k := range b {
			b[k] = byte('a' + r.IntN(16))
		}
		x := Raw{Index: uint64(first + i), Seed: seed, Place: uint32(first + i), Bytes: b}
		x.Salt = seed.Salt(x.Place)
		x.Leaf = entry.LeafHash(x.Salt, b)
		out = append(out, x)
	}
	return out
}

func TestSessionAnyOrder(t *testing.T) {
	s, o := pair(t)
	var frames [][]byte
	for i := range 20 {
		f, err := s.Seal(DownAck{Epoch: Epoch{9}, Next: uint64(i)})
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, f)
	}
	for _, i := range append(rand.Perm(20), 3, 3) {
		m, err := o.Open(frames[i])
		if err != nil || !reflect.DeepEqual(m, DownAck{Epoch: Epoch{9}, Next: uint64(i)}) {
			t.Fatalf("frame %d: %v, %v", i, m, err)
		}
	}
}

func TestFramesAreBoundToSession(t *testing.T) {
	s, o := pair(t)
	frame, err := s.Seal(Ping{Nonce: Nonce{1}, Receipt: true})
	if err != nil {
		t.Fatal(err)
	}
	for i := range frame {
		for _, bit := range []byte{1, 0x80} {
			bad := bytes.Clone(frame)
			bad[i] ^= bit
			if m, err := o.Open(bad); err == nil {
				t.Fatalf("byte %d changed and opened: %v", i, m)
			}
		}
	}
	for n := range frame {
		if _, err := o.Open(frame[:n]); err == nil {
			t.Fatalf("opened when cut to %d bytes", n)
		}
	}
	if _, other := pair(t); true {
		if _, err := other.Open(frame); !errors.Is(err, ErrSession) {
			t.Fatalf("another session: %v", err)
		}
	}
	wrongBox := *o
	wrongBox.key.bind = append([]byte{byte(DirUp)}, "tram-02"...)
	reflected := *o
	reflected.key.bind = append([]byte{byte(DirDown)}, "tram-01"...)
	for _, x := range []Opener{wrongBox, reflected} {
		if _, err := x.Open(frame); !errors.Is(err, ErrOpen) {
			t.Fatalf("bound to nothing: %v", err)
		}
	}
}

func TestStartRefused(t *testing.T) {
	box, thief, hub, other := keys(t, "tram-01"), keys(t, "tram-01"), keys(t, "hub"), keys(t, "hub")
	n := NewNonce()
	frame, _, err := StartSession(hub.Public().HPKE, box.Identity, start(n))
	if err != nil {
		t.Fatal(err)
	}
	forged, _, _ := StartSession(hub.Public().HPKE, thief.Identity, start(n))
	newer := bytes.Clone(frame)
	newer[1]++
	suite := bytes.Clone(frame)
	suite[4]++
	cut := frame[:len(frame)-1]
	good := Expect{DirUp, "tram-01", box.Public().Identity, n}
	tests := []struct {
		name  string
		frame []byte
		key   hpke.PrivateKey
		want  Expect
		err   error
	}{
		{"replayed: old nonce", frame, hub.HPKE, Expect{DirUp, "tram-01", good.From, NewNonce()}, ErrStale},
		{"forged signature", forged, hub.HPKE, good, ErrStart},
		{"another box's topic", frame, hub.HPKE, Expect{DirUp, "tram-02", good.From, n}, ErrStart},
		{"reflected", frame, hub.HPKE, Expect{DirDown, "tram-01", good.From, n}, ErrStart},
		{"no identity known", frame, hub.HPKE, Expect{DirUp, "tram-01", nil, n}, ErrStart},
		{"for another hub", frame, other.HPKE, good, ErrSuite},
		{"unknown suite", suite, hub.HPKE, good, ErrSuite},
		{"newer version", newer, hub.HPKE, good, ErrVersion},
		{"cut", cut, hub.HPKE, good, ErrStart},
		{"head only", frame[:30], hub.HPKE, good, ErrFrame},
		{"a who", Who{}.Frame(), hub.HPKE, good, ErrFrame},
		{"nothing", nil, hub.HPKE, good, ErrFrame},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, err := AcceptSession(tt.frame, tt.key, tt.want); !errors.Is(err, tt.err) || tt.err == ErrStart && errors.Is(err, ErrStale) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
		})
	}
	for i := range frame {
		bad := bytes.Clone(frame)
		bad[i] ^= 4
		if _, _, err := AcceptSession(bad, hub.HPKE, good); err == nil {
			t.Fatalf("accepted with byte %d changed", i)
		}
	}
}

func TestStartHidesTheLog(t *testing.T) {
	hub := keys(t, "hub")
	s := start(NewNonce())
	frame, _, err := StartSession(hub.Public().HPKE, keys(t, "tram-01").Identity, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{[]byte(s.Box), s.Nonce[:], s.Epoch[:]} {
		if bytes.Contains(frame, secret) {
			t.Fatalf("%x stands in clear", secret)
		}
	}
}

func TestWho(t *testing.T) {
	for _, w := range []Who{{NewNonce(), true}, {NewNonce(), false}} {
		f := w.Frame()
		if got, err := ParseWho(f); err != nil || got != w {
			t.Fatalf("%v, %v", got, err)
		}
		if got, err := ParseWho(append(f, 1, 2)); err != nil || got != w {
			t.Fatalf("with what a later version adds: %v, %v", got, err)
		}
		if _, err := ParseWho(f[:len(f)-1]); !errors.Is(err, ErrFrame) {
			t.Fatalf("cut: %v", err)
		}
	}
}

func TestLengthsAreBuckets(t *testing.T) {
	s, o := pair(t)
	sizes := map[int]bool{}
	for n := range 200 {
		f, err := s.Seal(Unknown{Kind: 200, Body: make([]byte, n)})
		if err != nil {
			t.Fatal(err)
		}
		h, _ := Parse(f)
		sizes[len(f)-h.size-16] = true
		m, err := o.Open(f)
		if u, ok := m.(Unknown); err != nil || !ok || u.Kind != 200 || len(u.Body) != n {
			t.Fatalf("%d: %v, %v", n, m, err)
		}
	}
	for n := range sizes {
		if n%32 != 0 {
			t.Fatalf("plaintext of %d bytes", n)
		}
	}
}

// TestFramesShowNoEntry: a broker that keeps every frame finds nothing of an entry in
// it, nor its salt or leaf. It finds the length, in buckets.
func TestFramesShowNoEntry(t *testing.T) {
	s, _ := pair(t)
	all := raws(1, 20)
	b := NewDataBuilder(Epoch{1}, 1, MaxFrame)
	for i := range all {
		if !b.Add(all[i]) {
			t.Fatal("does not fit")
		}
	}
	f, err := s.Seal(b.Data(Hash{4}, 0))
	if err != nil {
		t.Fatal(err)
	}
	const window = 8
	for _, r := range all {
		for _, clear := range [][]byte{r.Bytes, r.Salt[:], r.Leaf[:]} {
			for at := 0; at+window <= len(clear); at++ {
				if bytes.Contains(f, clear[at:at+window]) {
					t.Fatalf("bytes %d to %d of entry %d stand in the frame in clear", at, at+window, r.Index)
				}
			}
		}
	}
}

func TestDataRoundTrip(t *testing.T) {
	s, o := pair(t)
	all := raws(5, 40)
	all[3].Bytes = nil // a hole
	for i := 10; i < 15; i++ {
		all[i].Explicit, all[i].Salt = true, entry.Salt{byte(i)}
		all[i].Leaf = entry.LeafHash(all[i].Salt, all[i].Bytes)
	}
	all[12].Bytes = nil // a hole among given salts
	for i := 20; i < 40; i++ {
		all[i].Seed, all[i].Place = entry.Seed{8}, uint32(i-20) // next segment
		all[i].Salt = all[i].Seed.Salt(all[i].Place)
		all[i].Leaf = entry.LeafHash(all[i].Salt, all[i].Bytes)
	}
	b := NewDataBuilder(Epoch{1}, 5, MaxFrame)
	for _, r := range all {
		if !b.Add(r) {
			t.Fatal("does not fit")
		}
	}
	f, err := s.Seal(b.Data(Hash{4}, 0))
	if err != nil {
		t.Fatal(err)
	}
	m, err := o.Open(f)
	if err != nil {
		t.Fatal(err)
	}
	d := m.(*Data)
	if d.First != 5 || d.Size != 45 || d.Root != (Hash{4}) || len(d.Runs) != 4 {
		t.Fatalf("%d %d %d runs", d.First, d.Size, len(d.Runs))
	}
	items := d.Items()
	for i, r := range all {
		it := items[i]
		if it.Index != r.Index || it.Leaf != r.Leaf || !bytes.Equal(it.Bytes, r.Bytes) || (it.Bytes == nil) != (r.Bytes == nil) {
			t.Fatalf("entry %d changed", r.Index)
		}
		if r.Bytes != nil && it.Salt != r.Salt {
			t.Fatalf("salt of %d changed", r.Index)
		}
	}
}

func TestBuilderKeepsTheLimit(t *testing.T) {
	s, _ := pair(t)
	r := rand.New(rand.NewPCG(1, 2))
	for _, limit := range []int{400, 2000, 16 << 10, MaxFrame} {
		next := uint64(0)
		for range 30 {
			b := NewDataBuilder(Epoch{1}, next, limit)
			for {
				x := Raw{Index: b.Next(), Bytes: make([]byte, 1+r.IntN(900)), Seed: entry.Seed{byte(r.IntN(2))}, Place: uint32(b.Next()), Explicit: r.IntN(5) == 0}
				for i := range x.Bytes {
					x.Bytes[i] = byte(r.Uint32()) // does not compress
				}
				if r.IntN(9) == 0 {
					x.Bytes = nil
				}
				if !b.Add(x) {
					break
				}
			}
			f, err := s.Seal(b.Data(Hash{}, 1<<62))
			if err != nil {
				t.Fatal(err)
			}
			if len(f) > limit && b.Len() > 1 {
				t.Fatalf("limit %d: %d entries make %d bytes", limit, b.Len(), len(f))
			}
			next = b.Next()
		}
	}
	b := NewDataBuilder(Epoch{}, 0, 100)
	if !b.Add(Raw{Bytes: make([]byte, entry.MaxSize)}) || b.Add(Raw{Index: 1, Bytes: []byte{1}}) || b.Add(Raw{Index: 7}) {
		t.Fatal("the largest entry must travel, alone, and only the next one follows")
	}
}

func TestDataRefused(t *testing.T) {
	good := func() *Data {
		b := NewDataBuilder(Epoch{1}, 3, MaxFrame)
		for _, r := range raws(3, 4) {
			b.Add(r)
		}
		return b.Data(Hash{}, 1<<62)
	}
	tests := map[string]func(d *Data){
		"size differs":       func(d *Data) { d.Size++ },
		"index overflows":    func(d *Data) { d.First = ^uint64(0) - 2; d.Size = d.First + 4 },
		"no salt at all":     func(d *Data) { d.Runs[0].Seed = nil },
		"short seed":         func(d *Data) { d.Runs[0].Seed = d.Runs[0].Seed[:31] },
		"both kinds of salt": func(d *Data) { d.Runs[0].Salts = make([]byte, 64) },
		"too few salts":      func(d *Data) { d.Runs[0].Seed, d.Runs[0].Salts = nil, make([]byte, 63) },
		"hole without leaf":  func(d *Data) { d.Runs[0].Entries[1] = nil },
		"leaf without hole":  func(d *Data) { d.Runs[0].Leaves = make([]Hash, 1) },
		"place overflows":    func(d *Data) { d.Runs[0].Place = ^uint32(0) - 1 },
		"entry too large":    func(d *Data) { d.Runs[0].Entries[0] = make([]byte, entry.MaxSize+1) },
		"empty run":          func(d *Data) { d.Runs = append(d.Runs, Run{Entries: [][]byte{}}) },
		"nothing":            func(d *Data) { d.Runs, d.Size = nil, d.First },
	}
	for name, spoil := range tests {
		d := good()
		spoil(d)
		b, err := encMode.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeBody(kindData, b); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := encodeInner(&Data{}, 0, new(shared)); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty data: %v", err)
	}
}

func TestSignedMessages(t *testing.T) {
	hub, other := keys(t, "hub"), keys(t, "hub")
	n := NewNonce()
	r := Receipt{
		Box: "tram-01", Epoch: Epoch{1}, Size: 90, Root: Hash{2}, Time: 1_790_000_000_123, Echo: &n,
		Parked: []Range{{From: 3, To: 5}, {From: 7, To: 8}}, Holes: []Range{{From: 89, To: 90}},
	}
	sr, err := r.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sr.Verify(hub.Public().Identity)
	if err != nil || !reflect.DeepEqual(got, r) || !got.Answers(n) || got.Answers(NewNonce()) {
		t.Fatalf("%+v, %v", got, err)
	}
	d := Down{Box: "tram-01", Epoch: Epoch{5}, First: 4, Entries: []Salted{{Salt{1}, []byte("a")}, {Salt{2}, []byte("b")}}}
	sd, err := d.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sd.Verify(hub.Public().Identity); err != nil || !reflect.DeepEqual(got, d) || got.Next() != 6 {
		t.Fatalf("%+v, %v", got, err)
	}
	p := Pong{Box: "tram-01", Nonce: n, Time: 5}
	sp, err := p.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sp.Verify(hub.Public().Identity); err != nil || got != p {
		t.Fatalf("%+v, %v", got, err)
	}
	verifiers := map[string]func(b []byte, k ed25519.PublicKey) error{
		"receipt": func(b []byte, k ed25519.PublicKey) error { _, err := SignedReceipt(b).Verify(k); return err },
		"down":    func(b []byte, k ed25519.PublicKey) error { _, err := SignedDown(b).Verify(k); return err },
		"pong":    func(b []byte, k ed25519.PublicKey) error { _, err := SignedPong(b).Verify(k); return err },
	}
	for name, b := range map[string][]byte{"receipt": sr, "down": sd, "pong": sp} {
		for i := range b {
			bad := bytes.Clone(b)
			bad[i] ^= 1
			if err := verifiers[name](bad, hub.Public().Identity); !errors.Is(err, ErrSignature) {
				t.Fatalf("%s, byte %d: %v", name, i, err)
			}
		}
		if err := verifiers[name](b, other.Public().Identity); !errors.Is(err, ErrSignature) {
			t.Fatalf("%s by another hub: %v", name, err)
		}
		for context, v := range verifiers { // a signature serves one purpose
			if err := v(b, hub.Public().Identity); (err == nil) != (context == name) {
				t.Fatalf("%s taken as %s: %v", name, context, err)
			}
		}
	}
}

func TestReceiptRangesRefused(t *testing.T) {
	hub := keys(t, "hub")
	for name, rs := range map[string][]Range{
		"empty":       {{From: 3, To: 3}},
		"backwards":   {{From: 5, To: 3}},
		"overlapping": {{From: 1, To: 5}, {From: 4, To: 6}},
		"unsorted":    {{From: 4, To: 5}, {From: 1, To: 2}},
		"beyond size": {{From: 9, To: 11}},
	} {
		s, err := Receipt{Size: 10, Parked: rs}.Sign(hub.Identity)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(hub.Public().Identity); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := make([]Range, 5000)
	for i := range many {
		many[i] = Range{From: uint64(2 * i), To: uint64(2*i + 1)}
	}
	s, err := Receipt{Size: 10_000, Parked: many, Holes: many}.Sign(hub.Identity)
	if err != nil || len(s) > MaxFrame/2 {
		t.Fatalf("%d bytes, %v", len(s), err)
	}
	if r, err := s.Verify(hub.Public().Identity); err != nil || len(r.Parked) != maxRanges {
		t.Fatalf("%d, %v", len(r.Parked), err)
	}
}

func TestDownRefused(t *testing.T) {
	hub := keys(t, "hub")
	one := []Salted{{Bytes: []byte("a")}}
	for name, d := range map[string]Down{
		"no box":    {Entries: one},
		"empty":     {Box: "a"},
		"no bytes":  {Box: "a", Entries: []Salted{{}}},
		"too large": {Box: "a", Entries: []Salted{{Bytes: make([]byte, entry.MaxSize+1)}}},
		"overflow":  {Box: "a", First: ^uint64(0), Entries: one},
	} {
		if _, err := d.Sign(hub.Identity); !errors.Is(err, ErrForm) {
			t.Errorf("%s is signed: %v", name, err)
		}
		b, err := sign(hub.Identity, downContext, d)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := SignedDown(b).Verify(hub.Public().Identity); !errors.Is(err, ErrForm) {
			t.Errorf("%s is taken: %v", name, err)
		}
	}
}

func TestUnknownKeysAreSkipped(t *testing.T) {
	b, err := encMode.Marshal(map[int]any{1: make([]byte, 16), 2: true, 77: "later", 78: []int{1}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeBody(kindPing, b)
	if err != nil || m != (Ping{Receipt: true}) {
		t.Fatalf("%v, %v", m, err)
	}
}

func TestBombIsRefused(t *testing.T) {
	z := zstdEncoder.EncodeAll(make([]byte, 50*MaxInner), nil)
	if len(z) > MaxFrame {
		t.Fatalf("the bomb has %d bytes", len(z))
	}
	if _, err := decodeInner(pad(append([]byte{kindData, codecZstd}, z...)), new(shared)); !errors.Is(err, ErrForm) {
		t.Fatal(err)
	}
	if _, err := decodeInner(pad(append([]byte{kindData, codecZstd + 7}, z...)), new(shared)); !errors.Is(err, ErrForm) {
		t.Fatalf("dictionary 7 does not exist yet: %v", err)
	}
}

func TestTooLarge(t *testing.T) {
	s, _ := pair(t)
	if _, err := s.Seal(Unknown{Kind: 99, Body: make([]byte, MaxFrame)}); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	if _, err := s.Seal(Unknown{Kind: 99, Body: make([]byte, MaxInner+1)}); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	f, err := s.Seal(Ping{})
	if h, _ := Parse(f); err != nil || h.Counter != 1 {
		t.Fatalf("a refused message must not give its counter to the next: %d, %v", h.Counter, err)
	}
	if _, err := Parse(make([]byte, MaxFrame+1)); !errors.Is(err, ErrTooLarge) {
		t.Fatal(err)
	}
	if _, _, err := StartSession(keys(t, "h").Public().HPKE, keys(t, "b").Identity, Start{Dir: 9, Box: "b"}); !errors.Is(err, ErrForm) {
		t.Fatal(err)
	}
}

func TestHoleLeafIsClaimed(t *testing.T) {
	b := NewDataBuilder(Epoch{}, 0, MaxFrame)
	b.Add(Raw{Leaf: clinic.Leaf{9}})
	body, _, err := b.Data(Hash{}, 1<<62).body()
	if err != nil {
		t.Fatal(err)
	}
	d, err := decodeData(body, entry.MaxSize)
	if err != nil {
		t.Fatal(err)
	}
	if it := d.Items(); len(it) != 1 || it[0].Bytes != nil || it[0].Leaf != (clinic.Leaf{9}) {
		t.Fatalf("%+v", it)
	}
}

func TestExactLengths(t *testing.T) {
	for n := range 40 {
		b, err := encMode.Marshal(map[int]any{1: make([]byte, n)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeBody(kindPing, b); (err == nil) != (n == len(Nonce{})) {
			t.Errorf("a nonce of %d bytes: %v", n, err)
		}
	}
	b, err := encMode.Marshal(map[int]any{1: make([]int, 16)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeBody(kindPing, b); !errors.Is(err, ErrForm) {
		t.Errorf("a nonce of 16 numbers: %v", err)
	}
}

func TestAheadIsBeyondTheSize(t *testing.T) {
	hub := frozenKey("hub", 2)
	for name, rs := range map[string][]Range{
		"stored already":  {{From: 9, To: 12}},
		"what comes next": {{From: 10, To: 12}},
		"empty":           {{From: 12, To: 12}},
		"out of order":    {{From: 14, To: 16}, {From: 12, To: 13}},
	} {
		s, err := Receipt{Size: 10, Ahead: rs}.Sign(hub.Identity)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(hub.Public().Identity); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
