package ingest_test

import (
	"context"
	"testing"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/hubtest"
	"clinicbox/sync/wire"
)

// admit does what the registrar does after the authority has spoken.
func (w *world) admit(b *hubtest.Box, serial string, revoked int) {
	w.t.Helper()
	p := b.Keys.Public()
	_, err := w.db.Admit(context.Background(), hub.Member{
		Name: b.Keys.Name, Serial: serial, Keys: hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, Revoked: revoked,
	}, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.in.Refresh(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func TestRevokedBoxIsNotHeard(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		b := w.add("tram-01")
		w.admit(b, "s1", 0)
		b.Record(10)
		b.Connect()
		w.sync(b, time.Minute)
		before := w.stored(b)
		b.Record(5)
		frame := b.Frame(b.Data(10, 5)) // sealed in a session that was good
		w.admit(b, "s1", 2)
		w.in.Handle("cb/1/tram-01/up", frame)
		w.settle()
		b.Connect()
		for range 20 {
			w.settle()
			time.Sleep(30 * time.Second)
			b.Tick()
		}
		w.settle()
		if _, err := w.db.Push(context.Background(), "tram-01", []hub.Down{{Bytes: []byte{1}}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		w.settle()
		s, err := w.db.Stream(context.Background(), "tram-01", hub.Epoch(b.Epoch))
		if err != nil || s.Size != before.Size || len(b.State().Down) != 0 {
			t.Fatalf("%+v %v", s, err)
		}
		w.alarms(hub.AlarmRevoked)
		w.restart() // also after a restart
		b.Connect()
		time.Sleep(time.Minute)
		w.settle()
		if s, _ := w.db.Stream(context.Background(), "tram-01", hub.Epoch(b.Epoch)); s.Size != before.Size {
			t.Fatal(s.Size)
		}
		w.admit(b, "s1", 0)
		w.sync(b, time.Hour)
		w.stored(b)
	})
}

// TestReplacedBoxStartsAnew: another machine takes the name; the old one's stream
// stays, the old one's frames do not count.
func TestReplacedBoxStartsAnew(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		old := w.add("tram-01")
		w.admit(old, "s1", 0)
		old.Record(10)
		old.Connect()
		w.sync(old, time.Minute)
		next := hubtest.NewBox("tram-01", w.keys.Public())
		next.Epoch, next.Incarnation = wire.Epoch{0xE1}, wire.Epoch{9}
		late := old.Frame(old.Data(0, 10))
		w.join(next)
		w.boxes["tram-01"] = next
		w.admit(next, "s2", 0)
		w.in.Handle("cb/1/tram-01/up", late)
		next.Record(7)
		next.Connect()
		w.sync(next, time.Minute)
		w.stored(next)
		w.stored(old)
		w.alarms()
	})
}
