package ingest_test

import (
	"testing"
	"time"

	"clinicbox/internal/entry"
	"clinicbox/sync/wire"
)

// TestHugeEarlyFrame: a frame that is early and larger than all early frames may be is
// dropped, and nothing else happens; so is one of more entries than any box sends.
func TestHugeEarlyFrame(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("a")
		b.Record(3)
		b.Connect()
		w.sync(b, time.Minute)
		for _, n := range []int{100, 4000, 4096, 4097, 16_000} {
			var runs []wire.Run
			for left := n; left > 0; left -= 4000 {
				r := wire.Run{Seed: make([]byte, len(entry.Seed{}))}
				for range min(left, 4000) {
					r.Entries = append(r.Entries, []byte{1})
				}
				runs = append(runs, r)
			}
			d := &wire.Data{Epoch: b.Epoch, First: 1000, Runs: runs, Size: 1000 + uint64(n)}
			w.enqueue("cb/1/a/up", b.Frame(d))
			w.settle()
		}
		b.Record(5)
		b.Connect()
		w.sync(b, time.Minute)
		if s := w.stored(b); s.Size != 8 || s.Parked != 0 {
			t.Errorf("%+v", s)
		}
	})
}
