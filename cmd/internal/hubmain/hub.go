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
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/task"
	"clinicbox/hub"
	"clinicbox/hub/broker"
	"clinicbox/hub/db"
	"clinicbox/hub/heart"
	"clinicbox/hub/ingest"
	"clinicbox/hub/legal"
	"clinicbox/hub/merge"
	"clinicbox/hub/pages"
	"clinicbox/hub/share"
	"clinicbox/hub/summary"
	"clinicbox/internal/durable"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/mqttlink"
)

// hubUser is our own user at the embedded broker.
const hubUser = "hub"

// Hub is the centre, wired and not started. Open it, Run it, Close it.
type Hub struct {
	cfg     Config
	log     *slog.Logger
	lock    *os.File
	keys    *keyfile.Private
	token   string // of the first operator
	made    bool   // the token is new
	db      *db.DB
	broker  *broker.Broker // nil with one elsewhere
	secret  string         // our password at the embedded broker
	link    lateLink
	ingest  *ingest.Ingest
	pages   http.Handler
	joining http.Handler // new boxes
	share   *share.Share
	trust   *trust       // nil without an authority
	legal   *legal.Legal // nil when nobody makes legal signatures
	merge   *merge.Merge // the patient index
	summary *summary.Summary
	group   *task.Group
	web     atomic.Pointer[string]
	joins   atomic.Pointer[string]
	numbers atomic.Pointer[string]
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
	if h.db, err = db.Open(ctx, databasePath(dir)); err != nil {
		return err
	}
	if err = h.openOperators(ctx); err != nil {
		return err
	}
	h.ingest = ingest.New(ingest.Options{
		DB: h.db, Link: &h.link, Identity: h.keys.Identity, HPKE: h.keys.HPKE, Stored: h.stored, Log: h.log,
	})
	h.share = share.New(share.Options{DB: h.db, Sent: h.ingest.Wake, Log: h.log})
	if err := errors.Join(h.openTrust(ctx), h.openLegal()); err != nil {
		return err
	}
	h.merge = h.newMerge()
	h.summary = h.newSummary()
	h.joining = h.enrolment()
	h.pages, err = h.newPages()
	if err != nil || h.cfg.Broker.URL != "" {
		return err
	}
	return h.openBroker()
}

// openBroker prepares the embedded broker: with client certificates once there is an
// authority, before that with the users of a file, if any.
func (h *Hub) openBroker() (err error) {
	o := broker.Options{Listen: h.cfg.Broker.Listen, Dir: h.cfg.Data.Dir, Log: h.log}
	if o.TLS, err = h.brokerTLS(); err != nil {
		return err
	}
	if o.TLS == nil {
		if o.Users, err = users(h.cfg.Broker.UsersFile); err != nil {
			return err
		}
	} else if h.cfg.Broker.UsersFile != "" {
		h.log.Warn("broker.users_file is not used: boxes come with certificates")
	}
	if len(o.Users) > 0 {
		h.secret = rand.Text()
		o.Users = append(o.Users, broker.User{Name: hubUser, Password: h.secret, Hub: true})
	}
	h.broker = broker.New(o)
	return nil
}

func databasePath(dir string) string { return filepath.Join(dir, "hub.db") }

// tasks stand in the order of their start: the rights of boxes before the broker that
// grants them, the broker before who connects to it, ingest before frames arrive. They
// stop the other way round.
func (h *Hub) tasks() (ts []task.Task) {
	if h.trust != nil {
		ts = append(ts, h.trust.registrar)
	}
	if h.broker != nil {
		ts = append(ts, h.broker)
	}
	ts = append(ts, h.ingest, h.share, task.Func("mqtt", h.runLink), task.Func("web", h.serveWeb))
	if h.legal != nil {
		ts = append(ts, h.legal)
	}
	ts = append(ts, h.merge, h.summary)
	if h.cfg.Web.Enrol != "" {
		ts = append(ts, task.Func("enrol", h.serveEnrol))
	}
	if h.cfg.Metrics.Listen != "" {
		ts = append(ts, task.Func("metrics", h.serveMetrics))
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

// BrokerURL returns the embedded broker's address as clients dial it, after Ready.
func (h *Hub) BrokerURL() string {
	switch {
	case h.broker == nil:
		return h.cfg.Broker.URL
	case h.trust != nil:
		return "ssl://" + reachable(h.broker.Addr())
	}
	return "tcp://" + reachable(h.broker.Addr())
}

// EnrolAddr returns host:port where only new boxes are answered, after Ready; "" when
// web.enrol is not set.
func (h *Hub) EnrolAddr() string {
	if p := h.joins.Load(); p != nil {
		return *p
	}
	return ""
}

// WebAddr returns host:port of the pages after Ready.
func (h *Hub) WebAddr() string {
	if p := h.web.Load(); p != nil {
		return *p
	}
	return ""
}

// Token returns the first operator's token, as it stands in its file.
func (h *Hub) Token() string { return h.token }

// Public returns what boxes pin.
func (h *Hub) Public() keyfile.Public { return h.keys.Public() }

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

// Judged reports whether every key and every signature that came was looked at: alarms
// of what is held now are raised then.
func (h *Hub) Judged(ctx context.Context) (bool, error) {
	keys, err := h.db.Unscanned(ctx, 1)
	if err != nil || len(keys) > 0 {
		return false, err
	}
	rest, err := h.db.Unjudged(ctx, 1)
	return err == nil && len(rest) == 0, err
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
		o.Broker = h.BrokerURL()
		if h.trust != nil && h.cfg.Broker.Advertise == "" {
			h.trust.authority.SetBroker(o.Broker)
		}
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
	if h.trust != nil && strings.HasPrefix(o.Broker, "ssl://") {
		o.TLS = h.linkTLS(o.Broker)
	}
	l, err := mqttlink.New(o)
	if err != nil {
		return err
	}
	l.Handle(ingest.Filter, h.ingest.Handle)
	if h.trust != nil {
		l.Handle(heart.Filter, func(topic string, raw []byte) { h.trust.heart.Handle(ctx, topic, raw) })
	}
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
			if h.trust != nil {
				if err := h.trust.heart.Deliver(ctx); err != nil && ctx.Err() == nil {
					h.log.Error("orders", "err", err)
				}
			}
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

// serveWeb answers the operator's browser, and new boxes.
func (h *Hub) serveWeb(ctx context.Context, ready func()) error {
	m := http.NewServeMux()
	m.Handle("/", h.pages)
	m.Handle(enrolPattern, h.joining)
	return h.serve(ctx, site{h.cfg.Web.Listen, m, &h.web}, ready)
}

// serveEnrol answers new boxes only, at an address that may be open to all.
func (h *Hub) serveEnrol(ctx context.Context, ready func()) error {
	m := http.NewServeMux()
	m.Handle(enrolPattern, h.joining)
	return h.serve(ctx, site{h.cfg.Web.Enrol, m, &h.joins}, ready)
}

// site is what is served where.
type site struct {
	listen  string
	handler http.Handler
	addr    *atomic.Pointer[string]
}

func (h *Hub) serve(ctx context.Context, at site, ready func()) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", at.listen)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	addr := l.Addr().String()
	at.addr.Store(&addr)
	s := &http.Server{
		Handler: at.handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
		WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = s.Shutdown(grace)
	})
	defer stop()
	h.log.Info("listening", "addr", addr)
	ready()
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("hub: %w", err)
	}
	return nil
}
