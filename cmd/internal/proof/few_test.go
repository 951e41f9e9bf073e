package proof

import (
	"testing"
	"time"
)

// TestVisitsCostFewBytes: what the box draws its identifiers by is what it tells the
// centre, and both programs speak the newest form. Sixteen bytes for each act would be
// 180 bytes a visit more.
func TestVisitsCostFewBytes(t *testing.T) {
	w := newWorld(t, 40, "")
	w.begins()
	w.agree()
	away := func() {
		w.cable.Set(false)
		w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
	}
	back := func() int64 {
		before := w.line.up.Load() + w.line.down.Load()
		w.cable.Set(true)
		w.box.Reconnect()
		w.agree()
		return w.line.up.Load() + w.line.down.Load() - before
	}
	away()
	connect := back() // the same whatever waits
	away()
	const visits = 25
	w.days(1, visits)
	w.rests()
	if each := (back() - connect) / visits; each > 280 {
		t.Errorf("%d bytes for a signed visit", each)
	}
}
