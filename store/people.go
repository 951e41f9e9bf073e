package store

import (
	"bytes"
	"errors"
	"hash/maphash"
	"sync"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Records implements desk.People.
func (r *reader) Records(subject clinic.ID) ([]clinic.Record, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	var out []clinic.Record
	var lost []clinic.Hole
	err := r.each(tRecord, subject[:], func(k, v []byte) error {
		rec, ok, err := r.recordOf(subject, k[16:], v)
		if ok {
			out = append(out, rec)
		} else if err == nil {
			lost = append(lost, r.lostOf(k, v))
		}
		return err
	})
	if err == nil {
		if r.lost == nil {
			r.lost = map[clinic.ID][]clinic.Hole{}
		}
		r.lost[subject] = lost
	}
	return out, err
}

// positions hash where the records of subjects stand. The zero positions is ready for use.
type positions struct {
	once sync.Once
	seed maphash.Seed // of this process only
}

func (p *positions) hash() *maphash.Hash {
	p.once.Do(func() { p.seed = maphash.MakeSeed() })
	var h maphash.Hash
	h.SetSeed(p.seed)
	return &h
}

// Position implements desk.People by the rows of the subject, and by what is known to be
// lost of them.
func (r *reader) Position(subject clinic.ID) (desk.Position, error) {
	if err := r.enter(); err != nil {
		return 0, err
	}
	defer r.leave()
	h := r.s.positions.hash()
	rows := func(k, v []byte) error {
		h.Write(k)
		h.Write(v[:min(len(v), refLen)]) // and the ref, which two journals can have of one entry
		return nil
	}
	if err := errors.Join(r.each(tRecord, subject[:], rows), r.each(tLink, subject[:], rows)); err != nil {
		return 0, err
	}
	for _, x := range r.s.holes.list(subject) {
		h.WriteByte(0)
		h.Write(appendRef(nil, x.Ref))
	}
	return desk.Position(h.Sum64()), nil
}

// each calls fn with the rows whose key begins with prefix, in order.
func (r *reader) each(t table, prefix []byte, fn func(key, value []byte) error) error {
	c := r.kv.bucket(t).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if err := fn(k, v); err != nil {
			return err
		}
	}
	return nil
}

func currentKey(k clinic.Kind, subject clinic.ID) []byte {
	return join([]byte{byte(k >> 8), byte(k)}, subject[:])
}

// Patient implements desk.People.
func (r *reader) Patient(id clinic.ID) (*clinic.Patient, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	v := r.kv.get(tCurrent, currentKey(clinic.KindPatient, id))
	if len(v) < 16 {
		return nil, nil
	}
	rec, ok, err := r.recordOf(id, v[:16], v[16:])
	if err != nil {
		return nil, err
	}
	if p, is := rec.Body.(*clinic.Patient); ok && is {
		return p, nil
	}
	return r.olderPatient(id)
}

// olderPatient looks for demographics that can be read when the current ones
// cannot: old ones are better than a patient without a name.
func (r *reader) olderPatient(id clinic.ID) (*clinic.Patient, error) {
	recs, err := r.Records(id)
	file := clinic.FoldPatient(id, recs)
	if p := file.Own(); p != nil {
		return p, nil
	}
	return nil, err
}

// Links implements desk.People. The row's word is not taken: the entry itself must
// name the patient.
func (r *reader) Links(patient clinic.ID) (out []clinic.Record, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	err = r.each(tLink, patient[:], func(k, v []byte) error {
		rec, ok, err := r.fitting(refFrom(v), func(rec *clinic.Record, at []byte) bool {
			one, other, pair := rec.Pair()
			return pair && bytes.Equal(at, k[16:]) && (one == patient || other == patient)
		})
		if ok {
			out = append(out, rec)
		}
		return err
	})
	return out, err
}

// Children implements desk.People.
func (r *reader) Children(mother clinic.ID) (out []clinic.ID, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	err = r.each(tChild, mother[:], func(k, _ []byte) error {
		child := clinic.ID(k[16:32])
		p, err := r.Patient(child)
		if p != nil && bytes.Equal(p.Mother, mother[:]) { // it may have been corrected
			out = append(out, child)
		}
		return err
	})
	return out, err
}

// ByIdentifier implements desk.People.
func (r *reader) ByIdentifier(s clinic.System, value string) ([]clinic.ID, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	t := r.s.tokens.ident(s, value)
	var out []clinic.ID
	err := r.each(tIdent, t[:], func(k, _ []byte) error {
		out = append(out, clinic.ID(k[16:32]))
		return nil
	})
	return out, err
}

// ByName implements desk.People.
func (r *reader) ByName(query string, limit int) ([]clinic.ID, error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	var out []clinic.ID
	if r.batch != nil && r.batch.names != nil {
		out = r.batch.names.Find(query, limit, nil)
	}
	// The index may be a moment ahead of the transaction.
	rest := r.s.names.Find(query, limit-len(out), func(id clinic.ID) bool {
		if r.batch != nil && r.batch.pending[id] {
			return false
		}
		return r.kv.get(tCurrent, currentKey(clinic.KindPatient, id)) != nil
	})
	return append(out, rest...), nil
}

// eachCurrent passes the current record of a kind for every subject.
func (r *reader) eachCurrent(kind clinic.Kind, fn func(clinic.ID, *clinic.Record)) error {
	return r.each(tCurrent, []byte{byte(kind >> 8), byte(kind)}, func(k, v []byte) error {
		if len(k) < 18 || len(v) < 16 {
			return nil
		}
		rec, ok, err := r.recordOf(clinic.ID(k[2:18]), v[:16], v[16:])
		if ok {
			fn(rec.Subject, &rec)
		}
		return err
	})
}
