package share_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/share"
	"clinicbox/internal/entry"
)

// TestEveryKindIsClassified: a new kind must say where its entries go before anything of
// it leaves the box that recorded it.
func TestEveryKindIsClassified(t *testing.T) {
	n := 0
	for k := clinic.Kind(1); k < 2000; k++ {
		known := clinic.NewBody(k) != nil
		if where := share.Where(k); known != (where != "") {
			t.Errorf("%v: %q; write down in ofVisits or ruleOf where its entries go", k, where)
		}
		if known {
			n++
		}
	}
	if n < 40 {
		t.Errorf("%d kinds", n)
	}
	for k, want := range map[clinic.Kind]string{
		clinic.KindPatient: "facility", clinic.KindAllergies: "facility", clinic.KindPrescribe: "facility", clinic.KindStaff: "facility",
		clinic.KindCredential: "facility", clinic.KindCatalogRow: "facility", clinic.KindProtection: "facility",
		clinic.KindDispensed: "facility", clinic.KindReceived: "place", clinic.KindCounted: "place", clinic.KindSession: "place",
		clinic.KindMachine: "only", clinic.KindEscrow: "only", clinic.KindFacility: "only", clinic.KindStatement: "only",
	} {
		if got := share.Where(k); got != want {
			t.Errorf("%v goes to %q, want %q", k, got, want)
		}
	}
}

// bytesOf makes an entry at a time.
func bytesOf(t *testing.T, k clinic.Kind, body any, at time.Time) []byte {
	t.Helper()
	b, err := entry.Encode(clinic.Draft{Kind: k, Subject: clinic.ID{9}, Visit: clinic.ID{8}, Event: at, Body: body}, clinic.NewID(), clinic.ID{1}, clinic.HLCAt(at), true)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func newDB(t *testing.T, names ...string) *db.DB {
	t.Helper()
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, n := range names {
		admit(t, d, n, "1")
	}
	return d
}

func admit(t *testing.T, d *db.DB, name, serial string) {
	t.Helper()
	m := hub.Member{
		Name: name, Serial: serial, Keys: hub.Keys{Identity: [32]byte([]byte((name + serial + "--------------------------------")[:32])), HPKE: []byte{1}},
		Facility: clinic.Facility{Code: "22736", Box: name},
	}
	if _, err := d.Admit(t.Context(), m, dbtest.At(0)); err != nil {
		t.Fatal(err)
	}
}

// kinds are those of what a box shall get, in order.
func kinds(t *testing.T, d *db.DB, box string) (out []clinic.Kind) {
	t.Helper()
	es, err := d.Owed(t.Context(), box, hub.Ranks{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range es {
		r, err := entry.Decode(e.Bytes, clinic.Ref{}, clinic.Leaf{})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r.Kind)
	}
	return out
}

// TestWhatTheClinicNeedsFirst: people, catalogues, then who the patients are and what may
// harm them, what runs, and the past from the newest on; nothing of a machine's own.
func TestWhatTheClinicNeedsFirst(t *testing.T) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, clinic.ICT)
	d, ctx := newDB(t, "a", "b"), t.Context()
	s := share.New(share.Options{DB: d, Now: func() time.Time { return now }})
	old := now.AddDate(-1, 0, 0)
	var raws [][]byte
	put := func(k clinic.Kind, body any, at time.Time) { raws = append(raws, bytesOf(t, k, body, at)) }
	put(clinic.KindFacility, &clinic.Facility{Code: "22736"}, old)
	put(clinic.KindVitals, &clinic.Vitals{Pulse: 60}, old)
	put(clinic.KindPrescribe, &clinic.Prescription{}, old.AddDate(0, 1, 0))
	put(clinic.KindPatient, &clinic.Patient{Name: "Nguyễn Thị Mẫu"}, old)
	put(clinic.KindLooked, &clinic.Looked{}, now)
	put(clinic.KindLooked, &clinic.Looked{Opened: clinic.OpenCare}, now)
	put(clinic.KindExam, &clinic.Exam{}, old.AddDate(0, 2, 0))
	put(clinic.KindPrescribe, &clinic.Prescription{}, now.AddDate(0, -2, 0))
	put(clinic.KindReceived, &clinic.Received{}, now)
	put(clinic.KindAllergies, &clinic.Allergies{Asked: true}, now)
	put(clinic.KindMachine, &clinic.Machine{Event: clinic.MachineOpened}, now)
	put(clinic.KindVitals, &clinic.Vitals{Pulse: 70}, now.Add(-time.Hour))
	put(clinic.KindStaff, &clinic.Staff{Name: "Trần Văn Thử"}, old)
	put(clinic.KindCatalogRow, &clinic.CatalogRow{}, old)
	m := &dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}
	b := m.Of(raws...)
	for i := range b.Entries {
		r, err := entry.Decode(b.Entries[i].Bytes, clinic.Ref{}, clinic.Leaf{})
		if err != nil {
			t.Fatal(err)
		}
		b.Entries[i].Kind = r.Kind
	}
	later := m.Of([]byte("of a later program")) // and a hole
	later.Entries[0].Kind, later.Entries[0].Parked = 1999, true
	filled := bytesOf(t, clinic.KindVitals, &clinic.Vitals{Pulse: 80}, now)
	hole := m.Of(filled)
	hole.Entries[0].Bytes = nil
	for _, x := range []*hub.Batch{b, later, hole} {
		if err := d.Append(ctx, x); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // looking twice queues nothing twice
		if err := s.Look(ctx, ""); err != nil {
			t.Fatal(err)
		}
	}
	want := []clinic.Kind{
		clinic.KindStaff, clinic.KindCatalogRow, clinic.KindAllergies, clinic.KindPatient,
		clinic.KindVitals, clinic.KindPrescribe, clinic.KindExam, clinic.KindPrescribe, clinic.KindVitals, clinic.KindLooked,
	}
	if got := kinds(t, d, "b"); !slices.Equal(got, want) {
		t.Errorf("another box gets %v, want %v", got, want)
	}
	if got := kinds(t, d, "a"); len(got) != 0 {
		t.Errorf("the author gets %v", got)
	}
	us, err := d.Unshared(ctx, &hub.Unshared{}, 99)
	if err != nil || len(us) != 1 || us[0].Entry.Index != uint64(len(raws)) {
		t.Errorf("%+v, %v", us, err)
	}
	if err := s.Again(ctx); err != nil {
		t.Fatal(err)
	}
	if us, err = d.Unshared(ctx, &hub.Unshared{}, 99); err != nil || len(us) != 1 {
		t.Errorf("what nobody can read is forgotten: %+v, %v", us, err)
	}

	// A hole that was filled is shared then, and once.
	if err := d.Fill(ctx, "a", dbtest.Epoch(), []hub.Entry{{Index: hole.Entries[0].Index, Salt: hole.Entries[0].Salt, Bytes: filled, Leaf: hole.Entries[0].Leaf, Kind: clinic.KindVitals}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Again(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if got := kinds(t, d, "b"); len(got) != len(want)+1 {
		t.Errorf("a filled hole: %v", got)
	}

	// A machine in the place of a gets its stock and all looks, too; b's leavings go on.
	admit(t, d, "a", "2")
	if err := s.Look(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	got := kinds(t, d, "a")
	if len(got) != len(want)+3 || !slices.Contains(got, clinic.KindReceived) || slices.Contains(got, clinic.KindMachine) {
		t.Errorf("the machine in its place gets %v", got)
	}
}
