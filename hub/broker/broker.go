// Package broker runs an MQTT broker inside the hub: nats-server with its MQTT
// front, listening nowhere else. It is what a small centre and the demonstration
// use; a large one points the hub at a broker of its own.
package broker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"clinicbox/hub"
)

// Limits.
const (
	maxPayload  = 128 << 10 // frames are 64 KiB at most
	maxConn     = 15_000    // 40 KB of memory each (facts: broker fan-in)
	startWithin = 30 * time.Second
	handshake   = 20 * time.Second // over a bad link
	storeLimit  = 1 << 30          // retained fleet material, later; frames are QoS 0 and never stored
)

// Sentinels.
var (
	ErrStart  = errors.New("broker: did not start")
	ErrListen = errors.New("broker: an address is host:port")
)

// User may connect with name and password. A box reads and writes its own topics
// only; the hub, all.
type User struct {
	Name     string // of a box, as in its topics, or of the hub
	Password string // plain or bcrypt
	Hub      bool
}

// Options of New.
type Options struct {
	Listen string // host:port; port 0 takes a free one
	Dir    string // for what the broker keeps on disk
	Users  []User // none = whoever reaches the address may connect
	TLS    *TLS   // nil = plain TCP
	Log    *slog.Logger
}

// Broker is a task. New it, Run it; Addr tells the real address once it is ready.
type Broker struct {
	opts   Options
	ready  chan struct{}
	addr   atomic.Pointer[string]
	server atomic.Pointer[server.Server]
	certs  sync.Map // connection → client certificate
}

// New prepares a broker.
func New(o Options) *Broker {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Broker{opts: o, ready: make(chan struct{})}
}

// String names the task.
func (b *Broker) String() string { return "broker" }

// Ready is closed when clients may connect.
func (b *Broker) Ready() <-chan struct{} { return b.ready }

// Addr returns host:port as it listens; "" before Ready.
func (b *Broker) Addr() string {
	if p := b.addr.Load(); p != nil {
		return *p
	}
	return ""
}

// Run serves until ctx ends.
func (b *Broker) Run(ctx context.Context) error {
	o, err := b.options()
	if err != nil {
		return err
	}
	s, err := server.NewServer(o)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStart, err)
	}
	b.server.Store(s)
	log := &logger{log: b.opts.Log, fatal: make(chan error, 1)}
	s.SetLoggerV2(log, false, false, false)
	defer func() {
		s.Shutdown()
		s.WaitForShutdown()
	}()
	s.Start()
	if err := waitReady(ctx, s, log); err != nil {
		return err
	}
	addr := net.JoinHostPort(o.MQTT.Host, strconv.Itoa(o.MQTT.Port)) // the server fills in a free port
	b.addr.Store(&addr)
	b.opts.Log.Info("broker listens", "addr", addr, "users", len(b.opts.Users))
	close(b.ready)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go b.keepChecking(ctx)
	select {
	case <-ctx.Done():
		return nil
	case err := <-log.fatal:
		return err
	}
}

func waitReady(ctx context.Context, s *server.Server, log *logger) error {
	limit := time.NewTimer(startWithin)
	defer limit.Stop()
	for !s.ReadyForConnections(10 * time.Millisecond) {
		select {
		case err := <-log.fatal:
			return err
		case <-limit.C:
			return fmt.Errorf("%w within %v", ErrStart, startWithin)
		case <-ctx.Done():
			return nil
		default:
		}
	}
	return nil
}

func (b *Broker) options() (*server.Options, error) {
	host, port, err := net.SplitHostPort(b.opts.Listen)
	n, err2 := strconv.ParseUint(port, 10, 16)
	if err != nil || err2 != nil {
		return nil, fmt.Errorf("%w: %q", ErrListen, b.opts.Listen)
	}
	dir := filepath.Join(b.opts.Dir, "broker")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("broker: %w", err)
	}
	o := &server.Options{
		ServerName: "clinichub", DontListen: true, NoSigs: true, NoSystemAccount: true,
		JetStream: true, StoreDir: dir, JetStreamMaxStore: storeLimit, JetStreamMaxMemory: 64 << 20,
		MaxPayload: maxPayload, MaxConn: maxConn, WriteDeadline: 30 * time.Second,
		MQTT: server.MQTTOpts{Host: host, Port: int(n)},
	}
	if n == 0 {
		o.MQTT.Port = server.RANDOM_PORT
	}
	if b.opts.TLS != nil {
		if len(b.opts.Users) > 0 {
			return nil, errTLS
		}
		o.MQTT.TLSConfig, o.MQTT.TLSTimeout = b.opts.TLS.config(), handshake.Seconds()
		o.MQTT.AuthTimeout = handshake.Seconds()
		o.CustomClientAuthentication = gate{b}
		return o, nil
	}
	if err := addUsers(o, b.opts.Users); err != nil {
		return nil, err
	}
	return o, nil
}

// addUsers gives every user its topics.
func addUsers(o *server.Options, users []User) error {
	for _, u := range users {
		if u.Password == "" || !hub.ValidBoxName(u.Name) {
			return fmt.Errorf("%w: user %q needs a plain name and a password", ErrStart, u.Name)
		}
		a := Access{Name: u.Name, Hub: u.Hub}
		o.Users = append(o.Users, &server.User{Username: u.Name, Password: u.Password, Permissions: a.permissions()})
	}
	return nil
}

// logger hands the server's lines to slog, one level quieter: its notices are
// details here. Fatal errors end Run instead of the process.
type logger struct {
	log   *slog.Logger
	fatal chan error

	mu    sync.Mutex
	since time.Time // of the first error in a minute
	count int
}

// maxErrors lines a minute are warnings: a client that does what it may not causes
// one with each message.
const maxErrors = 20

func (l *logger) level() slog.Level {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.since) > time.Minute {
		l.since, l.count = now, 0
	}
	if l.count++; l.count > maxErrors {
		return slog.LevelDebug
	}
	return slog.LevelWarn
}

func (l *logger) Noticef(f string, v ...any) { l.log.Debug(fmt.Sprintf(f, v...)) }
func (l *logger) Debugf(f string, v ...any)  { l.log.Debug(fmt.Sprintf(f, v...)) }
func (l *logger) Tracef(f string, v ...any)  {}
func (l *logger) Warnf(f string, v ...any)   { l.log.Info(fmt.Sprintf(f, v...)) }
func (l *logger) Errorf(f string, v ...any) {
	l.log.Log(context.Background(), l.level(), fmt.Sprintf(f, v...))
}

func (l *logger) Fatalf(f string, v ...any) {
	select {
	case l.fatal <- fmt.Errorf("%w: %s", ErrStart, fmt.Sprintf(f, v...)):
	default:
	}
}
