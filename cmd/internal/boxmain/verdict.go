package boxmain

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/store"
)

// gathered is what verify read: the log as it was found, and what tells of the records
// that are asked about.
type gathered struct {
	store.Audited
	q      question
	signs  signCheck
	states []clinic.SignatureState // of signs.signed
	staff  map[clinic.ID]clinic.Record
	turns  []clinic.Record // what corrects another entry, or ends a visit
	links  []clinic.Record
	found  []clinic.Record

	signed, cosigned *checkpoint.Checkpoint    // that the box signed, of this journal; nil = none
	received         *checkpoint.Checkpoint    // of what it received; in exports only
	proofs           map[clinic.Ref][][32]byte // of the entries of an export; nil = the log itself is here
	proves           clinic.Leaf               // what the export of one entry is a proof of
	key              ed25519.PublicKey         // of the box
}

// see takes an entry.
func (x *gathered) see(r *clinic.Record) {
	x.signs.see(r)
	switch r.Kind {
	case clinic.KindStaff:
		if was, ok := x.staff[r.Subject]; !ok || was.HLC < r.HLC {
			x.staff[r.Subject] = *r
		}
	case clinic.KindLink:
		x.links = append(x.links, *r)
	}
	if r.Corrects != (clinic.Leaf{}) || r.Kind == clinic.KindVisitEnded {
		x.turns = append(x.turns, *r)
	}
	if x.q.asks(r) && !slices.ContainsFunc(x.found, func(f clinic.Record) bool { return f.Leaf == r.Leaf && x.q.patient.IsZero() }) {
		x.found = append(x.found, *r)
	}
}

// judge judges signatures and checkpoints.
func (x *gathered) judge(ctx context.Context, v *vault) (err error) {
	if x.states, err = x.signs.states(ctx, v.id.Asking(x.signs.asked()...)); err != nil {
		return err
	}
	_, keys, err := v.storage()
	if err != nil {
		return err
	}
	x.key, _ = keys.Private.Identity.Public().(ed25519.PublicKey)
	open := func(note []byte) *checkpoint.Checkpoint {
		c, err := checkpoint.Open(note, x.key)
		if err != nil || !strings.HasSuffix(c.Origin, hex.EncodeToString(x.Epoch[:])) { // the box may have had another name
			return nil
		}
		if root, err := x.Root(c.Size); err != nil || root != c.Root {
			return nil // told among the problems
		}
		return &c
	}
	x.signed, x.cosigned = open(x.SignedNote), open(x.CosignedNote)
	return nil
}

// linksOf are the links that name a patient.
func (x *gathered) linksOf(patient clinic.ID) (out []clinic.Record, err error) {
	for _, r := range x.links {
		if b, ok := r.Body.(*clinic.Link); ok && (r.Subject == patient || bytes.Equal(b.Other, patient[:])) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (x *gathered) role(person clinic.ID) clinic.Role {
	s, _ := x.staff[person].Body.(*clinic.Staff)
	if s == nil {
		return 0
	}
	return s.Role
}

// verdict is what is found of one record.
type verdict struct {
	rec            clinic.Record
	hole           bool
	signed, cosign bool // the way to the root of the checkpoint was verified
	by             []clinic.Record
	states         []clinic.SignatureState // of by
	fate           clinic.Fate
	bad            []string // in words; none = all is well
}

// verdicts judges the records that are asked about, in the order of the journals.
func (x *gathered) verdicts() (out []verdict) {
	for i := range x.found {
		out = append(out, x.verdict(verdict{rec: x.found[i]}))
	}
	if ref, ok := x.hole(); ok {
		leaf, _ := x.Leaf(ref)
		out = append(out, x.verdict(verdict{rec: clinic.Record{Ref: ref, Leaf: leaf}, hole: true}))
	}
	return out
}

// hole finds the entry that is meant where it can no longer be read.
func (x *gathered) hole() (clinic.Ref, bool) {
	switch {
	case len(x.found) > 0:
	case x.q.ref != nil:
		_, err := x.Leaf(*x.q.ref)
		return *x.q.ref, err == nil
	case x.q.prefix != nil:
		return x.Find(x.q.prefix)
	}
	return clinic.Ref{}, false
}

func (x *gathered) verdict(v verdict) verdict {
	if v.rec.Ref.Journal == clinic.In {
		v.signed = x.holds(&v, x.received)
	} else {
		v.signed, v.cosign = x.holds(&v, x.signed), x.holds(&v, x.cosigned)
	}
	if v.hole {
		v.bad = append(v.bad, "không còn đọc được, chỉ còn mã băm / can no longer be read, only its leaf hash is left")
		return v
	}
	v.fate = clinic.FateOf(&v.rec, slices.Concat(x.turns, x.signs.signed))
	for i := range x.signs.signed {
		s := &x.signs.signed[i]
		named := slices.ContainsFunc(v.fate.Signed, func(r clinic.Record) bool { return r.Leaf == s.Leaf })
		if !named && s.Leaf != v.rec.Leaf || slices.ContainsFunc(v.by, func(r clinic.Record) bool { return r.Leaf == s.Leaf }) {
			continue
		}
		v.by, v.states = append(v.by, *s), append(v.states, x.states[i])
		if state := x.states[i]; !state.Counts() {
			v.bad = append(v.bad, voidWords(state))
		}
	}
	if x.q.paper != nil {
		v.bad = append(v.bad, x.paper(&v.rec)...)
	}
	return v
}

// holds verifies the way from the record's leaf hash to a checkpoint's root.
func (x *gathered) holds(v *verdict, c *checkpoint.Checkpoint) bool {
	if c == nil || v.rec.Ref.Index >= c.Size {
		return false
	}
	path, err := x.proofs[v.rec.Ref], error(nil)
	switch {
	case x.proofs == nil:
		path, err = x.Path(v.rec.Ref.Index, c.Size)
	case path == nil:
		return true // of an export of everything, whose roots were computed
	}
	if err == nil {
		err = c.Holds(v.rec.Ref.Index, v.rec.Leaf, path)
	}
	if err != nil {
		v.bad = append(v.bad, "đường dẫn đến điểm kiểm tra không khớp / its way does not lead to the checkpoint")
	}
	return err == nil
}

// treeOfPaper is what the paper's word on the log is worth.
type treeOfPaper uint8

const (
	treeSame    treeOfPaper = 1
	treeOther   treeOfPaper = 2 // of another journal, or of this one before a restore
	treeDiffers treeOfPaper = 3
	treeAhead   treeOfPaper = 4
	treeNamed   treeOfPaper = 5 // of this journal, whose root at that size an export does not have
)

// tree compares the paper's head with the journal.
func (x *gathered) tree() treeOfPaper {
	q := x.q.paper
	if x.proofs != nil {
		if q.Log == x.Epoch {
			return treeNamed
		}
		return treeOther
	}
	if q.Size <= x.Own {
		if root, err := x.Root(q.Size); err == nil && bytes.HasPrefix(root[:], q.Root) {
			return treeSame
		}
	}
	switch {
	case q.Log != x.Epoch:
		return treeOther
	case q.Size > x.Own:
		return treeAhead
	}
	return treeDiffers
}

// paper tells in words what of a paper is not as it must be.
func (x *gathered) paper(rec *clinic.Record) (bad []string) {
	if x.proves != (clinic.Leaf{}) && x.proves != rec.Leaf {
		bad = append(bad, "giấy là của mục khác trong tệp này, không phải mục được chứng minh / the paper is of another entry in this file, not of the one that it proves")
	}
	if x.q.paper.Record != rec.Subject && !x.q.paper.Record.IsZero() {
		bad = append(bad, "giấy nói đến hồ sơ khác / the paper names another patient's record")
	}
	switch x.tree() {
	case treeAhead:
		bad = append(bad, "giấy biết nhiều mục hơn nhật ký: có mục đã mất / the paper knows more entries than the journal has: some are gone")
	case treeDiffers:
		bad = append(bad, "nhật ký không còn như khi in giấy / the journal is not what it was when the paper was printed")
	}
	return bad
}

// errNotAdministrator tells that a patient's list is not for this person.
var errNotAdministrator = errors.New("not an administrator")
