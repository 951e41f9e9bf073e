package db_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db/dbtest"
)

// A request goes forward only, and its entry for the box is written once.
func TestLegalRequestsGoForward(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	must(t, d.AddBox(ctx, "a", hub.Keys{Identity: [32]byte{1}, HPKE: []byte{1}}, dbtest.At(1)))
	r := hub.LegalRequest{Leaf: clinic.Leaf{1}, Role: clinic.LegalFacility, Box: "a", Licence: "1", Asked: dbtest.At(1), Due: dbtest.At(1)}
	for range 2 { // asked for again: the same row
		must(t, d.LegalTake(ctx, nil, []hub.LegalRequest{r}))
	}
	is := func(s hub.LegalState, want int) (out []hub.LegalRequest) {
		t.Helper()
		out, err := d.LegalDue(ctx, s, dbtest.At(10), 9)
		if err != nil || len(out) != want {
			t.Fatalf("%d in state %d, want %d (%v)", len(out), s, want, err)
		}
		return out
	}
	got := is(hub.LegalWaits, 1)[0]
	if got.Leaf != r.Leaf || got.Role != r.Role || got.Box != "a" || got.Licence != "1" || !got.Asked.Equal(r.Asked) {
		t.Fatalf("%+v", got)
	}
	got.Due, got.Tries, got.Problem = dbtest.At(20), 1, "later"
	must(t, d.LegalMove(ctx, got))
	is(hub.LegalWaits, 0) // not due
	if n, oldest, err := d.LegalWaiting(ctx); n != 1 || !oldest.Equal(r.Asked) || err != nil {
		t.Fatal(n, oldest, err)
	}
	got.State, got.Due, got.Down = hub.LegalSigned, dbtest.At(2), hub.Down{Salt: [16]byte{7}, Bytes: []byte("entry"), Leaf: clinic.Leaf{9}}
	must(t, d.LegalMove(ctx, got))
	other := got
	other.Down = hub.Down{Bytes: []byte("another entry"), Leaf: clinic.Leaf{8}}
	must(t, d.LegalMove(ctx, other))
	back := got
	back.State = hub.LegalWaits
	must(t, d.LegalMove(ctx, back))
	if x := is(hub.LegalSigned, 1)[0]; string(x.Down.Bytes) != "entry" || x.Down.Leaf != got.Down.Leaf || x.Down.Salt != got.Down.Salt {
		t.Fatalf("%+v", x.Down)
	}
	got.State = hub.LegalQueued
	must(t, d.LegalMove(ctx, got))
	is(hub.LegalSigned, 0)
	is(hub.LegalQueued, 0) // done: nothing is due
	if n, _, err := d.LegalWaiting(ctx); n != 0 || err != nil {
		t.Fatal(n, err)
	}
}

func TestLegalEntriesAreFound(t *testing.T) {
	d, ctx := open(t, t.TempDir()), t.Context()
	must(t, d.AddBox(ctx, "a", hub.Keys{Identity: [32]byte{1}, HPKE: []byte{1}}, dbtest.At(1)))
	b := (&dbtest.Maker{Box: "a", Epoch: dbtest.Epoch()}).Next(6)
	b.Entries[1].Kind, b.Entries[2].Kind, b.Entries[4].Kind = clinic.KindPrescribe, clinic.KindLegalAsked, clinic.KindLegalAsked
	must(t, d.Append(ctx, b))
	found, err := d.LegalAsks(ctx, 10)
	if err != nil || len(found) != 2 || found[0].Index != 2 || found[0].Box != "a" {
		t.Fatal(found, err)
	}
	must(t, d.LegalTake(ctx, found[:1], nil))
	if found, err = d.LegalAsks(ctx, 10); err != nil || len(found) != 1 || found[0].Index != 4 {
		t.Fatal(found, err)
	}
	f, ok, err := d.LegalDocument(ctx, b.Entries[1].Leaf)
	if err != nil || !ok || f.Index != 1 || f.Kind != clinic.KindPrescribe {
		t.Fatal(f, ok, err)
	}
	if _, ok, err := d.LegalDocument(ctx, b.Entries[0].Leaf); ok || err != nil { // no legal document
		t.Fatal(ok, err)
	}
}
