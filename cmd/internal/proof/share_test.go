package proof

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/cmd/internal/demo"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
	"clinicbox/store"
)

// province is a centre with the boxes of several facilities, as their programs wire them.
type province struct {
	*testing.T
	log *testlog.Log
	hub *hubmain.Hub
}

func newProvince(t *testing.T) *province {
	t.Helper()
	p := &province{T: t, log: testlog.New(t)}
	var cfg hubmain.Config
	dir := t.TempDir()
	cfg.Data.Dir, cfg.Data.Keys = filepath.Join(dir, "hub"), filepath.Join(dir, "hub.keys")
	cfg.Broker.Listen, cfg.Web.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Authority.Dir = filepath.Join(dir, "authority")
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.hub, err = hubmain.Open(t.Context(), cfg, p.log.Logger().With("program", "hub")); err != nil {
		t.Fatal(err)
	}
	p.running("centre", p.hub.Ready(), func(ctx context.Context) error { return errors.Join(p.hub.Run(ctx), p.hub.Close()) })
	return p
}

// running runs something until it is stopped, or the test ends.
func (p *province) running(what string, ready <-chan struct{}, run func(context.Context) error) (stop func()) {
	p.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			p.Errorf("%s: %v", what, err)
		}
	}
	p.Cleanup(stop)
	select {
	case <-ready:
	case err := <-done:
		p.Fatalf("%s did not start: %v", what, err)
	}
	return stop
}

// site is one box of the province, its people and its cable.
type site struct {
	p     *province
	name  string
	play  *demo.Play
	cable *demo.Cable
	box   *boxmain.Box
	desk  *desk.Desk
	store *store.Store
	stop  func()
}

// join makes a box of a facility and starts it. replaces names a box whose place it takes.
func (p *province) join(facility, name, book, replaces string, play *demo.Play) *site {
	p.Helper()
	s := &site{p: p, name: name, play: play}
	var err error
	if s.cable, err = demo.NewCable(p.hub.BrokerAddr()); err != nil {
		p.Fatal(err)
	}
	p.running("cable", s.cable.Ready(), s.cable.Run)
	path := filepath.Join(p.TempDir(), "box.toml")
	text := fmt.Sprintf("[data]\ndir = \"data\"\n[facility]\ncode = %q\nname = \"Trạm Y tế xã Mẫu\"\n[box]\nname = %q\nbook = %q\ntrust_clock = true\n[web]\nlisten = \"127.0.0.1:0\"\n[hub]\nbroker = \"ssl://%s\"\n",
		facility, name, book, s.cable.Addr())
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
	cfg, err := boxmain.Load(path)
	if err != nil {
		p.Fatal(err)
	}
	by := authority.By{Operator: "Vận hành Mẫu", Reason: "thử"}
	inv := authority.Invitation{
		Facility: clinic.Facility{Code: facility, Name: "Trạm Y tế xã Mẫu", Box: name, Book: book}, Replaces: replaces,
		Names: cert.Names{IPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}},
	}
	err = boxmain.Join(p.Context(), cfg, func(ctx context.Context) (string, error) {
		code, err := p.hub.Invite(ctx, by, inv)
		return code.String(), err
	}, func(ctx context.Context, request []byte) ([]byte, error) { return p.hub.Enrol(ctx, by, request) })
	if err != nil {
		p.Fatal(err)
	}
	s.box = boxmain.New(boxmain.Options{
		Config: cfg, Log: p.log.Logger().With("program", name), Staff: play.Staff(), Clock: play.Clock(),
		Pause: func(int) time.Duration { return 0 },
		Prepare: func(_ context.Context, d *desk.Desk, st *store.Store) error {
			s.desk, s.store = d, st
			play.At(d)
			return nil
		},
	})
	s.stop = p.running(name, s.box.Ready(), s.box.Run)
	return s
}

func (p *province) within(d time.Duration, what string, cond func() bool) {
	p.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	began := time.Now()
	testlog.Eventually(ctx, p, what, cond)
	p.Log(what, time.Since(began).Round(time.Millisecond))
}

// sent reports whether the centre has everything that the box recorded.
func (s *site) sent() bool {
	tr := s.box.Truths()
	return tr.Linked && tr.Saved > 0 && tr.Received == tr.Saved
}

// patients are those whom the box registered itself.
func (s *site) patients() (ids []clinic.ID) {
	for _, rec := range journal(s.p, s.store.Own()) {
		if rec.Kind == clinic.KindPatient && !slices.Contains(ids, rec.Subject) {
			ids = append(ids, rec.Subject)
		}
	}
	return ids
}

// leaves are the entries about somebody, in order.
func (s *site) leaves(id clinic.ID) (out []clinic.Leaf) {
	err := s.store.View(context.Background(), func(r desk.Reader) error {
		records, err := r.Records(id)
		for i := range records {
			out = append(out, records[i].Leaf)
		}
		return err
	})
	if err != nil {
		s.p.Fatal(err)
	}
	return out
}

// same reports whether two boxes have the same entries of the patients.
func same(a, b *site, ids []clinic.ID) bool {
	for _, id := range ids {
		if x := a.leaves(id); len(x) == 0 || !slices.Equal(x, b.leaves(id)) {
			return false
		}
	}
	return true
}

func (s *site) days(first clinic.Date, n, visits int) {
	s.p.Helper()
	for i := range n {
		if err := s.play.Day(s.p.Context(), first.AddDays(i), visits); err != nil {
			s.p.Fatal(err)
		}
	}
}

// TestBoxesOfAFacilityShare: what one box of a facility records of patients, the other
// has, signed and sealed as it was; a box of another facility has nothing of it. A box
// that comes later, and a machine in another's place, get what is there.
func TestBoxesOfAFacilityShare(t *testing.T) {
	p := newProvince(t)
	first := clinic.Date{Year: 2026, Month: 11, Day: 2}
	a := p.join("56999", "tram-01", "a", "", demo.NewPlay(11, 12, first))
	b := p.join("56999", "tram-02", "b", "", demo.NewPlay(12, 8, first))
	c := p.join("22736", "tram-03", "a", "", demo.NewPlay(13, 3, first))
	for _, s := range []*site{a, b, c} {
		if err := s.play.Register(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a.days(first, 1, 6)
	all := append(a.patients(), b.patients()...)
	p.within(time.Minute, "the other's patients", func() bool { return same(a, b, all) })
	signedElsewhere(t, a, b)
	certify(t, a)
	p.within(time.Minute, "certificates at the other box", func() bool { return signedAs(t, a, b, clinic.SignatureGood) })

	// Weeks apart, both go on with the same patients.
	a.cable.Set(false)
	b.cable.Set(false)
	a.days(first.AddDays(1), 3, 6)
	b.days(first.AddDays(1), 3, 5)
	shared := all[0]
	for _, s := range []*site{a, b} {
		add(t, s, shared, "Thuốc của "+s.name)
	}
	a.cable.Set(true)
	b.cable.Set(true)
	p.within(2*time.Minute, "equal views after weeks", func() bool {
		a.box.Reconnect()
		b.box.Reconnect()
		return a.sent() && b.sent() && same(a, b, all)
	})
	page, err := a.desk.PatientPage(t.Context(), a.play.Role(clinic.RoleDoctor), shared)
	if err != nil || len(page.Allergies.Items) < 2 {
		t.Errorf("allergies that two boxes wrote apart: %+v, %v", page.Allergies.Items, err)
	}
	if twice, foreign := received(b, all); twice > 0 || foreign > 0 {
		t.Errorf("%d entries twice, %d of nobody here", twice, foreign)
	}
	if n := len(c.leaves(all[0])); n != 0 || c.store.Received().Size() > 30 {
		t.Errorf("a box of another facility has %d entries of the patient, %d in all", n, c.store.Received().Size())
	}

	d := p.join("56999", "tram-04", "d", "", demo.NewPlay(14, 0, first.AddDays(4)))
	p.within(time.Minute, "what the facility has, at a new box", func() bool { return same(a, d, all) })

	replaced(t, a, all)
	p.log.Absent("Thuốc của")
}

// add writes an allergy of a patient.
func add(t *testing.T, s *site, patient clinic.ID, substance string) {
	t.Helper()
	page, err := s.desk.PatientPage(t.Context(), s.play.Role(clinic.RoleDoctor), patient)
	if err != nil {
		t.Fatal(err)
	}
	in := desk.AllergiesInput{Patient: patient, Asked: true, Tips: page.Allergies.Tips, Items: append(slices.Clone(page.Allergies.Items), clinic.Allergy{Substance: substance})}
	if _, err := s.desk.SetAllergies(t.Context(), desk.Call{Act: clinic.NewID(), By: s.play.Role(clinic.RoleDoctor)}, in); err != nil {
		t.Fatal(err)
	}
}

// signedElsewhere: a key for which nobody gave their word does not count at another box.
func signedElsewhere(t *testing.T, a, b *site) {
	t.Helper()
	if !signedAs(t, a, b, clinic.SignatureUnknown) || !signedAs(t, a, a, clinic.SignatureUnconfirmed) {
		t.Error("a key that nobody vouches for counts as it should not")
	}
}

// certify has the centre certify the keys of a box's people.
func certify(t *testing.T, a *site) {
	t.Helper()
	for _, rec := range journal(t, a.store.Own()) {
		if c, ok := rec.Body.(*clinic.Credential); ok {
			if _, err := a.p.hub.Authority().Certify(t.Context(), authority.By{Operator: "Vận hành Mẫu", Reason: "thử"}, c.Request); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// signedAs reports whether everything that was signed at a box is worth that at another.
func signedAs(t *testing.T, a, at *site, want clinic.SignatureState) bool {
	t.Helper()
	n := 0
	for _, rec := range journal(t, a.store.Own()) {
		if rec.Kind != clinic.KindSigned {
			continue
		}
		v, err := at.desk.VisitPage(t.Context(), at.play.Role(clinic.RoleDoctor), rec.Subject, rec.Visit)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range v.Visit.Signed {
			if s.State != want {
				return false
			}
			n++
		}
	}
	return n > 0
}

// received counts entries that a box has twice, and patients whom it should not have.
func received(s *site, of []clinic.ID) (twice, foreign int) {
	seen := map[clinic.Leaf]bool{}
	for _, rec := range journal(s.p, s.store.Own()) {
		seen[rec.Leaf] = true
	}
	for _, r := range journal(s.p, s.store.Received()) {
		if seen[r.Leaf] {
			twice++
		}
		seen[r.Leaf] = true
		if r.Kind == clinic.KindPatient && !slices.Contains(of, r.Subject) {
			foreign++
		}
	}
	return twice, foreign
}

// replaced puts a new machine with empty records in a box's place.
func replaced(t *testing.T, a *site, all []clinic.ID) {
	t.Helper()
	p := a.p
	want := map[clinic.ID][]clinic.Leaf{}
	for _, id := range all {
		want[id] = a.leaves(id)
	}
	last := map[string]int{}
	for _, rec := range journal(t, a.store.Own()) {
		for _, is := range clinic.Issued(rec.Body) {
			last[is.Series] = max(last[is.Series], is.Number)
		}
	}
	own := a.store.Own().Size()
	a.stop()
	n := p.join("56999", "tram-01", "a", "tram-01", demo.NewPlay(11, 12, clinic.Date{Year: 2026, Month: 11, Day: 6}))
	p.within(time.Minute, "the records of the machine before", func() bool {
		return !slices.ContainsFunc(all, func(id clinic.ID) bool { return !slices.Equal(n.leaves(id), want[id]) })
	})
	if n.store.Own().Size() >= own {
		t.Error("what came back is recorded anew")
	}
	// No number that was printed comes again.
	page, err := n.desk.PatientPage(t.Context(), n.play.Role(clinic.RoleNurse), all[0])
	if err != nil {
		t.Fatal(err)
	}
	hits, err := n.desk.Find(t.Context(), n.play.Role(clinic.RoleNurse), page.Now.Name)
	if err != nil || !slices.ContainsFunc(hits, func(h desk.Hit) bool { return h.ID == all[0] }) {
		t.Fatal("who was registered on the machine before is not found: ", err)
	}
	if _, err := n.desk.OpenVisit(t.Context(), desk.Call{Act: clinic.NewID(), By: n.play.Role(clinic.RoleNurse)}, desk.VisitInput{Patient: all[1], Another: true}); err != nil {
		t.Fatal(err)
	}
	for _, rec := range journal(t, n.store.Own()) {
		for _, is := range clinic.Issued(rec.Body) {
			if is.Number <= last[is.Series] {
				t.Errorf("number %d of %s comes again: %d was issued", is.Number, is.Series, last[is.Series])
			}
		}
	}
}
