package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

var errInjected = errors.New("injected")

// filled opens a store with a small population and returns its views' dump.
func filled(t *testing.T, o store.Options) (patients []clinic.ID, dump []string) {
	t.Helper()
	s := storetest.Start(t, o)
	patients = storetest.Fill(t, s, storetest.Population{Patients: 40, Visits: 30}).IDs
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindStaff, Subject: clinic.ID{7}, Body: &clinic.Staff{Name: "BS. Mẫu", Role: clinic.RoleDoctor}})
	if _, err := s.Receive(t.Context(), received(t, 30)); err != nil {
		t.Fatal(err)
	}
	dump = s.Dump(false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return patients, dump
}

// received makes entries as another box would have written them.
func received(t testing.TB, n int) (out []store.Received) {
	t.Helper()
	for i := range n {
		d := clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogMedicine, Code: fmt.Sprint("M", i), Name: "Thuốc", From: clinic.Date{Year: 2026},
		}}
		b, err := entry.Encode(d, clinic.ID{byte(i), 7}, clinic.ID{9}, (1_780_000_000_000+uint64(i))<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, store.Received{Salt: entry.Salt{byte(i), 1}, Bytes: b})
	}
	return out
}

func reopened(t *testing.T, o store.Options, want []string) {
	t.Helper()
	s := storetest.OpenWith(t, o)
	if got := s.Dump(false); !slices.Equal(got, want) {
		t.Fatalf("views have %d rows, before %d, or differ", len(got), len(want))
	}
	storetest.Save(t, s, patient(clinic.NewID(), "Sau cùng"))
	storetest.View(t, s, func(r desk.Reader) {
		if people, err := r.Staff(); err != nil || len(people) != 1 {
			t.Errorf("staff: %v, %v", people, err)
		}
		if _, ok := r.Row(clinic.CatalogMedicine, "m7", today); !ok {
			t.Error("received row is gone")
		}
	})
}

func viewsFile(dir string) string { return filepath.Join(dir, "views-11.db") }

func TestDamagedViewsAreBuiltAnew(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	damage := map[string]func(path string, b []byte){
		"missing": func(path string, _ []byte) { os.Remove(path) },
		"empty":   func(path string, _ []byte) { os.Truncate(path, 0) },
		"zeroed":  func(path string, b []byte) { os.WriteFile(path, make([]byte, len(b)), 0o600) },
		"rubbish": func(path string, b []byte) {
			for i := range b {
				b[i] = byte(rnd.Uint32())
			}
			os.WriteFile(path, b, 0o600)
		},
		"cut":           func(path string, b []byte) { os.Truncate(path, int64(len(b)/3)) },
		"cut to 2 page": func(path string, _ []byte) { os.Truncate(path, 8192) },
		"metas only": func(path string, b []byte) {
			clear(b[8192:])
			os.WriteFile(path, b, 0o600)
		},
		"other pages": func(path string, b []byte) {
			for i := 8192; i < len(b); i++ {
				b[i] = 0xff
			}
			os.WriteFile(path, b, 0o600)
		},
		"text": func(path string, _ []byte) { os.WriteFile(path, []byte("not a database"), 0o600) },
	}
	for name, f := range damage {
		t.Run(name, func(t *testing.T) {
			o := storetest.Options(t.TempDir())
			_, want := filled(t, o)
			b, err := os.ReadFile(viewsFile(o.Dir))
			if err != nil {
				t.Fatal(err)
			}
			f(viewsFile(o.Dir), b)
			reopened(t, o, want)
		})
	}
}

func TestViewsOfAnotherTimeAreCaughtUpOrBuiltAnew(t *testing.T) {
	o := storetest.Options(t.TempDir())
	filled(t, o)
	old, err := os.ReadFile(viewsFile(o.Dir))
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, o)
	storetest.Fill(t, s, storetest.Population{Patients: 10, Visits: 10})
	want := s.Dump(false)
	s.Close()
	if err := os.WriteFile(viewsFile(o.Dir), old, 0o600); err != nil { // behind: applied
		t.Fatal(err)
	}
	reopened(t, o, want)
}

func TestViewsAheadOfALostTail(t *testing.T) {
	o := storetest.Options(t.TempDir())
	o.Identity = nil // the views alone know
	_, want := filled(t, o)
	seg := filepath.Join(o.Dir, "own", "00000000.seg")
	before, _ := os.ReadFile(seg)
	s := storetest.Start(t, o)
	storetest.Save(t, s, patient(clinic.NewID(), "Bị mất"))
	s.Close()
	if err := os.WriteFile(seg, before, 0o600); err != nil { // the disk lied
		t.Fatal(err)
	}
	rep, err := store.Check(t.Context(), storetest.Options(o.Dir))
	if err != nil || len(rep.Problems) == 0 {
		t.Error("check finds nothing:", rep, err)
	}
	// Told before the views forget it: a cut right then loses nothing of it.
	ctx, cut := context.WithCancel(t.Context())
	var told []uint64
	o.Lost = func(_ *store.State, n uint64) error {
		told = append(told, n)
		cut()
		return nil
	}
	if _, err := store.Open(ctx, o); err == nil {
		t.Fatal("nothing was cut")
	}
	lossy := storetest.Start(t, o)
	if !slices.Equal(told, []uint64{1, 1}) {
		t.Errorf("told %v", told)
	}
	if n := lossy.Lost(); n != 1 {
		t.Errorf("%d entries are said to be lost, one is", n)
	}
	lossy.Close()
	reopened(t, o, want)
}

// TestKillBetweenSyncAndViews: what the journal has is saved, and answered so.
func TestViewsFailAfterSync(t *testing.T) {
	for name, commit := range map[string]func(*bbolt.Tx) error{
		"not applied": func(tx *bbolt.Tx) error { return errors.Join(errInjected, tx.Rollback()) },
		"applied":     func(tx *bbolt.Tx) error { return errors.Join(errInjected, tx.Commit()) },
	} {
		t.Run(name, func(t *testing.T) {
			o := storetest.Options(t.TempDir())
			p := clinic.NewID()
			s, err := store.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			ended := make(chan error)
			go func() { ended <- s.Run(context.Background()) }()
			storetest.Save(t, s, patient(p, "A"))
			s.SetCommit(commit)
			act := clinic.NewID()
			drafts := func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{patient(p, "B")}, nil }
			saved, err := s.Act(t.Context(), act, clinic.ID{}, drafts)
			if err != nil || len(saved.Records) != 1 {
				t.Fatal("not answered as saved:", saved, err)
			}
			if err := <-ended; !errors.Is(err, store.ErrFatal) || !errors.Is(err, errInjected) {
				t.Fatal("the store went on:", err)
			}
			if _, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{}, drafts); !errors.Is(err, store.ErrFatal) {
				t.Fatal("another act:", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = storetest.OpenWith(t, o)
			again, err := s.Act(t.Context(), act, clinic.ID{}, drafts)
			if err != nil || !again.Again || again.Records[0].Leaf != saved.Records[0].Leaf {
				t.Fatal("after recovery:", again, err)
			}
			storetest.View(t, s, func(r desk.Reader) {
				if ids, _ := r.ByName("b", 5); len(ids) != 1 {
					t.Error("name index:", ids)
				}
			})
		})
	}
}

func TestFullDisk(t *testing.T) {
	l := &storetest.Faults{}
	o := storetest.Options(t.TempDir())
	o.Files = l
	s := storetest.OpenWith(t, o)
	p := clinic.NewID()
	storetest.Save(t, s, patient(p, "A"))
	l.Arm(storetest.StepWrite, 0, syscall.ENOSPC, false)
	act := clinic.NewID()
	drafts := func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{patient(p, "B")}, nil }
	if _, err := s.Act(t.Context(), act, clinic.ID{}, drafts); !errors.Is(err, store.ErrFull) {
		t.Fatal(err)
	}
	storetest.View(t, s, func(r desk.Reader) {
		if rs, err := r.Records(p); err != nil || len(rs) != 1 {
			t.Error(rs, err)
		}
		if ids, _ := r.ByName("b", 5); len(ids) != 0 {
			t.Error("name of what was not saved:", ids)
		}
	})
	if saved, err := s.Act(t.Context(), act, clinic.ID{}, drafts); err != nil || saved.Again {
		t.Fatal("with room again:", saved, err)
	}
}

func TestReserveRefusesActs(t *testing.T) {
	o := storetest.Options(t.TempDir())
	free := uint64(1 << 40)
	o.Free = func(string) (uint64, error) { return free, nil }
	s := storetest.OpenWith(t, o)
	free = 1 << 20
	_, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
		return []clinic.Draft{patient(clinic.ID{1}, "A")}, nil
	})
	if _, rerr := s.Receive(t.Context(), received(t, 1)); !errors.Is(err, store.ErrFull) || !errors.Is(rerr, store.ErrFull) {
		t.Fatal(err, rerr)
	}
	free = 1 << 40
	storetest.Save(t, s, patient(clinic.ID{1}, "A"))
}

func TestSyncErrorIsFatal(t *testing.T) {
	for _, applied := range []bool{false, true} {
		l := &storetest.Faults{}
		o := storetest.Options(t.TempDir())
		o.Files = l
		s := storetest.Start(t, o)
		storetest.Save(t, s, patient(clinic.NewID(), "A"))
		syncs := l.Count(storetest.StepSync)
		l.Arm(storetest.StepSync, 0, syscall.EIO, applied)
		act := clinic.NewID()
		drafts := func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{patient(clinic.NewID(), "B")}, nil }
		if _, err := s.Act(t.Context(), act, clinic.ID{}, drafts); !errors.Is(err, store.ErrFatal) {
			t.Fatal(err)
		}
		if _, err := s.Act(t.Context(), act, clinic.ID{}, drafts); !errors.Is(err, store.ErrFatal) {
			t.Fatal(err)
		}
		if n := l.Count(storetest.StepSync) - syncs; n != 1 {
			t.Errorf("synced %d times: a failed sync must not be tried again", n)
		}
		s.Close()
		s = storetest.OpenWith(t, o)
		if _, err := s.Act(t.Context(), act, clinic.ID{}, drafts); err != nil || s.Own().Size() != 2 {
			t.Fatal(err, s.Own().Size())
		}
	}
}

func TestReceiveIsASet(t *testing.T) {
	s := storetest.Open(t)
	es := received(t, 10)
	es = append(es, store.Received{Bytes: []byte("no entry at all")}, es[3])
	for want := 11; want >= 0; want -= 11 {
		if n, err := s.Receive(t.Context(), es); err != nil || n != want {
			t.Fatal(n, want, err)
		}
	}
	if _, err := s.Receive(t.Context(), []store.Received{{Bytes: make([]byte, entry.MaxSize+1)}}); !errors.Is(err, entry.ErrTooLarge) {
		t.Fatal(err)
	}
	if n, err := s.Receive(t.Context(), received(t, 11)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if own, in := s.Meta(); own != 0 || in != 12 {
		t.Fatal(own, in)
	}
}

// TestOrderDoesNotMatter receives the same entries in many orders, some of them
// split between both journals' stores: the views are the same.
func TestOrderDoesNotMatter(t *testing.T) {
	es := history(t)
	rnd := rand.New(rand.NewPCG(3, 3))
	var want []string
	for round := range 12 {
		s := storetest.Open(t)
		for part := range slices.Chunk(es, 1+rnd.IntN(len(es))) {
			if _, err := s.Receive(t.Context(), part); err != nil {
				t.Fatal(err)
			}
		}
		got := s.Dump(true)
		if round == 0 {
			want = got
			if len(want) < 30 {
				t.Fatalf("the history makes only %d rows", len(want))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d: %d rows, want %d\n%s", round, len(got), len(want), difference(got, want))
		}
		rnd.Shuffle(len(es), func(a, b int) { es[a], es[b] = es[b], es[a] })
	}
}

func difference(a, b []string) string {
	var out []string
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, "+ "+x)
		}
	}
	for _, x := range b {
		if !slices.Contains(a, x) {
			out = append(out, "- "+x)
		}
	}
	return strings.Join(out, "\n")
}

// history makes entries whose order could matter: visits that move, documents
// before their visit, slips that are changed, used twice and used unseen, clocks
// that agree.
func history(t *testing.T) (out []store.Received) {
	t.Helper()
	p, q, v, w := clinic.ID{1}, clinic.ID{2}, clinic.ID{3}, clinic.ID{4}
	tomorrow := today.AddDays(1)
	slip := func(code string, due clinic.Date) any { return &clinic.Appointment{Slip: code, Due: due} }
	looked, opened := &clinic.Looked{}, &clinic.Looked{Opened: clinic.OpenCare}
	looked.Add(p, clinic.ID{}, 0)
	looked.Add(q, v, 3*time.Second)
	opened.Add(q, w, 0)
	drafts := []clinic.Draft{
		{Kind: clinic.KindLooked, Subject: clinic.ID{5}, Body: looked},
		{Kind: clinic.KindLooked, Subject: clinic.ID{5}, Body: opened},
		{Kind: clinic.KindViewed, Subject: p, Visit: v, Body: &clinic.Viewed{}},
		{Kind: clinic.KindProtection, Subject: p, Body: &clinic.Protection{On: true}},
		{Kind: clinic.KindProtection, Subject: p, Body: &clinic.Protection{}},
		{Kind: clinic.KindLink, Subject: p, Body: &clinic.Link{Other: q[:], Same: true}},
		{Kind: clinic.KindLink, Subject: q, Body: &clinic.Link{Other: p[:]}},
		{Kind: clinic.KindPatient, Subject: v, Body: &clinic.Patient{
			Name: "Con bà Trần B", Folded: "con ba tran b", Mother: q[:], Unnamed: true, Order: 1, Of: 2, Born: clinic.BornHere,
			Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034226000001", Unsure: true}},
		}},
		patient(p, "Nguyễn Văn A", clinic.Identifier{System: 1, Value: "000000000001"}),
		patient(p, "Nguyễn Văn Á", clinic.Identifier{System: 1, Value: "000000000002"}),
		patient(q, "Trần B", clinic.Identifier{System: 1, Value: "000000000001"}),
		visit(p, v, 1), visit(p, v, 9),
		{Kind: clinic.KindVisit, Subject: p, Visit: v, Body: &clinic.Visit{Key: "k", Day: tomorrow, Queue: 2}},
		{Kind: clinic.KindVitals, Subject: p, Visit: v, Body: &clinic.Vitals{Pulse: 70}},
		{Kind: clinic.KindSigned, Subject: p, Visit: v, Body: &clinic.Signed{Leaves: [][]byte{make([]byte, 32)}}},
		{Kind: clinic.KindExam, Subject: q, Visit: w, Body: &clinic.Exam{Reason: "ho"}}, // its visit never comes
		{Kind: clinic.KindAppointment, Subject: p, Visit: v, Body: slip("S1", today)},
		{Kind: clinic.KindAppointment, Subject: p, Visit: v, Body: slip("S1", tomorrow)},
		{Kind: clinic.KindAppointment, Subject: p, Visit: v, Body: slip("S2", today)},
		{Kind: clinic.KindArrived, Subject: p, Visit: w, Body: &clinic.Arrived{Slip: "S1"}},
		{Kind: clinic.KindArrived, Subject: p, Visit: v, Body: &clinic.Arrived{Slip: "s1 "}},
		{Kind: clinic.KindArrived, Subject: p, Visit: v, Body: &clinic.Arrived{Slip: "never seen"}},
		{Kind: clinic.KindStaff, Subject: q, Body: &clinic.Staff{Name: "X", Role: 1}},
		{Kind: clinic.KindStaff, Subject: q, Body: &clinic.Staff{Name: "Y", Role: 2}},
		{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: "icd10", Code: "J00", Name: "a", From: today}},
		{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: "icd10", Code: "J00", Name: "b", From: today}},
		{Kind: clinic.KindReceived, Subject: clinic.StockID(), Body: &clinic.Received{Site: "s", Lines: []clinic.ReceivedLine{{Goods: goods("A"), Quantity: 9}, {Goods: goods("A"), Quantity: 9}}}},
		{Kind: clinic.KindDispensed, Subject: p, Visit: v, Body: &clinic.Dispensed{Site: "s", Lines: []clinic.DispensedLine{{Goods: goods("B"), Quantity: 2}}}},
		{Kind: clinic.KindReturned, Subject: p, Visit: v, Body: &clinic.Returned{Site: "s", Lines: []clinic.ReturnedLine{{Goods: goods("A"), Quantity: -4}}}},
		{Kind: clinic.KindCounted, Subject: clinic.StockID(), Body: &clinic.Counted{Site: "s", At: 1003 << 16, Lines: []clinic.CountedLine{{Goods: goods("A"), Found: 7}}}},
		{Kind: clinic.KindAdjusted, Subject: clinic.StockID(), Body: &clinic.Adjusted{Site: "s", Reason: 99, Lines: []clinic.AdjustedLine{{Goods: goods(""), Quantity: 1}}}},
	}
	for i, d := range drafts {
		for _, hlc := range []uint64{uint64(1000 + i/2), 1003} { // many share a time
			b, err := entry.Encode(d, clinic.ID{byte(i)}, clinic.ID{5}, hlc<<16, false)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, store.Received{Salt: entry.Salt{byte(i), byte(hlc)}, Bytes: b})
		}
	}
	return out
}

// TestOwnAndInAreOneSet: an entry that stands in both journals shows once.
func TestOwnAndInAreOneSet(t *testing.T) {
	s := storetest.Open(t)
	p := clinic.NewID()
	storetest.Save(t, s, patient(p, "A"))
	raws, err := s.Own().Read(0, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := s.Receive(t.Context(), []store.Received{{Salt: raws[0].Salt, Bytes: raws[0].Bytes}}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	storetest.View(t, s, func(r desk.Reader) {
		if rs, err := r.Records(p); err != nil || len(rs) != 1 || rs[0].Ref.Journal != clinic.Own {
			t.Fatal(rs, err)
		}
	})
}

// TestDamagedEntryIsNamedAndStopsNothing flips a bit in the middle of the journal.
func TestDamagedEntryIsNamedAndStopsNothing(t *testing.T) {
	o := storetest.Options(t.TempDir())
	p := clinic.NewID()
	s := storetest.Start(t, o)
	for _, name := range []string{"A", "B", "C"} {
		storetest.Save(t, s, patient(p, name))
	}
	root, _ := s.Own().Root(3)
	s.Close()
	seg := filepath.Join(o.Dir, "own", "00000000.seg")
	b, _ := os.ReadFile(seg)
	last := bytes.LastIndex(b, []byte("CBF"))
	b[last+30] ^= 1
	if err := os.WriteFile(seg, b, 0o600); err != nil {
		t.Fatal(err)
	}
	rep, err := store.Check(t.Context(), storetest.Options(o.Dir))
	if err != nil || rep.Holes != 1 || !strings.Contains(strings.Join(rep.Problems, "\n"), "own: entry 2: cannot be read") {
		t.Errorf("%+v, %v", rep, err)
	}
	s = storetest.Start(t, o)
	storetest.View(t, s, func(r desk.Reader) {
		if rs, err := r.Records(p); err != nil || len(rs) != 2 {
			t.Error(rs, err)
		}
		if got, err := r.Patient(p); err != nil || got == nil || got.Name != "B" {
			t.Error("older demographics:", got, err)
		}
	})
	if got, _ := s.Own().Root(3); got != root {
		t.Error("root differs")
	}
	storetest.Save(t, s, patient(p, "D"))
	if own, _ := s.Quarantine(); len(own) != 1 || own[0].First != 2 {
		t.Errorf("%+v", own)
	}
	raws, err := s.Own().Read(0, 10, 1<<20)
	if err != nil || len(raws) != 4 || !raws[2].Hole() || raws[2].Leaf == (clinic.Leaf{}) {
		t.Errorf("%+v, %v", raws, err)
	}
}

// TestNothingInClear looks for what names people in every file.
func TestNothingInClear(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	p, v := clinic.NewID(), clinic.NewID()
	secrets := []string{"Nguyễn Thị Bí Mật", "nguyen thi bi mat", "Bí Mật", "001199054321", "GD4222222222222", "0912345678", "Ngõ Kín 5", "Viêm họng kín", "SLIPSECRET", "pin-person-9", "pin-value"}
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindPatient, Subject: p, Body: &clinic.Patient{
		Name: secrets[0], Folded: secrets[1], Address: secrets[6], Phone: secrets[5],
		Identifiers: []clinic.Identifier{{System: 1, Value: secrets[3]}, {System: 3, Value: secrets[4]}},
	}}, visit(p, v, 1),
		clinic.Draft{Kind: clinic.KindDiagnosis, Subject: p, Visit: v, Body: &clinic.Diagnosis{Main: "J02", Text: secrets[7]}},
		clinic.Draft{Kind: clinic.KindAppointment, Subject: p, Visit: v, Body: &clinic.Appointment{Slip: secrets[8], Due: today}})
	if err := s.State().Put("pins", secrets[9], []byte(secrets[10])); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(o.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files++
		b = bytes.ToLower(bytes.TrimRight(b, "\x00"))
		for _, s := range secrets {
			if bytes.Contains(b, bytes.ToLower([]byte(s))) {
				t.Errorf("%q stands in clear in %s", s, d.Name())
			}
		}
		return err
	})
	if err != nil || files < 7 {
		t.Fatal(files, err)
	}
	storetest.View(t, s, func(r desk.Reader) { // while the store itself finds all of it
		a, ok, err := r.Slip("slipsecret")
		if err != nil || !ok || a.Slip != secrets[8] || a.Patient != p {
			t.Error(a, ok, err)
		}
	})
}

func damageEpoch(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, "epoch")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[30] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func uncleanStop(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "LOCK"), []byte("open\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestReceivedStaffAreMarked: use cases must see which entries of people were not
// made here, in every order of coming.
func TestReceivedStaffAreMarked(t *testing.T) {
	id := clinic.NewID()
	body := func(name string) clinic.Draft {
		return clinic.Draft{Kind: clinic.KindStaff, Subject: id, Body: &clinic.Staff{Name: name, Role: clinic.RoleNurse}}
	}
	far := func(hlc uint64) store.Received {
		b, err := entry.Encode(body("Xa"), clinic.NewID(), clinic.ID{9}, hlc<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		return store.Received{Salt: entry.Salt{1, byte(hlc)}, Bytes: b}
	}
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	see := func(name string, received bool) {
		t.Helper()
		storetest.View(t, s, func(r desk.Reader) {
			all, err := r.Staff()
			if err != nil || len(all) != 1 || all[0].Name != name || all[0].Received != received {
				t.Fatalf("%+v, %v", all, err)
			}
		})
	}
	for i, step := range []struct {
		hlc      uint64 // 0: made here
		name     string
		received bool
	}{{1, "Xa", true}, {0, "Gần", false}, {2, "Gần", false}, {4_000_000_000_000, "Xa", true}} {
		if step.hlc == 0 {
			storetest.Save(t, s, body("Gần"))
		} else if _, err := s.Receive(t.Context(), []store.Received{far(step.hlc)}); err != nil {
			t.Fatal(i, err)
		}
		see(step.name, step.received)
	}
}
