package authority

import (
	"bytes"
	"testing"
)

// FuzzKeyFile reads key files that somebody else wrote. A sealed one costs what it
// asks for, so the fuzzer stays with small costs.
func FuzzKeyFile(f *testing.F) {
	f.Add([]byte(plainHeading + "\nAAAA\n"))
	f.Add([]byte(sealedHeading + "\nargon2id: 1 8192 1 AAAAAAAAAAAAAAAAAAAAAA==\nAAAA\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if bytes.Contains(b, []byte("argon2id: ")) && !bytes.Contains(b, []byte("argon2id: 1 8192 1 ")) {
			t.Skip()
		}
		der, err := openKey(b, []byte("x"))
		if err == nil && !bytes.HasPrefix(b, []byte(plainHeading+"\n")) && len(der) > 0 {
			t.Fatal("a sealed key opens for anybody")
		}
	})
}
