package desk_test

import (
	"errors"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

const (
	adminPIN = "271904"
	nursePIN = "739105"
	freshPIN = "582931"
)

func (s *station) file(of clinic.ID) desk.StaffFile {
	s.Helper()
	f, err := s.StaffPage(s.Context(), s.nurse, of)
	if err != nil {
		s.Fatal(err)
	}
	return f
}

// locked types wrong PINs until the person is locked out.
func (s *station) lock(who clinic.ID) {
	s.Helper()
	for range 10 {
		_, err := s.Login(s.Context(), desk.LoginInput{Person: who, PIN: "000000"})
		s.refused(err, desk.CodePINWrong, "pin")
	}
}

func TestColleagues(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	s.lock(s.nurse)
	gone := desk.StaffInput{Person: s.doctor, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor, Left: true}}
	if _, err := s.SaveStaff(ctx, call(s.admin), gone); err != nil {
		t.Fatal(err)
	}
	all, err := s.Colleagues(ctx, s.technician) // names stand on the page to log in too
	if err != nil || len(all) != 5 || all[4].ID != s.doctor {
		t.Fatalf("%+v, %v", all, err)
	}
	want := map[clinic.ID]clinic.PINResult{s.nurse: clinic.PINLocked, s.cashier: clinic.PINUnset, s.admin: clinic.PINRight}
	for _, c := range all {
		if r, ok := want[c.ID]; ok && c.PIN.Result != r {
			t.Errorf("%s: %d", c.Name, c.PIN.Result)
		}
	}
	_, err = s.Colleagues(ctx, s.doctor) // left
	s.refused(err, desk.CodeNoPerson, "")
	_, err = s.StaffPage(ctx, clinic.NewID(), s.nurse)
	s.refused(err, desk.CodeNoPerson, "")
	_, err = s.StaffPage(ctx, s.nurse, clinic.NewID())
	s.refused(err, desk.CodeNoPerson, "")
	if f := s.file(s.doctor); !f.Left || len(f.Versions) != 2 || f.Names[f.Versions[1].Author].ID != s.admin {
		t.Fatalf("%+v", f)
	}
}

// TestStaffChange: an old form overwrites nothing, and one that changes nothing
// writes nothing.
func TestStaffChange(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	in := desk.StaffInput{Person: s.nurse, Staff: clinic.Staff{Name: "Lê Thị Giả", Role: clinic.RoleNurse, Title: "ĐD."}}
	f := s.file(s.nurse)
	in.Base = f.Base()
	stale := in
	stale.Name = "Lê Thị Khác"
	if _, err := s.SaveStaff(ctx, call(s.admin), in); err != nil {
		t.Fatal(err)
	}
	_, err := s.SaveStaff(ctx, call(s.admin), stale)
	s.refused(err, desk.CodeChanged, "")
	n := s.store.Len()
	if _, err := s.SaveStaff(ctx, call(s.admin), in); err != nil || s.store.Len() != n {
		t.Fatalf("the same again: %v, %d entries", err, s.store.Len()-n)
	}
	f = s.file(s.nurse)
	stale.Base = f.Base()
	if err := s.ChangePIN(ctx, call(s.nurse), nursePIN, freshPIN); err != nil { // is no other version of the details
		t.Fatal(err)
	}
	if _, err := s.SaveStaff(ctx, call(s.admin), stale); err != nil {
		t.Fatal(err)
	}
	in.PIN = freshPIN
	if _, err := s.SaveStaff(ctx, call(s.admin), in); err == nil {
		t.Fatal("an administrator set a colleague's PIN without a trace")
	}
}

func TestResetPIN(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	in := desk.ResetInput{Colleague: s.nurse, PIN: freshPIN, OwnPIN: doctorPIN}
	with := func(f func(*desk.ResetInput)) desk.ResetInput {
		x := in
		f(&x)
		return x
	}
	n := s.store.Len()
	for name, c := range map[string]struct {
		by    clinic.ID
		in    desk.ResetInput
		code  desk.Code
		field string
	}{
		"nurse":              {s.nurse, with(func(x *desk.ResetInput) { x.Colleague = s.cashier; x.OwnPIN = nursePIN }), desk.CodeNotAllowed, ""},
		"oneself":            {s.doctor, with(func(x *desk.ResetInput) { x.Colleague = s.doctor }), desk.CodePINHelp, ""},
		"doctor for admin":   {s.doctor, with(func(x *desk.ResetInput) { x.Colleague = s.admin }), desk.CodePINHelp, ""},
		"nobody":             {s.doctor, with(func(x *desk.ResetInput) { x.Colleague = clinic.NewID() }), desk.CodeNoPerson, ""},
		"weak":               {s.doctor, with(func(x *desk.ResetInput) { x.PIN = "123456" }), desk.CodePINWeak, "pin"},
		"short":              {s.doctor, with(func(x *desk.ResetInput) { x.PIN = "1234" }), desk.CodePINLength, "pin"},
		"somebody else's":    {s.doctor, with(func(x *desk.ResetInput) { x.OwnPIN = nursePIN }), desk.CodePINWrong, "pin"},
		"the new one as own": {s.doctor, with(func(x *desk.ResetInput) { x.OwnPIN = freshPIN }), desk.CodePINWrong, "pin"},
	} {
		t.Run(name, func(t *testing.T) { s.refused(s.ResetPIN(ctx, call(c.by), c.in), c.code, c.field) })
	}
	if _, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: nursePIN}); err != nil || s.store.Len() != n {
		t.Fatalf("a refused reset did something: %v, %d entries", err, s.store.Len()-n)
	}
	s.lock(s.nurse)
	if err := s.ResetPIN(ctx, call(s.doctor), in); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: freshPIN}); err != nil { // the lock is gone with it
		t.Fatal(err)
	}
	f := s.file(s.nurse)
	if r := f.PINReset(); r == nil || r.Author != s.doctor || s.store.Len() != n+1 {
		t.Fatalf("nothing tells of it: %+v", f.Versions)
	}
	if err := s.ChangePIN(ctx, call(s.nurse), freshPIN, nursePIN); err != nil {
		t.Fatal(err)
	}
	if f = s.file(s.nurse); f.PINReset() != nil {
		t.Fatal("told of for ever")
	}
	if err := s.ResetPIN(ctx, call(s.admin), desk.ResetInput{Colleague: s.cashier, PIN: freshPIN, OwnPIN: adminPIN}); err != nil {
		t.Fatal(err) // who never had one
	}
	s.refused(s.Unlock(ctx, call(s.doctor), s.technician, "000000"), desk.CodePINWrong, "pin")
}

// TestPINFaults: the entry or the PIN cannot be kept; the same form again does it,
// and no PIN changes without an entry.
func TestPINFaults(t *testing.T) {
	for name, fault := range map[string]desktest.Fault{"not applied": desktest.FaultNotApplied, "applied": desktest.FaultApplied} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t)
			ctx := t.Context()
			c := call(s.doctor)
			in := desk.ResetInput{Colleague: s.nurse, PIN: freshPIN, OwnPIN: doctorPIN}
			s.store.Plan(fault)
			if err := s.ResetPIN(ctx, c, in); err == nil || desk.ErrorsOf(err) != nil {
				t.Fatal(err)
			}
			if _, err := s.Login(ctx, desk.LoginInput{Person: s.nurse, PIN: nursePIN}); err != nil {
				t.Fatal("the PIN changed without an entry")
			}
			if err := s.ResetPIN(ctx, c, in); err != nil {
				t.Fatal(err)
			}
			mine := call(s.nurse)
			s.store.Plan(fault)
			if err := s.ChangePIN(ctx, mine, freshPIN, nursePIN); err == nil {
				t.Fatal("a failed entry was not told")
			}
			if err := s.ChangePIN(ctx, mine, freshPIN, nursePIN); err != nil {
				t.Fatal(err)
			}
			if f := s.file(s.nurse); len(f.Versions) != 3 || f.PINReset() != nil {
				t.Fatalf("%d entries", len(f.Versions))
			}
		})
	}
	s := newStation(t)
	s.pins.Err = errors.New("disk")
	if _, err := s.Colleagues(t.Context(), s.nurse); err == nil {
		t.Fatal("a disk that fails is told as PINs that are fine")
	}
}
