package ingest

import (
	"context"
	"crypto/rand"
	"time"

	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// Sets bring what the boxes of a facility share. They have no sequence: what is lost
// goes out again, what comes twice is known at the box. They leave room on the link: the
// window shrinks while acknowledgements are slow, so that receipts, orders and the stream
// in sequence wait for seconds at most.
const (
	setBytes   = 40 << 10 // of entries in a frame, before compression
	setEntries = 256
	setLeast   = 4 << 10  // bytes on the way
	setMost    = 64 << 10 //
	setQuick   = 2500 * time.Millisecond
	setSlow    = 5 * time.Second
	countEvery = 10 * time.Second
	setFirst   = 10 * time.Second // without an acknowledgement, doubling to retryMax
)

// sets is what is on the way to a box. Only the goroutine that drains it touches it.
type sets struct {
	flight map[wire.Epoch]flown
	keys   map[owedKey]bool // on the way
	bytes  int
	window int
	left   int       // entries owed, those on the way included
	asked  time.Time // when the database was asked for left
	retry  time.Time
	gap    time.Duration
}

type owedKey struct {
	stream int64
	index  uint64
}

type flown struct {
	es    []hub.Owed
	bytes int
	at    time.Time
}

// land forgets what is on the way.
func (s *sets) land() {
	*s = sets{gap: s.gap, retry: s.retry}
}

// fresh lets sets go out at once: the box speaks.
func (b *box) freshSets() {
	b.sets.land()
	b.sets.gap, b.sets.retry = 0, time.Time{}
}

// takesSets tells that the box's program knows sets, as its session says.
func (b *box) takesSets() bool {
	return len(b.up) > 0 && b.up[len(b.up)-1].start.Features.Has(wire.FeatureSets)
}

// receded gives a box again what it lost: it was restored from a copy, or what it
// received cannot be read any more. After an error the box must tell its size again before
// it receives anything, which would hide what it lacks.
func (b *box) receded(ctx context.Context, s *wire.Start) error {
	if !s.Features.Has(wire.FeatureSets) {
		return nil
	}
	n, err := b.in.DB.Receded(ctx, b.name, s.Received)
	if err == nil && n > 0 {
		b.in.Log.Warn("a box lost what it had received of its facility", "box", b.name, "has", s.Received, "again", n)
		b.freshSets()
	}
	return err
}

// pumpSets sends what the window allows, and once more what was not acknowledged.
func (b *box) pumpSets(ctx context.Context) {
	s, now := &b.sets, b.in.Now()
	if b.row.Revoked != 0 || b.down.Sealer == nil || !b.takesSets() || now.Before(s.retry) && len(s.flight) == 0 {
		return
	}
	if d := now.Sub(b.down.startAt); !b.down.aligned && d >= 0 && d < retryFirst {
		return // nothing is to overtake the start
	}
	if len(s.flight) > 0 && !now.Before(s.retry) {
		s.gap = min(max(2*s.gap, setFirst), retryMax)
		s.land()
		s.retry = now.Add(s.gap)
	}
	if s.flight == nil {
		s.flight, s.keys = map[wire.Epoch]flown{}, map[owedKey]bool{}
	}
	s.window = max(s.window, setLeast)
	for s.bytes < s.window {
		more, err := b.sendSet(ctx)
		if err != nil {
			b.in.failed(ctx, "share", err)
			return
		}
		if !more {
			return
		}
	}
}

// held is what waits for the box's next month: rows of catalogues, which no other entry
// needs to be understood.
func (b *box) held() hub.Ranks {
	b.in.mu.Lock()
	defer b.in.mu.Unlock()
	if b.spent.Budget.Holds(wire.ClassCatalogues) {
		return hub.ClassLists.Ranks()
	}
	return hub.Ranks{}
}

// sendSet sends one set; false when nothing is to be sent.
func (b *box) sendSet(ctx context.Context) (bool, error) {
	s := &b.sets
	es, err := b.in.DB.Owed(ctx, b.name, b.held(), len(s.keys)+setEntries)
	if err != nil {
		return false, err
	}
	m := wire.Set{Box: b.name}
	rand.Read(m.ID[:]) // never fails since Go 1.24
	var out []hub.Owed
	room, limit := 0, min(setBytes, 2*s.window)
	for i := range es {
		e := &es[i]
		if s.keys[owedKey{e.Stream, e.Index}] {
			continue
		}
		if room += len(e.Bytes) + 32; room > limit && len(out) > 0 || len(out) == setEntries {
			break
		}
		out = append(out, *e)
		m.Entries = append(m.Entries, wire.Salted{Salt: wire.Salt(e.Salt), Bytes: e.Bytes})
	}
	if len(out) == 0 {
		return false, nil
	}
	now := b.in.Now()
	if d := now.Sub(s.asked); s.left < len(s.keys)+len(out) || d < 0 || d > countEvery {
		if s.left, err = b.in.DB.OwedCount(ctx, b.name); err != nil {
			return false, err
		}
		s.asked = now
	}
	m.Left = uint64(max(s.left-len(s.keys)-len(out), 0))
	signed, err := m.Sign(b.in.Identity)
	if err != nil {
		return false, err
	}
	f, err := b.down.Seal(signed)
	if err != nil {
		return false, err
	}
	if len(s.flight) == 0 && !b.down.aligned {
		b.publish(b.down.frame) // the box may have missed it
	}
	if len(s.flight) == 0 {
		s.retry = now.Add(max(s.gap, setFirst))
	}
	s.flight[m.ID] = flown{out, len(f), now}
	s.bytes += len(f)
	for i := range out {
		s.keys[owedKey{out[i].Stream, out[i].Index}] = true
	}
	b.publish(f)
	return true, nil
}

// setAck notes what the box has.
func (b *box) setAck(ctx context.Context, a wire.SetAck) {
	s, now := &b.sets, b.in.Now()
	for _, id := range a.IDs {
		f, ok := s.flight[id]
		if !ok {
			continue
		}
		if err := b.in.DB.Delivered(ctx, b.name, f.es, a.Received); err != nil {
			b.in.failed(ctx, "delivered", err)
			return // it goes out again
		}
		delete(s.flight, id)
		s.bytes -= f.bytes
		s.left -= len(f.es)
		for i := range f.es {
			delete(s.keys, owedKey{f.es[i].Stream, f.es[i].Index})
		}
		switch took := now.Sub(f.at); {
		case took < setQuick:
			s.window = min(2*s.window, setMost)
		case took > setSlow:
			s.window = max(s.window/2, setLeast)
		}
		s.gap, s.retry = 0, time.Time{}
		if len(s.flight) > 0 {
			s.retry = now.Add(setFirst)
		}
	}
	b.pumpSets(ctx)
}
