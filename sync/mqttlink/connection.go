package mqttlink

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"
)

// connection makes one connection and serves it until it ends. It returns why.
func (l *Link) connection(ctx context.Context) (Cause, error) {
	lost := make(chan error, 1)
	c := mqtt.NewClient(l.clientOptions(ctx, lost))
	defer c.Disconnect(100)
	// The library bounds dial and handshake by ConnectTimeout; ours is for a dial
	// that does not heed it.
	if err := l.await(ctx, c.Connect()); err != nil {
		return classify(err), err
	}
	if err := l.subscribe(ctx, c); err != nil {
		return classify(err), err
	}
	l.count.connects.Add(1)
	l.log.Info("connected to the broker")
	l.set(State{Up: true})
	ended := make(chan struct{})
	defer l.drain()
	defer close(ended)
	go l.write(c, ended)
	select {
	case <-ctx.Done():
		return CauseLost, ctx.Err()
	case err := <-lost:
		return CauseLost, err
	}
}

// write hands messages to the library, which may hold it for WriteTimeout, even
// after the connection ended: so it has a goroutine of its own that nobody awaits.
func (l *Link) write(c mqtt.Client, ended <-chan struct{}) {
	for {
		select {
		case <-ended:
			return
		case m := <-l.out:
			taken(m, &l.waitOut)
			select {
			case <-ended:
				l.count.lostOut.Add(1)
				return
			default:
			}
			l.count.out.Add(1)
			c.Publish(m.topic, 0, false, m.payload) // its token is no evidence
		}
	}
}

func (l *Link) clientOptions(ctx context.Context, lost chan<- error) *mqtt.ClientOptions {
	o := mqtt.NewClientOptions().AddBroker(l.broker.String()).SetClientID(l.opts.ClientID)
	o.SetUsername(l.opts.Username).SetPassword(l.opts.Password)
	o.SetProtocolVersion(4) // unset, each failure is tried again with 3.1
	o.SetCleanSession(true) // the broker keeps nothing for us
	o.SetAutoReconnect(false).SetConnectRetry(false)
	o.SetKeepAlive(l.opts.KeepAlive).SetPingTimeout(l.opts.PingTimeout)
	o.SetWriteTimeout(l.opts.WriteTimeout).SetConnectTimeout(l.opts.ConnectTimeout)
	o.SetOrderMatters(true) // our handlers only queue
	o.SetCustomOpenConnectionFn(func(u *url.URL, _ mqtt.ClientOptions) (net.Conn, error) { return l.dial(ctx, u) })
	o.SetConnectionLostHandler(func(_ mqtt.Client, err error) {
		select {
		case lost <- err:
		default:
		}
	})
	return o
}

// await waits for a token of the handshake, where it is evidence.
func (l *Link) await(ctx context.Context, t mqtt.Token) error {
	limit := time.NewTimer(l.opts.ConnectTimeout + 5*time.Second)
	defer limit.Stop()
	select {
	case <-t.Done():
		return t.Error()
	case <-ctx.Done():
		return ctx.Err()
	case <-limit.C:
		return context.DeadlineExceeded
	}
}

// subscribe asks for every filter. A broker that grants some of them only is one
// that takes rights away, from a box that was reported stolen say: what is left,
// such as the order to erase itself, must still come.
func (l *Link) subscribe(ctx context.Context, c mqtt.Client) error {
	if len(l.subs) == 0 {
		return nil
	}
	filters := make(map[string]byte, len(l.subs))
	for _, s := range l.subs {
		c.AddRoute(s.filter, l.receive(s))
		filters[s.filter] = 0
	}
	t := c.SubscribeMultiple(filters, nil) // one packet: a round trip for all
	if err := l.await(ctx, t); err != nil {
		return fmt.Errorf("subscribe: %w", err)
	}
	refused := 0
	for filter, code := range t.(*mqtt.SubscribeToken).Result() {
		if code&0x80 != 0 { // MQTT 3.1.1 section 3.9.3
			refused++
			l.log.Warn("the broker refuses a subscription", "filter", filter)
		}
	}
	if refused > 0 && refused == len(l.subs) {
		return errSubscription
	}
	return nil
}

var errSubscription = errors.New("mqttlink: broker refuses the subscription")

// drain drops what still waits: it would come late, and its sender repeats it.
func (l *Link) drain() {
	for {
		select {
		case m := <-l.out:
			taken(m, &l.waitOut)
			l.count.lostOut.Add(1)
		default:
			return
		}
	}
}

// dial opens the connection with TCP's own keepalive off: Go probes each idle
// connection every 15 s, half a megabyte a day beside MQTT's 29 KB.
func (l *Link) dial(ctx context.Context, u *url.URL) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.opts.ConnectTimeout)
	defer cancel()
	d := net.Dialer{KeepAlive: -1}
	raw, err := d.DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	conn := l.counting(raw)
	if u.Scheme != "ssl" {
		return conn, nil
	}
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if l.opts.TLS != nil {
		cfg = l.opts.TLS.Clone()
	}
	if cfg.ServerName == "" {
		cfg.ServerName = u.Hostname()
	}
	// A frame is one record: small ones at the beginning, as a browser likes them, would
	// cost 22 bytes for each packet.
	cfg.DynamicRecordSizingDisabled = true
	t := tls.Client(conn, cfg)
	if err := t.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, &tlsError{err}
	}
	return t, nil
}

// counting counts a connection for Stats until it ends.
func (l *Link) counting(raw net.Conn) *counted {
	var c *counted
	c = count(raw, &l.count, func(up, down int64) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.wireUp, l.wireDown = l.wireUp+up, l.wireDown+down
		if l.conn == c {
			l.conn = nil
		}
	})
	l.mu.Lock()
	l.conn = c
	l.mu.Unlock()
	return c
}

type tlsError struct{ err error }

func (e *tlsError) Error() string { return "mqttlink: TLS: " + e.err.Error() }
func (e *tlsError) Unwrap() error { return e.err }

func classify(err error) Cause {
	for _, refused := range []error{
		packets.ErrorRefusedBadUsernameOrPassword, packets.ErrorRefusedNotAuthorised,
		packets.ErrorRefusedIDRejected, packets.ErrorRefusedBadProtocolVersion, errSubscription,
	} {
		if errors.Is(err, refused) {
			return CauseRefused
		}
	}
	if isTLS(err) {
		return CauseTLS
	}
	return CauseUnreachable
}

// isTLS reports whether the handshake failed for what it said, not for a timeout.
func isTLS(err error) bool {
	_, handshake := errors.AsType[*tlsError](err)
	n, timeout := errors.AsType[net.Error](err)
	return handshake && !(timeout && n.Timeout())
}
