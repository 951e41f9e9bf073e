package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// versions are details of one patient as boxes with any clocks write them: each corrects
// one of those before, and may replace others.
func versions(t *testing.T, rnd *rand.Rand, id clinic.ID, n int) (out []store.Received) {
	t.Helper()
	var leaves []clinic.Leaf
	for i := range n {
		d := patient(id, fmt.Sprint("Nguyễn Thử ", i))
		body := d.Body.(*clinic.Patient)
		if i > 0 {
			d.Corrects = leaves[rnd.IntN(i)]
		}
		for range rnd.IntN(3) {
			if i > 0 {
				l := leaves[rnd.IntN(i)]
				body.Merges = append(body.Merges, l[:])
			}
		}
		b, err := entry.Encode(d, clinic.NewID(), clinic.ID{}, 1+rnd.Uint64N(1000), false)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, entry.LeafHash(entry.Salt{}, b))
		out = append(out, store.Received{Bytes: b})
	}
	return out
}

// TestCurrentIsTheLatestThatHolds: in whatever order versions of details come, the one
// shown and found by its name is the latest of those that no other replaces.
func TestCurrentIsTheLatestThatHolds(t *testing.T) {
	s := storetest.Open(t)
	rnd := rand.New(rand.NewPCG(7, 7))
	behind := 0
	for range 40 {
		id := clinic.NewID()
		all := versions(t, rnd, id, 2+rnd.IntN(8))
		rnd.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for part := range slices.Chunk(all, 1+rnd.IntN(len(all))) {
			if _, err := s.Receive(t.Context(), part); err != nil {
				t.Fatal(err)
			}
			if checkCurrent(t, s, id) {
				behind++
			}
		}
	}
	if behind < 10 {
		t.Errorf("only %d times a replaced version had the later clock", behind)
	}
}

// checkCurrent compares with the fold of all records, and reports whether a version that
// does not hold is later by the clock.
func checkCurrent(t *testing.T, s *store.Store, id clinic.ID) (behind bool) {
	t.Helper()
	err := s.View(t.Context(), func(r desk.Reader) error {
		records, err := r.Records(id)
		if err != nil {
			return err
		}
		file := clinic.FoldPatient(id, records)
		now, err := r.Patient(id)
		if err != nil {
			return err
		}
		if now == nil || now.Name != file.Now.Name {
			t.Fatalf("current is %+v, the fold shows %s", now, file.Now.Name)
		}
		for i := range file.Versions {
			v := &file.Versions[i]
			name := v.Body.(*clinic.Patient).Name
			found, err := r.ByName(name, 1000)
			if got := slices.Contains(found, id); err != nil || got != (name == now.Name) {
				t.Fatalf("by the name %s the patient is found: %v, %v; now it is %s", name, got, err, now.Name)
			}
			behind = behind || v.HLC > file.Versions[len(file.Versions)-1].HLC
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return behind
}

// TestWritingBringsAnotherBack: within an act, and after it, the name that holds is found,
// also when it is of a version that came before.
func TestWritingBringsAnotherBack(t *testing.T) {
	s := storetest.Open(t)
	id, ahead := clinic.NewID(), patient(clinic.NewID(), "Vượt Trước")
	ahead.Subject = id
	late, err := entry.Encode(ahead, clinic.NewID(), clinic.ID{}, 1<<62, false)
	if err != nil {
		t.Fatal(err)
	}
	other := patient(id, "Bản Khác")
	mid, err := entry.Encode(other, clinic.NewID(), clinic.ID{}, 1<<61, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Receive(t.Context(), []store.Received{{Bytes: late}, {Bytes: mid}}); err != nil {
		t.Fatal(err)
	}
	fix := patient(id, "Sửa Lại")
	fix.Corrects = entry.LeafHash(entry.Salt{}, late)
	if _, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{fix}, nil }); err != nil {
		t.Fatal(err)
	}
	checkCurrent(t, s, id)
	err = s.View(t.Context(), func(r desk.Reader) error {
		if now, err := r.Patient(id); err != nil || now.Name != "Bản Khác" {
			t.Errorf("current is %+v, %v", now, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
