package desktest

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"slices"
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
	mu      sync.Mutex
	pins    map[clinic.ID]string
	wrong   map[clinic.ID]int
	strange map[clinic.ID]int // by strangers
	keys    map[clinic.ID]ed25519.PrivateKey
	Err     error // when set, every call fails
}

var _ desk.Pins = (*Pins)(nil)

// NewPins returns an empty keeper.
func NewPins() *Pins {
	return &Pins{
		pins: map[clinic.ID]string{}, wrong: map[clinic.ID]int{}, strange: map[clinic.ID]int{}, keys: map[clinic.ID]ed25519.PrivateKey{},
	}
}

// Open implements desk.Pins. Strangers' tries count as the person's.
func (p *Pins) Open(_ context.Context, person clinic.ID, pin string, stranger bool) (clinic.PINVerdict, crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	want, ok := p.pins[person]
	wrong := p.wrong
	if stranger {
		wrong = p.strange
	}
	switch {
	case p.Err != nil:
		return clinic.PINVerdict{}, nil, p.Err
	case !ok:
		return clinic.PINVerdict{Result: clinic.PINUnset}, nil, nil
	case p.wrong[person] >= 10:
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil, nil
	case stranger && p.strange[person] >= 10:
		return clinic.PINVerdict{Result: clinic.PINStrangers}, nil, nil
	case pin != want:
		wrong[person]++
		return clinic.PINVerdict{Result: clinic.PINWrong, Left: 10 - wrong[person]}, nil, nil
	}
	p.wrong[person], wrong[person] = 0, 0
	return clinic.PINVerdict{Result: clinic.PINRight}, slices.Clone(p.keys[person]), nil
}

// Set implements desk.Pins.
func (p *Pins) Set(_ context.Context, person clinic.ID, pin string, keep crypto.Signer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err != nil {
		return p.Err
	}
	if keep == nil {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		keep = key
	}
	p.pins[person], p.wrong[person], p.strange[person] = pin, 0, 0
	p.keys[person] = slices.Clone(keep.(ed25519.PrivateKey)) // the caller wipes its own
	return nil
}

// Remove implements desk.Pins.
func (p *Pins) Remove(_ context.Context, person clinic.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err == nil {
		delete(p.pins, person)
		delete(p.keys, person)
	}
	return p.Err
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
	} else if p.strange[person] >= 10 {
		v.Result = clinic.PINStrangers
	}
	return v, p.Err
}

// Unlock implements desk.Pins.
func (p *Pins) Unlock(person clinic.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Err == nil {
		p.wrong[person], p.strange[person] = 0, 0
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
