package store

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"

	"clinicbox/clinic"
)

// The rows of tLab, by the first byte of their keys.
const (
	labOrder  = 'h' // hybrid time, leaf of an order → patient
	labResult = 'o' // leaf of a result that nothing closed → patient
	labSeen   = 's' // leaf that something closed → 1
	labSample = 'n' // sample number → stamp of its entry, patient; the first stays
)

func labKey(kind byte, rest []byte) []byte { return join([]byte{kind}, rest) }

func (s *tokens) sample(number string) token {
	m := s.key.Mac("sample", strings.ToUpper(strings.TrimSpace(number)))
	return token(m[:16])
}

// lab keeps what the work list of tests needs. A result is open until an entry closes
// it, whichever of the two comes first.
func (a *applier) lab(r *clinic.Record, s stamp) {
	switch b := r.Body.(type) {
	case *clinic.Sample:
		t := a.tokens.sample(b.Number)
		key, row := labKey(labSample, t[:]), join(s[:], r.Subject[:])
		if old := a.kv.get(tLab, key); old == nil || bytes.Compare(row, old) < 0 {
			a.kv.put(tLab, key, row)
		}
	default:
		switch {
		case r.Kind == clinic.KindOrder:
			a.kv.put(tLab, labKey(labOrder, s[:]), r.Subject[:])
		case r.Kind == clinic.KindResult && r.Visit.IsZero() && a.kv.get(tLab, labKey(labSeen, r.Leaf[:16])) == nil:
			a.kv.put(tLab, labKey(labResult, r.Leaf[:16]), r.Subject[:])
		}
	}
	for _, l := range clinic.LabSeen(r) {
		a.kv.put(tLab, labKey(labSeen, l[:16]), []byte{1})
		if open := labKey(labResult, l[:16]); a.kv.get(tLab, open) != nil {
			a.kv.del(tLab, open)
		}
	}
}

// Ordered implements desk.Laboratory.
func (r *reader) Ordered(since uint64) (out []clinic.ID, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	seen := map[clinic.ID]bool{}
	c := r.kv.bucket(tLab).Cursor()
	for k, v := c.Seek(binary.BigEndian.AppendUint64([]byte{labOrder}, since)); len(k) > 0 && k[0] == labOrder; k, v = c.Next() {
		if id := clinic.ID(v[:16]); !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out, nil
}

// Unseen implements desk.Laboratory.
func (r *reader) Unseen() (out []clinic.ID, err error) {
	if err := r.enter(); err != nil {
		return nil, err
	}
	defer r.leave()
	err = r.each(tLab, []byte{labResult}, func(_, v []byte) error {
		if id := clinic.ID(v[:16]); !slices.Contains(out, id) {
			out = append(out, id)
		}
		return nil
	})
	return out, err
}

// SampleOf implements desk.Laboratory.
func (r *reader) SampleOf(number string) (clinic.ID, bool, error) {
	if err := r.enter(); err != nil {
		return clinic.ID{}, false, err
	}
	defer r.leave()
	t := r.s.tokens.sample(number)
	v := r.kv.get(tLab, labKey(labSample, t[:]))
	if len(v) != 32 {
		return clinic.ID{}, false, nil
	}
	return clinic.ID(v[16:]), true, nil
}
