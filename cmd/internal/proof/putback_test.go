package proof

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/internal/entry"
)

// entriesOf returns a stream of the centre, decoded.
func (w *world) entriesOf(e hub.Epoch) (out []clinic.Record) {
	w.t.Helper()
	d, err := db.Open(context.Background(), filepath.Join(w.dir, "hub", "hub.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer d.Close()
	for {
		es, err := d.Entries(context.Background(), boxName, e, uint64(len(out)), 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range es {
			r, err := entry.Decode(e.Bytes, clinic.Ref{Index: e.Index}, e.Leaf)
			if err != nil {
				w.t.Fatal(err)
			}
			out = append(out, r)
		}
		if len(es) < 1000 {
			return out
		}
	}
}

// putBack exchanges the box's data directory for a copy, as who puts an old card in.
func (w *world) putBack(copied string) {
	w.t.Helper()
	dir := filepath.Join(w.dir, "box")
	if err := os.RemoveAll(dir); err != nil {
		w.t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(copied)); err != nil {
		w.t.Fatal(err)
	}
}

// TestOldCardRealigns: a card of three days ago is put in, and the box works a day
// without a link. Then it realigns alone: what the centre holds comes back, what was
// recorded since goes up, and no number that was printed is given again afterwards.
func TestOldCardRealigns(t *testing.T) {
	w := newWorld(t, 12, "")
	w.begins()
	w.days(2, 6)
	w.agree()
	w.stopBox()
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(w.dir, "box"))); err != nil {
		t.Fatal(err)
	}
	w.startBox(w.cable.Addr(), "")
	w.days(3, 7)
	w.agree()
	before := hub.Epoch(w.store.Epoch())
	w.stopBox()
	w.putBack(copied)
	w.cable.Set(false)
	w.startBox(w.cable.Addr(), "")
	if hub.Epoch(w.store.Epoch()) != before {
		t.Fatal("a card that is put in has a new epoch at once")
	}
	w.play.LoseSlips() // their numbers are of days that this card knows nothing of
	w.days(1, 5)
	w.play.LoseSlips() // and of days that it heard of since: a slip that was used is refused
	w.cable.Set(true)
	w.box.Reconnect()
	w.within(2*time.Minute, "the realignment", func() bool {
		tr := w.box.Truths()
		return hub.Epoch(w.store.Epoch()) != before && tr.Received == tr.Saved && tr.Linked && w.held() == tr.Saved
	})
	turned := w.store.Own().Size()
	w.days(1, 5)
	w.within(2*time.Minute, "the receipt", func() bool {
		tr := w.box.Truths()
		return tr.Received == tr.Saved && tr.Linked && w.held() == tr.Saved
	})
	w.nothingLost(before)
	w.numbersOnce(before, turned)
	if ss, err := w.hub.Streams(t.Context(), boxName); err != nil || len(ss) != 2 {
		t.Errorf("%d streams, %v", len(ss), err)
	}
	split := false
	for _, a := range w.alarms() {
		split = split || a.Code == hub.AlarmSplit
	}
	if tr := w.box.Truths(); !split || tr.Problem != "" {
		t.Errorf("alarms %+v, box %+v", w.alarms(), tr)
	}
	w.sameCardAgain(copied, before)
	w.stopBox()
	w.startBox(w.cable.Addr(), "") // a restart is no further life
	w.within(time.Minute, "the link", func() bool { return w.box.Truths().Linked })
	if n := len(w.store.Lives()); n != 1 {
		t.Errorf("%d lives", n)
	}
}

// sameCardAgain puts the card of three days ago in once more: what the centre holds of
// the life in between counts, too.
func (w *world) sameCardAgain(copied string, before hub.Epoch) {
	w.t.Helper()
	between := hub.Epoch(w.store.Epoch())
	w.stopBox()
	w.putBack(copied)
	w.play.LoseSlips()
	w.startBox(w.cable.Addr(), "")
	w.within(2*time.Minute, "the second realignment", func() bool {
		tr, now := w.box.Truths(), hub.Epoch(w.store.Epoch())
		return now != before && now != between && tr.Received == tr.Saved && tr.Linked
	})
	turned := w.store.Own().Size()
	w.play.LoseSlips()
	w.days(1, 5)
	w.within(2*time.Minute, "the receipt", func() bool {
		tr := w.box.Truths()
		return tr.Received == tr.Saved && tr.Linked && w.held() == tr.Saved
	})
	w.numbersOnce(before, turned)
	w.numbersOnce(between, turned)
}

// nothingLost compares the centre's old stream with what the box can read.
func (w *world) nothingLost(before hub.Epoch) {
	w.t.Helper()
	back := 0
	for _, r := range w.entriesOf(before) {
		if _, err := w.store.Own().Find(r.Leaf[:]); err == nil {
			continue
		}
		if _, err := w.store.Received().Find(r.Leaf[:]); err != nil {
			w.t.Fatalf("entry %d of the old epoch is nowhere in the box: %v", r.Ref.Index, err)
		}
		back++
	}
	if back == 0 {
		w.t.Error("nothing was handed back")
	}
}

// numbersOnce compares what was issued after the turn with everything before.
func (w *world) numbersOnce(before hub.Epoch, turned uint64) {
	w.t.Helper()
	given := map[clinic.Issue]bool{}
	for _, r := range w.entriesOf(before) {
		for _, n := range clinic.Issued(r.Body) {
			given[n] = true
		}
	}
	later := 0
	for _, r := range w.entriesOf(hub.Epoch(w.store.Epoch())) {
		if r.Ref.Index < turned {
			continue
		}
		for _, n := range clinic.Issued(r.Body) {
			if later++; given[n] {
				w.t.Errorf("number %d of %s was given before", n.Number, n.Series)
			}
		}
	}
	if later == 0 {
		w.t.Error("no number was given after the turn")
	}
}

// TestTheCentreMendsByTheLink: entries that rotted on the card come back from the centre
// by themselves, and the centre hears of it.
func TestTheCentreMendsByTheLink(t *testing.T) {
	w := newWorld(t, 12, "")
	w.begins()
	w.days(1, 6)
	w.agree()
	w.stopBox()
	s := station{t: t, dir: t.TempDir()}
	data := filepath.Join(s.dir, "data")
	if err := os.Symlink(filepath.Join(w.dir, "box"), data); err != nil {
		t.Fatal(err)
	}
	s.bend(4, 5, 9)
	w.startBox(w.cable.Addr(), "")
	w.days(1, 2)
	told := func(what string) (n int) {
		for _, r := range w.entriesOf(hub.Epoch(w.store.Epoch())) {
			if m, ok := r.Body.(*clinic.Machine); ok && m.Event == what {
				n++
			}
		}
		return n
	}
	w.within(2*time.Minute, "the repair", func() bool { return told(clinic.MachineMended) > 0 })
	if own, in := w.store.Holes(); own+in > 0 || len(w.store.Lacks()) > 0 {
		t.Errorf("%d and %d holes are left, %v", own, in, w.store.Lacks())
	}
	w.stopBox()
	w.startBox(w.cable.Addr(), "")
	if own, in := w.store.Holes(); own+in > 0 {
		t.Errorf("%d and %d holes after a restart", own, in)
	}
}
