package clinic_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"clinicbox/clinic"
)

// fakeJudge believes a signature that is the content itself.
func fakeJudge(c clinic.LegalClaim) clinic.LegalVerdict {
	if !bytes.Equal(c.Content, c.Signed.Sig) {
		return clinic.LegalVerdict{Problem: clinic.LegalBadContent}
	}
	return clinic.LegalVerdict{Valid: true, Subject: "Nguyễn Thị Mẫu", Serial: "1f"}
}

func slipBody(n int) *clinic.Appointment {
	s, err := clinic.NewSlip("22736", "a", n)
	if err != nil {
		panic(err)
	}
	return &clinic.Appointment{Slip: s}
}

func (h *history) record(leaf clinic.Leaf) *clinic.Record {
	i := slices.IndexFunc(h.records, func(r clinic.Record) bool { return r.Leaf == leaf })
	return &h.records[i]
}

func (h *history) legal(hlc uint64, leaf clinic.Leaf, role clinic.LegalRole, of clinic.Leaf) {
	content, err := clinic.LegalContent(h.record(of))
	if err != nil {
		panic(err)
	}
	h.add(hlc, &clinic.LegalSigned{Leaf: leaf[:], Role: role, Format: clinic.LegalCMS, Sig: content}, clinic.Leaf{})
}

func (h *history) ask(hlc uint64, leaf clinic.Leaf, roles ...clinic.LegalRole) {
	h.add(hlc, &clinic.LegalAsked{Leaves: [][]byte{leaf[:]}, Roles: roles, Where: clinic.LegalAtCentre}, clinic.Leaf{})
}

// The bytes that are signed are frozen: signatures outlive every program.
func TestLegalContentIsFrozen(t *testing.T) {
	h := newHistory()
	rx := h.add(1, &clinic.Prescription{Code: "22736a000012-C", Lines: []clinic.DrugLine{{Name: "X"}}}, clinic.Leaf{})
	slip := h.add(2, slipBody(12), clinic.Leaf{})
	var got []byte
	for _, l := range []clinic.Leaf{rx, slip} {
		b, err := clinic.LegalContent(h.record(l))
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b...)
	}
	want, err := os.ReadFile("testdata/legal-v1.txt")
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%v; got\n%s", err, got)
	}
}

func TestLegalContentBindsEverything(t *testing.T) {
	h := newHistory()
	leaf := h.add(1, slipBody(12), clinic.Leaf{})
	base, _ := clinic.LegalContent(h.record(leaf))
	for name, change := range map[string]func(*clinic.Record){
		"leaf":    func(r *clinic.Record) { r.Leaf[31] ^= 1 },
		"patient": func(r *clinic.Record) { r.Subject[1] ^= 1 },
		"visit":   func(r *clinic.Record) { r.Visit[1] ^= 1 },
		"number":  func(r *clinic.Record) { r.Body = slipBody(13) },
	} {
		r := *h.record(leaf)
		change(&r)
		if b, err := clinic.LegalContent(&r); err != nil || bytes.Equal(b, base) {
			t.Errorf("%s is not bound (%v)", name, err)
		}
	}
	for name, change := range map[string]func(*clinic.Record){
		"no number":  func(r *clinic.Record) { r.Body = &clinic.Appointment{Slip: "x\nfacility: y"} },
		"no legal":   func(r *clinic.Record) { r.Kind = clinic.KindExam },
		"no body":    func(r *clinic.Record) { r.Body = nil },
		"no patient": func(r *clinic.Record) { r.Subject = clinic.ID{} },
		"no visit":   func(r *clinic.Record) { r.Visit = clinic.ID{} },
	} {
		r := *h.record(leaf)
		change(&r)
		if _, err := clinic.LegalContent(&r); err == nil {
			t.Errorf("%s: content for nothing", name)
		}
	}
}

func TestLegalStates(t *testing.T) {
	h := newHistory()
	slip := h.add(1, slipBody(1), clinic.Leaf{})
	want := func(s clinic.LegalState, broken bool) *clinic.Legal {
		t.Helper()
		v := h.fold()
		v.JudgeLegal(fakeJudge)
		l := v.FindVersion(slip).Legal
		if l.State != s || l.Broken != broken {
			t.Fatalf("state %d, broken %v; %+v", l.State, l.Broken, l.Signatures)
		}
		return l
	}
	want(clinic.LegalNone, false)
	h.ask(2, slip, clinic.LegalPractitioner, clinic.LegalFacility)
	if l := want(clinic.LegalPending, false); !l.Waits(clinic.LegalFacility) || !l.Asks(clinic.LegalFacility, clinic.LegalAtCentre) || l.Asks(clinic.LegalFacility, clinic.LegalAtStation) {
		t.Fatal("what was asked for is lost")
	}
	h.legal(3, slip, clinic.LegalPractitioner, slip)
	if l := want(clinic.LegalPending, false); l.Waits(clinic.LegalPractitioner) || !l.Waits(clinic.LegalFacility) {
		t.Fatal("half is not half")
	}
	h.legal(4, slip, clinic.LegalPractitioner, slip) // twice the same role is not the other one
	want(clinic.LegalPending, false)
	other := h.add(5, slipBody(2), clinic.Leaf{7})
	h.legal(6, slip, clinic.LegalFacility, other) // over another document
	want(clinic.LegalPending, true)
	h.legal(7, slip, clinic.LegalFacility, slip)
	want(clinic.LegalDone, true)
	if v := h.fold(); v.Find(slip).Versions[0].Legal.State != clinic.LegalPending || v.Find(slip).Versions[0].Legal.Broken {
		t.Fatal("a signature that nobody judged counts, or is called broken")
	}
	h.legal(8, clinic.Leaf{99}, clinic.LegalFacility, slip) // of a leaf that is not here
	want(clinic.LegalDone, true)

	corrected := h.add(9, slipBody(3), slip) // a correction begins at none
	if v := h.fold(); v.FindVersion(corrected).Legal.State != clinic.LegalNone {
		t.Fatal("a correction inherits signatures")
	}
	if v := h.fold(); v.FindVersion(clinic.Leaf{99}) != nil {
		t.Fatal("a version that is not there is found")
	}
}

// A claim of another patient, or of another visit, is not this document's.
func TestLegalIsBoundToPatientAndVisit(t *testing.T) {
	for _, change := range []func(*clinic.Record){
		func(r *clinic.Record) { r.Subject = clinic.ID{77} },
		func(r *clinic.Record) { r.Visit = clinic.ID{77} },
	} {
		h := newHistory()
		h.add(1, &clinic.Visit{Key: "k"}, clinic.Leaf{})
		rx := h.add(2, &clinic.Prescription{Code: "22736a000001-C"}, clinic.Leaf{})
		h.legal(3, rx, clinic.LegalPractitioner, rx)
		change(&h.records[2])
		v := h.fold()
		v.JudgeLegal(fakeJudge)
		if l := v.Doc(clinic.KindPrescribe).Current().Legal; l.State != clinic.LegalNone {
			t.Fatalf("state %d", l.State)
		}
	}
}

// Any order of the records, and any of them twice, gives the same states.
func TestLegalDoesNotDependOnOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for round := range 200 {
		h := newHistory()
		h.add(1, &clinic.Visit{Key: "k"}, clinic.Leaf{})
		leaves := []clinic.Leaf{h.add(2, slipBody(1), clinic.Leaf{}), h.add(2, &clinic.Prescription{Code: "22736a000001-C"}, clinic.Leaf{})}
		for n := range 3 + rng.IntN(9) {
			hlc, leaf := uint64(3+rng.IntN(4)), leaves[rng.IntN(len(leaves))]
			role := clinic.LegalRole(1 + rng.IntN(2))
			switch rng.IntN(4) {
			case 0:
				h.ask(hlc, leaf, role)
			case 1:
				leaves = append(leaves, h.add(hlc, slipBody(2+n), leaves[0]))
			default:
				h.legal(hlc, leaf, role, leaves[rng.IntN(len(leaves))])
			}
		}
		page := func(rs []clinic.Record) string {
			v := clinic.FoldVisit(h.visit, rs)
			v.JudgeLegal(fakeJudge)
			b, _ := json.Marshal(v)
			return string(b)
		}
		want := page(h.records)
		for range 5 {
			again := append(slices.Clone(h.records), h.records[rng.IntN(len(h.records))])
			rng.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
			if got := page(again); got != want {
				t.Fatalf("round %d: another order, another state", round)
			}
		}
	}
}
