// Package authoritytest has the contract of authority.Store, and a store in memory
// that fails on purpose.
package authoritytest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"clinicbox/hub/authority"
)

// ErrFault is what a broken store says.
var ErrFault = errors.New("authoritytest: fault")

// Fault is one way in which a transaction goes wrong.
type Fault int

// The faults. The last two are a pair: who sees them cannot tell them apart.
const (
	None       Fault = iota
	InPut            // a row cannot be written
	InGet            // a row cannot be read
	NotApplied       // the commit failed
	Applied          // the commit took place, and its answer was lost
)

// Memory is a Store in memory. It checks that no transaction is used after its
// end and that values handed in or out are not shared.
type Memory struct {
	mu    sync.Mutex
	rows  map[string][]byte
	fault Fault
	after int // operations of the kind that still work
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{rows: map[string][]byte{}} }

// Fail makes one operation go wrong: the one of the fault's kind that follows
// after so many that work. Then the store works again.
func (m *Memory) Fail(f Fault, after int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault, m.after = f, after
}

// Failed reports whether the fault of the last Fail has happened.
func (m *Memory) Failed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.fault == None
}

// Rows returns a copy of everything kept, for comparing and searching.
func (m *Memory) Rows() map[string][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clone(m.rows)
}

// Tamper changes one row behind the authority's back.
func (m *Memory) Tamper(t authority.Table, key string, change func([]byte) []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[place(t, key)] = change(m.rows[place(t, key)])
}

// Remove deletes one row behind the authority's back.
func (m *Memory) Remove(t authority.Table, key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, place(t, key))
}

func (m *Memory) hits(f Fault) bool {
	if m.fault != f {
		return false
	}
	if m.after > 0 {
		m.after--
		return false
	}
	m.fault = None
	return true
}

// View implements authority.Store.
func (m *Memory) View(ctx context.Context, do func(authority.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	x := &tx{m: m, rows: m.rows}
	defer x.end()
	return do(x)
}

// Update implements authority.Store.
func (m *Memory) Update(ctx context.Context, do func(authority.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	x := &tx{m: m, rows: clone(m.rows), writes: true}
	defer x.end()
	if err := do(x); err != nil {
		return fmt.Errorf("authoritytest: %w", err)
	}
	switch {
	case m.hits(NotApplied):
		return ErrFault
	case m.hits(Applied):
		m.rows = x.rows
		return ErrFault
	}
	m.rows = x.rows
	return nil
}

type tx struct {
	m      *Memory
	rows   map[string][]byte
	writes bool
	ended  bool
}

func (x *tx) end() { x.ended = true }

func (x *tx) use() {
	if x.ended {
		panic("authoritytest: a transaction was used after its end")
	}
}

func (x *tx) Get(t authority.Table, key string) ([]byte, error) {
	x.use()
	if x.m.hits(InGet) {
		return nil, ErrFault
	}
	b, ok := x.rows[place(t, key)]
	if !ok {
		return nil, authority.ErrMissing
	}
	return slices.Clone(b), nil
}

func (x *tx) Put(t authority.Table, key string, value []byte) error {
	x.use()
	if !x.writes || !slices.Contains(authority.Tables(), t) || key == "" {
		return fmt.Errorf("%w: put into %q at %q", ErrFault, t, key)
	}
	if x.m.hits(InPut) {
		return ErrFault
	}
	x.rows[place(t, key)] = slices.Clone(value)
	return nil
}

func (x *tx) List(t authority.Table, prefix string, do func(string, []byte) error) error {
	x.use()
	start := place(t, "")
	for _, k := range slices.Sorted(maps.Keys(x.rows)) {
		key, ok := strings.CutPrefix(k, start)
		if !ok || !strings.HasPrefix(key, prefix) {
			continue
		}
		if err := do(key, slices.Clone(x.rows[k])); err != nil {
			return err
		}
	}
	return nil
}

func place(t authority.Table, key string) string { return string(t) + "\x00" + key }

func clone(rows map[string][]byte) map[string][]byte {
	out := make(map[string][]byte, len(rows))
	for k, v := range rows {
		out[k] = slices.Clone(v)
	}
	return out
}
