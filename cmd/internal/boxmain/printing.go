package boxmain

import (
	"context"
	"errors"

	"clinicbox/peripherals/printer"
	"clinicbox/web"
)

// printing is the print queue as people at the pages reach it.
type printing struct{ *printer.Spooler }

var _ web.Printer = printing{}

// printing returns nil for a box without a printer.
func (b *Box) printing() web.Printer {
	if b.spooler == nil {
		return nil
	}
	return printing{b.spooler}
}

// Jobs lists the slips that are not out yet.
func (p printing) Jobs() (out []web.PrintJob) {
	for _, j := range p.Spooler.Jobs() {
		out = append(out, web.PrintJob{
			ID: j.ID, Paper: j.Form, Code: j.Code, Since: j.At, Held: j.Held, Bad: j.Bad, Now: j.Now,
		})
	}
	return out
}

// Drop takes a slip out of the queue unprinted.
func (p printing) Drop(_ context.Context, id string) error {
	err := p.Spooler.Drop(id)
	switch {
	case errors.Is(err, printer.ErrGone):
		return nil // a second press, or it came out meanwhile
	case errors.Is(err, printer.ErrBusy):
		return web.ErrPrinting
	}
	return err
}
