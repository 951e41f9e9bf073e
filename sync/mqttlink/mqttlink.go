// Package mqttlink owns one MQTT connection for the life of the program, at a box
// and at the hub. It connects, subscribes, notices that a link is dead, and
// connects again with growing, jittered pauses.
//
// It promises nothing about messages: QoS 0, no store, bounded queues that drop
// when full. What must arrive is repeated by whoever sends it until the other
// side, not the broker, says so. The library's tokens complete without an
// acknowledgement, so none is believed; each connection gets a client of its own,
// so nothing of an old one is sent again.
package mqttlink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// Sentinels of Publish and New.
var (
	ErrDown     = errors.New("mqttlink: no connection")
	ErrFull     = errors.New("mqttlink: queue is full")
	ErrTooLarge = errors.New("mqttlink: payload above 64 KiB")
	ErrOptions  = errors.New("mqttlink: bad options")
)

// MaxPayload is the largest message that travels.
const MaxPayload = 64 << 10

// Opts configures a Link. Zero values take those of DefaultOpts.
type Opts struct {
	Broker   string // tcp://host:port or ssl://host:port
	ClientID string // one per connection: a broker throws the older one out
	Username string
	Password string
	TLS      *tls.Config // for ssl://; nil takes the system's roots

	KeepAlive      time.Duration // between MQTT pings; whole seconds
	PingTimeout    time.Duration // of an answer to one
	WriteTimeout   time.Duration // of one packet
	ConnectTimeout time.Duration // dial, TLS and MQTT handshake together
	MinBackoff     time.Duration // first pause after a failure
	MaxBackoff     time.Duration // longest pause; also the one after a refusal
	QueueIn        int           // messages waiting for a handler
	QueueOut       int           // messages waiting for the link
	QueueBytes     int           // of the messages that wait, in each direction
	Logger         *slog.Logger
}

// DefaultOpts returns the defaults. KeepAlive: 60 s cost 294 KB a day, 10 minutes
// 29 KB (facts 1); the library's own write timeout is none.
func DefaultOpts() Opts {
	return Opts{
		KeepAlive: 600 * time.Second, PingTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		ConnectTimeout: 30 * time.Second, MinBackoff: 2 * time.Second, MaxBackoff: 5 * time.Minute,
		QueueIn: 256, QueueOut: 256, QueueBytes: 8 << 20, Logger: slog.New(slog.DiscardHandler),
	}
}

// Cause tells why there is no connection; it is the key of the message for people.
type Cause string

// The causes.
const (
	CauseNone        Cause = ""                 // connected
	CauseStarting    Cause = "link.starting"    // not tried yet
	CauseUnreachable Cause = "link.unreachable" // no route, no name, port closed, no answer
	CauseTLS         Cause = "link.tls"         // certificate or protocol not accepted
	CauseRefused     Cause = "link.refused"     // the broker does not accept us: credentials, rights
	CauseLost        Cause = "link.lost"        // it was there
)

// State is where the connection stands.
type State struct {
	Up    bool
	Since time.Time // of Up or of its loss
	Cause Cause
	Tries int // attempts since the loss
}

// Stats counts since the start. Bytes are those of TCP's payload, TLS included; Wire is
// what the interface counts for it: packets with their headers, acknowledgements, what
// was sent again, connections that came to nothing.
type Stats struct {
	BytesUp, BytesDown    int64
	WireUp, WireDown      int64
	Connects              int64
	DroppedOut, DroppedIn int64
	Published, Received   int64
}

// Link is a task: see Run.
type Link struct {
	opts    Opts
	broker  *url.URL
	subs    []*subscription
	retry   chan struct{}
	out     chan message
	ready   chan struct{}
	count   counters
	waitOut atomic.Int64 // bytes in out
	log     *slog.Logger

	mu      sync.Mutex
	state   State
	changed chan struct{}
	conn    *counted // the present one
	// Of those before it.
	wireUp, wireDown int64
}

type message struct {
	topic   string
	payload []byte
}

type subscription struct {
	filter string
	handle func(topic string, payload []byte)
	in     chan message
	wait   atomic.Int64 // bytes in it
}

type counters struct {
	up, down, connects, lostOut, lostIn, out, in atomic.Int64
}

// New checks the options and returns a Link that has not started.
func New(o Opts) (*Link, error) {
	o.fill()
	u, err := url.Parse(o.Broker)
	if err != nil || u.Port() == "" || u.Scheme != "tcp" && u.Scheme != "ssl" {
		return nil, fmt.Errorf("%w: broker is not tcp://host:port or ssl://host:port", ErrOptions)
	}
	if o.ClientID == "" || o.KeepAlive < time.Second {
		return nil, fmt.Errorf("%w: a client ID and a keepalive of at least 1 s are needed", ErrOptions)
	}
	return &Link{
		opts: o, broker: u, out: make(chan message, o.QueueOut), ready: make(chan struct{}),
		retry: make(chan struct{}, 1), log: o.Logger.With("task", "mqtt"), changed: make(chan struct{}),
		state: State{Since: time.Now(), Cause: CauseStarting},
	}, nil
}

func (o *Opts) fill() {
	d := DefaultOpts()
	for _, f := range []struct{ v, d *time.Duration }{
		{&o.KeepAlive, &d.KeepAlive},
		{&o.PingTimeout, &d.PingTimeout},
		{&o.WriteTimeout, &d.WriteTimeout},
		{&o.ConnectTimeout, &d.ConnectTimeout},
		{&o.MinBackoff, &d.MinBackoff},
		{&o.MaxBackoff, &d.MaxBackoff},
	} {
		if *f.v <= 0 {
			*f.v = *f.d
		}
	}
	if o.QueueIn <= 0 {
		o.QueueIn = d.QueueIn
	}
	if o.QueueOut <= 0 {
		o.QueueOut = d.QueueOut
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = d.QueueBytes
	}
	if o.Logger == nil {
		o.Logger = d.Logger
	}
}

// Handle subscribes to a filter at every connection. Messages come to f one after
// the other in the order of their arrival, on a goroutine of the filter's own;
// those that wait beyond QueueIn are dropped. Call it before Run; filters must
// not overlap.
func (l *Link) Handle(filter string, f func(topic string, payload []byte)) {
	l.subs = append(l.subs, &subscription{filter: filter, handle: f, in: make(chan message, l.opts.QueueIn)})
}

// Publish queues a message and never waits. An error says that it is dropped; no
// error says nothing. The payload belongs to the link from then on.
func (l *Link) Publish(topic string, payload []byte) error {
	if len(payload) > MaxPayload {
		return ErrTooLarge
	}
	if !l.Up() {
		l.count.lostOut.Add(1)
		return ErrDown
	}
	if l.put(l.out, &l.waitOut, message{topic, payload}) {
		return nil
	}
	l.count.lostOut.Add(1)
	return ErrFull
}

// put queues a message unless its queue has as many, or as many bytes, as it may.
func (l *Link) put(queue chan<- message, waiting *atomic.Int64, m message) bool {
	n := int64(len(m.topic) + len(m.payload))
	if waiting.Add(n) <= int64(l.opts.QueueBytes) {
		select {
		case queue <- m:
			return true
		default:
		}
	}
	waiting.Add(-n)
	return false
}

// taken is called with a message that left its queue.
func taken(m message, waiting *atomic.Int64) { waiting.Add(-int64(len(m.topic) + len(m.payload))) }

// State returns where the connection stands.
func (l *Link) State() State {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state
}

// Up reports whether there is a connection and all filters are subscribed.
func (l *Link) Up() bool { return l.State().Up }

// Changed returns a channel that is closed at the next change of State.
func (l *Link) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Stats returns what was counted.
func (l *Link) Stats() Stats {
	c := &l.count
	l.mu.Lock()
	up, down := l.wireUp, l.wireDown
	if l.conn != nil {
		u, d := l.conn.wire()
		up, down = up+u, down+d
	}
	l.mu.Unlock()
	return Stats{
		WireUp: up, WireDown: down,
		BytesUp: c.up.Load(), BytesDown: c.down.Load(), Connects: c.connects.Load(),
		DroppedOut: c.lostOut.Load(), DroppedIn: c.lostIn.Load(), Published: c.out.Load(), Received: c.in.Load(),
	}
}

func (l *Link) set(s State) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s.Up == l.state.Up {
		s.Since = l.state.Since
	} else {
		s.Since = time.Now()
	}
	l.state = s
	close(l.changed)
	l.changed = make(chan struct{})
}

// String names the task.
func (l *Link) String() string { return "mqtt" }

// Ready is closed once Run works; a connection is not waited for: a box without
// a link is ready.
func (l *Link) Ready() <-chan struct{} { return l.ready }

// Run keeps the connection until ctx ends; it returns nil then. It may run once.
func (l *Link) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, s := range l.subs {
		wg.Go(func() { s.serve(ctx) })
	}
	close(l.ready)
	for tries := 0; ctx.Err() == nil; {
		began, before := time.Now(), l.carried()
		cause, err := l.connection(ctx)
		if ctx.Err() != nil {
			break
		}
		lived, busy := time.Since(began) > l.opts.MaxBackoff, l.carried()-before > worthwhile
		if cause == CauseLost && (lived || busy) {
			tries = 0 // a good connection; a flapping one keeps its pauses
		}
		tries++
		l.set(State{Cause: cause, Tries: tries})
		l.report(tries, cause, err)
		l.pause(ctx, l.gap(cause, tries, busy && !lived))
	}
	l.set(State{Cause: CauseLost})
	return nil
}

// worthwhile is how many bytes make a connection good however soon it broke: twelve
// times what it cost to connect. A backlog goes on over a link that is reset often.
const worthwhile = 64 << 10

func (l *Link) carried() int64 { return l.count.up.Load() + l.count.down.Load() }

// report logs a failure loudly once; a box without a link has thousands.
func (l *Link) report(tries int, cause Cause, err error) {
	level := slog.LevelDebug
	if tries == 1 || tries%100 == 0 {
		level = slog.LevelWarn
	}
	l.log.Log(context.Background(), level, "no connection to the broker", "cause", cause, "tries", tries, "error", err)
}

// Retry ends the present pause between attempts: somebody put the cable back.
func (l *Link) Retry() {
	select {
	case l.retry <- struct{}{}:
	default:
	}
}

// gap is the pause before the next attempt. Half an hour of short ones first: most
// outages are short. What was cut in the middle of a backlog goes on almost at once; when
// a broker goes, most connections are idle and not that.
func (l *Link) gap(cause Cause, tries int, busy bool) time.Duration {
	d := l.opts.MaxBackoff
	if cause != CauseRefused && tries < 30 {
		d = min(d/5, l.opts.MinBackoff<<min(tries-1, 16))
	}
	if cause == CauseLost && tries == 1 && busy {
		d = min(d, l.opts.MinBackoff/8)
	}
	return d
}

// pause waits, ± 50% so that a fleet does not come back as one.
func (l *Link) pause(ctx context.Context, d time.Duration) {
	d = d/2 + time.Duration(rand.Int64N(int64(d)+1))
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-l.retry:
	case <-t.C:
	}
}

func (s *subscription) serve(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-s.in:
			taken(m, &s.wait)
			s.handle(m.topic, m.payload)
		}
	}
}

// receive runs on the library's only reading goroutine and must not wait.
func (l *Link) receive(s *subscription) mqtt.MessageHandler {
	return func(_ mqtt.Client, m mqtt.Message) {
		l.count.in.Add(1)
		if !l.put(s.in, &s.wait, message{m.Topic(), m.Payload()}) {
			l.count.lostIn.Add(1)
		}
	}
}
