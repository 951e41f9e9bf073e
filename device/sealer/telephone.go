package sealer

import (
	"context"
	"crypto/rand"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/escrow"
	"clinicbox/internal/spoken"
)

// TelephoneStock is how many answers the centre should hold: an answer is spent by
// its use, and the escrow of the next one may wait weeks for a link.
const TelephoneStock = 3

type telephone struct {
	centre escrow.Centre
	answer spoken.Code
}

// NewTelephone makes slots that an answer of the centre opens. The box keeps no
// secret of it: Make seals one to the centre (Escrows has it until Delivered) and
// forgets it. It stops everybody whom the centre does not believe on the
// telephone. An answer that was given and not used stays good until another is
// used, and with an old copy of the slots for ever: the centre writes down to whom
// it gave one. The centre's key must come from where the attacker cannot write: the
// sealed configuration, not a file on the card.
func NewTelephone(c escrow.Centre) Method { return telephone{centre: c} }

// EnterAnswer takes the centre's answer as it was typed; a typing error is a
// *spoken.Error. The slot is spent by its use and a new one is left with the
// centre.
func EnterAnswer(typed string, c escrow.Centre) (Method, error) {
	a, err := spoken.Parse(typed, escrow.AnswerGroups)
	if err != nil {
		return nil, fmt.Errorf("sealer: answer: %w", err)
	}
	return telephone{c, a}, nil
}

type telephoneParams struct {
	Challenge string `cbor:"1,keyasint"`
}

func (telephone) Slot() (Kind, clinic.ID) { return Telephone, clinic.ID{} }

func (t telephone) Make(_ context.Context, at Place) (Sealed, error) {
	tk := &escrow.Ticket{Box: t.centre.Box, Slots: at.File, Round: at.Slot, Challenge: escrow.NewChallenge(at.Slot)}
	rand.Read(tk.Secret[:])
	defer clear(tk.Secret[:])
	blob, err := escrow.Seal(t.centre, tk)
	if err != nil {
		return Sealed{}, err
	}
	p := must(encMode.Marshal(telephoneParams{tk.Challenge.Reveal()}))
	return Sealed{Key: answerKey(at, tk.Answer()), Params: p, Note: blob}, nil
}

func (t telephone) Open(_ context.Context, at Place, _ []byte) (*Key, error) {
	if !t.answer.HasPrefix(at.Slot) {
		return nil, ErrExpired
	}
	return answerKey(at, t.answer), nil
}

func answerKey(at Place, a spoken.Code) *Key {
	b := a.Secret()
	defer clear(b)
	return derive("telephone answer", at, b)
}

// Challenge returns what the caller reads to the centre: that of the oldest slot
// whose escrow the centre has confirmed, else the oldest. ErrNoSlot without any.
func (f *File) Challenge() (spoken.Code, error) {
	ims, err := f.o.copies()
	if err != nil {
		return spoken.Code{}, err
	}
	var pick *slot
	for i := range ims[0].Slots {
		s := &ims[0].Slots[i]
		if s.Kind == Telephone && (pick == nil || len(pick.Note) > 0 && len(s.Note) == 0) {
			pick = s
		}
	}
	if pick == nil {
		return spoken.Code{}, ErrNoSlot
	}
	var p telephoneParams
	if decMode.Unmarshal(pick.Params, &p) != nil {
		return spoken.Code{}, ErrDamaged
	}
	c, err := spoken.Parse(p.Challenge, escrow.ChallengeGroups)
	if err != nil {
		return spoken.Code{}, ErrDamaged
	}
	return c, nil
}

// Escrows returns by slot number what the centre has not confirmed yet. It is no
// secret, but it must arrive over a channel that names this box.
func (f *File) Escrows() (map[uint32][]byte, error) {
	ims, err := f.o.copies()
	if err != nil {
		return nil, err
	}
	out := map[uint32][]byte{}
	for _, s := range ims[0].Slots {
		if s.Kind == Telephone && len(s.Note) > 0 {
			out[s.Number] = s.Note
		}
	}
	return out, nil
}

// Delivered notes that the centre has stored a slot's escrow. Telling it twice,
// or of a slot that is spent, is no error.
func (f *File) Delivered(ctx context.Context, key *Key, number uint32) error {
	return f.change(ctx, key, func(im *image) error {
		for i := range im.Slots {
			if im.Slots[i].Number == number && im.Slots[i].Kind == Telephone {
				im.Slots[i].Note = []byte{}
			}
		}
		return nil
	})
}

// Restock makes telephone slots until there are TelephoneStock.
func (f *File) Restock(ctx context.Context, key *Key, m Method) error {
	kind, owner := m.Slot()
	if kind != Telephone {
		return ErrNoSlot
	}
	return f.change(ctx, key, func(im *image) error {
		have := 0
		for _, s := range im.Slots {
			if s.is(kind, owner) {
				have++
			}
		}
		for ; have < TelephoneStock; have++ {
			if _, err := f.add(ctx, im, key, m); err != nil {
				return err
			}
		}
		return nil
	})
}
