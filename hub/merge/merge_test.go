package merge_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/ingest"
	"clinicbox/hub/merge"
	"clinicbox/internal/entry"
	"clinicbox/internal/fold"
)

// bench is a merge over a real database to which boxes wrote.
type bench struct {
	*testing.T
	*merge.Merge
	db    *db.DB
	key   ed25519.PrivateKey
	boxes map[string]*dbtest.Maker
	notes []string
	hlc   uint64
	now   int // minutes
	fault faults
}

func newBench(t *testing.T, boxes ...string) *bench {
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
	b := &bench{T: t, db: d, boxes: map[string]*dbtest.Maker{}, key: ed25519.NewKeyFromSeed(make([]byte, 32)), hlc: 1 << 40}
	b.fault.DB = d
	for i, name := range boxes {
		if err := d.AddBox(t.Context(), name, hub.Keys{Identity: [32]byte{byte(i)}, HPKE: []byte{1}}, dbtest.At(0)); err != nil {
			t.Fatal(err)
		}
		b.boxes[name] = &dbtest.Maker{Box: name, Epoch: dbtest.Epoch()}
	}
	b.Merge = merge.New(merge.Options{
		DB: &b.fault, Encode: ingest.Encode, Key: b.key, Now: func() time.Time { b.now++; return dbtest.At(b.now) },
		Note: func(_ context.Context, operator, action, object string) error {
			b.notes = append(b.notes, operator+": "+action+" "+object)
			return nil
		},
	})
	return b
}

// write is an entry of a box.
func (b *bench) write(box string, d clinic.Draft) clinic.Leaf {
	b.Helper()
	b.hlc++
	d.Event = dbtest.At(1)
	raw, err := entry.Encode(d, clinic.NewID(), clinic.ID{9}, b.hlc, true)
	if err != nil {
		b.Fatal(err)
	}
	batch := b.boxes[box].Of(raw)
	for i := range batch.Entries {
		batch.Entries[i].Kind = d.Kind
		batch.Entries[i].Leaf = entry.LeafHash(batch.Entries[i].Salt, raw)
	}
	if err := b.db.Append(b.Context(), batch); err != nil {
		b.Fatal(err)
	}
	return batch.Entries[0].Leaf
}

func someone(change func(*clinic.Patient)) *clinic.Patient {
	p := &clinic.Patient{
		Name: "Nguyễn Thị Hòa", Birth: clinic.Date{Year: 1984, Month: 3, Day: 12}, Sex: clinic.SexFemale,
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056184000017"}},
	}
	if change != nil {
		change(p)
	}
	p.Folded = fold.String(p.Name)
	return p
}

func (b *bench) register(box string, id byte, change func(*clinic.Patient)) {
	b.Helper()
	b.write(box, clinic.Draft{Kind: clinic.KindPatient, Subject: clinic.ID{id}, Body: someone(change)})
}

func (b *bench) step() {
	b.Helper()
	if err := b.Step(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// heard decodes what was queued for a box.
func (b *bench) heard(box string) (out []clinic.Record) {
	b.Helper()
	ds, err := b.db.Downs(b.Context(), box, 0, 100)
	if err != nil {
		b.Fatal(err)
	}
	for _, d := range ds {
		if entry.LeafHash(d.Salt, d.Bytes) != d.Leaf {
			b.Error("a leaf that is not the entry's")
		}
		r, err := entry.Decode(d.Bytes, clinic.Ref{}, d.Leaf)
		if err != nil {
			b.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// person is who a box makes of what it heard and its own links.
func (b *bench) person(box string, id byte) []clinic.ID {
	b.Helper()
	records := b.heard(box)
	who, err := clinic.Identify(clinic.ID{id}, func(id clinic.ID) ([]clinic.Record, error) {
		return slices.DeleteFunc(slices.Clone(records), func(r clinic.Record) bool {
			x, y, ok := r.Pair()
			return !ok || x != id && y != id
		}), nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return who.IDs
}

func (b *bench) decide(x, y byte, do merge.Do) error {
	b.Helper()
	p, err := b.Look(b.Context(), "op", clinic.ID{x}, clinic.ID{y})
	if err != nil {
		return err
	}
	return b.Answer(b.Context(), "op", merge.Decision{A: p.A.ID, B: p.B.ID, Do: do, Mark: p.Mark})
}

// TestLinksGoDown: each box that holds one of two hears what is said of them, once,
// signed, also the box that comes later; the others hear nothing.
func TestLinksGoDown(t *testing.T) {
	b := newBench(t, "a", "b", "c", "d")
	b.register("a", 1, nil)
	b.register("b", 2, nil)
	b.register("c", 3, func(p *clinic.Patient) {
		p.Name, p.Birth, p.Identifiers = "Lê Văn Khác", clinic.Date{Year: 1950}, nil
	})
	for range 3 {
		b.step()
	}
	for box, n := range map[string]int{"a": 1, "b": 1, "c": 0, "d": 0} {
		got := b.heard(box)
		if len(got) != n {
			t.Fatalf("%s hears %d", box, len(got))
		}
		for _, r := range got {
			l := r.Body.(*clinic.Link)
			if l.ByPerson() || !l.Same || !r.CentreSigned(b.key.Public().(ed25519.PublicKey)) {
				t.Errorf("%s: %+v", box, l)
			}
		}
	}
	if err := b.db.Holds(t.Context(), "d", []clinic.ID{{2}}); err != nil { // it was given what b wrote
		t.Fatal(err)
	}
	b.step()
	if len(b.heard("d")) != 1 {
		t.Error("a box that holds one of the two since hears nothing")
	}
	// What a person at a box says goes to the others as it was said.
	last := b.heard("b")[0]
	leaf := b.write("b", clinic.Draft{Kind: clinic.KindLink, Subject: clinic.ID{2}, Corrects: last.Leaf, Body: &clinic.Link{Other: append([]byte{1}, make([]byte, 15)...)}})
	b.step()
	if got := b.heard("a"); len(got) != 2 || got[1].Leaf != leaf {
		t.Errorf("a hears %d", len(got))
	}
	if len(b.heard("b")) != 1 || len(b.person("a", 1)) != 1 {
		t.Error("a box hears what it said itself, or the answer does not count")
	}
	if c, err := b.Counts(t.Context()); err != nil || c.Rule.One != 1 || c.Boxes != 1 || c.Patients != 3 || c.Waiting != 0 {
		t.Errorf("%+v %v", c, err)
	}
}

// TestBoxDoesNotSpeakForTheCentre: an answer that a box writes in the centre's name says
// nothing.
func TestBoxDoesNotSpeakForTheCentre(t *testing.T) {
	b := newBench(t, "a", "b")
	b.register("a", 1, nil)
	b.register("b", 2, func(p *clinic.Patient) { p.Name, p.Identifiers = "Lê Văn Khác", nil })
	b.write("a", clinic.Draft{Kind: clinic.KindLink, Subject: clinic.ID{1}, Body: &clinic.Link{
		Other: append([]byte{2}, make([]byte, 15)...), Same: true, Centre: &clinic.CentreLink{By: clinic.CentreOperator, Who: "op"},
	}})
	b.step()
	if len(b.heard("a"))+len(b.heard("b")) > 0 {
		t.Error("it was carried on")
	}
}

// TestDesk: a pair waits, is put off, linked, taken back, told apart, and asked no more.
func TestDesk(t *testing.T) {
	b := newBench(t, "a", "b")
	ctx := t.Context()
	b.register("a", 1, nil)
	b.register("b", 2, func(p *clinic.Patient) { p.Name = "NGUYEN THI HOA" })
	b.step()
	waiting := func(later bool, n int) {
		t.Helper()
		ws, err := b.Waiting(ctx, later, 10)
		if err != nil || len(ws) != n {
			t.Fatalf("%d wait (later: %v), want %d: %v", len(ws), later, n, err)
		}
	}
	waiting(false, 1)
	if len(b.notes) > 0 {
		t.Error("the list shows nobody, and somebody was looked at")
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(b.decide(1, 2, merge.DoLater))
	waiting(false, 0)
	waiting(true, 1)
	must(b.decide(1, 2, merge.DoSame))
	b.step()
	waiting(true, 0)
	if len(b.person("a", 1)) != 2 || len(b.person("b", 2)) != 2 {
		t.Fatal("not linked")
	}
	if err := b.decide(1, 2, merge.DoSame); !errors.Is(err, merge.ErrChanged) {
		t.Error("said twice:", err)
	}
	must(b.decide(1, 2, merge.DoOpen))
	b.step()
	waiting(false, 1)
	if len(b.person("a", 1)) != 1 {
		t.Fatal("taken back, and still linked")
	}
	old, err := b.Look(ctx, "op", clinic.ID{1}, clinic.ID{2})
	must(err)
	must(b.decide(1, 2, merge.DoApart))
	b.step()
	waiting(false, 0)
	if err := b.Answer(ctx, "op", merge.Decision{A: clinic.ID{1}, B: clinic.ID{2}, Do: merge.DoSame, Mark: old.Mark}); !errors.Is(err, merge.ErrChanged) {
		t.Error("an old page counts:", err)
	}
	b.register("b", 2, nil) // all agrees by now, and a person said no
	b.step()
	waiting(false, 0)
	if len(b.person("a", 1)) != 1 {
		t.Error("the rule links whom a person told apart")
	}
	p, err := b.Look(ctx, "op", clinic.ID{1}, clinic.ID{2})
	if err != nil || len(p.Said) != 3 || p.Said[0].Link.Centre.Who != "op" {
		t.Fatalf("%+v %v", p, err)
	}
	if got, err := b.Decided(ctx, 10); err != nil || len(got) != 3 || got[0].Same || got[0].Centre.Open {
		t.Errorf("%+v %v", got, err)
	}
	if len(b.notes) < 9 {
		t.Errorf("the history has %q", b.notes)
	}
	if _, err := b.Look(ctx, "op", clinic.ID{1}, clinic.ID{7}); !errors.Is(err, hub.ErrPair) {
		t.Error("nobody:", err)
	}
}

// TestConflictsAreCounted: allergies and details that boxes wrote apart.
func TestConflictsAreCounted(t *testing.T) {
	b := newBench(t, "a", "b")
	counts := func(want hub.Conflicts) {
		t.Helper()
		b.step()
		if c, err := b.Counts(t.Context()); err != nil || c.Conflicts != want {
			t.Fatalf("%+v, want %+v: %v", c.Conflicts, want, err)
		}
	}
	b.register("a", 1, nil)
	counts(hub.Conflicts{})
	first := b.write("a", clinic.Draft{Kind: clinic.KindAllergies, Subject: clinic.ID{1}, Body: &clinic.Allergies{Asked: true}})
	second := b.write("b", clinic.Draft{Kind: clinic.KindAllergies, Subject: clinic.ID{1}, Body: &clinic.Allergies{Items: []clinic.Allergy{{Substance: "Tôm"}}}})
	counts(hub.Conflicts{Allergies: 1})
	b.write("a", clinic.Draft{Kind: clinic.KindAllergies, Subject: clinic.ID{1}, Corrects: first, Body: &clinic.Allergies{Merges: [][]byte{second[:]}}})
	b.register("b", 1, nil)
	counts(hub.Conflicts{Details: 1})
}

// faults fails calls that change something, as it is told.
type faults struct {
	merge.DB
	dbtest.Once
}

func (f *faults) Index(ctx context.Context, found []hub.Found, rows []hub.Indexed) error {
	return f.Do(func() error { return f.DB.Index(ctx, found, rows) })
}

func (f *faults) JudgedPatient(ctx context.Context, t hub.Todo) error {
	return f.Do(func() error { return f.DB.JudgedPatient(ctx, t) })
}

func (f *faults) ToldPatient(ctx context.Context, t hub.Todo) error {
	return f.Do(func() error { return f.DB.ToldPatient(ctx, t) })
}

func (f *faults) SetKeys(ctx context.Context, id clinic.ID, keys [][12]byte) error {
	return f.Do(func() error { return f.DB.SetKeys(ctx, id, keys) })
}

func (f *faults) Pair(ctx context.Context, p hub.PairAct) error {
	return f.Do(func() error { return f.DB.Pair(ctx, p) })
}

func (f *faults) SetConflicts(ctx context.Context, ids []clinic.ID, allergies, details bool) error {
	return f.Do(func() error { return f.DB.SetConflicts(ctx, ids, allergies, details) })
}

func (f *faults) Sites(ctx context.Context, boxes []hub.Box) error {
	return f.Do(func() error { return f.DB.Sites(ctx, boxes) })
}

func (f *faults) Tell(ctx context.Context, box string, digests [][32]byte, encode func(int) (hub.Down, error)) (n int, err error) {
	err = f.Do(func() error {
		n, err = f.DB.Tell(ctx, box, digests, encode)
		return err
	})
	return n, err
}

// TestFaultAnywhere: whatever change fails, applied or not, the next step ends with the
// same: each pair said once, each box told once.
func TestFaultAnywhere(t *testing.T) {
	story := func(t *testing.T, at int, applied bool) (calls int) {
		b := newBench(t, "a", "b", "c")
		b.fault.At, b.fault.Applied = at, applied
		b.register("a", 1, nil)
		b.register("b", 2, nil)
		b.register("c", 3, func(p *clinic.Patient) { p.Name = "NGUYEN THI HOA" })
		for range 2 {
			if err := b.Step(t.Context()); err != nil && !errors.Is(err, dbtest.ErrFault) {
				t.Fatal(err)
			}
		}
		calls = b.fault.Calls
		b.step()
		if x, y, z := b.heard("a"), b.heard("b"), b.heard("c"); len(x) != 1 || len(y) != 1 || len(z) != 0 || x[0].Leaf != y[0].Leaf {
			t.Errorf("fault %d (applied %v): %d, %d and %d heard", at, applied, len(x), len(y), len(z))
		}
		if c, err := b.Counts(t.Context()); err != nil || c.Waiting != 2 || c.Rule.One != 1 || c.Unread != 0 {
			t.Errorf("fault %d (applied %v): %+v %v", at, applied, c, err)
		}
		return calls
	}
	n := story(t, 0, false)
	if n < 15 {
		t.Fatalf("only %d changes", n)
	}
	every := 1
	if testing.Short() {
		every = 4
	}
	for at := 1; at <= n; at += every {
		for _, applied := range []bool{false, true} {
			t.Run(fmt.Sprint(at, applied), func(t *testing.T) { story(t, at, applied) })
		}
	}
}
