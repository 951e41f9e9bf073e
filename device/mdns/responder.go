package mdns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	port     = 5353
	look     = 5 * time.Second  // how soon a new address is noticed
	again    = time.Second      // between the two announcements (RFC 6762 section 8.3)
	quiet    = time.Second      // between two multicasts of the same records (6)
	retry    = 30 * time.Second // after the sockets failed
	maxQuery = 9000             // section 17
	perLook  = 200              // unicast answers between two looks, over all askers
)

// Opts says what is answered. Name and Log must be set.
type Opts struct {
	Name string // of the box, without .local
	Log  *slog.Logger
}

// Responder answers for NAME.local. It is a task: Run until its context ends. It
// never ends the box: without a network it waits for one.
type Responder struct {
	host  string // with both dots
	log   *slog.Logger
	ready chan struct{}
	port  uint16 // tests take another
	faces func() ([]face, error)

	mu    sync.Mutex
	known []face
	last  map[int]time.Time // interface → last multicast
	sent  int               // unicast answers since the last look
}

// New makes a responder; nothing is opened before Run.
func New(o Opts) (*Responder, error) {
	valid := func(c rune) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' }
	if o.Name == "" || len(o.Name) > 63 || strings.ContainsFunc(strings.ToLower(o.Name), func(c rune) bool { return !valid(c) }) {
		return nil, fmt.Errorf("mdns: %q is no host name: letters, digits and hyphens only", o.Name)
	}
	if o.Log == nil {
		return nil, errors.New("mdns: Log must be set")
	}
	return &Responder{
		host: o.Name + ".local.", log: o.Log, ready: make(chan struct{}), port: port, faces: faces, last: map[int]time.Time{},
	}, nil
}

// String names the task.
func (r *Responder) String() string { return "mdns" }

// Ready is closed after the first try to open the sockets, whatever came of it.
func (r *Responder) Ready() <-chan struct{} { return r.ready }

// Run answers until ctx ends.
func (r *Responder) Run(ctx context.Context) error {
	failed := ""
	for once := true; ; once = false {
		sockets, err := r.open(ctx)
		if once {
			close(r.ready)
		}
		if err == nil {
			r.log.Info("answering", "name", strings.TrimSuffix(r.host, "."))
			err, failed = r.serve(ctx, sockets), ""
		}
		if ctx.Err() != nil {
			return nil
		}
		if failed != err.Error() { // once for each cause, not every half minute
			failed = err.Error()
			r.log.Warn("name not answered", "error", err)
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return nil
		}
	}
}

// open opens both families; one is enough.
func (r *Responder) open(ctx context.Context) ([]*socket, error) {
	s4, err4 := openSocket(ctx, group4(r.port))
	s6, err6 := openSocket(ctx, group6(r.port))
	var out []*socket
	if err4 == nil {
		out = append(out, s4)
	}
	if err6 == nil {
		out = append(out, s6)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("mdns: %w", errors.Join(err4, err6))
	}
	return out, nil
}

// serve reads all sockets and looks for changed addresses, until one fails.
func (r *Responder) serve(ctx context.Context, sockets []*socket) error {
	failed := make(chan error, len(sockets))
	var readers sync.WaitGroup
	for _, s := range sockets {
		readers.Go(func() { failed <- r.listen(s) })
	}
	defer readers.Wait()
	defer func() {
		for _, s := range sockets {
			s.close()
		}
	}()
	r.forget()
	for {
		if r.changed(sockets) {
			r.announce(sockets, hostTTL)
			select {
			case <-time.After(again):
				r.announce(sockets, hostTTL)
			case <-ctx.Done():
			}
		}
		select {
		case err := <-failed:
			return fmt.Errorf("mdns: %w", err)
		case <-time.After(look):
		case <-ctx.Done():
			r.announce(sockets, 0) // goodbye (10.1)
			return nil
		}
	}
}

func (r *Responder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known = nil
}

// changed looks at the interfaces, joins the group on new ones, and reports whether
// there is something to announce.
func (r *Responder) changed(sockets []*socket) bool {
	now, err := r.faces()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = 0
	if err != nil || slices.EqualFunc(now, r.known, face.same) {
		return false
	}
	for _, f := range now {
		for _, s := range sockets {
			if err := s.join(f.index); err != nil {
				r.log.Debug("interface not joined", "index", f.index, "group", s.group.String(), "error", err)
			}
		}
	}
	r.known = now
	return true
}

// announce tells all networks the addresses; a TTL of 0 takes them back.
func (r *Responder) announce(sockets []*socket, ttl uint32) {
	r.mu.Lock()
	now := slices.Clone(r.known)
	r.mu.Unlock()
	for _, f := range now {
		b, err := answer{host: r.host, addrs: f.addrs(), ttl: ttl}.pack()
		if err != nil {
			r.log.Warn("name not announced", "error", err)
			return
		}
		for _, s := range sockets {
			if err := s.write(b, f.index, s.group); err != nil {
				r.log.Debug("not announced", "index", f.index, "error", err)
			}
		}
	}
}

// listen answers what comes in on a socket until it is closed.
func (r *Responder) listen(s *socket) error {
	b := make([]byte, maxQuery)
	for {
		n, index, from, err := s.read(b)
		if err != nil {
			return err
		}
		packet, to := r.answer(b[:n], index, from)
		if packet == nil {
			continue
		}
		if !to.IsValid() {
			to = s.group
		}
		if err := s.write(packet, index, to); err != nil {
			r.log.Debug("not answered", "index", index, "error", err)
		}
	}
}

// answer makes the answer to a packet, nil for none. An invalid address stands for
// the group.
func (r *Responder) answer(packet []byte, index int, from netip.AddrPort) ([]byte, netip.AddrPort) {
	q, err := parse(packet, r.host)
	if err != nil {
		return nil, netip.AddrPort{}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.known, func(f face) bool { return f.index == index })
	if i < 0 || !r.known[i].near(from.Addr()) {
		return nil, netip.AddrPort{}
	}
	a := answer{host: r.host, addrs: r.known[i].addrs(), ttl: hostTTL}
	to := netip.AddrPort{}
	switch {
	case from.Port() != r.port: // a plain resolver
		a.legacy, a.ttl, to = &q, legacyTTL, from
	case q.unicast:
		to = from
	case time.Since(r.last[index]) < quiet: // the asker heard that answer
		return nil, netip.AddrPort{}
	default:
		r.last[index] = time.Now()
	}
	if to.IsValid() {
		if r.sent++; r.sent > perLook {
			return nil, netip.AddrPort{}
		}
	}
	b, err := a.pack()
	if err != nil {
		r.log.Warn("no answer", "error", err)
		return nil, netip.AddrPort{}
	}
	return b, to
}
