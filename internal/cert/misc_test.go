package cert

import (
	"crypto"
	"crypto/ed25519"
	"fmt"
	"io"
	"strings"
	"testing"
)

// lying signs with another key than it shows.
type lying struct{ ed25519.PrivateKey }

func (l lying) Sign(r io.Reader, m []byte, o crypto.SignerOpts) ([]byte, error) {
	return key(99).Sign(r, m, o)
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestCodeMistyped: every single wrong character and every swap of neighbours is
// noticed before anything is asked.
func TestCodeMistyped(t *testing.T) {
	for range 20 {
		c := NewCode()
		text := c.String()
		if got, err := ParseCode(strings.ToLower(strings.ReplaceAll(text, "-", " "))); err != nil || got != c {
			t.Fatalf("%s: %v", text, err)
		}
		plain := strings.ReplaceAll(text, "-", "")
		for i := range plain {
			for _, r := range alphabet {
				if bad := plain[:i] + string(r) + plain[i+1:]; bad != plain {
					if _, err := ParseCode(bad); err == nil {
						t.Fatalf("%s passes for %s", bad, plain)
					}
				}
			}
			if i > 0 && plain[i] != plain[i-1] {
				bad := plain[:i-1] + plain[i:i+1] + plain[i-1:i] + plain[i+1:]
				if _, err := ParseCode(bad); err == nil {
					t.Fatalf("%s passes for %s", bad, plain)
				}
			}
		}
	}
	for _, bad := range []string{"", "0", strings.Repeat("0", 15), strings.Repeat("0", 17), "U000 0000 0000 0000", "0000 0000 0000 000ế"} {
		if _, err := ParseCode(bad); err == nil {
			t.Errorf("%q is a code", bad)
		}
	}
	if c, err := ParseCode("OoOo-iIlL-0000-000" + string(alphabet[checkSymbol([]byte{0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0})])); err != nil || c.bits[4] != 1 {
		t.Errorf("look-alikes: %v", err)
	}
}

func TestCodeDoesNotPrint(t *testing.T) {
	c := NewCode()
	s := c.Secret()
	for _, text := range []string{fmt.Sprintf("%#v", c), fmt.Sprint(s), fmt.Sprintf("%+v", s), fmt.Sprintf("%#v", s)} {
		if strings.Contains(text, c.String()) || !strings.Contains(text, "hidden") {
			t.Errorf("shows %s", text)
		}
	}
}
