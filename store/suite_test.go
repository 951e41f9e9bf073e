package store_test

import (
	"testing"

	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/store/storetest"
)

// TestDeskContract holds the store to what the use cases were tested against.
func TestDeskContract(t *testing.T) {
	desktest.StoreSuite(t, func(t *testing.T) desk.Store { return storetest.Open(t) })
}

// TestHoleContract: what can no longer be read is told alike by both.
func TestHoleContract(t *testing.T) {
	desktest.HoleSuite(t, func(t *testing.T) desktest.Loser { return storetest.OpenLosing(t) })
}
