package db

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
)

// TestFilledIsLookedAt: an entry that comes to light while somebody has what stood behind
// it in hand is looked at all the same, wherever the mark was.
func TestFilledIsLookedAt(t *testing.T) {
	for looked := range 4 { // batches before the fill
		t.Run(fmt.Sprint(looked), func(t *testing.T) {
			d, err := Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if err := d.AddBox(t.Context(), "a", hub.Keys{HPKE: []byte{1}}, time.Now()); err != nil {
				t.Fatal(err)
			}
			b := (&dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}).Next(40)
			for i := range b.Entries {
				b.Entries[i].Kind = clinic.KindCredential
			}
			hole := b.Entries[5]
			b.Entries[5].Bytes, b.Entries[5].Kind = nil, 0
			if err := d.Append(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			look := func() []hub.Found {
				t.Helper()
				found, err := d.Unscanned(t.Context(), 10)
				if err != nil {
					t.Fatal(err)
				}
				return found
			}
			done := func(found []hub.Found) {
				t.Helper()
				if err := d.Scanned(t.Context(), found, nil); err != nil {
					t.Fatal(err)
				}
			}
			for range looked {
				done(look())
			}
			found := look()
			if err := d.Fill(t.Context(), "a", dbtest.Epoch(), []hub.Entry{hole}); err != nil {
				t.Fatal(err)
			}
			done(found)
			seen := false
			for n := 0; n < 99; n++ {
				found := look()
				if len(found) == 0 {
					break
				}
				for _, f := range found {
					seen = seen || f.Index == 5
				}
				done(found)
			}
			if !seen {
				t.Error("nobody looks at the entry that was filled")
			}
			if len(look()) > 0 {
				t.Error("the looking does not end")
			}
		})
	}
}
