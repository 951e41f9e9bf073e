package modem

import "time"

// rung is something that may bring a modem back, from mild to rough.
type rung int

const (
	nothing  rung = iota
	reattach      // leave the packet service and come back
	radio         // radio off and on
	reset         // the modem starts anew: its port goes away
	power         // the hook that takes its power away
)

// ladder decides when to try what. Between two tries it waits, each time twice as
// long: networks are away for hours, and resets cost signalling and battery.
type ladder struct {
	patience time.Duration // before the first try
	longest  time.Duration // between two tries
	hook     bool          // there is a power rung

	bad   time.Time // since when nothing works; zero = it does
	tried rung
	pause time.Duration
	next  time.Time
}

// well is told when the modem works.
func (l *ladder) well() { l.bad, l.tried = time.Time{}, nothing }

// step is told when it does not, and returns what to do now. A silent modem cannot be
// told anything: only its power is left.
func (l *ladder) step(now time.Time, silent bool) rung {
	if l.bad.IsZero() {
		l.bad, l.pause = now, l.patience
		l.next = now.Add(l.patience)
	}
	if now.Before(l.next) || silent && !l.hook {
		return nothing
	}
	l.pause = min(2*l.pause, l.longest)
	l.next = now.Add(l.pause)
	top := reset
	if l.hook {
		top = power
	}
	switch {
	case silent:
		l.tried = power
	case l.tried >= top:
		l.tried = reattach
	default:
		l.tried++
	}
	return l.tried
}
