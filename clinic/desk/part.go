package desk

import (
	"slices"

	"clinicbox/clinic"
)

// part says that the two are two people: it takes a link back, or remembers the
// answer so that nobody asks again.
func (p *pair) part(in LinkInput, why string) ([]clinic.Draft, error) {
	said := len(p.bond.Tips) > 0
	switch {
	case said && !p.bond.Same && !p.bond.Split:
		return nil, &unchanged{p.bond.Tips[0]}
	case p.joined() && !p.bond.Same:
		return nil, &Error{Code: CodeChanged} // others link them: it is those that must be taken back
	case p.joined() && why == "":
		return nil, &Error{Code: CodeRequired, Field: "why"}
	}
	if err := p.current(in.Tips); err != nil {
		return nil, err
	}
	out := []clinic.Draft{p.draft(false, why)}
	if !p.joined() {
		return out, nil
	}
	sides, err := p.sides(out[0])
	if err != nil || len(sides) == 0 {
		return out, err // still one, by way of others
	}
	heard, err := p.heard(sides)
	if err != nil {
		return nil, err
	}
	guards, err := p.guards(sides)
	return slices.Concat(out, heard, guards), err
}

// sides are the two people that there will be after the answer; none when others still
// link them.
func (p *pair) sides(answer clinic.Draft) (out []clinic.Identity, err error) {
	after := clinic.Record{Kind: answer.Kind, Subject: answer.Subject, Leaf: clinic.Leaf{1}, Corrects: answer.Corrects, Body: answer.Body}
	links := func(id clinic.ID) ([]clinic.Record, error) {
		records, err := p.Links(id)
		if id == p.x || id == p.y {
			records = append(slices.Clone(records), after)
		}
		return records, err
	}
	for _, id := range []clinic.ID{p.x, p.y} {
		side, err := clinic.Identify(id, links)
		if err != nil {
			return nil, err
		}
		if side.Has(p.x) && side.Has(p.y) {
			return nil, nil
		}
		out = append(out, side)
	}
	return out, nil
}

// guards protects what was recorded while the link held and one of the two was
// protected: people wrote it into a record that was closed, and it must not open to
// everybody because the record is divided.
func (p *pair) guards(sides []clinic.Identity) (out []clinic.Draft, err error) {
	if _, was, err := protected(p, p.x); err != nil || !was {
		return nil, err
	}
	for i := range sides {
		drafts, err := p.guardSide(&sides[i])
		if err != nil {
			return nil, err
		}
		out = append(out, drafts...)
	}
	return out, nil
}

// heard gives each of the two the allergies that were heard of while they were read
// together: of whom that was, nobody knows any more, and to miss one is the worse
// mistake. What was known of one before stays theirs alone.
func (p *pair) heard(sides []clinic.Identity) (out []clinic.Draft, err error) {
	since := p.bond.Tips[0].HLC
	before := map[clinic.Allergy]bool{}
	var fresh []clinic.Allergy
	for _, r := range p.a.Allergies.Versions { // oldest first
		for _, it := range r.Body.(*clinic.Allergies).Items {
			if r.HLC <= since {
				before[it] = true
			} else if !before[it] && !slices.Contains(fresh, it) {
				fresh = append(fresh, it)
			}
		}
	}
	for i := range sides {
		records, err := recordsOf(p, &sides[i])
		if err != nil {
			return nil, err
		}
		side := clinic.FoldPerson(sides[i], records).Allergies // without what is lost: that stays to be asked
		body := &clinic.Allergies{Asked: true, Items: slices.Clone(side.Items)}
		for _, it := range fresh {
			if !slices.Contains(side.Items, it) {
				body.Items = append(body.Items, it)
			}
		}
		if len(body.Items) == len(side.Items) {
			continue
		}
		d := clinic.Draft{Kind: clinic.KindAllergies, Subject: sides[i].Lead(), Why: partedAllergies, Body: body}
		if n := len(side.Tips); n > 0 {
			d.Corrects = side.Tips[n-1]
			for _, t := range side.Tips[:n-1] {
				body.Merges = append(body.Merges, slices.Clone(t[:]))
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// partedAllergies is the reason that stands in an entry of heard.
const partedAllergies = "Tách hồ sơ: dị ứng biết được khi còn gộp, chưa rõ của ai"

func (p *pair) guardSide(side *clinic.Identity) (out []clinic.Draft, err error) {
	for _, id := range side.IDs {
		on, err := p.Protected(id)
		if err != nil || on {
			return nil, err // it stays closed by itself
		}
		records, err := p.Records(id)
		if err != nil {
			return nil, err
		}
		added := func(r clinic.Record) bool {
			return r.HLC > p.bond.Tips[0].HLC && r.Kind != clinic.KindLink && r.Kind != clinic.KindProtection
		}
		if slices.ContainsFunc(records, added) {
			i := slices.IndexFunc(p.a.Parts, func(x clinic.Part) bool { return x.ID == id })
			out = append(out, protectDraft(&p.a.Parts[i], true, unlinkedGuard))
		}
	}
	return out, nil
}

// unlinkedGuard is the reason that stands in an entry of guards.
const unlinkedGuard = "Tách hồ sơ: phần ghi khi còn gộp với hồ sơ được bảo vệ"
