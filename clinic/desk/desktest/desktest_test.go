package desktest_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

func TestStore(t *testing.T) {
	desktest.StoreSuite(t, func(*testing.T) desk.Store {
		return desktest.NewStore(desktest.NewClock(time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT)))
	})
}

func TestHoleContract(t *testing.T) {
	desktest.HoleSuite(t, func(*testing.T) desktest.Loser {
		return desktest.NewStore(desktest.NewClock(time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT)))
	})
}
