package desk_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// keyed is a station whose people have keys.
func keyed(t *testing.T) (*station, *desktest.Keys) {
	t.Helper()
	s, keys := newStation(t), &desktest.Keys{}
	var err error
	s.Desk, err = desk.New(desk.Options{
		Store: s.store, Clock: s.clock, Pins: s.pins, Papers: s.papers, Scans: s.scans, Witness: s.store, Keys: keys,
		Fold: func(name string) string { return name }, Site: s.Site(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, keys
}

func (s *station) logsIn(id clinic.ID, pin string) {
	s.Helper()
	if _, err := s.Login(s.Context(), desk.LoginInput{Person: id, PIN: pin}); err != nil {
		s.Fatal(err)
	}
}

// credentials are the entries about a person's keys, oldest first.
func (s *station) credentials(id clinic.ID) (out []clinic.Credential) {
	s.Helper()
	err := s.store.View(s.Context(), func(r desk.Reader) error {
		records, err := r.Records(id)
		for i := range records {
			if c, ok := records[i].Body.(*clinic.Credential); ok {
				out = append(out, *c)
			}
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *station) wantKey(id clinic.ID, want desk.KeyState, entries int) {
	s.Helper()
	if f := s.file(id); f.Key != want || len(s.credentials(id)) != entries {
		s.Fatalf("the key is %d in %d entries, want %d in %d", f.Key, len(s.credentials(id)), want, entries)
	}
}

// TestBoxVouchesForItsFirstAdministrator, for nobody else who could ask another, and
// for whom a recovery made one.
func TestBoxVouchesForItsFirstAdministrator(t *testing.T) {
	s, keys := keyed(t)
	keys.Alone = true
	s.logsIn(s.admin, adminPIN)
	s.wantKey(s.admin, desk.KeyOwn, 1)
	keys.Alone = false // the box joined a centre
	s.logsIn(s.doctor, doctorPIN)
	s.wantKey(s.doctor, desk.KeyOwn, 1)
	for range 2 {
		s.logsIn(s.admin, adminPIN)
		s.wantKey(s.admin, desk.KeyVouched, 2)
	}
	heir := desk.StaffSeed{ID: clinic.ID{51}, Staff: clinic.Staff{Name: "Đỗ Thị Kế Nhiệm", Role: clinic.RoleAdministrator}, PIN: "604193"}
	if err := s.SetUp(s.Context(), []desk.StaffSeed{heir}); err != nil {
		t.Fatal(err)
	}
	s.logsIn(heir.ID, heir.PIN)
	s.wantKey(heir.ID, desk.KeyOwn, 1) // the other one can vouch
	guess := clinic.Draft{Kind: clinic.KindMachine, Subject: clinic.MachineSubject(), Body: &clinic.Machine{Event: clinic.MachineRecovered, Person: heir.ID}}
	if err := s.store.Receive(clinic.ID{}, guess); err != nil {
		t.Fatal(err)
	}
	s.logsIn(heir.ID, heir.PIN)
	s.wantKey(heir.ID, desk.KeyOwn, 1) // said elsewhere
	if err := s.NoteMachine(s.Context(), clinic.Machine{Event: clinic.MachineRecovered, Person: heir.ID}); err != nil {
		t.Fatal(err)
	}
	s.logsIn(heir.ID, heir.PIN)
	s.wantKey(heir.ID, desk.KeyVouched, 2)
	if c := s.credentials(heir.ID); !desktest.ByBox(c[1].Chain) {
		t.Errorf("%q", c[1].Chain)
	}
}

// TestFirstPINComesWithAWord: the administrator who adds a person with a PIN shows
// their own, and vouches; the form sent twice changes neither PIN nor key.
func TestFirstPINComesWithAWord(t *testing.T) {
	s, _ := keyed(t)
	ctx := t.Context()
	s.logsIn(s.admin, adminPIN)
	in := desk.StaffInput{Staff: clinic.Staff{Name: "BS. Mẫu Mới", Role: clinic.RoleDoctor}, PIN: "604193"}
	n := s.store.Len()
	for _, own := range []string{"", "111222"} {
		in.OwnPIN = own
		_, err := s.SaveStaff(ctx, call(s.admin), in)
		s.refused(err, desk.CodePINWrong, "own")
	}
	_, err := s.SaveStaff(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeNotAllowed, "")
	if s.store.Len() != n {
		t.Fatal("something was written")
	}
	in.OwnPIN = adminPIN
	c := call(s.admin)
	id, err := s.SaveStaff(ctx, c, in)
	if err != nil {
		t.Fatal(err)
	}
	s.wantKey(id, desk.KeyVouched, 2)
	print := s.file(id).KeyPrint
	if again, err := s.SaveStaff(ctx, c, in); err != nil || again != id {
		t.Fatal(again, err)
	}
	s.wantKey(id, desk.KeyVouched, 2)
	if got := s.file(id).KeyPrint; got != print || got == "" {
		t.Errorf("the key was %s and is %s", print, got)
	}
	s.logsIn(id, in.PIN)
	s.wantKey(id, desk.KeyVouched, 2)
}

// TestNewRoleNeedsANewWord: a certificate names the role.
func TestNewRoleNeedsANewWord(t *testing.T) {
	s, _ := keyed(t)
	ctx := t.Context()
	s.logsIn(s.admin, adminPIN)
	s.logsIn(s.nurse, "739105")
	if err := s.Vouch(ctx, call(s.admin), s.nurse, adminPIN); err != nil {
		t.Fatal(err)
	}
	s.wantKey(s.nurse, desk.KeyVouched, 2)
	doctor := desk.StaffInput{Person: s.nurse, Staff: clinic.Staff{Name: "Lê Thị Giả", Role: clinic.RoleDoctor}}
	if _, err := s.SaveStaff(ctx, call(s.admin), doctor); err != nil {
		t.Fatal(err)
	}
	s.wantKey(s.nurse, 0, 2) // none for what they are now
	s.refused(s.Vouch(ctx, call(s.admin), s.nurse, adminPIN), desk.CodeKeyNone, "")
	s.logsIn(s.nurse, "739105")
	s.wantKey(s.nurse, desk.KeyOwn, 3)
	if err := s.Vouch(ctx, call(s.admin), s.nurse, adminPIN); err != nil {
		t.Fatal(err)
	}
	s.wantKey(s.nurse, desk.KeyVouched, 4)
}

// TestWhoHelpsWithAPIN: a doctor gives a new PIN and vouches for nothing.
func TestWhoHelpsWithAPIN(t *testing.T) {
	s, _ := keyed(t)
	ctx := t.Context()
	s.logsIn(s.admin, adminPIN)
	s.logsIn(s.nurse, "739105")
	in := desk.ResetInput{Colleague: s.nurse, PIN: "604193", OwnPIN: doctorPIN}
	if err := s.ResetPIN(ctx, call(s.doctor), in); err != nil {
		t.Fatal(err)
	}
	s.wantKey(s.nurse, desk.KeyOwn, 2)
	for by, pin := range map[clinic.ID]string{s.doctor: doctorPIN, s.technician: "110358", s.nurse: "604193"} {
		if err := s.Vouch(ctx, call(by), s.nurse, pin); err == nil {
			t.Errorf("%d vouches", by[0])
		}
	}
	s.refused(s.Vouch(ctx, call(s.admin), s.admin, adminPIN), desk.CodeKeyOwn, "")
	in.OwnPIN = adminPIN
	if err := s.ResetPIN(ctx, call(s.admin), in); err != nil {
		t.Fatal(err)
	}
	s.wantKey(s.nurse, desk.KeyVouched, 4)
}
