package hubmain

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"clinicbox/device/config"
	"clinicbox/device/task"
	"clinicbox/internal/redact"
)

// Exit codes of the program.
const (
	ExitOK      = 0
	ExitFailure = 1
	ExitUsage   = 2 // command line or configuration
	ExitDamage  = 3 // check found something
)

// Sentinels of Run.
var (
	ErrUsage  = errors.New("usage")
	ErrDamage = errors.New("records are damaged")
)

// Program is one invocation of clinichub.
type Program struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Started, when set, is called with the hub once serve serves.
	Started func(*Hub)

	command command
	flags   flags
	args    []string
	lines   *bufio.Reader // of Stdin, for questions
}

// ParseFlags reads the command line, without the program's name.
func (p *Program) ParseFlags(args []string) error {
	if len(args) == 0 || slices.Contains([]string{"-h", "-help", "--help"}, args[0]) {
		args = []string{"help"}
	}
	all := commands()
	i := slices.IndexFunc(all, func(c command) bool { return c.name == args[0] })
	if i < 0 {
		return fmt.Errorf("%w: không có lệnh / no command %q; clinichub help", ErrUsage, args[0])
	}
	p.command = all[i]
	rest, err := parse(p.flagSet(&p.command), args[1:])
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUsage, p.command.name, err)
	}
	p.args = rest
	n := len(p.args)
	if p.command.config && p.flags.config == "" || n < p.command.least || n > p.command.most ||
		p.command.name == "push" && (p.flags.box == "") != p.flags.all {
		return p.usage()
	}
	return nil
}

// Run carries the command out.
func (p *Program) Run(ctx context.Context) error { return p.command.run(p, ctx) }

// Report prints an error in words and returns the exit code.
func (p *Program) Report(err error) int {
	if err == nil {
		return ExitOK
	}
	fmt.Fprintln(p.Stderr, "clinichub:", Words(err))
	_, problems := errors.AsType[config.Problems](err)
	switch {
	case problems || errors.Is(err, ErrUsage):
		return ExitUsage
	case errors.Is(err, ErrDamage):
		return ExitDamage
	}
	return ExitFailure
}

func (p *Program) help(context.Context) error {
	fmt.Fprintln(p.Stdout, "clinichub: trung tâm nhận bản ghi từ các hộp Clinicbox / the centre that Clinicbox boxes send to")
	fmt.Fprintln(p.Stdout)
	fmt.Fprintln(p.Stdout, "  clinichub LỆNH/COMMAND -config FILE …")
	for _, c := range commands() {
		fmt.Fprintf(p.Stdout, "\n  %s %s\n      %s\n      %s\n", c.name, c.usage, c.vi, c.en)
	}
	return nil
}

func (p *Program) sample(context.Context) error {
	_, err := io.WriteString(p.Stdout, sampleConfig)
	return err
}

func (p *Program) serve(ctx context.Context) error {
	cfg, err := Load(p.flags.config)
	if err != nil {
		return err
	}
	log := slog.New(redact.NewHandler(p.Stderr, cfg.level()))
	h, err := Open(ctx, cfg, log, task.Signals(log))
	if err != nil {
		return err
	}
	if h.made {
		fmt.Fprintf(p.Stdout, "Mã vận hành mới, chỉ in lần này / new operator token, printed this once: %s\n", h.token)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-h.Ready():
			fmt.Fprintf(p.Stdout, "Trang vận hành / operator pages: http://%s/\n", h.WebAddr())
			if h.BrokerAddr() != "" {
				fmt.Fprintf(p.Stdout, "MQTT: %s\n", h.BrokerURL())
			}
			if p.Started != nil {
				p.Started(h)
			}
		case <-ctx.Done():
		}
	}()
	return errors.Join(h.Run(ctx), h.Close())
}
