package proof

import (
	"testing"
	"time"
)

// TestClassicTLS: a box that must save says so in its configuration, and connecting
// costs the two kilobytes less that it is for.
func TestClassicTLS(t *testing.T) {
	w := newWorld(t, 3, "")
	w.begins()
	w.agree()
	usual := w.reconnects()
	w.stopBox()
	w.startBox(w.cable.Addr(), "classic_tls = true")
	w.agree()
	classic := w.reconnects()
	t.Logf("connecting again takes %d bytes, %d with X25519 alone", usual, classic)
	if usual-classic < 1800 {
		t.Errorf("connecting again takes %d bytes, and %d with X25519 alone", usual, classic)
	}
}

// reconnects is what passes the line when the link comes back and nothing is to be sent.
func (w *world) reconnects() int64 {
	w.t.Helper()
	w.cable.Set(false)
	w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
	before := w.line.up.Load() + w.line.down.Load()
	w.cable.Set(true)
	w.box.Reconnect()
	w.agree()
	return w.line.up.Load() + w.line.down.Load() - before
}
