package summary

import (
	"context"
	"fmt"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/internal/entry"
)

// person is what other facilities than the one that asks recorded of somebody.
type person struct {
	who       clinic.Identity
	known     []clinic.Known
	protected bool // by one of them
	unsure    bool // somebody may be the person: it waits on the merge desk
	all       []string
	serving   []string // boxes of the facility that asks
	holders   []string // boxes elsewhere
}

// person reads what there is about the patient of a question.
func (s *Summary) person(ctx context.Context, q *hub.Question) (p *person, err error) {
	p = &person{}
	if p.all, p.serving, err = s.o.DB.Beside(ctx, q.Box); err != nil {
		return nil, err
	}
	if p.who, err = s.o.Who(ctx, q.Patient, p.all); err != nil {
		return nil, err
	}
	homes, err := s.o.DB.Homes(ctx, q.Patient)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(homes, func(h hub.Home) bool { return h.Wrote && slices.Contains(p.all, h.Box) }) {
		return p, nil // an ID that somebody heard of
	}
	if p.unsure, err = s.o.DB.Asking(ctx, q.Patient); err != nil || !p.who.Joined() {
		return p, err
	}
	boxes, err := s.o.DB.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	from := map[string]clinic.Facility{}
	for i := range boxes {
		from[boxes[i].Name] = boxes[i].Facility
	}
	for _, id := range p.who.IDs {
		if err := s.read(ctx, p, id, from); err != nil {
			return nil, err
		}
	}
	holders, err := s.o.DB.HeldBy(ctx, p.who.IDs)
	p.holders = slices.DeleteFunc(holders, func(b string) bool { return slices.Contains(p.all, b) })
	return p, err
}

// read adds what other facilities recorded under one ID.
func (s *Summary) read(ctx context.Context, p *person, id clinic.ID, from map[string]clinic.Facility) error {
	found, err := s.o.DB.Notes(ctx, id)
	if err != nil {
		return err
	}
	allergies, err := s.o.DB.IndexEntries(ctx, id, clinic.KindAllergies)
	if err != nil {
		return err
	}
	var mine []clinic.Record
	for _, f := range append(found, allergies...) {
		if f.Bytes == nil || slices.Contains(p.all, f.Box) {
			continue
		}
		r, err := entry.Decode(f.Bytes, clinic.Ref{Journal: clinic.Own, Index: f.Index}, f.Leaf)
		if err != nil {
			continue // parked: shown as such
		}
		mine = append(mine, r)
		p.known = append(p.known, clinic.Known{Record: r, From: from[f.Box]})
	}
	on, _ := clinic.Protected(mine)
	p.protected = p.protected || on
	return nil
}

// body says what the question gets.
func (s *Summary) body(q *hub.Question, p *person) *clinic.Summary {
	out := &clinic.Summary{Outcome: clinic.SummaryNobody}
	switch {
	case len(p.known) == 0 && p.unsure:
		out.Outcome = clinic.SummaryUnsure
	case len(p.known) == 0:
	case p.protected && q.Consent != clinic.ConsentEmergency:
		out.Outcome = clinic.SummaryProtected
	default:
		x := clinic.Summarise(p.who, p.known, clinic.DateOf(s.o.Now()))
		if out = &x; p.protected {
			out.Veil()
		}
	}
	out.Asked = slices.Clone(q.Leaf[:])
	return out
}

// watch raises the alarms of a question, once: that nobody agreed, and that a box asks
// strikingly often.
func (s *Summary) watch(ctx context.Context, q *hub.Question) error {
	if len(q.Sent) > 0 {
		return nil
	}
	now := s.o.Now()
	if q.Consent == clinic.ConsentEmergency {
		detail := fmt.Sprintf("emergency, without consent: question %v", short(q.Leaf))
		if err := s.o.DB.Raise(ctx, hub.Alarm{Box: q.Box, Code: hub.AlarmAsked, Detail: detail, Last: now}); err != nil {
			return err
		}
	}
	n, err := s.o.DB.Asked(ctx, q.Box, now.Add(-24*time.Hour))
	if err != nil || n <= many {
		return err
	}
	return s.o.DB.Raise(ctx, hub.Alarm{
		Box: q.Box, Code: hub.AlarmAsked, Detail: fmt.Sprintf("more than %d questions in a day: %s", many, clinic.DateOf(now)), Last: now,
	})
}

// short names a question on pages and in the box's log.
func short(l clinic.Leaf) string { return fmt.Sprintf("%x", l[:6]) }

// tellHolders has the facilities that recorded the person hear who asked: the question
// goes to them as it was asked, once.
func (s *Summary) tellHolders(ctx context.Context, q *hub.Question, p *person) error {
	f, ok, err := s.o.DB.Question(ctx, q.Leaf)
	if err != nil || !ok {
		return err
	}
	down := hub.Down{Salt: f.Salt, Bytes: f.Bytes, Leaf: f.Leaf}
	for _, box := range p.holders {
		n, err := s.o.DB.Tell(ctx, box, [][32]byte{q.Leaf}, func(int) (hub.Down, error) { return down, nil })
		if err != nil {
			return err
		}
		if n > 0 {
			s.o.Queued(box)
		}
	}
	return nil
}
