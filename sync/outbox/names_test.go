package outbox_test

import (
	"testing"
	"time"

	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// TestStartTellsWhatFramesLeaveOut: how identifiers are drawn, where that is now, and the
// seed of the last segment.
func TestStartTellsWhatFramesLeaveOut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.net.Set(mobile)
		at := uint64(70)
		r.opts.Naming = func() wire.Naming { return wire.Naming{Key: wire.Hash{5}, From: at} }
		r.log.Append(120, 60)
		r.start()
		r.net.Connect(true)
		r.settle(time.Minute)
		seed := entry.Seed{2, 1}
		s := r.hub.Begun()
		if s.Naming == nil || s.Naming.Key != (wire.Hash{5}) || s.Naming.From != 70 {
			t.Errorf("naming %+v", s.Naming)
		}
		if len(s.Common) != 1 || string(s.Common[0]) != string(seed[:]) {
			t.Errorf("common %x", s.Common)
		}
		r.same()
		at = 90
		r.restart()
		r.settle(time.Minute)
		if s := r.hub.Begun(); s.Naming.From != 90 {
			t.Errorf("the next start says %d", s.Naming.From)
		}
		r.stop()
	})
}
