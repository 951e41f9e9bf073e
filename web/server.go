package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// Opts is what the pages need from outside. Desk, Box, Clock and Log must be set.
type Opts struct {
	Desk  *desk.Desk
	Box   Box
	Clock desk.Clock
	Log   *slog.Logger
	// Printer lets people decide about slips that wait; nil without a printer.
	Printer Printer
	// Listener is where Run serves; it may be nil when only Handler is used.
	Listener net.Listener
	// Idle is how long a session may rest before it locks; zero means 5 minutes.
	Idle time.Duration
	// Facility is the station's name, as the top of every page shows it.
	Facility string
	// Secure marks cookies for HTTPS only.
	Secure bool
	// Healthz serves /healthz for supervisors; nil says in words what NotReady does.
	Healthz http.Handler
}

// Server serves the staff's pages. It is a task: Run until its context ends.
type Server struct {
	opts     Opts
	engine   *engine
	assets   *assets
	sessions *sessions
	drafts   *drafts
	scans    *scanBox
	handler  http.Handler
	ready    chan struct{}
}

// New makes the server and compiles its templates; it does not listen yet.
func New(o Opts) (*Server, error) {
	if o.Desk == nil || o.Box == nil || o.Clock == nil || o.Log == nil {
		return nil, errors.New("web: Desk, Box, Clock and Log must be set")
	}
	if o.Idle <= 0 {
		o.Idle = 5 * time.Minute
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	e, err := newEngine(a)
	if err != nil {
		return nil, err
	}
	s := &Server{
		opts: o, engine: e, assets: a, sessions: newSessions(o.Idle), drafts: newDrafts(),
		scans: newScanBox(), ready: make(chan struct{}),
	}
	s.handler = s.routed()
	return s, nil
}

// Handler answers all requests of the staff's pages.
func (s *Server) Handler() http.Handler { return s.handler }

// String names the task.
func (s *Server) String() string { return "web" }

// Ready is closed when pages are served.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Run serves on the listener until ctx ends; requests that are being answered
// then have five seconds to finish.
func (s *Server) Run(ctx context.Context) error {
	if s.opts.Listener == nil {
		return errors.New("web: no listener")
	}
	srv := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // live events extend it for themselves
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    headerLimit,
		ErrorLog:          slog.NewLogLogger(s.opts.Log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(s.opts.Listener) }()
	close(s.ready)
	select {
	case err := <-failed:
		return fmt.Errorf("web: %w", err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := srv.Shutdown(late); err != nil {
		srv.Close()
	}
	<-failed
	return nil
}

// HasMessage reports whether a language has a message for the key.
func HasMessage(lang, key string) bool {
	c, err := i18n.Load(lang)
	return err == nil && c.Has(key)
}
