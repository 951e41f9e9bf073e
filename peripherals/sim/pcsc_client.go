package sim

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
)

// Return codes of the daemon.
const (
	pcscMismatch    = 0x8010001E
	pcscNoReader    = 0x80100009
	pcscSharing     = 0x8010000B
	pcscNoCard      = 0x8010000C
	pcscNotTransact = 0x80100016
	pcscUnavailable = 0x80100017
	pcscMute        = 0x80100066
	pcscRemoved     = 0x80100069
)

// pcscMost is the longest APDU that a daemon takes.
const pcscMost = 65548

type pcscHandle struct {
	reader *pcscReader
	gen    uint32
}

// pcscClient is one connection.
type pcscClient struct {
	sim    *PCSC
	nc     net.Conn
	out    chan []byte // nil ends the connection
	cards  map[uint32]pcscHandle
	waits  bool
	agreed bool
}

func (c *pcscClient) write() {
	for b := range c.out {
		if b == nil {
			c.nc.Close()
		} else if _, err := c.nc.Write(b); err != nil {
			c.nc.Close()
		}
	}
}

// read serves requests until the connection ends, then frees what it held.
func (c *pcscClient) read() {
	for c.request() {
	}
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	for h, at := range c.cards {
		if at.reader.lock == h {
			at.reader.lock = 0
		}
	}
	delete(c.sim.clients, c)
	close(c.out)
	c.nc.Close()
}

// request serves one. A daemon hangs up on whatever it does not know.
func (c *pcscClient) request() bool {
	head := make([]byte, 8)
	if _, err := io.ReadFull(c.nc, head); err != nil {
		return false
	}
	size, cmd := pcscWord(head, 0), pcscWord(head, 4)
	if want, ok := pcscSizes()[cmd]; !ok || size != want {
		return false
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(c.nc, b); err != nil {
		return false
	}
	if cmd == 0x09 {
		return c.transmit(b)
	}
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	if c.sim.refuse || (!c.agreed && cmd != 0x11) {
		return false
	}
	return c.answer(cmd, b)
}

// pcscSizes are the bodies of the requests that are known.
func pcscSizes() map[uint32]uint32 {
	return map[uint32]uint32{
		0x01: 12, 0x02: 8, 0x04: 152, 0x06: 12, 0x07: 8, 0x08: 12, 0x09: 32, 0x11: 12, 0x12: 0, 0x13: 0,
	}
}

func (c *pcscClient) answer(cmd uint32, b []byte) bool {
	switch cmd {
	case 0x11:
		c.agreed = pcscWord(b, 0) == 4 && pcscWord(b, 4) == c.sim.minor
		b = pcscWords(4, c.sim.minor, 0)
		if !c.agreed {
			b = pcscWords(4, c.sim.minor, pcscMismatch)
		}
	case 0x01:
		c.sim.next++
		b = pcscWords(pcscWord(b, 0), c.sim.next, 0)
	case 0x02:
	case 0x04:
		if !c.connect(b) {
			return true
		}
	case 0x12, 0x13:
		c.waits = c.waits || cmd == 0x13
		b = c.sim.states()
	default:
		return c.handled(cmd, b)
	}
	return c.send(cmd, b)
}

// connect fills in handle, protocol and code. It is false when there is no answer.
func (c *pcscClient) connect(b []byte) bool {
	name, _, _ := bytes.Cut(b[4:132], []byte{0})
	code := uint32(pcscNoReader)
	for _, r := range c.sim.readers {
		switch {
		case r.name != string(name):
			continue
		case r.card == nil:
			code = pcscNoCard
		case len(r.card.ATR) == 0:
			code = pcscMute
		case r.lock != 0 && c.sim.silent:
			return false
		default:
			code = 0
			c.sim.next++
			c.cards[c.sim.next] = pcscHandle{r, r.gen}
			copy(b[140:], pcscWords(c.sim.next, r.card.Protocol))
		}
	}
	copy(b[148:], pcscWords(code))
	return true
}

// handled serves requests that name a card: begin, end, disconnect.
func (c *pcscClient) handled(cmd uint32, b []byte) bool {
	h := pcscWord(b, 0)
	at, ok := c.cards[h]
	if !ok {
		return false
	}
	r, code := at.reader, at.state()
	switch {
	case cmd == 0x07 && code == 0 && r.lock != 0 && r.lock != h:
		code = pcscSharing
	case cmd == 0x07 && code == 0:
		r.lock = h
	case cmd != 0x07 && r.lock == h:
		r.lock = 0
	}
	if cmd == 0x06 {
		delete(c.cards, h)
		code = 0
	}
	copy(b[len(b)-4:], pcscWords(code))
	return c.send(cmd, b)
}

// state is the code that everything with this handle ends with.
func (at pcscHandle) state() uint32 {
	switch {
	case at.reader.gone:
		return pcscUnavailable
	case at.reader.card == nil || at.reader.gen != at.gen:
		return pcscRemoved
	}
	return 0
}

// transmit reads the APDU and asks the card, without the lock: a card may pull
// itself out.
func (c *pcscClient) transmit(b []byte) bool {
	n := pcscWord(b, 12)
	if n > pcscMost {
		return false
	}
	apdu := make([]byte, n)
	if _, err := io.ReadFull(c.nc, apdu); err != nil {
		return false
	}
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	at, ok := c.cards[pcscWord(b, 0)]
	if !ok {
		return false
	}
	code, r := at.state(), at.reader
	var answer []byte
	if code == 0 && r.pullAt == r.apdus {
		code, answer = c.sim.pulled(r)
	} else if code == 0 {
		r.apdus++
		card := r.card
		c.sim.mu.Unlock()
		answer = card.Answer(apdu)
		c.sim.mu.Lock()
		if code = at.state(); code != 0 {
			answer = nil
		}
	}
	copy(b[24:], pcscWords(uint32(len(answer)), code))
	return c.send(0x09, append(b, answer...))
}

// pulled takes the card out and says what the client is told.
func (p *PCSC) pulled(r *pcscReader) (code uint32, answer []byte) {
	if r.pull == PullReader {
		p.unplug(r)
	} else {
		r.remove()
	}
	p.signal()
	switch r.pull {
	case PullOneByte:
		return 0, []byte{0x90}
	case PullComm:
		return pcscNotTransact, nil
	case PullRemoved:
		return pcscRemoved, nil
	case PullReader:
		return pcscUnavailable, nil
	}
	return 0, nil
}

// send queues an answer, whole or as Cut has it.
func (c *pcscClient) send(cmd uint32, b []byte) bool {
	if n, ok := c.sim.cuts[cmd]; ok {
		delete(c.sim.cuts, cmd)
		if n < 0 {
			return true
		}
		return c.queue(b[:min(n, len(b))]) && c.queue(nil)
	}
	return c.queue(b)
}

// queue drops a client that does not read.
func (c *pcscClient) queue(b []byte) bool {
	if b != nil && len(b) == 0 {
		return true
	}
	select {
	case c.out <- b:
		return true
	default:
		c.nc.Close()
		return false
	}
}

// states lays out all 16 places.
func (p *PCSC) states() []byte {
	b := make([]byte, 16*184)
	for i, r := range p.readers[:min(len(p.readers), 16)] {
		s := b[i*184:][:184]
		copy(s[:127], r.name)
		state, atr, protocol := uint32(0x02), []byte(nil), uint32(0)
		if r.card != nil {
			state, atr, protocol = 0x34, r.card.ATR, r.card.Protocol
			if len(atr) == 0 {
				state, protocol = 0x0C, 0
			}
		}
		copy(s[128:], pcscWords(r.count, state, 0))
		copy(s[140:176], atr)
		copy(s[176:], pcscWords(uint32(len(atr)), protocol))
	}
	return b
}

func pcscWord(b []byte, at int) uint32 { return binary.NativeEndian.Uint32(b[at:]) }

func pcscWords(fields ...uint32) (b []byte) {
	for _, f := range fields {
		b = binary.NativeEndian.AppendUint32(b, f)
	}
	return b
}
