package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/device/config"
	"clinicbox/device/task"
	"clinicbox/hub/authority"
	"clinicbox/hub/legal"
	"clinicbox/internal/cert"
	"clinicbox/internal/invent"
	"clinicbox/peripherals/sim"
	"clinicbox/store"
)

// Main is the program clinicdemo. Set the writers, call ParseFlags, then Run.
type Main struct {
	Stdout, Stderr io.Writer
	flags          Flags
	log            *slog.Logger

	team    team
	people  []invent.Person
	hub     *hubmain.Hub
	box     *boxmain.Box
	desk    *desk.Desk   // of the box, once it runs
	store   *store.Store // of the box, once it runs
	scanner *sim.Scanner
	printer *sim.Printer
	cable   *Cable
	bench   net.Listener
	ready   task.Flag
}

// boxName is the box's name in topics.
const boxName = "tram-01"

// newcomers are people with cards whom the clinic does not know yet.
const newcomers = 12

// ParseFlags reads the command line, without the program's name.
func (m *Main) ParseFlags(args []string) (err error) {
	m.flags, err = parseFlags(args, m.Stderr)
	return err
}

// Ready is closed when everything runs and the JSON file is written.
func (m *Main) Ready() <-chan struct{} { return m.ready.Ready() }

// Run starts centre, box and devices and serves until ctx ends or a signal comes.
func (m *Main) Run(ctx context.Context) (err error) {
	if m.flags.Dir, err = filepath.Abs(m.flags.Dir); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if err := os.MkdirAll(m.flags.Dir, 0o700); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	logFile, err := os.OpenFile(filepath.Join(m.flags.Dir, "demo.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	defer func() { err = errors.Join(err, logFile.Close()) }()
	m.log = slog.New(slog.NewTextHandler(logFile, nil))
	// The box stops before the devices and the centre, each in its own group's time.
	return task.NewGroup(m.log, 30*time.Second,
		task.Signals(m.log),
		task.Func("centre", m.runHub),
		task.Func("devices", m.runDevices),
		task.Func("clinic", m.runBox),
		task.Func("bench", m.runBench),
	).Run(ctx)
}

func (m *Main) path(name string) string { return filepath.Join(m.flags.Dir, name) }

func (m *Main) runHub(ctx context.Context, ready func()) (err error) {
	cfg := hubmain.Config{
		Data:      hubmain.Data{Dir: m.path("hub"), Keys: m.path("hub.keys")},
		Authority: hubmain.Authority{Dir: m.path("authority")},
		Broker:    hubmain.Broker{Listen: "127.0.0.1:0", URL: m.flags.Broker},
		Web:       hubmain.Web{Listen: m.flags.Hub},
		Legal:     hubmain.Legal{Signer: "demonstration"},
	}
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		return err
	}
	if m.hub, err = hubmain.Open(ctx, cfg, m.log.With("program", "hub")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.hub.Close()) }()
	return whenReady(ctx, m.hub.Ready(), ready, m.hub.Run)
}

// whenReady runs f and passes its readiness on.
func whenReady(ctx context.Context, is <-chan struct{}, ready func(), f func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-is:
			ready()
		case <-ctx.Done():
		}
	}()
	return f(ctx)
}

// runDevices plugs in the simulated devices and the cable.
func (m *Main) runDevices(ctx context.Context, ready func()) (err error) {
	if m.flags.Scanner == "" {
		if m.scanner, err = sim.NewScanner(m.flags.Dir); err != nil {
			return err
		}
		defer m.scanner.Close()
		m.flags.Scanner = m.scanner.Path()
	}
	if m.flags.Printer == "" {
		m.printer = sim.NewPrinter(sim.PrinterOpts{Width: map[int]int{58: 384, 80: 576}[m.flags.Width]})
		defer m.printer.Close()
		addr, err := m.printer.Listen("127.0.0.1:0")
		if err != nil {
			return err
		}
		m.flags.Printer = "tcp:" + addr
	}
	target := m.hub.BrokerAddr()
	if m.flags.Broker != "" {
		u, err := url.Parse(m.flags.Broker)
		if err != nil {
			return fmt.Errorf("%w: -broker: %w", ErrUsage, err)
		}
		target = u.Host
	}
	if m.cable, err = NewCable(target); err != nil {
		return err
	}
	ready()
	return m.cable.Run(ctx)
}

// runBox fills the clinic at the first start, then runs the real box on it.
func (m *Main) runBox(ctx context.Context, ready func()) (err error) {
	if m.team, err = loadTeam(m.path("team.json")); err != nil {
		return err
	}
	cfg, err := m.config()
	if err != nil {
		return err
	}
	now := time.Now()
	gen := invent.NewOn(7, clinic.DateOf(now).AddDays(-seedDays))
	for range seedPatients + newcomers {
		m.people = append(m.people, gen.Patient())
	}
	if _, err := os.Stat(cfg.Data.Dir); err != nil {
		fmt.Fprintln(m.Stdout, "Đang tạo dữ liệu của một trạm bịa, khoảng nửa phút … / Making an invented clinic, about half a minute …")
	}
	if err := (past{cfg, m.people, m.team, now}).seed(ctx); err != nil {
		return err
	}
	if err := Join(ctx, m.hub, cfg); err != nil {
		return err
	}
	m.box = boxmain.New(boxmain.Options{
		Config: cfg, Log: m.log.With("program", "box"),
		Prepare: func(_ context.Context, d *desk.Desk, st *store.Store) error {
			m.desk, m.store = d, st
			return nil
		},
	})
	return whenReady(ctx, m.box.Ready(), ready, m.box.Run)
}

// config is the box's configuration, read as every other is.
func (m *Main) config() (config.Box, error) {
	text := fmt.Sprintf(boxConfig, invent.FacilityCode, invent.FacilityName, invent.Governing,
		invent.Commune+", "+invent.Province, boxName, m.flags.Listen, m.flags.Secure, m.scheme(), m.cable.Addr(),
		m.flags.Scanner, m.flags.Printer, m.flags.Width, m.path("hub/legal-demonstration-roots.pem"),
		legal.DemonstrationFacility(invent.FacilityCode))
	path := m.path("box.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return config.Box{}, fmt.Errorf("demo: %w", err)
	}
	return boxmain.Load(path)
}

const boxConfig = `# Written by clinicdemo at each start.
[data]
dir = "box"
[facility]
code = %q
name = %q
governing = %q
address = %q
[box]
name = %q
trust_clock = true
[web]
listen = %q
secure = %q
[hub]
broker = "%s://%s"
[scanner]
device = %q
[printer]
address = %q
width = %d
[legal]
# Signatures of the demonstration's centre: worth nothing by law.
centre = true
roots = %q
facility = %q
`

// scheme is how the box speaks with the broker: by certificate with the centre's own,
// as it is with one from elsewhere.
func (m *Main) scheme() string {
	if u, err := url.Parse(m.flags.Broker); err == nil && m.flags.Broker != "" {
		return u.Scheme
	}
	return "ssl"
}

// Join makes a stopped box a member of the centre's fleet, with a one-time code as
// everywhere. A box that is one already stays it.
func Join(ctx context.Context, h *hubmain.Hub, cfg config.Box) error {
	by := authority.By{Operator: "demo", Reason: "clinicdemo"}
	inv := authority.Invitation{
		Facility: facility(cfg),
		Names:    cert.Names{IPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}},
	}
	return boxmain.Join(ctx, cfg, func(ctx context.Context) (string, error) {
		code, err := h.Invite(ctx, by, inv)
		return code.String(), err
	}, func(ctx context.Context, request []byte) ([]byte, error) { return h.Enrol(ctx, by, request) })
}
