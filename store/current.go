package store

import (
	"bytes"
	"cmp"
	"slices"

	"clinicbox/clinic"
)

// current keeps the latest record of a kind that replaces the one before.
func (a *applier) current(r *clinic.Record, s stamp, ref []byte) {
	key := currentKey(r.Kind, r.Subject)
	value := join(s[:], ref)
	old := a.kv.get(tCurrent, key)
	if old != nil {
		c := bytes.Compare(s[:], old[:len(s)])
		if c < 0 || c == 0 && bytes.Compare(ref, old[len(s):]) >= 0 {
			return
		}
	}
	a.kv.put(tCurrent, key, value)
	a.change(r)
}

// A row of tCurrent for details holds a version after the other that no other replaces,
// the latest first: stamp and ref.
const tipLen = len(stamp{}) + refLen

func tipsOf(row []byte) (out [][]byte) {
	for tip := range slices.Chunk(row, tipLen) {
		if len(tip) == tipLen {
			out = append(out, tip)
		}
	}
	return out
}

// details keeps the versions of a patient's details that no other replaces, as
// clinic.Part.Tips: boxes that wrote apart leave several. What a version replaces may
// come after it.
func (a *applier) details(r *clinic.Record, s stamp, ref []byte) {
	b, ok := r.Body.(*clinic.Patient)
	if !ok || !r.Visit.IsZero() {
		return
	}
	key := currentKey(r.Kind, r.Subject)
	was := a.kv.get(tCurrent, key)
	tips := tipsOf(was)
	for _, leaf := range append(b.Merges[:len(b.Merges):len(b.Merges)], r.Corrects[:]) {
		if len(leaf) != len(clinic.Leaf{}) || clinic.Leaf(leaf) == (clinic.Leaf{}) {
			continue
		}
		a.kv.put(tReplaced, join(r.Subject[:], stampLeaf(leaf)), []byte{1})
		tips = slices.DeleteFunc(tips, func(tip []byte) bool { return bytes.Equal(tip[8:len(s)], stampLeaf(leaf)) })
	}
	if a.kv.get(tReplaced, join(r.Subject[:], stampLeaf(r.Leaf[:]))) == nil {
		tips = append(tips, join(s[:], ref))
	}
	slices.SortFunc(tips, func(x, y []byte) int { // of one entry in both journals the smaller ref
		return cmp.Or(bytes.Compare(y[:len(s)], x[:len(s)]), bytes.Compare(x[len(s):], y[len(s):]))
	})
	tips = slices.CompactFunc(tips, func(x, y []byte) bool { return bytes.Equal(x[:len(s)], y[:len(s)]) })
	now := bytes.Join(tips, nil)
	if bytes.Equal(now, was) {
		return
	}
	first := len(was) < tipLen || len(now) >= tipLen && !bytes.Equal(now[:tipLen], was[:tipLen])
	a.kv.put(tCurrent, key, now)
	if !first || len(now) == 0 {
		return
	}
	if bytes.Equal(now[:len(s)], s[:]) {
		a.change(r)
		return
	}
	a.change(&clinic.Record{Kind: r.Kind, Subject: r.Subject, Ref: refFrom(now[len(s):])})
}
