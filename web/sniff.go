package web

import (
	"bufio"
	"net"
	"sync"
	"time"
)

// A browser that has been here over HTTPS turns http://NAME:8080 into
// https://NAME:8080 by itself (HSTS keeps the port). So the plain port understands
// TLS too: split looks at the first byte of each connection.

// tlsRecord is the first byte of a TLS handshake (RFC 8446 section 5.1); no HTTP
// request begins with it.
const tlsRecord = 22

// sniffTime is how long a connection may be silent before its first byte.
const sniffTime = 10 * time.Second

// split serves a listener as two: what speaks TLS and what does not. Closing either
// closes both.
func split(ln net.Listener) (plain, secure net.Listener) {
	s := &splitter{ln: ln, done: make(chan struct{})}
	p, t := &half{s, make(chan net.Conn)}, &half{s, make(chan net.Conn)}
	go s.accept(p.conns, t.conns)
	return p, t
}

type splitter struct {
	ln   net.Listener
	done chan struct{}
	once sync.Once
	err  error
}

func (s *splitter) accept(plain, secure chan<- net.Conn) {
	for {
		c, err := s.ln.Accept()
		if temporary(err) {
			time.Sleep(10 * time.Millisecond) // out of files: others end meanwhile
			continue
		}
		if err != nil {
			s.close(err)
			return
		}
		go s.sort(c, plain, secure)
	}
}

// temporary reports whether accepting failed for one connection only.
func temporary(err error) bool {
	ne, ok := err.(interface{ Temporary() bool })
	return ok && ne.Temporary()
}

func (s *splitter) sort(c net.Conn, plain, secure chan<- net.Conn) {
	b := bufio.NewReaderSize(c, 16)
	if c.SetReadDeadline(time.Now().Add(sniffTime)) != nil {
		c.Close()
		return
	}
	first, err := b.Peek(1)
	if err != nil || c.SetReadDeadline(time.Time{}) != nil {
		c.Close()
		return
	}
	to := plain
	if first[0] == tlsRecord {
		to = secure
	}
	select {
	case to <- peeked{c, b}:
	case <-s.done:
		c.Close()
	}
}

func (s *splitter) close(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.done)
		s.ln.Close()
	})
}

type half struct {
	*splitter
	conns chan net.Conn
}

func (h *half) Accept() (net.Conn, error) {
	select {
	case c := <-h.conns:
		return c, nil
	case <-h.done:
		return nil, h.err
	}
}

func (h *half) Close() error {
	h.close(net.ErrClosed)
	return nil
}

func (h *half) Addr() net.Addr { return h.ln.Addr() }

// peeked is a connection whose first byte was looked at.
type peeked struct {
	net.Conn
	from *bufio.Reader
}

func (p peeked) Read(b []byte) (int, error) { return p.from.Read(b) }
