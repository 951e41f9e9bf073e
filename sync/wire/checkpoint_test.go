package wire

import (
	"errors"
	"testing"
	"time"
)

// TestCosignatureIsVerified: a receipt counts with no cosignature, and with a right one.
func TestCosignatureIsVerified(t *testing.T) {
	box, hub, other := keys(t, "tram-01"), keys(t, "hub"), keys(t, "hub")
	r := Receipt{Box: "tram-01", Epoch: Epoch{1}, Size: 9, Root: Hash{2}, Time: 1_790_000_000_000}
	if note, err := r.Note(box.Identity, hub.Public().Identity); note != nil || err != nil {
		t.Error(note, err)
	}
	if err := r.Cosign(hub.Identity, time.Unix(1_790_000_000, 0)); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(r *Receipt){
		"":                 func(*Receipt) {},
		"of another size":  func(r *Receipt) { r.Size++ },
		"of another root":  func(r *Receipt) { r.Root[0]++ },
		"of another box":   func(r *Receipt) { r.Box = "tram-02" },
		"of another epoch": func(r *Receipt) { r.Epoch[0]++ },
		"short":            func(r *Receipt) { r.Cosigned = r.Cosigned[1:] },
		"of another hub": func(r *Receipt) {
			if err := r.Cosign(other.Identity, time.Unix(1_790_000_000, 0)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		bad := r
		spoil(&bad)
		s, err := bad.Sign(hub.Identity)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Verify(hub.Public().Identity); (err == nil) != (name == "") || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCheckpointHasItsLength(t *testing.T) {
	d := frozenMessages(t)["data-signed"].(*Data)
	if !d.Signed("tram-01", frozenKey("tram-01", 1).Public().Identity) || d.Signed("tram-02", frozenKey("tram-01", 1).Public().Identity) {
		t.Error("the signature is not of this box alone")
	}
	d.Checkpoint = d.Checkpoint[1:]
	b, err := encMode.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeBody(kindData, b); !errors.Is(err, ErrForm) {
		t.Error(err)
	}
}
