package store

import "clinicbox/clinic"

// Members implements desk.Programmes.
func (r *reader) Members(kind clinic.Kind) (out []clinic.ID, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	err = r.each(tMember, []byte{byte(kind >> 8), byte(kind)}, func(k, _ []byte) error {
		out = append(out, clinic.ID(k[2:18]))
		return nil
	})
	return out, err
}

// BornIn implements desk.Programmes.
func (r *reader) BornIn(year, month int) (out []clinic.ID, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	t := r.s.tokens.born(clinic.Date{Year: year, Month: month})
	err = r.each(tBorn, t[:], func(k, _ []byte) error {
		id := clinic.ID(k[16:32])
		p, err := r.Patient(id)
		if p != nil && p.Birth.Year == year && p.Birth.Month == month { // it may have been corrected
			out = append(out, id)
		}
		return err
	})
	return out, err
}
