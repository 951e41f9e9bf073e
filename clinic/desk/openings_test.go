package desk_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// An opening is loud until an administrator who did not open acknowledges it, and
// the centre hears that it happened, not whose record it was.
func TestOpeningsAreAcknowledged(t *testing.T) {
	g := newGuarded(t)
	ctx := t.Context()
	if err := g.breakGlass(g.doctor); err != nil {
		t.Fatal(err)
	}
	for _, by := range []clinic.ID{g.nurse, g.doctor, g.cashier, g.technician} {
		_, err := g.Openings(ctx, by)
		g.refused(err, desk.CodeNotAllowed, "")
	}
	all, err := g.Openings(ctx, g.admin)
	if err != nil || len(all) != 1 || all[0].Person.ID != g.doctor || all[0].Own || all[0].Words != "đang khám" {
		t.Fatalf("%+v %v", all, err)
	}
	g.refused(g.Acknowledge(ctx, call(g.doctor), all[0].Leaf), desk.CodeNotAllowed, "")
	// The doctor becomes an administrator: still not their own.
	if _, err := g.SaveStaff(ctx, call(g.admin), desk.StaffInput{Person: g.doctor, Staff: clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleAdministrator}}); err != nil {
		t.Fatal(err)
	}
	g.refused(g.Acknowledge(ctx, call(g.doctor), all[0].Leaf), desk.CodeOwnOpening, "")
	g.refused(g.Acknowledge(ctx, call(g.admin), clinic.Leaf{9}), desk.CodeFormStale, "")
	for range 2 {
		if err := g.Acknowledge(ctx, call(g.admin), all[0].Leaf); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := g.Openings(ctx, g.admin); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	v, err := g.LooksAt(ctx, g.nurse, g.on.Patient, desk.LookFilter{})
	if err != nil || v.Rows[0].Opened != clinic.OpenCare || v.Rows[0].Seen == nil || v.Rows[0].Seen.Author != g.admin {
		t.Fatalf("%+v %v", v.Rows, err)
	}
	if err := g.store.View(ctx, func(r desk.Reader) error {
		machine, err := r.Records(clinic.MachineSubject())
		if len(machine) != 1 || machine[0].Body.(*clinic.Machine).Event != clinic.MachineOpened {
			t.Errorf("the centre hears %d times", len(machine))
		}
		for _, rec := range machine {
			if b := rec.Body.(*clinic.Machine); b.Detail != "" || b.Person != g.doctor || !rec.Visit.IsZero() {
				t.Errorf("%+v", b)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	g.protect(false) // and ending the protection is as loud
	if all, err := g.Openings(ctx, g.doctor); err != nil || len(all) != 1 || all[0].Opened != clinic.OpenForAll {
		t.Fatalf("%+v %v", all, err)
	}
}

// Who looked at what, by patient and by person.
func TestLooksPages(t *testing.T) {
	g := newGuarded(t)
	g.protect(false)
	ctx := t.Context()
	g.clock.Add(30 * 24 * time.Hour) // a month later, without a reason that is recorded
	g.visit(g.on)
	other := g.open(g.register("Trần Mới"))
	g.visit(other)
	flush := func() {
		t.Helper()
		if err := g.Views().Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	flush()
	v, err := g.LooksAt(ctx, g.nurse, g.on.Patient, desk.LookFilter{By: g.doctor})
	if err != nil || len(v.Rows) == 0 || v.Rows[0].By != g.doctor || v.Rows[0].Day != (clinic.Date{Year: 2026, Month: 11, Day: 2}) || v.Now.Name == "" {
		t.Fatalf("%+v %v", v.Rows, err)
	}
	if v, err := g.LooksAt(ctx, g.nurse, g.on.Patient, desk.LookFilter{To: clinic.Date{Year: 2026, Month: 11, Day: 20}}); err != nil || len(v.Rows) != 1 {
		t.Fatalf("%+v %v", v.Rows, err) // the end of the protection
	}
	_, err = g.LooksAt(ctx, g.technician, g.on.Patient, desk.LookFilter{})
	g.refused(err, desk.CodeNotAllowed, "")
	_, err = g.LooksBy(ctx, g.nurse, g.doctor, desk.LookFilter{})
	g.refused(err, desk.CodeNotAllowed, "")
	if _, err = g.LooksBy(ctx, g.doctor, g.doctor, desk.LookFilter{}); err != nil {
		t.Error("one's own looks:", err)
	}
	by, err := g.LooksBy(ctx, g.admin, g.doctor, desk.LookFilter{})
	if err != nil || len(by.Rows) != 2 || by.Rows[0].Far || !by.Rows[1].Far || by.Rows[1].Name != "Nguyễn Thị Mẫu" {
		t.Fatalf("%+v %v", by.Rows, err)
	}
	if len(by.Days) != 1 || by.Days[0].Looks != 2 || by.Days[0].Patients != 2 {
		t.Errorf("%+v", by.Days)
	}
	flush()
	if all := g.looks(g.admin); len(all) < 2 || !all[0].Audit {
		t.Errorf("the administrator's look at the audit: %+v", all)
	}
	if by, err := g.LooksBy(ctx, g.admin, g.admin, desk.LookFilter{}); err != nil || len(by.Days) != 0 {
		t.Errorf("names among looks count as opened records: %+v %v", by.Days, err)
	}
}
