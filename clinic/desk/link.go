package desk

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"clinicbox/clinic"
)

// Side is one of two patients who are compared.
type Side struct {
	ID        clinic.ID
	Now       clinic.Patient
	Age       clinic.Age
	Allergies clinic.AllergyFile
	Visits    []clinic.VisitFile // the last three, newest first
	Count     int                // of all visits
	Since     *clinic.Record     // the first registration; nil = not here
	Closed    bool               // the record is protected: Now holds name and year of birth only
	Lost      []clinic.Hole      // what can no longer be read
}

// CompareView is the page that asks whether two patients are one person.
type CompareView struct {
	Left, Right Side
	// Of are the IDs that an answer is about: those that were asked for when somebody
	// answered about just them before, else the leading ones.
	Of    [2]clinic.ID
	One   bool // they are already
	Like  clinic.Likeness
	Said  []clinic.Record // what was answered before about the two, oldest first
	Split bool            // of which answers differ that do not know each other
	Tips  []clinic.Leaf   // the answers that count
	Names map[clinic.ID]Person
	May   bool // the person's role may answer
}

// shownVisits is how many visits of each side are compared.
const shownVisits = 3

// Compare reads two patients for the question whether they are one person; that both
// were looked at is recorded. IDs that are linked with others stand for the whole.
func (d *Desk) Compare(ctx context.Context, by, a, b clinic.ID) (out CompareView, err error) {
	var whos [2]clinic.Identity
	err = d.view(ctx, func(r Reader) error {
		p, err := who(r, by, rightRead)
		if err != nil {
			return err
		}
		out.May = slices.Contains(rightLink.roles(), p.Role)
		var files [2]clinic.PatientFile
		for i, id := range []clinic.ID{a, b} {
			if files[i], err = readPatient(r, id); err != nil {
				return err
			}
			whos[i] = files[i].Who
			side := []*Side{&out.Left, &out.Right}[i]
			if *side, err = d.side(r, by, &files[i]); err != nil {
				return err
			}
		}
		out.One = whos[0].Has(out.Right.ID)
		out.Like, err = d.like(r, &Hit{Now: *files[0].Now, who: whos[0]}, &Hit{Now: *files[1].Now, who: whos[1]})
		if err != nil {
			return err
		}
		out.Of = about(&whos[0], &whos[1], a, b)
		out.said(&whos[0])
		out.Names, err = names(r)
		return err
	})
	if err != nil {
		return CompareView{}, err
	}
	for i, s := range []*Side{&out.Left, &out.Right} {
		if s.Closed {
			d.views.hold(ctx, look{by: by, patient: s.ID, audit: true})
			continue
		}
		d.views.person(ctx, by, &whos[i])
	}
	return out, nil
}

// about returns the IDs that an answer about two patients names: themselves when
// somebody answered about just them, for that answer could not be changed otherwise;
// else the leading ones.
func about(x, y *clinic.Identity, a, b clinic.ID) [2]clinic.ID {
	said := slices.ContainsFunc(x.Bonds, func(o clinic.Bond) bool { return o.Names(a) && o.Names(b) })
	if said || x.Has(y.Lead()) {
		return [2]clinic.ID{a, b}
	}
	return [2]clinic.ID{x.Lead(), y.Lead()}
}

// said fills in what was answered about the two; of a closed record nothing.
func (v *CompareView) said(who *clinic.Identity) {
	for _, b := range who.Bonds {
		if !b.Names(v.Of[0]) || !b.Names(v.Of[1]) {
			continue
		}
		v.Split = b.Split
		for _, r := range b.Tips {
			v.Tips = append(v.Tips, r.Leaf)
		}
		if !v.Left.Closed && !v.Right.Closed {
			v.Said = b.All
		}
	}
}

func (d *Desk) side(r Reader, by clinic.ID, f *clinic.PatientFile) (Side, error) {
	out := Side{ID: f.ID, Now: *f.Now, Count: len(f.Visits)}
	var err error
	if out.Closed, err = d.closed(r, by, f.ID); err != nil {
		return Side{}, err
	}
	if out.Closed {
		return Side{ID: f.ID, Now: veil(f.Now), Closed: true}, nil
	}
	out.Age = f.Now.Birth.AgeAt(d.today())
	out.Allergies, out.Lost = f.Allergies, f.Lost
	out.Visits = f.Visits[:min(len(f.Visits), shownVisits)]
	if len(f.Versions) > 0 {
		out.Since = &f.Versions[0]
	}
	return out, nil
}

// LinkInput is an answer to the question whether two patients are one person.
type LinkInput struct {
	Patient, Other clinic.ID
	Same           bool
	Why            string        // needed to take a link back
	Tips           []clinic.Leaf // of the answers that the page showed
}

// Link records whether two patients are one person. From then on both are read
// together; nothing is rewritten, and the opposite answer takes it back. Nurses,
// doctors and administrators, to whom both records are open: a wrong link shows one
// person's history as another's, so who takes money only does not decide it. Repeated
// it changes nothing.
func (d *Desk) Link(ctx context.Context, c Call, in LinkInput) (Done, error) {
	why, err := d.line("why", in.Why, 500)
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightLink, kind: clinic.KindLink,
		build: func(w *work) ([]clinic.Draft, error) {
			p, err := w.pair(in)
			if err != nil {
				return nil, err
			}
			if in.Same {
				return p.link(in, why)
			}
			return p.part(in, why)
		},
		same: func(body any) bool {
			b, ok := body.(*clinic.Link)
			return ok && b.Same == in.Same && len(b.Other) == 16
		},
	})
}

// pair is the two people that an answer is about, and the two IDs that it names (about).
type pair struct {
	*work
	a, b clinic.PatientFile
	x, y clinic.ID
	bond clinic.Bond // what is said of x and y; zero = nothing
}

func (w *work) pair(in LinkInput) (*pair, error) {
	if in.Patient == in.Other {
		return nil, &Error{Code: CodeMixed}
	}
	p := &pair{work: w, x: in.Patient, y: in.Other}
	for id, file := range map[clinic.ID]*clinic.PatientFile{in.Patient: &p.a, in.Other: &p.b} {
		var err error
		if *file, err = readPatient(w, id); err != nil {
			return nil, err
		}
		if err = w.desk.mayRead(w, w.by.ID, id); err != nil {
			return nil, err
		}
	}
	of := about(&p.a.Who, &p.b.Who, in.Patient, in.Other)
	p.x, p.y = of[0], of[1]
	for _, b := range p.a.Who.Bonds {
		if b.Names(p.x) && b.Names(p.y) {
			p.bond = b
		}
	}
	return p, nil
}

func (p *pair) joined() bool { return p.a.Who.Has(p.b.ID) }

// current refuses an answer to a page that did not show the last ones.
func (p *pair) current(tips []clinic.Leaf) error {
	var now []clinic.Leaf
	for _, r := range p.bond.Tips {
		now = append(now, r.Leaf)
	}
	if !sameLeaves(now, tips) {
		return &Error{Code: CodeChanged}
	}
	return nil
}

func (p *pair) link(in LinkInput, why string) ([]clinic.Draft, error) {
	if p.joined() {
		i := slices.IndexFunc(p.a.Who.Bonds, func(b clinic.Bond) bool { return b.Same })
		return nil, &unchanged{p.a.Who.Bonds[i].Tips[0]}
	}
	if err := p.current(in.Tips); err != nil {
		return nil, err
	}
	for _, b := range p.a.Who.Between(&p.b.Who) {
		if !b.Open && (!b.Names(p.x) || !b.Names(p.y)) { // another pair of theirs: that answer must change first
			return nil, &Error{Code: CodeLinkSaid}
		}
	}
	if !leads(&p.a, &p.b) {
		p.x, p.y = p.y, p.x
	}
	return []clinic.Draft{p.draft(true, why)}, nil
}

// draft answers for the pair: it replaces every answer that counts.
func (p *pair) draft(same bool, why string) clinic.Draft {
	body := &clinic.Link{Other: slices.Clone(p.y[:]), Same: same}
	d := clinic.Draft{Kind: clinic.KindLink, Subject: p.x, Why: why, Body: body}
	if n := len(p.bond.Tips); n > 0 {
		d.Corrects = p.bond.Tips[n-1].Leaf
		for _, t := range p.bond.Tips[:n-1] {
			body.Merges = append(body.Merges, slices.Clone(t.Leaf[:]))
		}
	}
	return d
}

// leads reports whether a's details shall be the person's: those of who has proven
// more, else of who was registered first.
func leads(a, b *clinic.PatientFile) bool {
	if x, y := proven(a.Own()), proven(b.Own()); x != y {
		return x > y
	}
	if len(a.Versions) == 0 || len(b.Versions) == 0 {
		return len(a.Versions) > 0
	}
	return cmp.Or(cmp.Compare(a.Versions[0].HLC, b.Versions[0].HLC), bytes.Compare(a.ID[:], b.ID[:])) <= 0
}

func proven(p *clinic.Patient) int {
	switch {
	case p == nil:
		return 0
	case p.Unnamed:
		return 1
	}
	best := 2
	for _, n := range p.Identifiers {
		switch {
		case n.Unsure: // somebody else's, for all that is known
		case n.System == clinic.SystemCitizen && n.To.IsZero():
			return 4
		case n.System != clinic.SystemTemporary:
			best = 3
		}
	}
	return best
}
