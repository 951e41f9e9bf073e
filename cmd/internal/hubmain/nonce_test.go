package hubmain_test

import (
	"context"
	"crypto/cipher"
	"crypto/hpke"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/chacha20poly1305"

	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// seals has the private keys of both sides. From every session start it derives the
// frame key as the receiver does, opens every sealed frame that either side hands to
// the link, and remembers for ever which plaintext key and counter have sealed.
type seals struct {
	fail     func(format string, args ...any)
	box, hub *keyfile.Private

	mu       sync.Mutex
	sessions map[wire.SessionID]session
	keys     map[string]wire.SessionID
	sealed   map[string]string // key and counter → plaintext
}

type session struct {
	key  string
	aead cipher.AEAD
	bind []byte
}

func newSeals(t *testing.T, box, hub *keyfile.Private) *seals {
	return &seals{
		fail: t.Errorf, box: box, hub: hub, sessions: map[wire.SessionID]session{},
		keys: map[string]wire.SessionID{}, sealed: map[string]string{},
	}
}

// see takes a frame of one direction before the link does anything to it.
func (s *seals) see(dir wire.Direction, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h, err := wire.Parse(frame)
	if err != nil {
		s.fail("a frame that does not parse: %v", err)
		return
	}
	switch h.Type {
	case wire.TypeStart:
		s.start(dir, h.Session, frame)
	case wire.TypeSealed:
		s.open(h, frame)
	}
}

func (s *seals) start(dir wire.Direction, id wire.SessionID, frame []byte) {
	to := s.hub.HPKE
	if dir == wire.DirDown {
		to = s.box.HPKE
	}
	const head, enc = 17, 1120
	bind := append([]byte{byte(dir)}, s.box.Name...)
	info := append([]byte("clinicbox session v1\x00"), bind...)
	r, err := hpke.NewRecipient(frame[head:head+enc], to, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), info)
	if err != nil {
		s.fail("%v", err)
		return
	}
	key, err := r.Export("clinicbox frame key v1", chacha20poly1305.KeySize)
	if err != nil {
		s.fail("%v", err)
		return
	}
	if was, ok := s.keys[string(key)]; ok && was != id {
		s.fail("sessions %x and %x have one key", was, id)
	}
	if was, ok := s.sessions[id]; ok && was.key != string(key) {
		s.fail("session %x has two keys", id)
	}
	aead, err := chacha20poly1305.New(key)
	if err != nil {
		s.fail("%v", err)
		return
	}
	s.keys[string(key)], s.sessions[id] = id, session{string(key), aead, bind}
}

func (s *seals) open(h wire.Header, frame []byte) {
	of, ok := s.sessions[h.Session]
	if !ok {
		s.fail("a frame of a session that was never started: %x", h.Session)
		return
	}
	nonce := make([]byte, chacha20poly1305.NonceSize)
	binary.BigEndian.PutUint64(nonce[4:], h.Counter)
	head := 3 + len(h.Session) + len(binary.AppendUvarint(nil, h.Counter))
	aad := append(append([]byte(nil), frame[:head]...), of.bind...)
	plain, err := of.aead.Open(nil, nonce, frame[head:], aad)
	if err != nil {
		s.fail("session %x, counter %d does not open", h.Session, h.Counter)
		return
	}
	at := fmt.Sprintf("%s %d", of.key, h.Counter)
	if was, ok := s.sealed[at]; ok {
		s.fail("session %x, counter %d sealed twice, the same plaintext: %v", h.Session, h.Counter, was == string(plain))
	}
	s.sealed[at] = string(plain)
}

// tapped is a box's link behind which everything it sends is seen first.
type tapped struct {
	*outboxtest.Net
	seals *seals
}

// Publish implements outbox.Link.
func (l tapped) Publish(f []byte) error {
	l.seals.see(wire.DirUp, f)
	return l.Net.Publish(f)
}

// sender is one of several machines that have the box's keys: the box, or a copy of its card.
type sender struct {
	net  *outboxtest.Net
	log  *outboxtest.Log
	kept *outboxtest.Box
	last wire.Epoch // incarnation
	stop func()
}

// chaos is the real centre and real outboxes with one box's keys, of which one and
// another is restored from older copies, and the centre too.
type chaos struct {
	t        *testing.T
	rng      *rand.Rand
	seals    *seals
	box, hub *keyfile.Private
	machines []*sender
	path     string
	db       *db.DB
	stopHub  func()
	log      *testlog.Log

	mu sync.Mutex
	in *ingest.Ingest
}

// Publish implements ingest.Link: every machine with the name hears it.
func (c *chaos) Publish(_ string, f []byte) error {
	c.seals.see(wire.DirDown, f)
	for _, m := range c.machines {
		m.net.Deliver(f)
	}
	return nil
}

func newChaos(t *testing.T, seed uint64) *chaos {
	t.Helper()
	c := &chaos{t: t, rng: rand.New(rand.NewPCG(seed, 5)), path: filepath.Join(t.TempDir(), "hub.db"), log: testlog.New(t)}
	var err, err2 error
	c.box, err = keyfile.Generate("tram-01")
	c.hub, err2 = keyfile.Generate("hub")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	c.seals = newSeals(t, c.box, c.hub)
	for i := range 2 { // the second is a copy, at first without power
		m := &sender{net: outboxtest.NewNet(t, seed+uint64(i)), log: outboxtest.NewLog(), kept: outboxtest.NewBox(), stop: func() {}}
		m.log.Epoch = wire.Epoch{1}
		m.net.Hub = func(f []byte) {
			c.mu.Lock()
			in := c.in
			c.mu.Unlock()
			if in != nil {
				in.Handle("cb/1/tram-01/up", f)
			}
		}
		c.machines = append(c.machines, m)
	}
	c.open()
	p := c.box.Public()
	if err := c.db.AddBox(t.Context(), "tram-01", hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now()); err != nil {
		t.Fatal(err)
	}
	c.startHub()
	return c
}

func (c *chaos) open() {
	c.t.Helper()
	var err error
	if c.db, err = db.Open(c.t.Context(), c.path); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) startHub() {
	in := ingest.New(ingest.Options{DB: c.db, Link: c, Identity: c.hub.Identity, HPKE: c.hub.HPKE, Log: c.log.Logger()})
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	<-in.Ready()
	c.mu.Lock()
	c.in = in
	c.mu.Unlock()
	in.Announce(ctx)
	c.stopHub = func() {
		c.mu.Lock()
		c.in = nil
		c.mu.Unlock()
		cancel()
		if err := <-done; err != nil {
			c.t.Error(err)
		}
	}
}

// restoreHub is a centre that goes on with yesterday's database, if there is one.
func (c *chaos) restoreHub(keep bool) {
	c.stopHub()
	if err := c.db.Close(); err != nil {
		c.t.Fatal(err)
	}
	from, to := c.path+".backup", c.path
	if keep {
		from, to = to, from
	}
	if b, err := os.ReadFile(from); err == nil {
		if err := os.WriteFile(to, b, 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	c.open()
	c.startHub()
}

// start runs one as a new process does.
func (c *chaos) start(m *sender) {
	c.t.Helper()
	m.stop()
	o := outbox.Opts{
		Box: "tram-01", Identity: c.box.Identity, HPKE: c.box.HPKE, Hub: c.hub.Public(), Epoch: m.log.Epoch, Branch: m.log.Branch, Line: m.log,
		Parent: m.last, Incarnation: freshEpoch(), Tip: m.log.Size(), Log: m.log, Link: tapped{m.net, c.seals},
		Keeper: m.kept, Applier: m.kept, Rand: c.rng.Float64, Logger: c.log.Logger(),
	}
	m.last = o.Incarnation
	out, err := outbox.New(o)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- out.Run(ctx) }()
	<-out.Ready()
	m.stop = func() {
		cancel()
		if err := <-done; err != nil {
			c.t.Error(err)
		}
		m.stop = func() {}
	}
}

func (c *chaos) step(backup *sender) {
	m := c.machines[c.rng.IntN(2)]
	switch c.rng.IntN(12) {
	case 0:
		m.net.Connect(c.rng.IntN(3) > 0)
	case 1, 2:
		m.net.Set(outboxtest.Faults{
			Drop: c.rng.Float64() / 3, Repeat: c.rng.Float64() / 3, Garble: c.rng.Float64() / 10,
			Delay: time.Duration(c.rng.IntN(1000)) * time.Millisecond, Jitter: time.Duration(c.rng.IntN(2000)) * time.Millisecond,
		})
	case 3, 4:
		c.start(m)
	case 5:
		c.stopHub()
		c.startHub()
	case 6:
		c.restoreHub(c.rng.IntN(2) == 0)
	case 7: // a backup is made
		backup.log, backup.kept = m.log.CutBack(int(m.log.Size())), m.kept.Copy()
	case 8: // and comes back: into the box that it was made of, or another
		if backup.log != nil {
			m.stop()
			m.log, m.kept = backup.log.CutBack(int(backup.log.Size())), backup.kept.Copy()
			c.start(m)
			m.net.Connect(true)
		}
	case 9:
		c.mu.Lock()
		in := c.in
		c.mu.Unlock()
		if _, err := in.Push(c.t.Context(), "tram-01", sampleRows()); err != nil {
			c.t.Fatal(err)
		}
	default:
		m.log.Append(1+c.rng.IntN(40), 50+c.rng.IntN(400))
	}
	time.Sleep(time.Duration(c.rng.IntN(20_000)) * time.Millisecond)
}

// TestNoKeyAndNonceSealsTwice: through resends, restarts of either side, restores of
// either side from older copies, and a clone that speaks at the same time, no key and
// nonce seal a second plaintext, up or down. Every frame that is handed to the link is
// opened and remembered.
func TestNoKeyAndNonceSealsTwice(t *testing.T) {
	seeds, steps := uint64(6), 60
	if os.Getenv("CLINICBOX_SOAK") != "" {
		seeds, steps = 100, 200
	}
	if testing.Short() {
		seeds = 2
	}
	sessions, frames := 0, 0
	for seed := range seeds {
		synctest.Test(t, func(t *testing.T) {
			c := newChaos(t, 900+seed)
			c.start(c.machines[0])
			c.machines[0].net.Connect(true)
			backup := &sender{}
			for range steps {
				c.step(backup)
			}
			for _, m := range c.machines {
				m.stop()
			}
			c.stopHub()
			if err := c.db.Close(); err != nil {
				t.Error(err)
			}
			sessions += len(c.seals.sessions)
			frames += len(c.seals.sealed)
		})
	}
	fmt.Fprintf(t.Output(), "%d sessions, %d sealed frames\n", sessions, frames)
	if sessions < 15*int(seeds) || frames < 80*int(seeds) {
		t.Errorf("too little happened: %d sessions, %d frames", sessions, frames)
	}
}

// TestSealsAreCompared: the test above can fail.
func TestSealsAreCompared(t *testing.T) {
	failed := 0
	box, err := keyfile.Generate("tram-01")
	hub, err2 := keyfile.Generate("hub")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	frame, s, err := wire.StartSession(hub.Public().HPKE, box.Identity, wire.Start{Dir: wire.DirUp, Box: "tram-01"})
	if err != nil {
		t.Fatal(err)
	}
	one := newSeals(t, box, hub)
	one.see(wire.DirUp, frame)
	f, err := s.Seal(wire.Ping{})
	if err != nil {
		t.Fatal(err)
	}
	one.see(wire.DirUp, f)
	if len(one.sealed) != 1 || len(one.sessions) != 1 {
		t.Fatal("not seen")
	}
	for at := range one.sealed {
		one.sealed[at] = "something else"
	}
	one.fail = func(string, ...any) { failed++ }
	one.see(wire.DirUp, f)
	if failed != 1 {
		t.Error("a nonce that sealed something else is not noticed")
	}
}
