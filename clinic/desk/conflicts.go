package desk

import (
	"context"
	"slices"

	"clinicbox/clinic"
)

// ConflictRow is a patient of whom boxes wrote apart from each other.
type ConflictRow struct {
	Hit       Hit
	Conflicts []clinic.Conflict // none while the record is closed to the person
}

// Conflicts lists the patients of whom boxes wrote apart from each other and nobody has
// decided. It reads one after the other, so that no read is long.
func (d *Desk) Conflicts(ctx context.Context, by clinic.ID) (out []ConflictRow, err error) {
	var ids []clinic.ID
	err = d.view(ctx, func(r Reader) (err error) {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		ids, err = r.Apart()
		return err
	})
	seen := map[clinic.ID]bool{}
	for i := 0; i < len(ids) && err == nil; i++ {
		if !seen[ids[i]] {
			err = d.view(ctx, func(r Reader) error {
				row, who, err := d.conflictsOf(r, by, ids[i])
				for _, id := range who.IDs {
					seen[id] = true
				}
				if row != nil {
					out = append(out, *row)
				}
				return err
			})
		}
	}
	return out, err
}

// conflictsOf returns nil when there are none.
func (d *Desk) conflictsOf(r Reader, by, id clinic.ID) (*ConflictRow, clinic.Identity, error) {
	file, _, err := readPerson(r, id)
	if err != nil || file.Now == nil || file.Now.Withdrawn {
		return nil, file.Who, err
	}
	all := file.Conflicts()
	if len(all) == 0 {
		return nil, file.Who, nil
	}
	hits, err := d.veilHits(r, by, []Hit{{ID: file.ID, Now: *file.Now, who: file.Who}})
	if err != nil || len(hits) == 0 {
		return nil, file.Who, err
	}
	row := &ConflictRow{Hit: hits[0]}
	if !hits[0].Closed {
		row.Conflicts = all
	}
	return row, file.Who, nil
}

// SettleInput chooses between versions that boxes wrote apart from each other.
type SettleInput struct {
	Patient clinic.ID // the ID under which they stand
	Visit   clinic.ID // of a document; zero for details
	Keep    clinic.Leaf
	Tips    []clinic.Leaf // those that the page showed
	Why     string
}

// check refuses a choice that is none of the versions, or an old page.
func (in *SettleInput) check(tips []clinic.Leaf) error {
	if !sameLeaves(tips, in.Tips) || len(tips) < 2 {
		return &Error{Code: CodeChanged}
	}
	if !slices.Contains(tips, in.Keep) {
		return &Error{Code: CodeRequired, Field: "keep"}
	}
	return nil
}

// others are the leaves beside the chosen one.
func (in *SettleInput) others() (out [][]byte) {
	for _, l := range in.Tips {
		if l != in.Keep {
			out = append(out, slices.Clone(l[:]))
		}
	}
	return out
}

// SettleDetails writes the chosen version of a patient's details anew; the new entry names
// all that it replaces. Who registers may choose.
func (d *Desk) SettleDetails(ctx context.Context, c Call, in SettleInput) (Done, error) {
	why, err := d.line("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPatient, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			if err := d.mayRead(w, w.by.ID, in.Patient); err != nil {
				return nil, err
			}
			records, err := w.Records(in.Patient)
			if err != nil {
				return nil, err
			}
			file := clinic.FoldPatient(in.Patient, records)
			if err := in.check(file.Parts[0].Tips); err != nil {
				return nil, err
			}
			i := slices.IndexFunc(file.Versions, func(r clinic.Record) bool { return r.Leaf == in.Keep })
			body := *file.Versions[i].Body.(*clinic.Patient)
			body.Merges = in.others()
			return []clinic.Draft{{Kind: clinic.KindPatient, Subject: in.Patient, Corrects: in.Keep, Why: why, Body: &body}}, nil
		},
		same: func(body any) bool {
			b, ok := body.(*clinic.Patient)
			return ok && slices.EqualFunc(b.Merges, in.others(), slices.Equal)
		},
	})
}

// SettleDocument says which version of a visit's document holds; every version stays. Who
// may write vital signs chooses between those, a doctor between all others.
func (d *Desk) SettleDocument(ctx context.Context, c Call, in SettleInput) (Done, error) {
	why, err := d.line("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindSettled, patient: in.Patient, visit: in.Visit,
		build: func(w *work) ([]clinic.Draft, error) {
			doc, err := w.visit(in.Patient, in.Visit)
			if err != nil {
				return nil, err
			}
			x := doc.file.Find(in.Keep)
			if x == nil {
				return nil, &Error{Code: CodeChanged}
			}
			if x.Kind != clinic.KindVitals {
				if _, err := who(w, w.by.ID, rightTreat); err != nil {
					return nil, err
				}
			}
			var tips []clinic.Leaf
			for _, v := range x.Apart() {
				tips = append(tips, v.Record.Leaf)
			}
			if err := in.check(tips); err != nil {
				return nil, err
			}
			body := &clinic.Settled{Over: in.others()}
			for _, r := range x.Choices {
				body.Merges = append(body.Merges, slices.Clone(r.Leaf[:]))
				for _, o := range r.Body.(*clinic.Settled).Over { // what lost before stays behind
					if !slices.Equal(o, in.Keep[:]) && !slices.ContainsFunc(body.Over, func(b []byte) bool { return slices.Equal(b, o) }) {
						body.Over = append(body.Over, slices.Clone(o))
					}
				}
			}
			return []clinic.Draft{{Kind: clinic.KindSettled, Subject: in.Patient, Visit: in.Visit, Corrects: in.Keep, Why: why, Body: body}}, nil
		},
		same: func(body any) bool {
			b, ok := body.(*clinic.Settled)
			others := in.others() // those that lost before stand behind them
			return ok && len(b.Over) >= len(others) && slices.EqualFunc(b.Over[:len(others)], others, slices.Equal)
		},
	})
}
