package main

import (
	"bytes"
	"os"
	"testing"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/demo"
	"clinicbox/internal/entry"
	"clinicbox/internal/invent"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/names"
	"clinicbox/sync/wire"
	"clinicbox/sync/wire/train"
)

// TestReproducible: two trainings give the same bytes though each box draws IDs, keys
// and signatures of its own. CLINICBOX_SOAK plays the whole corpus.
func TestReproducible(t *testing.T) {
	n := size{boxes: 2, people: 10, days: 1, visits: 8}
	if os.Getenv("CLINICBOX_SOAK") != "" {
		n = corpus()
	}
	var made [][]byte
	var first [][]wire.Raw
	for range 2 {
		boxes, err := play(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		b, err := train.Train(boxes, options(9))
		if err != nil {
			t.Fatal(err)
		}
		made, first = append(made, b), boxes
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("two trainings give two dictionaries")
	}
	if len(made[0]) < 4<<10 || len(made[0]) > 34<<10 {
		t.Errorf("a dictionary of %d bytes", len(made[0]))
	}
	for _, raws := range first {
		for _, r := range raws {
			record, err := entry.Decode(r.Bytes, clinic.Ref{}, r.Leaf)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(made[1], record.Act[:]) || bytes.Contains(made[1], record.Subject[:]) || bytes.Contains(made[1], r.Leaf[:]) {
				t.Fatal("something random is in the dictionary")
			}
		}
	}
}

// TestDictionarySaves compares frames of a box that nothing was trained on, with and
// without the dictionary, and prints what docs/sync.md says.
func TestDictionarySaves(t *testing.T) {
	box := demo.Invented{
		Dir: t.TempDir() + "/box", Seed: 7007, People: 60, Days: 1, Visits: 60, First: clinic.Date{Year: 2027, Month: 3, Day: 9},
		Facility: clinic.Facility{Code: invent.FacilityCode, Name: invent.FacilityName, Box: "tram-99", Book: "z"},
	}
	raws, err := box.Entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	start := wire.Start{Dir: wire.DirUp, Box: "tram-99", Epoch: wire.Epoch{1, 2, 3, 4, 5, 6, 7, 8}, Common: wire.Common(raws[len(raws)-200:])}
	start.Naming = &wire.Naming{Key: wire.Hash(demo.InventedNames())}
	start.Naming.From, _ = names.New(demo.InventedNames()).Number(act(t, &raws[0]))
	var visits [][]wire.Raw
	bytes := 0
	for i, r := range raws {
		record, err := entry.Decode(r.Bytes, clinic.Ref{}, r.Leaf)
		if err != nil {
			t.Fatal(err)
		}
		if record.Kind == clinic.KindVisit {
			visits = append(visits, nil)
		}
		if n := len(visits); n > 0 {
			raws[i].Index = uint64(i)
			visits[n-1] = append(visits[n-1], raws[i])
			bytes += len(r.Bytes)
		}
	}
	for _, c := range []struct {
		visits int
		most   float64 // of what it takes without
	}{{1, 0.4}, {10, 0.4}, {50, 0.4}} {
		without, with := sealed(t, visits, c.visits, start, nil), sealed(t, visits, c.visits, start, wire.Dictionaries())
		one := sealed(t, visits, c.visits, start, []uint32{1})
		n := len(visits)
		t.Logf("%d visits of %d bytes, %d in a frame: %d bytes a visit without, %d with dictionary 1, %d with %d", n, bytes/n, c.visits, without/n, one/n, with/n, wire.Dictionaries())
		if float64(with) > c.most*float64(without) {
			t.Errorf("%d visits in a frame: %d bytes with the dictionary, %d without", c.visits, with, without)
		}
	}
}

func act(t *testing.T, r *wire.Raw) []byte {
	t.Helper()
	record, err := entry.Decode(r.Bytes, clinic.Ref{}, r.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	return record.Act[:]
}

// sealed is how many bytes of frames the visits make.
func sealed(t *testing.T, visits [][]wire.Raw, each int, start wire.Start, theirs []uint32) (sum int) {
	t.Helper()
	k, err := keyfile.Generate("tram-99")
	if err != nil {
		t.Fatal(err)
	}
	_, s, err := wire.StartSession(k.Public().HPKE, k.Identity, start)
	if err != nil {
		t.Fatal(err)
	}
	s.Compress(theirs)
	for len(visits) > 0 {
		now := visits[:min(each, len(visits))]
		visits = visits[len(now):]
		b := wire.NewDataBuilder(wire.Epoch{1, 2, 3, 4, 5, 6, 7, 8}, now[0][0].Index, wire.MaxInner)
		for _, raws := range now {
			for _, r := range raws {
				if !b.Add(r) {
					t.Fatal("does not fit")
				}
			}
		}
		f, err := s.Seal(b.Data(wire.Hash(now[0][0].Leaf), 0))
		if err != nil {
			t.Fatal(err)
		}
		sum += len(f)
	}
	return sum
}
