package hubmain

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/db"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
)

func (p *Program) version(context.Context) error {
	v := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v += " " + s.Value[:min(len(s.Value), 12)]
			}
		}
	}
	fmt.Fprintln(p.Stdout, "clinichub", v, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return nil
}

func (p *Program) keys(context.Context) error {
	_, k, err := p.settings()
	if err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, k.Public())
	return nil
}

// settings loads the configuration and the centre's keys.
func (p *Program) settings() (Config, *keyfile.Private, error) {
	cfg, err := Load(p.flags.config)
	if err != nil {
		return cfg, nil, err
	}
	keys, _, err := Keys(cfg.Data.Keys)
	return cfg, keys, err
}

// openedAuthority opens the centre's authority; nil when it has none.
func (p *Program) openedAuthority(ctx context.Context, d *db.DB) (*authority.Authority, error) {
	cfg, keys, err := p.settings()
	if err != nil {
		return nil, err
	}
	a, err := openAuthority(ctx, &cfg, keys, d.Authority())
	if errors.Is(err, ErrNoAuthority) {
		return nil, nil
	}
	return a, err
}

// database opens the database beside a running hub: SQLite takes several
// processes, and the hub looks for new boxes and downs by itself.
func (p *Program) database(ctx context.Context, f func(*db.DB) error) error {
	cfg, err := Load(p.flags.config)
	if err != nil {
		return err
	}
	if err := durable.MkdirAll(cfg.Data.Dir, 0o700); err != nil {
		return err
	}
	d, err := db.Open(ctx, databasePath(cfg.Data.Dir))
	if err != nil {
		return err
	}
	return errors.Join(f(d), d.Close())
}

func (p *Program) check(ctx context.Context) error {
	return p.database(ctx, func(d *db.DB) error {
		fs, err := d.Check(ctx)
		if err != nil {
			return err
		}
		alarms, err := d.OpenAlarms(ctx)
		if err != nil {
			return err
		}
		bad := p.report(fs, alarms)
		if err := p.audit(ctx, d); err != nil {
			return err
		}
		if bad > 0 {
			return fmt.Errorf("%w: %d / %d", ErrDamage, bad, len(fs))
		}
		fmt.Fprintln(p.Stdout, "sạch / clean")
		return nil
	})
}

// report prints what check found, one tab-separated line a stream and a line for
// each kind of open alarm, and returns how many streams are damaged.
func (p *Program) report(fs []db.Finding, alarms []hub.Alarm) (bad int) {
	if len(fs) > 0 {
		fmt.Fprintln(p.Stdout, "# hộp/box\tkỳ/epoch\tsố bản ghi/entries\tgốc/root\tkết quả/result")
	}
	for i := range fs {
		word := "ok"
		if fs[i].Problem != "" {
			word, bad = "! "+fs[i].Problem, bad+1
		}
		fmt.Fprintf(p.Stdout, "%s\t%s\t%d\t%x\t%s\n", fs[i].Box, fs[i].Epoch, fs[i].Size, fs[i].Root[:16], word)
	}
	for _, a := range alarms {
		fmt.Fprintf(p.Stdout, "# cảnh báo đang mở / open alarm: %s %s ×%d\n", a.Box, a.Code, a.Count)
	}
	return bad
}

// audit verifies the history of operators where there is an authority.
func (p *Program) audit(ctx context.Context, d *db.DB) error {
	a, err := p.openedAuthority(ctx, d)
	if err != nil || a == nil {
		return err
	}
	head, err := a.Audit(ctx)
	if errors.Is(err, cert.ErrHistory) {
		return fmt.Errorf("%w: %w", ErrDamage, err)
	} else if err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "# nhật ký vận hành / history of operators: %d ok\n", head.Seq)
	return nil
}
