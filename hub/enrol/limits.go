package enrol

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Limits. A code has 75 bits: guessing is hopeless at any rate, so these only keep
// the database free for the boxes.
const (
	atOnce       = 4 // requests being answered
	eachGap      = 3 * time.Second
	eachBurst    = 10
	allGap       = 50 * time.Millisecond
	allBurst     = 40
	maxAddresses = 10_000
)

// limits bounds the rate of each address and of all together.
type limits struct {
	mu   sync.Mutex
	each map[netip.Prefix]time.Time // when the next one were due, had they come evenly
	all  time.Time
}

func newLimits() *limits { return &limits{each: map[netip.Prefix]time.Time{}} }

func (l *limits) admit(now time.Time, r *http.Request) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := source(r)
	if ok {
		if len(l.each) >= maxAddresses {
			l.sweep(now)
		}
		next, fits := step(l.each[p], now, eachGap, eachBurst)
		if !fits {
			return false
		}
		l.each[p] = next
	}
	next, fits := step(l.all, now, allGap, allBurst)
	if fits {
		l.all = next
	}
	return fits
}

// sweep forgets who has been quiet, and everybody when that is not enough.
func (l *limits) sweep(now time.Time) {
	for p, next := range l.each {
		if next.Before(now) {
			delete(l.each, p)
		}
	}
	if len(l.each) >= maxAddresses {
		clear(l.each)
	}
}

// step is a bucket of burst drops that fills one each gap.
func step(next, now time.Time, gap time.Duration, burst int) (time.Time, bool) {
	full := time.Duration(burst) * gap
	switch d := next.Sub(now); {
	case d < 0 || d > full: // long ago, or the clock was set back
		next = now
	case d > full-gap:
		return next, false
	}
	return next.Add(gap), true
}

// source is whose rate counts: an IPv4 address, an IPv6 /64. Behind a proxy on this
// machine it is what the proxy says; without its word only the common limit holds.
func source(r *http.Request) (p netip.Prefix, ok bool) {
	a, err := netip.ParseAddr(host(r))
	if err != nil {
		return p, false
	}
	a = a.Unmap().WithZone("")
	if a.IsLoopback() {
		said := strings.Split(r.Header.Get("X-Forwarded-For"), ",")
		if a, err = netip.ParseAddr(strings.TrimSpace(said[len(said)-1])); err != nil {
			return p, false
		}
		a = a.Unmap().WithZone("")
	}
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err = a.Prefix(bits)
	return p, err == nil
}

func host(r *http.Request) string {
	h, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return h
}
