package desk_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
)

// FuzzLooked reads looks from entries of boxes that may be wrong: nothing fails, and
// no look shows under somebody whom the entry does not name.
func FuzzLooked(f *testing.F) {
	a, b, by := clinic.ID{1}, clinic.ID{2}, clinic.ID{3}
	body := &clinic.Looked{Opened: clinic.OpenCare}
	body.Add(a, clinic.ID{9}, 0)
	body.Add(b, clinic.ID{}, time.Hour)
	for _, body := range []any{body, &clinic.Looked{Looks: []clinic.Look{{Patient: -1}, {Patient: 7, After: -9}}}, &clinic.Viewed{}} {
		kind := clinic.KindLooked
		if _, old := body.(*clinic.Viewed); old {
			kind = clinic.KindViewed
		}
		raw, err := entry.Encode(clinic.Draft{Kind: kind, Subject: a, Body: body}, clinic.NewID(), by, 1<<16, true)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		rec, err := entry.Decode(raw, clinic.Ref{}, clinic.Leaf{})
		if err != nil {
			return
		}
		q := desk.LookQuery{Limit: 1}
		for _, id := range []clinic.ID{a, b, by, {}, clinic.OpenedSubject()} {
			for _, l := range q.Pick(id, &rec) {
				if l.Patient != id && l.By != id && (id != clinic.OpenedSubject() || l.Opened == 0) {
					t.Fatalf("a look shows under somebody else: %+v", l)
				}
				look := clinic.Look{Visit: l.Visit}
				_ = look.At(clinic.ID{9})
			}
		}
	})
}
