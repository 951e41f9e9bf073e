package boxmain

import (
	"context"
	"errors"

	"golang.org/x/text/unicode/norm"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/staff"
	"clinicbox/device/task"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/fold"
	"clinicbox/internal/names"
	"clinicbox/peripherals/barcode"
	"clinicbox/peripherals/printer"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
	"clinicbox/web"
)

// errNoPrinter is the cause of a refused print on a box without a printer.
var errNoPrinter = errors.New("no printer is configured")

// errNoCentre: the root withdrew the issuing key that named the centre's keys, and
// nothing named others since.
var errNoCentre = errors.New("the keys of the centre are not known any more: carry a new answer to this box")

// buildSpooler joins printer and print queue.
func (b *Box) buildSpooler() (task.Task, error) {
	dev, err := printer.Open(b.cfg.Printer.Address)
	if err != nil {
		return nil, err
	}
	width, err := printer.WidthOf(b.cfg.Printer.Width)
	if err != nil {
		return nil, err
	}
	o := printer.DefaultSpoolOpts(width)
	o.Log = b.log
	b.spooler = printer.NewSpooler(queue{b.store.State()}, dev, o)
	return b.spooler, nil
}

// buildDesk joins the use cases to everything they ask for. Its task writes the
// facility and the first people, then waits.
func (b *Box) buildDesk() (task.Task, error) {
	o := staff.DefaultOpts()
	if b.o.Pause != nil {
		o.Pause = b.o.Pause
	}
	key, err := b.vault.subkey("names")
	if err != nil {
		return nil, err
	}
	b.ids = names.NewSource(key)
	d, err := desk.New(desk.Options{
		Store: records{b.store}, Clock: b.clock, Pins: pins{staff.New(b.store.State(), o), b.vault, b.log},
		Papers: papers{b.spooler}, Scans: scans{}, Log: b.log,
		Witness: Witness{b.store}, Fold: fold.String, NFC: norm.NFC.String,
		Site:    desk.Site{Facility: b.facility()},
		Legal:   b.legal(),
		Keys:    staffKeys{b},
		NewID:   b.ids.Next,
		Arrived: func(index uint64) bool { return b.outbox != nil && index < b.outbox.Truths().Received },
	})
	if err != nil {
		return nil, err
	}
	b.ending.Lock()
	b.desk = d
	b.ending.Unlock()
	return task.Func("set-up", func(ctx context.Context, ready func()) error {
		if err := b.noteRestore(ctx); err != nil {
			return err
		}
		if err := b.noteReplaced(ctx); err != nil {
			return err
		}
		if err := b.desk.SetUp(ctx, append(b.takeSeeds(), b.o.Staff...)); err != nil {
			return err
		}
		if err := b.tell(ctx); err != nil {
			return err
		}
		if b.o.Prepare != nil {
			if err := b.o.Prepare(ctx, b.desk, b.store); err != nil {
				return err
			}
		}
		ready()
		<-ctx.Done()
		return nil
	}), nil
}

func (b *Box) facility() clinic.Facility {
	f := b.cfg.Facility
	return clinic.Facility{
		Code: f.Code, Name: f.Name, Governing: f.Governing, Address: f.Address, Phone: f.Phone, Site: f.Site,
		Box: b.cfg.Box.Name, Book: b.cfg.Box.Book,
	}
}

// buildOutbox joins the own journal to the link.
func (b *Box) buildOutbox() (task.Task, error) {
	hub, keys, err := b.bothKeys()
	if err != nil {
		return nil, err
	}
	o := outbox.DefaultOpts()
	o.Box, o.Identity, o.HPKE, o.Hub, o.Agent = b.cfg.Box.Name, keys.Private.Identity, keys.Private.HPKE, hub, Version()
	incarnation, parent, tip := b.store.Incarnation()
	o.Epoch, o.Incarnation, o.Parent, o.Tip = b.store.Epoch(), incarnation, parent, tip
	o.Branch, o.Line = b.branch(), line{b}
	o.Log, o.Keeper, o.Applier = upload{b.store.Own()}, keeper{b.store.State()}, applier{b}
	o.Intake = intake{b.store}
	o.Link, o.Logger = b.link(), b.log
	o.Cosigned = func(note []byte) error {
		return b.store.KeepCosigned(note, checkpoint.Cosigner{Name: wire.Witness, Key: hub.Identity})
	}
	o.Spent, o.Budget = b.spent, b.told
	key, err := b.vault.subkey("names")
	if err != nil {
		return nil, err
	}
	o.Naming = func() wire.Naming { return wire.Naming{Key: key, From: b.ids.At()} }
	if b.outbox, err = outbox.New(o); err != nil {
		return nil, err
	}
	return b.outbox, nil
}

// buildScanner gives every scan to the pages.
func (b *Box) buildScanner() (task.Task, error) {
	o := barcode.DefaultOpts()
	o.Device, o.Baud, o.Log = b.cfg.Scanner.Device, b.cfg.Scanner.Baud, b.log
	dev, err := barcode.New(o)
	if err != nil {
		return nil, err
	}
	b.scanner = dev
	return task.Func("scanner", func(ctx context.Context, ready func()) error {
		go func() {
			select {
			case <-dev.Ready():
				ready()
			case <-ctx.Done():
			}
		}()
		return dev.Run(ctx, b.pages.Scanned)
	}), nil
}

// buildWeb makes the pages.
func (b *Box) buildWeb() (task.Task, error) {
	o := web.Opts{
		Desk: b.desk, Box: machine{b}, Clock: b.clock, Log: b.log, Listener: b.plain.Listener(),
		PlainTrustOnly: b.trustOnly(), Trust: b.trust,
		Idle: b.o.Idle, Facility: b.cfg.Facility.Name, Healthz: b.Healthz(), Printer: b.printing(),
		Machine: fleetPages{b}, Recovery: fleetPages{b}, Numbers: fleetPages{b},
	}
	if b.joined() {
		o.Budget = budgetPages{b}
	}
	if b.sticks != nil {
		o.Courier = stickPages{b}
	}
	known, err := b.vault.subkey("known browsers")
	if err != nil {
		return nil, err
	}
	o.Known = known[:]
	if b.secure != nil {
		o.Secure, o.TLS = b.secure.Listener(), b.pagesTLS()
	}
	pages, err := web.New(o)
	if err != nil {
		return nil, err
	}
	b.pages = pages
	return pages, nil
}
