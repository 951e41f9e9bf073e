package smsorder_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"clinicbox/internal/sms"
	"clinicbox/internal/smsorder"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(rune('a'+n)), ed25519.SeedSize)))
}

func pub(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

func TestSMSOrders(t *testing.T) {
	for _, o := range []smsorder.Order{
		{Kind: smsorder.Wake, Counter: 1},
		{Kind: smsorder.Wake, Counter: 1<<64 - 1},
		{Kind: smsorder.APN, Counter: 12, APN: "v-internet"},
		{Kind: smsorder.APN, Counter: 300, APN: "m3-world.mnc002.mcc452.gprs", User: "mms", Password: "mms,1;"},
	} {
		text, err := smsorder.Seal(key(1), "tram-01", o)
		if err != nil {
			t.Fatal(err)
		}
		pieces, err := sms.Split(text, sms.Place{})
		if err != nil || len(pieces) != 1 || len(text) > smsorder.MaxText {
			t.Errorf("%d letters in %d messages: %v", len(text), len(pieces), err)
		}
		got, err := smsorder.Open(" "+text[:50]+"\r\n"+text[50:]+"\n", "tram-01", o.Counter-1, []ed25519.PublicKey{pub(0), pub(1)})
		if err != nil || got != o {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

// Each row changes one thing about an order that would be carried out.
func TestSMSOrdersRefused(t *testing.T) {
	o := smsorder.Order{Kind: smsorder.APN, Counter: 12, APN: "v-internet"}
	text, err := smsorder.Seal(key(1), "tram-01", o)
	if err != nil {
		t.Fatal(err)
	}
	ours := []ed25519.PublicKey{pub(1)}
	for name, c := range map[string]struct {
		text, box string
		after     uint64
		keys      []ed25519.PublicKey
		want      error
	}{
		"as it is":          {text, "tram-01", 11, ours, nil},
		"once more":         {text, "tram-01", 12, ours, smsorder.ErrReplayed},
		"after a later one": {text, "tram-01", 13, ours, smsorder.ErrReplayed},
		"for another box":   {text, "tram-02", 11, ours, smsorder.ErrForged},
		"by another key":    {text, "tram-01", 11, []ed25519.PublicKey{pub(2)}, smsorder.ErrForged},
		"no key known":      {text, "tram-01", 11, nil, smsorder.ErrForged},
		"half a key":        {text, "tram-01", 11, []ed25519.PublicKey{pub(1)[:31]}, smsorder.ErrForged},
		"a stranger":        {"Chào bác sĩ", "tram-01", 11, ours, smsorder.ErrNotOrder},
		"nothing":           {"", "tram-01", 11, ours, smsorder.ErrNotOrder},
		"the prefix":        {"CB1.", "tram-01", 11, ours, smsorder.ErrNotOrder},
		"cut off":           {text[:len(text)-4], "tram-01", 11, ours, smsorder.ErrNotOrder},
		"too long":          {text + strings.Repeat("A", 80), "tram-01", 11, ours, smsorder.ErrNotOrder},
	} {
		if _, err := smsorder.Open(c.text, c.box, c.after, c.keys); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for i := range len(text) - 4 {
		b := []byte(text)
		if b[i+4]++; b[i+4] == text[i+4] {
			continue
		}
		if _, err := smsorder.Open(string(b), "tram-01", 11, ours); err == nil {
			t.Errorf("letter %d changed: carried out", i+4)
		}
	}
}

// What would break out of the quotes of a command is neither signed nor carried out.
func TestSMSOrderWords(t *testing.T) {
	for _, o := range []smsorder.Order{
		{},
		{Kind: 3, Counter: 1},
		{Kind: smsorder.Wake},
		{Kind: smsorder.Wake, Counter: 1, APN: "x"},
		{Kind: smsorder.APN, Counter: 1},
		{Kind: smsorder.APN, Counter: 1, APN: "a\"\rAT+CFUN=0"},
		{Kind: smsorder.APN, Counter: 1, APN: "a", User: "u\""},
		{Kind: smsorder.APN, Counter: 1, APN: "a", Password: "p\r"},
		{Kind: smsorder.APN, Counter: 1, APN: strings.Repeat("a", 60)},
	} {
		if text, err := smsorder.Seal(key(1), "b", o); !errors.Is(err, smsorder.ErrMalformed) {
			t.Errorf("%+v: %q, %v", o, text, err)
		}
	}
	body := []byte("\x02\x01\x02a\"\x00\x00")
	sig, err := key(1).Sign(nil, append([]byte("\x01b"), body...), &ed25519.Options{Context: "clinicbox sms order v1"})
	if err != nil {
		t.Fatal(err)
	}
	text := "CB1." + base64.RawURLEncoding.EncodeToString(append(body, sig...))
	if _, err := smsorder.Open(text, "b", 0, []ed25519.PublicKey{pub(1)}); !errors.Is(err, smsorder.ErrMalformed) {
		t.Error(err)
	}
}

// The text is frozen: a box in the field reads what a later centre signs.
func TestSMSOrderIsFrozen(t *testing.T) {
	text, err := smsorder.Seal(key(1), "tram-01", smsorder.Order{Kind: smsorder.APN, Counter: 300, APN: "v-internet"})
	if err != nil || !strings.HasPrefix(text, "CB1.AqwCCnYtaW50ZXJuZXQAA") || len(text) != 4+(3+13+64)*4/3+1 {
		t.Errorf("%d letters: %s, %v", len(text), text, err)
	}
}

func FuzzSMSOrder(f *testing.F) {
	text, err := smsorder.Seal(key(1), "b", smsorder.Order{Kind: smsorder.Wake, Counter: 5})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add("CB1.")
	f.Fuzz(func(t *testing.T, s string) {
		if o, err := smsorder.Open(s, "b", 0, []ed25519.PublicKey{pub(1)}); err == nil && o != (smsorder.Order{Kind: smsorder.Wake, Counter: 5}) {
			t.Errorf("an order that nobody signed: %+v", o)
		}
	})
}
