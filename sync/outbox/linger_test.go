package outbox_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// TestVisitIsOneFrame: entries of a visit wait for each other until it is signed, those
// that are not of a visit bring them along, and none waits long.
func TestVisitIsOneFrame(t *testing.T) {
	type put struct {
		after time.Duration
		kind  clinic.Kind
	}
	for name, c := range map[string]struct {
		puts   []put
		frames int
		within time.Duration // of the last entry's receipt
	}{
		"signed": {[]put{
			{0, clinic.KindVisit},
			{15 * time.Second, clinic.KindVitals},
			{15 * time.Second, clinic.KindExam},
			{15 * time.Second, clinic.KindSigned},
			{time.Second, clinic.KindDispensed},
		}, 1, 3 * time.Second},
		"left open":            {[]put{{0, clinic.KindVisit}, {time.Second, clinic.KindVitals}}, 1, 21 * time.Second},
		"one a quarter hour":   {[]put{{0, clinic.KindVisit}, {15 * time.Minute, clinic.KindVitals}}, 2, 21 * time.Second},
		"no end":               {[]put{{0, clinic.KindVisit}, {19 * time.Second, clinic.KindBill}, {19 * time.Second, clinic.KindBill}, {19 * time.Second, clinic.KindBill}}, 1, 4 * time.Second},
		"an allergy":           {[]put{{0, clinic.KindAllergies}}, 1, 3 * time.Second},
		"an allergy in it":     {[]put{{0, clinic.KindVisit}, {time.Second, clinic.KindAllergies}}, 1, 3 * time.Second},
		"an allergy before it": {[]put{{0, clinic.KindAllergies}, {time.Second, clinic.KindVisit}}, 1, 2 * time.Second},
		"a look":               {[]put{{0, clinic.KindLooked}}, 1, 21 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := settled(t, 70, 5)
				defer func() { r.stop() }()
				before := r.hub.Frames()
				for _, p := range c.puts {
					time.Sleep(p.after)
					r.log.Put(clinic.Draft{Kind: p.kind, Visit: clinic.ID{8}, Subject: clinic.ID{9}, Event: time.Now(), Body: &clinic.Looked{}})
				}
				r.settle(c.within)
				r.same()
				if n := r.hub.Frames() - before; n != c.frames {
					t.Errorf("%d frames, want %d", n, c.frames)
				}
			})
		})
	}
}

// TestManyVisitsDoNotWait: what fills a frame goes.
func TestManyVisitsDoNotWait(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 71, 5)
		defer func() { r.stop() }()
		for range 60 {
			r.log.Put(clinic.Draft{Kind: clinic.KindVitals, Visit: clinic.ID{8}, Event: time.Now(), Body: &clinic.Vitals{Pulse: 70}})
		}
		r.settle(3 * time.Second)
	})
}

// TestLingeringIsHandedOver: what waits when the program ends goes to the link.
func TestLingeringIsHandedOver(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 72, 5)
		r.log.Put(clinic.Draft{Kind: clinic.KindVitals, Visit: clinic.ID{8}, Event: time.Now(), Body: &clinic.Vitals{Pulse: 70}})
		time.Sleep(time.Second)
		before := r.hub.Size()
		r.stop()
		time.Sleep(time.Second)
		if r.hub.Size() != before+1 {
			t.Errorf("the centre has %d entries, %d before", r.hub.Size(), before)
		}
	})
}

// TestBriefReceipts: they mark what fits our own tree, and one that does not is not
// believed: a whole one is asked for.
func TestBriefReceipts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 73, 50)
		defer func() { r.stop() }()
		r.hub.Kill(true)
		r.log.Append(10, 200)
		time.Sleep(10 * time.Second)
		root, _ := r.log.Root(60)
		brief := func(size uint64, root wire.Hash) wire.BriefReceipt {
			rec := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: size, Root: root, Time: time.Now().UnixMilli()}
			s, err := rec.Sign(r.hub.Key.Identity)
			if err != nil {
				t.Fatal(err)
			}
			b, ok := s.Brief(&rec)
			if !ok {
				t.Fatal("has no brief form")
			}
			return b
		}
		forged := brief(60, root)
		forged.Signature[3] ^= 1
		for _, b := range []wire.BriefReceipt{brief(60, wire.Hash{1}), brief(61, root), forged} {
			r.hub.Say(b)
			time.Sleep(time.Second)
			r.truths(outbox.Truths{Saved: 60, Received: 50, Linked: r.out.Truths().Linked})
		}
		r.hub.Say(brief(60, root))
		time.Sleep(time.Second)
		r.truths(outbox.Truths{Saved: 60, Received: 60, Linked: r.out.Truths().Linked})
		kept, _, err := r.box.Load()
		rec, verr := kept.Verify(r.hub.Key.Public().Identity)
		if err != nil || verr != nil || rec.Size != 60 || rec.Root != root {
			t.Errorf("kept %+v, %v, %v", rec, err, verr)
		}
	})
}

// TestWindowGrowsOnSwiftLinks: a link that has frames receipted soon takes more at once,
// and after a reset as little as before.
func TestWindowGrowsOnSwiftLinks(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 74)
		r.net.Set(mobile)
		r.log.Append(40_000, 300)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		time.Sleep(2100 * time.Millisecond)
		r.hub.Kill(true)
		before := r.net.Bytes()
		time.Sleep(10 * time.Minute)
		n := r.net.Bytes() - before
		if n < 100<<10 || n > 256<<10+4<<10 {
			t.Errorf("%d bytes after the hub fell silent, the window is up to four times the first", n)
		}
		r.hub.Kill(false)
		r.settle(time.Hour)
		r.same()
	})
}
