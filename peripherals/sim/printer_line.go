package sim

import (
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/creack/pty"
)

// printerLine is one connection to a printer.
type printerLine struct {
	conn     io.ReadWriteCloser
	out      chan []byte
	read     int    // bytes so far
	answered int    // real-time questions so far
	tail     []byte // the last bytes, to find real-time commands
}

// Listen serves TCP connections, the last one to come at a time, and returns the
// address.
func (p *Printer) Listen(addr string) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", fmt.Errorf("sim: printer: %w", err)
	}
	p.atEnd(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go p.Attach(conn)()
		}
	}()
	return l.Addr().String(), nil
}

// OpenTerminal serves a pseudo-terminal and returns its path.
func (p *Printer) OpenTerminal() (string, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return "", fmt.Errorf("sim: printer: %w", err)
	}
	if err := raw(slave); err != nil {
		return "", fmt.Errorf("sim: printer: %w", err)
	}
	// The slave stays open: without it the master ends with the first driver.
	p.atEnd(func() { _ = master.Close(); _ = slave.Close() })
	go p.Attach(master)()
	return slave.Name(), nil
}

func (p *Printer) atEnd(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ends = append(p.ends, f)
}

// Attach plugs a connection in: from now on it is the one that is heard and
// answered, and the one before it ends. The returned function serves it until it
// ends. Two steps, so that connections count in the order in which they came,
// whatever order their goroutines run in.
func (p *Printer) Attach(conn io.ReadWriteCloser) (serve func()) {
	line := &printerLine{conn: conn, out: make(chan []byte, 64)}
	p.mu.Lock()
	old := p.line
	p.line = line
	if p.opts.ASB {
		p.say(p.state().asb()...)
	}
	p.change.Broadcast()
	p.mu.Unlock()
	if old != nil {
		_ = old.conn.Close()
	}
	return func() { p.serve(line) }
}

func (p *Printer) serve(line *printerLine) {
	conn := line.conn
	var writer sync.WaitGroup
	writer.Go(func() {
		for b := range line.out {
			if _, err := conn.Write(b); err != nil {
				_ = conn.Close() // and go on taking
			}
		}
	})
	p.readLine(line)
	_ = conn.Close()
	p.mu.Lock()
	if p.line == line {
		p.line = nil
	}
	close(line.out)
	p.mu.Unlock()
	writer.Wait()
}

func (p *Printer) readLine(line *printerLine) {
	buf := make([]byte, 512)
	for {
		n, err := line.conn.Read(buf)
		if !p.receive(line, buf[:n]) || err != nil {
			return
		}
	}
}

// receive puts bytes into the buffer and obeys real-time commands on the way, in
// the middle of a picture too, as printers do. False ends the connection.
func (p *Printer) receive(line *printerLine, data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, b := range data {
		stopped := func() bool { return p.fault.StopAfter > 0 && line.read >= p.fault.StopAfter }
		full := func() bool { return len(p.buffer) >= p.opts.Buffer }
		for !p.closed && p.line == line && (stopped() || full() && !p.opts.Lossy) {
			p.change.Wait()
		}
		if p.closed || p.line != line {
			return false
		}
		if p.fault.ResetAfter > 0 && line.read >= p.fault.ResetAfter {
			if tcp, ok := line.conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0)
			}
			return false
		}
		line.read++
		p.report.Bytes++
		if full() {
			p.report.Lost++
		} else {
			p.buffer = append(p.buffer, b)
			p.change.Broadcast()
		}
		p.realTime(line, b)
	}
	return true
}

// clearCommand is DLE DC4 8 with its fixed parameters.
const clearCommand = "\x10\x14\x08\x01\x03\x14\x01\x06\x02\x08"

func (p *Printer) realTime(line *printerLine, b byte) {
	line.tail = append(line.tail, b)
	if n := len(line.tail); n > len(clearCommand) {
		line.tail = line.tail[n-len(clearCommand):]
	}
	t := line.tail
	if n := len(t); n >= 3 && t[n-3] == 0x10 && t[n-2] == 0x04 && b >= 1 && b <= 4 {
		p.answerRealTime(b)
	}
	if string(t) == clearCommand {
		p.buffer, p.in.cmd = nil, nil
		p.epoch++
		p.say(0x37, 0x25, 0x00)
		p.change.Broadcast()
	}
}
