package store

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"clinicbox/clinic"
)

// Groups of tApart beside the entries that one entry has as heirs: entries of one group
// may have been written apart from each other.
const (
	apartFirst = "first" // of a patient's details, or allergies
	apartBook  = "book"  // of a patient's health book, when one was received
)

// apart keeps what may have been written apart: a row for each entry under its group of 16
// bytes.
func (a *applier) apart(r *clinic.Record) {
	if r.Subject.IsZero() || r.Kind < clinic.KindPatient {
		return
	}
	whole := r.Kind == clinic.KindPatient || r.Kind == clinic.KindAllergies
	own := r.Leaf[:16]
	var group []byte
	switch {
	case r.Kind == clinic.KindHealthBook:
		group, own = groupOf(apartBook, r), append(r.Leaf[:15:15], byte(r.Ref.Journal))
	case r.Corrects != clinic.Leaf{}:
		if !whole && !r.Kind.IsDocument() {
			return
		}
		group = r.Corrects[:16]
	case whole:
		group = groupOf(apartFirst, r)
	default:
		return
	}
	a.kv.putMin(tApart, join(group, own), bytes.Clone(r.Subject[:]))
}

func groupOf(name string, r *clinic.Record) []byte {
	sum := sha256.Sum256(join([]byte(name), []byte{byte(r.Kind)}, r.Subject[:]))
	return sum[:16]
}

// Apart implements desk.Differences.
func (r *reader) Apart() (out []clinic.ID, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	found := map[clinic.ID]bool{}
	var group, book []byte
	rows, received := 0, false
	err = r.each(tApart, nil, func(k, v []byte) error {
		if len(k) != 32 || len(v) != len(clinic.ID{}) {
			return nil
		}
		if !bytes.Equal(group, k[:16]) {
			group, rows, received = append(group[:0], k[:16]...), 0, false
			book = groupOf(apartBook, &clinic.Record{Kind: clinic.KindHealthBook, Subject: clinic.ID(v)})
		}
		rows++
		ofBook := bytes.Equal(group, book)
		received = received || clinic.Journal(k[31]) == clinic.In
		if rows > 1 && (!ofBook || received) {
			found[clinic.ID(v)] = true
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = r.each(tLink, nil, func(k, _ []byte) error {
		if len(k) >= len(clinic.ID{}) {
			found[clinic.ID(k[:16])] = true
		}
		return nil
	})
	for id := range found {
		out = append(out, id)
	}
	slices.SortFunc(out, func(a, b clinic.ID) int { return bytes.Compare(a[:], b[:]) })
	return out, err
}
