package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// ServeOpts says what Serve serves. Log and the handlers must be set.
type ServeOpts struct {
	Listener net.Listener // plain HTTP, and HTTPS as well when TLS is set; may be nil
	Secure   net.Listener // HTTPS with TLS; may be nil
	TLS      *tls.Config
	Plain    http.Handler // what comes without TLS
	Handler  http.Handler // what comes over TLS
	Ready    func()       // called once, when both are served; may be nil
	Log      *slog.Logger
}

// Serve serves one phase of the box's life, locked, opening or open, until ctx ends;
// requests that are being answered then have five seconds to finish. It closes the
// listeners that it was given, and no connection outlives it.
func Serve(ctx context.Context, o ServeOpts) error {
	doors := []door{{o.Listener, o.Plain, nil}, {o.Secure, o.Handler, o.TLS}}
	if o.Listener != nil && o.TLS != nil {
		plain, secure := split(o.Listener)
		doors[0].ln = plain
		doors = append(doors, door{secure, o.Handler, o.TLS})
	}
	if o.Ready == nil {
		o.Ready = func() {}
	}
	return serve(ctx, o.Log, o.Ready, doors...)
}

// door is a listener with what it serves; TLS makes it HTTPS.
type door struct {
	ln      net.Listener
	handler http.Handler
	tls     *tls.Config
}

// serve answers on all doors that have a listener until ctx ends or one fails.
func serve(ctx context.Context, log *slog.Logger, ready func(), doors ...door) error {
	var servers []*http.Server
	failed := make(chan error, len(doors))
	arrived := newArrivals()
	for _, d := range doors {
		if d.ln == nil {
			continue
		}
		srv := newServer(ctx, log, d)
		arrived.watch(srv)
		servers = append(servers, srv)
		go func() {
			if d.tls != nil {
				failed <- srv.ServeTLS(d.ln, "", "")
			} else {
				failed <- srv.Serve(d.ln)
			}
		}()
	}
	ready()
	var err error
	left := len(servers)
	select {
	case err = <-failed:
		left--
	case <-ctx.Done():
	}
	for _, d := range doors { // who comes from now on waits for the next phase
		if d.ln != nil {
			d.ln.Close()
		}
	}
	for range left {
		<-failed // all that was accepted is counted now
	}
	arrived.wait(freshGrace)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	for _, srv := range servers {
		if srv.Shutdown(late) != nil {
			srv.Close()
		}
	}
	if err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("web: %w", err)
	}
	return nil
}

func newServer(ctx context.Context, log *slog.Logger, d door) *http.Server {
	return &http.Server{
		Handler:           d.handler,
		TLSConfig:         strictTLS(d.tls),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second, // live events extend it for themselves
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    headerLimit,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}

// strictTLS takes TLS 1.2 at least: tablets of 2014 know nothing newer, and nothing
// older is needed.
func strictTLS(c *tls.Config) *tls.Config {
	if c == nil {
		return nil
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	return c
}
