package index_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/index"
)

// memory is a Store that keeps everything at hand.
type memory struct {
	records map[clinic.ID]*index.Record
	bodies  map[clinic.ID][]clinic.Record
	keys    map[index.Key]map[clinic.ID]bool
	links   map[clinic.ID][]clinic.Record
	asks    map[[2]clinic.ID]index.Sign
	hlc     uint64
	did     map[index.Do]int
}

func newMemory() *memory {
	return &memory{
		records: map[clinic.ID]*index.Record{}, bodies: map[clinic.ID][]clinic.Record{}, keys: map[index.Key]map[clinic.ID]bool{},
		links: map[clinic.ID][]clinic.Record{}, asks: map[[2]clinic.ID]index.Sign{}, did: map[index.Do]int{},
	}
}

func (m *memory) Record(_ context.Context, id clinic.ID) (*index.Record, error) {
	return m.records[id], nil
}

func (m *memory) Alike(_ context.Context, keys []index.Key) (out []clinic.ID, err error) {
	for _, k := range keys {
		for id := range m.keys[k] {
			out = append(out, id)
		}
	}
	return out, nil
}

func (m *memory) Links(_ context.Context, id clinic.ID) ([]clinic.Record, error) {
	return m.links[id], nil
}

func pairOf(a, b clinic.ID) [2]clinic.ID {
	if bytes.Compare(a[:], b[:]) > 0 {
		a, b = b, a
	}
	return [2]clinic.ID{a, b}
}

func (m *memory) Act(_ context.Context, f index.Finding) error {
	m.did[f.Do]++
	switch f.Do {
	case index.DoLink:
		m.say(&f, &clinic.Link{Same: true, Centre: &clinic.CentreLink{By: clinic.CentreRule}})
	case index.DoPart:
		m.say(&f, &clinic.Link{Centre: &clinic.CentreLink{By: clinic.CentreRule, Open: true}})
	}
	if f.Do == index.DoAsk || f.Do == index.DoPart {
		m.asks[pairOf(f.A, f.B)] = f.Signs
	} else {
		delete(m.asks, pairOf(f.A, f.B))
	}
	return nil
}

// say records an answer as a box or the centre does: it replaces those that count.
func (m *memory) say(f *index.Finding, l *clinic.Link) {
	m.hlc++
	l.Other = f.B[:]
	r := clinic.Record{Kind: clinic.KindLink, Subject: f.A, HLC: m.hlc, Body: l}
	for i, t := range f.Bond.Tips {
		if i == 0 {
			r.Corrects = t.Leaf
		} else {
			l.Merges = append(l.Merges, t.Leaf[:])
		}
	}
	binary.BigEndian.PutUint64(r.Leaf[:], m.hlc)
	m.links[f.A], m.links[f.B] = append(m.links[f.A], r), append(m.links[f.B], r)
}

// write is an entry of a box of a patient.
func (m *memory) write(t *testing.T, id clinic.ID, box string, p clinic.Patient) {
	t.Helper()
	m.hlc++
	r := clinic.Record{Kind: clinic.KindPatient, Subject: id, HLC: m.hlc << 16, Event: time.Unix(1_780_000_000, 0), Body: &p}
	binary.BigEndian.PutUint64(r.Leaf[8:], m.hlc)
	m.bodies[id] = append(m.bodies[id], r)
	for _, k := range index.Keys(orNone(m.records[id])) {
		delete(m.keys[k], id)
	}
	m.records[id] = index.Of(id, []string{box}, m.bodies[id])
	for _, k := range index.Keys(m.records[id]) {
		if m.keys[k] == nil {
			m.keys[k] = map[clinic.ID]bool{}
		}
		m.keys[k][id] = true
	}
	if err := index.Judge(t.Context(), m, id); err != nil {
		t.Fatal(err)
	}
}

func orNone(r *index.Record) *index.Record {
	if r == nil {
		return &index.Record{}
	}
	return r
}

func (m *memory) who(id clinic.ID) *clinic.Identity {
	who, _ := clinic.Identify(id, func(id clinic.ID) ([]clinic.Record, error) { return m.links[id], nil })
	return &who
}

// figures are what the rule and the desk make of a world.
type figures struct{ pairs, linked, asked, missed, falseLinks, falseAsks int }

func (f figures) String() string {
	return fmt.Sprintf("%d pairs of one person: %.1f%% linked by rule, %.1f%% on the desk, %d (%.1f%%) missed; %d false links, %d false questions",
		f.pairs, 100*float64(f.linked)/float64(f.pairs), 100*float64(f.asked)/float64(f.pairs), f.missed,
		100*float64(f.missed)/float64(f.pairs), f.falseLinks, f.falseAsks)
}

// run has every box write of who comes, in any order, and counts.
func (w *world) run(t *testing.T) (*memory, figures) {
	m := newMemory()
	type at struct {
		h   *human
		box int
	}
	var visits []at
	for _, h := range w.people {
		for _, b := range h.boxes {
			visits = append(visits, at{h, b})
		}
	}
	w.rnd.Shuffle(len(visits), func(i, j int) { visits[i], visits[j] = visits[j], visits[i] })
	truth := map[clinic.ID]*human{}
	ids := map[*human][]clinic.ID{}
	for i, v := range visits {
		var id clinic.ID
		binary.BigEndian.PutUint64(id[8:], uint64(i+1)*2654435761)
		truth[id], ids[v.h] = v.h, append(ids[v.h], id)
		m.write(t, id, fmt.Sprint("tram-", v.box), w.typed(v.h))
	}
	for _, h := range w.people { // a second visit: some errors are put right, others made
		for _, id := range ids[h] {
			if w.chance(10) {
				m.write(t, id, m.records[id].Homes[0], w.typed(h))
			}
		}
	}
	return m, m.count(truth, ids)
}

func (m *memory) count(truth map[clinic.ID]*human, ids map[*human][]clinic.ID) (f figures) {
	sets := map[clinic.ID]clinic.ID{}
	for id, h := range truth {
		who := m.who(id)
		sets[id] = who.Lead()
		for _, o := range who.IDs {
			if truth[o] != h {
				f.falseLinks++
			}
		}
	}
	asked := map[[2]clinic.ID]bool{}
	for p := range m.asks {
		asked[pairOf(sets[p[0]], sets[p[1]])] = true
		if truth[p[0]] != truth[p[1]] {
			f.falseAsks++
		}
	}
	for _, of := range ids {
		for i, a := range of {
			for _, b := range of[:i] {
				f.pairs++
				switch {
				case sets[a] == sets[b]:
					f.linked++
				case asked[pairOf(sets[a], sets[b])]:
					f.asked++
				default:
					f.missed++
				}
			}
		}
	}
	return f
}

// TestTwentyBoxes: of 2,000 people who are known to 20 boxes, with twins whose numbers
// were copied, numbers that others had before, mothers' numbers, slips of hands and lists
// without marks, the rule joins no two people, and people are asked about nearly all that
// it leaves.
func TestTwentyBoxes(t *testing.T) {
	seeds := 3
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		_, f := newWorld(uint64(seed + 1)).run(t)
		t.Logf("seed %d: %v", seed+1, f)
		if f.falseLinks > 0 {
			t.Errorf("seed %d: %d links of two people", seed+1, f.falseLinks)
		}
		if f.linked*100 < f.pairs*50 || f.missed*100 > f.pairs*5 || f.falseAsks > worldPeople {
			t.Errorf("seed %d: %v", seed+1, f)
		}
	}
}
