package pages

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Wrong tokens of one address: so many at once, then one each tryGap. A token has
// a hundred bits; the limit keeps the log readable and the processor free.
const (
	tryBurst = 10
	tryGap   = 10 * time.Second
	maxAddrs = 10_000
)

// limit counts wrong log-ins of each address in memory. A restart forgets.
type limit struct {
	mu   sync.Mutex
	next map[netip.Prefix]time.Time // when the address has all its tries again
}

// wait returns how long the address must wait; 0 lets it try.
func (l *limit) wait(a netip.Prefix, now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	free := l.next[a].Add(-(tryBurst - 1) * tryGap)
	if !free.After(now) {
		return 0
	}
	return free.Sub(now)
}

// wrong counts a try that was refused.
func (l *limit) wrong(a netip.Prefix, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next == nil || len(l.next) >= maxAddrs {
		l.forget(now)
	}
	from := l.next[a]
	if from.Before(now) {
		from = now
	}
	l.next[a] = from.Add(tryGap)
}

// forget drops who has all tries again, or everybody in a flood of addresses.
func (l *limit) forget(now time.Time) {
	kept := map[netip.Prefix]time.Time{}
	for a, t := range l.next {
		if t.After(now) {
			kept[a] = t
		}
	}
	if len(kept) >= maxAddrs {
		clear(kept)
	}
	l.next = kept
}

// addressOf takes host:port apart; one IPv6 network of 64 bits is one address.
func addressOf(remote string) netip.Prefix {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		return netip.Prefix{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if a = a.Unmap().WithZone(""); a.Is6() {
		bits = 64
	}
	p, _ := a.Prefix(bits) // the lengths fit
	return p
}
