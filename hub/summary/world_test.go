package summary_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/ingest"
	"clinicbox/hub/merge"
	"clinicbox/hub/summary"
	"clinicbox/internal/entry"
	"clinicbox/internal/fold"
)

// world is the index and the answers over a real database to which boxes wrote.
type world struct {
	*testing.T
	db      *db.DB
	fault   faults
	merge   *merge.Merge
	summary *summary.Summary
	boxes   map[string]*dbtest.Maker
	now     time.Time
	hlc     uint64
}

// newWorld admits boxes by facility code: "a" and "a2" are of facility 00001, "b" of 00002 …
func newWorld(t *testing.T, boxes ...string) *world {
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
	w := &world{T: t, db: d, boxes: map[string]*dbtest.Maker{}, now: dbtest.At(0)}
	w.fault.DB = d
	for i, name := range boxes {
		code := fmt.Sprintf("%05d", name[0]-'a'+1)
		m := hub.Member{
			Name: name, Serial: fmt.Sprint(i), Keys: hub.Keys{Identity: [32]byte{byte(i + 1)}, HPKE: []byte{1}},
			Facility: clinic.Facility{Code: code, Name: "Trạm " + code, Box: name},
		}
		if _, err := d.Admit(t.Context(), m, w.now); err != nil {
			t.Fatal(err)
		}
		w.boxes[name] = &dbtest.Maker{Box: name, Epoch: dbtest.Epoch()}
	}
	clock := func() time.Time { w.now = w.now.Add(time.Second); return w.now }
	w.merge = merge.New(merge.Options{
		DB: d, Encode: ingest.Encode, Key: ed25519.NewKeyFromSeed(make([]byte, 32)), Now: clock,
		Note: func(context.Context, string, string, string) error { return nil },
	})
	w.summary = summary.New(summary.Options{DB: &w.fault, Who: w.merge.Who, Encode: ingest.Encode, Now: clock})
	return w
}

// write is an entry of a box.
func (w *world) write(box string, d clinic.Draft) clinic.Leaf {
	w.Helper()
	if d.Event.IsZero() {
		d.Event = w.now
	}
	w.hlc = max(w.hlc+1, clinic.HLCAt(d.Event))
	raw, err := entry.Encode(d, clinic.NewID(), clinic.ID{9}, w.hlc, true)
	if err != nil {
		w.Fatal(err)
	}
	batch := w.boxes[box].Of(raw)
	for i := range batch.Entries {
		batch.Entries[i].Kind = d.Kind
		batch.Entries[i].Leaf = entry.LeafHash(batch.Entries[i].Salt, raw)
	}
	if err := w.db.Append(w.Context(), batch); err != nil {
		w.Fatal(err)
	}
	return batch.Entries[0].Leaf
}

func (w *world) register(box string, id byte, change func(*clinic.Patient)) {
	w.Helper()
	p := &clinic.Patient{
		Name: "Nguyễn Thị Hòa", Birth: clinic.Date{Year: 1984, Month: 3, Day: 12}, Sex: clinic.SexFemale,
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056184000017"}},
	}
	if change != nil {
		change(p)
	}
	p.Folded = fold.String(p.Name)
	w.write(box, clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.ID{id}, Body: p})
}

// treat is a visit some days ago.
func (w *world) treat(box string, id byte, daysAgo int, icd string, lines ...clinic.DrugLine) {
	w.Helper()
	at, visit, subject := w.now.AddDate(0, 0, -daysAgo), clinic.NewID(), clinic.ID{id}
	d := clinic.Draft{Subject: subject, Visit: visit, Event: at}
	for _, x := range []struct {
		kind clinic.Kind
		body any
	}{
		{clinic.KindVisit, &clinic.Visit{Key: "k", Day: clinic.DateOf(at), Queue: 1}},
		{clinic.KindDiagnosis, &clinic.Diagnosis{Main: icd}},
		{clinic.KindPrescribe, &clinic.Prescription{Lines: lines}},
	} {
		d.Kind, d.Body = x.kind, x.body
		w.write(box, d)
	}
}

func (w *world) allergic(box string, id byte, items ...string) {
	w.Helper()
	a := &clinic.Allergies{Asked: true}
	for _, s := range items {
		a.Items = append(a.Items, clinic.Allergy{Substance: s, Severe: true})
	}
	w.write(box, clinic.Draft{Kind: clinic.KindAllergies, Subject: clinic.ID{id}, Body: a})
}

func (w *world) ask(box string, id byte, c clinic.Consent) clinic.Leaf {
	w.Helper()
	return w.write(box, clinic.Draft{Kind: clinic.KindAsked, Subject: clinic.ID{id}, Body: &clinic.Asked{Consent: c, Code: "00001", Name: "Trạm 00001"}})
}

// step lets the index and the answers do all there is.
func (w *world) step() {
	w.Helper()
	if err := errors.Join(w.merge.Step(w.Context()), w.summary.Step(w.Context())); err != nil {
		w.Fatal(err)
	}
}

// heard decodes what was queued for a box of a kind.
func (w *world) heard(box string, k clinic.Kind) (out []clinic.Record) {
	w.Helper()
	ds, err := w.db.Downs(w.Context(), box, 0, 1000)
	if err != nil {
		w.Fatal(err)
	}
	for i, d := range ds {
		r, err := entry.Decode(d.Bytes, clinic.Ref{Journal: clinic.In, Index: uint64(i)}, d.Leaf)
		if err != nil || entry.LeafHash(d.Salt, d.Bytes) != d.Leaf {
			w.Fatal(err)
		}
		if r.Kind == k {
			out = append(out, r)
		}
	}
	return out
}

// told returns the answers that a box got, the latest last, and fails unless so many came.
func (w *world) told(box string, n int) *clinic.Summary {
	w.Helper()
	rs := w.heard(box, clinic.KindSummary)
	if len(rs) != n {
		w.Fatalf("%s got %d answers, want %d", box, len(rs), n)
	}
	if n == 0 {
		return nil
	}
	return rs[n-1].Body.(*clinic.Summary)
}

// faults fail one change, applied or not.
type faults struct {
	summary.DB
	dbtest.Once
}

func (f *faults) AnswerQuestion(ctx context.Context, a hub.Answer) error {
	return f.Do(func() error { return f.DB.AnswerQuestion(ctx, a) })
}

func (f *faults) Raise(ctx context.Context, a hub.Alarm) error {
	return f.Do(func() error { return f.DB.Raise(ctx, a) })
}

func (f *faults) Tell(ctx context.Context, box string, digests [][32]byte, encode func(int) (hub.Down, error)) (n int, err error) {
	err = f.Do(func() error {
		n, err = f.DB.Tell(ctx, box, digests, encode)
		return err
	})
	return n, err
}
