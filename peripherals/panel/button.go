package panel

import (
	"context"
	"path/filepath"
	"time"
)

// Edge is what a button's source tells.
type Edge uint8

// The edges.
const (
	Opened  Edge = iota // the source works; the button counts as up
	Down                // it is pressed
	Up                  // it is let go
	Dropped             // the system lost events: what is under way is forgotten
)

// Source is a button's wire.
type Source interface {
	// Watch opens the wire and tells Opened and then each edge, in order and from
	// one goroutine, until ctx ends (nil) or the wire is gone (an error). It may be
	// called again after that.
	Watch(ctx context.Context, tell func(Edge)) error
}

// NewButton is the button at a path: a file named "value" is a gpio, everything
// else a stream of input events.
func NewButton(path string) Source {
	if filepath.Base(path) == "value" {
		return &Level{Path: path}
	}
	return &Events{Path: path}
}

type heard struct {
	edge Edge
	at   time.Time
}

// listen keeps the button's wire open, with growing pauses, until ctx ends.
func (d *Dev) listen(ctx context.Context, out chan<- heard) {
	wait, flutters := d.opts.Retry, false
	for ctx.Err() == nil {
		began := time.Now()
		opened, err := d.watch(ctx, out, flutters)
		if err != nil && ctx.Err() == nil {
			d.note(partButton, err)
		}
		lasted := time.Since(began) >= d.opts.RetryMax
		flutters = opened && !lasted
		if lasted {
			wait = d.opts.Retry
		}
		pause(ctx, wait)
		wait = min(2*wait, d.opts.RetryMax)
	}
}

// watch serves one opening of the wire. After one that soon broke, the next counts
// as working only once it held: a bad plug would fill the log.
func (d *Dev) watch(ctx context.Context, out chan<- heard, flutters bool) (opened bool, err error) {
	hear := func(e Edge) {
		select {
		case out <- heard{e, time.Now()}:
		case <-ctx.Done():
		}
	}
	works := func() { d.note(partButton, nil) }
	var held *time.Timer
	err = d.opts.Button.Watch(ctx, func(e Edge) {
		if e == Opened {
			opened = true
			if flutters {
				held = time.AfterFunc(d.opts.RetryMax, works)
			} else {
				works()
			}
		}
		hear(e)
	})
	if held != nil {
		held.Stop()
	}
	hear(Dropped)
	return opened, err
}

// hands turns edges into presses and hands them to the box.
func (d *Dev) hands(ctx context.Context, in <-chan heard) {
	p := presses{bounce: d.opts.Bounce, long: d.opts.Long}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var late <-chan time.Time
		if wait, ok := p.due(time.Now()); ok {
			timer.Reset(wait)
			late = timer.C
		}
		select {
		case <-ctx.Done():
			return
		case h := <-in:
			d.hear(&p, h)
		case <-late:
			// A release that waits to be heard is older than this timer: a busy box
			// must not take a short press for a long one.
			select {
			case h := <-in:
				d.hear(&p, h)
			default:
				d.pressed(p.tick(time.Now()))
			}
		}
	}
}

func (d *Dev) hear(p *presses, h heard) {
	switch h.edge {
	case Down, Up:
		d.pressed(p.edge(h.edge == Down, h.at))
	default:
		p.forget()
	}
}

func (d *Dev) pressed(p Press) {
	if p == 0 {
		return
	}
	d.log.Info("button pressed", "press", p.String())
	if p == Long {
		d.Beep(Held)
	} else {
		d.Beep(Ack)
	}
	d.box.Pressed(p)
}
