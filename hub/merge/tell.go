package merge

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// word is an answer as it goes down to boxes; From is the box that gave it.
type word struct {
	hub.Down
	From string
}

// tell sends all that is said of a person's IDs to every box that holds one of them. What
// people said at boxes goes as they said it: later answers name it by its leaf.
func (m *Merge) tell(ctx context.Context, t hub.Todo) error {
	m.mu.Lock()
	who, err := m.who(ctx, t.ID)
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if len(who.Bonds) > 0 {
		words, err := m.words(ctx, &who)
		if err != nil {
			return err
		}
		boxes, err := m.o.DB.HeldBy(ctx, who.IDs)
		if err != nil {
			return err
		}
		for _, box := range boxes {
			if err := m.tellBox(ctx, box, words); err != nil {
				return err
			}
		}
	}
	if err := m.o.DB.Reask(ctx, append(who.IDs, t.ID)); err != nil {
		return err
	}
	return m.o.DB.ToldPatient(ctx, t)
}

func (m *Merge) tellBox(ctx context.Context, box string, words []word) error {
	var digests [][32]byte
	var ws []word
	for _, w := range words {
		if w.From != box {
			digests, ws = append(digests, w.Leaf), append(ws, w)
		}
	}
	n, err := m.o.DB.Tell(ctx, box, digests, func(i int) (hub.Down, error) { return ws[i].Down, nil })
	if n > 0 {
		m.o.Log.Info("links queued", "box", box, "count", n)
		m.o.Queued(box)
	}
	return err
}

// words are the answers of all bonds of a person, in order of their leaves.
func (m *Merge) words(ctx context.Context, who *clinic.Identity) (out []word, err error) {
	for _, id := range who.IDs {
		found, err := m.o.DB.IndexEntries(ctx, id, clinic.KindLink)
		if err != nil {
			return nil, err
		}
		for i := range found {
			if f := &found[i]; f.Bytes != nil {
				out = append(out, word{hub.Down{Salt: f.Salt, Bytes: f.Bytes, Leaf: f.Leaf}, f.Box})
			}
		}
		said, err := m.o.DB.Said(ctx, id)
		if err != nil {
			return nil, err
		}
		for _, s := range said {
			out = append(out, word{Down: s})
		}
	}
	slices.SortFunc(out, func(a, b word) int { return cmp.Or(bytes.Compare(a.Leaf[:], b.Leaf[:]), cmp.Compare(a.From, b.From)) })
	return slices.CompactFunc(out, func(a, b word) bool { return a.Leaf == b.Leaf }), nil
}
