package boxmain

import (
	"context"
	"errors"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
)

// unlockCard opens the vault with the staff card in the reader, whosever it is.
func (v *vault) unlockCard(ctx context.Context, card sealer.Card) error {
	if card == nil {
		return sealer.ErrNoCard
	}
	err := error(sealer.ErrNoSlot)
	for _, s := range v.list() {
		if s.Kind != sealer.StaffCard {
			continue
		}
		if err = v.unlock(ctx, sealer.NewStaffCard(s.Owner, card)); err == nil || !errors.Is(err, sealer.ErrOtherCard) {
			return err
		}
	}
	return err
}

// addCard lets the card in the reader open the box for a person.
func (v *vault) addCard(ctx context.Context, person clinic.ID, card sealer.Card) error {
	if card == nil {
		return sealer.ErrNoCard
	}
	return v.change(func(o opened) error { return o.put(ctx, sealer.NewStaffCard(person, card)) })
}
