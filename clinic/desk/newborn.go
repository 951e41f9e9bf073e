package desk

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strconv"

	"clinicbox/clinic"
)

// ChildInput is the form on a mother's page that registers her child.
type ChildInput struct {
	Mother clinic.ID
	Name   string // empty = not named yet
	Sex    clinic.Sex
	Birth  clinic.Date
	Time   string // of birth, HH:MM; empty = not known
	Grams  int    // weight at birth; 0 = not measured
	Order  int    // of twins and more, 1 for the first; 0 = one child
	Of     int    // how many were born; 0 = one
	Born   clinic.BornAt
	// Different says that a person looked at those found and this is another child.
	Different bool
	// others are the children of the same birth: a record that is kept for one of them is
	// not this child's.
	others []clinic.Born
}

// mostAtOnce is how many children one birth may have.
const mostAtOnce = 8

// childGuard is the reason that stands in the protection of a child.
const childGuard = "Con của người bệnh có hồ sơ được bảo vệ"

// RegisterChild saves a new patient from the mother's page: address and telephone are
// hers, the child gets a temporary code, and without a name it is called after her. A
// child of hers that may be the same one comes back as CodeDuplicates. The child of a
// protected record is protected too, and stays open to who had hers open.
func (d *Desk) RegisterChild(ctx context.Context, c Call, in ChildInput) (Done, error) {
	p, err := d.childForm(in)
	if err != nil {
		return Done{}, err
	}
	shut := false
	done, err := d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPatient,
		build: func(w *work) (out []clinic.Draft, err error) {
			out, err = w.child(in, p)
			shut = len(out) > 1
			return out, err
		},
		same: func(body any) bool { return sameChild(body, p) },
	})
	if err == nil && shut && !done.Again {
		now := d.now()
		d.open.open(opening{c.By, done.Patient}, c.Act, now, now)
	}
	return done, err
}

// childForm checks what is typed; what comes from the mother is added by child.
func (d *Desk) childForm(in ChildInput) (*clinic.Patient, error) {
	p := clinic.Patient{
		Name: in.Name, Birth: in.Birth, Sex: in.Sex, Source: clinic.SourceTyped, Unnamed: in.Name == "",
		Mother: slices.Clone(in.Mother[:]), BirthTime: in.Time, BornGrams: in.Grams, Order: in.Order, Of: in.Of, Born: in.Born,
	}
	var bad Errors
	if !in.Birth.Full() {
		bad = append(bad, &Error{Code: CodeRequired, Field: "birth"})
		p.Birth = d.today()
	} else if now, sure := d.o.Clock.Now(); sure && !clinic.SmallChild(in.Birth, clinic.DateOf(now)) {
		bad = append(bad, &Error{Code: CodeBirth, Field: "birth"}) // a year mistyped
	}
	if in.Time == "" && in.Born == clinic.BornHere {
		bad = append(bad, &Error{Code: CodeRequired, Field: "birthtime"})
	}
	out, err := d.demographics(PatientInput{Patient: p})
	if err := bad.collect(err); err != nil {
		return nil, err
	}
	return out, bad.join()
}

// sameChild compares what was typed with a saved child, to which the act added what
// comes from the mother.
func sameChild(body any, typed *clinic.Patient) bool {
	b, ok := body.(*clinic.Patient)
	if !ok {
		return false
	}
	saved := *b
	saved.Address, saved.Phone, saved.Ethnic, saved.Guardian = typed.Address, typed.Phone, typed.Ethnic, typed.Guardian
	return samePatient(&saved, typed)
}

func (w *work) child(in ChildInput, typed *clinic.Patient) ([]clinic.Draft, error) {
	mother, err := readPatient(w, in.Mother)
	if err != nil {
		return nil, err
	}
	body := *typed
	if err := w.motherOf(&body, &clinic.Patient{}, &clinic.Identity{}); err != nil {
		return nil, err
	}
	m := mother.Now
	body.Address, body.Phone, body.Ethnic, body.Guardian = m.Address, m.Phone, m.Ethnic, m.Name
	if !in.Different {
		found, err := w.bornBefore(&mother.Who, &body)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(h Hit) bool { return ofBirth(in.others, &h.who) })
		if len(found) > 0 {
			return nil, &Error{Code: CodeDuplicates, Found: found}
		}
	}
	if err := w.desk.temporary(w, &body); err != nil {
		return nil, err
	}
	out := []clinic.Draft{{Kind: clinic.KindPatient, Subject: w.desk.o.NewID(), Body: &body}}
	if mother.Protected {
		out = append(out, clinic.Draft{Kind: clinic.KindProtection, Subject: out[0].Subject, Why: childGuard, Body: &clinic.Protection{On: true}})
	}
	return out, nil
}

// bornBefore returns the mother's children who may be the one of the form: born at most
// two days from it and not known to be a twin of it.
func (w *work) bornBefore(mother *clinic.Identity, p *clinic.Patient) ([]Hit, error) {
	ids, err := childrenOf(w, mother)
	if err != nil {
		return nil, err
	}
	hits, err := hitsOf(w, ids, ByMother)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(hits, func(h Hit) bool {
		return !clinic.SameTime(h.Now.Birth, p.Birth) || h.Now.Order > 0 && p.Order > 0 && h.Now.Order != p.Order
	}), nil
}

// childrenOf returns the IDs whose details name one of the person's as the mother.
func childrenOf(r People, mother *clinic.Identity) (out []clinic.ID, err error) {
	for _, id := range mother.IDs {
		ids, err := r.Children(id)
		if err != nil {
			return nil, err
		}
		out = append(out, ids...)
	}
	return out, nil
}

// motherOf checks that the mother whom the details name can be the mother of who they
// are of, and calls an unnamed child after her. Details without a mother pass, and of a
// mother whose record is closed to the person nothing is told by a refusal.
func (w *work) motherOf(p, have *clinic.Patient, child *clinic.Identity) error {
	id, ok := p.MotherID()
	if !ok {
		return nil
	}
	who, m, err := detailsOf(w, id)
	if err != nil || m == nil { // on another box: what the record says stays
		return err
	}
	if p.Unnamed {
		p.Name = clinic.NewbornName(m.Name, p.Order, p.Of)
		p.Folded = w.desk.o.Fold(p.Name)
	}
	closed, err := w.desk.closed(w, w.by.ID, id)
	switch {
	case err != nil:
		return err
	case closed && bytes.Equal(p.Mother, have.Mother):
		return nil
	case closed:
		return &Error{Code: CodeProtected}
	case m.Sex == clinic.SexMale:
		return &Error{Code: CodeMotherMale}
	}
	if !m.Birth.IsZero() && !p.Birth.IsZero() {
		if age := m.Birth.AgeAt(p.Birth).Years; !clinic.MotherAge().Holds(age) {
			return &Error{Code: CodeMotherAge, Field: "birth", Args: map[string]string{"age": strconv.Itoa(age)}}
		}
	}
	return w.notDescended(&who, child)
}

// generations is how far mothers of mothers are followed.
const generations = 8

// notDescended refuses a mother who is the child, or descends from it.
func (w *work) notDescended(mother, child *clinic.Identity) error {
	who := *mother
	for range generations {
		if slices.ContainsFunc(who.IDs, child.Has) {
			return &Error{Code: CodeMotherSelf}
		}
		p, err := joined(w, &who)
		if err != nil || p == nil {
			return err
		}
		id, ok := p.MotherID()
		if !ok {
			return nil
		}
		if who, err = identity(w, id); err != nil {
			return err
		}
	}
	return nil
}

// checkBirth refuses a time, a weight and a place among children that cannot be.
func (d *Desk) checkBirth(p *clinic.Patient) Errors {
	var bad Errors
	if p.BirthTime != "" {
		clock, ok := clinic.ParseClock(p.BirthTime)
		born, known := clinic.BornTime(p.Birth, clock)
		now, sure := d.o.Clock.Now()
		if !ok || !known || sure && born.After(now) {
			bad = append(bad, &Error{Code: CodeBirthTime, Field: "birthtime"})
		}
		p.BirthTime = clock
	}
	if r := clinic.BornGramsRange(); p.BornGrams != 0 && !r.Holds(p.BornGrams) {
		bad = append(bad, &Error{Code: CodeBornGrams, Field: "borngrams", Args: map[string]string{"low": strconv.Itoa(r.Low), "high": strconv.Itoa(r.High)}})
	}
	if p.Of == 1 { // one child has no place among others
		p.Of, p.Order = 0, 0
	}
	if p.Of < 0 || p.Of > mostAtOnce || p.Order < 0 || p.Order > mostAtOnce || p.Of > 0 && (p.Order < 1 || p.Order > p.Of) {
		bad = append(bad, &Error{Code: CodeBornOrder, Field: "order"})
	}
	if p.Born > clinic.BornElsewhere {
		bad = append(bad, &Error{Code: CodeRequired, Field: "born"})
	}
	if n := len(p.Mother); n != 0 && n != len(clinic.ID{}) {
		bad = append(bad, &Error{Code: CodeMixed})
	}
	return bad
}

// family names the mother and the children of the person whose page it is, as far as
// their records are open to who reads it.
func (d *Desk) family(r Reader, by clinic.ID, p *Patient) error {
	kids, err := childrenOf(r, &p.Who)
	if err != nil {
		return err
	}
	if p.Children, err = hitsOf(r, kids, ByMother); err != nil {
		return err
	}
	slices.SortStableFunc(p.Children, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Now.Birth.Int(), a.Now.Birth.Int()), cmp.Compare(a.Now.Order, b.Now.Order))
	})
	if p.Children, err = d.veilHits(r, by, p.Children); err != nil {
		return err
	}
	id, ok := p.Now.MotherID()
	if !ok {
		return nil
	}
	mothers, err := hitsOf(r, []clinic.ID{id}, ByMother)
	if err != nil {
		return err
	}
	if len(mothers) == 0 {
		mothers = []Hit{{ID: id}} // her details are on another box
	}
	mothers, err = d.veilHits(r, by, mothers)
	p.Mother = &mothers[0]
	return err
}

// smallChildrenOf returns the children, still small, of the women whom a query names
// that was written as unnamed children are: papers with that name are in people's hands.
func (d *Desk) smallChildrenOf(r Reader, query string) ([]Hit, error) {
	name, ok := clinic.NewbornOf(query, d.o.Fold)
	if !ok {
		return nil, nil
	}
	ids, err := r.ByName(name, findLimit)
	if err != nil {
		return nil, err
	}
	var out []Hit
	for _, id := range ids {
		mother, m, err := detailsOf(r, id)
		if err != nil {
			return nil, err
		}
		kids, err := childrenOf(r, &mother)
		if err != nil {
			return nil, err
		}
		hits, err := hitsOf(r, kids, ByMother)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			if clinic.SmallChild(h.Now.Birth, d.today()) {
				h.Mother = m.Name
				out = append(out, h)
			}
		}
	}
	return out[:min(len(out), findLimit)], nil
}
