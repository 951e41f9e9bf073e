package outbox_test

import (
	"errors"
	"testing"
	"time"

	"clinicbox/internal/checkpoint"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// TestKeepsCosigned: what the centre cosigned is handed on to be kept, the newest
// again after a start, and again when it could not be kept.
func TestKeepsCosigned(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 50)
		var kept []uint64
		var fail error
		by := checkpoint.Cosigner{Name: wire.Witness, Key: r.hub.Key.Public().Identity}
		r.opts.Cosigned = func(note []byte) error {
			c, err := checkpoint.Open(note, r.key.Public().Identity)
			root, rootErr := r.log.Root(c.Size)
			if _, ok := checkpoint.Cosigned(note, by); !ok || err != nil || rootErr != nil || root != c.Root {
				t.Errorf("%s: %v", note, err)
			}
			kept = append(kept, c.Size)
			return fail
		}
		r.net.Set(mobile)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		grow := func() {
			r.log.Append(20, 200)
			time.Sleep(3 * time.Second)
			r.settle(time.Minute)
		}
		grow()
		fail = errors.New("full")
		grow()
		fail = nil
		grow()
		r.restart()
		r.settle(time.Minute)
		r.hub.Old(true)
		grow()
		want := []uint64{20, 40, 60, 60}
		if len(kept) != len(want) {
			t.Fatalf("kept %v, want %v", kept, want)
		}
		for i := range want {
			if kept[i] != want[i] {
				t.Fatalf("kept %v, want %v", kept, want)
			}
		}
	})
}

// TestWrongCosignature: a receipt with a cosignature of something else is no receipt.
func TestWrongCosignature(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := settled(t, 51, 50)
		defer func() { r.stop() }()
		r.hub.Kill(true)
		r.log.Append(10, 200)
		time.Sleep(10 * time.Second)
		root, _ := r.log.Root(60)
		thief, _ := keyfile.Generate("hub")
		for _, key := range []*keyfile.Private{thief, r.hub.Key} {
			rec := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: 60, Root: root, Time: time.Now().UnixMilli()}
			if err := rec.Cosign(key.Identity, time.Now()); err != nil {
				t.Fatal(err)
			}
			s, err := rec.Sign(r.hub.Key.Identity)
			if err != nil {
				t.Fatal(err)
			}
			r.hub.Say(s)
			time.Sleep(time.Second)
			want := outbox.Truths{Saved: 60, Received: 50, Linked: r.out.Truths().Linked}
			if key == r.hub.Key {
				want.Received = 60
			}
			r.truths(want)
		}
	})
}
