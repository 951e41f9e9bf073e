// Package staff keeps the PINs of the people who work with the box, and under
// each PIN the person's signing key. A PIN never leaves the box and is nowhere in
// clear; wrong tries are counted durably before an answer is given, so that
// pulling the plug buys no further try.
package staff

import (
	"context"
	"crypto"
	"crypto/ed25519"
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
	bucketPIN       = "staff.pin"
	bucketTries     = "staff.tries"
	bucketStrangers = "staff.strangers"
)

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

// Pins checks and sets PINs. Its methods may be called at the same time; one PIN
// is hashed at a time, for memory is scarce.
type Pins struct {
	kv   KV
	opts Opts
	mu   sync.Mutex // held over a whole check: counting and comparing are one step
	next map[source]time.Time
}

// New returns a Pins over the state.
func New(kv KV, opts Opts) *Pins {
	return &Pins{kv: kv, opts: opts, next: map[source]time.Time{}}
}

// Check compares the PIN with the person's. The try is counted before the PIN is
// looked at, and forgotten only after a right one. A stranger is a browser from
// which the person never logged in: its tries are counted apart, and a right PIN
// from there forgets those of both. The wrong try that locks has no tries Left.
func (p *Pins) Check(ctx context.Context, person clinic.ID, pin string, stranger bool) (clinic.PINVerdict, error) {
	v, key, err := p.Open(ctx, person, pin, stranger)
	if k, ok := key.(ed25519.PrivateKey); ok {
		clear(k)
	}
	return v, err
}

// Open is Check that also returns the person's signing key, an ed25519.PrivateKey,
// when the PIN is right; otherwise nil. It is the caller's to wipe. A person whose PIN is from the time
// without keys gets one now: it is durable before it is returned.
func (p *Pins) Open(ctx context.Context, person clinic.ID, pin string, stranger bool) (clinic.PINVerdict, crypto.Signer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return clinic.PINVerdict{}, nil, fmt.Errorf("staff: check: %w", err) // no try is spent
	}
	stored, wrong, err := p.load(person)
	if err != nil {
		return clinic.PINVerdict{}, nil, err
	}
	from, n := source{person, stranger}, wrong.of(stranger)
	if v, refused := p.refuse(from, stored, wrong); refused {
		return v, nil, nil
	}
	if err := p.putTries(from, n+1); err != nil {
		return clinic.PINVerdict{}, nil, err
	}
	kek, ok := stored.match(pin)
	defer clear(kek)
	if !ok {
		p.pause(from, n+1)
		return clinic.PINVerdict{Result: clinic.PINWrong, Left: MaxWrong - n - 1}, nil, nil
	}
	seed, err := p.admit(from, stored, kek)
	if err == nil {
		seed, err = p.renew(person, pin, stored, seed)
	}
	if err != nil {
		return clinic.PINVerdict{}, nil, err
	}
	defer clear(seed)
	return clinic.PINVerdict{Result: clinic.PINRight, Left: MaxWrong}, ed25519.NewKeyFromSeed(seed), nil
}

// refuse answers where no PIN may be compared now.
func (p *Pins) refuse(from source, stored *verifier, wrong tries) (clinic.PINVerdict, bool) {
	if stored == nil {
		return clinic.PINVerdict{Result: clinic.PINUnset}, true
	}
	if result, yes := wrong.locked(from.stranger); yes {
		return clinic.PINVerdict{Result: result}, true
	}
	n := wrong.of(from.stranger)
	if wait := p.wait(from, n); wait > 0 {
		return clinic.PINVerdict{Result: clinic.PINWait, Left: MaxWrong - n, Wait: wait}, true
	}
	return clinic.PINVerdict{}, false
}

// admit opens the key after a right PIN and forgets the wrong tries. A key that
// does not open leaves the try counted: nobody was let in.
func (p *Pins) admit(from source, v *verifier, kek []byte) ([]byte, error) {
	seed, err := v.seed(from.person, kek)
	switch {
	case err != nil:
		return nil, err
	case from.stranger:
		return seed, p.forget(from.person)
	}
	return seed, p.forgetOne(from)
}

// renew replaces a verifier of the first version, which gets a new key, and one
// made with other parameters, which keeps its own. A failure is told: the state
// cannot be written, so nothing the person does could be kept either.
func (p *Pins) renew(person clinic.ID, pin string, v *verifier, seed []byte) ([]byte, error) {
	if v.version == versionPlain {
		// Beside the new version a missing counter would mean a full one.
		from := source{person, true}
		n, err := p.count(from, 0)
		if err == nil {
			err = p.putTries(from, n)
		}
		if err != nil {
			return nil, err
		}
		seed = newSeed()
	} else if v.params == p.opts.Params {
		return seed, nil
	}
	return seed, p.putVerifier(person, pin, seed)
}

// Set gives the person a new PIN and forgets wrong tries. With keep, the person's
// own change, the key is the same under the new PIN. Without, the PIN was lost:
// the old key is given up for good, for nothing but the old PIN opens it, and a
// new one is made at once.
//
// The counters go first: cut before the PIN, the person has the old PIN with the
// old key, or none, and is not locked out.
func (p *Pins) Set(ctx context.Context, person clinic.ID, pin string, keep crypto.Signer) error {
	if err := clinic.CheckPIN(pin); err != nil {
		return fmt.Errorf("staff: new PIN: %w", err)
	}
	seed, err := seedOf(keep)
	if err != nil {
		return err
	}
	defer clear(seed)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("staff: set: %w", err)
	}
	if err := p.forget(person); err != nil {
		return err
	}
	return p.putVerifier(person, pin, seed)
}

func (p *Pins) putVerifier(person clinic.ID, pin string, seed []byte) error {
	v := newVerifier(p.opts.Params, person, pin, seed)
	return p.putPIN(person, v.bytes())
}

func (p *Pins) getPIN(person clinic.ID) ([]byte, error) {
	b, err := p.kv.Get(bucketPIN, person.String())
	if err != nil {
		return nil, fmt.Errorf("staff: read PIN: %w", err)
	}
	return b, nil
}

func (p *Pins) putPIN(person clinic.ID, value []byte) error {
	if err := p.kv.Put(bucketPIN, person.String(), value); err != nil {
		return fmt.Errorf("staff: keep PIN: %w", err)
	}
	return nil
}
