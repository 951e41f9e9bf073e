package desk_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// receive brings a person's entry that was made elsewhere.
func (s *station) receive(id clinic.ID, as clinic.Staff) {
	s.Helper()
	if err := s.store.Receive(clinic.ID{99}, clinic.Draft{Kind: clinic.KindStaff, Subject: id, Body: &as}); err != nil {
		s.Fatal(err)
	}
}

// TestReceivedStaffGiveNoRights: an entry from elsewhere, forged or not, tells names
// and takes rights away; it makes nobody more than this box did.
func TestReceivedStaffGiveNoRights(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	s.receive(s.nurse, clinic.Staff{Name: "Lê Thị Giả Mới", Role: clinic.RoleAdministrator})
	if p, err := s.Who(ctx, s.nurse); err != nil || p.Role != clinic.RoleNurse || p.Name != "Lê Thị Giả Mới" {
		t.Errorf("a nurse became %+v, %v", p, err)
	}
	if _, err := s.SaveStaff(ctx, call(s.nurse), desk.StaffInput{Staff: clinic.Staff{Name: "X", Role: clinic.RoleNurse}}); err == nil {
		t.Error("a forged administrator adds people")
	}
	if _, err := s.SaveStaff(ctx, call(s.nurse), desk.StaffInput{Person: s.nurse, Staff: clinic.Staff{Name: "X", Role: clinic.RoleAdministrator}}); err == nil {
		t.Error("a forged administrator makes themselves a real one")
	}

	stranger := clinic.ID{77}
	s.receive(stranger, clinic.Staff{Name: "Người Lạ", Role: clinic.RoleAdministrator})
	people, err := s.Staff(ctx)
	for _, p := range people {
		if p.ID == stranger || err != nil {
			t.Error("who was never admitted here may log in:", p, err)
		}
	}
	_, err = s.Login(ctx, desk.LoginInput{Person: stranger, PIN: "480257"})
	s.refused(err, desk.CodeNoPerson, "")
	_, err = s.Register(ctx, call(stranger), somebody("Nguyễn Thị Mẫu"))
	s.refused(err, desk.CodeNoPerson, "")
	if err := s.Vouch(ctx, call(stranger), s.nurse, "480257"); err == nil {
		t.Error("a stranger vouches")
	}
	// An administrator of this box who sets their PIN admits them; a doctor may not.
	in := desk.ResetInput{Colleague: stranger, PIN: "604193", OwnPIN: doctorPIN}
	s.refused(s.ResetPIN(ctx, call(s.doctor), in), desk.CodePINHelp, "")
	in.OwnPIN = "271904"
	if err := s.ResetPIN(ctx, call(s.admin), in); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Login(ctx, desk.LoginInput{Person: stranger, PIN: "604193"}); err != nil || p.Role != clinic.RoleAdministrator {
		t.Fatalf("%+v, %v", p, err)
	}
}

// TestReceivedLeave: who left the facility elsewhere is out here too, and comes back
// only by this box's own word.
func TestReceivedLeave(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	s.receive(s.nurse, clinic.Staff{Name: "Lê Thị Giả", Role: clinic.RoleNurse, Left: true})
	_, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: "739105"})
	s.refused(err, desk.CodeNoPerson, "")
	if err := s.SetUp(ctx, nil); err != nil { // at the next start the PIN goes, too
		t.Fatal(err)
	}
	if v, err := s.pins.Look(s.nurse); err != nil || v.Result != clinic.PINUnset {
		t.Errorf("%+v, %v", v, err)
	}

	gone := desk.StaffInput{Person: s.doctor, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor, Left: true}}
	if _, err := s.SaveStaff(ctx, call(s.admin), gone); err != nil {
		t.Fatal(err)
	}
	s.receive(s.doctor, clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor})
	_, err = s.Login(ctx, desk.LoginInput{Person: s.doctor, PIN: doctorPIN})
	s.refused(err, desk.CodeNoPerson, "")
	gone.Left = false
	if _, err := s.SaveStaff(ctx, call(s.admin), gone); err != nil {
		t.Fatal(err)
	}
	_, err = s.Login(ctx, desk.LoginInput{Person: s.doctor, PIN: doctorPIN})
	s.refused(err, desk.CodePINUnset, "") // back, with a new PIN to be set
}

// TestTwin: the second account of a name and role is made on purpose only.
func TestTwin(t *testing.T) {
	s := newStation(t)
	in := desk.StaffInput{Staff: clinic.Staff{Name: "lê thị giả", Role: clinic.RoleNurse}}
	_, err := s.SaveStaff(t.Context(), call(s.admin), in)
	s.refused(err, desk.CodeStaffTwin, "twin")
	other := in
	other.Role = clinic.RoleCashier
	for _, in := range []desk.StaffInput{other, {Staff: in.Staff, Twin: true}} {
		if _, err := s.SaveStaff(t.Context(), call(s.admin), in); err != nil {
			t.Error(err)
		}
	}
}
