package sim

// printerState is what a printer tells of itself.
type printerState struct{ out, near, cover, jam bool }

func (s printerState) offline() bool { return s.out || s.cover || s.jam }

func (p *Printer) state() printerState {
	return printerState{out: !p.paper, near: p.fault.NearEnd, cover: p.fault.Cover, jam: p.jammed}
}

func flag(on bool, bits byte) byte {
	if on {
		return bits
	}
	return 0
}

// realTime is the answer to DLE EOT n.
func (s printerState) realTime(n byte) byte {
	switch n {
	case 1:
		return 0x12 | flag(s.offline(), 0x08)
	case 2:
		return 0x12 | flag(s.cover, 0x04) | flag(s.out, 0x20) | flag(s.jam, 0x40)
	case 3:
		return 0x12 | flag(s.jam, 0x08)
	}
	return 0x12 | flag(s.near, 0x0c) | flag(s.out, 0x60)
}

// queued is the answer to GS r 1.
func (s printerState) queued() byte { return flag(s.near, 0x03) | flag(s.out, 0x0c) }

// asb is the automatic status back.
func (s printerState) asb() []byte {
	return []byte{0x10 | flag(s.offline(), 0x08) | flag(s.cover, 0x20), flag(s.jam, 0x08), s.queued(), 0}
}

// answerPaper is GS r 1.
func (p *Printer) answerPaper() {
	if !p.fault.NoQueue {
		p.say(p.state().queued())
	}
}

// answerRealTime is DLE EOT n.
func (p *Printer) answerRealTime(n byte) {
	if p.fault.Half && p.line != nil {
		switch p.line.answered++; {
		case p.line.answered == 3:
			p.say(0x02) // the upper half is missing
			return
		case p.line.answered > 3:
			return
		}
	}
	p.say(p.state().realTime(n))
}

// told sends a change of the state unasked.
func (p *Printer) told(was printerState) {
	if p.opts.ASB && p.state() != was {
		p.say(p.state().asb()...)
	}
}

// say sends bytes to whoever is connected. A peer that does not listen loses them.
func (p *Printer) say(b ...byte) {
	if p.line == nil || p.fault.Silent {
		return
	}
	select {
	case p.line.out <- b:
	default:
	}
}
