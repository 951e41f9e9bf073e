package clinic_test

import (
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"clinicbox/clinic"
)

// history makes records as a store would: each with its own leaf.
type history struct {
	patient, visit, doctor clinic.ID
	records                []clinic.Record
}

func newHistory() *history {
	return &history{patient: clinic.ID{1}, visit: clinic.ID{2}, doctor: clinic.ID{3}}
}

func (h *history) add(hlc uint64, body any, corrects clinic.Leaf) clinic.Leaf {
	kinds := map[reflect.Type]clinic.Kind{}
	for k := range clinic.Kind(64) {
		if b := clinic.NewBody(k); b != nil {
			kinds[reflect.TypeOf(b)] = k
		}
	}
	r := clinic.Record{
		Kind: kinds[reflect.TypeOf(body)], Subject: h.patient, Visit: h.visit, Author: h.doctor, HLC: hlc,
		Corrects: corrects, Body: body, Ref: clinic.Ref{Journal: clinic.Own, Index: uint64(len(h.records))},
	}
	if r.Kind == clinic.KindPatient || r.Kind == clinic.KindAllergies {
		r.Visit = clinic.ID{}
	}
	r.Leaf = sha256.Sum256([]byte{byte(len(h.records)), byte(hlc), byte(r.Kind)})
	h.records = append(h.records, r)
	return r.Leaf
}

func (h *history) sign(hlc uint64, leaves ...clinic.Leaf) {
	s := &clinic.Signed{Method: 1}
	for _, l := range leaves {
		s.Leaves = append(s.Leaves, slices.Clone(l[:]))
	}
	h.add(hlc, s, clinic.Leaf{})
}

func (h *history) fold() clinic.VisitFile { return clinic.FoldVisit(h.visit, h.records) }

func TestVisitStates(t *testing.T) {
	h := newHistory()
	want := func(s clinic.VisitState) {
		t.Helper()
		if got := h.fold().State; got != s {
			t.Fatalf("after %d records the state is %d, want %d", len(h.records), got, s)
		}
	}
	want(clinic.VisitWaiting)
	h.add(1, &clinic.Visit{Key: "k"}, clinic.Leaf{})
	want(clinic.VisitWaiting)
	vitals := h.add(2, &clinic.Vitals{Pulse: 70}, clinic.Leaf{})
	want(clinic.VisitMeasured)
	exam := h.add(3, &clinic.Exam{Reason: "ho"}, clinic.Leaf{})
	want(clinic.VisitOpen)
	h.sign(4, vitals, exam)
	want(clinic.VisitSigned)
	amended := h.add(5, &clinic.Exam{Reason: "sốt"}, exam)
	want(clinic.VisitAmended)
	f := h.fold()
	doc := f.Doc(clinic.KindExam)
	switch {
	case doc.State != clinic.DocAmended, len(doc.Versions) != 2, doc.Leaf() != amended:
		t.Fatalf("%+v", doc)
	case clinic.BodyOf[clinic.Exam](doc).Reason != "sốt", doc.Versions[0].Record.Body.(*clinic.Exam).Reason != "ho":
		t.Fatal("the old version is not readable")
	case len(doc.Versions[0].Signed) != 1, doc.Versions[0].Signed[0].By != h.doctor, len(doc.Versions[1].Signed) != 0:
		t.Fatal("who signed which version is lost")
	case !slices.Equal(f.Unsigned(), []clinic.Leaf{amended}):
		t.Fatal("what waits for a signature is not the amendment alone")
	}
	h.sign(6, amended)
	want(clinic.VisitSigned)
	h.add(7, &clinic.Bill{}, clinic.Leaf{})
	want(clinic.VisitSigned) // the cashier needs no doctor
	h.add(8, &clinic.Vitals{Pulse: 90}, clinic.Leaf{})
	want(clinic.VisitAmended)
	if f := h.fold(); len(f.Unsigned()) != 2 {
		t.Fatal("the next signature does not cover the bill")
	}

	h = newHistory()
	h.add(1, &clinic.Visit{}, clinic.Leaf{})
	h.add(2, &clinic.VisitEnded{Why: "về"}, clinic.Leaf{})
	want(clinic.VisitClosed)
}

func TestSeenNamesWhatIsSigned(t *testing.T) {
	h := newHistory()
	h.add(1, &clinic.Exam{Reason: "ho"}, clinic.Leaf{})
	a := h.fold()
	h.add(2, &clinic.Diagnosis{Main: "J00"}, clinic.Leaf{})
	b := h.fold()
	if a.Seen() == b.Seen() || len(a.Seen()) != 32 {
		t.Fatalf("%q and %q", a.Seen(), b.Seen())
	}
}

// Two boxes corrected the same entry apart from each other.
func TestConflictKeepsBoth(t *testing.T) {
	h := newHistory()
	first := h.add(1, &clinic.Exam{Reason: "1"}, clinic.Leaf{})
	h.add(3, &clinic.Exam{Reason: "3"}, first)
	h.add(2, &clinic.Exam{Reason: "2"}, first)
	f := h.fold()
	d := f.Doc(clinic.KindExam)
	if !d.Conflict || len(d.Versions) != 3 || clinic.BodyOf[clinic.Exam](d).Reason != "3" {
		t.Fatalf("%+v", d)
	}
	if d.Versions[0].Conflict || !d.Versions[1].Conflict || !d.Versions[2].Conflict {
		t.Fatal("the versions in conflict are not the flagged ones")
	}
}

// A correction counts even if its box's clock was behind.
func TestCorrectionBeatsClock(t *testing.T) {
	h := newHistory()
	first := h.add(100, &clinic.Exam{Reason: "wrong"}, clinic.Leaf{})
	second := h.add(50, &clinic.Exam{Reason: "right"}, first)
	h.add(10, &clinic.Exam{Reason: "right again"}, second)
	f := h.fold()
	if got := clinic.BodyOf[clinic.Exam](f.Doc(clinic.KindExam)).Reason; got != "right again" {
		t.Fatalf("current is %q", got)
	}
}

func TestHostileRecords(t *testing.T) {
	h := newHistory()
	exam := h.add(1, &clinic.Exam{Reason: "ho"}, clinic.Leaf{})
	h.add(2, &clinic.Diagnosis{Main: "J00"}, exam)           // corrects another kind
	h.add(3, &clinic.Exam{Reason: "orphan"}, clinic.Leaf{9}) // corrects what is not here
	h.add(4, &clinic.Exam{Reason: "orphan 2"}, clinic.Leaf{9})
	self := h.add(5, &clinic.Vitals{Pulse: 70}, clinic.Leaf{})
	h.records[len(h.records)-1].Corrects = self // itself: no hash can, damage may
	h.sign(6, clinic.Leaf{1})
	h.records[len(h.records)-1].Body.(*clinic.Signed).Leaves = [][]byte{nil, {1}, make([]byte, 33)}
	other := h.add(7, &clinic.Exam{Reason: "of another patient"}, clinic.Leaf{})
	h.records[len(h.records)-1].Subject = clinic.ID{77}
	h.add(8, nil, clinic.Leaf{})
	h.records[len(h.records)-1].Kind = 999
	f := h.fold()
	switch {
	case f.Find(other) != nil:
		t.Error("a document of another patient is in the visit")
	case len(f.Docs(clinic.KindExam)) != 2, len(f.Docs(clinic.KindVitals)) != 1, len(f.Docs(clinic.KindDiagnosis)) != 1:
		t.Errorf("%d documents", len(f.Documents))
	case len(f.Unknown) != 1, len(f.Docs(clinic.KindExam)[1].Versions) != 2:
		t.Error("an unknown kind or an orphan is lost")
	}
	// A ring of corrections must end.
	h.records[0].Corrects, h.records[2].Corrects = h.records[2].Leaf, exam
	h.fold()
}

func TestAllergies(t *testing.T) {
	h := newHistory()
	state := func(s clinic.AllergyState, items int, conflict bool) {
		t.Helper()
		a := clinic.FoldPatient(h.patient, h.records).Allergies
		if a.State != s || len(a.Items) != items || a.Conflict != conflict {
			t.Fatalf("%+v", a)
		}
	}
	list := func(names ...string) *clinic.Allergies {
		a := &clinic.Allergies{Asked: true}
		for _, n := range names {
			a.Items = append(a.Items, clinic.Allergy{Substance: n})
		}
		return a
	}
	state(clinic.AllergiesNotAsked, 0, false)
	none := h.add(1, list(), clinic.Leaf{})
	state(clinic.AllergiesNoneKnown, 0, false)
	a := h.add(2, list("penicillin"), none)
	state(clinic.AllergiesKnown, 1, false)
	b := h.add(3, list("aspirin", "penicillin"), none) // by another box at the same time
	state(clinic.AllergiesKnown, 2, true)
	merged := list("aspirin")
	merged.Merges = [][]byte{slices.Clone(a[:]), {1, 2, 3}}
	last := h.add(4, merged, b)
	state(clinic.AllergiesKnown, 1, false)
	h.add(5, list(), last)
	state(clinic.AllergiesNoneKnown, 0, false)
}

// Any order of the records, and any of them twice, gives the same pages.
func TestFoldDoesNotDependOnOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		h := newHistory()
		h.add(1, &clinic.Patient{Name: "A"}, clinic.Leaf{})
		h.add(2, &clinic.Visit{Key: "k"}, clinic.Leaf{})
		leaves := []clinic.Leaf{{}, {}, {200}}
		for range 2 + rng.IntN(12) {
			bodies := []any{
				&clinic.Vitals{Pulse: 60 + rng.IntN(9)}, &clinic.Exam{Reason: "x"}, &clinic.Exam{Reason: "y"},
				&clinic.Diagnosis{Main: "J00"}, &clinic.Appointment{Slip: "s"}, &clinic.Allergies{Asked: true},
				&clinic.Patient{Name: "B"}, &clinic.Paper{Copy: 1}, &clinic.VisitEnded{Why: "w"},
			}
			hlc := uint64(rng.IntN(8)) // many alike: ties must be decided too
			if rng.IntN(4) == 0 {
				h.sign(hlc, leaves[rng.IntN(len(leaves))])
				continue
			}
			leaves = append(leaves, h.add(hlc, bodies[rng.IntN(len(bodies))], leaves[rng.IntN(len(leaves))]))
		}
		want, _ := json.Marshal(clinic.FoldPatient(h.patient, h.records))
		for range 5 {
			again := append(slices.Clone(h.records), h.records[rng.IntN(len(h.records))])
			rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			if got, _ := json.Marshal(clinic.FoldPatient(h.patient, again)); string(got) != string(want) {
				t.Fatalf("round %d: another order, another page:\n%s\n%s", round, want, got)
			}
		}
	}
}

// TestChosenDetailsBeatTheClock: what somebody chose, or corrected, holds whatever the
// clock of the box said that wrote the other version.
func TestChosenDetailsBeatTheClock(t *testing.T) {
	h := newHistory()
	one := h.add(5, &clinic.Patient{Name: "one"}, clinic.Leaf{})
	ahead := h.add(9000, &clinic.Patient{Name: "ahead"}, one)
	mine := h.add(6, &clinic.Patient{Name: "mine"}, one)
	if p := clinic.FoldPatient(h.patient, h.records); p.Now.Name != "ahead" || !p.Parts[0].Conflict() {
		t.Fatalf("until somebody chooses: %+v", p.Now)
	}
	chosen := h.add(7, &clinic.Patient{Name: "chosen", Merges: [][]byte{ahead[:]}}, mine)
	h.add(8, &clinic.Patient{Name: "typed later"}, chosen)
	rand.Shuffle(len(h.records), func(i, j int) { h.records[i], h.records[j] = h.records[j], h.records[i] })
	p := clinic.FoldPatient(h.patient, h.records)
	if last := p.Versions[len(p.Versions)-1]; p.Now.Name != "typed later" || last.Body != any(p.Own()) || len(p.Versions) != 5 || p.Parts[0].Conflict() {
		t.Fatalf("shown is %+v of %d versions", p.Now, len(p.Versions))
	}
}

func TestFoldPatient(t *testing.T) {
	h := newHistory()
	h.add(1, &clinic.Patient{Name: "old"}, clinic.Leaf{})
	h.add(2, &clinic.Patient{Name: "new"}, clinic.Leaf{})
	h.add(3, &clinic.Visit{Key: "1"}, clinic.Leaf{})
	h.visit = clinic.ID{9}
	h.add(4, &clinic.Visit{Key: "2"}, clinic.Leaf{})
	p := clinic.FoldPatient(h.patient, h.records)
	if p.Now.Name != "new" || len(p.Versions) != 2 || len(p.Visits) != 2 || p.Visits[0].Visit.Key != "2" {
		t.Fatalf("%+v", p)
	}
	if p.Visit(clinic.ID{2}) == nil || p.Visit(clinic.ID{5}) != nil {
		t.Fatal("a visit is not found, or one that is not there is")
	}
	if q := clinic.FoldPatient(clinic.ID{8}, h.records); q.Now != nil || len(q.Visits) != 0 {
		t.Fatal("records of one patient are in the file of another")
	}
}
