package boxmain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"clinicbox/device/config"
	"clinicbox/device/task"
	"clinicbox/internal/redact"
	"clinicbox/store"
	"clinicbox/store/medium"
)

// probeCommand looks at a suspect views file in a process of its own. It is no
// command for people.
const probeCommand = "probe-views"

// runBox runs the box until a signal comes or a part fails.
func (p *Program) runBox(ctx context.Context) error {
	cfg, err := Load(p.path)
	if err != nil {
		return err
	}
	log := p.logger(cfg)
	limitMemory(log)
	p.box = New(Options{Config: cfg, Log: log, Probe: selfProbe()})
	box := task.Func("box", func(ctx context.Context, ready func()) error {
		go func() {
			select {
			case <-p.box.Ready():
				fmt.Fprintln(p.Stdout, p.box.URL())
				ready()
				p.started.Raise()
			case <-ctx.Done():
			}
		}()
		return p.box.Run(ctx)
	})
	err = task.NewGroup(log, stopGrace+task.DefaultGrace, task.Signals(log), box).Run(ctx)
	if f, ok := errors.AsType[*task.Failure](err); ok && f.Task == "box" {
		return f.Err // its own tasks are named inside
	}
	return err
}

// selfProbe is this program's own probe-views.
func selfProbe() []string {
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{exe, probeCommand}
}

func (p *Program) logger(cfg config.Box) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		level = slog.LevelInfo // the configuration was checked: cannot be
	}
	return slog.New(redact.NewHandler(p.Stderr, level))
}

// check verifies the records and every signature, and says what it found. Records that
// were restored and of which no start knows yet are compared with their copy: it ends a
// restore that was cut, or whose code was mistyped.
func (p *Program) check(ctx context.Context) error {
	v, err := p.opens(ctx, false)
	if v != nil {
		defer v.close()
	}
	if err != nil {
		return err
	}
	switch m, err := medium.Marked(v.cfg.Data.Dir); {
	case err != nil:
		return err
	case m != nil:
		return p.restored(ctx, v, m)
	}
	report, found, err := p.examine(ctx, v)
	if err != nil {
		return err
	}
	return p.say(report, found)
}

// examine verifies the records of an unlocked box that does not run.
func (p *Program) examine(ctx context.Context, v *vault) (rep store.Report, found signatures, err error) {
	o, err := storeOptions(v, p.logger(v.cfg))
	if err != nil {
		return rep, found, err
	}
	var signs signCheck
	o.Seen = signs.see
	if rep, err = store.Check(ctx, o); err != nil {
		return rep, found, err
	}
	states, err := signs.states(ctx, v.id.Asking(signs.asked()...))
	return rep, signs.sum(states), err
}

// sample prints a configuration file with every key, its default and its reason.
func (p *Program) sample(context.Context) error {
	section := ""
	for _, k := range config.Describe(new(config.Box)) {
		s, _, _ := strings.Cut(k.Name, ".")
		if s != section {
			fmt.Fprintf(p.Stdout, "\n[%s]\n", s)
			section = s
		}
		line, _, _ := strings.Cut(k.Form, " =")
		value := k.Default
		switch {
		case strings.Contains(k.Form, "true or false"):
			value = "false"
		case !strings.Contains(k.Form, "number"):
			value = fmt.Sprintf("%q", value)
		}
		mark := "# "
		if k.Required {
			mark = ""
		}
		fmt.Fprintf(p.Stdout, "# %s\n%s%s = %s\n", k.Doc, mark, line, value)
	}
	return nil
}

func (p *Program) version(context.Context) error {
	_, err := fmt.Fprintln(p.Stdout, "clinicbox", Version(), platform())
	return err
}

func (p *Program) help(context.Context) error {
	var b strings.Builder
	b.WriteString("clinicbox: hồ sơ bệnh án của trạm y tế, trên một hộp\nclinicbox: a clinic's health records on one box\n\n")
	for _, c := range commands() {
		if c.vi == "" {
			continue
		}
		use := c.name
		if c.config {
			use += " -config FILE"
		}
		fmt.Fprintf(&b, "  clinicbox %-22s %s\n  %-32s %s\n", use, c.vi, "", c.en)
	}
	_, err := fmt.Fprint(p.Stdout, b.String())
	return err
}

// probe walks a views file; whatever happens to this process, the box goes on.
func (p *Program) probe(context.Context) error {
	if len(p.args) != 1 {
		return fmt.Errorf("%w: %s FILE", ErrUsage, probeCommand)
	}
	return store.ProbeViews(p.args[0])
}
