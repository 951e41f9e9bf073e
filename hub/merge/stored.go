package merge

import (
	"context"
	"slices"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/index"
)

// stored is the database as hub/index reads it.
type stored struct{ *Merge }

var _ index.Store = stored{}

// Record implements index.Store.
func (s stored) Record(ctx context.Context, id clinic.ID) (*index.Record, error) {
	records, err := s.records(ctx, id, clinic.KindPatient)
	if err != nil {
		return nil, err
	}
	homes, err := s.o.DB.Homes(ctx, id)
	if err != nil {
		return nil, err
	}
	var wrote []string
	for _, h := range homes {
		if h.Wrote {
			wrote = append(wrote, h.Box)
		}
	}
	return index.Of(id, wrote, records), nil
}

// records returns the entries of a kind that tell of a patient. One that cannot be read
// is left out.
func (m *Merge) records(ctx context.Context, id clinic.ID, k clinic.Kind) (out []clinic.Record, err error) {
	found, err := m.o.DB.IndexEntries(ctx, id, k)
	for i := range found {
		if r, err := recordOf(found[i].Bytes, found[i].Leaf); err == nil {
			out = append(out, r)
		}
	}
	return out, err
}

// Alike implements index.Store.
func (s stored) Alike(ctx context.Context, keys []index.Key) ([]clinic.ID, error) {
	raw := make([][12]byte, len(keys))
	for i, k := range keys {
		raw[i] = k
	}
	return s.o.DB.Alike(ctx, raw)
}

// Links implements index.Store.
func (s stored) Links(ctx context.Context, id clinic.ID) ([]clinic.Record, error) {
	return s.links(ctx, id)
}

// links returns what is said of a patient: by boxes and by the centre.
func (m *Merge) links(ctx context.Context, id clinic.ID) ([]clinic.Record, error) {
	return m.linksWithout(ctx, id, func(*clinic.Record, string) bool { return false })
}

// linksWithout leaves out what some boxes said.
func (m *Merge) linksWithout(ctx context.Context, id clinic.ID, leave func(r *clinic.Record, box string) bool) (out []clinic.Record, err error) {
	found, err := m.o.DB.IndexEntries(ctx, id, clinic.KindLink)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if r, err := recordOf(found[i].Bytes, found[i].Leaf); err == nil && !leave(&r, found[i].Box) {
			out = append(out, r)
		}
	}
	said, err := m.o.DB.Said(ctx, id)
	for i := range said {
		r, err := recordOf(said[i].Bytes, said[i].Leaf)
		if err != nil {
			return nil, err // our own
		}
		out = append(out, r)
	}
	return out, err
}

// Who returns the person that an ID belongs to, as far as the centre knows without the
// word of some boxes that two IDs are one person: none opens another facility's records
// to itself.
func (m *Merge) Who(ctx context.Context, id clinic.ID, without []string) (clinic.Identity, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return clinic.Identify(id, func(id clinic.ID) ([]clinic.Record, error) {
		return m.linksWithout(ctx, id, func(r *clinic.Record, box string) bool {
			return r.Body.(*clinic.Link).Same && slices.Contains(without, box)
		})
	})
}

func (m *Merge) who(ctx context.Context, id clinic.ID) (clinic.Identity, error) {
	return clinic.Identify(id, func(id clinic.ID) ([]clinic.Record, error) { return m.links(ctx, id) })
}

// Act implements index.Store: called by Judge, which holds the lock.
func (s stored) Act(ctx context.Context, f index.Finding) error {
	act := hub.PairAct{A: f.A, B: f.B, At: s.o.Now()}
	if f.Do == index.DoAsk || f.Do == index.DoPart {
		act.Ask = &hub.Ask{Signs: uint32(f.Signs), Score: f.Signs.Score()}
	}
	if f.Do == index.DoLink || f.Do == index.DoPart {
		var err error
		act.Who, act.What = clinic.CentreRule, hub.SaidOne
		if f.Do == index.DoPart {
			act.What = hub.SaidOpen
		}
		act.Said, err = s.answer(&f.Bond, f.A, f.B, &clinic.Link{
			Same: f.Do == index.DoLink, Centre: &clinic.CentreLink{By: clinic.CentreRule, Rule: index.Version, Open: f.Do == index.DoPart},
		})
		if err != nil {
			return err
		}
		s.o.Log.Info("patients", "linked", f.Do == index.DoLink, "by", "rule")
	}
	return s.o.DB.Pair(ctx, act)
}

// answer makes what the centre says of a pair: it replaces all that was said. The first
// of the two leads.
func (m *Merge) answer(bond *clinic.Bond, a, b clinic.ID, l *clinic.Link) (*hub.Down, error) {
	now := m.o.Now()
	l.Other = slices.Clone(b[:])
	d := clinic.Draft{Kind: clinic.KindLink, Subject: a, Event: now.Truncate(1e9), Body: l}
	tips := bond.Replaceable()
	for i, leaf := range tips {
		if i == len(tips)-1 {
			d.Corrects = leaf
		} else {
			l.Merges = append(l.Merges, slices.Clone(leaf[:]))
		}
	}
	if err := d.SignCentre(m.o.Key); err != nil {
		return nil, err
	}
	es, err := m.o.Encode(now, []clinic.Draft{d})
	if err != nil {
		return nil, err
	}
	return &es[0], nil
}
