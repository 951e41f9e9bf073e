package entry_test

import (
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
)

// TestGolden freezes the bytes of kinds: they are in journals for ever.
func TestGolden(t *testing.T) {
	a, b := clinic.ID{1}, clinic.ID{2}
	for _, c := range []struct {
		name, want string
		draft      clinic.Draft
	}{
		{"link", goldenLink, clinic.Draft{
			Kind: clinic.KindLink, Subject: a, Corrects: clinic.Leaf{3}, Why: "cùng số",
			Body: &clinic.Link{Other: b[:], Same: true, Merges: [][]byte{{4}}},
		}},
		{"not the same", goldenUnlink, clinic.Draft{Kind: clinic.KindLink, Subject: a, Body: &clinic.Link{Other: b[:]}}},
		{"newborn", goldenNewborn, clinic.Draft{Kind: clinic.KindPatient, Subject: a, Body: &clinic.Patient{
			Name: "Con bà A", Folded: "con ba a", Birth: clinic.Date{Year: 2026, Month: 11, Day: 2}, Sex: clinic.SexFemale,
			Mother: b[:], Order: 2, BirthTime: "06:05", BornGrams: 2950, Unnamed: true,
		}}},
		{"second of two, born here", goldenTwin, clinic.Draft{Kind: clinic.KindPatient, Subject: a, Body: &clinic.Patient{
			Name: "Con bà A 2/2", Folded: "con ba a 2/2", Birth: clinic.Date{Year: 2026, Month: 11, Day: 2}, Sex: clinic.SexMale,
			Mother: b[:], Order: 2, Of: 2, Born: clinic.BornHere, Unnamed: true,
			Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034226000001", Unsure: true}},
		}}},
	} {
		c.draft.Event = time.Unix(1_790_000_000, 0)
		got, err := entry.Encode(c.draft, clinic.ID{8}, clinic.ID{9}, 7<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(got) != c.want {
			t.Errorf("%s: %x", c.name, got)
		}
		r, err := entry.Decode(got, clinic.Ref{}, clinic.Leaf{})
		if err != nil || !reflect.DeepEqual(r.Body, c.draft.Body) {
			t.Errorf("%s: %+v, %v", c.name, r.Body, err)
		}
	}
}

const (
	goldenLink    = "ab0101020d035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000a582003000000000000000000000000000000000000000000000000000000000000000b6a63c3b96e672073e1bb910ca301500200000000000000000000000000000002f503814104"
	goldenUnlink  = "a90101020d035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000ca1015002000000000000000000000000000000"
	goldenTwin    = "a90101020a035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000caa016d436f6e2062c3a0204120322f32026c636f6e206261206120322f3203a3011907ea020b030204010581a30101026c30333432323630303030303108f50d50020000000000000000000000000000000e0211f512021301"
	goldenNewborn = "a90101020a035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000ca90169436f6e2062c3a020410268636f6e206261206103a3011907ea020b030204020d50020000000000000000000000000000000e020f6530363a303510190b8611f5"
)
