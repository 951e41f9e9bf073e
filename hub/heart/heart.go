// Package heart hears the heartbeats of boxes and answers them: with the centre's
// time over the nonce of the box's start, and with the orders that the box has not
// obeyed yet. Both go out in clear, signed by the command key, to a box that may be
// locked and hold no session key.
//
// Orders given while the centre runs go out at once, whoever gave them; a box that
// was not there gets them after its next beat.
package heart

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

// Filter is the topic filter whose messages Handle takes.
const Filter = "cb/1/+/beat"

// Limits. Whoever may publish on a box's topic may make us look up a serial and
// verify a signature this often; only a signed beat is written down.
const (
	beatGap    = 2 * time.Second // of one sender, on average
	beatBurst  = 5
	maxBeat    = 1 << 10
	maxSenders = 40_000 // in memory
	maxOrders  = 16     // sent after one beat; the rest follows the next
	alarmGap   = 10 * time.Minute
)

// Authority is what heart asks of the authority.
type Authority interface {
	// Box returns the box with the serial, in service or ended.
	Box(ctx context.Context, ref string) (authority.Box, error)
	Boxes(ctx context.Context) ([]authority.Box, error)
	Orders(ctx context.Context, s cert.Serial, after uint64) ([][]byte, error)
	Time(box string, n cert.Nonce) ([]byte, error)
}

// DB keeps heartbeats.
type DB interface {
	// Beat is durable on return; false for one that was kept before.
	Beat(ctx context.Context, b hub.Beat) (fresh bool, err error)
	// Beats returns the last one of each serial.
	Beats(ctx context.Context) (map[string]hub.Beat, error)
	Raise(ctx context.Context, a hub.Alarm) error
}

// Link sends; it does not wait, and losing a message is normal.
type Link interface {
	Publish(topic string, payload []byte) error
}

// Options of New. All but Now and Log are needed.
type Options struct {
	DB        DB
	Authority Authority
	Link      Link
	Now       func() time.Time
	Log       *slog.Logger
}

// Heart hears beats; see the package comment. It is safe for concurrent use.
type Heart struct {
	o Options

	mu      sync.Mutex
	turns   map[sender]time.Time   // when each is behind its turns
	sent    map[cert.Serial]uint64 // last order that went out
	alarmed time.Time
}

// sender is whom a beat says it is from; without a serial, all new ones of a name.
type sender struct {
	name   string
	serial cert.Serial
}

// New prepares a Heart.
func New(o Options) *Heart {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Heart{o: o, turns: map[sender]time.Time{}, sent: map[cert.Serial]uint64{}}
}

// Sentinels of a beat that does not count.
var (
	errForged  = errors.New("heart: not signed by the heartbeat key of that box")
	errUnknown = errors.New("heart: no such box")
)

// Handle takes one message. What is no beat of a known box is dropped.
func (h *Heart) Handle(ctx context.Context, topic string, raw []byte) {
	name, ok := strings.CutPrefix(topic, "cb/1/")
	name, ok2 := strings.CutSuffix(name, "/beat")
	if !ok || !ok2 || !hub.ValidBoxName(name) || len(raw) > maxBeat {
		return
	}
	v, err := cert.Unverified[cert.Beat](raw)
	if err != nil || !h.admit(sender{name, v.Serial}) {
		return
	}
	b, err := h.verify(ctx, name, raw, v)
	switch {
	case errors.Is(err, errUnknown):
		return
	case errors.Is(err, errForged):
		h.alarm(ctx, b.Facility.Box)
		return
	case err != nil:
		h.o.Log.Error("heartbeat", "box", name, "err", err)
		return
	}
	fresh, err := h.o.DB.Beat(ctx, hub.Beat{
		Box: name, Serial: v.Serial.String(), Boot: v.Boot, N: v.N, At: h.o.Now(), State: int(v.State), Obeyed: v.Obeyed, Agent: v.Agent,
	})
	if err != nil {
		h.o.Log.Error("heartbeat", "box", name, "err", err)
		return
	}
	if fresh {
		h.answer(ctx, v, b)
	}
}

// admit bounds the rate of each sender: a box whose certificate ended may speak under
// the name that its successor has, and must not take the successor's turn. Senders
// that were not heard before share what the name has for them, so that made-up serials
// cost little; a flood of those keeps a box waiting that is new, or that this centre
// has not heard since it started.
func (h *Heart) admit(from sender) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.o.Now()
	if _, heard := h.turns[from]; !heard && !h.turn(sender{name: from.name}, now) {
		return false
	}
	return h.turn(from, now)
}

// turn takes one of a sender's turns. The caller holds mu.
func (h *Heart) turn(from sender, now time.Time) bool {
	next, heard := h.turns[from]
	if !heard && len(h.turns) >= maxSenders {
		clear(h.turns) // made-up ones; the real ones come back within the hour
	}
	if d := next.Sub(now); d < 0 || d > beatBurst*beatGap { // long ago, never, or the clock was set back
		next = now
	} else if d > (beatBurst-1)*beatGap {
		return false
	}
	h.turns[from] = next.Add(beatGap)
	return true
}

// verify checks a beat, which says v, with the certificate that it names.
func (h *Heart) verify(ctx context.Context, name string, raw []byte, v cert.Beat) (authority.Box, error) {
	b, err := h.o.Authority.Box(ctx, v.Serial.String())
	if errors.Is(err, authority.ErrMissing) {
		return b, errUnknown
	} else if err != nil {
		return b, err
	}
	c, err := cert.Unverified[cert.Box](b.Cert) // our own row
	if err != nil {
		return b, err
	}
	if v.Box != name || c.Name != name || c.Serial != v.Serial || len(c.Beat) != ed25519.PublicKeySize {
		return b, errForged
	}
	if _, err := cert.Open[cert.Beat](c.Beat, raw); err != nil {
		return b, errForged
	}
	return b, nil
}

// answer sends the time and what is not obeyed yet.
func (h *Heart) answer(ctx context.Context, v cert.Beat, b authority.Box) {
	t, err := h.o.Authority.Time(v.Box, v.Boot)
	if err != nil {
		h.o.Log.Error("sign hub time", "err", err)
		return
	}
	h.publish(v.Box, t)
	if b.Orders > v.Obeyed {
		h.orders(ctx, &b, v.Obeyed)
	}
}

// orders sends the commands after a number.
func (h *Heart) orders(ctx context.Context, b *authority.Box, after uint64) {
	raws, err := h.o.Authority.Orders(ctx, b.Serial, after)
	if err != nil {
		h.o.Log.Error("orders", "box", b.Facility.Box, "err", err)
		return
	}
	raws = raws[:min(len(raws), maxOrders)] // the rest after the next heartbeat
	for _, raw := range raws {
		if !h.publish(b.Facility.Box, raw) {
			return
		}
	}
	h.mu.Lock()
	h.sent[b.Serial] = max(h.sent[b.Serial], b.Orders)
	h.mu.Unlock()
	h.o.Log.Info("orders sent", "box", b.Facility.Box, "serial", b.Serial.String(), "count", len(raws))
}

func (h *Heart) publish(box string, raw []byte) bool {
	if err := h.o.Link.Publish("cb/1/"+box+"/cmd", raw); err != nil {
		h.o.Log.Debug("publish", "box", box, "err", err)
		return false
	}
	return true
}

// Deliver sends the orders that did not go out yet. Call it when the authority's
// history has moved, and when the link has come up.
func (h *Heart) Deliver(ctx context.Context) error {
	boxes, err := h.o.Authority.Boxes(ctx)
	if err != nil {
		return err
	}
	var beats map[string]hub.Beat
	for i := range boxes {
		b := &boxes[i]
		h.mu.Lock()
		sent := h.sent[b.Serial]
		h.mu.Unlock()
		if b.Orders <= sent {
			continue
		}
		if beats == nil {
			if beats, err = h.o.DB.Beats(ctx); err != nil {
				return err
			}
		}
		if done := max(sent, beats[b.Serial.String()].Obeyed); b.Orders > done {
			h.orders(ctx, b, done)
		}
	}
	return nil
}

// alarm raises one that somebody forges beats, at a bounded rate for all boxes.
func (h *Heart) alarm(ctx context.Context, box string) {
	now := h.o.Now()
	h.mu.Lock()
	d := now.Sub(h.alarmed)
	quiet := d >= 0 && d < alarmGap
	if !quiet {
		h.alarmed = now
	}
	h.mu.Unlock()
	if quiet {
		return
	}
	h.o.Log.Warn("alarm", "box", box, "code", hub.AlarmBeat)
	if err := h.o.DB.Raise(ctx, hub.Alarm{Box: box, Code: hub.AlarmBeat, Last: now}); err != nil {
		h.o.Log.Error("alarm", "box", box, "err", err)
	}
}
