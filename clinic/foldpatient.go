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
	Heard    []Allergy // of Elsewhere, those that are not in Items
	// Lost: a version can no longer be read and none replaces it: ask again.
	Lost bool
}

// PatientFile is a patient as pages show it: all that was recorded under any ID of
// the person.
type PatientFile struct {
	ID        ID       // the leading one
	Who       Identity // every ID, and what is said of them
	Now       *Patient // nil when no demographics are here (yet); Join of all parts
	Versions  []Record // KindPatient of the leading ID, as Part.Versions; the last is what a change corrects
	Parts     []Part   // as Who.IDs
	Allergies AllergyFile
	Visits    []VisitFile   // newest first
	Files     []Document    // kept outside visits: vaccines given elsewhere; oldest first
	Unknown   []Record      // kinds that this program does not know, outside visits
	Protected bool          // opens with a reason only
	Guards    []Record      // KindProtection that count, of each ID the latest last
	Signed    []Signature   // confirmations of single documents outside visits, oldest first
	Lab       LabFile       // results of tests
	Elsewhere ElsewhereFile // what was asked and heard of other facilities
	Book      BookFile      // what the health book's own entries say
	Lost      []Hole        // entries that can no longer be read (Lose)
	NoDetails bool          // none of the demographics can be read: Now is empty
}

// Part is what stands under one ID of a person.
type Part struct {
	ID        ID
	Now       *Patient // nil when no demographics are here (yet)
	Versions  []Record // KindPatient: those that others replace, then Tips, each oldest first; the last is Now
	Tips      []Leaf   // versions that no other replaces, the latest last
	Visits    int
	Protected bool
	Guards    []Record // KindProtection that count, the latest last
}

// FoldPatient returns the patient that the records of one ID tell of.
func FoldPatient(id ID, records []Record) PatientFile {
	return FoldPerson(Identity{IDs: []ID{id}}, records)
}

// FoldPerson returns the person that the records of all IDs tell of. The order of the
// records does not matter; records of other subjects are left out. A visit stays with
// the ID under which it was opened, for that is what its signature is bound to.
func FoldPerson(who Identity, records []Record) PatientFile {
	p := PatientFile{ID: who.Lead(), Who: who}
	type at struct{ patient, visit ID }
	visits := map[at][]Record{}
	own := distinct(slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return !who.Has(r.Subject) }))
	p.split(own)
	p.fileAlone(own)
	for _, r := range own {
		if !r.Visit.IsZero() {
			k := at{r.Subject, r.Visit}
			visits[k] = append(visits[k], r)
			continue
		}
		switch r.Body.(type) {
		case *Allergies:
			p.Allergies.Versions = append(p.Allergies.Versions, r)
		case *Asked, *Summary:
			p.Elsewhere.take(&r)
		case *Sample:
			p.Lab.Samples = append(p.Lab.Samples, r)
		case *HealthBook:
			p.Book.Entries = append(p.Book.Entries, r)
		case *Reviewed:
			p.Lab.Reviews = append(p.Lab.Reviews, r)
		case *Result:
			p.Lab.results = append(p.Lab.results, r)
		case *Signed:
			p.Signed = append(p.Signed, Signature{By: r.Author, Record: r, Trusted: r.Trusted})
		case nil:
			p.Unknown = append(p.Unknown, r)
		}
	}
	p.Allergies.fold()
	p.Allergies.hear(p.Elsewhere.Now)
	p.Lab.fold(p.Signed)
	for k, rs := range visits {
		p.Visits = append(p.Visits, FoldVisit(k.visit, rs))
		p.part(k.patient).Visits++
	}
	slices.SortFunc(p.Visits, func(a, b VisitFile) int {
		return cmp.Or(cmp.Compare(b.when(), a.when()), bytes.Compare(a.ID[:], b.ID[:]),
			bytes.Compare(a.Patient[:], b.Patient[:]))
	})
	return p
}

// fileAlone folds the documents that stand outside visits. They are never signed: what
// they say is known from papers that the person brought.
func (p *PatientFile) fileAlone(own []Record) {
	alone := slices.DeleteFunc(slices.Clone(own), func(r Record) bool {
		return !r.Visit.IsZero() || !r.Kind.InProgrammes() || r.Body == nil
	})
	links := linkAll(alone)
	for _, g := range chains(alone) {
		d := Document{Kind: g[0].Kind, State: DocUnsigned}
		for _, r := range g {
			if r.Kind != d.Kind { // a correction of another kind's entry corrects nothing
				continue
			}
			ver := Version{Record: r, Conflict: links[r.Leaf].conflict}
			d.Conflict = d.Conflict || ver.Conflict
			d.Versions = append(d.Versions, ver)
		}
		p.Files = append(p.Files, d)
	}
}

// split makes the parts, and of them what the whole shows. One part that is
// protected protects all: nobody shall see through a link what they could not see.
func (p *PatientFile) split(own []Record) {
	now := make([]*Patient, 0, len(p.Who.IDs))
	for _, id := range p.Who.IDs {
		mine := slices.DeleteFunc(slices.Clone(own), func(r Record) bool { return r.Subject != id })
		x := Part{ID: id}
		for _, r := range mine {
			if _, ok := r.Body.(*Patient); ok && r.Visit.IsZero() {
				x.Versions = append(x.Versions, r)
			}
		}
		x.tips()
		x.Protected, x.Guards = Protected(mine)
		p.Protected, p.Guards = p.Protected || x.Protected, append(p.Guards, x.Guards...)
		p.Parts, now = append(p.Parts, x), append(now, x.Now)
	}
	p.Now, p.Versions = Join(now...), p.Parts[0].Versions
}

// tips finds the versions that no other replaces: several, when boxes wrote apart. The
// latest of them is what holds; a clock that was ahead makes nothing hold that somebody
// replaced.
func (x *Part) tips() {
	if len(x.Versions) == 0 {
		return
	}
	tips := notReplaced(x.Versions, func(r *Record) [][]byte { return r.Body.(*Patient).Merges })
	for _, r := range tips {
		x.Tips = append(x.Tips, r.Leaf)
	}
	old := slices.DeleteFunc(x.Versions, func(r Record) bool { return slices.Contains(x.Tips, r.Leaf) })
	x.Versions = append(old, tips...)
	x.Now = x.Versions[len(x.Versions)-1].Body.(*Patient)
}

// Conflict reports whether boxes wrote the details apart from each other: Now is the
// latest of Tips, and somebody must choose.
func (x *Part) Conflict() bool { return len(x.Tips) > 1 }

func (p *PatientFile) part(id ID) *Part {
	return &p.Parts[slices.IndexFunc(p.Parts, func(x Part) bool { return x.ID == id })]
}

// Own returns the details under the leading ID alone: what a change starts from. It
// is nil when there are none.
func (p *PatientFile) Own() *Patient { return p.Parts[0].Now }

// LostDetails names the version of the leading ID's demographics that a change replaces
// when none can be read; ok is false when one can, or none was.
func (p *PatientFile) LostDetails() (leaf Leaf, ok bool) {
	for _, h := range p.Lost {
		if len(p.Versions) == 0 && h.Kind == KindPatient {
			leaf, ok = h.Leaf, true
		}
	}
	return leaf, ok
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
	tips := notReplaced(a.Versions, func(r *Record) [][]byte { return r.Body.(*Allergies).Merges })
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
