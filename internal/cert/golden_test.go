package cert

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The golden files freeze version 1: a certificate lives as long as its box.
// CLINICBOX_GOLDEN=write writes those that are missing; one that exists is never
// changed.
func golden(t *testing.T, name string, make func() []byte) []byte {
	t.Helper()
	path := filepath.Join("testdata", name+".hex")
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) && os.Getenv("CLINICBOX_GOLDEN") == "write" {
		b := make()
		if err := os.WriteFile(path, []byte(hex.EncodeToString(b)+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return b
	}
	if err != nil {
		t.Fatal(err)
	}
	return must[[]byte](t)(hex.DecodeString(strings.TrimSpace(string(text))))
}

func TestGoldenStatements(t *testing.T) {
	for name, now := range statements(t) {
		if frozen := golden(t, name, func() []byte { return now }); !bytes.Equal(now, frozen) {
			t.Errorf("%s is written otherwise than version 1: %x", name, now)
		}
	}
}

// TestGoldenEnrolment opens an answer that was recorded once: the derivations from
// the code, the MACs and the X.509 profile are frozen with it.
func TestGoldenEnrolment(t *testing.T) {
	e := newEnrolment(t)
	request := golden(t, "enrol-request", func() []byte { return e.request })
	answer := golden(t, "enrol-answer", func() []byte { return e.seal(t) })
	got, err := OpenAnswer(answer, Expect{Request: request, Code: e.code, Root: pub(rootKey)})
	if err != nil || got.Box.Name != "tram-01" || got.Answer.Facility.Code != facility || got.Hub.Seq != 1 {
		t.Fatalf("%+v, %v", got, err)
	}
	if e.code.String() != "0123-4567-89AB-CDE"+e.code.String()[18:] || len(e.code.String()) != 19 {
		t.Errorf("code is written %s", e.code)
	}
	text := must[string](t)(Text(answer))
	if frozen := golden(t, "enrol-text", func() []byte { return []byte(text) }); string(frozen) != text {
		t.Error("text is written otherwise than version 1")
	}
	codes := strings.Join(must[[]string](t)(QR(answer)), "\n")
	if frozen := golden(t, "enrol-qr", func() []byte { return []byte(codes) }); string(frozen) != codes {
		t.Error("QR codes are written otherwise than version 1")
	}
}

// craft signs a body of any shape, as a later program or a forger would.
func craft(signer ed25519.PrivateKey, kind Kind, version byte, body any) []byte {
	b, err := encMode.Marshal(body)
	if err != nil {
		panic(err)
	}
	head := []byte{magic, version, byte(kind)}
	return bytes.Join([][]byte{head, ed25519.Sign(signer, message(head, b)), b}, nil)
}

func TestUnknownKeysAreKept(t *testing.T) {
	raw := craft(key(rootKey), KindIssuer, Version, map[int]any{
		1: "Mẫu", 2: []byte(pub(issuerKey)), 3: 1, 99: "something of a later version",
	})
	trust := NewTrust(pub(rootKey))
	if err := trust.Add(raw); err != nil {
		t.Fatal(err)
	}
	if got := trust.Statements(); len(got) != 1 || !bytes.Equal(got[0], raw) {
		t.Fatalf("kept as %x", got)
	}
}
