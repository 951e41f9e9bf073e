package checkpoint

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// TestBare: what travels without its note makes the note that Sign and Cosign make.
func TestBare(t *testing.T) {
	k, w := seedKey(7), seedKey(9)
	l := newLog(t, 6)
	c, other, at := l.at(t, 5), l.at(t, 6), time.Unix(1_800_000_000, 0)
	by := Cosigner{Name: "cb/centre", Key: public(w)}
	sig, err := SignBare(c, k)
	if err != nil || !VerifyBare(c, public(k), sig) || VerifyBare(other, public(k), sig) || VerifyBare(c, public(w), sig) || VerifyBare(c, nil, sig) {
		t.Fatal("signature", err)
	}
	cosig, err := CosignBare(c, w, at)
	if err != nil || len(cosig) != CosignatureSize {
		t.Fatal(cosig, err)
	}
	if got, ok := CosignedBare(c, public(w), cosig); !ok || !got.Equal(at) {
		t.Error(got, ok)
	}
	note, err := Join(c, k, by, cosig)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Cosign(sign(t, c, k), by.Name, w, at)
	if err != nil || !bytes.Equal(note, whole) {
		t.Errorf("%s is not\n%s, %v", note, whole, err)
	}
	later := bytes.Clone(cosig)
	later[7]++
	for name, bad := range map[string][]byte{"": nil, "short": cosig[1:], "another time": later, "a bare signature": append(make([]byte, 8), sig...)} {
		if _, ok := CosignedBare(c, public(w), bad); ok {
			t.Errorf("%s is taken", name)
		}
		if _, err := Join(c, k, by, bad); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Join(other, k, by, cosig); !errors.Is(err, ErrSignature) {
		t.Error("for another size:", err)
	}
	bad := c
	bad.Origin = "a b"
	if _, err := SignBare(bad, k); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
	if _, err := CosignBare(bad, w, at); !errors.Is(err, ErrFormat) {
		t.Error(err)
	}
}
