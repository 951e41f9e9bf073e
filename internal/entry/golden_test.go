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

// TestGoldenRow: a row of a catalogue as the first versions wrote it says the same.
func TestGoldenRow(t *testing.T) {
	old, err := hex.DecodeString(goldenRow)
	if err != nil {
		t.Fatal(err)
	}
	day := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	want := &clinic.CatalogRow{
		Catalog: "medicine", Code: "PARA500", Name: "Paracetamol", English: "paracetamol", From: day(2020, 1, 1), To: day(2026, 12, 31),
		Version: "1", Source: "s", Strength: "500 mg", Form: "viên nén", Unit: "viên", Route: "uống", ATC: "N02BE01", Price: 400, Years: 3, Applies: "*",
	}
	r, err := entry.Decode(old, clinic.Ref{}, clinic.Leaf{})
	if err != nil || !reflect.DeepEqual(r.Body, want) {
		t.Errorf("%+v, %v", r.Body, err)
	}
	again, err := entry.Encode(clinic.Draft{Kind: r.Kind, Body: r.Body, Event: r.Event}, r.Act, r.Author, r.HLC, true)
	if err != nil || hex.EncodeToString(again) != goldenRow {
		t.Errorf("%x, %v", again, err)
	}
}

// TestGoldenNewRow freezes what rows say since.
func TestGoldenNewRow(t *testing.T) {
	row := &clinic.CatalogRow{
		Catalog: "labtest", Code: "HB", Name: "Huyết sắc tố", From: clinic.Date{Year: 2020, Month: 1, Day: 1}, Unit: "g/dL", Parent: "XNMAU", Flags: "free",
		Registration: "893110000026", Tender: "QĐ1;G1;N1;2026", Group: "1", Insured: 100, Value: "1",
		Ranges: []clinic.RefRange{{Sex: clinic.SexFemale, AgeFrom: 5478, AgeTo: 20000, Low: 12_000, High: 15_500, CritLow: 7000, CritHigh: 20_000, Text: "x"}},
	}
	b, err := entry.Encode(clinic.Draft{Kind: clinic.KindCatalogRow, Body: row, Event: time.Unix(1_790_000_000, 0)}, clinic.ID{8}, clinic.ID{9}, 7<<16, true)
	if err != nil || hex.EncodeToString(b) != goldenNewRow {
		t.Errorf("%x, %v", b, err)
	}
	r, err := entry.Decode(b, clinic.Ref{}, clinic.Leaf{})
	if err != nil || !reflect.DeepEqual(r.Body, row) {
		t.Errorf("%+v, %v", r.Body, err)
	}
}

const (
	goldenRow     = "a701010203035001000000000000000000000000000000041a00070000053b0000000e7791f6ff06f50cb001686d65646963696e65026750415241353030036b50617261636574616d6f6c046b70617261636574616d6f6c05a3011907e40201030106a3011907ea020c03181f0761310861730966353030206d670a6a7669c3aa6e206ec3a96e0b657669c3aa6e0c6675e1bb916e670d674e3032424530310e1901900f0310612a"
	goldenNewRow  = "a801010203035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000cad01676c616274657374026248420372487579e1babf742073e1baaf632074e1bb9105a3011907e4020103010b64672f644c1165584e4d4155126466726565146c383933313130303030303236156f51c490313b47313b4e313b32303236166131171864181881a801020219156603194e2004192ee005193c8c06191b5807194e2008617818196131"
	goldenLink    = "ab0101020d035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000a582003000000000000000000000000000000000000000000000000000000000000000b6a63c3b96e672073e1bb910ca301500200000000000000000000000000000002f503814104"
	goldenUnlink  = "a90101020d035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000ca1015002000000000000000000000000000000"
	goldenTwin    = "a90101020a035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000caa016d436f6e2062c3a0204120322f32026c636f6e206261206120322f3203a3011907ea020b030204010581a30101026c30333432323630303030303108f50d50020000000000000000000000000000000e0211f512021301"
	goldenNewborn = "a90101020a035008000000000000000000000000000000041a00070000051a6ab13b8006f50750090000000000000000000000000000000850010000000000000000000000000000000ca90169436f6e2062c3a020410268636f6e206261206103a3011907ea020b030204020d50020000000000000000000000000000000e020f6530363a303510190b8611f5"
)
