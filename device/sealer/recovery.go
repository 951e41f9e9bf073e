package sealer

import (
	"context"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/spoken"
)

// RecoveryGroups is the length of a recovery code: 30 characters with 135 bits,
// and a check character in each of six groups.
const RecoveryGroups = 6

type recovery struct{ code spoken.Code }

// NewRecovery returns a fresh code to print once, and the method that wraps by it.
// The box keeps the wrapped slot only. The code opens a copy of the data on any
// board, so it stops everybody who does not have the paper, and nobody who has it
// and a copy: it is kept away from the box.
func NewRecovery() (spoken.Code, Method) {
	c := spoken.New(RecoveryGroups)
	return c, recovery{c}
}

// EnterRecovery takes the code as it was typed. What is mistyped is told by a
// *spoken.Error with its groups, before anything is tried.
func EnterRecovery(typed string) (Method, error) {
	c, err := spoken.Parse(typed, RecoveryGroups)
	if err != nil {
		return nil, fmt.Errorf("sealer: recovery code: %w", err)
	}
	return recovery{c}, nil
}

func (recovery) Slot() (Kind, clinic.ID) { return Recovery, clinic.ID{} }

func (r recovery) Make(ctx context.Context, at Place) (Sealed, error) {
	k, err := r.Open(ctx, at, nil)
	return Sealed{Key: k}, err
}

// Open needs no slow hash: nobody guesses 135 bits.
func (r recovery) Open(_ context.Context, at Place, _ []byte) (*Key, error) {
	b := r.code.Secret()
	defer clear(b)
	return derive("recovery code", at, b), nil
}
