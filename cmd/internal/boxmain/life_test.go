package boxmain

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
)

// heard calls a function for each line of the log.
type heard func(message string)

func (heard) Enabled(context.Context, slog.Level) bool { return true }

func (h heard) Handle(_ context.Context, r slog.Record) error {
	h(r.Message)
	return nil
}

func (h heard) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h heard) WithGroup(string) slog.Handler      { return h }

// lived runs a box whose records exist, until its pages are served.
func lived(t *testing.T, cfg config.Box, log *slog.Logger) (b *Box, unlock func(), stop func()) {
	t.Helper()
	person := clinic.ID{1}
	v := opened1(t, cfg)
	if !v.isSetUp() {
		if _, err := v.setUp(t.Context(), person, rightPIN); err != nil {
			t.Fatal(err)
		}
		v.lock()
	}
	b = New(Options{Config: cfg, Log: log, Staff: []desk.StaffSeed{{
		ID: person, Staff: clinic.Staff{Name: "Phạm Văn Bịa", Role: clinic.RoleAdministrator}, PIN: rightPIN,
	}}})
	stop = runs(t, "box", b)
	unlock = func() {
		t.Helper()
		if err := b.vault.unlock(t.Context(), b.vault.method(person, rightPIN)); err != nil {
			t.Fatal(err)
		}
	}
	return b, unlock, stop
}

func (b *Box) working() bool {
	b.ending.Lock()
	defer b.ending.Unlock()
	return b.desk != nil
}

// TestOrderWhileOpening: an order of the centre that comes in while the records are
// being built anew ends that, and the box goes on as what it is then.
func TestOrderWhileOpening(t *testing.T) {
	cfg := board(t)
	b, unlock, stop := lived(t, cfg, quiet())
	unlock()
	testlog.Eventually(t.Context(), t, "records", func() bool { return b.working() && b.store.Own().Size() > 0 })
	stop()
	views := must[[]string](t)(filepath.Glob(filepath.Join(cfg.Data.Dir, "views-*.db")))
	if len(views) != 1 || os.Remove(views[0]) != nil {
		t.Fatal(views)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	orders := 1
	var again *Box
	log := slog.New(heard(func(message string) {
		if message == "views are built anew" && orders > 0 {
			orders--
			again.finish(errLock)
		}
	}))
	again, unlock, _ = lived(t, cfg, log)
	unlock()
	testlog.Eventually(ctx, t, "a locked box", func() bool { return again.state() == cert.StateLocked })
	if again.working() || orders != 0 {
		t.Fatal("the order came in after the opening")
	}
	unlock()
	testlog.Eventually(ctx, t, "records after all", again.working)
}
