package clinic

import (
	"bytes"
	"cmp"
	"slices"
)

// AllergyState tells what is known of a patient's allergies.
type AllergyState uint8

// The states of allergies. Never asked is a word on every page, never a blank.
const (
	AllergiesNotAsked  AllergyState = 0
	AllergiesNoneKnown AllergyState = 1
	AllergiesKnown     AllergyState = 2
)

// AllergyFile is what is known of a patient's allergies.
type AllergyFile struct {
	State    AllergyState
	Items    []Allergy // union over versions that do not know each other
	Conflict bool      // Items comes from more than one version
	Tips     []Leaf    // the versions that count, the latest last
	Versions []Record  // every version, oldest first
	// Lost: a version can no longer be read and none replaces it: ask again.
	Lost bool
}

// PatientFile is a patient as pages show it.
type PatientFile struct {
	ID        ID
	Now       *Patient // nil when no demographics are here (yet)
	Versions  []Record // KindPatient, oldest first; the last is Now
	Allergies AllergyFile
	Visits    []VisitFile // newest first
	Unknown   []Record    // kinds that this program does not know, outside visits
	Protected bool        // opens with a reason only
	Guards    []Record    // KindProtection that count, the latest last
	Signed    []Signature // confirmations of single documents outside visits, oldest first
	Lost      []Hole      // entries that can no longer be read (Lose)
}

// FoldPatient returns the patient that the records tell of. The order of the
// records does not matter; records of other subjects are left out.
func FoldPatient(id ID, records []Record) PatientFile {
	p := PatientFile{ID: id}
	visits := map[ID][]Record{}
	own := distinct(slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return r.Subject != id }))
	for _, r := range own {
		if !r.Visit.IsZero() {
			visits[r.Visit] = append(visits[r.Visit], r)
			continue
		}
		switch b := r.Body.(type) {
		case *Patient:
			p.Versions, p.Now = append(p.Versions, r), b
		case *Allergies:
			p.Allergies.Versions = append(p.Allergies.Versions, r)
		case *Signed:
			p.Signed = append(p.Signed, Signature{By: r.Author, Record: r, Trusted: r.Trusted})
		case nil:
			p.Unknown = append(p.Unknown, r)
		}
	}
	p.Allergies.fold()
	p.Protected, p.Guards = Protected(own)
	for v, rs := range visits {
		p.Visits = append(p.Visits, FoldVisit(v, rs))
	}
	slices.SortFunc(p.Visits, func(a, b VisitFile) int {
		return cmp.Or(cmp.Compare(b.Opened.HLC, a.Opened.HLC), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return p
}

// Visit returns the patient's visit, or nil.
func (p *PatientFile) Visit(id ID) *VisitFile {
	for i := range p.Visits {
		if p.Visits[i].ID == id {
			return &p.Visits[i]
		}
	}
	return nil
}

// fold finds the versions that no other version replaces and joins their items:
// a substance that one box heard of must not vanish because another box wrote
// later (DESIGN 4, conflicts).
func (a *AllergyFile) fold() {
	replaced := map[Leaf]bool{}
	for _, r := range a.Versions {
		replaced[r.Corrects] = true
		for _, m := range r.Body.(*Allergies).Merges {
			if len(m) == len(Leaf{}) {
				replaced[Leaf(m)] = true
			}
		}
	}
	tips := slices.DeleteFunc(slices.Clone(a.Versions), func(r Record) bool { return replaced[r.Leaf] })
	if len(tips) == 0 {
		tips = a.Versions // damaged input that replaces itself: show everything
	}
	seen := map[Allergy]bool{}
	for _, r := range tips {
		a.Tips = append(a.Tips, r.Leaf)
		b := r.Body.(*Allergies)
		if b.Asked && a.State == AllergiesNotAsked {
			a.State = AllergiesNoneKnown
		}
		for _, it := range b.Items {
			a.State = AllergiesKnown
			if !seen[it] {
				seen[it] = true
				a.Items = append(a.Items, it)
			}
		}
	}
	a.Conflict = len(a.Tips) > 1
}
