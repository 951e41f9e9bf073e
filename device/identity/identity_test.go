package identity_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/device/identity"
	"clinicbox/internal/cert"
)

func load(t testing.TB, dir string) *identity.Box {
	t.Helper()
	b, err := identity.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestClosedKeysNeedTheirKey(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keys")
	b := load(t, dir)
	if b.Exists() {
		t.Fatal("closed keys without a storage key")
	}
	k, err := b.Make([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	b = load(t, dir)
	if _, err := b.Unlock([32]byte{2}); !errors.Is(err, identity.ErrKey) {
		t.Fatal(err)
	}
	again, err := b.Unlock([32]byte{1})
	if err != nil || !again.Private.Identity.Equal(k.Private.Identity) {
		t.Fatal(err)
	}
	for _, name := range identity.Files() {
		info, err := os.Stat(filepath.Join(dir, name))
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: others may read it: %v", name, info.Mode())
		}
	}
}

func TestStrangersHaveNoCentre(t *testing.T) {
	b := load(t, t.TempDir())
	if _, err := b.Beat(cert.Beat{N: 1, State: cert.StateLocked}); !errors.Is(err, identity.ErrStranger) {
		t.Error(err)
	}
	if _, err := b.Order(nil); !errors.Is(err, identity.ErrStranger) {
		t.Error(err)
	}
	if err := b.Learn(nil); !errors.Is(err, identity.ErrStranger) {
		t.Error(err)
	}
	if _, ok := b.Pages(); ok || b.WebRoot() != nil {
		t.Error("pages without a centre")
	}
}

func TestOrdersAndFloorLast(t *testing.T) {
	dir := t.TempDir()
	b := load(t, dir)
	at := time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, err := range []error{b.Obeyed(4), b.Obeyed(2), b.Block(true), b.Raise(at), b.Raise(at.Add(-time.Hour))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	b = load(t, dir)
	if !b.Blocked() || !b.Floor().Equal(at) {
		t.Fatal(b.Blocked(), b.Floor())
	}
	if err := b.Erase(); err != nil {
		t.Fatal(err)
	}
	if err := b.Erase(); err != nil {
		t.Fatal("twice:", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Fatal(left, err)
	}
}

func TestTPMLockMovesUnderTheSeal(t *testing.T) {
	dir := t.TempDir()
	b := load(t, dir)
	lock, err := b.TPMLock()
	if err != nil {
		t.Fatal(err)
	}
	b = load(t, dir) // cut before the closed keys were made
	if again, err := b.TPMLock(); err != nil || again != lock {
		t.Fatal("the chip's key is lost:", err)
	}
	k, err := b.Make([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if err := k.KeepTPMLock(); err != nil {
		t.Fatal(err)
	}
	k, err = load(t, dir).Unlock([32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if kept, ok := k.TPMLock(); !ok || kept != lock {
		t.Fatal("not kept")
	}
}

// TestDamageIsNamed: a file that is no longer what it was is told by name, and
// never taken for an empty one.
func TestDamageIsNamed(t *testing.T) {
	for _, name := range []string{"open", "orders", "enrolment"} {
		for _, bad := range []string{"", "{}", "nonsense", `{"v":1,"unknown":2}`, `{"v":0}`} {
			dir := t.TempDir()
			b := load(t, dir)
			if err := b.Obeyed(1); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(bad), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := identity.Load(dir); !errors.Is(err, identity.ErrDamaged) {
				t.Errorf("%s = %q: %v", name, bad, err)
			}
		}
		dir := t.TempDir()
		load(t, dir)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(`{"v":2,"new":1}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := identity.Load(dir); !errors.Is(err, identity.ErrVersion) {
			t.Errorf("%s of a newer program: %v", name, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(`{"v":1}`), []byte(`{"v":1,"root":"AA==","web":[]}`), []byte(`{"v":1,"statements":["AA=="]}`))
	f.Fuzz(func(t *testing.T, orders, enrolment, trust []byte) {
		dir := t.TempDir()
		for name, b := range map[string][]byte{"orders": orders, "enrolment": enrolment, "trust": trust} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		b, err := identity.Load(dir)
		if err != nil {
			return
		}
		_, _ = b.Hub()
		_ = b.Names()
		_, _ = b.Pages()
	})
}
