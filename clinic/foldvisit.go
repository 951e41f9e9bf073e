package clinic

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
)

// VisitState is where a visit stands.
type VisitState uint8

// The states of a visit, in the order in which a visit goes through them.
const (
	VisitWaiting  VisitState = 1 // opened, nothing recorded
	VisitMeasured VisitState = 2 // vital signs are there
	VisitOpen     VisitState = 3 // the clinician began
	VisitSigned   VisitState = 4 // every document's current version is signed, bills aside
	VisitAmended  VisitState = 5 // signed once, something changed since: sign again
	VisitClosed   VisitState = 6 // left without being seen, or opened by mistake
	VisitTorn     VisitState = 7 // a document that was signed can no longer be read here
	VisitOld      VisitState = 8 // brought in from old records, confirmed by nobody here
)

// VisitFile is a visit as pages show it.
type VisitFile struct {
	ID        ID
	Patient   ID
	Opened    Record // zero Kind while the opening entry is missing here
	Visit     *Visit // nil then
	Documents []Document
	Signed    []Signature // every confirmation, oldest first
	Ended     *Record     // nil or the KindVisitEnded entry
	Retyped   *Record     // the KindVisit entry that set the visit's kind anew, or nil
	Papers    []Record    // KindPaper, oldest first
	Handed    []Record    // KindDispensed and KindReturned, oldest first
	Unknown   []Record    // kinds that this program does not know
	State     VisitState
	Lacks     int    // documents that a confirmation names and that are not here
	Lost      []Hole // those of the visit, known by a confirmation
	MayLack   []Hole // of the patient, which may be of this visit

	alerts []Record // KindAlert and KindAlertTold, oldest first
	legal  []Record // KindLegalAsked and KindLegalSigned, oldest first
	chosen []Record // KindSettled, oldest first
}

// FoldVisit returns the visit that the records tell of. The order of the records
// does not matter; records of other visits are left out.
func FoldVisit(visit ID, records []Record) VisitFile {
	v := VisitFile{ID: visit}
	var docs []Record
	signed := map[Leaf][]Signature{}
	for _, r := range distinct(records) {
		if r.Visit != visit {
			continue
		}
		if v.Patient.IsZero() {
			v.Patient = r.Subject
		}
		if r.Kind.IsDocument() && r.Body != nil {
			docs = append(docs, r)
			continue
		}
		v.add(r, signed)
	}
	for _, kind := range documentKinds() {
		v.fold(kind, docs, signed)
	}
	settle(v.Documents, v.chosen)
	v.JudgeLegal(nil)
	v.State = v.state()
	return v
}

// when is the hybrid time of the visit: of one that was entered later, that of the paper.
func (v *VisitFile) when() uint64 {
	if v.Visit != nil && v.Visit.After != nil {
		return HLCAt(v.Opened.Event)
	}
	return v.Opened.HLC
}

func documentKinds() []Kind {
	return []Kind{KindVitals, KindExam, KindHealthCheck, KindOrder, KindDiagnosis, KindPrescribe, KindStay, KindCare, KindBill, KindTraditional, KindImmunised, KindReaction, KindAntenatal, KindDelivery, KindBirthCertificate, KindDeath, KindEmergencyNotice, KindDischarge, KindAppointment}
}

func (v *VisitFile) add(r Record, signed map[Leaf][]Signature) {
	switch b := r.Body.(type) {
	case *Visit:
		if v.Visit == nil { // a second opening of the same visit changes its kind only
			v.Opened, v.Visit, v.Patient = r, b, r.Subject
		} else {
			v.retype(&r, b)
		}
	case *Signed:
		s := Signature{By: r.Author, Record: r, Trusted: r.Trusted}
		v.Signed = append(v.Signed, s)
		for _, l := range b.Leaves {
			if len(l) == len(Leaf{}) {
				signed[Leaf(l)] = append(signed[Leaf(l)], s)
			}
		}
	case *VisitEnded:
		v.Ended = &r
	case *LegalAsked, *LegalSigned:
		v.legal = append(v.legal, r)
	case *Settled:
		v.chosen = append(v.chosen, r)
	case *Alert, *AlertTold:
		v.alerts = append(v.alerts, r)
	case *Paper:
		v.Papers = append(v.Papers, r)
	case *Dispensed, *Returned:
		v.Handed = append(v.Handed, r)
	case nil:
		v.Unknown = append(v.Unknown, r)
	}
}

// fold appends the documents of one kind; a correction of another kind's entry
// stands alone.
func (v *VisitFile) fold(kind Kind, docs []Record, signed map[Leaf][]Signature) {
	var own []Record
	for _, r := range docs {
		// A signature is bound to patient and visit; so is a document.
		if r.Kind == kind && r.Subject == v.Patient {
			own = append(own, r)
		}
	}
	v.Documents = append(v.Documents, documents(kind, own, signed)...)
}

func (v *VisitFile) state() VisitState {
	var any, open, changed bool
	for i := range v.Documents {
		d := &v.Documents[i]
		any = true
		open = open || d.Kind != KindVitals
		// A bill is written after the doctor is done, and changes no care: the
		// next signature covers it, but none is asked for it. So is a notice.
		changed = changed || d.State != DocSigned && d.Kind != KindBill && d.Kind != KindEmergencyNotice
	}
	v.Lacks = v.lacks()
	switch {
	case v.Lacks > 0:
		return VisitTorn
	case v.confirmed() && any && !changed:
		return VisitSigned
	case v.confirmed():
		return VisitAmended
	case v.Ended != nil:
		return VisitClosed
	case v.Visit != nil && v.Visit.After != nil && len(v.Visit.After.Import) > 0:
		return VisitOld
	case open:
		return VisitOpen
	case any:
		return VisitMeasured
	}
	return VisitWaiting
}

// confirmed tells whether a confirmation counts.
func (v *VisitFile) confirmed() bool {
	return slices.ContainsFunc(v.Signed, func(s Signature) bool { return s.State.Counts() })
}

// Docs returns the visit's documents of the kind: several for vital signs that
// were taken more than once, or when two boxes wrote apart from each other.
func (v *VisitFile) Docs(kind Kind) []*Document {
	var out []*Document
	for i := range v.Documents {
		if v.Documents[i].Kind == kind {
			out = append(out, &v.Documents[i])
		}
	}
	return out
}

// Doc returns the document of the kind whose current version is the latest, or
// nil.
func (v *VisitFile) Doc(kind Kind) *Document {
	docs := v.Docs(kind)
	if len(docs) == 0 {
		return nil
	}
	return slices.MaxFunc(docs, func(a, b *Document) int {
		ra, rb := &a.Current().Record, &b.Current().Record
		return cmp.Or(cmp.Compare(ra.HLC, rb.HLC), slices.Compare(ra.Leaf[:], rb.Leaf[:]))
	})
}

// Prescribed joins the visit's prescriptions, of each kind one: the latest document, the
// lines of all, and whether all are signed. All is nil when there is none.
func (v *VisitFile) Prescribed() (latest *Document, all *Prescription, signed bool) {
	latest, signed = v.Doc(KindPrescribe), true
	for _, d := range v.Docs(KindPrescribe) {
		b := BodyOf[Prescription](d)
		if b == nil {
			continue
		}
		signed = signed && d.State == DocSigned
		if all == nil {
			first := *b
			all = &first
			continue
		}
		joined := slices.Clone(all.Lines)
		for _, l := range b.Lines { // boxes that wrote apart may both have one
			if !slices.ContainsFunc(joined, func(x DrugLine) bool { return x.Medicine == l.Medicine }) {
				joined = append(joined, l)
			}
		}
		all.Lines = joined
	}
	return latest, all, signed && all != nil
}

// Find returns the document of which the leaf is a version, or nil.
func (v *VisitFile) Find(leaf Leaf) *Document {
	for i := range v.Documents {
		for j := range v.Documents[i].Versions {
			if v.Documents[i].Versions[j].Record.Leaf == leaf {
				return &v.Documents[i]
			}
		}
	}
	return nil
}

// Unsigned returns the leaves of the current versions that wait for a signature,
// in journal order.
func (v *VisitFile) Unsigned() []Leaf {
	var recs []*Record
	for i := range v.Documents {
		if d := &v.Documents[i]; d.State != DocSigned {
			recs = append(recs, &d.Current().Record)
		}
	}
	slices.SortFunc(recs, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(a.Ref.Journal, b.Ref.Journal), cmp.Compare(a.Ref.Index, b.Ref.Index))
	})
	out := make([]Leaf, len(recs))
	for i, r := range recs {
		out[i] = r.Leaf
	}
	return out
}

// Seen names exactly what Unsigned returns, in 32 characters for a form: who
// signs must have seen what is signed.
func (v *VisitFile) Seen() string {
	var leaves [][]byte
	for _, l := range v.Unsigned() {
		leaves = append(leaves, l[:])
	}
	return SeenOf(leaves)
}

// SeenOf is what Seen said before a signature over these leaves.
func SeenOf(leaves [][]byte) string {
	h := sha256.New()
	for _, l := range leaves {
		h.Write(l)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// BodyOf returns the body of the document's current version, or nil when d is
// nil or of another kind.
func BodyOf[T any](d *Document) *T {
	if d == nil {
		return nil
	}
	b, _ := d.Current().Record.Body.(*T)
	return b
}
