package clinic

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"testing"
)

// testKey is a key that is the same in every run.
func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// TestSignatureBindsEverything: a signature fits its key, patient, visit and
// documents in their order, and nothing else.
func TestSignatureBindsEverything(t *testing.T) {
	key, patient, visit := testKey("bác sĩ"), ID{1}, ID{2}
	a, b := Leaf{3}, Leaf{4}
	s := Signed{Method: 1, Leaves: [][]byte{a[:], b[:]}}
	if s.Fits(public(key), patient, visit) {
		t.Error("no signature fits")
	}
	if err := s.SignWith(key, patient, visit); err != nil {
		t.Fatal(err)
	}
	if !s.Fits(public(key), patient, visit) {
		t.Fatal("the signature does not fit")
	}
	for i := range s.Sig {
		bad := s
		bad.Sig = slices.Clone(s.Sig)
		bad.Sig[i] ^= 1
		if bad.Fits(public(key), patient, visit) {
			t.Errorf("byte %d of the signature may be anything", i)
		}
	}
	other := testKey("ai đó")
	named := s
	named.Key = KeyIDOf(public(other))
	swapped, fewer, longer := s, s, s
	swapped.Leaves = [][]byte{b[:], a[:]}
	fewer.Leaves = s.Leaves[:1]
	longer.Leaves = [][]byte{append(slices.Clone(a[:]), b[:1]...), b[1:]}
	for what, fits := range map[string]bool{
		"another key": s.Fits(public(other), patient, visit), "another name": named.Fits(public(other), patient, visit),
		"another patient": s.Fits(public(key), ID{9}, visit), "another visit": s.Fits(public(key), patient, ID{9}),
		"another order": swapped.Fits(public(key), patient, visit), "fewer": fewer.Fits(public(key), patient, visit),
		"other cuts": longer.Fits(public(key), patient, visit), "no key": s.Fits(nil, patient, visit),
	} {
		if fits {
			t.Error("the signature fits", what)
		}
	}
}

// TestBrokenSignatureConfirmsNothing: a confirmation that does not fit, or by a key
// that is not good, is shown, and the documents wait for a signature as if it were not there.
func TestBrokenSignatureConfirmsNothing(t *testing.T) {
	patient, visit, doc := ID{1}, ID{2}, Leaf{3}
	records := []Record{
		{Kind: KindVisit, Leaf: Leaf{9}, Subject: patient, Visit: visit, HLC: 1, Body: &Visit{}},
		{Kind: KindExam, Leaf: doc, Subject: patient, Visit: visit, HLC: 2, Body: &Exam{}},
		{Kind: KindSigned, Leaf: Leaf{4}, Subject: patient, Visit: visit, HLC: 3, Body: &Signed{Leaves: [][]byte{doc[:]}}},
	}
	for state, want := range map[SignatureState]VisitState{
		SignatureKeyless: VisitSigned, SignatureGood: VisitSigned, SignatureUnconfirmed: VisitSigned,
		SignatureRevoked: VisitOpen, SignatureBroken: VisitOpen, SignatureUnknown: VisitOpen,
	} {
		v := FoldVisit(visit, records)
		v.JudgeSignatures(func(*Record) SignatureState { return state })
		if v.State != want || len(v.Signed) != 1 || v.Signed[0].State != state || (len(v.Unsigned()) == 1) == state.Counts() || (len(v.Voids()) == 0) != state.Counts() {
			t.Errorf("state %d: the visit is %d, signed %+v, unsigned %v", state, v.State, v.Signed, v.Unsigned())
		}
		ver := v.FindVersion(doc)
		if shown := append(slices.Clone(ver.Signed), ver.Void...); len(shown) != 1 || shown[0].State != state || (len(ver.Signed) == 1) != state.Counts() {
			t.Errorf("state %d: the document shows %+v and %+v", state, ver.Signed, ver.Void)
		}
	}
}
