package panel

import (
	"context"
	"time"
)

// State is what the lights say.
type State uint8

// The states. Any other value shows as Help.
const (
	Working State = iota // all is well, offline for a while included
	Unsent               // working, but records wait for too long to reach the centre
	Help                 // somebody must come: the pages say what for
)

// String is the state's name in logs.
func (s State) String() string {
	switch s {
	case Working:
		return "working"
	case Unsent:
		return "unsent"
	case Help:
		return "help"
	}
	return "unknown"
}

// Half a blink. Fast stays below three flashes a second, for people whom more
// would harm.
const (
	slowHalf = time.Second
	fastHalf = 250 * time.Millisecond
)

// step is how long one picture of the lights stays: the longest time until a new
// state shows, too.
func (s State) step() time.Duration {
	if s == Working || s == Unsent {
		return slowHalf
	}
	return fastHalf
}

// lights shows the state until ctx ends, then goes dark.
func (d *Dev) lights(ctx context.Context, ready func()) {
	l := lamp{}
	if d.opts.Light != "" {
		l.light = &led{files: d.files, dir: d.opts.Light}
	}
	if d.opts.Red != "" {
		l.red = &led{files: d.files, dir: d.opts.Red}
	}
	last, on := State(255), true
	checked := time.Now()
	for ctx.Err() == nil {
		s := d.box.State()
		if s != last {
			d.turned(s)
			last, on = s, true
		}
		if time.Since(checked) >= d.opts.Check {
			l.check()
			checked = time.Now()
		}
		d.lit(&l, s, on)
		ready()
		pause(ctx, s.step())
		on = !on
	}
	l.dark()
}

// lit shows one picture and notes how the lights are.
func (d *Dev) lit(l *lamp, s State, on bool) {
	light, red := l.show(s, on)
	if l.light != nil {
		d.note(partLight, light)
	}
	if l.red != nil {
		d.note(partRed, red)
	}
}

// turned tells people who do not look: once for a call for help, and not again
// soon when the state flutters.
func (d *Dev) turned(s State) {
	d.log.Info("panel shows", "state", s.String())
	if s == Working || s == Unsent {
		return
	}
	if now := time.Now(); d.called.IsZero() || now.Sub(d.called) >= d.opts.Again {
		d.called = now
		d.Beep(Alarm)
	}
}

// lamp is the lights of a box; each may be missing.
type lamp struct{ light, red *led }

// show sets the lights for one half of a blink. A second light that does not obey
// leaves the call for help to the first.
func (l *lamp) show(s State, on bool) (light, red error) {
	calls := s != Working && s != Unsent
	first := s == Working || on
	if l.red != nil {
		red = l.red.set(calls && on)
		if calls && red == nil {
			first = false
		}
	}
	if l.light != nil {
		light = l.light.set(first)
	}
	return light, red
}

func (l *lamp) check() {
	for _, one := range []*led{l.light, l.red} {
		if one != nil {
			one.check()
		}
	}
}

// dark is the last act; whoever looks at the lights then is told by that.
func (l *lamp) dark() {
	for _, one := range []*led{l.light, l.red} {
		if one != nil {
			_ = one.set(false)
		}
	}
}
