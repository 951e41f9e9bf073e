// Package budget counts what the link of a box costs, by class and month, against a
// cap, and says what has to wait.
//
// What is counted is what the interface counts: the total comes from the connection, the
// classes from who makes frames, and what is left is the link's own: TLS, MQTT, packets,
// keepalives, questions and answers of sync, heartbeats. A month is one of the centre's
// time. While that is not known, what is used stands apart and belongs to the month that
// is known first; a clock that is wrong neither loses nor doubles anything.
package budget

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"clinicbox/sync/wire"
)

// waitsAt is the share of the cap, in percent, from which on a class waits; 0 is never.
func waitsAt(c wire.Class) int64 {
	switch c {
	case wire.ClassImages:
		return 70
	case wire.ClassUpdates:
		return 80
	case wire.ClassCatalogues:
		return 90
	}
	return 0
}

// keep is how many months stay known.
const keep = 13

// Month is what was used in one. Total counts all; of a class is known what its frames
// had.
type Month struct {
	Total int64                    `json:"total"`
	Of    map[wire.Class]int64     `json:"of,omitempty"`
	Since map[wire.Class]time.Time `json:"since,omitempty"` // from when on it waited
}

func (m *Month) add(o Month) {
	m.Total += o.Total
	if m.Of == nil {
		m.Of = map[wire.Class]int64{}
	}
	for c, n := range o.Of {
		m.Of[c] += n
	}
}

// Options of New.
type Options struct {
	Cap  int64                    // bytes a month; 0 is none
	Now  func() (time.Time, bool) // the centre's time, false while it is not known
	Zone *time.Location           // of the month
}

// Meter counts. Its methods may be called from any goroutine.
type Meter struct {
	o Options

	mu      sync.Mutex
	months  map[string]*Month // by 2006-01; "" is not dated yet
	latest  string            // month
	wire    int64             // highest total of this process's connection
	changed bool              // since it was kept
}

// New returns a meter that has counted nothing.
func New(o Options) *Meter { return &Meter{o: o, months: map[string]*Month{}} }

// present returns the month to count in; mu is held.
func (m *Meter) present() *Month {
	now, known := m.o.Now()
	if known {
		m.latest = now.In(m.o.Zone).Format("2006-01")
		if loose := m.months[""]; loose != nil {
			delete(m.months, "")
			m.of(m.latest).add(*loose)
		}
		return m.of(m.latest)
	}
	return m.of("")
}

func (m *Meter) of(key string) *Month {
	if m.months[key] == nil {
		m.months[key] = &Month{Of: map[wire.Class]int64{}}
		for keys := slices.Sorted(maps.Keys(m.months)); len(keys) > keep; keys = keys[1:] {
			if keys[0] != "" && keys[0] != key {
				delete(m.months, keys[0])
			}
		}
	}
	return m.months[key]
}

// Frame counts a frame of a class: bytes that are also in what Wire tells.
func (m *Meter) Frame(c wire.Class, bytes int) {
	if c == wire.ClassLink || bytes <= 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.present().Of[c] += int64(bytes)
	m.changed = true
}

// Wire tells what the connection has cost since the process began, both ways. A smaller
// number than before is an instant between two connections and counts nothing.
func (m *Meter) Wire(total int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	month := m.present()
	if total <= m.wire {
		return
	}
	month.Total += total - m.wire
	m.wire, m.changed = total, true
	m.mark(month)
}

// mark notes since when classes wait; mu is held.
func (m *Meter) mark(month *Month) {
	used := m.used()
	now, _ := m.o.Now()
	for _, c := range wire.Classes() {
		if !m.over(c, used) {
			continue
		}
		if month.Since == nil {
			month.Since = map[wire.Class]time.Time{}
		}
		if _, ok := month.Since[c]; !ok {
			month.Since[c] = now.UTC().Truncate(time.Second)
		}
	}
}

func (m *Meter) over(c wire.Class, used int64) bool {
	at := waitsAt(c)
	return at > 0 && m.o.Cap > 0 && used >= m.o.Cap/100*at
}

// used is what the present month has used, what is not dated included; mu is held.
func (m *Meter) used() (n int64) {
	for _, key := range []string{m.latest, ""} {
		if o := m.months[key]; o != nil {
			n += o.Total
		}
		if m.latest == "" {
			break
		}
	}
	return n
}

// Use is what was used of one class.
type Use struct {
	Class wire.Class
	Bytes int64
	Waits bool
	Since time.Time // from when on it waits
}

// State is what a month has used.
type State struct {
	Month string // 2006-01; empty while the centre's time was never known
	Cap   int64
	Used  int64
	Of    []Use // every class
}

// State returns the present month.
func (m *Meter) State() State {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.present()
	s := State{Month: m.latest, Cap: m.o.Cap, Used: m.used()}
	all := Month{Of: map[wire.Class]int64{}}
	since := map[wire.Class]time.Time{}
	for _, key := range slices.Compact([]string{"", m.latest}) {
		if o := m.months[key]; o != nil {
			all.add(*o)
			maps.Copy(since, o.Since)
		}
	}
	rest := s.Used
	for _, n := range all.Of {
		rest -= n
	}
	all.Of[wire.ClassLink] = max(rest, 0) // frames that were lost before they were sent count, too
	for _, c := range wire.Classes() {
		u := Use{Class: c, Bytes: all.Of[c], Waits: m.over(c, s.Used)}
		if u.Waits {
			u.Since = since[c]
		}
		s.Of = append(s.Of, u)
	}
	return s
}

// Waits reports whether a class has to wait for the next month.
func (m *Meter) Waits(c wire.Class) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.present()
	return m.over(c, m.used())
}

// kept is the form in which months are kept.
type kept struct {
	Months map[string]*Month `json:"months"`
	Latest string            `json:"latest"`
}

// Restore adds what was kept to what was counted since; call it once.
func (m *Meter) Restore(b []byte) error {
	var k kept
	if len(b) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, &k); err != nil {
		return fmt.Errorf("budget: what was kept: %w", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, month := range k.Months {
		if month == nil {
			continue
		}
		to := m.of(key)
		to.add(*month)
		if to.Since == nil {
			to.Since = month.Since
		}
	}
	m.latest = max(m.latest, k.Latest)
	return nil
}

// Keep returns what must be kept, nil when nothing has changed since the last time.
func (m *Meter) Keep() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.changed {
		return nil
	}
	b, err := json.Marshal(kept{m.months, m.latest})
	if err != nil {
		return nil // of maps and numbers: cannot fail
	}
	m.changed = false
	return b
}
