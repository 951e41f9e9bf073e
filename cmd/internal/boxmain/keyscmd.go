package boxmain

import (
	"context"
	"fmt"
	"log/slog"

	"clinicbox/store"
)

// keysCommand changes the keys of a stopped box, which is opened once to finish it.
func (p *Program) keysCommand(ctx context.Context) error {
	if p.fresh != "data" {
		return fmt.Errorf("%w: keys -config FILE -new data", ErrUsage)
	}
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	log := p.logger(v.cfg)
	if err := v.rotate(ctx, log); err != nil {
		return err
	}
	if err := v.finishKeys(ctx, log); err != nil {
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

// finishKeys opens the records once, which brings every file to the newest key. A cut
// before leaves that to the next start.
func (v *vault) finishKeys(ctx context.Context, log *slog.Logger) (err error) {
	o, err := storeOptions(v, log)
	if err != nil {
		return err
	}
	s, err := store.Open(ctx, o)
	if err != nil {
		return err
	}
	return s.Close()
}
