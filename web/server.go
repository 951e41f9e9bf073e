package web

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
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
	// Machine and Recovery are what administrators do with the machine itself, and
	// Numbers tells the numbers by which people unlock it; nil leaves the pages out.
	Machine  Machine
	Recovery RecoveryCodes
	Numbers  Numbers
	Courier  Courier // nil without sticks
	Budget   Budget  // nil without a centre
	// Listener is where Run serves plain HTTP, Secure where it serves HTTPS with TLS.
	// With TLS set, Listener understands HTTPS too: browsers that were here before turn
	// http://NAME:8080 into https://NAME:8080 by themselves.
	// Either may be nil, and both when only Handler is used.
	Listener net.Listener
	Secure   net.Listener
	TLS      *tls.Config
	// PlainTrustOnly leaves nothing on Listener but the page that tells how to trust
	// the box. Set it unless Listener is bound to a loopback address.
	PlainTrustOnly bool
	// Trust tells what that page says; nil means that there is no certificate yet.
	Trust func() Trust
	// Known is the secret behind the marks of browsers that people have used; nil
	// makes one, and every browser is a stranger after a start.
	Known []byte
	// Idle is how long a session may rest before it locks; zero means 5 minutes.
	Idle time.Duration
	// Facility is the station's name, as the top of every page shows it.
	Facility string
	// Healthz serves /healthz for supervisors; nil says in words what NotReady does.
	Healthz http.Handler
}

// Server serves the staff's pages. It is a task: Run until its context ends.
type Server struct {
	*shell
	opts     Opts
	sessions *sessions
	limits   *limits
	drafts   *drafts
	scans    *scanBox
	staged   staged
	handler  http.Handler
	plain    http.Handler
	ready    chan struct{}
}

// New makes the server and compiles its templates; it does not listen yet.
func New(o Opts) (*Server, error) {
	if o.Desk == nil || o.Box == nil || o.Clock == nil || o.Log == nil {
		return nil, errors.New("web: Desk, Box, Clock and Log must be set")
	}
	if o.Secure != nil && o.TLS == nil {
		return nil, errors.New("web: a listener for HTTPS needs TLS")
	}
	if o.Known == nil {
		o.Known = make([]byte, 32)
		rand.Read(o.Known) // never fails since Go 1.24
	}
	if o.Idle <= 0 {
		o.Idle = 5 * time.Minute
	}
	sh, err := newShell(o.Log, o.Facility, o.Desk.NewID)
	if err != nil {
		return nil, err
	}
	plain := *sh // which knows nobody and shows nothing of the records
	plain.frame = plain.bare
	sh.healthz = o.Healthz
	s := &Server{
		shell: sh, opts: o, sessions: newSessions(o.Idle), limits: newLimits(), drafts: newDrafts(),
		scans: newScanBox(), ready: make(chan struct{}),
	}
	sh.frame = s.page
	s.handler = s.routed()
	if s.plain = s.handler; o.PlainTrustOnly {
		plain.healthz = s.answered(s.wellness)
		s.plain = plain.trustOnly(o.Trust)
	}
	return s, nil
}

// Handler answers all requests of the staff's pages.
func (s *Server) Handler() http.Handler { return s.handler }

// String names the task.
func (s *Server) String() string { return "web" }

// Ready is closed when pages are served.
func (s *Server) Ready() <-chan struct{} { return s.ready }

// Run serves on the listeners until ctx ends; requests that are being answered
// then have five seconds to finish.
func (s *Server) Run(ctx context.Context) error {
	if s.opts.Listener == nil && s.opts.Secure == nil {
		return errors.New("web: no listener")
	}
	return Serve(ctx, ServeOpts{
		Listener: s.opts.Listener, Secure: s.opts.Secure, TLS: s.opts.TLS, Log: s.opts.Log,
		Plain: s.plain, Handler: s.handler, Ready: func() { close(s.ready) },
	})
}

// Messages loads the words of a language, and returns what reports whether it has a message
// for a key. A language that is not there has none.
func Messages(lang string) (has func(key string) bool) {
	c, err := i18n.Load(lang)
	return func(key string) bool { return err == nil && c.Has(key) }
}
