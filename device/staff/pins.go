// Package staff keeps the PINs of the people who work with the box. A PIN never
// leaves the box and is nowhere in clear; wrong tries are counted durably before
// an answer is given, so that pulling the plug buys no further try.
package staff

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"clinicbox/clinic"
)

// KV keeps small values durably.
type KV interface {
	// Get returns nil for a key that was never put.
	Get(bucket, key string) ([]byte, error)
	// Put is durable when it returns nil. After an error the value may be the old
	// or the new one.
	Put(bucket, key string, value []byte) error
}

// The buckets. A verifier without a counter means locked: somebody removed the
// counter, or the state was lost.
const (
	bucketPIN   = "staff.pin"
	bucketTries = "staff.tries"
)

// MaxWrong is how many wrong PINs in a row lock a person out.
const MaxWrong = 10

// ErrNoPIN is returned by Unlock for a person without a PIN.
var ErrNoPIN = errors.New("staff: the person has no PIN on this box")

// Opts tunes a Pins.
type Opts struct {
	Params Params           // of new verifiers; old ones keep theirs until the next right PIN
	Now    func() time.Time // for the pauses; should be monotonic
	// Pause returns how long to wait after the n-th wrong PIN in a row.
	Pause func(wrong int) time.Duration
}

// DefaultOpts fits a Raspberry Pi 3 with 1 GB.
func DefaultOpts() Opts {
	return Opts{Params: DefaultParams(), Now: time.Now, Pause: DefaultPause}
}

// DefaultPause is 1, 2, 4, 8, 16 s after the fifth to the ninth wrong PIN: a
// person who mistypes does not notice, ten tries take half a minute.
func DefaultPause(wrong int) time.Duration {
	if wrong < 5 {
		return 0
	}
	return time.Second << min(wrong-5, 4)
}

// Pins checks and sets PINs. Its methods may be called at the same time; one PIN
// is hashed at a time, for memory is scarce.
type Pins struct {
	kv   KV
	opts Opts
	mu   sync.Mutex // held over a whole check: counting and comparing are one step
	next map[clinic.ID]time.Time
}

// New returns a Pins over the state.
func New(kv KV, opts Opts) *Pins {
	return &Pins{kv: kv, opts: opts, next: map[clinic.ID]time.Time{}}
}

// Check compares the PIN with the person's. The try is counted before the PIN is
// looked at, and forgotten only after a right one.
func (p *Pins) Check(ctx context.Context, person clinic.ID, pin string) (clinic.PINVerdict, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return clinic.PINVerdict{}, fmt.Errorf("staff: check: %w", err) // no try is spent
	}
	stored, wrong, err := p.load(person)
	switch {
	case err != nil:
		return clinic.PINVerdict{}, err
	case stored == nil:
		return clinic.PINVerdict{Result: clinic.PINUnset}, nil
	case wrong >= MaxWrong:
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil
	}
	if wait := p.wait(person, wrong); wait > 0 {
		return clinic.PINVerdict{Result: clinic.PINWait, Left: MaxWrong - wrong, Wait: wait}, nil
	}
	if err := p.putTries(person, wrong+1); err != nil {
		return clinic.PINVerdict{}, err
	}
	if !stored.matches(pin) {
		p.pause(person, wrong+1)
		return clinic.PINVerdict{Result: clinic.PINWrong, Left: MaxWrong - wrong - 1}, nil
	}
	if err := p.putTries(person, 0); err != nil {
		return clinic.PINVerdict{}, err
	}
	delete(p.next, person)
	return clinic.PINVerdict{Result: clinic.PINRight, Left: MaxWrong}, p.renew(person, pin, stored)
}

// renew replaces a verifier made with other parameters. A failure is told: the
// state cannot be written, so nothing the person does could be kept either.
func (p *Pins) renew(person clinic.ID, pin string, v *verifier) error {
	if v.params == p.opts.Params {
		return nil
	}
	return p.putVerifier(person, pin)
}

// Set gives the person a new PIN and forgets wrong tries. The counter goes first:
// cut between the two, the person has the old PIN or none, and is not locked out.
func (p *Pins) Set(ctx context.Context, person clinic.ID, pin string) error {
	if err := clinic.CheckPIN(pin); err != nil {
		return fmt.Errorf("staff: new PIN: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("staff: set: %w", err)
	}
	if err := p.putTries(person, 0); err != nil {
		return err
	}
	delete(p.next, person)
	return p.putVerifier(person, pin)
}

// Look tells how the person's PIN stands and spends no try: PINRight means that it
// could be used now. A damaged verifier counts as locked: a new PIN mends it.
func (p *Pins) Look(person clinic.ID) (clinic.PINVerdict, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	stored, wrong, err := p.load(person)
	switch {
	case errors.Is(err, ErrVerifier):
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil
	case err != nil:
		return clinic.PINVerdict{}, err
	case stored == nil:
		return clinic.PINVerdict{Result: clinic.PINUnset}, nil
	case wrong >= MaxWrong:
		return clinic.PINVerdict{Result: clinic.PINLocked}, nil
	}
	return clinic.PINVerdict{Result: clinic.PINRight, Left: MaxWrong - wrong}, nil
}

// Unlock forgets the person's wrong tries; the PIN stays. Who may do it, and the
// record that it was done, are the caller's.
func (p *Pins) Unlock(person clinic.ID) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, err := p.kv.Get(bucketPIN, person.String())
	if err != nil {
		return fmt.Errorf("staff: read PIN: %w", err)
	}
	if b == nil {
		return ErrNoPIN
	}
	if err := p.putTries(person, 0); err != nil {
		return err
	}
	delete(p.next, person)
	return nil
}

// wait returns how long the person must still wait. The pause after a restart is
// the whole one: times are not kept, for the clock may step.
func (p *Pins) wait(person clinic.ID, wrong int) time.Duration {
	if _, ok := p.next[person]; !ok {
		p.pause(person, wrong)
	}
	return p.next[person].Sub(p.opts.Now())
}

func (p *Pins) pause(person clinic.ID, wrong int) {
	p.next[person] = p.opts.Now().Add(p.opts.Pause(wrong))
}

// load returns the verifier, nil when there is none, and the wrong tries so far.
// A missing or unreadable counter counts as locked.
func (p *Pins) load(person clinic.ID) (*verifier, int, error) {
	b, err := p.kv.Get(bucketPIN, person.String())
	if err != nil {
		return nil, 0, fmt.Errorf("staff: read PIN: %w", err)
	}
	if b == nil {
		return nil, 0, nil
	}
	v, err := parseVerifier(b)
	if err != nil {
		return nil, 0, err
	}
	tries, err := p.kv.Get(bucketTries, person.String())
	if err != nil {
		return nil, 0, fmt.Errorf("staff: read tries: %w", err)
	}
	if len(tries) != 1 || tries[0] > MaxWrong {
		return v, MaxWrong, nil
	}
	return v, int(tries[0]), nil
}

func (p *Pins) putTries(person clinic.ID, n int) error {
	if err := p.kv.Put(bucketTries, person.String(), []byte{byte(n)}); err != nil {
		return fmt.Errorf("staff: count a try: %w", err)
	}
	return nil
}

func (p *Pins) putVerifier(person clinic.ID, pin string) error {
	var salt [saltLen]byte
	rand.Read(salt[:]) // never fails since Go 1.24
	v := newVerifier(p.opts.Params, salt[:], pin)
	if err := p.kv.Put(bucketPIN, person.String(), v.bytes()); err != nil {
		return fmt.Errorf("staff: keep PIN: %w", err)
	}
	return nil
}
