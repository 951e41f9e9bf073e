package clinic_test

import (
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"clinicbox/clinic"
)

// said is what people said of pairs of patients, as a store would keep it.
type said struct{ records []clinic.Record }

func (s *said) say(hlc uint64, a, b clinic.ID, same bool, corrects clinic.Leaf, merges ...clinic.Leaf) clinic.Leaf {
	body := &clinic.Link{Other: b[:], Same: same}
	for _, m := range merges {
		body.Merges = append(body.Merges, m[:])
	}
	r := clinic.Record{Kind: clinic.KindLink, Subject: a, HLC: hlc, Corrects: corrects, Body: body}
	r.Leaf = sha256.Sum256([]byte{byte(len(s.records)), byte(hlc)})
	s.records = append(s.records, r)
	return r.Leaf
}

// links answers as desk.People.Links does.
func (s *said) links(id clinic.ID) ([]clinic.Record, error) {
	var out []clinic.Record
	for _, r := range s.records {
		if a, b, ok := r.Pair(); ok && (a == id || b == id) {
			out = append(out, r)
		}
	}
	return out, nil
}

func (s *said) who(t *testing.T, id clinic.ID) clinic.Identity {
	t.Helper()
	who, err := clinic.Identify(id, s.links)
	if err != nil {
		t.Fatal(err)
	}
	return who
}

func TestCrossedLinks(t *testing.T) {
	a, b, c := clinic.ID{1}, clinic.ID{2}, clinic.ID{3}
	var s said
	ab := s.say(1, a, b, true, clinic.Leaf{})
	bc := s.say(2, b, c, true, clinic.Leaf{})
	ac := s.say(3, a, c, true, clinic.Leaf{})
	who := s.who(t, c)
	if !slices.Equal(who.IDs, []clinic.ID{a, b, c}) || len(who.Against()) != 0 {
		t.Fatalf("%x", who.IDs)
	}
	s.say(4, c, a, false, ac) // from the other side
	who = s.who(t, b)
	if !slices.Equal(who.IDs, []clinic.ID{a, b, c}) || len(who.Against()) != 1 {
		t.Fatalf("still linked by way of B, and somebody said no: %x, %d", who.IDs, len(who.Against()))
	}
	s.say(5, b, c, false, bc)
	if who := s.who(t, c); len(who.IDs) != 1 || len(who.Bonds) != 2 || len(who.Between(&clinic.Identity{IDs: []clinic.ID{a}})) != 1 {
		t.Fatalf("%+v", who)
	}
	if who := s.who(t, b); !slices.Equal(who.IDs, []clinic.ID{a, b}) {
		t.Fatalf("%x", who.IDs)
	}
	s.say(1, b, a, false, ab) // the clock of that box is behind
	if who := s.who(t, a); who.Joined() {
		t.Fatal("a correction counts even if its box's clock was behind")
	}
	s.say(2, a, b, true, ab)
	if who := s.who(t, a); who.Joined() || !who.Bonds[0].Split {
		t.Fatal("answers that do not know each other and differ make one person")
	}
}

func TestLead(t *testing.T) {
	a, b, c := clinic.ID{1}, clinic.ID{2}, clinic.ID{3}
	for name, tc := range map[string]struct {
		pairs [][2]clinic.ID
		want  clinic.ID
	}{
		"one link":         {[][2]clinic.ID{{b, a}}, b},
		"a chain":          {[][2]clinic.ID{{c, b}, {b, a}}, c},
		"both lead":        {[][2]clinic.ID{{b, a}, {a, b}}, a}, // two boxes said the same
		"a ring":           {[][2]clinic.ID{{c, b}, {b, a}, {a, c}}, a},
		"two lead a third": {[][2]clinic.ID{{b, a}, {c, a}}, b},
	} {
		var s said
		for i, p := range tc.pairs {
			s.say(uint64(i), p[0], p[1], true, clinic.Leaf{})
		}
		if who := s.who(t, a); who.Lead() != tc.want {
			t.Errorf("%s: %x leads", name, who.IDs)
		}
	}
}

// somePatient has a mother among the IDs or none, and a number that is sure, or ended, or
// neither.
func somePatient(rng *rand.Rand, ids []clinic.ID) *clinic.Patient {
	p := &clinic.Patient{Name: "A", Identifiers: []clinic.Identifier{{
		System: clinic.SystemCitizen, Value: string(rune('0' + rng.IntN(2))), Unsure: rng.IntN(2) == 0,
		To: clinic.Date{Year: 2026 * rng.IntN(2)},
	}}}
	if m := ids[rng.IntN(len(ids))]; rng.IntN(2) == 0 {
		p.Mother, p.Order, p.Of = m[:], 1+rng.IntN(2), 2
	}
	return p
}

// Whatever was said, in whatever order it came, twice or once, from whichever ID one
// looks: the person is the same, every ID is of one person, and what stands under
// each ID alone is what it would be had nobody ever linked anything.
func TestIdentityDoesNotDependOnOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 300 {
		var s said
		ids := []clinic.ID{{1}, {2}, {3}, {4}, {5}}
		leaves := []clinic.Leaf{{}, {}, {200}}
		h := newHistory()
		for range 3 + rng.IntN(12) {
			a, b := ids[rng.IntN(len(ids))], ids[rng.IntN(len(ids))]
			leaves = append(leaves, s.say(uint64(rng.IntN(6)), a, b, rng.IntN(3) > 0, leaves[rng.IntN(len(leaves))], leaves[rng.IntN(len(leaves))]))
			h.patient, h.visit = b, clinic.ID{byte(rng.IntN(4))}
			bodies := []any{somePatient(rng, ids), &clinic.Visit{Key: "k"}, &clinic.Vitals{Pulse: 60}, &clinic.Allergies{Asked: true, Items: []clinic.Allergy{{Substance: string(rune('a' + rng.IntN(5)))}}}}
			h.add(uint64(rng.IntN(8)), bodies[rng.IntN(len(bodies))], clinic.Leaf{})
		}
		alone := map[clinic.ID]string{}
		for _, id := range ids {
			alone[id] = text(clinic.FoldPatient(id, h.records))
		}
		pages := map[clinic.ID]string{}
		for _, id := range ids {
			who := s.who(t, id)
			pages[id] = text(clinic.FoldPerson(who, h.records))
			for _, other := range who.IDs {
				if got := s.who(t, other); !slices.Equal(got.IDs, who.IDs) || len(got.Bonds) != len(who.Bonds) {
					t.Fatalf("round %d: from %x %x, from %x %x", round, id, who.IDs, other, got.IDs)
				}
			}
			part(t, clinic.FoldPerson(who, h.records), h.records)
		}
		for range 4 {
			s.records = append(s.records, s.records[rng.IntN(len(s.records))])
			rng.Shuffle(len(s.records), func(i, j int) { s.records[i], s.records[j] = s.records[j], s.records[i] })
			again := append(slices.Clone(h.records), h.records[rng.IntN(len(h.records))])
			rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			for _, id := range ids {
				if got := text(clinic.FoldPerson(s.who(t, id), again)); got != pages[id] {
					t.Fatalf("round %d: another order, another page:\n%s\n%s", round, pages[id], got)
				}
			}
		}
		// Every link is taken back.
		for _, b := range clinic.Bonds(s.records) {
			tips := make([]clinic.Leaf, len(b.Tips))
			for i, r := range b.Tips {
				tips[i] = r.Leaf
			}
			s.say(uint64(rng.IntN(9)), b.A, b.B, false, tips[0], tips...)
		}
		for _, id := range ids {
			who := s.who(t, id)
			who.Bonds = nil
			if got := text(clinic.FoldPerson(who, h.records)); got != alone[id] {
				t.Fatalf("round %d: after everything was taken back:\n%s\n%s", round, alone[id], got)
			}
		}
	}
}

// part holds a person's page to those of its parts: nothing is missing, nothing is
// invented.
func part(t *testing.T, whole clinic.PatientFile, records []clinic.Record) {
	t.Helper()
	visits, allergies := 0, map[clinic.Allergy]bool{}
	for _, id := range whole.Who.IDs {
		p := clinic.FoldPatient(id, records)
		visits += len(p.Visits)
		for _, a := range p.Allergies.Items {
			allergies[a] = true
		}
	}
	if len(whole.Visits) != visits {
		t.Fatalf("%d visits, of the parts %d", len(whole.Visits), visits)
	}
	for _, a := range whole.Allergies.Items {
		delete(allergies, a)
	}
	if len(allergies) != 0 {
		t.Fatalf("allergies are missing: %v", allergies)
	}
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestJoin(t *testing.T) {
	citizen := clinic.Identifier{System: clinic.SystemCitizen, Value: "034190012345"}
	temporary := clinic.Identifier{System: clinic.SystemTemporary, Value: "T"}
	other := clinic.Identifier{System: clinic.SystemCitizen, Value: "034190099999"}
	a := &clinic.Patient{Name: "A", Identifiers: []clinic.Identifier{citizen}}
	b := &clinic.Patient{Name: "B", Identifiers: []clinic.Identifier{other, temporary, citizen}}
	on := clinic.Date{Year: 2026, Month: 11, Day: 2}
	got := clinic.Join(a, nil, b)
	now, _ := got.Current(clinic.SystemCitizen, on)
	if got.Name != "A" || now != citizen || len(got.Identifiers) != 3 || !got.Holds(clinic.SystemTemporary, "T", on) || len(a.Identifiers) != 1 {
		t.Fatalf("%+v", got)
	}
	if clinic.Join(nil, b) != b || clinic.Join() != nil {
		t.Fatal("one part is not itself")
	}
}
