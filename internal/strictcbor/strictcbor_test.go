package strictcbor_test

import (
	"bytes"
	"testing"

	"clinicbox/internal/strictcbor"
)

// TestRefuses: what two readers could read differently is refused, and more than the limits.
func TestRefuses(t *testing.T) {
	type one struct {
		A int `cbor:"1,keyasint"`
	}
	loose := strictcbor.Decoding(strictcbor.Limits{Nested: 4, Elements: 16, Pairs: 16})
	known := strictcbor.Decoding(strictcbor.Limits{Nested: 4, Elements: 16, Pairs: 16, Known: true})
	for name, c := range map[string]struct {
		b            []byte
		loose, known bool
	}{
		"as it is":         {[]byte{0xa1, 1, 2}, true, true},
		"an unknown field": {[]byte{0xa2, 1, 2, 3, 4}, true, false},
		"a key twice":      {[]byte{0xa2, 1, 2, 1, 3}, false, false},
		"no length":        {[]byte{0xbf, 1, 2, 0xff}, false, false},
		"a tag":            {[]byte{0xc1, 0xa1, 1, 2}, false, false},
		"something behind": {[]byte{0xa1, 1, 2, 0}, false, false},
		"too many":         {append([]byte{0xa1, 1, 0x91}, make([]byte, 17)...), false, false},
	} {
		var v one
		if err := loose.Unmarshal(c.b, &v); (err == nil) != c.loose {
			t.Errorf("%s: %v", name, err)
		}
		if err := known.Unmarshal(c.b, &v); (err == nil) != c.known {
			t.Errorf("%s, known fields only: %v", name, err)
		}
	}
}

func TestDeterministic(t *testing.T) {
	b, err := strictcbor.Encoding().Marshal(map[int]string{3: "c", 1: "a", 2: "b"})
	if want := []byte{0xa3, 1, 0x61, 'a', 2, 0x61, 'b', 3, 0x61, 'c'}; err != nil || !bytes.Equal(b, want) {
		t.Errorf("%x, %v", b, err)
	}
}
