package sealer

import (
	"context"
	"crypto/rand"

	"clinicbox/clinic"
)

// Card is a staff card in a reader. One goroutine uses it at a time.
type Card interface {
	// ID names the card; the same for the card's life, up to 64 bytes. ErrNoCard
	// when there is none.
	ID(ctx context.Context) ([]byte, error)
	// Answer returns the card's secret for a challenge: the same for the same
	// challenge, for ever, and of no use for another one. The secret that it is
	// computed from never leaves the card. The caller clears what it gets.
	Answer(ctx context.Context, challenge [32]byte) (Key, error)
}

type cardMethod struct {
	person clinic.ID
	card   Card
}

// NewStaffCard wraps by a card's answer to a challenge in the slot. It stops who
// has the SD card, the box or the booted board without the staff card. It does not
// stop who has both: a card found in the drawer opens the box that stands there.
func NewStaffCard(person clinic.ID, c Card) Method { return cardMethod{person, c} }

type cardParams struct {
	Card      []byte `cbor:"1,keyasint"`
	Challenge []byte `cbor:"2,keyasint"`
}

func (m cardMethod) Slot() (Kind, clinic.ID) { return StaffCard, m.person }

func (m cardMethod) Make(ctx context.Context, at Place) (Sealed, error) {
	id, err := m.card.ID(ctx)
	if err != nil || len(id) == 0 || len(id) > 64 || m.person.IsZero() {
		return Sealed{}, ErrNoCard
	}
	p := cardParams{Card: id, Challenge: make([]byte, 32)}
	rand.Read(p.Challenge)
	k, err := m.key(ctx, at, p)
	return Sealed{Key: k, Params: must(encMode.Marshal(p))}, err
}

func (m cardMethod) Open(ctx context.Context, at Place, params []byte) (*Key, error) {
	var p cardParams
	if decMode.Unmarshal(params, &p) != nil || len(p.Challenge) != 32 {
		return nil, ErrDamaged
	}
	return m.key(ctx, at, p)
}

func (m cardMethod) key(ctx context.Context, at Place, p cardParams) (*Key, error) {
	id, err := m.card.ID(ctx)
	if err != nil {
		return nil, ErrNoCard
	}
	if string(id) != string(p.Card) {
		return nil, ErrOtherCard
	}
	secret, err := m.card.Answer(ctx, [32]byte(p.Challenge))
	if err != nil {
		return nil, ErrNoCard // what a card says may hold anything
	}
	defer secret.Wipe()
	return derive("staff card", at, id, secret[:]), nil
}
