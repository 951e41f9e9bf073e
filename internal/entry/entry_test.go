package entry_test

import (
	"reflect"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

func TestRoundTrip(t *testing.T) {
	act, author, subject, visit := clinic.NewID(), clinic.NewID(), clinic.NewID(), clinic.NewID()
	d := clinic.Draft{
		Kind: clinic.KindVitals, Subject: subject, Visit: visit, Why: "đo lại",
		Corrects: clinic.Leaf{1, 2}, Event: time.Unix(1_790_000_000, 0),
		Body: &clinic.Vitals{Pulse: 72, Temperature: 370},
	}
	b, err := entry.Encode(d, act, author, 7<<16|3, true)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := entry.Encode(d, act, author, 7<<16|3, true)
	if !reflect.DeepEqual(b, again) {
		t.Fatal("encoding is not deterministic")
	}
	r, err := entry.Decode(b, clinic.Ref{Journal: clinic.Own, Index: 9}, clinic.Leaf{4})
	if err != nil {
		t.Fatal(err)
	}
	if r.Act != act || r.Author != author || r.Subject != subject || r.Visit != visit ||
		r.HLC != 7<<16|3 || !r.Trusted || r.Why != d.Why || r.Corrects != d.Corrects ||
		!r.Event.Equal(d.Event) || !reflect.DeepEqual(r.Body, d.Body) {
		t.Fatalf("changed on the way: %+v", r)
	}
}

func TestUnknownKindIsKept(t *testing.T) {
	b, err := entry.Encode(clinic.Draft{Kind: 999, Body: &clinic.Viewed{}}, clinic.NewID(), clinic.ID{}, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	r, err := entry.Decode(b, clinic.Ref{}, clinic.Leaf{})
	if err != nil || r.Body != nil || r.Kind != 999 {
		t.Fatalf("%+v, %v", r, err)
	}
}

func TestLeafHashIsRFC6962(t *testing.T) {
	salt := (&entry.Seed{9}).Salt(4)
	got := entry.LeafHash(salt, []byte("abc"))
	if want := tlog.RecordHash(append(salt[:], "abc"...)); tlog.Hash(got) != want {
		t.Fatalf("%x, want %x", got, want)
	}
}

func FuzzDecode(f *testing.F) {
	b, _ := entry.Encode(clinic.Draft{Kind: clinic.KindPatient, Body: &clinic.Patient{Name: "Nguyễn Thị Mẫu"}},
		clinic.NewID(), clinic.NewID(), 1, true)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = entry.Decode(b, clinic.Ref{}, clinic.Leaf{})
	})
}
