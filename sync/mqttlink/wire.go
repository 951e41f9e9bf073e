package mqttlink

import (
	"net"
	"sync"
	"sync/atomic"
)

// What TCP and IP add to what a connection carries. Counted are the bytes of IP packets,
// as an interface counts them that has no frames of its own (4G, loopback).
const (
	headers4 = 20 + 20 + 12 // IPv4, TCP, its time stamps (RFC 7323)
	headers6 = 40 + 20 + 12
	segment  = 1348 // payload of a full segment at the MTU of 1,400 that 4G usually has
	ending   = 2    // segments each way that end a connection, after it was last looked at
	hello    = 8    // bytes that the segment which opens it has more than others (RFC 9293)
)

// counted counts what TCP carries for us, and what that costs on the interface. The
// kernel's own counters know of every segment, acknowledgements and what was sent again
// included; without them segments are estimated.
type counted struct {
	net.Conn
	up, down *atomic.Int64
	header   int64

	mu                 sync.Mutex
	bytesUp, bytesDown int64
	sent, got          int64 // segments, estimated
	closing, closed    bool
	end                func(up, down int64) // told once
}

func count(c net.Conn, n *counters, end func(up, down int64)) *counted {
	k := &counted{Conn: c, up: &n.up, down: &n.down, header: headers6, end: end, sent: 2, got: 1} // SYN, SYN-ACK, ACK
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok && a.IP.To4() != nil {
		k.header = headers4
	}
	return k
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.down.Add(int64(n))
	c.segments(0, n)
	return n, err
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.up.Add(int64(n))
	c.segments(n, 0)
	return n, err
}

// segments estimates: full ones of what is carried, and an acknowledgement for each
// stretch.
func (c *counted) segments(up, down int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bytesUp, c.bytesDown = c.bytesUp+int64(up), c.bytesDown+int64(down)
	if up > 0 {
		c.sent += int64(up+segment-1) / segment
		c.got++
	}
	if down > 0 {
		c.got += int64(down+segment-1) / segment
		c.sent++
	}
}

// Close ends the connection and tells what it cost.
func (c *counted) Close() error {
	c.mu.Lock()
	first := !c.closing
	c.closing = true
	c.mu.Unlock()
	if first {
		up, down := c.wire()
		c.mu.Lock()
		c.closed = true
		c.mu.Unlock()
		c.end(up+ending*c.header, down+ending*c.header)
	}
	return c.Conn.Close()
}

// wire returns the bytes of IP packets so far; none once it is closed.
func (c *counted) wire() (up, down int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, 0
	}
	if k, ok := kernelCounts(c.Conn); ok {
		return k.sent + k.segsOut*c.header + hello, k.got + k.segsIn*c.header + hello
	}
	return c.bytesUp + c.sent*c.header, c.bytesDown + c.got*c.header
}

// kernel is what the kernel counted of a connection.
type kernel struct{ sent, got, segsOut, segsIn int64 }
