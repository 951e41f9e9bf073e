package boxmain

import (
	"errors"
	"net"
	"sync"
)

// door is one listening socket that several servers use one after the other: the
// page that says that the box is opening, then the staff's pages. The address
// never goes away in between.
type door struct {
	ln    net.Listener
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func openDoor(addr string) (*door, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	d := &door{ln: ln, conns: make(chan net.Conn), done: make(chan struct{})}
	go d.accept()
	return d, nil
}

// accept hands connections to whichever server waits for one.
func (d *door) accept() {
	for {
		c, err := d.ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // out of files, or reset before it was taken: the next may work
		}
		select {
		case d.conns <- c:
		case <-d.done:
			c.Close()
			return
		}
	}
}

// Close closes the socket for good.
func (d *door) Close() error {
	var err error
	d.once.Do(func() {
		close(d.done)
		err = d.ln.Close()
	})
	return err
}

// Listener returns a listener on the door; closing it leaves the door open.
func (d *door) Listener() net.Listener {
	return &doorListener{door: d, closed: make(chan struct{})}
}

type doorListener struct {
	door   *door
	closed chan struct{}
	once   sync.Once
}

func (l *doorListener) Accept() (net.Conn, error) {
	select { // a closed one must not win by chance
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case c := <-l.door.conns:
		return c, nil
	case <-l.closed:
	case <-l.door.done:
	}
	return nil, net.ErrClosed
}

func (l *doorListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *doorListener) Addr() net.Addr { return l.door.ln.Addr() }
