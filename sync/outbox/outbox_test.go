package outbox_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"clinicbox/internal/keyfile"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

func TestEverythingArrives(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 1)
		r.net.Set(mobile)
		r.log.Append(500, 200)
		r.start()
		defer func() { r.stop() }()
		r.truths(outbox.Truths{Saved: 500})
		if age := time.Since(r.out.Truths().Oldest); age > time.Second {
			t.Fatalf("oldest unsent is %v old", age)
		}
		r.net.Connect(true)
		r.settle(time.Minute)
		r.same()
		r.truths(outbox.Truths{Saved: 500, Received: 500, Linked: true})
		if tr := r.out.Truths(); tr.LastReceipt.IsZero() || !tr.Oldest.IsZero() {
			t.Fatalf("%+v", tr)
		}
		if r.hub.Twice() != 0 {
			t.Fatalf("%d entries sent twice over a good link", r.hub.Twice())
		}
		r.log.Append(3, 200)
		r.truths(outbox.Truths{Saved: 503, Received: 500, Linked: true})
		r.settle(10 * time.Second)
		if kept, _, _ := r.box.Load(); len(kept) == 0 {
			t.Fatal("the receipt is not kept")
		}
	})
}

// TestNobodyElseMarksAsReceived: handing over frames is not arrival.
func TestNobodyElseMarksAsReceived(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 2)
		r.net.Set(mobile)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		r.settle(time.Minute)
		r.hub.Kill(true)
		r.log.Append(40, 200)
		time.Sleep(time.Hour)
		r.truths(outbox.Truths{Saved: 40})
		r.hub.Kill(false)
		r.hub.Restart()
		r.hub.Announce()
		r.settle(20 * time.Second)
		r.same()
	})
}

// TestDeadHubCostsLittle: a day in which broker and link live and the hub does
// not, with work going on.
func TestDeadHubCostsLittle(t *testing.T) {
	for name, before := range map[string]bool{"never seen": false, "died": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, 3)
				r.net.Set(mobile)
				r.start()
				defer func() { r.stop() }()
				r.net.Connect(true)
				if before {
					r.settle(time.Minute)
				}
				r.hub.Kill(true)
				first := r.net.Bytes()
				for range 24 {
					r.log.Append(30, 200)
					time.Sleep(time.Hour)
				}
				day := r.net.Bytes() - first
				from := r.net.Bytes()
				time.Sleep(24 * time.Hour)
				second := r.net.Bytes() - from
				fmt.Fprintf(t.Output(), "%s: %d bytes in the first day, %d in the second\n", name, day, second)
				if day > 20<<10 || second > 4<<10 {
					t.Fatalf("%d bytes in the first day, %d in the second", day, second)
				}
				if tr := r.out.Truths(); tr.Received != 0 || tr.Linked {
					t.Fatalf("%+v", tr)
				}
				r.hub.Kill(false)
				r.settle(30 * time.Minute)
				r.same()
			})
		})
	}
}

func TestIdleCostsNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 4)
		r.net.Set(mobile)
		r.log.Append(10, 200)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		r.settle(time.Minute)
		before := r.net.Bytes()
		time.Sleep(72 * time.Hour)
		if n := r.net.Bytes() - before; n != 0 {
			t.Fatalf("%d bytes in three idle days", n)
		}
		r.log.Append(1, 200) // an old session is replaced before it is used
		r.settle(time.Minute)
		if r.hub.Starts() != 2 {
			t.Fatalf("%d sessions in three days", r.hub.Starts())
		}
	})
}

func TestWindowHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 5)
		r.net.Set(outboxtest.Faults{Delay: 2 * time.Second})
		r.log.Append(5000, 300)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		time.Sleep(8100 * time.Millisecond) // the first answer came, the window goes out
		r.hub.Kill(true)
		before := r.net.Bytes()
		time.Sleep(time.Hour)
		if n := r.net.Bytes() - before; n > 64<<10+2<<10 {
			t.Fatalf("%d bytes after the hub fell silent", n)
		}
		r.hub.Kill(false)
		r.settle(30 * time.Minute)
		r.same()
	})
}

func TestLinkIsUsed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 6)
		r.net.Set(mobile)
		r.log.Append(10_000, 250)
		r.start()
		defer func() { r.stop() }()
		began := time.Now()
		r.net.Connect(true)
		r.settle(10 * time.Minute)
		rtts := time.Since(began) / (300 * time.Millisecond)
		windows := r.net.Bytes() / (64 << 10)
		fmt.Fprintf(t.Output(), "10,000 entries: %d bytes, %d windows in %d round trips\n", r.net.Bytes(), windows, rtts)
		if int(rtts) > windows*3/2+6 {
			t.Fatalf("%d round trips for %d windows", rtts, windows)
		}
	})
}

func TestResumesAfterCut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 7)
		r.net.Set(mobile)
		r.log.Append(3000, 250)
		r.start()
		defer func() { r.stop() }()
		for range 100 { // resets every 4 s
			r.net.Connect(true)
			time.Sleep(4 * time.Second)
			r.net.Connect(false)
			time.Sleep(500 * time.Millisecond)
		}
		r.net.Connect(true)
		r.settle(time.Minute)
		r.same()
		if r.hub.Starts() > 3 {
			t.Fatalf("%d sessions: a connection must not cost a session", r.hub.Starts())
		}
	})
}

func TestHubRestartsSilently(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 8)
		r.net.Set(mobile)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		for range 5 {
			r.log.Append(20, 200)
			r.settle(time.Minute)
			r.hub.Restart()
		}
		r.log.Append(20, 200)
		r.settle(time.Minute)
		r.same()
	})
}

func TestHubFromYesterday(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 9)
		r.net.Set(mobile)
		r.log.Append(300, 200)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		r.settle(time.Minute)
		r.hub.Push([]byte("row 1"))
		time.Sleep(time.Minute)
		r.hub.Kill(true)
		r.hub.Restore(100)
		r.hub.Kill(false)
		r.net.Set(outboxtest.Faults{Delay: time.Second})
		r.hub.Announce()
		time.Sleep(3500 * time.Millisecond) // who, start and ping, receipt
		if tr := r.out.Truths(); tr.Received >= 300 || tr.Problem != outbox.ProblemReceded {
			t.Fatalf("the box still believes: %+v", tr)
		}
		r.settle(time.Minute)
		r.same()
		r.truths(outbox.Truths{Saved: 300, Received: 300, Linked: true})
		time.Sleep(time.Minute) // new down epoch
		if c := r.box.Cursor(); c.Next != 1 {
			t.Fatalf("down stream in the new epoch: %+v", c)
		}
	})
}

func TestDivergedIsLoudAndLosesNothing(t *testing.T) {
	tests := map[string]func(r *rig){
		"hub has more":       func(r *rig) { r.hub.Forge() },
		"hub has other root": func(r *rig) { r.hub.Forge(); r.log.Append(5, 100) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, 10)
				r.net.Set(mobile)
				r.log.Append(50, 200)
				r.start()
				defer func() { r.stop() }()
				r.net.Connect(true)
				r.settle(time.Minute)
				r.net.Connect(false)
				time.Sleep(time.Second)
				spoil(r)
				size := r.log.Size()
				r.net.Connect(true)
				time.Sleep(time.Minute)
				r.truths(outbox.Truths{Saved: size, Received: 50, Linked: true, Problem: outbox.ProblemDiverged})
				before := r.net.Bytes()
				r.log.Append(100, 200)
				time.Sleep(24 * time.Hour)
				if n := r.net.Bytes() - before; n > 24<<10 {
					t.Fatalf("%d bytes in a day to a hub that we do not believe", n)
				}
				r.restart() // it does not forget by restarting
				time.Sleep(time.Minute)
				r.truths(outbox.Truths{Saved: size + 100, Received: 50, Linked: true, Problem: outbox.ProblemDiverged})
				r.hub.Restore(50) // a person mends the hub
				r.settle(time.Hour)
				r.same()
				r.truths(outbox.Truths{Saved: size + 100, Received: size + 100, Linked: true})
			})
		})
	}
}

func TestBoxLostItsTail(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 11)
		r.log.Append(50, 200)
		r.start()
		r.net.Connect(true)
		r.settle(time.Minute)
		r.stop()
		r.log = outboxtest.NewLog() // a card that lied
		r.log.Append(30, 200)
		r.opts.Log = r.log
		r.net.Connect(false)
		r.start()
		defer func() { r.stop() }()
		r.truths(outbox.Truths{Saved: 30, Problem: outbox.ProblemDiverged})
	})
}

func TestForeignReceipts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 12)
		r.log.Append(50, 200)
		root, _ := r.log.Root(50)
		good := wire.Receipt{Box: "tram-01", Epoch: wire.Epoch{1}, Size: 50, Root: root}
		thief, _ := keyfile.Generate("hub")
		box, epoch := good, good
		box.Box, epoch.Epoch = "tram-02", wire.Epoch{2}
		for name, kept := range map[string]func() (wire.SignedReceipt, error){
			"another key":   func() (wire.SignedReceipt, error) { return good.Sign(thief.Identity) },
			"another box":   func() (wire.SignedReceipt, error) { return box.Sign(r.hub.Key.Identity) },
			"another epoch": func() (wire.SignedReceipt, error) { return epoch.Sign(r.hub.Key.Identity) },
			"garbage":       func() (wire.SignedReceipt, error) { return wire.SignedReceipt("x"), nil },
		} {
			s, err := kept()
			if err != nil {
				t.Fatal(err)
			}
			if err := r.box.SaveReceipt(s); err != nil {
				t.Fatal(err)
			}
			r.start()
			if tr := r.out.Truths(); tr.Received != 0 {
				t.Errorf("%s: %+v", name, tr)
			}
			r.stop()
		}
		s, _ := good.Sign(r.hub.Key.Identity)
		if err := r.box.SaveReceipt(s); err != nil {
			t.Fatal(err)
		}
		r.start()
		defer func() { r.stop() }()
		r.truths(outbox.Truths{Saved: 50, Received: 50})
	})
}

func TestWrongKeysAreShown(t *testing.T) {
	tests := map[string]func(r *rig, other *keyfile.Private){
		"hub does not know the box": func(r *rig, other *keyfile.Private) { r.hub.Box = other.Public() },
		"box pins another hub":      func(r *rig, other *keyfile.Private) { r.opts.Hub = other.Public() },
		"hub identity differs":      func(r *rig, other *keyfile.Private) { r.opts.Hub.Identity = other.Public().Identity },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, 13)
				other, _ := keyfile.Generate("tram-01")
				spoil(r, other)
				r.net.Set(mobile)
				r.log.Append(10, 200)
				r.start()
				defer func() { r.stop() }()
				r.net.Connect(true)
				time.Sleep(24 * time.Hour)
				r.truths(outbox.Truths{Saved: 10, Problem: outbox.ProblemRefused})
				if n := r.net.Bytes(); n > 300<<10 {
					t.Fatalf("%d bytes in a day", n)
				}
			})
		})
	}
}

func TestJournalErrors(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 14)
		r.net.Set(mobile)
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		r.settle(time.Minute)
		r.log.Append(20, 200)
		r.log.Fail(true)
		time.Sleep(time.Minute)
		r.truths(outbox.Truths{Saved: 20, Linked: true, Problem: outbox.ProblemJournal})
		r.log.Fail(false)
		r.settle(time.Minute)
		r.truths(outbox.Truths{Saved: 20, Received: 20, Linked: true})
	})
}

func TestHolesAndParked(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 15)
		r.net.Set(mobile)
		r.log.Append(60, 200)
		for _, i := range []uint64{0, 20, 59} { // one with a salt of its own
			r.log.Lose(i)
		}
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		r.settle(time.Minute)
		r.hub.Park([]wire.Range{{From: 3, To: 4}}, []wire.Range{{From: 0, To: 1}})
		r.log.Append(1, 200)
		r.settle(time.Minute)
		r.same()
		r.truths(outbox.Truths{Saved: 61, Received: 61, Linked: true, Parked: 1, Holes: 1, Problem: outbox.ProblemParked})
		if rec, ok := r.out.Receipt(); !ok || len(rec.Parked) != 1 || len(rec.Holes) != 1 {
			t.Fatalf("%+v", rec)
		}
	})
}

func TestKeeperErrorsComeInPairs(t *testing.T) {
	for _, pair := range [][2]int{{1, 0}, {0, 1}, {3, 2}} {
		bubble(t, func(t *testing.T) {
			r := newRig(t, 16)
			r.net.Set(mobile)
			r.start()
			defer func() { r.stop() }()
			r.net.Connect(true)
			r.settle(time.Minute)
			r.box.FailNext(pair[0], pair[1])
			r.hub.Push([]byte("row 1"))
			r.log.Append(10, 100)
			for range 20 {
				time.Sleep(10 * time.Second)
				r.hub.Nudge()
			}
			r.settle(time.Minute)
			if r.box.In() != 1 || r.hub.Acked() != 1 {
				t.Fatalf("%v: %d entries in, %d acknowledged", pair, r.box.In(), r.hub.Acked())
			}
			r.truths(outbox.Truths{Saved: 10, Received: 10, Linked: true})
		})
	}
}

func TestDownStream(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(t, 17)
		r.net.Set(outboxtest.Faults{Delay: 100 * time.Millisecond, Jitter: time.Second, Drop: 0.2, Repeat: 0.2})
		r.start()
		defer func() { r.stop() }()
		r.net.Connect(true)
		for i := range 100 {
			r.hub.Push(fmt.Appendf(nil, "row %d", i))
			if i%30 == 29 {
				r.restart()
			}
			time.Sleep(3 * time.Second)
		}
		for range 200 {
			r.hub.Nudge()
			time.Sleep(5 * time.Second)
		}
		if r.box.In() != 100 || r.hub.Acked() != 100 {
			t.Fatalf("%d entries in, %d acknowledged", r.box.In(), r.hub.Acked())
		}
		if r.box.Twice > 0 {
			t.Fatalf("%d entries applied twice", r.box.Twice)
		}
	})
}

func TestNewRefuses(t *testing.T) {
	r := newRig(t, 1)
	for name, spoil := range map[string]func(o *outbox.Opts){
		"no log":      func(o *outbox.Opts) { o.Log = nil },
		"bad name":    func(o *outbox.Opts) { o.Box = "a/b" },
		"no identity": func(o *outbox.Opts) { o.Identity = nil },
		"no hub":      func(o *outbox.Opts) { o.Hub = keyfile.Public{} },
	} {
		o := r.opts
		spoil(&o)
		if _, err := outbox.New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestKeeperThatCannotLoad(t *testing.T) {
	r := newRig(t, 1)
	r.opts.Keeper = broken{}
	out, err := outbox.New(r.opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Run(t.Context()); !errors.Is(err, outboxtest.ErrDisk) {
		t.Fatal(err)
	}
}

type broken struct{ *outboxtest.Box }

func (broken) Load() (wire.SignedReceipt, outbox.Cursor, error) {
	return nil, outbox.Cursor{}, outboxtest.ErrDisk
}
