package desktest

import (
	"context"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
)

// Clock is a desk.Clock that stands still until it is set.
type Clock struct {
	mu        sync.Mutex
	t         time.Time
	untrusted bool
}

// NewClock returns a trusted clock that stands at t.
func NewClock(t time.Time) *Clock { return &Clock{t: t} }

// Now implements desk.Clock.
func (c *Clock) Now() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t, !c.untrusted
}

// Add moves the clock.
func (c *Clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Trust tells whether the clock is trusted from now on.
func (c *Clock) Trust(ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.untrusted = !ok
}

// Pins is a desk.Pins that compares plainly and locks after ten wrong tries.
type Pins struct {
	mu    sync.Mutex
	pins  map[clinic.ID]string
	wrong map[clinic.ID]int
	Err   error // when set, every call fails
}

var _ desk.Pins = (*Pins)(nil)

// NewPins returns an empty keeper.
func NewPins() *Pins { return &Pins{pins: map[clinic.ID]string{}, wrong: map[clinic.ID]int{}} }

// Check implements desk.Pins.
func (p *Pins) Check(_ context.Context, person clinic.ID, pin string) (clinic.PINVerdict, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	want, ok := p.pins[person]
	switch {
	case p.Err != nil:
		return clinic.PINVerdict{}, p.Err
	case !ok:
		return clinic.PINVerdict{Result: clinic.PINUnset}, nil
	case p.wrong[person] >= 10:
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil
	case pin != want:
		p.wrong[person]++
		return clinic.PINVerdict{Result: clinic.PINWrong, Left: 10 - p.wrong[person]}, nil
	}
	p.wrong[person] = 0
	return clinic.PINVerdict{Result: clinic.PINRight}, nil
}

// Set implements desk.Pins.
func (p *Pins) Set(_ context.Context, person clinic.ID, pin string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err != nil {
		return p.Err
	}
	p.pins[person], p.wrong[person] = pin, 0
	return nil
}

// Look implements desk.Pins.
func (p *Pins) Look(person clinic.ID) (clinic.PINVerdict, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	v := clinic.PINVerdict{Result: clinic.PINRight, Left: 10 - p.wrong[person]}
	if _, ok := p.pins[person]; !ok {
		v = clinic.PINVerdict{Result: clinic.PINUnset}
	} else if v.Left <= 0 {
		v = clinic.PINVerdict{Result: clinic.PINLocked}
	}
	return v, p.Err
}

// Unlock implements desk.Pins.
func (p *Pins) Unlock(person clinic.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err == nil {
		p.wrong[person] = 0
	}
	return p.Err
}

// Papers is a desk.Papers that keeps what it got, each ID once.
type Papers struct {
	mu   sync.Mutex
	seen map[clinic.ID]bool
	Docs []paper.Doc
	Err  error // when set, nothing is taken
}

var _ desk.Papers = (*Papers)(nil)

// Enqueue implements desk.Papers.
func (p *Papers) Enqueue(_ context.Context, id clinic.ID, doc paper.Doc) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err != nil || p.seen[id] {
		return p.Err
	}
	if p.seen == nil {
		p.seen = map[clinic.ID]bool{}
	}
	p.seen[id] = true
	p.Docs = append(p.Docs, doc)
	return nil
}

// Scans is a desk.Scans that knows the payloads given to it.
type Scans map[string]clinic.Scan

// Recognise implements desk.Scans.
func (s Scans) Recognise(raw []byte) (clinic.Scan, error) {
	scan, ok := s[string(raw)]
	if !ok {
		return clinic.Scan{}, ErrFault
	}
	return scan, nil
}
