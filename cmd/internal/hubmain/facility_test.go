package hubmain_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/ingest"
)

// TestAnswersGoToTheFacility: a legal signature that one box asked for goes to every box
// of its facility in service, and to nobody else.
func TestAnswersGoToTheFacility(t *testing.T) {
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for i, m := range []hub.Member{
		{Name: "a", Facility: clinic.Facility{Code: "22736"}},
		{Name: "b", Facility: clinic.Facility{Code: "22736"}},
		{Name: "c", Facility: clinic.Facility{Code: "22999"}},
		{Name: "d", Facility: clinic.Facility{Code: "22736"}, Revoked: 1},
	} {
		m.Serial, m.Keys = m.Name, hub.Keys{Identity: [32]byte{byte(i + 1)}, HPKE: []byte{byte(i)}}
		if _, err := d.Admit(t.Context(), m, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.AddBox(t.Context(), "e", hub.Keys{Identity: [32]byte{9}, HPKE: []byte{9}}, time.Now()); err != nil {
		t.Fatal(err)
	}
	to := hubmain.ToFacility{Ingest: ingest.New(ingest.Options{DB: d}), DB: d}
	es := []hub.Down{{Salt: [16]byte{1}, Bytes: []byte{1}, Leaf: clinic.Leaf{1}}}
	for range 2 { // again is no harm
		if err := to.Queue(t.Context(), "a", es); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := d.Pending(t.Context()); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%v %v", got, err)
	}
	if err := to.Queue(t.Context(), "e", es); err != nil { // of no certified facility
		t.Fatal(err)
	}
	if got, err := d.Pending(t.Context()); err != nil || !slices.Equal(got, []string{"a", "b", "e"}) {
		t.Errorf("%v %v", got, err)
	}
}
