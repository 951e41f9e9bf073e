package wire

import (
	"bytes"
	"cmp"
	"slices"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// mostPeople is how many of a start's common strings name people and their keys.
const mostPeople = 24

// Common returns, of the latest entries of a log, what its next ones will hold again:
// the seed of the last segment, and strings of 16 bytes of three subjects or more, as
// people and their keys are. It is for a session's start.
func Common(raws []Raw) (out [][]byte) {
	subjects := map[clinic.ID]map[clinic.ID]bool{} // of each string
	for i := range raws {
		r := &raws[i]
		if len(r.Bytes) == 0 {
			continue
		}
		rec, err := entry.DecodeIf(r.Bytes, clinic.Ref{}, r.Leaf, func(clinic.Kind) bool { return false })
		if err != nil {
			continue
		}
		m := memory{}
		m.shorten(r.Bytes) // lists what it meets
		for _, s := range m.list {
			if len(s) != len(clinic.ID{}) || clinic.ID(s) == rec.Subject {
				continue
			}
			of := subjects[clinic.ID(s)]
			if of == nil {
				of = map[clinic.ID]bool{}
				subjects[clinic.ID(s)] = of
			}
			of[rec.Subject] = true
		}
	}
	if last := len(raws) - 1; last >= 0 && !raws[last].Explicit {
		out = append(out, raws[last].Seed[:])
	}
	ids := make([]clinic.ID, 0, len(subjects))
	for id, of := range subjects {
		if len(of) >= 3 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b clinic.ID) int {
		return cmp.Or(len(subjects[b])-len(subjects[a]), bytes.Compare(a[:], b[:]))
	})
	for _, id := range ids[:min(len(ids), mostPeople)] {
		out = append(out, id[:])
	}
	return out
}
