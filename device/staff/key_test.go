package staff_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"testing"

	"golang.org/x/crypto/argon2"

	"clinicbox/clinic"
	"clinicbox/device/staff"
)

const other = "739105"

// open wants the right PIN taken, and returns the key.
func open(t *testing.T, p *staff.Pins, id clinic.ID, pin string, stranger bool) ed25519.PrivateKey {
	t.Helper()
	v, key, err := p.Open(t.Context(), id, pin, stranger)
	if err != nil || v.Result != clinic.PINRight || v.Left != staff.MaxWrong {
		t.Fatalf("the right PIN gave %+v, %v", v, err)
	}
	return key.(ed25519.PrivateKey)
}

// shut wants the PIN refused without a key.
func shut(t *testing.T, p *staff.Pins, id clinic.ID, pin string, stranger bool, want clinic.PINResult) {
	t.Helper()
	v, key, err := p.Open(t.Context(), id, pin, stranger)
	if err != nil || v.Result != want || key != nil {
		t.Fatalf("got %+v, key %v, %v; want result %d without a key", v, key != nil, err, want)
	}
}

func TestKeyNeedsItsPIN(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	key := open(t, p, id, right, false)
	if !open(t, staff.New(kv, cheap()), id, right, true).Equal(key) {
		t.Fatal("a restart changed the key")
	}
	shut(t, p, id, wrong, false, clinic.PINWrong)
	shut(t, p, id, wrong, true, clinic.PINWrong)
	for name, v := range kv.m {
		if bytes.Contains(v, key.Seed()) || bytes.Contains(v, []byte(right)) {
			t.Errorf("%s holds seed or PIN in clear", name)
		}
	}
	at := "staff.pin/" + id.String()
	good := kv.m[at]
	for i := range 8 * len(good) {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		kv.m[at] = bad
		v, got, err := p.Open(t.Context(), id, right, false)
		if got != nil || v.Result == clinic.PINRight || err != nil && !errors.Is(err, staff.ErrVerifier) {
			t.Errorf("bit %d: %+v, key %v, %v", i, v, got != nil, err)
		}
		if err := p.Unlock(id); err != nil {
			t.Fatal(err)
		}
	}
	kv.m[at] = good
	if !open(t, p, id, right, false).Equal(key) {
		t.Error("the undamaged value gives another key")
	}
}

// TestKeyOfAnotherPerson: who can write to the state cannot give one's own PIN,
// and with it one's own key, to somebody else.
func TestKeyOfAnotherPerson(t *testing.T) {
	kv := newMemory()
	p, a := set(t, kv, cheap())
	_, b := set(t, kv, cheap())
	if open(t, p, a, right, false).Equal(open(t, p, b, right, false)) {
		t.Fatal("two people have one key")
	}
	kv.m["staff.pin/"+a.String()] = kv.m["staff.pin/"+b.String()]
	if v, key, err := p.Open(t.Context(), a, right, false); !errors.Is(err, staff.ErrVerifier) || key != nil {
		t.Fatalf("%+v, key %v, %v", v, key != nil, err)
	}
}

func TestLostPINMeansANewKey(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := range 5 { // 0 and 4: nothing fails
			kv := newMemory()
			p, id := set(t, kv, cheap())
			old := open(t, p, id, right, false)
			kv.fail, kv.applied = n, applied
			err := p.Set(t.Context(), id, other, nil)
			kv.fail = 0
			p = staff.New(kv, cheap())
			if err != nil && !(n == 3 && applied) {
				if !open(t, p, id, right, false).Equal(old) {
					t.Fatalf("cut at %d: the old PIN opens another key", n)
				}
				continue
			}
			fresh := open(t, p, id, other, false)
			shut(t, p, id, right, false, clinic.PINWrong)
			if fresh.Equal(old) || !fresh.Equal(open(t, p, id, other, false)) {
				t.Fatalf("cut at %d: the key is the lost one, or changes", n)
			}
		}
	}
}

func TestOwnChangeKeepsTheKey(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := range 5 {
			kv := newMemory()
			p, id := set(t, kv, cheap())
			key := open(t, p, id, right, false)
			kv.fail, kv.applied = n, applied
			err := p.Set(t.Context(), id, other, key)
			kv.fail = 0
			pin, not := other, right
			if err != nil && !(n == 3 && applied) {
				pin, not = right, other
			}
			p = staff.New(kv, cheap())
			shut(t, p, id, not, false, clinic.PINWrong)
			if !open(t, p, id, pin, false).Equal(key) {
				t.Fatalf("cut at %d: the change of PIN changed the key", n)
			}
		}
	}
}

func TestKeepsOnlyWholeKeys(t *testing.T) {
	kv := newMemory()
	p, id := set(t, kv, cheap())
	key := open(t, p, id, right, false)
	mixed := bytes.Clone(key)
	mixed[ed25519.SeedSize] ^= 1
	for i, keep := range []crypto.Signer{
		&key, ed25519.PrivateKey(nil), key[:40], ed25519.PrivateKey(mixed), struct{ crypto.Signer }{key},
	} {
		if err := p.Set(t.Context(), id, other, keep); !errors.Is(err, staff.ErrKeep) {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if !open(t, p, id, right, false).Equal(key) {
		t.Error("a refused change changed something")
	}
}

func TestNewCostsKeepTheKey(t *testing.T) {
	for _, applied := range []bool{false, true} {
		kv := newMemory()
		p, id := set(t, kv, cheap())
		key := open(t, p, id, right, false)
		before := kv.m["staff.pin/"+id.String()]
		dearer := cheap()
		dearer.Params.Time = 2
		p = staff.New(kv, dearer)
		kv.fail, kv.applied = 3, applied // count, reset, verifier
		if v, got, err := p.Open(t.Context(), id, right, false); !errors.Is(err, errDisk) || got != nil || v.Result == clinic.PINRight {
			t.Fatalf("%+v, key %v, %v", v, got != nil, err)
		}
		for range 2 { // renewed by the first
			if !open(t, p, id, right, false).Equal(key) {
				t.Fatal("other costs made another key")
			}
		}
		if bytes.Equal(before, kv.m["staff.pin/"+id.String()]) {
			t.Fatal("the costs are the old ones")
		}
	}
}

// plain puts a value of version 1, as boxes wrote it before there were keys.
func plain(kv *memory) clinic.ID {
	id := clinic.NewID()
	salt := []byte("0123456789abcdef")
	v := append([]byte{1, 0, 0, 0, 1, 0, 0, 0, 8, 1}, salt...)
	kv.m["staff.pin/"+id.String()] = append(v, argon2.IDKey([]byte(right), salt, 1, 8, 1, 32)...)
	kv.m["staff.tries/"+id.String()] = []byte{0}
	return id
}

func TestFirstVersionGetsAKey(t *testing.T) {
	for _, stranger := range []bool{false, true} {
		kv := newMemory()
		id, p := plain(kv), staff.New(kv, cheap())
		shut(t, p, id, wrong, true, clinic.PINWrong)
		check(t, p, id, wrong, clinic.PINWrong, 9)
		key := open(t, p, id, right, stranger)
		want := byte(1) // from a known browser the strangers' try stays counted
		if stranger {
			want = 0
		}
		v, n := kv.m["staff.pin/"+id.String()], kv.m["staff.strangers/"+id.String()]
		if v[0] != 2 || !bytes.Equal(n, []byte{want}) {
			t.Fatalf("version %d with %v tries of strangers", v[0], n)
		}
		if !open(t, staff.New(kv, cheap()), id, right, true).Equal(key) {
			t.Fatal("the key was not kept")
		}
	}
}

// TestFirstVersionCut: cut anywhere in the upgrade, no key is given out that is
// not kept, and nobody is locked out.
func TestFirstVersionCut(t *testing.T) {
	for _, applied := range []bool{false, true} {
		for n := 1; n <= 4; n++ { // count, reset, strangers, verifier
			kv := newMemory()
			id, p := plain(kv), staff.New(kv, cheap())
			kv.fail, kv.applied = n, applied
			if v, key, err := p.Open(t.Context(), id, right, false); !errors.Is(err, errDisk) || key != nil || v.Result == clinic.PINRight {
				t.Fatalf("cut at %d: %+v, key %v, %v", n, v, key != nil, err)
			}
			p = staff.New(kv, cheap())
			key := open(t, p, id, right, false)
			if !open(t, staff.New(kv, cheap()), id, right, true).Equal(key) {
				t.Fatalf("cut at %d: the key changed", n)
			}
		}
	}
}

// TestStoredValueStaysReadable: boxes in clinics hold values of this form.
func TestStoredValueStaysReadable(t *testing.T) {
	const value = "02000000010000000801aa232588b7433d91676e4ff2e05597e4" + // costs and salt
		"98db5e96668560c33a96b4f0924c56dcfe2dcc64384f5c0ee8e75b3d4868da22" + // verifier
		"a9b18856623d5fc02b84502c6547e886dfc5e8bd2b26a3d25267806b1f896256f92428c83543880caa0812325af9c596" // wrapped key
	const public = "ea782b778cdec5020e12ff9a367ff95af8b19443a90caaa644938eba044500ec"
	kv, id := newMemory(), clinic.ID{1, 2, 3}
	b, err := hex.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	kv.m["staff.pin/"+id.String()] = b
	kv.m["staff.tries/"+id.String()], kv.m["staff.strangers/"+id.String()] = []byte{0}, []byte{0}
	key := open(t, staff.New(kv, cheap()), id, right, false)
	if got := hex.EncodeToString(key.Public().(ed25519.PublicKey)); got != public {
		t.Errorf("it opens %s", got)
	}
}
