package outbox_test

import (
	"testing"
	"time"

	"clinicbox/internal/keyfile"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// settled returns a rig whose n entries are received.
func settled(t *testing.T, seed uint64, n int) *rig {
	r := newRig(t, seed)
	r.net.Set(mobile)
	r.log.Append(n, 200)
	r.start()
	r.net.Connect(true)
	r.settle(time.Minute)
	return r
}

// TestHubSaysNonsense: what the hub signed and sealed, and is still not right.
func TestHubSaysNonsense(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 30, 50)
		defer func() { r.stop() }()
		thief, _ := keyfile.Generate("hub")
		root, _ := r.log.Root(20)
		receipt := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: 20, Root: root}
		epoch, box, nonce := receipt, receipt, receipt
		epoch.Epoch, epoch.Size = wire.Epoch{2}, 90
		box.Box, box.Size = "tram-02", 90
		other := wire.NewNonce()
		nonce.Echo = &other
		down := wire.Down{Box: "tram-01", Epoch: r.hub.DownEpoch(), Entries: []wire.Salted{{Bytes: []byte("row")}}}
		gap, foreign, old := down, down, down
		gap.First, foreign.Box, old.Epoch = 5, "tram-02", wire.Epoch{9}
		forged, _ := down.Sign(thief.Identity)
		stolen, _ := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: 90}.Sign(thief.Identity)
		says := []wire.Message{
			forged, stolen, wire.SignedDown("x"), wire.SignedReceipt("x"), wire.SignedPong("x"),
			wire.Unknown{Kind: 99, Body: []byte("later")},
			wire.Ping{},
			wire.DownAck{},
		}
		for _, d := range []wire.Down{gap, foreign, old} {
			s, err := d.Sign(r.hub.Key.Identity)
			if err != nil {
				t.Fatal(err)
			}
			says = append(says, s)
		}
		for _, rec := range []wire.Receipt{receipt, epoch, box, nonce} {
			s, err := rec.Sign(r.hub.Key.Identity)
			if err != nil {
				t.Fatal(err)
			}
			says = append(says, s)
		}
		for _, m := range says {
			r.hub.Say(m)
			time.Sleep(10 * time.Second)
			r.truths(outbox.Truths{Saved: 50, Received: 50, Linked: true})
		}
		if r.box.In() != 0 {
			t.Fatalf("%d entries in", r.box.In())
		}
		good, _ := down.Sign(r.hub.Key.Identity)
		r.hub.Say(good)
		time.Sleep(time.Second)
		if r.box.In() != 1 {
			t.Fatal("the right one does not get in")
		}
	})
}

// TestOldReceiptIsNoNews: an old receipt while the box asks does not take back
// what the hub had receipted since.
func TestOldReceiptIsNoNews(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 31, 50)
		defer func() { r.stop() }()
		r.hub.Kill(true)
		r.log.Append(5, 200)
		time.Sleep(30 * time.Second) // now it asks
		root, _ := r.log.Root(20)
		old, _ := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: 20, Root: root}.Sign(r.hub.Key.Identity)
		r.hub.Say(old)
		time.Sleep(time.Second)
		r.truths(outbox.Truths{Saved: 55, Received: 50})
		root, _ = r.log.Root(53)
		late, _ := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: 53, Root: root}.Sign(r.hub.Key.Identity)
		r.hub.Say(late) // a late one is the truth all the same
		time.Sleep(time.Second)
		r.truths(outbox.Truths{Saved: 55, Received: 53})
	})
}

// TestLongIdleLinkIsTriedWithLittle: a backlog does not go into a black hole.
func TestLongIdleLinkIsTriedWithLittle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 32, 50)
		defer func() { r.stop() }()
		time.Sleep(time.Hour)
		r.net.BlackHole(true)
		before := r.net.Bytes()
		r.log.Append(500, 300)
		time.Sleep(5 * time.Minute)
		if n := r.net.Bytes() - before; n == 0 || n > 500 {
			t.Fatalf("%d bytes into a black hole", n)
		}
		r.net.BlackHole(false)
		r.settle(30 * time.Minute)
		r.same()
	})
}

// TestForgedWhoCostsLittle: anyone who can publish may ask for sessions.
func TestForgedWhoCostsLittle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 33, 50)
		defer func() { r.stop() }()
		r.hub.Kill(true)
		before := r.net.Bytes()
		for range 3600 {
			r.net.Deliver(wire.Who{Nonce: wire.NewNonce(), Back: true}.Frame())
			time.Sleep(time.Second)
		}
		if n := r.net.Bytes() - before; n > 30<<10 {
			t.Fatalf("%d bytes in an hour of forged questions", n)
		}
		r.hub.Kill(false)
		r.log.Append(1, 100)
		r.settle(30 * time.Minute)
		r.same()
	})
}

// TestFramesFromAnyone: bytes of all kinds on our topic change nothing.
func TestFramesFromAnyone(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 34, 20)
		defer func() { r.stop() }()
		r.net.Set(outboxtest.Faults{Delay: time.Millisecond, Garble: 1})
		for range 50 {
			r.hub.Announce()
			r.hub.Push([]byte("row"))
			time.Sleep(5 * time.Second)
		}
		r.net.Set(mobile)
		r.log.Append(5, 100)
		r.settle(time.Hour)
		r.same()
	})
}

// TestRefusingHubCostsLittle: a hub that hears us and stores nothing, because it
// finds another root or its operator must decide, does not eat the month's bytes.
func TestRefusingHubCostsLittle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 34, 50)
		defer func() { r.stop() }()
		r.hub.Refuse(true)
		before := r.net.Bytes()
		r.log.Append(5000, 300)
		time.Sleep(24 * time.Hour)
		if n := r.net.Bytes() - before; n < 10<<10 || n > 600<<10 {
			t.Fatalf("%d bytes a day to a hub that refuses them", n)
		}
		r.hub.Refuse(false)
		r.settle(40 * time.Minute)
		r.same()
	})
}
