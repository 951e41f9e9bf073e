package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// freshGrace is how long a connection that was accepted may take to send its first
// request while the phase ends; browsers open some that never send any.
const freshGrace = time.Second

// arrivals are the connections whose first request no handler has seen yet. A
// http.Server that shuts down hangs up on them, even if they have asked; on others
// clients know to ask again.
type arrivals struct {
	mu    sync.Mutex
	fresh map[net.Conn]struct{}
	none  chan struct{} // closed when none is left; nil while nobody waits
}

func newArrivals() *arrivals { return &arrivals{fresh: map[net.Conn]struct{}{}} }

type arrivalKey struct{}

// watch counts the connections of a server that has not begun yet.
func (a *arrivals) watch(srv *http.Server) {
	srv.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.fresh[c] = struct{}{}
		return context.WithValue(ctx, arrivalKey{}, c)
	}
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if state == http.StateClosed || state == http.StateHijacked {
			a.seen(c)
		}
	}
	next := srv.Handler
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, _ := r.Context().Value(arrivalKey{}).(net.Conn)
		a.seen(c)
		next.ServeHTTP(w, r)
	})
}

func (a *arrivals) seen(c net.Conn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.fresh, c)
	if len(a.fresh) == 0 && a.none != nil {
		close(a.none)
		a.none = nil
	}
}

// wait waits until every connection has asked, at most that long.
func (a *arrivals) wait(most time.Duration) {
	a.mu.Lock()
	none := make(chan struct{})
	if len(a.fresh) == 0 {
		close(none)
	} else {
		a.none = none
	}
	a.mu.Unlock()
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-none:
	case <-t.C:
	}
}
