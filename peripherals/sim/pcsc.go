package sim

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
)

// PCSCCard is a card for a simulated reader.
type PCSCCard struct {
	ATR      []byte // empty: the card does not answer, as one that lies upside down
	Protocol uint32 // 1 is T=0, 2 is T=1
	// Answer is called with each APDU, one at a time for a card. It may call the
	// simulator's methods.
	Answer func(apdu []byte) []byte
}

// Pull says how a card that is pulled out in the middle of an APDU is reported.
type Pull uint8

// The ways, all seen from one daemon or another.
const (
	PullEmpty   Pull = 0 // success and no bytes
	PullOneByte Pull = 1 // success and half a status word
	PullComm    Pull = 2 // "not transacted"
	PullRemoved Pull = 3 // "removed card"
	PullReader  Pull = 4 // the reader's cable, not the card
)

// PCSC imitates pcscd's socket, byte for byte: several readers, cards that come and
// go, answers that break off, restarts. It speaks protocol 4.minor only. All
// methods may be called from several goroutines.
type PCSC struct {
	minor uint32

	mu        sync.Mutex
	readers   []*pcscReader
	clients   map[*pcscClient]bool
	listeners map[net.Listener]bool
	up        bool
	next      uint32 // handle
	cuts      map[uint32]int
	refuse    bool
	silent    bool
	done      sync.WaitGroup
}

// pcscReader is a reader; gen tells one card from the next in it.
type pcscReader struct {
	name   string
	card   *PCSCCard
	count  uint32
	gen    uint32
	lock   uint32 // handle that holds the transaction
	apdus  int
	pullAt int // -1: never
	pull   Pull
	gone   bool
}

// NewPCSC makes a running daemon without readers. Debian 12's speaks minor 4,
// Debian 13's minor 5.
func NewPCSC(minor uint32) *PCSC {
	return &PCSC{
		minor: minor, up: true, next: 1000, cuts: map[uint32]int{},
		clients: map[*pcscClient]bool{}, listeners: map[net.Listener]bool{},
	}
}

// Dial connects in memory, for tests with a clock of their own.
func (p *PCSC) Dial(context.Context) (net.Conn, error) {
	ours, theirs := net.Pipe()
	if !p.attach(theirs) {
		return nil, errors.Join(syscall.ECONNREFUSED, ours.Close(), theirs.Close())
	}
	return ours, nil
}

// Listen serves a socket at path until Stop.
func (p *PCSC) Listen(path string) error {
	ln, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.listeners[ln] = true
	p.mu.Unlock()
	p.done.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			if !p.attach(nc) {
				nc.Close()
			}
		}
	})
	return nil
}

func (p *PCSC) attach(nc net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.up {
		return false
	}
	c := &pcscClient{sim: p, nc: nc, out: make(chan []byte, 64), cards: map[uint32]pcscHandle{}}
	p.clients[c] = true
	p.done.Go(c.read)
	p.done.Go(c.write)
	return true
}

// Stop ends the daemon and all connections, and waits for them.
func (p *PCSC) Stop() {
	p.mu.Lock()
	p.up = false
	for ln := range p.listeners {
		ln.Close()
	}
	clear(p.listeners)
	for c := range p.clients {
		c.nc.Close()
	}
	p.mu.Unlock()
	p.done.Wait()
}

// Start begins again after Stop, with new handles and counters. Sockets must be
// listened on again.
func (p *PCSC) Start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.up, p.next = true, p.next+1000
	for _, r := range p.readers {
		r.count, r.lock = 0, 0
	}
}

// Plug adds a reader.
func (p *PCSC) Plug(name string) {
	p.change(func() { p.readers = append(p.readers, &pcscReader{name: name, pullAt: -1}) })
}

// Unplug takes a reader away with its card.
func (p *PCSC) Unplug(name string) { p.change(func() { p.unplug(p.reader(name)) }) }

func (p *PCSC) unplug(r *pcscReader) {
	for i, x := range p.readers {
		if x == r {
			r.gone = true
			p.readers = append(p.readers[:i:i], p.readers[i+1:]...)
			return
		}
	}
}

// Insert puts a card into a reader, in place of the one that may be there.
func (p *PCSC) Insert(name string, card PCSCCard) {
	p.change(func() { p.reader(name).insert(&card) })
}

func (r *pcscReader) insert(card *PCSCCard) {
	r.remove()
	r.card, r.apdus, r.pullAt = card, 0, -1
	r.count++
	r.gen++
}

func (r *pcscReader) remove() {
	if r.card != nil {
		r.card, r.lock = nil, 0
		r.count++
	}
}

// Remove takes the card out.
func (p *PCSC) Remove(name string) { p.change(func() { p.reader(name).remove() }) }

// PullAt takes the card out while it works on an APDU, counted from 0 since the
// card was inserted.
func (p *PCSC) PullAt(name string, apdu int, how Pull) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.reader(name)
	r.pullAt, r.pull = apdu, how
}

// Cut breaks the connection off after n bytes of the next answer to a command
// (number as on the wire). n < 0: the answer never comes, the connection stays.
func (p *PCSC) Cut(cmd uint32, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cuts[cmd] = n
}

// Refuse makes the daemon hang up on every client, as its rules can.
func (p *PCSC) Refuse(yes bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = yes
}

// Clients counts the open connections.
func (p *PCSC) Clients() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.clients)
}

// Hold takes a reader as another program would. Debian 12's daemon then keeps
// silent towards others (silent); one may also tell them.
func (p *PCSC) Hold(name string, silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader(name).lock, p.silent = 1, silent
}

// Free undoes Hold.
func (p *PCSC) Free(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reader(name).lock = 0
}

// reader finds a reader; one that is not there is a mistake in a test.
func (p *PCSC) reader(name string) *pcscReader {
	for _, r := range p.readers {
		if r.name == name {
			return r
		}
	}
	panic("sim: no reader " + name)
}

// change does something that those who wait are told of.
func (p *PCSC) change(do func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	do()
	p.signal()
}

func (p *PCSC) signal() {
	for c := range p.clients {
		if c.waits {
			c.waits = false
			c.send(0, pcscWords(0, 0))
		}
	}
}
