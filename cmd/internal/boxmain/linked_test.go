package boxmain

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/authority"
	"clinicbox/hub/merge"
	"clinicbox/internal/testlog"
)

// stationBox is a running box of a station of its own, with a nurse.
type stationBox struct {
	*Box
	t     *testing.T
	nurse clinic.ID
	path  string // of the configuration
	stop  func()
}

// station starts a box of a facility and joins it to the centre.
func station(t *testing.T, h *hubmain.Hub, log *testlog.Log, facility string) *stationBox {
	t.Helper()
	name := "tram-" + facility
	path := write(t, "[hub]\nbroker = \"ssl://"+h.BrokerAddr()+"\"\n")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.NewReplacer(`"22736"`, `"`+facility+`"`, `"tram-01"`, `"`+name+`"`).Replace(string(text))
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	invite := func(ctx context.Context) (string, error) {
		code, err := h.Invite(ctx, operator(), authority.Invitation{Facility: clinic.Facility{Code: facility, Name: "Trạm " + facility, Box: name, Book: "a"}})
		return code.String(), err
	}
	ask := func(ctx context.Context, request []byte) ([]byte, error) { return h.Enrol(ctx, operator(), request) }
	if err := Join(t.Context(), cfg, invite, ask); err != nil {
		t.Fatal(err)
	}
	s := &stationBox{t: t, nurse: clinic.NewID(), path: path}
	staff := []desk.StaffSeed{{ID: s.nurse, Staff: clinic.Staff{Name: "Lê Thị Giả", Role: clinic.RoleNurse}, PIN: "739105"}}
	s.Box = New(Options{Config: cfg, Log: log.Logger(), Staff: staff})
	s.stop = runs(t, name, s.Box)
	return s
}

func (s *stationBox) call() desk.Call { return desk.Call{Act: clinic.NewID(), By: s.nurse} }

func shared() clinic.Patient {
	return clinic.Patient{
		Name: "Nguyễn Thị Hòa", Sex: clinic.SexFemale, Birth: clinic.Date{Year: 1984, Month: 3, Day: 12},
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056184000017"}},
	}
}

func (s *stationBox) register() clinic.ID {
	s.t.Helper()
	done, err := s.desk.Register(s.t.Context(), s.call(), desk.PatientInput{Patient: shared()})
	if err != nil {
		s.t.Fatal(err)
	}
	return done.Patient
}

// page is what the nurse sees of a patient.
func (s *stationBox) page(id clinic.ID) desk.Patient {
	s.t.Helper()
	p, err := s.desk.PatientPage(s.t.Context(), s.nurse, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// soon waits until a patient's page has so many IDs, and names them.
func (s *stationBox) soon(id clinic.ID, n int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, s.t, "the link", func() bool { p := s.page(id); return len(p.Who.IDs) == n })
}

// TestOnePersonAtThreeStations: two stations register one person, the centre links them
// and a third; each reads what it has as one, its own details in front; an operator and a
// nurse part them and join them again, and everybody hears of it.
func TestOnePersonAtThreeStations(t *testing.T) {
	h, log, ctx := centre(t), testlog.New(t), t.Context()
	a, b := station(t, h, log, "22731"), station(t, h, log, "22732")
	p := a.register()
	if _, err := a.desk.SetAllergies(ctx, a.call(), desk.AllergiesInput{Patient: p, Items: []clinic.Allergy{{Substance: "Penicilin"}}}); err != nil {
		t.Fatal(err)
	}
	q := b.register()
	a.soon(p, 2)
	b.soon(q, 2)
	if x := b.page(q); x.ID != q || x.Who.Lead() != q || x.Own() == nil || x.Now.Name != shared().Name {
		t.Fatalf("a record of which nothing is here leads: %v, %v", x.Who.IDs, x.Now)
	}
	for _, r := range b.page(q).Who.Bonds[0].All {
		if l := r.Body.(*clinic.Link); l.ByPerson() || !r.CentreSigned(h.Public().Identity) {
			t.Errorf("%+v is not signed by the centre", l.Centre)
		}
	}
	if _, err := b.desk.SetAllergies(ctx, b.call(), desk.AllergiesInput{Patient: q, Items: []clinic.Allergy{{Substance: "Tôm"}}}); err != nil {
		t.Fatal(err)
	}

	// What A has comes to B: it is read together at once.
	details := shared()
	drafts := []clinic.Draft{{Kind: clinic.KindPatient, Subject: p, Body: &details}, {Kind: clinic.KindAllergies, Subject: p, Body: &clinic.Allergies{Asked: true, Items: []clinic.Allergy{{Substance: "Penicilin"}}}}}
	if err := h.Push(ctx, b.cfg.Box.Name, drafts); err != nil {
		t.Fatal(err)
	}
	within, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	testlog.Eventually(within, t, "both allergies", func() bool { x := b.page(q); return len(x.Allergies.Items) == 2 && x.Allergies.Conflict })
	if hits, err := b.desk.Find(ctx, b.nurse, "056184000017"); err != nil || len(hits) != 1 {
		t.Fatalf("one person is found as %d: %v", len(hits), err)
	}

	// An operator parts them: nothing was rewritten, all is as before.
	decide(t, h, [2]clinic.ID{p, q}, merge.DoApart)
	a.soon(p, 1)
	b.soon(q, 1)
	if x := b.page(q); len(x.Allergies.Items) != 1 || x.Allergies.Items[0].Substance != "Tôm" {
		t.Errorf("of the parted: %+v", x.Allergies.Items)
	}
	decide(t, h, [2]clinic.ID{p, q}, merge.DoSame)
	b.soon(q, 2)

	// A third station, later: it hears of all of them.
	c := station(t, h, log, "22733")
	r := c.register()
	c.soon(r, 3)
	a.soon(p, 3)

	// A nurse there says that they are two people; all links of the rule that stand
	// against it go, and the operator's stays.
	x := c.page(r)
	bond := x.Who.Bonds[0]
	for _, y := range x.Who.Bonds {
		if y.Names(r) {
			bond = y
		}
	}
	in := desk.LinkInput{Patient: bond.A, Other: bond.B, Why: "hai người", Tips: []clinic.Leaf{bond.Tips[0].Leaf}}
	if _, err := c.desk.Link(ctx, c.call(), in); err != nil {
		t.Fatal(err)
	}
	c.soon(r, 1)
	a.soon(p, 2)
	b.soon(q, 2)
	log.Absent(shared().Name, "056184000017")
}

// decide is an operator who looks at a pair and answers.
func decide(t *testing.T, h *hubmain.Hub, of [2]clinic.ID, do merge.Do) {
	t.Helper()
	m := h.Patients()
	p, err := m.Look(t.Context(), "Vận hành Mẫu", of[0], of[1])
	if err == nil {
		err = m.Answer(t.Context(), "Vận hành Mẫu", merge.Decision{A: of[0], B: of[1], Do: do, Mark: p.Mark})
	}
	if err != nil {
		t.Fatal(do, err)
	}
}
