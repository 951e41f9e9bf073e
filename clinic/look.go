package clinic

import (
	"bytes"
	"slices"
	"time"
)

// Looked is the body of KindLooked: which records the entry's author looked at
// within a short time, from the entry's event time on. Author and subject are that
// person. It is small, because people look far more often than they write.
type Looked struct {
	Patients [][]byte `cbor:"1,keyasint"` // 16 bytes each, each once
	Looks    []Look   `cbor:"2,keyasint"` // in order of time
	// Opened is set when a protected record was opened: there is one look then.
	Opened OpenReason `cbor:"3,keyasint,omitempty"`
	Words  string     `cbor:"4,keyasint,omitempty"` // the person's own words for it
	// Audit: the names stood on a page that tells who looked, or on the page before a
	// protected record; no record was opened.
	Audit bool `cbor:"5,keyasint,omitempty"`
}

// Look is one look of a Looked body.
type Look struct {
	Patient int    `cbor:"1,keyasint,omitempty"` // index in Patients
	After   int    `cbor:"2,keyasint,omitempty"` // seconds after the entry's event time
	Visit   []byte `cbor:"3,keyasint,omitempty"` // the first bytes of the visit; none = the patient's page
}

// VisitHint is how many bytes of a visit's identifier a look keeps: enough to find
// it among the visits of one patient.
const VisitHint = 4

// OpenReason is why somebody opened a protected record.
type OpenReason uint8

// The reasons to choose from; the person adds words. Values are frozen.
const (
	OpenCare      OpenReason = 1 // examines or cares for the patient now
	OpenEmergency OpenReason = 2
	OpenAsked     OpenReason = 3 // the patient or the family asks for it
	OpenPapers    OpenReason = 4 // corrects or completes the record
	OpenOther     OpenReason = 5
	OpenForAll    OpenReason = 6 // the protection was ended; not to choose from
)

// OpenReasons lists the reasons in the order of the form.
func OpenReasons() []OpenReason {
	return []OpenReason{OpenCare, OpenEmergency, OpenAsked, OpenPapers, OpenOther}
}

// Add appends a look at a visit, or at the patient's page when visit is zero.
func (l *Looked) Add(patient, visit ID, after time.Duration) {
	i := slices.IndexFunc(l.Patients, func(p []byte) bool { return bytes.Equal(p, patient[:]) })
	if i < 0 {
		i = len(l.Patients)
		l.Patients = append(l.Patients, slices.Clone(patient[:]))
	}
	look := Look{Patient: i, After: int(after / time.Second)}
	if !visit.IsZero() {
		look.Visit = slices.Clone(visit[:VisitHint])
	}
	l.Looks = append(l.Looks, look)
}

// Subjects returns the patients that the body names. What is no identifier is left
// out: the body may come from a box that is wrong.
func (l *Looked) Subjects() []ID {
	out := make([]ID, 0, len(l.Patients))
	for _, p := range l.Patients {
		if len(p) == len(ID{}) {
			out = append(out, ID(p))
		}
	}
	return out
}

// Of returns the patient of a look; ok is false when the body does not say.
func (l *Looked) Of(look Look) (id ID, ok bool) {
	if look.Patient < 0 || look.Patient >= len(l.Patients) || len(l.Patients[look.Patient]) != len(id) {
		return ID{}, false
	}
	return ID(l.Patients[look.Patient]), true
}

// At reports whether the look was at the visit.
func (l *Look) At(visit ID) bool {
	return len(l.Visit) >= VisitHint && bytes.HasPrefix(visit[:], l.Visit)
}

// Protection is the body of KindProtection: the patient's record opens with a reason
// only (On), or freely again. The entry's Why says why.
type Protection struct {
	On     bool     `cbor:"1,keyasint,omitempty"`
	Merges [][]byte `cbor:"2,keyasint,omitempty"` // leaves of further versions that this one replaces, beside Corrects
}

// Protected tells from a patient's records whether the record is protected, and the
// versions that count, the latest last. Of versions that do not know each other one
// that protects is enough: a box that was apart must not open what another closed.
func Protected(records []Record) (on bool, tips []Record) {
	var all []Record
	for _, r := range records {
		if _, ok := r.Body.(*Protection); ok {
			all = append(all, r)
		}
	}
	tips = notReplaced(distinct(all), func(r *Record) [][]byte { return r.Body.(*Protection).Merges })
	for _, r := range tips {
		on = on || r.Body.(*Protection).On
	}
	return on, tips
}

// MayProtect tells whether a KindProtection entry that can no longer be read may be what
// closed the record: true until one of the records that can be read replaces it.
func MayProtect(records []Record, lost []Hole) bool {
	return slices.ContainsFunc(lost, func(h Hole) bool {
		return h.Kind == KindProtection && !slices.ContainsFunc(records, func(r Record) bool {
			b, ok := r.Body.(*Protection)
			named := ok && h.Leaf != (Leaf{})
			return named && (r.Corrects == h.Leaf || slices.ContainsFunc(b.Merges, func(m []byte) bool { return bytes.Equal(m, h.Leaf[:]) }))
		})
	})
}

// Acknowledged is the body of KindAcknowledged: an administrator saw that a
// protected record was opened. Its subject is AcknowledgedSubject of that opening, so
// that each opening finds its own.
type Acknowledged struct {
	Leaf []byte `cbor:"1,keyasint"` // of the KindLooked entry
}

// AcknowledgedSubject is the subject of what acknowledges the opening of that leaf.
func AcknowledgedSubject(opened Leaf) ID { return ID(opened[:len(ID{})]) }

// OpenedSubject is what all openings of protected records are found under.
func OpenedSubject() ID { return ID{'o', 'p', 'e', 'n', 'e', 'd'} }
