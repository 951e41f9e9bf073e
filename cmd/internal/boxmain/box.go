package boxmain

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"clinicbox/clinic/desk"
	"clinicbox/device/clock"
	"clinicbox/device/config"
	"clinicbox/device/health"
	"clinicbox/device/identity"
	"clinicbox/device/sealer"
	"clinicbox/device/task"
	"clinicbox/internal/names"
	"clinicbox/peripherals/barcode"
	"clinicbox/peripherals/printer"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/sync/budget"
	"clinicbox/sync/outbox"
	"clinicbox/web"
)

// Options says what a Box is made of. Config and Log must be set.
type Options struct {
	Config config.Box
	Log    *slog.Logger
	// Staff are people to add at the start, if they are not recorded yet.
	Staff []desk.StaffSeed
	// Probe is the command line of the program that looks at a suspect views file,
	// which is added as last word; nil leaves that out.
	Probe []string
	// Prepare runs once the records are open and before pages are served; may be
	// nil. The demonstration fills its clinic there.
	Prepare func(context.Context, *desk.Desk, *store.Store) error
	// Clock tells the time; nil is the machine's clock. Tests let days pass with it.
	Clock desk.Clock
	// Idle is the time after which a session locks; zero means the pages' default.
	Idle time.Duration
	// Pause is the wait after the n-th wrong PIN in a row; nil is the box's own. Tests
	// that type many wrong ones shorten it; the lock after ten stays.
	Pause func(wrong int) time.Duration
	// Sticks lists the folders of sticks that are plugged in; nil looks at what the
	// system has mounted. Tests plug in folders.
	Sticks func() ([]string, error)
	// Card is the reader of staff cards; nil without one.
	Card sealer.Card
}

// Box is a wired box. Its methods may be called by several goroutines.
type Box struct {
	o         Options
	cfg       config.Box // as the file says; of a box that joined a centre: as that says
	log       *slog.Logger
	clock     desk.Clock
	health    *health.Registry
	plain     *door
	secure    *door // nil without HTTPS
	opening   *opening
	listening task.Flag
	serving   task.Flag
	vault     *vault
	memo      keyMemo

	ending sync.Mutex
	end    context.CancelCauseFunc // ends the unlocked phase; nil outside of one
	wanted error                   // ends the next one before it begins
	stir   chan struct{}           // has room for one: the box's state changed
	seeds  []desk.StaffSeed        // administrators whom a recovery authorised
	events []event                 // to record once the records are open

	rotten  chan string // segments that rotted since they were copied
	copying sync.Mutex  // guards what follows
	copyWas string      // cause of no copy that was told last

	telling sync.Mutex // held by who keeps or tells what was found

	watched time.Duration // how long the watch has looked

	meter       *budget.Meter
	metered     bool       // what was kept is in it
	metering    sync.Mutex // guards what follows
	linkCost    int64      // of the present link
	linksBefore int64

	carrier *carrier // of the present life; nil without a centre
	beats   *beats

	// What the unlocked phase builds, in this order.
	store   *store.Store
	spooler *printer.Spooler
	copier  *medium.Copier // nil without a second medium
	desk    *desk.Desk
	ids     *names.Source // of identifiers; made with the desk
	outbox  *outbox.Outbox
	sticks  *sticks // nil without a courier
	scanner *barcode.Dev
	pages   *web.Server
}

// New prepares a box; nothing is opened before Run.
func New(o Options) *Box {
	b := &Box{
		o: o, cfg: o.Config, log: o.Log, clock: o.Clock,
		health: health.New(time.Now, health.Box()), stir: make(chan struct{}, 1),
		rotten: make(chan string, 64),
	}
	if b.clock == nil {
		b.clock = clock.New(o.Config.Box.TrustClock, clock.BuildTime())
	}
	b.opening = newOpening(b.Healthz())
	b.meter = b.newMeter()
	return b
}

// Healthz serves the box's health as JSON.
func (b *Box) Healthz() http.Handler { return b.health.Handler(b.cfg.Box.Name, Version()) }

// Listening is closed when the address is known, Ready when pages are served: the
// staff's, or the one that asks for an unlock.
func (b *Box) Listening() <-chan struct{} { return b.listening.Ready() }

// Ready is closed when pages are served.
func (b *Box) Ready() <-chan struct{} { return b.serving.Ready() }

// String names the box as a task.
func (b *Box) String() string { return "box " + b.cfg.Box.Name }

// Addr is where plain HTTP is served, after Listening: the real port when the
// configuration says 0.
func (b *Box) Addr() net.Addr { return b.plain.ln.Addr() }

// URL is the address as a browser takes it, after Listening.
func (b *Box) URL() string { return "http://" + b.Addr().String() + "/" }

// SecureAddr is where HTTPS is served, after Listening; nil without it.
func (b *Box) SecureAddr() net.Addr {
	if b.secure == nil {
		return nil
	}
	return b.secure.ln.Addr()
}

// Truths tells where the box's records are, after Ready of an unlocked box.
func (b *Box) Truths() web.Truths { return machine{b}.Truths() }

// Reconnect ends the pause between attempts to reach the centre: somebody knows
// that the link is back. Call it after Ready.
func (b *Box) Reconnect() {
	if b.carrier != nil {
		b.carrier.Retry()
	}
}

// Names lists the tasks that Run will start, in order: before an unlock those of
// the link only.
func (b *Box) Names() []string {
	names := b.linkNames()
	for _, p := range b.parts() {
		names = append(names, p.name)
	}
	return names
}

// Run serves until ctx ends or a part fails. What was answered as saved is saved,
// however Run ends.
func (b *Box) Run(ctx context.Context) (err error) {
	if err := b.openDoors(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.closeDoors()) }()
	b.listening.Raise()
	b.log.Info("listening", "addr", b.Addr().String(), "box", b.cfg.Box.Name, "version", Version())
	stop := b.serve(b.opening, b.opening)
	if b.vault == nil {
		b.vault, err = newVault(b.cfg)
	}
	if err == nil {
		if err = b.vault.claim(); err == nil {
			defer b.vault.close()
		}
	}
	if err == nil {
		b.raiseClock()
		err = b.autoUnlock(ctx)
	}
	stop()
	for err == nil {
		if err = b.life(ctx); !errors.Is(err, errAnew) {
			return err
		}
		err = nil
	}
	return err
}

// autoUnlock opens a development box.
func (b *Box) autoUnlock(ctx context.Context) error {
	v := b.vault
	switch {
	case v.open(), v.isErased():
		return nil
	case v.development():
		return b.noted(v.loadKey(ctx, true))
	}
	return nil
}

// noted tells of a card on which somebody wrote; the box is open all the same.
func (b *Box) noted(err error) error {
	if errors.Is(err, identity.ErrChanged) {
		b.log.Error("the box is open, but somebody wrote on the card", "err", err)
		return nil
	}
	return err
}

// part is one task of the box and how it is made of those before it.
type part struct {
	name  string
	build func() (task.Task, error)
}

// parts lists what the unlocked box is made of, in the order of start.
func (b *Box) parts() []part {
	ps := []part{
		{"store", func() (task.Task, error) { return b.store, nil }},
		{"scrub", b.buildScrub},
	}
	if b.cfg.Copy.Dir != "" {
		ps = append(ps, part{"copy", b.buildCopy})
	}
	if b.cfg.Printer.Address != "" {
		ps = append(ps, part{"printer", b.buildSpooler})
	}
	ps = append(ps, part{"set-up", b.buildDesk},
		part{"record views", func() (task.Task, error) { return b.desk.Views(), nil }})
	if b.joined() {
		ps = append(ps, part{"outbox", b.buildOutbox})
		ps = append(ps, part{"budget", b.buildMeter})
		if b.cfg.Courier.Dirs != "" {
			ps = append(ps, part{"courier", b.buildCourier})
		}
		if b.cfg.Seal.Method != "file" {
			ps = append(ps, part{"telephone", b.buildTelephone})
		}
	}
	// The scanner and the watch speak to the pages, which therefore are built
	// before them and started last.
	ps = append(ps, part{"watch", b.buildWatch})
	if b.cfg.Scanner.Device != "" {
		ps = append(ps, part{"scanner", b.buildScanner})
	}
	return append(ps, part{"web", b.buildWeb})
}

// build makes the tasks. Each has the name that Names says.
func (b *Box) build() ([]task.Task, error) {
	var tasks []task.Task
	for _, p := range b.parts() {
		t, err := p.build()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		tasks = append(tasks, named{t, p.name})
	}
	return tasks, nil
}

// named gives a task the name that people know it by.
type named struct {
	task.Task
	name string
}

func (n named) String() string { return n.name }
