package sealer

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"clinicbox/internal/durable"
)

const (
	// MaxWrong is how many wrong tries in a row close a slot for good, until who
	// opened the box another way forgives them.
	MaxWrong = 30
	// penalty is what a missing, damaged or rolled-back counter counts as: the
	// longest pause before each try, but not closed, for a lost file must not cost
	// the clinic its day.
	penalty = 12
)

// DefaultPause is none up to the fourth wrong try in a row, then 30 s, doubled by
// each one, at most an hour: 30 tries take 19 hours.
func DefaultPause(wrong int) time.Duration {
	if wrong < 5 {
		return 0
	}
	return min(30*time.Second<<min(wrong-5, 10), time.Hour)
}

// tries counts wrong tries by slot in a file beside the slots, which can be
// written while the records are locked. It stops who guesses at the screen, power
// cuts or not. It cannot stop who writes on the card: he puts back an old counter
// together with the old slots file, or asks the crypto directly; against him
// stands the TPM, whose counter nobody can put back.
type tries struct {
	File  FileID           `cbor:"1,keyasint"`
	Seq   uint64           `cbor:"2,keyasint"` // grows with each write
	Wrong map[uint32]uint8 `cbor:"3,keyasint"` // a slot that is missing counts as penalty
}

func parseTries(b []byte) (*tries, error) {
	var t tries
	e, err := parseEnvelope(b, &t)
	if err != nil {
		return nil, err
	}
	if e.V != version {
		return nil, ErrDamaged
	}
	return &t, nil
}

// counter keeps the file and the pauses that run since this process started: the
// clock may step, so a pause begins anew after a restart.
type counter struct {
	o    *Options
	seen uint64 // highest Seq of this process
	next map[uint32]time.Time
	calm time.Time // nobody tries before, while the disk takes nothing
	held *tries    // what a full or read-only disk does not take; nil while it takes all
}

// frozenPause is how long after a start, and after anybody's wrong try, nobody may try
// while the disk is read-only or full: then a count lasts as long as the process. Pulling
// the plug must not be the quicker way to guess, nor going from one person to the next.
const frozenPause = time.Minute

// load never fails: a counter that cannot be trusted is one with every slot at the
// penalty.
func (c *counter) load(im *image) *tries {
	if c.held != nil {
		return c.held
	}
	b, err := readFile(c.o.FS, c.o.Tries)
	if err == nil {
		var t *tries
		if t, err = parseTries(b); err == nil && t.File == im.File && t.Seq >= max(im.Floor, c.seen) {
			return t
		}
	}
	return &tries{File: im.File, Seq: max(im.Floor, c.seen)}
}

func (t *tries) wrong(number uint32) int {
	if n, ok := t.Wrong[number]; ok {
		return int(n)
	}
	return penalty
}

// set is durable when it returns nil. After an error it holds the old count or
// the new one.
func (c *counter) set(t *tries, number uint32, wrong int) error {
	if t.Wrong == nil {
		t.Wrong = map[uint32]uint8{}
	}
	t.Wrong[number] = uint8(min(wrong, MaxWrong))
	return c.put(t)
}

func (c *counter) put(t *tries) error {
	t.Seq++
	e := envelope{Body: must(encMode.Marshal(t)), Mac: []byte{}}
	err := durable.WriteFileFS(c.o.FS, c.o.Tries, e.encode(), 0o600)
	if errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOSPC) {
		c.held = t
		return nil
	}
	if c.held = nil; err != nil {
		return fmt.Errorf("sealer: count a try: %w", err)
	}
	c.seen = t.Seq
	return nil
}

// begin counts a try as wrong before anybody looks at the secret: pulling the plug
// buys none back.
func (c *counter) begin(im *image, number uint32) error {
	t := c.load(im)
	wrong := t.wrong(number)
	if wrong >= MaxWrong {
		return ErrLocked
	}
	if _, ok := c.next[number]; !ok {
		c.pause(number, wrong)
	}
	if wait := c.next[number].Sub(c.o.Now()); wait > 0 {
		return &WaitError{Wait: wait, Left: MaxWrong - wrong, cause: ErrWait}
	}
	if err := c.set(t, number, wrong+1); err != nil {
		return err
	}
	if wait := c.calm.Sub(c.o.Now()); c.held != nil && wait > 0 {
		delete(c.next, number)
		return errors.Join(&WaitError{Wait: wait, Left: MaxWrong - wrong, cause: ErrUncounted}, c.set(t, number, wrong))
	}
	if c.held != nil {
		c.calm = c.o.Now().Add(frozenPause)
	}
	c.pause(number, wrong+1)
	return nil
}

func (c *counter) pause(number uint32, wrong int) {
	c.next[number] = c.o.Now().Add(c.o.Pause(wrong))
}

// looked ends the pause for everybody: nobody tried, or rightly.
func (c *counter) looked() {
	if c.held != nil {
		c.calm = c.o.Now()
	}
}

// forget is called after a right secret, and for who lets others try again.
func (c *counter) forget(im *image, numbers ...uint32) error {
	t := c.load(im)
	for _, n := range numbers {
		if err := c.set(t, n, 0); err != nil {
			return err
		}
		delete(c.next, n)
	}
	c.looked()
	return nil
}

// refund takes back a try for which nobody looked at the secret.
func (c *counter) refund(im *image, number uint32, before int) error {
	delete(c.next, number)
	c.looked()
	return c.set(c.load(im), number, before)
}

// open starts the count of a new or replaced slot and drops those of slots that
// are no more.
func (c *counter) open(im *image, number uint32) error {
	t, live := c.load(im), map[uint32]bool{}
	for _, s := range im.Slots {
		live[s.Number] = true
	}
	for n := range t.Wrong {
		if !live[n] {
			delete(t.Wrong, n)
		}
	}
	delete(c.next, number)
	return c.set(t, number, 0)
}
