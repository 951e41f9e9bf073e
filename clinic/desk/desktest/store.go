// Package desktest holds honest stand-ins for what the desk speaks to: a store in
// memory, a clock, PINs, a print queue, and the contract suite that every
// desk.Store must pass.
package desktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
)

// ErrFault is what a planned fault returns.
var ErrFault = errors.New("desktest: planned fault")

// Fault tells what the next Act does.
type Fault int

// The faults come in a pair: the caller cannot tell one from the other.
const (
	FaultNone       Fault = iota
	FaultNotApplied       // fails, nothing saved
	FaultApplied          // fails, though everything was saved
)

// Store is a desk.Store in memory. Every body goes through its journal form, so a
// body that cannot be kept fails here too.
type Store struct {
	mu      sync.RWMutex
	clock   desk.Clock
	seed    entry.Seed
	records []raw
	acts    map[clinic.ID][]int // places of an act's records
	hlc     uint64
	fault   Fault
	after   int // acts that come before the faulty one
}

// raw is an entry as its journal form gives it back. It is decoded once: readers
// share it, so that one who changes what it read is found by the race detector.
type raw struct {
	record clinic.Record
	leaf   clinic.Leaf
	lost   bool // can no longer be read
}

var _ desk.Store = (*Store)(nil)

// NewStore returns an empty store.
func NewStore(c desk.Clock) *Store {
	return &Store{clock: c, acts: map[clinic.ID][]int{}, seed: entry.Seed{1}}
}

// Plan makes the next Act fail.
func (s *Store) Plan(f Fault) { s.PlanAt(0, f) }

// PlanAt makes an Act fail after n others.
func (s *Store) PlanAt(n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.after, s.fault = n, f
}

// Len returns the number of entries.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.records)
}

// Head implements desk.Witness with a root that depends on every entry.
func (s *Store) Head() (clinic.TreeHead, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.head(len(s.records)), nil
}

// Keeps implements desk.Witness.
func (s *Store) Keeps(h clinic.TreeHead) (bool, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if h.Log != s.head(0).Log {
		return true, nil
	}
	return h.Size <= uint64(len(s.records)) && bytes.HasPrefix(s.head(int(h.Size)).Root, h.Root), nil
}

func (s *Store) head(size int) clinic.TreeHead {
	var root [32]byte
	for _, r := range s.records[:size] {
		for i := range root {
			root[i] = root[i]*31 + r.leaf[i]
		}
	}
	return clinic.TreeHead{Log: [8]byte{1}, Size: uint64(size), Root: root[:]}
}

// View implements desk.Store.
func (s *Store) View(ctx context.Context, f func(desk.Reader) error) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("desktest: view: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.read(f)
}

func (s *Store) read(f func(desk.Reader) error) error {
	r := &reader{every: s.decoded(0, len(s.records))}
	r.all = r.every
	if slices.ContainsFunc(s.records, func(x raw) bool { return x.lost }) {
		r.all = nil
		for _, rec := range r.every {
			if s.records[rec.Ref.Index].lost {
				r.lost = append(r.lost, rec)
			} else {
				r.all = append(r.all, rec)
			}
		}
	}
	defer func() { r.dead = true }()
	return f(r)
}

// Act implements desk.Store.
func (s *Store) Act(ctx context.Context, act, author clinic.ID, f func(desk.Reader) ([]clinic.Draft, error)) (desk.Saved, error) {
	if err := ctx.Err(); err != nil {
		return desk.Saved{}, fmt.Errorf("desktest: act: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if places, ok := s.acts[act]; ok {
		return desk.Saved{Records: s.at(places), Again: true}, nil
	}
	fault := FaultNone
	if s.after--; s.after < 0 {
		fault, s.fault = s.fault, FaultNone
	}
	if fault == FaultNotApplied {
		return desk.Saved{}, ErrFault
	}
	var drafts []clinic.Draft
	err := s.read(func(r desk.Reader) (err error) {
		drafts, err = f(r)
		return err
	})
	if err == nil && len(drafts) > desk.MostDrafts {
		err = fmt.Errorf("desktest: %d drafts in one act", len(drafts))
	}
	if err != nil {
		return desk.Saved{}, err
	}
	places, err := s.append(act, author, drafts)
	if err != nil {
		return desk.Saved{}, err
	}
	if fault == FaultApplied {
		return desk.Saved{}, ErrFault
	}
	return desk.Saved{Records: s.at(places)}, nil
}

// append encodes all drafts before it keeps one.
func (s *Store) append(act, author clinic.ID, drafts []clinic.Draft) ([]int, error) {
	now, trusted := s.clock.Now()
	hlc := max(uint64(now.UnixMilli())<<16, s.hlc+1)
	var add []raw
	var places []int
	for i, d := range drafts {
		if d.Event.IsZero() {
			d.Event = now
		}
		b, err := entry.Encode(d, act, author, hlc+uint64(i), trusted)
		if err != nil {
			return nil, err
		}
		n := len(s.records) + i
		salt := s.seed.Salt(uint32(n))
		leaf := entry.LeafHash(salt, b)
		r, err := entry.Decode(b, clinic.Ref{Journal: clinic.Own, Index: uint64(n)}, leaf)
		if err != nil {
			return nil, fmt.Errorf("desktest: what was encoded does not decode: %w", err)
		}
		add = append(add, raw{record: r, leaf: leaf})
		places = append(places, n)
	}
	s.hlc = hlc + uint64(len(drafts))
	s.records = append(s.records, add...)
	s.acts[act] = places
	return places, nil
}

// Fill adds entries of this box that are of no person, in acts as large as may be.
func (s *Store) Fill(drafts ...clinic.Draft) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for chunk := range slices.Chunk(drafts, desk.MostDrafts) {
		if _, err := s.append(clinic.NewID(), clinic.ID{}, chunk); err != nil {
			return err
		}
	}
	return nil
}

// Receive adds entries that another box made.
func (s *Store) Receive(author clinic.ID, drafts ...clinic.Draft) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	places, err := s.append(clinic.NewID(), author, drafts)
	for _, n := range places {
		s.records[n].record.Ref.Journal = clinic.In
	}
	return err
}

// Lose makes an entry unreadable, as damage does.
func (s *Store) Lose(leaf clinic.Leaf) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.records {
		if s.records[i].leaf == leaf {
			s.records[i].lost = true
			return true
		}
	}
	return false
}

func (s *Store) at(places []int) []clinic.Record {
	if len(places) == 0 {
		return nil
	}
	return s.decoded(places[0], places[len(places)-1]+1)
}

func (s *Store) decoded(from, to int) []clinic.Record {
	out := make([]clinic.Record, 0, to-from)
	for _, r := range s.records[from:to] {
		out = append(out, r.record)
	}
	return out
}
