package desk

import (
	"slices"

	"clinicbox/clinic"
)

// identity returns the person that a patient ID belongs to. The centre links IDs of which
// there may be nothing here: one that has details here leads, for pages and new entries
// are under it.
func identity(r People, patient clinic.ID) (clinic.Identity, error) {
	who, err := clinic.Identify(patient, r.Links)
	if err != nil || !who.Joined() {
		return who, err
	}
	here := map[clinic.ID]bool{}
	for _, id := range who.IDs {
		p, err := r.Patient(id)
		if err != nil {
			return who, err
		}
		here[id] = p != nil
	}
	slices.SortStableFunc(who.IDs, func(a, b clinic.ID) int {
		switch {
		case here[a] == here[b]:
			return 0
		case here[a]:
			return -1
		}
		return 1
	})
	return who, nil
}

// recordsOf returns what is recorded under every ID of the person.
func recordsOf(r People, who *clinic.Identity) (out []clinic.Record, err error) {
	for _, id := range who.IDs {
		records, err := r.Records(id)
		if err != nil {
			return nil, err
		}
		out = append(out, records...)
	}
	return out, nil
}

// readPerson reads everything of the person that a patient ID belongs to; there may
// be nothing.
func readPerson(r People, patient clinic.ID) (clinic.PatientFile, []clinic.Record, error) {
	who, err := identity(r, patient)
	if err != nil {
		return clinic.PatientFile{}, nil, err
	}
	records, err := recordsOf(r, &who)
	if err != nil {
		return clinic.PatientFile{}, nil, err
	}
	file := clinic.FoldPerson(who, records)
	var lost []clinic.Hole
	for _, id := range who.IDs {
		mine, err := r.Lost(id)
		if err != nil {
			return clinic.PatientFile{}, nil, err
		}
		lost = append(lost, mine...)
	}
	file.Lose(lost)
	return file, records, nil
}

// readPatient is readPerson for somebody who must be known.
func readPatient(r People, patient clinic.ID) (clinic.PatientFile, error) {
	file, _, err := readPerson(r, patient)
	if err == nil && file.Now == nil {
		err = &Error{Code: CodeNoPatient}
	}
	if err != nil {
		return clinic.PatientFile{}, err
	}
	return file, nil
}

// detailsOf returns the person's details for lists, without reading their records; nil
// when there are none, empty ones when they can no longer be read.
func detailsOf(r People, patient clinic.ID) (clinic.Identity, *clinic.Patient, error) {
	who, err := identity(r, patient)
	if err != nil {
		return who, nil, err
	}
	p, err := joined(r, &who)
	return who, p, err
}

// joined returns the details of a person whose IDs are known; nil when there are none.
func joined(r People, who *clinic.Identity) (_ *clinic.Patient, err error) {
	parts := make([]*clinic.Patient, len(who.IDs))
	for i, id := range who.IDs {
		if parts[i], err = r.Patient(id); err != nil {
			return nil, err
		}
	}
	now := clinic.Join(parts...)
	for i := 0; now == nil && i < len(who.IDs); i++ {
		lost, err := r.Lost(who.IDs[i])
		if err != nil {
			return nil, err
		}
		file := clinic.PatientFile{}
		file.Lose(lost)
		now = file.Now
	}
	return now, nil
}

// alikeNames is how many people of one name are compared for the hint on a page.
const alikeNames = 100

// alike returns who else may be the person, the likelier first: those of whom nobody
// said yet, or of whom people said different things.
func (d *Desk) alike(r Reader, by clinic.ID, who *clinic.Identity, now *clinic.Patient) ([]Hit, error) {
	var live []clinic.Identifier
	for _, n := range now.Identifiers {
		if n.Live(d.today()) || n.Unsure {
			live = append(live, n)
		}
	}
	hits, err := d.byNumbers(r, live)
	if err != nil {
		return nil, err
	}
	ids, err := r.ByName(now.Name, alikeNames)
	if err != nil {
		return nil, err
	}
	named, err := hitsOf(r, ids, ByBirth)
	if err != nil {
		return nil, err
	}
	born, err := siblings(r, now)
	if err != nil {
		return nil, err
	}
	var out []Hit
	self := Hit{Now: *now, who: *who}
	for _, h := range slices.Concat(hits, born, named) {
		if h.Like, err = d.like(r, &self, &h); err != nil {
			return nil, err
		}
		if h.Like == clinic.LikeNone || who.Has(h.ID) || answered(who, &h.who) ||
			slices.ContainsFunc(out, func(o Hit) bool { return o.ID == h.ID }) {
			continue
		}
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b Hit) int { return int(b.Like) - int(a.Like) })
	return d.veilHits(r, by, out)
}

// siblings returns the children of the person's mother: one born on the same day may be
// the same child, registered twice.
func siblings(r People, p *clinic.Patient) ([]Hit, error) {
	id, ok := p.MotherID()
	if !ok {
		return nil, nil
	}
	who, err := identity(r, id)
	if err != nil {
		return nil, err
	}
	ids, err := childrenOf(r, &who)
	if err != nil {
		return nil, err
	}
	return hitsOf(r, ids, ByMother)
}

// like compares two people. A mother and her child are two, whatever number was typed
// for both, and so are twins whose mother has two records.
func (d *Desk) like(r People, a, b *Hit) (clinic.Likeness, error) {
	if a.Now.ChildOf(&b.who) || b.Now.ChildOf(&a.who) {
		return clinic.LikeNone, nil
	}
	one, other := a.Now, b.Now
	x, ok := one.MotherID()
	if _, both := other.MotherID(); ok && both {
		mother, err := identity(r, x)
		if err != nil {
			return clinic.LikeNone, err
		}
		if other.ChildOf(&mother) {
			other.Mother = one.Mother
		}
	}
	return clinic.Alike(&one, &other, d.today()), nil
}

// linked names those of whom somebody said whether they are the person. Why they are
// not stays out when that record is closed.
func (d *Desk) linked(r People, by clinic.ID, p *Patient) error {
	p.Linked = map[clinic.ID]string{}
	for i := range p.Who.Bonds {
		b := &p.Who.Bonds[i]
		for _, id := range []clinic.ID{b.A, b.B} {
			now, err := r.Patient(id)
			if err != nil {
				return err
			}
			closed, err := d.closed(r, by, id)
			if err != nil {
				return err
			}
			if now != nil {
				p.Linked[id] = d.told(now, closed)
			}
			if closed {
				b.All = slices.Clone(b.All)
				for j := range b.All {
					b.All[j].Why = ""
				}
				b.Tips = nil
			}
		}
	}
	return nil
}

// told is a name with the number that tells it from another of the same name.
func (d *Desk) told(p *clinic.Patient, closed bool) string {
	for _, s := range []clinic.System{clinic.SystemCitizen, clinic.SystemInsurance, clinic.SystemSocial, clinic.SystemPassport, clinic.SystemTemporary} {
		if n, ok := p.Current(s, d.today()); ok && !closed {
			return p.Name + " (" + n.Value + ")"
		}
	}
	return p.Name
}

// answered reports whether people agree that these are two.
func answered(a, b *clinic.Identity) bool {
	return slices.ContainsFunc(a.Between(b), func(x clinic.Bond) bool { return !x.Same && !x.Split && !x.Open })
}

// pairUp marks those of a list that may be one person.
func (d *Desk) pairUp(r People, hits []Hit) error {
	for i := range hits {
		for j := range hits[:i] {
			like, err := d.like(r, &hits[i], &hits[j])
			if err != nil {
				return err
			}
			if like == clinic.LikeNone || answered(&hits[i].who, &hits[j].who) {
				continue
			}
			if like > hits[i].Like {
				hits[i].Like, hits[i].LikeID = like, hits[j].ID
			}
			if like > hits[j].Like {
				hits[j].Like, hits[j].LikeID = like, hits[i].ID
			}
		}
	}
	return nil
}
