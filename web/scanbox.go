package web

import (
	"sync"
	"time"

	"clinicbox/clinic"
)

const (
	scansKept = 16
	scanFresh = 2 * time.Minute // after that nobody waits for it any more
	scanLife  = 30 * time.Minute
)

// scanBox holds the last scans until somebody opens them. It holds personal data,
// in memory only.
type scanBox struct {
	mu   sync.Mutex
	last []scanned // oldest first
	more chan struct{}
}

type scanned struct {
	id    clinic.ID
	raw   []byte
	at    time.Time
	taken bool
}

func newScanBox() *scanBox { return &scanBox{more: make(chan struct{})} }

// Scanned takes in what the scanner read, at any moment; it does not wait.
func (s *Server) Scanned(raw []byte) { s.scans.add(raw, false) }

func (b *scanBox) add(raw []byte, taken bool) clinic.ID {
	x := scanned{id: clinic.NewID(), raw: append([]byte(nil), raw...), at: time.Now(), taken: taken}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = append(b.last, x)
	if len(b.last) > scansKept {
		b.last = append([]scanned(nil), b.last[len(b.last)-scansKept:]...)
	}
	if !taken {
		close(b.more)
		b.more = make(chan struct{})
	}
	return x.id
}

// fresh returns the newest scan that nobody opened, and a channel that is closed
// at the next one.
func (b *scanBox) fresh() (scanned, bool, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.last); n > 0 && !b.last[n-1].taken && time.Since(b.last[n-1].at) < scanFresh {
		return b.last[n-1], true, b.more
	}
	return scanned{}, false, b.more
}

// take returns a scan and marks it as opened.
func (b *scanBox) take(id clinic.ID) ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.last {
		if x := &b.last[i]; x.id == id && time.Since(x.at) < scanLife {
			x.taken = true
			return x.raw, true
		}
	}
	return nil, false
}
