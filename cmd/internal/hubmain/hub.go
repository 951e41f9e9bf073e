package hubmain

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/task"
	"clinicbox/hub"
	"clinicbox/hub/broker"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/hub/pages"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/mqttlink"
)

// hubUser is our own user at the embedded broker.
const hubUser = "hub"

// Hub is the centre, wired and not started. Open it, Run it, Close it.
type Hub struct {
	cfg    Config
	log    *slog.Logger
	lock   *os.File
	keys   *keyfile.Private
	token  string
	made   bool // the token is new
	db     *db.DB
	broker *broker.Broker // nil with one elsewhere
	secret string         // our password at the embedded broker
	link   lateLink
	ingest *ingest.Ingest
	pages  http.Handler
	group  *task.Group
	web    atomic.Pointer[string]
}

// Open takes the data directory, opens what is in it and joins the parts. extra
// tasks stand before the others, such as the signal watcher.
func Open(ctx context.Context, cfg Config, log *slog.Logger, extra ...task.Task) (*Hub, error) {
	h := &Hub{cfg: cfg, log: log}
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	h.group = task.NewGroup(log, 0, append(extra, h.tasks()...)...)
	return h, nil
}

func (h *Hub) open(ctx context.Context) (err error) {
	dir := h.cfg.Data.Dir
	if err := durable.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if h.lock, err = lock(dir); err != nil {
		return err
	}
	if h.keys, _, err = Keys(h.cfg.Data.Keys); err != nil {
		return err
	}
	path := h.cfg.Web.TokenFile
	if path == "" {
		path = filepath.Join(dir, "operator.token")
	}
	if h.token, h.made, err = token(path); err != nil {
		return err
	}
	if h.db, err = db.Open(ctx, databasePath(dir)); err != nil {
		return err
	}
	h.ingest = ingest.New(ingest.Options{
		DB: h.db, Link: &h.link, Identity: h.keys.Identity, HPKE: h.keys.HPKE, Log: h.log,
	})
	h.pages, err = pages.New(pages.Options{DB: h.db, Push: h.ingest.Push, Live: h.live, Token: h.token, Log: h.log})
	if err != nil || h.cfg.Broker.URL != "" {
		return err
	}
	us, err := users(h.cfg.Broker.UsersFile)
	if err != nil {
		return err
	}
	if len(us) > 0 {
		h.secret = rand.Text()
		us = append(us, broker.User{Name: hubUser, Password: h.secret, Hub: true})
	}
	h.broker = broker.New(broker.Options{Listen: h.cfg.Broker.Listen, Dir: dir, Users: us, Log: h.log})
	return nil
}

func databasePath(dir string) string { return filepath.Join(dir, "hub.db") }

// tasks stand in the order of their start: the broker before who connects to it,
// ingest before frames arrive. They stop the other way round.
func (h *Hub) tasks() []task.Task {
	ts := []task.Task{h.ingest, task.Func("mqtt", h.runLink), task.Func("web", h.serve)}
	if h.broker != nil {
		return append([]task.Task{h.broker}, ts...)
	}
	return ts
}

// Tasks lists the names of the parts in the order of their start.
func (h *Hub) Tasks() []string { return h.group.Names() }

// Run serves until ctx ends or a part fails.
func (h *Hub) Run(ctx context.Context) error { return h.group.Run(ctx) }

// Ready is closed when everything serves.
func (h *Hub) Ready() <-chan struct{} { return h.group.Ready() }

// Close lets go of the data directory. Call it after Run has returned.
func (h *Hub) Close() error {
	var errs []error
	if h.db != nil {
		errs = append(errs, h.db.Close())
	}
	if h.lock != nil {
		errs = append(errs, h.lock.Close())
	}
	return errors.Join(errs...)
}

// BrokerAddr returns host:port of the embedded broker after Ready; "" with one
// elsewhere.
func (h *Hub) BrokerAddr() string {
	if h.broker == nil {
		return ""
	}
	return h.broker.Addr()
}

// WebAddr returns host:port of the pages after Ready.
func (h *Hub) WebAddr() string {
	if p := h.web.Load(); p != nil {
		return *p
	}
	return ""
}

// Token returns the operator's token.
func (h *Hub) Token() string { return h.token }

// Public returns what boxes pin.
func (h *Hub) Public() keyfile.Public { return h.keys.Public() }

// AddBox registers a box by its public keys; again with the same ones is no error.
func (h *Hub) AddBox(ctx context.Context, p keyfile.Public) error {
	return addBox(ctx, h.db, p)
}

func addBox(ctx context.Context, d *db.DB, p keyfile.Public) error {
	if !hub.ValidBoxName(p.Name) {
		return hub.ErrBoxName
	}
	return d.AddBox(ctx, p.Name, hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now())
}

// Push queues drafts on the stream down to a box and sends them.
func (h *Hub) Push(ctx context.Context, box string, drafts []clinic.Draft) error {
	_, err := h.ingest.Push(ctx, box, drafts)
	return err
}

// Streams returns what is held of a box, the newest stream first.
func (h *Hub) Streams(ctx context.Context, box string) ([]hub.Stream, error) {
	return h.db.Streams(ctx, box)
}

// Alarms returns a box's alarms, the latest first; box "" means all boxes.
func (h *Hub) Alarms(ctx context.Context, box string) ([]hub.Alarm, error) {
	return h.db.Alarms(ctx, box, 1000)
}

func (h *Hub) live() pages.Live {
	_, trouble := h.ingest.Counts.Trouble()
	return pages.Live{Linked: h.link.up(), Trouble: trouble}
}

// lateLink is the link that ingest publishes through: the real one exists only
// when the broker's port is known.
type lateLink struct{ l atomic.Pointer[mqttlink.Link] }

// Publish implements ingest.Link.
func (l *lateLink) Publish(topic string, payload []byte) error {
	if p := l.l.Load(); p != nil {
		return p.Publish(topic, payload)
	}
	return mqttlink.ErrDown
}

func (l *lateLink) up() bool {
	p := l.l.Load()
	return p != nil && p.Up()
}

// runLink keeps the hub's own connection to the broker. It comes back faster than
// a box's: it is one, near, and all boxes wait for it.
func (h *Hub) runLink(ctx context.Context, ready func()) error {
	o := mqttlink.Opts{
		Broker: h.cfg.Broker.URL, ClientID: "clinichub-" + rand.Text()[:8], Username: h.cfg.Broker.User,
		KeepAlive: 30 * time.Second, PingTimeout: 10 * time.Second, ConnectTimeout: 10 * time.Second,
		MinBackoff: 200 * time.Millisecond, MaxBackoff: 10 * time.Second, QueueIn: 4096, QueueOut: 4096, Logger: h.log,
	}
	if h.broker != nil {
		o.Broker = "tcp://" + reachable(h.broker.Addr())
		if h.secret != "" {
			o.Username, o.Password = hubUser, h.secret
		}
	} else {
		password, err := secret(h.cfg.Broker.PasswordFile)
		if err != nil {
			return err
		}
		o.Password = password
	}
	l, err := mqttlink.New(o)
	if err != nil {
		return err
	}
	l.Handle(ingest.Filter, h.ingest.Handle)
	h.link.l.Store(l)
	ready()
	var wg sync.WaitGroup
	wg.Go(func() { h.announce(ctx, l) })
	defer wg.Wait()
	return l.Run(ctx)
}

// announce tells the boxes each time that the link has come up.
func (h *Hub) announce(ctx context.Context, l *mqttlink.Link) {
	for was := false; ; {
		changed, up := l.Changed(), l.Up()
		if up && !was {
			h.ingest.Announce(ctx)
		}
		was = up
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// reachable turns an address that listens everywhere into one to connect to.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if ip := net.ParseIP(host); err == nil && (host == "" || ip != nil && ip.IsUnspecified()) {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr
}

// serve answers the operator's browser.
func (h *Hub) serve(ctx context.Context, ready func()) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", h.cfg.Web.Listen)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	addr := l.Addr().String()
	h.web.Store(&addr)
	s := &http.Server{
		Handler: h.pages, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(grace)
	})
	defer stop()
	h.log.Info("pages", "addr", addr)
	ready()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}
