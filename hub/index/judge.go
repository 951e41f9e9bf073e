package index

import (
	"bytes"
	"context"
	"slices"

	"clinicbox/clinic"
)

// Store is what Judge reads. Links and Record see what Act did before.
type Store interface {
	// Record returns what is known of an ID, nil when nothing is.
	Record(ctx context.Context, id clinic.ID) (*Record, error)
	// Alike returns IDs that have one of the keys, in any order, itself too. Of a key
	// that very many have it may leave some out.
	Alike(ctx context.Context, keys []Key) ([]clinic.ID, error)
	// Links returns the KindLink records that name the ID, of boxes and of the centre.
	Links(ctx context.Context, id clinic.ID) ([]clinic.Record, error)
	// Act carries out what was found of a pair. It is durable on return, and harmless
	// twice.
	Act(ctx context.Context, f Finding) error
}

// Do is what a finding asks for.
type Do uint8

// What to do with a pair.
const (
	DoNothing Do = 0 // nothing is to be asked, or no longer
	DoLink    Do = 1 // the rule links; A leads
	DoPart    Do = 2 // the rule takes its link back, and people are asked
	DoAsk     Do = 3 // people are asked
)

// Finding is what was found of a pair of IDs.
type Finding struct {
	A, B  clinic.ID
	Do    Do
	Signs Sign
	Bond  clinic.Bond // what is said of the two so far
}

// Judge compares an ID with all that are alike and with all that it was linked with,
// and acts on each pair in order of the IDs. Repeated it finds the same and does nothing
// new.
func Judge(ctx context.Context, s Store, id clinic.ID) error {
	j := &judge{Store: s, ctx: ctx, seen: map[clinic.ID]*Record{}, whos: map[clinic.ID]clinic.Identity{}}
	self, err := j.record(id)
	if err != nil {
		return err
	}
	who, err := j.who(id)
	if err != nil {
		return err
	}
	if len(who.IDs) > mostIDs {
		return nil
	}
	if err := j.parted(&who); err != nil {
		return err
	}
	ids := slices.Clone(who.IDs)
	for _, b := range who.Bonds {
		if b.Names(id) {
			ids = append(ids, b.Far(id))
		}
	}
	if self != nil {
		alike, err := s.Alike(ctx, Keys(self))
		if err != nil {
			return err
		}
		ids = append(ids, alike...)
	}
	slices.SortFunc(ids, func(a, b clinic.ID) int { return bytes.Compare(a[:], b[:]) })
	for _, other := range slices.Compact(ids) {
		if other == id {
			continue
		}
		if err := j.standing(self, other); err != nil {
			return err
		}
		if err := j.pair(id, other); err != nil {
			return err
		}
	}
	return nil
}

// mostIDs of a person are compared. Nobody has as many; a box that says so would stop the
// others' people from being judged.
const mostIDs = 64

type judge struct {
	Store
	ctx  context.Context
	seen map[clinic.ID]*Record
	whos map[clinic.ID]clinic.Identity // until links change
}

// act carries out what was found.
func (j *judge) act(f Finding) error {
	if f.Do == DoLink || f.Do == DoPart {
		clear(j.whos)
	}
	return j.Act(j.ctx, f)
}

// record returns the details of an ID; nil when there are none.
func (j *judge) record(id clinic.ID) (*Record, error) {
	if r, ok := j.seen[id]; ok {
		return r, nil
	}
	r, err := j.Record(j.ctx, id)
	if err != nil {
		return nil, err
	}
	if r != nil && r.Now == nil {
		r = nil
	}
	j.seen[id] = r
	return r, nil
}

func (j *judge) who(id clinic.ID) (clinic.Identity, error) {
	if w, ok := j.whos[id]; ok {
		return w, nil
	}
	w, err := clinic.Identify(id, func(id clinic.ID) ([]clinic.Record, error) { return j.Links(j.ctx, id) })
	if err == nil {
		j.whos[id] = w
	}
	return w, err
}

// parted takes the rule's links of a person back when somebody said that two of the
// person's IDs are two people: which of the links is wrong, people must find out.
func (j *judge) parted(who *clinic.Identity) error {
	if len(who.Against()) == 0 {
		return nil
	}
	for _, b := range who.Bonds {
		if b.Same && !b.ByPerson() {
			a, c, err := j.both(b.A, b.B)
			if err != nil {
				return err
			}
			if err := j.act(Finding{A: b.A, B: b.B, Do: DoPart, Signs: signs(a, c) | Clash, Bond: b}); err != nil {
				return err
			}
		}
	}
	return nil
}

// standing looks again at links of the rule beside which somebody came who is like them.
func (j *judge) standing(self *Record, other clinic.ID) error {
	o, err := j.record(other)
	if err != nil || self == nil || o == nil || !signs(self, o).Has(NumberSame|NumberOnce|NameSame|NameBare|NameNear) {
		return err
	}
	who, err := j.who(other)
	if err != nil {
		return err
	}
	for _, b := range who.Bonds {
		if b.Names(other) && b.Same && !b.ByPerson() && !b.Names(self.ID) {
			if err := j.pair(b.A, b.B); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *judge) both(a, b clinic.ID) (x, y *Record, err error) {
	if x, err = j.record(a); err == nil {
		y, err = j.record(b)
	}
	return x, y, err
}

// signs compares two records that may have no details.
func signs(a, b *Record) Sign {
	if a == nil || b == nil {
		return 0
	}
	return Compare(a, b)
}

// pair decides about two IDs.
func (j *judge) pair(id, other clinic.ID) error {
	a, b, err := j.both(id, other)
	if err != nil {
		return err
	}
	one, err := j.who(id)
	if err != nil {
		return err
	}
	two, err := j.who(other)
	if err != nil {
		return err
	}
	f := Finding{A: id, B: other, Signs: signs(a, b)}
	for _, x := range one.Bonds {
		if x.Names(id) && x.Names(other) {
			f.Bond = x
		}
	}
	if a != nil && b != nil {
		if f.Do, err = j.decide(&f, &one, &two); err != nil {
			return err
		}
		if f.Do == DoLink && !Leads(a, b) {
			f.A, f.B = f.B, f.A
		}
	}
	return j.act(f)
}

func (j *judge) decide(f *Finding, one, two *clinic.Identity) (Do, error) {
	joined := one.Has(f.B)
	if f.Bond.Split {
		f.Signs |= Split
		return DoAsk, nil
	}
	if !joined && separated(one, two) {
		return DoNothing, nil
	}
	if joined && (!f.Bond.Same || f.Bond.ByPerson()) {
		return DoNothing, nil
	}
	rivals, err := j.rivals(f, joined)
	if err != nil {
		return 0, err
	}
	if rivals {
		f.Signs |= Rival
	}
	torn, err := j.torn(f, one, two)
	if err != nil {
		return 0, err
	}
	if torn {
		f.Signs |= Clash
	}
	if joined {
		if f.Signs.Contradicts() || rivals {
			return DoPart, nil
		}
		return DoNothing, nil
	}
	if f.Signs.Sure() {
		clash, err := j.clash(one, two)
		if err != nil {
			return 0, err
		}
		switch {
		case clash, len(one.Against())+len(two.Against()) > 0: // parted would take it back again
			f.Signs |= Clash
		case !f.Bond.TouchedByPerson():
			return DoLink, nil
		}
	}
	if f.Signs.Ask() {
		return DoAsk, nil
	}
	return DoNothing, nil
}

// torn reports whether somebody told one of the two apart from a third who is as like the
// other: which of them the other is, no rule can know.
func (j *judge) torn(f *Finding, one, two *clinic.Identity) (bool, error) {
	if !f.Signs.Has(NumberSame) {
		return false, nil
	}
	for _, side := range []struct {
		who   *clinic.Identity
		other clinic.ID
	}{{one, f.B}, {two, f.A}} {
		for _, b := range side.who.Bonds {
			if b.Same || b.Open || !b.ByPerson() {
				continue
			}
			inside := side.who.Has(b.A) && side.who.Has(b.B)
			for _, third := range []clinic.ID{b.A, b.B} {
				if !inside && side.who.Has(third) {
					continue
				}
				c, o, err := j.both(third, side.other)
				if err != nil {
					return false, err
				}
				if s := signs(c, o); third != f.A && third != f.B && s.Has(NumberSame) && s.Has(BirthSame) && s.Has(NameSame) {
					return true, nil
				}
			}
		}
	}
	return false, nil
}

// separated reports whether people agree that two of the IDs are two people: neither the
// rule nor the desk asks again.
func separated(one, two *clinic.Identity) bool {
	return slices.ContainsFunc(one.Between(two), func(b clinic.Bond) bool {
		return !b.Same && !b.Split && !b.Open && b.ByPerson()
	})
}

// clash reports whether two people that the rule would join contradict each other: two
// of their IDs were told apart by somebody, or differ in what one person has one of.
func (j *judge) clash(one, two *clinic.Identity) (bool, error) {
	if len(one.Between(two)) > 0 && slices.ContainsFunc(one.Between(two), func(b clinic.Bond) bool { return b.Split }) {
		return true, nil
	}
	for _, x := range one.IDs {
		for _, y := range two.IDs {
			a, b, err := j.both(x, y)
			if err != nil {
				return false, err
			}
			if signs(a, b).Has(ProvenDiffers | NumberDiffers | SexDiffers | TwinsBorn | BirthDiffers | OneBox) {
				return true, nil
			}
		}
	}
	return false, nil
}

// rivals reports whether somebody else is so like the two that the rule must not choose:
// who was born on the same day and holds the number under another name, as a twin whose
// number was copied; or whom one of their boxes has beside them, alike in number or name.
// A link that stands is taken back for the latter only.
func (j *judge) rivals(f *Finding, joined bool) (bool, error) {
	a, b, err := j.both(f.A, f.B)
	if err != nil || !f.Signs.Has(NumberSame) {
		return false, err
	}
	others, err := j.Alike(j.ctx, unique(slices.Concat(Keys(a), Keys(b))))
	if err != nil {
		return false, err
	}
	for _, id := range others {
		c, err := j.record(id)
		if err != nil {
			return false, err
		}
		if c == nil || id == f.A || id == f.B {
			continue
		}
		if rival(a, c, joined) || rival(b, c, joined) {
			return true, nil
		}
	}
	return false, nil
}

func rival(x, c *Record, joined bool) bool {
	s := Compare(x, c)
	switch {
	case !s.Has(BirthSame | BirthYear):
		return false
	case s.Has(OneBox):
		return s.Has(NumberSame | NumberOnce | NameSame | NameBare | NameNear)
	}
	return !joined && s.Has(NumberSame|NumberOnce) && s.Has(NameDiffers|NameNear)
}
