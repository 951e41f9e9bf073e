// Package pages shows the operator of a centre its boxes: what is held of each,
// what is missing and since when, alarms in words; and sends catalogue rows down.
// No page holds patient data but the merge desk's, and who looks there stands in the
// signed history. Everything works without JavaScript.
package pages

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/hub.css
var css []byte

var templates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))

// MinToken is the shortest operator token that is accepted: 20 characters of
// base32 are 100 bits.
const MinToken = 20

const maxBody = 1 << 20

// minSecret bytes of secret keep cookies from being made up.
const minSecret = 32

// Sentinels of New and of who makes tokens.
var (
	ErrToken  = errors.New("hub/pages: the operator token needs 20 characters")
	ErrSecret = errors.New("hub/pages: the secret under cookies is missing or short")
)

// Boxes is what the pages read of boxes.
type Boxes interface {
	Box(ctx context.Context, name string) (hub.Box, error)
	Boxes(ctx context.Context) ([]hub.Box, error)
	// Streams returns the newest first; box "" means all boxes.
	Streams(ctx context.Context, box string) ([]hub.Stream, error)
	DownState(ctx context.Context, box string) (hub.DownState, error)
}

// Events is what the pages read of what happened.
type Events interface {
	// Alarms returns the open ones first, then the latest; box "" means all boxes.
	Alarms(ctx context.Context, box string, limit int) ([]hub.Alarm, error)
	// OpenAlarms sums up what nobody acknowledged, one row for each box and code.
	OpenAlarms(ctx context.Context) ([]hub.Alarm, error)
	// Acknowledge returns hub.ErrAgain when the alarm happened more often than
	// ack.Count; it is durable on return, and harmless twice.
	Acknowledge(ctx context.Context, box string, id int64, ack hub.Ack) error
	Incarnations(ctx context.Context, box string, limit int) ([]hub.Incarnation, error)
	// MachineEvents returns a box's KindMachine entries, the latest first.
	MachineEvents(ctx context.Context, box string, limit int) ([]hub.Found, error)
}

// DB is the part of the database that pages use.
type DB interface {
	Boxes
	Events
	// Questions returns the latest questions about patients, of a box or, for "", of all.
	Questions(ctx context.Context, box string, n int) ([]hub.Question, error)
	// Ping reports whether the database answers.
	Ping(ctx context.Context) error
}

// Spent is what a box told of its link: millions of bytes of a month; At is zero when it
// told nothing since the centre started.
type Spent struct {
	Month     string // 11/2026
	Used, Cap uint64
	Holds     bool // something waits for the next month
	At        time.Time
}

// Live is what only the running hub knows.
type Live struct {
	Linked  bool // connected to the broker
	Trouble bool // the database failed at the last try to store
}

// Options of New.
type Options struct {
	DB        DB
	Push      func(ctx context.Context, box string, drafts []clinic.Draft) (last uint64, err error)
	Live      func() Live
	Spent     func(box string) Spent // nil: nobody knows
	Operators Operators
	Secret    []byte // under the MAC of cookies; not in the database
	Trust     *Trust // nil before the authority's ceremony
	Now       func() time.Time
	Log       *slog.Logger
}

type server struct {
	Options
	words map[string]words
	css   string // path with the hash of the content
	tries limit
	once  once
}

// New returns the handler of the hub's pages.
func New(o Options) (http.Handler, error) {
	if len(o.Secret) < minSecret {
		return nil, ErrSecret
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	w, err := loadWords()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(css)
	s := &server{Options: o, words: w, css: "/static/" + hex.EncodeToString(sum[:8]) + ".css"}
	return s.routes(), nil
}

// open are the routes that need no token.
func open() []string { return []string{"/healthz", "/login", "/lang", "/static/"} }

func (s *server) routes() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", s.boxes)
	m.HandleFunc("GET /boxes/{name}", s.box)
	m.HandleFunc("POST /boxes/{name}/ack", s.acknowledge)
	m.HandleFunc("GET /push", s.pushForm)
	m.HandleFunc("POST /push", s.push)
	m.HandleFunc("GET /healthz", s.health)
	m.HandleFunc("GET /login", s.login)
	m.HandleFunc("POST /login", s.enter)
	m.HandleFunc("POST /logout", s.leave)
	m.HandleFunc("POST /lang", s.language)
	m.HandleFunc("GET "+s.css, s.style)
	s.trustRoutes(m)
	m.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.fail(w, r, hub.ErrUnknownBox) })
	cross := http.NewCrossOriginProtection()
	// Logging in from the demonstration's bench page: whoever knows the token may.
	cross.AddInsecureBypassPattern("POST /login")
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.errorPage(w, r, http.StatusForbidden, "err.origin")
	}))
	return headers(cross.Handler(s.guard(http.MaxBytesHandler(m, maxBody))))
}

// headers sets what every answer carries. Nothing but our own style is loaded.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (s *server) style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable") // the path changes with the content
	_, _ = w.Write(css)
}

// health answers machines: 200 while entries can be stored and frames arrive.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	live, db := s.Live(), s.DB.Ping(ctx) == nil
	w.Header().Set("Content-Type", "application/json")
	if !db || live.Trouble || !live.Linked {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprintf(w, `{"ok":%v,"database":%v,"storing":%v,"broker":%v}`+"\n", db && live.Linked && !live.Trouble, db, !live.Trouble, live.Linked)
}

// fail maps an error to a page; its text goes to the log only.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var tooLarge *http.MaxBytesError
	switch {
	case errors.Is(err, hub.ErrUnknownBox), errors.Is(err, authority.ErrMissing), errors.Is(err, hub.ErrCredential), errors.Is(err, hub.ErrPair):
		s.errorPage(w, r, http.StatusNotFound, "err.notfound")
	case errors.As(err, &tooLarge):
		s.errorPage(w, r, http.StatusRequestEntityTooLarge, "err.toolarge")
	case r.Context().Err() != nil:
		return // nobody waits for the answer
	default:
		s.Log.Error("page", "path", r.URL.Path, "err", err)
		s.errorPage(w, r, http.StatusInternalServerError, "err.failed")
	}
}

func (s *server) errorPage(w http.ResponseWriter, r *http.Request, status int, message string) {
	s.render(w, status, "error.html", &errorView{page: s.page(r, "err.title"), Message: message})
}
