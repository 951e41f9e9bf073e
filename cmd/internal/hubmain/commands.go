package hubmain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/internal/cert"
	"clinicbox/internal/durable"
)

// ErrRows wraps what is wrong with pushed rows.
var ErrRows = errors.New("hub: catalogue rows")

const maxRows = 32 << 20 // bytes of a pushed file

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
	cfg, err := Load(p.flags.config)
	if err != nil {
		return err
	}
	k, _, err := Keys(cfg.Data.Keys)
	if err != nil {
		return err
	}
	fmt.Fprintln(p.Stdout, k.Public())
	return nil
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

// pushRow is a catalogue row as the file has it; days are written YYYY-MM-DD.
type pushRow struct {
	clinic.CatalogRow
	From string `json:"from"`
	To   string `json:"to"`
}

func rows(r io.Reader) ([]clinic.Draft, error) {
	dec := json.NewDecoder(io.LimitReader(r, maxRows))
	dec.DisallowUnknownFields()
	var in []pushRow
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRows, err)
	}
	out := make([]clinic.Draft, len(in))
	for i := range in {
		row := in[i].CatalogRow
		var err1, err2 error
		row.From, err1 = day(in[i].From)
		row.To, err2 = day(in[i].To)
		if row.Catalog == "" || row.Code == "" || row.Name == "" || row.From.IsZero() || errors.Join(err1, err2) != nil {
			return nil, fmt.Errorf("%w: row %d (%s) needs catalog, code, name and from (YYYY-MM-DD)", ErrRows, i+1, row.Code)
		}
		out[i] = clinic.Draft{Kind: clinic.KindCatalogRow, Body: &row}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%w: none in the file", ErrRows)
	}
	return out, nil
}

func day(s string) (clinic.Date, error) {
	if s == "" {
		return clinic.Date{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, clinic.ICT)
	return clinic.DateOf(t), err
}

func (p *Program) push(ctx context.Context) error {
	in := p.Stdin
	if p.args[0] != "-" {
		f, err := os.Open(p.args[0])
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	drafts, err := rows(in)
	if err != nil {
		return err
	}
	es, err := ingest.Encode(time.Now(), drafts)
	if err != nil {
		return err
	}
	return p.database(ctx, func(d *db.DB) error { return p.pushTo(ctx, d, es) })
}

func (p *Program) pushTo(ctx context.Context, d *db.DB, es []hub.Down) error {
	names := []string{p.flags.box}
	if p.flags.all {
		names = nil
		bs, err := d.Boxes(ctx)
		if err != nil {
			return err
		}
		for i := range bs {
			names = append(names, bs[i].Name)
		}
	}
	for _, n := range names {
		last, err := d.Push(ctx, n, es)
		if err != nil {
			return err
		}
		fmt.Fprintf(p.Stdout, "%s: %d dòng đã xếp hàng / rows queued, last %d\n", n, len(es), last)
	}
	return nil
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
	cfg, err := Load(p.flags.config)
	if err != nil {
		return err
	}
	keys, _, err := Keys(cfg.Data.Keys)
	if err != nil {
		return err
	}
	a, err := openAuthority(ctx, &cfg, keys, d.Authority())
	if errors.Is(err, ErrNoAuthority) {
		return nil
	} else if err != nil {
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
