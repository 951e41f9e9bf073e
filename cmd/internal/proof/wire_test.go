package proof

import (
	"context"
	"testing"
	"time"
)

// BenchmarkWire counts what crosses the link for a completed, signed visit: TCP
// payload both ways, MQTT, session, receipts and the views of records included.
func BenchmarkWire(b *testing.B) {
	w := newWorld(b, 200, "")
	w.begins()
	w.agree()
	const batch, alone = 100, 5
	w.cable.Set(false)
	w.within(30*time.Second, "the link to be gone", func() bool { return !w.box.Truths().Linked })
	from := w.store.Own().Size()
	w.days(1, batch)
	w.rests()
	up, down := w.line.up.Load(), w.line.down.Load()
	w.cable.Set(true)
	w.box.Reconnect()
	w.agree()
	up, down = w.line.up.Load()-up, w.line.down.Load()-down
	figure(b, "baseline:entries-as-kept", "B/visit", w.kept(from)/batch)
	figure(b, "batch-of-100", "B/visit", float64(up+down)/batch)
	figure(b, "batch-of-100-up", "B/visit", float64(up)/batch)
	figure(b, "entries", "entries/visit", float64(w.store.Own().Size()-from)/batch)
	up, down = w.line.up.Load(), w.line.down.Load()
	for range alone {
		w.days(1, 1)
		w.rests()
		w.agree()
	}
	up, down = w.line.up.Load()-up, w.line.down.Load()-down
	figure(b, "alone", "B/visit", float64(up+down)/alone)
	figure(b, "alone-up", "B/visit", float64(up)/alone)
}

// rests waits until the views of records that pages looked at are written.
func (w *world) rests() {
	w.t.Helper()
	if err := w.desk.Views().Flush(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// kept is how many bytes of entries the journal holds from an index on.
func (w *world) kept(from uint64) (n float64) {
	w.t.Helper()
	for at := from; at < w.store.Own().Size(); {
		raws, err := w.store.Own().Read(at, 1000, 1<<20)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, r := range raws {
			n += float64(len(r.Bytes))
		}
		at += uint64(len(raws))
	}
	return n
}
