package wire

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/internal/keyfile"
)

// The golden files freeze version 1 of the wire: a box in a drawer must be
// understood years later. CLINICBOX_GOLDEN=write writes those that are missing;
// one that exists is never changed.

func frozenKey(name string, b byte) *keyfile.Private {
	h, err := keyfile.KEM().DeriveKeyPair(bytes.Repeat([]byte{b}, 32))
	if err != nil {
		panic(err)
	}
	return &keyfile.Private{Name: name, Identity: ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)), HPKE: h}
}

func frozenMessages(t *testing.T) map[string]Message {
	t.Helper()
	hub := frozenKey("hub", 2)
	b := NewDataBuilder(Epoch{1, 2, 3}, 7, MaxFrame)
	for i := range 4 {
		r := Raw{Index: uint64(7 + i), Seed: entry.Seed{9}, Place: uint32(3 + i), Bytes: []byte{0xa1, 1, byte(i)}}
		if i == 1 {
			r.Bytes, r.Leaf = nil, clinic.Leaf{0xee}
		}
		if i == 3 {
			r.Explicit, r.Salt = true, entry.Salt{5}
		}
		if !b.Add(r) {
			t.Fatal("does not fit")
		}
	}
	nonce := Nonce{4, 4}
	receipt, err := Receipt{
		Box: "tram-01", Epoch: Epoch{1, 2, 3}, Size: 11, Root: Hash{6}, Time: 1_790_000_000_000, Echo: &nonce,
		Parked: []Range{{From: 1, To: 2}}, Holes: []Range{{From: 8, To: 9}},
	}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	ahead, err := Receipt{
		Box: "tram-01", Epoch: Epoch{1, 2, 3}, Size: 11, Root: Hash{6}, Time: 1_790_000_000_000,
		Ahead: []Range{{From: 15, To: 20}, {From: 24, To: 30}},
	}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	proof := Receipt{Box: "tram-01", Epoch: Epoch{1, 2, 3}, Size: 11, Root: Hash{6}, Time: 1_790_000_000_000}
	if err := proof.Cosign(hub.Identity, time.Unix(1_790_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	cosigned, err := proof.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	signed := b.Data(Hash{6}, 0)
	if err := signed.Sign("tram-01", frozenKey("tram-01", 1).Identity); err != nil {
		t.Fatal(err)
	}
	down, err := Down{Box: "tram-01", Epoch: Epoch{8}, First: 3, Entries: []Salted{{Salt{1}, []byte{0xa1, 1, 1}}}}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	set, err := Set{Box: "tram-01", ID: Epoch{7}, Entries: []Salted{{Salt{1}, []byte{0xa1, 1, 1}}}, Left: 40}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	pong, err := Pong{Box: "tram-01", Nonce: nonce, Time: 1_790_000_000_000}.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Message{
		"data": b.Data(Hash{6}, 0), "data-total": b.Data(Hash{6}, 500), "receipt": receipt, "receipt-cosigned": cosigned, "data-signed": signed, "receipt-ahead": ahead, "down": down, "pong": pong,
		"downack": DownAck{Epoch: Epoch{8}, Next: 4}, "ping": Ping{Nonce: nonce, Receipt: true},
		"unknown":        Unknown{Kind: 77, Body: []byte("later")},
		"downack-last":   DownAck{Epoch: Epoch{8}, Next: 4, Last: []byte{1, 2, 3}},
		"align":          Align{Epoch: Epoch{8}, Nonce: nonce, Heads: []Head{{Size: 3, Root: Hash{1}}, {Size: 9, Root: Hash{2}}}},
		"align-from":     Align{Epoch: Epoch{8}, Nonce: nonce, From: 7},
		"align-most":     Align{Epoch: Epoch{8}, Nonce: nonce, From: 7, Most: 2},
		"aligned":        Aligned{Epoch: Epoch{8}, Nonce: nonce, Size: 12, Agrees: 3},
		"aligned-end":    Aligned{Epoch: Epoch{8}, Nonce: nonce, Size: 12, Elsewhere: 40},
		"aligned-back":   Aligned{Epoch: Epoch{8}, Nonce: nonce, Size: 12, First: 7, Back: []Back{{Salt: Salt{1}, Bytes: []byte{0xa1}}, {Salt: Salt{2}}}},
		"brief":          BriefReceipt{Signature: [64]byte{1, 2, 3}, Size: 70_000, Time: 1_790_000_000_000},
		"brief-cosigned": BriefReceipt{Signature: [64]byte{1, 2, 3}, Size: 70_000, Time: 1_790_000_000_000, Cosigned: bytes.Repeat([]byte{7}, 72)},
		"budget":         Budget{Month: 202611, Cap: 500_000_000, Used: 12_000_000, Of: []uint64{7, 0, 5}, Waits: []byte{6}},
		"set":            set, "setack": SetAck{IDs: []Epoch{{7}, {8}}, Received: 700},
	}
}

func golden(t *testing.T, name string, make func() []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name+".hex")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) && os.Getenv("CLINICBOX_GOLDEN") == "write" {
		b := make()
		if err := os.WriteFile(path, []byte(hex.EncodeToString(b)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGoldenMessages(t *testing.T) {
	for name, m := range frozenMessages(t) {
		body, _, err := m.body()
		if err != nil {
			t.Fatal(err)
		}
		frozen := golden(t, name, func() []byte { return body })
		if !bytes.Equal(body, frozen) {
			t.Errorf("%s is written otherwise than version 1: %x", name, body)
		}
		got, err := decodeBody(m.kind(), frozen)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// Compare through the encoding: decoding gives empty for nil.
		again, _, err := got.body()
		if err != nil || !bytes.Equal(again, frozen) {
			t.Errorf("%s is read otherwise than version 1: %+v, %v", name, got, err)
		}
	}
}

// TestGoldenSession opens a session that was recorded once, with frames of every
// type in it: HPKE's suite, the key schedule and the padding are frozen with it.
func TestGoldenSession(t *testing.T) {
	box, hub := frozenKey("tram-01", 1), frozenKey("hub", 2)
	want := Start{
		Dir: DirUp, Box: "tram-01", Epoch: Epoch{1, 2, 3}, Incarnation: Epoch{4}, Parent: Epoch{5},
		Tip: 7, Nonce: Nonce{1}, Agent: "golden",
	}
	names := []string{"data", "receipt", "down", "pong", "downack", "ping", "unknown"}
	messages := frozenMessages(t)
	var frames [][]byte
	record := func(i int) func() []byte {
		return func() []byte {
			if frames == nil {
				start, s, err := StartSession(hub.Public().HPKE, box.Identity, want)
				if err != nil {
					t.Fatal(err)
				}
				frames = append(frames, start)
				for _, n := range names {
					f, err := s.Seal(messages[n])
					if err != nil {
						t.Fatal(err)
					}
					frames = append(frames, f)
				}
			}
			return frames[i]
		}
	}
	start := golden(t, "frame-start", record(0))
	got, o, err := AcceptSession(start, hub.HPKE, Expect{DirUp, "tram-01", box.Public().Identity, Nonce{1}})
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, n := range names {
		m, err := o.Open(golden(t, "frame-"+n, record(i+1)))
		if err != nil {
			t.Errorf("%s: %v", n, err)
			continue
		}
		a, _, _ := m.body()
		b, _, _ := messages[n].body()
		if !bytes.Equal(a, b) {
			t.Errorf("%s opens to %+v", n, m)
		}
	}
	who := Who{Nonce: Nonce{3}, Back: true}
	if f := golden(t, "frame-who", who.Frame); !bytes.Equal(f, who.Frame()) {
		t.Errorf("who is written otherwise than version 1: %x", who.Frame())
	}
}
