package boxmain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"clinicbox/clinic/starting"
	"clinicbox/device/clock"
	"clinicbox/device/config"
	"clinicbox/device/health"
	"clinicbox/internal/keyfile"
	"clinicbox/store"
	"clinicbox/store/seal"
)

// probeTime bounds the look at a suspect views file: longer than walking the
// largest one takes, and building it anew takes not much longer.
const probeTime = 2 * time.Minute

// Keys loads the box's key pair, or makes it when the file is missing.
func Keys(cfg config.Box) (*keyfile.Private, error) {
	k, err := keyfile.Load(cfg.Box.Keys)
	if !errors.Is(err, fs.ErrNotExist) {
		if err == nil && k.Name != cfg.Box.Name {
			return nil, fmt.Errorf("keys: %s belongs to box %q, the configuration says %q", cfg.Box.Keys, k.Name, cfg.Box.Name)
		}
		return k, err
	}
	if k, err = keyfile.Generate(cfg.Box.Name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Box.Keys), 0o700); err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	return k, k.Save(cfg.Box.Keys)
}

// errNoKey is returned when records exist and their key does not: making a new
// one would lock the door and throw away that it ever had a key.
var errNoKey = errors.New("storage key file is missing, but there are records")

// storeOptions reads the storage key. A key is made only for a box without
// records, and only when create says so.
func storeOptions(cfg config.Box, log *slog.Logger, create bool) (store.Options, error) {
	o := store.Options{
		Dir: cfg.Data.Dir, Log: log,
		Clock: clock.New(cfg.Box.TrustClock, clock.BuildTime()),
	}
	var err error
	if o.Key, err = seal.Load(cfg.Data.KeyFile); !errors.Is(err, fs.ErrNotExist) {
		return o, err
	}
	if _, serr := os.Stat(filepath.Join(cfg.Data.Dir, "own")); serr == nil {
		return o, fmt.Errorf("%w: %w", errNoKey, err)
	}
	if !create {
		return o, err
	}
	if err := os.MkdirAll(filepath.Dir(cfg.Data.KeyFile), 0o700); err != nil {
		return o, fmt.Errorf("storage key: %w", err)
	}
	o.Key, _, err = seal.LoadOrCreate(cfg.Data.KeyFile)
	return o, err
}

// open loads the keys and opens the store, which takes as long as it takes; the
// opening page tells how far it is.
func (b *Box) open(ctx context.Context) (err error) {
	if b.keys, err = Keys(b.cfg); err != nil {
		return err
	}
	o, err := storeOptions(b.cfg, b.log, true)
	if err != nil {
		return err
	}
	o.Progress, o.Clock = b.opening.Progress, b.clock
	if o.Catalog, err = starting.Rows(); err != nil {
		return err
	}
	if b.o.Probe != nil {
		o.Probe = b.probe
	}
	b.health.Set(health.StoreRebuilding, true)
	begin := time.Now()
	if b.store, err = store.Open(ctx, o); err != nil {
		return err
	}
	b.health.Set(health.StoreRebuilding, false)
	b.log.Info("records open", "entries", b.store.Own().Size(), "took", time.Since(begin).Round(time.Millisecond).String())
	return nil
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
