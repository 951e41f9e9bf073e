package clinic

import (
	"slices"
	"time"
)

// JudgeLegal has every legal signature of the visit judged and sets the states. As
// FoldVisit leaves them no signature counts; with a nil judge that stays so.
func (v *VisitFile) JudgeLegal(judge LegalJudge) {
	for i := range v.Documents {
		for j := range v.Documents[i].Versions {
			v.judge(&v.Documents[i].Versions[j], judge)
		}
	}
}

func (v *VisitFile) judge(ver *Version, judge LegalJudge) {
	r := &ver.Record
	roles := r.Kind.LegalRoles()
	if len(roles) == 0 {
		return
	}
	l := &Legal{Roles: roles, State: LegalNone}
	for _, a := range v.legal {
		if a.Subject != v.Patient {
			continue // bound to the patient, as the document is
		}
		switch b := a.Body.(type) {
		case *LegalAsked:
			if slices.ContainsFunc(b.Leaves, func(leaf []byte) bool { return slices.Equal(leaf, r.Leaf[:]) }) {
				l.Asked = append(l.Asked, a)
			}
		case *LegalSigned:
			if slices.Equal(b.Leaf, r.Leaf[:]) {
				l.add(r, a, b, judge)
			}
		}
	}
	l.State = l.state()
	ver.Legal = l
}

func (l *Legal) add(doc *Record, r Record, b *LegalSigned, judge LegalJudge) {
	s := LegalSignature{Role: b.Role, Record: r, LegalVerdict: LegalVerdict{Problem: LegalBadUnchecked}}
	switch content, err := LegalContent(doc); {
	case judge == nil:
	case err != nil:
		s.Problem = LegalBadContent
	default:
		claim := LegalClaim{Content: content, Signed: b}
		if r.Trusted {
			claim.Recorded = r.Recorded()
		}
		if doc.Trusted {
			claim.Document = doc.Recorded()
		}
		s.LegalVerdict = judge(claim)
	}
	if s.At.IsZero() {
		s.At = time.Unix(b.At, 0).In(ICT)
	}
	l.Broken = l.Broken || !s.Valid && s.Problem != LegalBadUnchecked
	l.Signatures = append(l.Signatures, s)
}

func (l *Legal) state() LegalState {
	held := 0
	for _, role := range l.Roles {
		if l.Of(role) != nil {
			held++
		}
	}
	switch {
	case held == len(l.Roles):
		return LegalDone
	case held > 0, len(l.Asked) > 0:
		return LegalPending
	}
	return LegalNone
}

// LegalDocs returns the visit's legal documents, in the order of the visit.
func (v *VisitFile) LegalDocs() (out []*Document) {
	for i := range v.Documents {
		if len(v.Documents[i].Kind.LegalRoles()) > 0 {
			out = append(out, &v.Documents[i])
		}
	}
	return out
}

// FindVersion returns the version that the leaf names, or nil.
func (v *VisitFile) FindVersion(leaf Leaf) *Version {
	d := v.Find(leaf)
	if d == nil {
		return nil
	}
	i := slices.IndexFunc(d.Versions, func(x Version) bool { return x.Record.Leaf == leaf })
	return &d.Versions[i]
}
