package desktest

import (
	"cmp"
	"errors"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// link is a draft that says whether two patients are one person.
func link(a, b clinic.ID, same bool, corrects clinic.Leaf) clinic.Draft {
	return clinic.Draft{
		Kind: clinic.KindLink, Subject: a, Corrects: corrects, Why: "cùng số",
		Body: &clinic.Link{Other: b[:], Same: same},
	}
}

// Who is linked is found from each side, whatever was said in between.
func testLinks(t *testing.T, h *harness) {
	a, b, c, d := clinic.ID{1}, clinic.ID{2}, clinic.ID{3}, clinic.ID{4}
	h.put(person(a, "A"), person(b, "B"), person(c, "C"), person(d, "D"))
	is := func(when string, people ...[]clinic.ID) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			var errs []error
			for _, ids := range people {
				for _, id := range ids {
					who, err := clinic.Identify(id, r.Links)
					errs = append(errs, err)
					if !slices.Equal(who.IDs, ids) {
						t.Errorf("%s: from %x the person is %x, want %x", when, id[0], who.IDs, ids)
					}
				}
			}
			return errors.Join(errs...)
		})
	}
	is("at first", []clinic.ID{a}, []clinic.ID{b}, []clinic.ID{c}, []clinic.ID{d})
	ba := h.put(link(b, a, true, clinic.Leaf{}))[0].Leaf
	is("one link", []clinic.ID{b, a}, []clinic.ID{c})
	cb := h.put(link(c, b, true, clinic.Leaf{}), link(c, a, false, clinic.Leaf{}))[0].Leaf
	is("a chain", []clinic.ID{c, a, b}, []clinic.ID{d})
	h.put(link(a, b, false, ba))
	is("the first is taken back", []clinic.ID{a}, []clinic.ID{c, b})
	again := h.put(link(b, a, true, ba))[0].Leaf // by a box that did not know
	is("answers that differ part", []clinic.ID{a}, []clinic.ID{c, b})
	h.see(func(r desk.Reader) error {
		mine, err := r.Links(b)
		if len(mine) != 4 || slices.ContainsFunc(mine, func(x clinic.Record) bool { return x.Body.(*clinic.Link).Other == nil }) {
			t.Errorf("%d answers name B", len(mine))
		}
		other, err2 := r.Links(d)
		if len(other) != 0 {
			t.Errorf("%d answers name somebody of whom nobody said anything", len(other))
		}
		bonds := clinic.Bonds(mine)
		if i := slices.IndexFunc(bonds, func(x clinic.Bond) bool { return x.Split }); i < 0 || len(bonds[i].Tips) != 2 {
			t.Errorf("that the answers differ is not told: %+v", bonds)
		}
		return cmp.Or(err, err2)
	})
	h.put(link(c, b, false, cb), link(d, b, true, clinic.Leaf{}), link(b, a, true, again))
	h.put(clinic.Draft{Kind: clinic.KindLink, Subject: a, Body: &clinic.Link{Other: a[:], Same: true}})
	h.put(clinic.Draft{Kind: clinic.KindLink, Subject: a, Body: &clinic.Link{Other: []byte{7}, Same: true}})
	is("others", []clinic.ID{a}, []clinic.ID{c}, []clinic.ID{d, b})
}

// Children are those whose details name the mother now.
func testChildren(t *testing.T, h *harness) {
	mother, other, x, y := clinic.NewID(), clinic.NewID(), clinic.ID{1}, clinic.ID{2}
	born := func(id, of clinic.ID, name string) clinic.Draft {
		d := person(id, name)
		d.Body.(*clinic.Patient).Mother = of[:]
		return d
	}
	are := func(when string, of clinic.ID, want ...clinic.ID) {
		t.Helper()
		h.see(func(r desk.Reader) error {
			got, err := r.Children(of)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %x", when, got)
			}
			return err
		})
	}
	h.put(person(mother, "M"), person(other, "N"))
	are("nobody yet", mother)
	h.put(born(y, mother, "Con bà M"), born(x, mother, "Con bà M"))
	are("twins", mother, x, y)
	h.put(born(y, other, "Y"))
	are("one was another's", mother, x)
	are("the other's", other, y)
}
