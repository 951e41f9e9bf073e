package wire

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"
)

// TestBriefReceipt: the whole receipt comes back byte by byte, for the right tree only,
// and one that says more has no brief form.
func TestBriefReceipt(t *testing.T) {
	t.Run("bare", func(t *testing.T) { briefly(t, false) })
	t.Run("cosigned", func(t *testing.T) { briefly(t, true) })
}

func briefly(t *testing.T, cosigned bool) {
	hub := keys(t, "hub")
	r := Receipt{Box: "tram-01", Epoch: Epoch{1}, Size: 70_000, Root: Hash{6}, Time: 1_790_000_000_000}
	if cosigned {
		if err := r.Cosign(hub.Identity, time.Unix(1_790_000_000, 0)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := r.Sign(hub.Identity)
	if err != nil {
		t.Fatal(err)
	}
	b, ok := s.Brief(&r)
	if !ok {
		t.Fatal("no brief form")
	}
	plain, err := encodeInner(b, newest, new(shared))
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeInner(plain, new(shared))
	if err != nil || !reflect.DeepEqual(m, Message(b)) {
		t.Fatalf("%+v, %v", m, err)
	}
	back, err := b.Whole("tram-01", Epoch{1}, Hash{6})
	if err != nil || !bytes.Equal(back, s) {
		t.Fatalf("%x, %v", back, err)
	}
	for name, other := range map[string]func() (SignedReceipt, error){
		"box":   func() (SignedReceipt, error) { return b.Whole("tram-02", Epoch{1}, Hash{6}) },
		"epoch": func() (SignedReceipt, error) { return b.Whole("tram-01", Epoch{2}, Hash{6}) },
		"root":  func() (SignedReceipt, error) { return b.Whole("tram-01", Epoch{1}, Hash{7}) },
	} {
		s, err := other()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(hub.Public().Identity); !errors.Is(err, ErrSignature) {
			t.Errorf("of another %s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*Receipt){
		"an answer":          func(r *Receipt) { r.Echo = &Nonce{1} },
		"parked":             func(r *Receipt) { r.Parked = []Range{{From: 1, To: 2}} },
		"holes":              func(r *Receipt) { r.Holes = []Range{{From: 1, To: 2}} },
		"ahead":              func(r *Receipt) { r.Ahead = []Range{{From: 80_000, To: 80_001}} },
		"half a cosignature": func(r *Receipt) { r.Cosigned = make([]byte, 40) },
		"no time":            func(r *Receipt) { r.Time = -1 },
	} {
		more := r
		change(&more)
		if _, ok := s.Brief(&more); ok {
			t.Errorf("%s has a brief form", name)
		}
	}
	body, _, _ := b.body()
	for n := range body {
		if cosigned && n == len(body)-cosignedSize {
			continue // the same without
		}
		if _, err := decodeBrief(body[:n]); !errors.Is(err, ErrForm) {
			t.Errorf("%d bytes of it: %v", n, err)
		}
	}
	if _, err := decodeBrief(append(body, 0)); !errors.Is(err, ErrForm) {
		t.Error("a longer one", err)
	}
}
