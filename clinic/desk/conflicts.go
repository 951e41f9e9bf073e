package desk

import (
	"bytes"
	"context"
	"slices"
	"sync"

	"clinicbox/clinic"
)

// ConflictRow is a patient of whom boxes wrote apart from each other.
type ConflictRow struct {
	Hit       Hit
	Conflicts []clinic.Conflict // none while the record is closed to the person
}

// ConflictPage is a part of the list.
type ConflictPage struct {
	Rows []ConflictRow
	Next clinic.ID // where the next part begins; zero = this was the last
	Left int       // patients from there on of whom boxes may have written apart
}

// A part of the list has so many rows, and so many records are read for it.
const (
	conflictRows  = 50
	conflictReads = 400
)

// Conflicts lists the patients of whom boxes wrote apart from each other and nobody has
// decided, from an ID on. It reads one after the other, so that no read is long, and of
// whom it knows that there is nothing to decide only once.
func (d *Desk) Conflicts(ctx context.Context, by, from clinic.ID) (out ConflictPage, err error) {
	var ids []clinic.ID
	err = d.view(ctx, func(r Reader) (err error) {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		ids, err = r.Apart()
		return err
	})
	if err != nil {
		return out, err
	}
	at, _ := slices.BinarySearchFunc(ids, from, compareIDs)
	for reads := 0; at < len(ids); at++ {
		if len(out.Rows) == conflictRows || reads == conflictReads {
			out.Next, out.Left = ids[at], len(ids)-at
			return out, nil
		}
		err := d.view(ctx, func(r Reader) error {
			if quiet, err := d.quiet.of(r, ids[at]); quiet || err != nil {
				return err
			}
			reads++
			row, err := d.conflictsOf(r, by, ids, ids[at])
			if row != nil {
				out.Rows = append(out.Rows, *row)
			}
			return err
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func compareIDs(a, b clinic.ID) int { return bytes.Compare(a[:], b[:]) }

// conflictsOf returns nil when there are none, or when the person stands in the list under
// an ID before this one.
func (d *Desk) conflictsOf(r Reader, by clinic.ID, listed []clinic.ID, id clinic.ID) (*ConflictRow, error) {
	file, _, err := readPerson(r, id)
	if err != nil {
		return nil, err
	}
	all := file.Conflicts()
	if file.Now == nil || file.Now.Withdrawn || len(all) == 0 {
		return nil, d.quiet.add(r, id, file.Who.IDs)
	}
	for _, other := range file.Who.IDs {
		if _, is := slices.BinarySearchFunc(listed, other, compareIDs); is && compareIDs(other, id) < 0 {
			return nil, nil
		}
	}
	hits, err := d.veilHits(r, by, []Hit{{ID: file.ID, Now: *file.Now, who: file.Who}})
	if err != nil || len(hits) == 0 {
		return nil, err
	}
	row := &ConflictRow{Hit: hits[0]}
	if !hits[0].Closed {
		row.Conflicts = all
	}
	return row, nil
}

// quietMemo keeps of whom there is nothing to decide until something is recorded of the
// person: most who were linked, and all of whom somebody decided, stay so.
type quietMemo struct {
	mu   sync.Mutex
	held map[clinic.ID]quietPerson
}

type quietPerson struct {
	ids []clinic.ID
	at  []Position
}

func (m *quietMemo) of(r Reader, id clinic.ID) (bool, error) {
	m.mu.Lock()
	p, ok := m.held[id]
	m.mu.Unlock()
	if !ok {
		return false, nil
	}
	at, err := positions(r, p.ids)
	return err == nil && slices.Equal(at, p.at), err
}

func (m *quietMemo) add(r Reader, id clinic.ID, ids []clinic.ID) error {
	at, err := positions(r, ids)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil || len(m.held) >= dosesHeld {
		m.held = map[clinic.ID]quietPerson{}
	}
	m.held[id] = quietPerson{ids, at}
	return nil
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
