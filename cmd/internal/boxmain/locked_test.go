package boxmain

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/sealer"
	"clinicbox/hub/authority"
	"clinicbox/hub/broker"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
	"clinicbox/sync/mqttlink"
)

// postOffice is a centre reduced to what a locked box hears of it: heartbeats come in,
// time and orders go out.
type postOffice struct {
	*fleet
	t     *testing.T
	at    string // of the broker
	link  *mqttlink.Link
	beats chan cert.Beat
}

func newPost(t *testing.T) *postOffice {
	t.Helper()
	b := broker.New(broker.Options{Listen: "127.0.0.1:0", Dir: t.TempDir(), Log: testlog.Logger(t)})
	runs(t, "broker", b)
	p := &postOffice{fleet: newFleet(t), t: t, beats: make(chan cert.Beat, 64)}
	o := mqttlink.DefaultOpts()
	p.at = "tcp://" + b.Addr()
	o.Broker, o.ClientID, o.MinBackoff = p.at, "centre", 10*time.Millisecond
	l, err := mqttlink.New(o)
	if err != nil {
		t.Fatal(err)
	}
	p.link = l
	l.Handle("cb/1/+/beat", func(_ string, raw []byte) {
		if v, err := cert.Unverified[cert.Beat](raw); err == nil {
			p.beats <- v
		}
	})
	runs(t, "link of the centre", l)
	return p
}

// wait returns the first beat of a state.
func (p *postOffice) wait(ctx context.Context, want cert.State) cert.Beat {
	p.t.Helper()
	for {
		select {
		case v := <-p.beats:
			if v.State == want {
				return v
			}
		case <-ctx.Done():
			p.t.Fatalf("no heartbeat of state %d", want)
		}
	}
}

// say sends an order until a beat says that it was obeyed.
func (p *postOffice) say(ctx context.Context, box string, op cert.Op, want cert.State) {
	p.t.Helper()
	raw, err := p.Command(ctx, operator(), box, authority.Order{Op: op})
	if err != nil {
		p.t.Fatal(err)
	}
	seq := must[cert.Command](p.t)(cert.Unverified[cert.Command](raw)).Seq
	for {
		p.send(box, raw)
		select {
		case v := <-p.beats:
			if v.Obeyed >= seq && v.State == want {
				return
			}
		case <-time.After(500 * time.Millisecond): // the link is QoS 0: said again
		case <-ctx.Done():
			p.t.Fatalf("order %d was not obeyed", op)
		}
	}
}

func (p *postOffice) send(box string, raw []byte) { _ = p.link.Publish("cb/1/"+box+"/cmd", raw) }

// TestLockedBoxHearsItsCentre: a box that nobody unlocked sends heartbeats, learns
// the time, and obeys lock, block, allow and erase, and nobody else's orders.
func TestLockedBoxHearsItsCentre(t *testing.T) {
	p := newPost(t)
	cfg := board(t)
	cfg.Hub.Broker = p.at
	cfg.Box.TrustClock = false
	v, person := opened1(t, cfg), clinic.NewID()
	if _, err := v.setUp(t.Context(), person, rightPIN); err != nil {
		t.Fatal(err)
	}
	if _, err := v.join(t.Context(), p.invite("tram-01"), p.ask); err != nil {
		t.Fatal(err)
	}
	v.lock()
	log := testlog.New(t)
	b := New(Options{Config: cfg, Log: log.Logger(), Staff: []desk.StaffSeed{{
		ID: person, Staff: clinic.Staff{Name: "Phạm Văn Bịa", Role: clinic.RoleAdministrator}, PIN: rightPIN,
	}}})
	runs(t, "box", b)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	first := p.wait(ctx, cert.StateLocked)
	if first.Box != "tram-01" || first.Obeyed != 0 {
		t.Fatalf("%+v", first)
	}
	hub := time.Now().Add(400 * 24 * time.Hour)
	p.send("tram-01", p.time(cert.Time{Box: "tram-01", Nonce: cert.Nonce{9}, Time: hub.UnixMilli()})) // of another boot
	p.send("tram-01", p.time(cert.Time{Box: "tram-01", Nonce: first.Boot, Time: hub.UnixMilli()}))
	testlog.Eventually(ctx, t, "the centre's time", func() bool {
		now, trusted := b.clock.Now()
		return trusted && now.Sub(hub).Abs() < time.Minute
	})
	unlock := func() error { return b.vault.unlock(ctx, b.vault.method(person, rightPIN)) }
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	b.stirred()
	p.wait(ctx, cert.StateOpen)
	p.say(ctx, "tram-01", cert.OpLock, cert.StateLocked)
	p.say(ctx, "tram-01", cert.OpBlock, cert.StateBlocked)
	if err := unlock(); !errors.Is(err, errBlocked) {
		t.Fatal("a blocked box opens:", err)
	}
	p.say(ctx, "tram-01", cert.OpAllow, cert.StateLocked)
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	b.stirred()
	p.wait(ctx, cert.StateOpen)
	evil := newFleet(t)
	raw := must[[]byte](t)(cert.Sign(evil.keys.Command, cert.Command{Box: "tram-01", Serial: first.Serial, Seq: 99, Op: cert.OpErase}))
	p.send("tram-01", raw) // another centre's
	raw = must[[]byte](t)(cert.Sign(p.keys.Command, cert.Command{Box: "tram-01", Serial: cert.NewSerial(), Seq: 99, Op: cert.OpErase}))
	p.send("tram-01", raw) // for the box that had the name before
	testlog.Eventually(ctx, t, "two refusals in the log", func() bool { return strings.Count(log.String(), "not obeyed") >= 2 })
	if !b.vault.open() {
		t.Fatal("somebody else's order locked the box")
	}
	p.say(ctx, "tram-01", cert.OpErase, cert.StateErased)
	if err := unlock(); !errors.Is(err, sealer.ErrErased) {
		t.Fatal("an erased box opens:", err)
	}
	log.Absent("Phạm Văn Bịa", rightPIN)
}

func (p *postOffice) time(v cert.Time) []byte {
	return must[[]byte](p.t)(cert.Sign(p.keys.Command, v))
}

// TestEnrolledAtAnyClock: a box whose clock says 1970 or 2045 joins, connects by
// certificate, and has pages that a tablet accepts.
func TestEnrolledAtAnyClock(t *testing.T) {
	f := newFleet(t)
	for i, at := range []time.Time{time.Unix(60, 0), time.Date(2045, 6, 1, 0, 0, 0, 0, time.UTC)} {
		cfg := must[config.Box](t)(Load(write(t, "")))
		cfg.Box.Name = fmt.Sprintf("tram-%d", i)
		f.joinBox(cfg)
		v := opened1(t, cfg)
		if err := v.loadKey(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		_, keys, _ := v.storage()
		if _, err := keys.Renew(cert.LeafTime{Now: at, Floor: v.id.Floor()}); err != nil {
			t.Fatal(err)
		}
		c, ok := v.id.Pages()
		if !ok {
			t.Fatal("no pages")
		}
		chain := parse(t, c.Certificate)
		w := cert.Want{Roots: [][]byte{v.id.WebRoot()}, Name: cfg.Box.Name + ".local", Now: time.Now().Add(time.Hour), Trusted: true}
		if err := cert.VerifyX509(chain, w); err != nil {
			t.Errorf("a tablet with the right time refuses the pages of a box at %v: %v", at, err)
		}
		if _, err := v.id.LinkTLS("127.0.0.1", func() (time.Time, bool) { return at, false }); err != nil {
			t.Error(err)
		}
	}
}
