package boxmain

import (
	"context"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/store/journal"
)

// Errors of the export of one record, for people.
var (
	// errHole tells that only its leaf hash is left.
	errHole = errors.New("the record can no longer be read")
	// errTwoPatients tells that it would tell of somebody else too.
	errTwoPatients = errors.New("the record names two patients")
)

// find looks for the record that is to be exported, and whom it is about.
func (x *exporting) find(ctx context.Context, s *store.Store) error {
	ref, err := x.asked.place(ctx, s)
	if errors.Is(err, journal.ErrRange) {
		return errNoRecord
	}
	if err != nil {
		return err
	}
	raws, err := logOf(s, ref.Journal).Read(ref.Index, 1, 0)
	if err != nil || len(raws) == 0 || raws[0].Index != ref.Index {
		return errors.Join(errNoRecord, err)
	}
	if raws[0].Hole() {
		return errHole
	}
	r, err := entry.Decode(raws[0].Bytes, ref, raws[0].Leaf)
	if err != nil {
		return err
	}
	if r.Kind == clinic.KindLink {
		return errTwoPatients
	}
	x.note.Patient, x.note.Record, x.record = r.Subject, true, r.Leaf
	return nil
}

// place finds the entry by the way in which it was named.
func (q *question) place(ctx context.Context, s *store.Store) (ref clinic.Ref, err error) {
	switch {
	case q.ref != nil:
		return *q.ref, nil
	case q.slip != "":
		err = s.View(ctx, func(r desk.Reader) error {
			row, ok, err := r.Slip(q.slip)
			if ref = row.Ref; err == nil && !ok {
				err = errNoRecord
			}
			return err
		})
		return ref, err
	case len(q.prefix) < len(clinic.Leaf{})/2:
		return ref, fmt.Errorf("%w: -record: từ 32 ký tự của mã băm / 32 digits of the leaf hash or more", ErrUsage)
	}
	ref.Journal = clinic.Own
	if ref.Index, err = s.Own().Find(q.prefix); errors.Is(err, journal.ErrRange) {
		ref.Journal = clinic.In
		ref.Index, err = s.Received().Find(q.prefix)
	}
	return ref, err
}
