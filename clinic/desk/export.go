package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// ExportInput says what leaves the box in a file, in clear.
type ExportInput struct {
	By      clinic.ID // an administrator whose PIN was checked; zero = who has the recovery code, for everything only
	Patient clinic.ID // zero = everything
	Record  bool      // one entry of the patient's only
	Words   string    // why; needed for a protected record
	Act     clinic.ID // names the act
}

// Details of the entry that tells of an export. Words are frozen.
const (
	exportedAll     = "everything"
	exportedPatient = "one patient"
	exportedRecord  = "one entry"
)

// NoteExport records that records leave the box, before they do: who, and of whom.
// Administrators only, or who has the recovery code. A protected record needs words,
// and leaving is an opening of it, for others to acknowledge. CodeStoreFull tells that
// the disk takes no entry: the caller may go on and must say so.
func (d *Desk) NoteExport(ctx context.Context, in ExportInput) error {
	words, err := d.text("words", in.Words, 500)
	if err != nil {
		return err
	}
	drafts := func(r Reader) ([]clinic.Draft, error) { return exportDrafts(r, in, words) }
	// Looked at first: a refusal comes before a full disk.
	err = d.view(ctx, func(r Reader) error {
		_, err := drafts(r)
		return err
	})
	if err != nil {
		return err
	}
	_, err = d.o.Store.Act(ctx, in.Act, in.By, drafts)
	if err == nil {
		d.o.Log.Warn("records leave the box in a file", "person", in.By, "what", exportedWhat(in))
	}
	return err
}

// ExportLinked names the further records of one person, for who was let export one of
// them: an export takes one record.
func (d *Desk) ExportLinked(ctx context.Context, patient clinic.ID) (others []clinic.ID, err error) {
	err = d.view(ctx, func(r Reader) error {
		who, err := identity(r, patient)
		others = slices.DeleteFunc(slices.Clone(who.IDs), func(id clinic.ID) bool { return id == patient })
		return err
	})
	return others, err
}

func exportedWhat(in ExportInput) string {
	switch {
	case in.Record:
		return exportedRecord
	case in.Patient.IsZero():
		return exportedAll
	}
	return exportedPatient
}

func exportDrafts(r Reader, in ExportInput, words string) ([]clinic.Draft, error) {
	if !in.By.IsZero() {
		if _, err := who(r, in.By, rightStaff); err != nil {
			return nil, err
		}
	}
	out := []clinic.Draft{{
		Kind: clinic.KindMachine, Subject: clinic.MachineSubject(),
		Body: &clinic.Machine{Event: clinic.MachineExported, Person: in.By, Detail: exportedWhat(in)},
	}}
	if in.Patient.IsZero() && !in.Record {
		return out, nil
	}
	if in.By.IsZero() {
		return nil, &Error{Code: CodeNoPerson} // looks are somebody's
	}
	if _, err := readPatient(r, in.Patient); err != nil {
		return nil, err
	}
	_, protected, err := protected(r, in.Patient) // a linked record closes this one too
	if err != nil {
		return nil, err
	}
	body := &clinic.Looked{Words: words}
	body.Add(in.Patient, clinic.ID{}, 0)
	if protected {
		if words == "" {
			return nil, &Error{Code: CodeProtected, Field: "words"}
		}
		body.Opened = clinic.OpenAsked
		out = append(out, openDrafts(in.By, body)...)
	} else {
		out = append(out, clinic.Draft{Kind: clinic.KindLooked, Subject: in.By, Body: body})
	}
	return out, nil
}
