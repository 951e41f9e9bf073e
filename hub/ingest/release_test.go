package ingest_test

import (
	"fmt"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/db/dbtest"
	"clinicbox/internal/entry"
)

// TestLaterProgramReleases: what one program of the centre cannot read is parked while
// the stream goes on, both sides know it, and the next program reads it, whatever fails
// in between.
func TestLaterProgramReleases(t *testing.T) {
	for name, fault := range map[string]dbtest.Fault{"": dbtest.None, "not applied": dbtest.NotApplied, "applied": dbtest.Applied} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T, w *world) { released(t, w, fault) })
		})
	}
}

func released(t *testing.T, w *world, fault dbtest.Fault) {
	w.blind = clinic.KindCredential // which the registrar looks for
	w.restart()
	b := w.add("a")
	b.Record(3)
	for i := range 700 { // more than one step
		bytes, err := entry.Encode(clinic.Draft{Kind: w.blind, Body: &clinic.Credential{Request: fmt.Appendf(nil, "%d", i)}, Event: time.Now()},
			clinic.NewID(), clinic.NewID(), uint64(i+1), true)
		if err != nil {
			t.Fatal(err)
		}
		b.RecordBytes(bytes)
	}
	b.RecordBytes([]byte("nobody will ever read this"))
	b.Record(2)
	b.Connect()
	w.sync(b, time.Minute)
	if s, r := w.stored(b), b.State().Receipt; s.Parked != 701 || s.Size != 706 || len(r.Parked) != 1 || r.Parked[0].To != 704 {
		t.Fatalf("%+v %+v", s, r)
	}
	found, err := w.db.Unscanned(t.Context(), 9999) // the registrar looked past what is parked
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.Scanned(t.Context(), found, nil); err != nil {
		t.Fatal(err)
	}
	w.blind = 0
	failed := false
	w.fail(func(method string, n int) dbtest.Fault {
		if method != "Release" || failed || n != 1 {
			return dbtest.None
		}
		failed = true
		return fault
	})
	for range 2 {
		w.restart()
	}
	b.Connect()
	w.settle()
	if s, r := w.stored(b), b.State().Receipt; s.Parked != 1 || len(r.Parked) != 1 || r.Parked[0].From != 703 || r.Parked[0].To != 704 {
		t.Fatalf("%+v %+v", s, r)
	}
	if found, err := w.db.Unscanned(t.Context(), 9999); err != nil || len(found) != 700 {
		t.Fatalf("%d of 700 released entries wait to be looked at; %v", len(found), err)
	}
}
