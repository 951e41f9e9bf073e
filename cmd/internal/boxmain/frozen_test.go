package boxmain

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
	"clinicbox/internal/testpeer"
	"clinicbox/web"
)

// TestUnlockOnAReadOnlyDisk: the card of a box with a board's secret, or with a TPM, can
// only be read any more. People unlock it and read. A guess that cannot be counted on the
// disk costs a minute, whoever's it is, and a start costs one, too; the TPM counts all
// the same. Paper and card open at once; an answer by telephone, which is good for once,
// is refused in words and stays good.
func TestUnlockOnAReadOnlyDisk(t *testing.T) {
	commandAfterCommand(t)
	for _, method := range []string{"board", "tpm"} {
		t.Run(method, func(t *testing.T) {
			_, cfg := sealed(t, "10000000abcdef01\x00")
			tries := func() int { return 0 }
			if method == "tpm" {
				chip := sealertest.StartTPM(t)
				cfg.Seal.Method, cfg.Seal.TPM = "tpm", chip.Socket()
				tries = func() int { return int(chip.Tries()) }
			}
			remount := diskOf(t, cfg)
			k, f := newKeyed(t, cfg), newFleet(t)
			v := opened1(t, cfg)
			if err := v.unlock(t.Context(), k.paper); err != nil {
				t.Fatal(err)
			}
			if _, err := v.join(t.Context(), f.invite("tram-01"), f.ask); err != nil {
				t.Fatal(err)
			}
			blobs := must[map[uint32][]byte](t)(v.restock(t.Context()))
			v.lock()
			remount(syscall.MS_RDONLY)
			synctest.Test(t, func(t *testing.T) { guesses(t, k, tries) })
			v = opened1(t, cfg)
			b := New(Options{Config: cfg, Log: quiet()})
			b.vault = v
			var refused *web.UnlockError
			challenge, _ := v.challenge()
			answer := answerOf(t, f, challenge, blobs)
			if err := (unlocker{b}).Recover(t.Context(), web.Recovery{Answer: answer}); !errors.As(err, &refused) || refused.Key != web.UnlockFull || v.open() {
				t.Fatal("an answer that cannot be spent:", err)
			}
			for _, open := range []func() error{
				func() error { return v.unlock(t.Context(), k.paper) },
				func() error { return v.unlockCard(t.Context(), k.card) },
			} {
				v.lock()
				if err := open(); err != nil {
					t.Fatal(err)
				}
			}
			reads(t, cfg, v, k.boss)
			v.lock()
			remount(0)
			if err := (unlocker{b}).Recover(t.Context(), web.Recovery{Answer: answer}); err != nil {
				t.Error("the answer, on a disk that takes it:", err)
			}
			v.lock()
		})
	}
}

// diskOf gives the data directory a disk of its own.
func diskOf(t *testing.T, cfg config.Box) (remount func(flags uintptr)) {
	t.Helper()
	if err := os.Mkdir(cfg.Data.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return testpeer.Disk(t, cfg.Data.Dir, "64m")
}

// guesses tries PINs on a disk that counts none, from a start on.
func guesses(t *testing.T, k *keyed, chip func() int) {
	var v *vault
	page := func() web.Unlocker {
		b := New(Options{Config: k.cfg, Log: quiet()})
		v = opened1(t, k.cfg)
		b.vault = v
		return unlocker{b}
	}
	boss, nurse := uint32(1), uint32(3)
	says := func(err error) string {
		var refused *web.UnlockError
		if !errors.As(err, &refused) {
			t.Fatal("no words for people:", err)
		}
		return refused.Key
	}
	u := page()
	if err := v.claim(); err != nil {
		t.Fatal("a disk that takes nothing keeps the program out:", err)
	}
	v.close()
	if key := says(u.PIN(t.Context(), boss, k.boss.PIN)); key != web.UnlockUncounted {
		t.Fatal("at once after the start:", key)
	}
	time.Sleep(time.Minute)
	before, start, looked := chip(), time.Now(), 0
	for i := range 6 { // from one person to the next, and by the plug
		if i%3 == 2 {
			u = page()
		}
		key := says(u.PIN(t.Context(), []uint32{boss, nurse}[i%2], wrongPIN))
		for key == web.UnlockUncounted {
			time.Sleep(time.Second)
			key = says(u.PIN(t.Context(), []uint32{boss, nurse}[i%2], wrongPIN))
		}
		if key != web.UnlockWrong {
			t.Fatal("a wrong PIN:", key)
		}
		looked++
	}
	if took := time.Since(start); took < 5*time.Minute {
		t.Errorf("%d guesses took %v", looked, took)
	}
	if n := chip() - before; k.cfg.Seal.Method == "tpm" && n != looked {
		t.Errorf("the chip counted %d of %d guesses", n, looked)
	}
	if key := says(u.PIN(t.Context(), nurse, nursePIN)); key != web.UnlockUncounted {
		t.Error("after a colleague's guess:", key)
	}
	time.Sleep(time.Minute)
	if err := u.PIN(t.Context(), nurse, nursePIN); err != nil || !v.open() {
		t.Fatal("the right PIN:", err)
	}
	v.lock()
	if err := u.PIN(t.Context(), boss, k.boss.PIN); err != nil {
		t.Fatal("a right PIN costs the next one nothing:", err)
	}
	v.lock()
}

// reads opens the records: everybody is there, people log in, and nothing is saved.
func reads(t *testing.T, cfg config.Box, v *vault, boss desk.StaffSeed) {
	t.Helper()
	working(t, cfg, v, func(b *Box) {
		if !b.store.ReadOnly() {
			t.Error("the store takes records")
		}
		all, err := b.desk.Staff(t.Context())
		if err != nil || len(all) != 2 {
			t.Error(all, err)
		}
		if _, err := b.desk.Login(t.Context(), desk.LoginInput{Person: boss.ID, PIN: boss.PIN}); err != nil {
			t.Error("nobody logs in:", err)
		}
	})
}

// TestCommandOnAReadOnlyDisk: a command is a start, so it waits the minute by itself.
func TestCommandOnAReadOnlyDisk(t *testing.T) {
	path, cfg := sealed(t, "10000000abcdef01\x00")
	remount := diskOf(t, cfg)
	newKeyed(t, cfg)
	remount(syscall.MS_RDONLY)
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		out, err := program(t, "1\n"+rightPIN+"\n", "check", "-config", path)
		if err != nil || !strings.Contains(out, "clean") {
			t.Error(out, err)
		}
		if took := time.Since(start); took < time.Minute {
			t.Error("it did not wait:", took)
		}
		if _, err := program(t, "1\n"+wrongPIN+"\n", "check", "-config", path); !errors.Is(err, sealer.ErrWrong) {
			t.Error(err)
		}
	})
}
