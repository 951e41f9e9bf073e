package panel

import "time"

// Press is what a hand did with the button.
type Press uint8

// The presses.
const (
	Short Press = iota + 1
	Long        // held; told while it is still down, once
)

// String is the press's name in logs.
func (p Press) String() string {
	switch p {
	case Short:
		return "short"
	case Long:
		return "long"
	}
	return "none"
}

// presses turns a button's edges into presses. A level counts once it lasted
// bounce; what chatters is silence.
type presses struct {
	bounce, long time.Duration

	raw     bool      // down, as last heard
	changed time.Time // when raw became so
	down    bool      // the level that counts
	since   time.Time // when the press began
	told    bool      // this press was long already
}

// edge takes a level that was heard at a time and returns the press that it ends,
// or 0. A level that is already known changes nothing.
func (p *presses) edge(down bool, at time.Time) Press {
	press := p.tick(at)
	if down != p.raw {
		p.raw, p.changed = down, at
	}
	return press
}

// tick returns the press that time alone has completed by now, or 0.
func (p *presses) tick(now time.Time) Press {
	if p.raw != p.down && now.Sub(p.changed) >= p.bounce {
		p.down = p.raw
		if p.down {
			p.since, p.told = p.changed, false
		} else if !p.told {
			return p.kind(p.changed)
		}
	}
	if p.down && p.raw && !p.told && now.Sub(p.since) >= p.long {
		p.told = true
		return Long
	}
	return 0
}

func (p *presses) kind(end time.Time) Press {
	if end.Sub(p.since) >= p.long {
		return Long
	}
	return Short
}

// due is how long until tick can have news; ok is false while there is nothing to
// wait for.
func (p *presses) due(now time.Time) (wait time.Duration, ok bool) {
	switch {
	case p.raw != p.down:
		return max(0, p.changed.Add(p.bounce).Sub(now)), true
	case p.down && !p.told:
		return max(0, p.since.Add(p.long).Sub(now)), true
	}
	return 0, false
}

// forget drops a press that is under way: nobody knows how it goes on.
func (p *presses) forget() { p.raw, p.down, p.told = false, false, false }
