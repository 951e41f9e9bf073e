package boxmain

import (
	"errors"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
)

// TestTPMBox: the whole box by a TPM. Wrong PINs are counted by the chip; one that was
// cleared or is gone is told as such, and the recovery code opens.
func TestTPMBox(t *testing.T) {
	chip := sealertest.StartTPM(t)
	cfg := board(t)
	cfg.Seal.Method, cfg.Seal.TPM = "tpm", chip.Socket()
	v, person := opened1(t, cfg), clinic.NewID()
	code, err := v.setUp(t.Context(), person, rightPIN)
	if err != nil {
		t.Fatal(err)
	}
	v.lock()
	v = opened1(t, cfg)
	if err := v.unlock(t.Context(), v.method(person, wrongPIN)); !errors.Is(err, sealer.ErrWrong) || chip.Tries() != 1 {
		t.Fatal(err, chip.Tries())
	}
	begin := time.Now()
	if err := v.unlock(t.Context(), v.method(person, rightPIN)); err != nil {
		t.Fatal(err)
	}
	t.Logf("unlock by TPM and PIN: %v", time.Since(begin))
	if err := v.setPIN(t.Context(), clinic.NewID(), "739164"); err != nil {
		t.Fatal("a colleague:", err)
	}
	v.lock()
	chip.PlatformClear()
	if err := v.unlock(t.Context(), v.method(person, rightPIN)); !errors.Is(err, sealer.ErrTPMReset) {
		t.Fatal("a cleared TPM:", err)
	}
	chip.Cut()
	if err := v.unlock(t.Context(), v.method(person, rightPIN)); !errors.Is(err, sealer.ErrTPMMissing) {
		t.Fatal("a missing TPM:", err)
	}
	m, err := sealer.EnterRecovery(code.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	if err := v.unlock(t.Context(), m); err != nil {
		t.Fatal("recovery code without the chip:", err)
	}
}

// TestTPMErase: the order of the centre clears the chip, too.
func TestTPMErase(t *testing.T) {
	chip := sealertest.StartTPM(t)
	cfg := board(t)
	cfg.Seal.Method, cfg.Seal.TPM = "tpm", chip.Socket()
	v := opened1(t, cfg)
	if _, err := v.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
		t.Fatal(err)
	}
	if err := v.destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	v.lock()
	// Its lock-out is open again: another box may take the chip.
	other := board(t)
	other.Seal.Method, other.Seal.TPM = "tpm", chip.Socket()
	w := opened1(t, other)
	if _, err := w.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
		t.Fatal(err)
	}
}
