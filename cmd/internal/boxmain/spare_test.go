package boxmain

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/sealer"
)

// copyDir copies a data directory as a technician does.
func copyDir(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSpareBoard: the board is destroyed, a copy of the data and the paper are left.
// On another board the PIN opens nothing; the recovery code opens, makes a new
// administrator, and from then on that person's PIN opens the spare board.
func TestSpareBoard(t *testing.T) {
	const pin, name = "739164", "Đỗ Thị Kế Nhiệm"
	old := board(t)
	person := clinic.NewID()
	v := opened1(t, old)
	code, err := v.setUp(t.Context(), person, rightPIN)
	if err != nil {
		t.Fatal(err)
	}
	b := New(Options{Config: old, Log: quiet(), Staff: []desk.StaffSeed{{
		ID: person, Staff: clinic.Staff{Name: "Phạm Văn Bịa", Role: clinic.RoleAdministrator}, PIN: rightPIN,
	}}})
	b.vault = v
	if err := b.setUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.lock()
	spare := board(t)
	if err := os.WriteFile(spare.Seal.Board, []byte("10000000fedcba98\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	copyDir(t, old.Data.Dir, spare.Data.Dir)
	begin := time.Now()
	v = opened1(t, spare)
	if err := v.unlock(t.Context(), v.method(person, rightPIN)); err == nil {
		t.Fatal("a PIN opens the copy on another board")
	}
	m, err := sealer.EnterRecovery(code.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.unlock(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	heir := desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: name, Role: clinic.RoleAdministrator}, PIN: pin}
	b = New(Options{Config: spare, Log: quiet()})
	b.vault = v
	b.recovered(clinic.MachineRecovered, heir)
	if err := b.setUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("from the copy to a new administrator: %v", time.Since(begin))
	v.lock()
	v = opened1(t, spare)
	if err := v.unlock(t.Context(), v.method(heir.ID, pin)); err != nil {
		t.Fatal("the new administrator:", err)
	}
	if !recorded(t, spare, v, clinic.MachineRecovered) {
		t.Error("no loud entry of the recovery")
	}
}

// recorded reports whether the records of a stopped box hold an event.
func recorded(t *testing.T, cfg config.Box, v *vault, what string) bool {
	t.Helper()
	b := New(Options{Config: cfg, Log: quiet()})
	b.vault = v
	if err := b.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer b.store.Close()
	return timesTold(t, b.store, what) > 0
}
