package staff

import (
	"bytes"
	"testing"

	"clinicbox/clinic"
)

// FuzzVerifier: whatever is read back, nothing but a value of ours is taken, it is
// taken whole, and its costs are bounded.
func FuzzVerifier(f *testing.F) {
	v := newVerifier(Params{Time: 1, Memory: 8, Threads: 1}, clinic.ID{1}, "480257", newSeed())
	f.Add(v.bytes())
	v.version, v.wrapped = versionPlain, nil
	f.Add(v.bytes())
	f.Add(tombstone())
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{0xff}, keyLen))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := parseVerifier(b)
		if err != nil {
			if v != nil {
				t.Fatal("an error with a verifier")
			}
			return
		}
		if noPIN(b) || !bytes.Equal(v.bytes(), b) {
			t.Fatalf("%x is read as %x", b, v.bytes())
		}
		if p := v.params; p.Time > 10 || p.Memory > 64<<10 || p.Threads > 4 || p.Time*p.Memory*uint32(p.Threads) == 0 {
			t.Fatalf("%+v", p)
		}
		if seed, err := v.seed(clinic.ID{2}, make([]byte, kekLen)); seed != nil || (err == nil) != (v.version == versionPlain) {
			t.Fatalf("opens without its PIN: %v", err)
		}
	})
}
