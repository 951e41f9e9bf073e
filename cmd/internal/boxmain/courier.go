package boxmain

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"clinicbox/device/identity"
	"clinicbox/device/task"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/courier"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
	"clinicbox/web"
)

// Times of the courier.
const (
	stickLook  = 3 * time.Second  // between looks for sticks
	stickFresh = 10 * time.Minute // a stick that stays in gets what is new so often
	stickAgain = time.Minute      // after trouble
)

// carriedSync is the outbox as the courier sees it.
type carriedSync struct{ *outbox.Outbox }

var _ courier.Sync = carriedSync{}

// Received implements courier.Sync.
func (s carriedSync) Received() uint64 { return s.Truths().Received }

// Place implements courier.Sync.
func (s carriedSync) Place(ctx context.Context) (courier.Mark, []byte, error) {
	c, err := s.Outbox.Place(ctx)
	return courier.Mark{Epoch: c.Epoch, Next: c.Next}, c.Known(), err
}

// Receipt implements courier.Sync.
func (s carriedSync) Receipt(ctx context.Context, r wire.SignedReceipt) error {
	return s.CarryReceipt(ctx, r)
}

// Down implements courier.Sync.
func (s carriedSync) Down(ctx context.Context, st wire.Start, m wire.SignedDown) (courier.Took, error) {
	is, err := s.CarryDown(ctx, st, m)
	return map[outbox.Carried]courier.Took{
		outbox.CarriedApplied: courier.Applied, outbox.CarriedKnown: courier.Known,
		outbox.CarriedEarly: courier.Early, outbox.CarriedOther: courier.Other,
	}[is], err
}

// bothKeys are the centre's keys, and the box's while it is open.
func (b *Box) bothKeys() (hub keyfile.Public, own *identity.Keys, err error) {
	hub, ok := b.vault.id.Hub()
	if !ok {
		return hub, nil, errNoCentre
	}
	_, own, err = b.vault.storage()
	return hub, own, err
}

// newCourier joins journal, outbox and keys to the courier of the box.
func (b *Box) newCourier() (*courier.Box, error) {
	hub, keys, err := b.bothKeys()
	if err != nil {
		return nil, err
	}
	note, err := b.vault.subkey("courier")
	if err != nil {
		return nil, err
	}
	o := courier.Options{
		Box: b.cfg.Box.Name, Identity: keys.Private.Identity, HPKE: keys.Private.HPKE, Hub: hub, Agent: Version(),
		Line: func() (wire.Epoch, *wire.Branch) { return b.store.Epoch(), b.branch() }, Log: upload{b.store.Own()}, Sync: carriedSync{b.outbox}, Note: note,
		Now: func() time.Time { t, _ := b.clock.Now(); return t },
	}
	o.Incarnation, o.Parent, o.Tip = b.store.Incarnation()
	return courier.NewBox(o), nil
}

// buildCourier makes the task that looks for sticks.
func (b *Box) buildCourier() (task.Task, error) {
	c, err := b.newCourier()
	if err != nil {
		return nil, err
	}
	s := &sticks{b: b, courier: c, find: b.o.Sticks, known: map[string]*stick{}, wake: make(chan struct{}, 1)}
	if s.find == nil {
		s.find = func() ([]string, error) { return mounted(stickDirs(b.cfg.Courier.Dirs)) }
	}
	b.sticks = s
	return task.Plain("courier", s.run), nil
}

// sticks are the sticks that are plugged in.
type sticks struct {
	b       *Box
	courier *courier.Box
	find    func() ([]string, error)
	wake    chan struct{}

	mu    sync.Mutex
	known map[string]*stick // by folder
}

// stick is what is known of one.
type stick struct {
	id, dir string
	busy    bool
	asked   bool // somebody wants it to be used, or tried again
	tried   bool
	at      time.Time // of the last visit
	size    uint64    // of the journal then
	visit   courier.Visit
	brought courier.Visit // all that it brought since it was plugged in
	err     error
}

// run looks for sticks and serves one after the other.
func (s *sticks) run(ctx context.Context) error {
	every := stickLook
	if s.b.o.Sticks != nil {
		every /= 30
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		s.look()
		for _, k := range s.due() {
			s.serve(ctx, k)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-tick.C:
		}
	}
}

// look notes which sticks are there.
func (s *sticks) look() {
	dirs, err := s.find()
	if err != nil {
		s.b.log.Error("sticks", "err", err)
		return
	}
	data, second := fileSystem(s.b.cfg.Data.Dir), uint64(0)
	if s.b.cfg.Copy.Dir != "" {
		second = fileSystem(s.b.cfg.Copy.Dir)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for dir := range s.known {
		if !slices.Contains(dirs, dir) {
			delete(s.known, dir)
		}
	}
	for _, dir := range dirs {
		// The records' own disk is no stick, and neither is the second medium.
		if d := fileSystem(dir); s.known[dir] == nil && (s.b.o.Sticks != nil || d != 0 && d != data && d != second) {
			sum := sha256.Sum256([]byte(dir))
			s.known[dir] = &stick{id: hex.EncodeToString(sum[:6]), dir: dir}
		}
	}
}

// due returns the sticks that are to be served now.
func (s *sticks) due() (out []*stick) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, size := time.Now(), s.b.store.Own().Size()
	for _, k := range s.known {
		since := now.Sub(k.at)
		switch {
		case !k.tried, k.asked:
		case errors.Is(k.err, courier.ErrNone), k.err == nil && (size == k.size || since < stickFresh), k.err != nil && since < stickAgain:
			continue
		}
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b *stick) int { return a.at.Compare(b.at) })
	return out
}

// serve visits a stick.
func (s *sticks) serve(ctx context.Context, k *stick) {
	size := s.b.store.Own().Size()
	s.mu.Lock()
	k.busy = true
	asked := k.asked
	s.mu.Unlock()
	v, err := s.visit(ctx, k.dir, asked)
	s.mu.Lock()
	k.busy, k.asked, k.tried, k.at, k.size, k.visit, k.err = false, false, true, time.Now(), size, v, err
	k.brought.Received += v.Received
	k.brought.Entries += v.Entries
	s.mu.Unlock()
	switch {
	case ctx.Err() != nil, errors.Is(err, courier.ErrNone):
	case err != nil:
		s.b.log.Warn("stick", "err", err)
	default:
		s.b.log.Info("stick", "entries", v.Up.Next-v.Up.First, "bytes", v.Up.Bytes, "confirmed", v.Received, "received", v.Entries)
	}
}

func (s *sticks) visit(ctx context.Context, dir string, asked bool) (v courier.Visit, err error) {
	m, err := courier.Open(dir)
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if asked {
		if err := courier.Prepare(m); err != nil {
			return v, err
		}
	}
	return s.courier.Visit(ctx, m)
}

// Plugged returns how many sticks are plugged into the box.
func (b *Box) Plugged() int { return len(stickPages{b}.Sticks()) }

// Carrying reports whether a stick is plugged in that is not done.
func (b *Box) Carrying() bool {
	return slices.ContainsFunc(stickPages{b}.Sticks(), func(k web.Stick) bool { return k.State == web.StickBusy })
}

// stickPages are the sticks as the pages see them.
type stickPages struct{ b *Box }

var _ web.Courier = stickPages{}

// Sticks implements web.Courier.
func (p stickPages) Sticks() (out []web.Stick) {
	s := p.b.sticks
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.known {
		out = append(out, k.shown())
	}
	slices.SortFunc(out, func(a, b web.Stick) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID)) })
	return out
}

// Use implements web.Courier.
func (p stickPages) Use(id string) bool {
	s := p.b.sticks
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.known {
		if k.id == id {
			k.asked = true
			select {
			case s.wake <- struct{}{}:
			default:
			}
			return true
		}
	}
	return false
}

// shown tells people of a stick, in keys.
func (k *stick) shown() web.Stick {
	up := k.visit.Up
	out := web.Stick{
		ID: k.id, Name: filepath.Base(k.dir), At: k.at, State: web.StickDone,
		Entries: up.Next - up.First, Bytes: up.Bytes, Confirmed: k.brought.Received, Arrived: k.brought.Entries,
		Missing: k.visit.Missing, Bad: k.visit.Bad,
	}
	for _, c := range []struct {
		is    bool
		state string
	}{
		{k.busy || k.asked || !k.tried, web.StickBusy},
		{errors.Is(k.err, courier.ErrNone), web.StickNew},
		{errors.Is(k.err, courier.ErrFull), web.StickFull},
		{errors.Is(k.err, courier.ErrReadOnly), web.StickReadOnly},
		{errors.Is(k.err, courier.ErrDamaged), web.StickDamaged},
		{errors.Is(k.err, courier.ErrGone), web.StickGone},
		{k.err != nil, web.StickFailed},
	} {
		if c.is {
			out.State = c.state
			break
		}
	}
	return out
}
