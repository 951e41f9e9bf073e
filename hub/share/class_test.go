package share

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/sync/wire"
)

// TestOnlyCataloguesMayWait: what a box's budget holds back of sets is a class as a whole,
// so that class must be the budget's.
func TestOnlyCataloguesMayWait(t *testing.T) {
	for k := clinic.Kind(1); k < 2000; k++ {
		r, ok := ruleOf(k)
		if waits := wire.ClassOf(k) == wire.ClassCatalogues; ok && waits != (r.class == hub.ClassLists) {
			t.Errorf("%v waits in the stream down: %v, and in sets: %v", k, waits, !waits)
		}
	}
}
