// Package outboxtest simulates what the outbox talks to: a bad link, an honest
// hub, and the stores of a box that fail when asked to. All of it checks
// invariants of its own and runs inside testing/synctest.
package outboxtest

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"clinicbox/sync/wire"
)

// Faults says how bad a link is.
type Faults struct {
	Drop   float64       // share of frames that vanish
	Repeat float64       // share that arrives twice
	Delay  time.Duration // of every frame
	Jitter time.Duration // on top, at random: frames overtake each other
	Garble float64       // share that arrives with a bit changed
	Rate   int           // bytes a second in each direction; 0 = as many as there are
}

// Net is a link between one box and one hub. It implements the outbox's Link.
type Net struct {
	T   testing.TB
	Hub func(frame []byte) // takes what the box sent

	mu      sync.Mutex
	rng     *rand.Rand
	faults  Faults
	up      bool
	hole    bool
	changed chan struct{}
	down    chan []byte
	epoch   int               // connections so far: frames of an older one are lost
	sealed  map[string]string // session and counter → frame

	lastUp, lastDown time.Time
	busy             [2]time.Time // up and down: when the last frame has left

	// SentUp and SentDown count bytes handed over, lost ones included; Frames
	// counts them by type.
	SentUp, SentDown int
	FramesUp         map[wire.Type]int
}

// NewNet returns a link that is down.
func NewNet(t testing.TB, seed uint64) *Net {
	return &Net{
		T: t, rng: rand.New(rand.NewPCG(seed, 1)), changed: make(chan struct{}),
		down: make(chan []byte, 64), sealed: map[string]string{}, FramesUp: map[wire.Type]int{},
	}
}

// ErrDown is returned by Publish without a connection.
var ErrDown = errors.New("outboxtest: no connection")

// Set changes the faults for the frames to come.
func (n *Net) Set(f Faults) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = f
}

// BlackHole makes every frame vanish while the connection seems to stand.
func (n *Net) BlackHole(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hole = on
}

// Connect changes whether there is a connection. Frames under way are lost when
// it goes down.
func (n *Net) Connect(up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.up == up {
		return
	}
	n.up = up
	n.epoch++
	n.busy = [2]time.Time{}
	close(n.changed)
	n.changed = make(chan struct{})
}

// Up implements outbox.Link.
func (n *Net) Up() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.up
}

// Changed implements outbox.Link.
func (n *Net) Changed() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.changed
}

// Frames implements outbox.Link.
func (n *Net) Frames() <-chan []byte { return n.down }

// Bytes returns what the box handed over so far.
func (n *Net) Bytes() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.SentUp
}

// SentDownBytes returns what the hub handed over so far.
func (n *Net) SentDownBytes() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.SentDown
}

// Publish implements outbox.Link: box to hub.
func (n *Net) Publish(frame []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.oneNonceOneFrame(frame)
	if !n.up {
		return ErrDown
	}
	n.SentUp += len(frame)
	n.carry(&n.lastUp, frame, func(f []byte) { n.Hub(f) })
	return nil
}

// Deliver carries a frame from the hub to the box.
func (n *Net) Deliver(frame []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.oneNonceOneFrame(frame)
	if !n.up {
		return
	}
	n.SentDown += len(frame)
	n.carry(&n.lastDown, frame, func(f []byte) {
		select {
		case n.down <- f:
		default: // a full queue drops, as the real one does
		}
	})
}

// Sealed returns how many sessions and sealed frames both sides made.
func (n *Net) Sealed() (sessions, frames int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ids := map[string]bool{}
	for key := range n.sealed {
		ids[key[:16]] = true
	}
	return len(ids), len(n.sealed)
}

// oneNonceOneFrame fails the test when a session's counter seals a second frame:
// the session's ID is a hash of what its key came from. It remembers for the life
// of the Net, over restarts of box and hub.
func (n *Net) oneNonceOneFrame(frame []byte) {
	h, err := wire.Parse(frame)
	if err != nil {
		n.T.Errorf("box or hub made a frame that does not parse: %v", err)
		return
	}
	n.FramesUp[h.Type]++
	if h.Type != wire.TypeSealed {
		return
	}
	key := fmt.Sprintf("%x %d", h.Session, h.Counter)
	text := hex.EncodeToString(frame)
	if old, ok := n.sealed[key]; ok && old != text {
		n.T.Errorf("nonce used twice: session %x, counter %d", h.Session, h.Counter)
	}
	n.sealed[key] = text
}

// queue returns how long a frame waits for those before it, and takes to leave.
func (n *Net) queue(up bool, bytes int) time.Duration {
	if n.faults.Rate <= 0 {
		return 0
	}
	busy, now := &n.busy[0], time.Now()
	if !up {
		busy = &n.busy[1]
	}
	if busy.Before(now) {
		*busy = now
	}
	*busy = busy.Add(time.Duration(bytes) * time.Second / time.Duration(n.faults.Rate))
	return busy.Sub(now)
}

// carry brings frames over; the caller holds mu. Without jitter they keep their
// order, as over one connection.
func (n *Net) carry(last *time.Time, frame []byte, to func([]byte)) {
	copies := 1
	if n.rng.Float64() < n.faults.Repeat {
		copies = 2
	}
	for range copies {
		if n.hole || n.rng.Float64() < n.faults.Drop {
			continue
		}
		f := append([]byte(nil), frame...)
		if n.rng.Float64() < n.faults.Garble {
			f[n.rng.IntN(len(f))] ^= 1 << n.rng.IntN(8)
		}
		d := n.faults.Delay + n.queue(last == &n.lastUp, len(f))
		if n.faults.Jitter > 0 {
			d += time.Duration(n.rng.Int64N(int64(n.faults.Jitter)))
		}
		if at := last.Add(time.Microsecond); n.faults.Jitter == 0 && time.Until(at) > d {
			d = time.Until(at)
		}
		*last = time.Now().Add(d)
		epoch := n.epoch
		time.AfterFunc(d, func() {
			n.mu.Lock()
			lost := n.epoch != epoch || n.hole
			n.mu.Unlock()
			if !lost {
				to(f)
			}
		})
	}
}
