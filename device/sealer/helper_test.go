package sealer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/internal/escrow"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/redact"
)

const right, wrong = "480257", "480258"

// cheap makes the hashes of tests cost little; the costs have a test of their own.
func cheap() sealer.Costs { return sealer.Costs{Time: 1, Memory: 8, Threads: 1} }

func never(int) time.Duration { return 0 }

// bench is a board with its files.
type bench struct {
	t     testing.TB
	o     sealer.Options
	board string
	key   sealer.Key
}

func newBench(t testing.TB) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{
		t: t, board: filepath.Join(dir, "board"), key: sealer.NewKey(),
		o: sealer.Options{Path: filepath.Join(dir, "slots"), Tries: filepath.Join(dir, "tries"), Pause: never},
	}
	write(t, b.board, "10000000a3f0c6d1\x00")
	return b
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) staff(person clinic.ID, pin string) sealer.Method {
	return sealer.NewStaff(sealer.StaffOpts{Board: b.board, Person: person, PIN: redact.Wrap(pin), Costs: cheap()})
}

func (b *bench) create(m ...sealer.Method) *sealer.File {
	b.t.Helper()
	f, err := sealer.Create(b.t.Context(), b.o, &b.key, m...)
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

func (b *bench) open() *sealer.File {
	b.t.Helper()
	f, err := sealer.Open(b.o)
	if err != nil {
		b.t.Fatal(err)
	}
	return f
}

// opens fails the test when the method does not give the storage key.
func (b *bench) opens(f *sealer.File, m sealer.Method) {
	b.t.Helper()
	k, err := f.Unlock(b.t.Context(), m)
	if err != nil || *k != b.key {
		b.t.Fatalf("does not open: %v", err)
	}
}

func (b *bench) refuses(f *sealer.File, m sealer.Method) error {
	b.t.Helper()
	k, err := f.Unlock(b.t.Context(), m)
	if k != nil || err == nil {
		b.t.Fatal("opens")
	}
	return err
}

func hub(t testing.TB) (*keyfile.Private, escrow.Centre) {
	t.Helper()
	k, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	return k, escrow.Centre{HPKE: k.HPKE.PublicKey(), Box: "tram-01"}
}

func contains(b, part []byte) bool { return strings.Contains(string(b), string(part)) }
