package merge_test

import (
	"context"
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestContradictedPeopleSettle: three answers of people that contradict each other, beside
// two IDs that the rule would link: the rule takes its link back once and leaves the rest
// to people, instead of linking and parting for ever.
func TestContradictedPeopleSettle(t *testing.T) {
	b := newBench(t, "a", "b", "c", "d")
	bare := func(name string) func(p *clinic.Patient) {
		return func(p *clinic.Patient) { p.Identifiers = nil; p.Birth = clinic.Date{}; p.Name = name }
	}
	b.register("a", 1, nil)
	b.register("b", 2, bare("Hòa"))
	b.register("c", 3, bare("Bà Hòa"))
	b.register("d", 4, nil)
	say := func(box string, x, y byte, same bool) {
		o := clinic.ID{y}
		b.write(box, clinic.Draft{Kind: clinic.KindLink, Subject: clinic.ID{x}, Body: &clinic.Link{Other: o[:], Same: same}})
	}
	b.step()
	say("a", 1, 2, true)
	say("b", 2, 3, true)
	say("c", 1, 3, false)
	ctx, stop := context.WithTimeout(t.Context(), time.Minute) // a guard: it takes milliseconds
	defer stop()
	if err := b.Step(ctx); err != nil {
		t.Fatal(err)
	}
	said, err := b.db.Said(t.Context(), clinic.ID{1})
	if err != nil || len(said) > 4 {
		t.Errorf("%d answers about one patient; %v", len(said), err)
	}
}
