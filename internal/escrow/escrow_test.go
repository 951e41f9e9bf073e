package escrow_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"clinicbox/internal/escrow"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/spoken"
)

func keys(t testing.TB) *keyfile.Private {
	t.Helper()
	k, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func ticket() *escrow.Ticket {
	tk := &escrow.Ticket{Box: "tram-01", Slots: [16]byte{1, 2}, Round: 5, Challenge: escrow.NewChallenge(5)}
	rand.Read(tk.Secret[:])
	return tk
}

func TestSealOpen(t *testing.T) {
	hub, tk := keys(t), ticket()
	b, err := escrow.Seal(escrow.Centre{HPKE: hub.HPKE.PublicKey(), Box: "tram-01"}, tk)
	if err != nil || len(b) > 2048 {
		t.Fatal(len(b), err)
	}
	got, err := escrow.Open(hub.HPKE, "tram-01", b)
	if err != nil || got.Answer().Reveal() != tk.Answer().Reveal() || !got.Answer().HasPrefix(5) {
		t.Fatal(err)
	}
	if a, err := got.AnswerTo(strings.ToLower(tk.Challenge.Reveal())); err != nil || a.Reveal() != tk.Answer().Reveal() {
		t.Fatal(err)
	}
	if _, err := got.AnswerTo(escrow.NewChallenge(5).Reveal()); !errors.Is(err, escrow.ErrChallenge) {
		t.Fatal(err)
	}
	if _, err := got.AnswerTo("23456"); !errors.Is(err, spoken.ErrCode) {
		t.Fatal(err)
	}
	if _, err := escrow.Open(hub.HPKE, "tram-02", b); !errors.Is(err, escrow.ErrBlob) {
		t.Fatal("opens as another box's:", err)
	}
	if _, err := escrow.Open(keys(t).HPKE, "tram-01", b); !errors.Is(err, escrow.ErrBlob) {
		t.Fatal("opens with another centre's key:", err)
	}
	if bytes.Contains(b, tk.Secret[:8]) || strings.Contains(fmt.Sprintf("%v %+v %#v", tk, tk, tk), fmt.Sprintf("%x", tk.Secret[:4])) {
		t.Fatal("the secret shows")
	}
}

func TestDamagedBlobs(t *testing.T) {
	hub, tk := keys(t), ticket()
	b, err := escrow.Seal(escrow.Centre{HPKE: hub.HPKE.PublicKey(), Box: "tram-01"}, tk)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		bad := bytes.Clone(b)
		bad[i] ^= 0x40
		if _, err := escrow.Open(hub.HPKE, "tram-01", bad); err == nil {
			t.Fatalf("byte %d of %d flipped opens", i, len(b))
		}
	}
	for _, n := range []int{0, 1, 10, len(b) / 2, len(b) - 1} {
		if _, err := escrow.Open(hub.HPKE, "tram-01", b[:n]); !errors.Is(err, escrow.ErrBlob) {
			t.Fatalf("cut to %d: %v", n, err)
		}
	}
	newer := bytes.Clone(b)
	newer[2] = 2 // {1: 2, …
	if _, err := escrow.Open(hub.HPKE, "tram-01", newer); !errors.Is(err, escrow.ErrVersion) {
		t.Fatal(err)
	}
	for _, c := range []escrow.Centre{{}, {HPKE: hub.HPKE.PublicKey()}, {HPKE: hub.HPKE.PublicKey(), Box: "a/b"}} {
		if _, err := escrow.Seal(c, tk); err == nil {
			t.Errorf("sealed to %+v", c.Box)
		}
	}
}

func FuzzOpen(f *testing.F) {
	hub := keys(f)
	b, _ := escrow.Seal(escrow.Centre{HPKE: hub.HPKE.PublicKey(), Box: "tram-01"}, ticket())
	f.Add(b)
	f.Fuzz(func(_ *testing.T, b []byte) { _, _ = escrow.Open(hub.HPKE, "tram-01", b) })
}
