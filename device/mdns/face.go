package mdns

import (
	"net"
	"net/netip"
	"slices"
)

// face is a network interface with what is known of it.
type face struct {
	index int
	nets  []netip.Prefix
}

// faces lists the interfaces that are up and reach more than this machine.
func faces() ([]face, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var out []face
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0 || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0 {
			continue // a modem is point to point: the name is for the clinic's network
		}
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away
		}
		if f := newFace(i.Index, addrs); len(f.addrs()) > 0 {
			out = append(out, f)
		}
	}
	return out, nil
}

func newFace(index int, addrs []net.Addr) face {
	f := face{index: index}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			f.nets = append(f.nets, netip.PrefixFrom(p.Addr().Unmap(), p.Bits()))
		}
	}
	slices.SortFunc(f.nets, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	return f
}

// addrs are those that a browser can use: no link-local ones of IPv6, for they need
// the name of an interface in the address.
func (f face) addrs() (out []netip.Addr) {
	for _, p := range f.nets {
		if a := p.Addr(); a.Is4() || !a.IsLinkLocalUnicast() {
			out = append(out, a)
		}
	}
	return out
}

// near reports whether an address is on the interface's own network: others are
// not answered (RFC 6762 section 11), so nobody elsewhere is flooded through us.
func (f face) near(a netip.Addr) bool {
	return slices.ContainsFunc(f.nets, func(p netip.Prefix) bool { return p.Contains(a.WithZone("").Unmap()) })
}

func (f face) same(g face) bool { return f.index == g.index && slices.Equal(f.nets, g.nets) }
