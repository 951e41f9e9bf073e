package boxmain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"clinicbox/store"
)

// keysCommand changes the keys of a stopped box, which is opened once to finish it.
func (p *Program) keysCommand(ctx context.Context) error {
	if p.fresh != "data" && p.fresh != "storage" {
		return fmt.Errorf("%w: keys -config FILE -new data|storage", ErrUsage)
	}
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	log := p.logger(v.cfg)
	if p.fresh == "storage" {
		return p.newStorageKey(ctx, v, log)
	}
	if err := v.rotate(ctx, log); err != nil {
		return err
	}
	if err := p.settle(ctx, v, log, func(*Box) error { return nil }); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Stdout, "đã có khóa dữ liệu mới; hồ sơ cũ vẫn đọc được / new data key made; older records stay readable")
	return err
}

// rotate gives the records another data key.
func (v *vault) rotate(ctx context.Context, log *slog.Logger) error {
	o, err := storeOptions(v, log)
	if err != nil {
		return err
	}
	return store.Rotate(ctx, o)
}

// settle opens the records once, which brings every file to the newest key, and runs do
// then. A cut before leaves that to the next start.
func (p *Program) settle(ctx context.Context, v *vault, log *slog.Logger, do func(b *Box) error) error {
	b := New(Options{Config: v.cfg, Log: log, Probe: selfProbe()})
	b.vault = v
	if err := b.open(ctx); err != nil {
		return err
	}
	return errors.Join(do(b), b.store.Close())
}
