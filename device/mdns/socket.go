package mdns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// socket is one family's socket on the mDNS port, joined to the group on any number
// of interfaces.
type socket struct {
	group netip.AddrPort
	v4    *ipv4.PacketConn
	v6    *ipv6.PacketConn
}

func group4(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 0, 251}), port)
}

func group6(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0xfb}), port)
}

// openSocket shares the port with whoever else speaks mDNS on this machine.
func openSocket(ctx context.Context, group netip.AddrPort) (*socket, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		cerr := c.Control(func(fd uintptr) {
			err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1),
				unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1))
		})
		return errors.Join(cerr, err)
	}}
	network := "udp6"
	if group.Addr().Is4() {
		network = "udp4"
	}
	c, err := lc.ListenPacket(ctx, network, fmt.Sprintf(":%d", group.Port()))
	if err != nil {
		return nil, err
	}
	s := &socket{group: group}
	if group.Addr().Is4() {
		s.v4 = ipv4.NewPacketConn(c)
		err = errors.Join(s.v4.SetControlMessage(ipv4.FlagInterface, true), s.v4.SetMulticastTTL(255), s.v4.SetMulticastLoopback(true))
	} else {
		s.v6 = ipv6.NewPacketConn(c)
		err = errors.Join(s.v6.SetControlMessage(ipv6.FlagInterface, true), s.v6.SetMulticastHopLimit(255), s.v6.SetMulticastLoopback(true))
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return s, nil
}

// join listens on an interface; once more is no error.
func (s *socket) join(index int) error {
	ifi := &net.Interface{Index: index}
	to := &net.UDPAddr{IP: s.group.Addr().AsSlice()}
	var err error
	if s.v4 != nil {
		err = s.v4.JoinGroup(ifi, to)
	} else {
		err = s.v6.JoinGroup(ifi, to)
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil
	}
	return err
}

// read returns the next packet and where it came in.
func (s *socket) read(b []byte) (n, index int, from netip.AddrPort, err error) {
	var src net.Addr
	if s.v4 != nil {
		var cm *ipv4.ControlMessage
		if n, cm, src, err = s.v4.ReadFrom(b); cm != nil {
			index = cm.IfIndex
		}
	} else {
		var cm *ipv6.ControlMessage
		if n, cm, src, err = s.v6.ReadFrom(b); cm != nil {
			index = cm.IfIndex
		}
	}
	if u, ok := src.(*net.UDPAddr); ok {
		from = u.AddrPort()
	}
	return n, index, from, err
}

// write sends out of one interface.
func (s *socket) write(b []byte, index int, to netip.AddrPort) error {
	dst := net.UDPAddrFromAddrPort(to)
	var err error
	if s.v4 != nil {
		_, err = s.v4.WriteTo(b, &ipv4.ControlMessage{IfIndex: index}, dst)
	} else {
		_, err = s.v6.WriteTo(b, &ipv6.ControlMessage{IfIndex: index}, dst)
	}
	return err
}

func (s *socket) close() error {
	if s.v4 != nil {
		return s.v4.Close()
	}
	return s.v6.Close()
}
