package desk_test

import (
	"errors"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestNoteExport: administrators only, a protected record with words only and then
// loudly; the recovery code takes everything or nothing.
func TestNoteExport(t *testing.T) {
	g := newGuarded(t)
	p := g.on.Patient
	for _, by := range []clinic.ID{g.nurse, g.doctor, g.cashier, g.technician} {
		for _, patient := range []clinic.ID{{}, p} {
			err := g.NoteExport(t.Context(), desk.ExportInput{By: by, Patient: patient, Words: "vì", Act: clinic.NewID()})
			if !errors.Is(err, &desk.Error{Code: desk.CodeNotAllowed}) {
				t.Error(err)
			}
		}
	}
	for want, in := range map[desk.Code]desk.ExportInput{
		desk.CodeProtected: {By: g.admin, Patient: p},
		desk.CodeNoPatient: {By: g.admin, Patient: clinic.ID{1, 2}},
		desk.CodeNoPerson:  {Patient: p, Words: "vì"},
	} {
		in.Act = clinic.NewID()
		if err := g.NoteExport(t.Context(), in); !errors.Is(err, &desk.Error{Code: want}) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if err := g.NoteExport(t.Context(), desk.ExportInput{By: g.admin, Patient: p, Words: "người nhà xin", Act: clinic.NewID()}); err != nil {
		t.Fatal(err)
	}
	for _, by := range []clinic.ID{g.admin, {}} {
		if err := g.NoteExport(t.Context(), desk.ExportInput{By: by, Act: clinic.NewID()}); err != nil {
			t.Error(err)
		}
	}
	view, err := g.LooksAt(t.Context(), g.admin, p, desk.LookFilter{})
	opened := 0
	for _, row := range view.Rows {
		if row.By == g.admin && row.Opened == clinic.OpenAsked && row.Words == "người nhà xin" {
			opened++
		}
	}
	if err != nil || opened != 1 {
		t.Errorf("%d openings by the export are seen, %v", opened, err)
	}
}
