package registrar_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/registrar"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
)

func TestRowsFollow(t *testing.T) {
	w := newWorld(t)
	one := w.join("tram-01")
	w.steps()
	row := func() hub.Box {
		t.Helper()
		b, err := w.db.Box(t.Context(), "tram-01")
		w.ok(err)
		return b
	}
	if b := row(); b.Serial != one.Serial().String() || b.Keys.Identity != [32]byte(one.Keys.Public().Identity) || b.Revoked != 0 || len(w.moved) != 1 {
		t.Fatalf("%+v", b)
	}
	inv := hubtest.Invitation(facility, "tram-01")
	inv.Replaces = "tram-01"
	two := w.centre.Join(t.Context(), inv)
	w.steps()
	if b := row(); b.Serial != two.Serial().String() || b.Revoked != 0 || len(w.moved) != 2 {
		t.Fatalf("%+v", b)
	}
	_, err := w.centre.Stolen(t.Context(), w.centre.By, "tram-01", 0)
	w.ok(err)
	w.steps()
	if b := row(); b.Serial != two.Serial().String() || b.Revoked != int(cert.ReasonStolen) {
		t.Fatalf("%+v", b)
	}
	w.moved = nil
	w.steps()
	if w.moved != nil {
		t.Fatal("moved without a cause")
	}
	w.restart()
	w.steps()
	if len(w.moved) != 2 {
		t.Fatal("a restart does not hand the boxes on")
	}
}

// TestToldOnce fails each step before and after its work, restarts, and counts.
func TestToldOnce(t *testing.T) {
	for _, method := range []string{"Admit", "Tell", "Scanned"} {
		for n := range 3 {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprint(method, n, after), func(t *testing.T) {
					w := newWorld(t)
					calls := 0
					w.db.plan = func(m string) (bool, bool) {
						if m == method {
							calls++
						}
						hit := m == method && calls == n+1
						return hit && !after, hit && after
					}
					a, b := w.join("a"), w.join("b")
					w.steps()
					p := hubtest.NewPerson(facility, clinic.RoleNurse)
					w.send("a", p.ID, clinic.Credential{Request: p.Request})
					w.restart()
					w.steps()
					w.ok(w.r.Certify(t.Context(), w.centre.By, w.pending(1)[0].Digest))
					w.restart()
					w.steps()
					late := w.join("late")
					w.steps()
					w.restart()
					w.steps()
					for name, m := range map[string]*hubtest.Machine{"a": a, "b": b, "late": late} {
						if got := w.told(name, m.Enrolled.Trust); len(got) != 3 { // issuer, hub, person
							t.Errorf("%s was told %d statements", name, len(got))
						}
					}
					w.pending(0)
				})
			}
		}
	}
}

func TestRevocationsGoToTheFacilityOnly(t *testing.T) {
	w := newWorld(t)
	a := w.join("a")
	other := w.centre.Join(t.Context(), hubtest.Invitation("01234", "x"))
	w.steps()
	b := w.join("b")
	w.ok(w.centre.Revoke(t.Context(), w.centre.By, cert.Revoked{Serial: b.Serial(), Reason: cert.ReasonError}))
	w.steps()
	w.told("a", a.Enrolled.Trust)
	if _, gone := a.Enrolled.Trust.Revoked(facility, b.Serial()); !gone {
		t.Error("a box of the facility does not know")
	}
	if got := w.told("x", other.Enrolled.Trust); len(got) != 2 || other.Enrolled.Trust.ListSeq(facility) != 0 {
		t.Errorf("another facility was told %d", len(got))
	}
	if _, err := w.db.Downs(t.Context(), "b", 0, 9); err != nil {
		t.Fatal(err)
	}
}

// TestLongListGoesAsAnOrder: what does not fit an entry goes another way.
func TestLongListGoesAsAnOrder(t *testing.T) {
	w := newWorld(t)
	w.room = 600
	w.restart()
	a := w.join("a")
	for range 30 {
		p := hubtest.NewPerson(facility, clinic.RoleNurse)
		raw, err := w.centre.Certify(t.Context(), w.centre.By, p.Request)
		w.ok(err)
		v, err := cert.Unverified[cert.Person](raw)
		w.ok(err)
		w.ok(w.centre.Revoke(t.Context(), w.centre.By, cert.Revoked{Serial: v.Serial, Reason: cert.ReasonLeft, From: 1}))
	}
	w.steps()
	w.restart()
	w.steps()
	orders, err := w.centre.Orders(t.Context(), a.Serial(), 0)
	if err != nil || len(orders) != 1 {
		t.Fatal(len(orders), err)
	}
	c, err := a.Enrolled.Trust.Command(orders[0], a.Enrolled.Box, 0)
	w.ok(err)
	if c.Op != cert.OpRevocations || a.Enrolled.Trust.Add(c.Args) != nil {
		t.Fatal("the order does not bring the list")
	}
}

func TestDecisions(t *testing.T) {
	w := newWorld(t)
	a := w.join("a")
	w.steps()
	head, nurse, other := hubtest.NewPerson(facility, clinic.RoleAdministrator), hubtest.NewPerson(facility, clinic.RoleNurse), hubtest.NewPerson(facility, clinic.RoleDoctor)
	rescued := head.Vouch(a.Keys.Identity, a.Serial(), 1<<40)
	v, _, err := cert.ReadProvisional(rescued)
	w.ok(err)
	w.send("a", head.ID, clinic.Credential{Request: head.Request, Chain: [][]byte{rescued, a.Enrolled.Answer.Box}})
	chain := [][]byte{nurse.Vouch(head.Key, v.Serial, 1<<40), rescued, a.Enrolled.Answer.Box}
	w.send("a", nurse.ID, clinic.Credential{Request: nurse.Request, Chain: chain})
	w.send("a", nurse.ID, clinic.Credential{Request: nurse.Request, Chain: chain}) // again
	w.send("a", other.ID, clinic.Credential{Request: other.Request})
	w.steps()
	cs := w.pending(3)
	for _, c := range cs {
		if c.Problem != "" {
			t.Errorf("%+v", c)
		}
	}
	if err := w.r.Ratify(t.Context(), w.centre.By, cs[0].Digest[:6]); !errors.Is(err, hub.ErrCredential) {
		t.Error("six characters are enough", err)
	}
	w.ok(w.r.Ratify(t.Context(), w.centre.By, cs[0].Serial))
	w.ok(w.r.Reject(t.Context(), w.centre.By, cs[1].Serial[:12]))
	w.ok(w.r.Reject(t.Context(), w.centre.By, cs[2].Digest))
	w.pending(0)
	w.steps()
	w.told("a", a.Enrolled.Trust)
	if m, err := a.Enrolled.Trust.Member(cert.WantMember{At: cert.Now}, rescued, a.Enrolled.Answer.Box); err != nil || m.Provisional {
		t.Error("not ratified", err)
	}
	if _, err := a.Enrolled.Trust.Member(cert.WantMember{At: cert.Now}, chain...); !errors.Is(err, cert.ErrRevoked) {
		t.Error("not rejected", err)
	}
	if err := w.r.Certify(t.Context(), w.centre.By, cs[2].Digest); !errors.Is(err, hub.ErrCredential) {
		t.Error("a rejected request was certified", err)
	}
}

func TestBadCredentials(t *testing.T) {
	w := newWorld(t)
	a := w.join("a")
	w.centre.Join(t.Context(), hubtest.Invitation("01234", "x"))
	w.steps()
	p, foreign := hubtest.NewPerson(facility, clinic.RoleNurse), hubtest.NewPerson("01234", clinic.RoleNurse)
	self := hubtest.NewPerson(facility, clinic.RoleAdministrator)
	for _, c := range []struct {
		who  clinic.ID
		body clinic.Credential
	}{
		{foreign.ID, clinic.Credential{Request: foreign.Request}},
		{clinic.NewID(), clinic.Credential{Request: p.Request}},
		{p.ID, clinic.Credential{Request: append([]byte{}, p.Request[:len(p.Request)-1]...)}},
		{p.ID, clinic.Credential{Request: []byte("x"), Chain: [][]byte{[]byte("y")}}},
		{p.ID, clinic.Credential{}},
		{p.ID, clinic.Credential{Chain: [][]byte{p.Vouch(self.Key, cert.NewSerial(), 1), []byte("z")}}},
		{p.ID, clinic.Credential{Chain: [][]byte{p.Vouch(a.Keys.Identity, a.Serial(), 1), a.Enrolled.Answer.Box}}}, // a box makes administrators only
	} {
		w.send("a", c.who, c.body)
	}
	w.steps()
	cs := w.pending(7)
	for i, c := range cs {
		if c.Problem == "" {
			t.Errorf("no problem with %d", i)
		}
		if err := w.r.Certify(t.Context(), w.centre.By, c.Digest); i < 5 && !errors.Is(err, registrar.ErrProblem) {
			t.Errorf("%d was certified: %v", i, err)
		} else if i == 5 {
			break
		}
	}
	if err := w.r.Ratify(t.Context(), w.centre.By, cs[6].Digest); err == nil {
		t.Error("ratified what a box may not vouch for")
	}
	as, err := w.db.Alarms(t.Context(), "a", 9)
	if err != nil || len(as) == 0 || as[0].Code != hub.AlarmKey {
		t.Fatalf("%+v %v", as, err)
	}
	w.ok(w.r.Reject(t.Context(), w.centre.By, cs[0].Digest))

	// An entry before them comes to light: all are looked at again, and none is news.
	w.ok(w.db.Release(t.Context(), []hub.Found{{Stream: 1, Entry: hub.Entry{Index: 0}}}))
	if again, err := w.db.Unscanned(t.Context(), 9); err != nil || len(again) != 7 {
		t.Fatalf("%d are looked at again: %v", len(again), err)
	}
	w.steps()
	if now, err := w.db.Alarms(t.Context(), "a", 9); err != nil || !reflect.DeepEqual(now, as) {
		t.Errorf("alarms were raised again: %+v, before %+v, %v", now, as, err)
	}
}

// TestTask runs the registrar as a task, with another process acting beside it.
func TestTask(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.r.Run(ctx) }()
	<-w.r.Ready()
	w.join("a")
	limit, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	testlog.Eventually(limit, t, "what the box is told", func() bool {
		ds, err := w.db.Downs(ctx, "a", 0, 9)
		return err == nil && len(ds) == 2
	})
	cancel()
	w.ok(<-done)
}

// TestHeldIsOfOneMachine: machines that had a name one after the other do not count
// each other's streams.
func TestHeldIsOfOneMachine(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC) }
	box := func(name string, n int) authority.Box {
		return authority.Box{Facility: clinic.Facility{Box: name}, Issued: day(n)}
	}
	boxes := []authority.Box{box("a", 10), box("a", 20), box("b", 1)}
	streams := []hub.Stream{{Started: day(25), Size: 3}, {Started: day(12), Size: 2}, {Started: day(5), Size: 1}}
	for i, want := range []uint64{2, 3, 3} {
		if got := registrar.Held(boxes, &boxes[i], streams); got != want {
			t.Errorf("machine %d: %d entries, want %d", i, got, want)
		}
	}
	if got := registrar.Held(boxes, &boxes[1], streams[1:]); got != 0 {
		t.Errorf("a new machine has %d entries of its predecessor", got)
	}
}
