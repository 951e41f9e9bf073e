package seal_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"clinicbox/store/seal"
)

func TestSealOpensOnlyAsSealed(t *testing.T) {
	k := seal.NewKey()
	s := seal.NewSealer(k.Sub("a"))
	plain, aad := []byte("Nguyễn Thị Mẫu"), []byte("place 7")
	c := s.Seal([]byte("head"), plain, aad)[4:]
	if got, err := s.Open(nil, c, aad); err != nil || !bytes.Equal(got, plain) {
		t.Fatal(got, err)
	}
	if bytes.Contains(c, plain) || len(c) != len(plain)+seal.Overhead {
		t.Fatal("not sealed, or of another length")
	}
	for i := range c {
		bad := bytes.Clone(c)
		bad[i] ^= 1
		if _, err := s.Open(nil, bad, aad); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("flipped byte %d opens", i)
		}
	}
	for n := range c {
		if _, err := s.Open(nil, c[:n], aad); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("cut to %d opens", n)
		}
	}
	if _, err := s.Open(nil, c, []byte("place 8")); err == nil {
		t.Fatal("opens in another place")
	}
	if _, err := seal.NewSealer(k.Sub("b")).Open(nil, c, aad); err == nil {
		t.Fatal("opens for another purpose")
	}
}

func TestMacKeepsPartsApart(t *testing.T) {
	k := seal.NewKey()
	if k.Mac("1", "23") == k.Mac("12", "3") || k.Mac("a") == k.Mac("a", "") {
		t.Fatal("parts run into each other")
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	k := seal.Key{0xde, 0xad}
	for _, f := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(f, k); got != "[key]" {
			t.Errorf("%s prints %q", f, got)
		}
	}
	if k.LogValue().String() != "[key]" {
		t.Error("logged")
	}
}
