package store_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// station is a desk on a real store.
func station(t *testing.T, s *store.Store, clock desk.Clock) *desk.Desk {
	t.Helper()
	head := desktest.NewStore(clock) // for slips, which are not printed here
	d, err := desk.New(desk.Options{
		Store: s, Clock: clock, Pins: desktest.NewPins(), Papers: &desktest.Papers{}, Scans: desktest.Scans{}, Witness: head, Fold: fold.String,
		Site: desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế Mẫu", Box: "tram-01", Book: "a"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPowerCutWhileARecordIsOpened cuts the power at each step of the entry that
// tells of an opening: nothing shows before it is durable, and afterwards there is
// one entry, whichever way it went.
func TestPowerCutWhileARecordIsOpened(t *testing.T) {
	for _, step := range []storetest.Step{storetest.StepWrite, storetest.StepSync} {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprint(step, applied), func(t *testing.T) { powerCut(t, step, applied) })
		}
	}
}

func powerCut(t *testing.T, step storetest.Step, applied bool) {
	ctx, files := context.Background(), &storetest.Faults{}
	o := storetest.Options(t.TempDir())
	o.Files = files
	doctor, admin, p := clinic.NewID(), clinic.NewID(), clinic.NewID()
	s := storetest.Start(t, o)
	storetest.Save(
		t, s, patient(p, "Nguyễn Thị Mẫu"),
		clinic.Draft{Kind: clinic.KindStaff, Subject: doctor, Body: &clinic.Staff{Name: "D", Role: clinic.RoleDoctor}},
		clinic.Draft{Kind: clinic.KindStaff, Subject: admin, Body: &clinic.Staff{Name: "A", Role: clinic.RoleAdministrator}},
	)
	d := station(t, s, o.Clock)
	if err := d.Protect(ctx, desk.Call{Act: clinic.NewID(), By: admin}, desk.ProtectInput{Patient: p, On: true, Why: "x"}); err != nil {
		t.Fatal(err)
	}
	closed := func() {
		t.Helper()
		if _, err := d.PatientPage(ctx, doctor, p); !errors.Is(err, &desk.Error{Code: desk.CodeProtected}) && !errors.Is(err, store.ErrClosed) {
			t.Fatal("the record is open:", err)
		}
	}
	c, in := desk.Call{Act: clinic.NewID(), By: doctor}, desk.OpenInput{Patient: p, Reason: clinic.OpenEmergency}
	files.Arm(step, 0, syscall.EIO, applied)
	if err := d.OpenProtected(ctx, c, in); err == nil {
		t.Fatal("the fault hit nothing")
	}
	closed()
	s.Close()
	s = storetest.OpenWith(t, o)
	d = station(t, s, o.Clock)
	closed()
	if err := d.OpenProtected(ctx, c, in); err != nil { // the browser sends the form again
		t.Fatal(err)
	}
	if _, err := d.PatientPage(ctx, doctor, p); err != nil {
		t.Fatal(err)
	}
	if got := looks(t, s, clinic.OpenedSubject()); len(got) != 1 || got[0].By != doctor || got[0].Patient != p {
		t.Errorf("%d openings are recorded", len(got))
	}
}
