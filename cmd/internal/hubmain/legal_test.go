package hubmain_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/legal"
	"clinicbox/internal/cms"
	"clinicbox/internal/entry"
	"clinicbox/internal/testlog"
	"clinicbox/sync/mqttlink"
)

// note appends an entry whose clock was not trusted: the test may run in any year.
func note(t *testing.T, b *hubtest.Box, d clinic.Draft) clinic.Leaf {
	t.Helper()
	n := b.Size()
	raw, err := entry.Encode(d, clinic.NewID(), clinic.NewID(), 1_790_000_000_000<<16, false)
	if err != nil {
		t.Fatal(err)
	}
	b.RecordBytes(raw)
	return entry.LeafHash((&entry.Seed{7}).Salt(uint32(n)), raw)
}

// A box asks over a real broker and gets signatures that the roots file confirms;
// without the configured signer nobody is asked.
func TestLegalSignaturesOfTheDemonstration(t *testing.T) {
	cfg := conf(t.TempDir())
	if off := start(t, cfg); slices.Contains(off.Tasks(), "legal signatures") {
		t.Fatal("somebody signs by default")
	} else {
		off.stop()
	}
	cfg.Legal = hubmain.Legal{Signer: "demonstration"}
	h := start(t, cfg)
	b := hubtest.NewBox("tram-01", h.Public())
	if err := h.AddBox(t.Context(), b.Keys.Public()); err != nil {
		t.Fatal(err)
	}
	patient, visit := clinic.NewID(), clinic.NewID()
	code, err := clinic.NewSlip("22736", "a", 1)
	if err != nil {
		t.Fatal(err)
	}
	b.RecordDraft(clinic.Draft{Kind: clinic.KindFacility, Body: &clinic.Facility{Code: "22736", Name: "Trạm Mẫu", Box: "tram-01", Book: "a"}})
	slip := note(t, b, clinic.Draft{Kind: clinic.KindAppointment, Subject: patient, Visit: visit, Event: time.Unix(1_790_000_000, 0), Body: &clinic.Appointment{Slip: code}})
	note(t, b, clinic.Draft{Kind: clinic.KindLegalAsked, Subject: patient, Visit: visit, Event: time.Unix(1_790_000_000, 0), Body: &clinic.LegalAsked{
		Leaves: [][]byte{slip[:]}, Where: clinic.LegalAtCentre, Roles: []clinic.LegalRole{clinic.LegalPractitioner, clinic.LegalFacility},
	}})
	defer plug(t, b, mqttlink.Opts{Broker: h.BrokerURL()})()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b.Connect()
	synced(t, b)
	testlog.Eventually(ctx, t, "two signatures", func() bool { return len(b.State().Down) == 2 })

	roots, err := cms.LoadRoots(filepath.Join(cfg.Data.Dir, "legal-demonstration-roots.pem"))
	if err != nil {
		t.Fatal(err)
	}
	var records []clinic.Record
	add := func(raw []byte, leaf clinic.Leaf) {
		r, err := entry.Decode(raw, clinic.Ref{}, leaf)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
	add(b.Bytes(1), slip)
	for _, d := range b.State().Down {
		add(d.Bytes, entry.LeafHash(entry.Salt(d.Salt), d.Bytes))
	}
	v := clinic.FoldVisit(visit, records)
	v.JudgeLegal(cms.Judge{Roots: roots, Facility: legal.DemonstrationFacility("22736")}.Judge)
	if x := v.FindVersion(slip).Legal; x.State != clinic.LegalDone {
		t.Errorf("%+v", x)
	}
	if st, err := os.Stat(filepath.Join(cfg.Data.Dir, "legal-demonstration.pem")); err != nil || st.Mode().Perm() != 0o600 {
		t.Error(st, err)
	}
}
