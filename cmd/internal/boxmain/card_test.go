package boxmain

import (
	"errors"
	"testing"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
)

// TestStaffCardUnlocks: a card tap opens, whosever card it is; a stranger's card, an
// empty reader and the card of somebody who left do not.
func TestStaffCardUnlocks(t *testing.T) {
	cfg := board(t)
	v, first, second := opened1(t, cfg), clinic.NewID(), clinic.NewID()
	if _, err := v.setUp(t.Context(), first, rightPIN); err != nil {
		t.Fatal(err)
	}
	one, two, other := sealertest.NewCard("card 1"), sealertest.NewCard("card 2"), sealertest.NewCard("card 3")
	if err := errors.Join(v.addCard(t.Context(), first, one), v.addCard(t.Context(), second, two)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*sealertest.Card{one, two} {
		v.lock()
		if err := v.unlockCard(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	v.lock()
	if err := v.unlockCard(t.Context(), other); !errors.Is(err, sealer.ErrOtherCard) {
		t.Error("a stranger's card:", err)
	}
	if err := v.unlockCard(t.Context(), nil); !errors.Is(err, sealer.ErrNoCard) {
		t.Error("no reader:", err)
	}
	if err := v.unlockCard(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	if err := v.removePerson(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	v.lock()
	if err := v.unlockCard(t.Context(), two); err == nil {
		t.Error("the card of somebody who left opens")
	}
}
