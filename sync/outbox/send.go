package outbox

import (
	"math"
	"time"
)

// trial is the largest frame that may go out over a link that was long silent,
// before the hub was heard again. Larger ones wait for a Ping's answer.
const trial = 2 << 10

// patient is how often a hub may answer and store nothing of what it was sent.
// Links lose frames; a hub that refuses them would cost the month's bytes in hours.
const patient = 4

// stalled reports whether the hub is sent one small frame at long intervals only.
func (r *runner) stalled() bool { return r.stalls >= patient }

// pump sends frames until the window is full or the journal is sent.
func (r *runner) pump() {
	if r.waits() > 0 {
		return
	}
	r.hold, r.linger = time.Time{}, linger{}
	r.seen = r.opts.Log.Size()
	if r.sent < r.seen && len(r.flight) == 0 && time.Since(r.born) > r.opts.SessionLife {
		r.greet()
		return
	}
	for r.sent < r.opts.Log.Size() {
		if r.skip() {
			continue
		}
		room := max(r.window, r.opts.Window) - r.bytes
		if r.stalled() {
			room = trial - r.bytes
		}
		if len(r.flight) > 0 && room < r.opts.Frame/2 {
			return
		}
		still := time.Since(r.heard) > r.opts.Idle
		if still && len(r.flight) > 0 {
			return
		}
		frame, next, err := r.pack(min(r.batch.limit(r.opts.Frame), room))
		if err != nil {
			r.log.Error("journal not read", "from", r.sent, "error", err)
			r.show(func(s *shown) { s.problems.journal = true })
			r.hold = time.Now().Add(r.opts.Patience)
			return
		}
		if still && len(frame) > trial {
			r.query()
			return
		}
		if len(r.flight) > 0 && len(frame) > room {
			return // one large entry: alone, when the window is empty
		}
		r.show(func(s *shown) { s.problems.journal = false })
		r.tried = true
		r.flight = append(r.flight, flown{next: next, bytes: len(frame), at: time.Now()})
		r.bytes += len(frame)
		r.sent = next
		if r.due.IsZero() {
			r.expect()
		}
		r.spend(r.packed, len(frame))
		r.publish(frame)
	}
}

// skip passes over what the hub has in hand already. It stays in flight: should the
// hub lose it, silence and a receipt tell, as for every frame.
func (r *runner) skip() bool {
	for _, a := range r.ahead {
		if a.From > r.sent {
			return false
		}
		if a.To > r.sent {
			r.sent = min(a.To, r.opts.Log.Size())
			r.flight = append(r.flight, flown{next: r.sent})
			if r.due.IsZero() {
				r.expect()
			}
			return true
		}
	}
	return false
}

// gapEnd is where the entries that the hub lacks from sent on end.
func (r *runner) gapEnd() uint64 {
	for _, a := range r.ahead {
		if a.From > r.sent {
			return a.From
		}
	}
	return math.MaxUint64
}
