package mqttlink

// Pipe is one topic in and one topic out of a Link: what a box speaks over.
type Pipe struct {
	link *Link
	to   string
	in   chan []byte
}

// Pipe returns a pipe that publishes to one topic and receives what comes to the
// filter from. Call it before Run.
func (l *Link) Pipe(to, from string) *Pipe {
	p := &Pipe{link: l, to: to, in: make(chan []byte, l.opts.QueueIn)}
	l.Handle(from, func(_ string, payload []byte) {
		select {
		case p.in <- payload:
		default:
			l.count.lostIn.Add(1)
		}
	})
	return p
}

// Publish queues a frame and never waits; see Link.Publish.
func (p *Pipe) Publish(frame []byte) error { return p.link.Publish(p.to, frame) }

// Up reports whether there is a connection.
func (p *Pipe) Up() bool { return p.link.Up() }

// Changed returns a channel that is closed at the next change of the link.
func (p *Pipe) Changed() <-chan struct{} { return p.link.Changed() }

// Frames returns what came in: always the same channel, never closed.
func (p *Pipe) Frames() <-chan []byte { return p.in }
