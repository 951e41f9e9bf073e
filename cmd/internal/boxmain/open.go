package boxmain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"clinicbox/clinic/starting"
	"clinicbox/device/clock"
	"clinicbox/device/health"
	"clinicbox/store"
)

// probeTime bounds the look at a suspect views file: longer than walking the
// largest one takes, and building it anew takes not much longer.
const probeTime = 2 * time.Minute

// storeOptions says where the store is and how it opens, with the key that an
// unlocked vault gives.
func storeOptions(v *vault, log *slog.Logger) (store.Options, error) {
	o := store.Options{
		Dir: v.cfg.Data.Dir, Log: log, Files: v.files,
		Clock: clock.New(v.cfg.Box.TrustClock, clock.BuildTime()),
	}
	key, keys, err := v.storage()
	if err != nil {
		return o, err
	}
	o.Before = v.replaced()
	o.Key, o.Box, o.Identity = key, v.cfg.Box.Name, keys.Private.Identity
	if e, ok := v.id.Enrolment(); ok {
		o.Box = e.Facility.Box
	}
	return o, nil
}

// open opens the store of an unlocked vault, which takes as long as it takes; the
// opening page tells how far it is. One that is ended before, by a stop or an order of
// the centre, leaves nothing open.
func (b *Box) open(ctx context.Context) (err error) {
	o, err := storeOptions(b.vault, b.log)
	if err != nil {
		return err
	}
	o.Progress, o.Clock = b.opening.Progress, b.clock
	o.Catalog = starting.Of
	if b.o.Probe != nil {
		o.Probe = b.probe
	}
	o.Lost = func(s *store.State, entries uint64) error { return findings{s}.lost(entries) }
	b.health.Set(health.StoreRebuilding, true)
	defer b.health.Set(health.StoreRebuilding, false)
	begin := time.Now()
	if b.store, err = store.Open(ctx, o); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.store.Close())
		}
	}()
	b.log.Info("records open", "entries", b.store.Own().Size(), "took", time.Since(begin).Round(time.Millisecond).String())
	b.copier = b.newCopier()
	return b.learn(ctx)
}

// probe looks at a views file in a process of its own, which may die of it.
func (b *Box) probe(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	argv := append(append([]string(nil), b.o.Probe...), path)
	c := exec.CommandContext(ctx, argv[0], argv[1:]...)
	c.Env = append(os.Environ(), "GOMEMLIMIT=256MiB")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("probe of views: %w: %.200s", err, out)
	}
	return nil
}
