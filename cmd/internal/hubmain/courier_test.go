package hubmain_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/internal/keyfile"
	"clinicbox/sync/courier"
	"clinicbox/sync/courier/couriertest"
	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// boxSync is the real outbox as the courier of a box sees it.
type boxSync struct{ *outbox.Outbox }

func (s boxSync) Received() uint64 { return s.Truths().Received }

func (s boxSync) Place(ctx context.Context) (courier.Mark, []byte, error) {
	c, err := s.Outbox.Place(ctx)
	return courier.Mark{Epoch: c.Epoch, Next: c.Next}, c.Known(), err
}

func (s boxSync) Receipt(ctx context.Context, r wire.SignedReceipt) error {
	return s.CarryReceipt(ctx, r)
}

func (s boxSync) Down(ctx context.Context, st wire.Start, m wire.SignedDown) (courier.Took, error) {
	is, err := s.CarryDown(ctx, st, m)
	return courier.Took(is), err
}

// visit plugs a stick into the box of the pair.
func (p *pair) visit(m courier.Medium) (courier.Visit, error) {
	p.t.Helper()
	o := p.opts
	return courier.NewBox(courier.Options{
		Box: o.Box, Identity: o.Identity, HPKE: o.HPKE, Hub: o.Hub, Agent: o.Agent,
		Epoch: o.Epoch, Incarnation: o.Incarnation, Parent: o.Parent, Tip: o.Tip,
		Log: p.log, Sync: boxSync{p.out}, Note: courier.NoteKey{3}, Now: time.Now,
	}).Visit(p.t.Context(), m)
}

// bring takes a stick to the centre of the pair.
func (p *pair) bring(m courier.Medium) (courier.Report, error) {
	p.t.Helper()
	in := hubmain.CarriedIn(p.in, p.keys)
	var r courier.Report
	err := courier.Import(p.t.Context(), m, in, func(got courier.Report) { r = got })
	if err != nil && !errors.Is(err, courier.ErrNone) {
		return r, err
	}
	err = courier.Export(p.t.Context(), m, in, []string{"tram-01"}, func(got courier.Report) { r.Down, r.Err = got.Down, got.Err })
	return r, err
}

// carried reports whether each side knows, without a link, that the other has all.
func (p *pair) carried() bool {
	tr := p.out.Truths()
	st, err := p.db.DownState(p.t.Context(), "tram-01")
	if err != nil {
		p.t.Fatal(err)
	}
	return tr.Unsent() == 0 && tr.Saved == p.log.Size() && (tr.Problem == "" || tr.Problem == outbox.ProblemHoles) && uint64(p.box.In()) == st.Last
}

func stick(t *testing.T, seed uint64) *couriertest.Stick {
	t.Helper()
	m := couriertest.New(seed, 1<<30)
	if err := courier.Prepare(m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestCourierInsteadOfALink: months without a link, then one stick there and back: all
// that the box wrote is receipted, all that the centre had has arrived. When the link is
// there too, both know all of it and not an entry is sent twice.
func TestCourierInsteadOfALink(t *testing.T) {
	together(t, 60, func(t *testing.T, p *pair) {
		m := stick(t, 1)
		p.log.Append(4000, 200)
		p.log.Lose(17)
		p.push(30)
		p.stopHub() // it looks around every few seconds, which would take the test its time
		time.Sleep(90 * 24 * time.Hour)
		p.startHub()
		v, err := p.visit(m)
		if err != nil || !v.Up.All || p.out.Truths().Received != 0 {
			t.Fatalf("%+v %v", v, err)
		}
		p.restartBox()
		p.log.Append(5, 200)
		r, err := p.bring(m)
		if err != nil || r.New != 4000 || r.Missing || r.Differs || r.Refused+r.Bad > 0 || !r.Down.All {
			t.Fatalf("%+v %v", r, err)
		}
		p.stopHub()
		p.startHub()
		v, err = p.visit(m)
		if err != nil || v.Received != 4000 || v.Entries == 0 || p.out.Truths().Unsent() != 5 || p.out.Truths().Linked {
			t.Fatalf("%+v %+v %v", v, p.out.Truths(), err)
		}
		if r, err = p.bring(m); err != nil || r.New != 5 {
			t.Fatalf("%+v %v", r, err)
		}
		if _, err = p.visit(m); err != nil || !p.carried() {
			t.Fatalf("%+v %v", p.out.Truths(), err)
		}
		p.net.Connect(true)
		p.within(time.Minute, "the link is back")
		if again := p.in.Counts.Again.Load(); again > 0 {
			t.Errorf("%d frames with what the centre had", again)
		}
	})
}

// TestCourierAndLinkAtRandom: two sticks, one that is lost and one that is copied and
// comes back late, restarts of both sides, the link there now and then: in the end both
// agree, nothing is there twice, no alarm is raised.
func TestCourierAndLinkAtRandom(t *testing.T) {
	seeds := 6
	if testing.Short() {
		seeds = 2
	}
	for seed := range uint64(seeds) {
		together(t, 600+seed, func(t *testing.T, p *pair) { courierRun(t, p, rand.New(rand.NewPCG(seed, 4))) })
	}
}

func courierRun(t *testing.T, p *pair, rng *rand.Rand) {
	sticks := []*couriertest.Stick{stick(t, 1), stick(t, 2)}
	var late *couriertest.Stick
	for step := range 40 {
		i := rng.IntN(2)
		m := sticks[i]
		m.PullAt([]int{0, 0, 1 + rng.IntN(30)}[rng.IntN(3)])
		switch rng.IntN(8) {
		case 0, 1:
			p.log.Append(rng.IntN(200), 300)
			_, _ = p.visit(m)
		case 2, 3:
			p.push(rng.IntN(3))
			_, _ = p.bring(m)
		case 4:
			p.restartBox()
		case 5:
			p.stopHub()
			p.startHub()
		case 6:
			p.net.Connect(rng.IntN(2) == 0)
			time.Sleep(time.Duration(rng.IntN(5000)) * time.Millisecond)
		case 7:
			if sticks[i] = stick(t, uint64(step)); rng.IntN(2) == 0 && late != nil {
				sticks[i], late = late, nil
			} else {
				late = m.Copy(9)
			}
		}
		m.Pull()
		time.Sleep(time.Minute)
	}
	p.net.Connect(false)
	time.Sleep(time.Minute)
	for range 3 {
		for _, m := range sticks {
			if _, err := p.visit(m); err != nil {
				t.Fatal(err)
			}
			if r, err := p.bring(m); err != nil || r.Differs || r.Refused > 0 {
				t.Fatalf("%+v %v", r, err)
			}
			if _, err := p.visit(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !p.carried() {
		t.Fatalf("not everything arrived by courier: %+v, %d of the centre", p.out.Truths(), p.box.In())
	}
	p.net.Connect(true)
	p.within(30*time.Minute, "the link is back")
}

// TestCourierDatabaseFails: the centre's disk fails at any write of an import; nothing is
// told that is not stored, and the same stick brings all of it later.
func TestCourierDatabaseFails(t *testing.T) {
	together(t, 61, func(t *testing.T, p *pair) {
		m := stick(t, 1)
		p.log.Append(900, 300)
		if _, err := p.visit(m); err != nil {
			t.Fatal(err)
		}
		p.stopHub()
		healthy := p.db
		broken, err := db.Open(t.Context(), t.TempDir()+"/other.db")
		if err != nil {
			t.Fatal(err)
		}
		if err := broken.Close(); err != nil {
			t.Fatal(err)
		}
		p.db = broken
		p.startHub()
		if r, err := p.bring(m); err == nil {
			t.Fatalf("a closed database is no error: %+v", r)
		}
		p.stopHub()
		p.db = healthy
		p.startHub()
		if r, err := p.bring(m); err != nil || r.New != 900 {
			t.Fatalf("%+v %v", r, err)
		}
		if _, err := p.visit(m); err != nil || !p.carried() {
			t.Fatal(err)
		}
		p.net.Connect(true)
		p.within(time.Minute, "the link")
	})
}

// TestCourierOfNobody: files of a box that is not registered, of one whose name they
// only claim, and of one whose certificate ended bring nothing, and get nothing.
func TestCourierOfNobody(t *testing.T) {
	together(t, 62, func(t *testing.T, p *pair) {
		m := stick(t, 1)
		p.log.Append(5, 300)
		stranger, err := keyfile.Generate("tram-01")
		if err != nil {
			t.Fatal(err)
		}
		real := p.opts
		p.opts.Identity, p.opts.HPKE = stranger.Identity, stranger.HPKE
		if _, err := p.visit(m); err != nil {
			t.Fatal(err)
		}
		p.opts = real
		in := hubmain.CarriedIn(p.in, p.keys)
		err = courier.Import(t.Context(), m, in, func(r courier.Report) {
			if r.Refused != 1 || r.New > 0 {
				t.Errorf("%+v", r)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		as, err := p.db.Alarms(t.Context(), "", 10)
		if err != nil || len(as) != 1 || as[0].Code != hub.AlarmSignature {
			t.Errorf("%+v %v", as, err)
		}
		for _, a := range as { // the pair's own check wants none left
			_ = p.db.Acknowledge(t.Context(), a.Box, a.ID, hub.Ack{Count: a.Count, At: time.Now(), Who: "test"})
		}
		p.expected = true
		err = courier.Export(t.Context(), m, in, []string{"tram-99"}, func(r courier.Report) {
			if !errors.Is(r.Err, courier.ErrNobody) {
				t.Errorf("%+v", r)
			}
		})
		if err != nil {
			t.Error(err)
		}
		for _, f := range m.Files() {
			if strings.Contains(f, "tram-99") {
				t.Errorf("%s was written", f)
			}
		}
		if _, err := in.Carried(t.Context(), &courier.Piece{Box: "tram-99"}); err != nil {
			t.Error(err)
		}
		p.net.Connect(true)
		p.within(time.Minute, "the link")
	})
}

// TestCourierLateFilesAreNoClones: files of openings of one box come in any order, some
// long after later ones spoke over the link: no alarm.
func TestCourierLateFilesAreNoClones(t *testing.T) {
	together(t, 63, func(t *testing.T, p *pair) {
		var sticks []*couriertest.Stick
		for i := range 4 {
			m := stick(t, uint64(i))
			p.log.Append(20, 300)
			if _, err := p.visit(m); err != nil {
				t.Fatal(err)
			}
			sticks = append(sticks, m)
			p.restartBox()
		}
		for _, i := range []int{2, 0} {
			if r, err := p.bring(sticks[i]); err != nil || r.Differs || r.Missing {
				t.Fatalf("%+v %v", r, err)
			}
		}
		p.restartBox()
		p.net.Connect(true)
		p.within(time.Minute, "the link")
		for _, i := range []int{1, 3, 2} {
			if r, err := p.bring(sticks[i]); err != nil || r.New > 0 || r.Differs {
				t.Fatalf("%+v %v", r, err)
			}
		}
		p.log.Append(1, 300)
		p.within(time.Minute, "and on")
	})
}

// TestCourierOfTwoBoxesWithOneKey: a copied box writes a stick, too; what differs is kept
// as evidence under alarms, nothing of the first is lost.
func TestCourierOfTwoBoxesWithOneKey(t *testing.T) {
	together(t, 64, func(t *testing.T, p *pair) {
		p.expected = true
		first, second := stick(t, 1), stick(t, 2)
		real := p.log
		real.Append(100, 300)
		if _, err := p.visit(first); err != nil {
			t.Fatal(err)
		}
		p.log = outboxtest.NewLog()
		p.log.Append(120, 300) // other people on another day
		if _, err := p.visit(second); err != nil {
			t.Fatal(err)
		}
		p.log = real
		if r, err := p.bring(first); err != nil || r.New != 100 {
			t.Fatalf("%+v %v", r, err)
		}
		if r, err := p.bring(second); err != nil || r.New > 0 || !r.Differs {
			t.Fatalf("%+v %v", r, err)
		}
		as, err := p.db.Alarms(t.Context(), "tram-01", 10)
		if err != nil || len(as) != 1 || as[0].Code != hub.AlarmFork || as[0].Kept != 120 {
			t.Errorf("%+v %v", as, err)
		}
		p.net.Connect(true)
		p.within(time.Minute, "the first goes on")
	})
}
