package web

import (
	"crypto/sha256"
	"net/http"
	"net/netip"
)

// place is where a request comes from. A session belongs to the places at which
// its person typed the PIN.
type place struct {
	addr   netip.Addr // zero when the server does not know
	agent  [16]byte   // digest of the browser's name for itself
	secure bool       // over TLS
}

func placeOf(r *http.Request) place {
	return place{addr: remote(r), agent: agentOf(r), secure: r.TLS != nil}
}

func agentOf(r *http.Request) (digest [16]byte) {
	sum := sha256.Sum256([]byte(r.UserAgent()))
	copy(digest[:], sum[:])
	return digest
}

// remote is the other end of the connection. Headers that claim another address
// are not believed: there is no proxy before a box.
func remote(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// neighbour is what limits count by: an IPv4 address, or the 64 bits of an IPv6
// one below which a host takes as many addresses as it likes.
func neighbour(a netip.Addr) string {
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
