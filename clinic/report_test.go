package clinic

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainly is enough of internal/fold for the names of this test: ASCII alone stays.
func plainly(s string) string {
	return strings.ToLower(strings.NewReplacer("ở", "o", "S", "s").Replace(s))
}

// TestMessageFitsOneSMS: whatever a catalogue calls a disease.
func TestMessageFitsOneSMS(t *testing.T) {
	for _, name := range []string{"Sốt xuất huyết Dengue", strings.Repeat("Bệnh dài ", 40), "[bệnh] {lạ} ^ \n\x00 đ", ""} {
		a := Alert{Name: name, ICD: "A97.1", Day: Date{Year: 2026, Month: 11, Day: 29}, Years: 34, Sex: SexFemale, Code: "22736a2611290012", Withdrawn: true}
		m := a.Message("22736", plainly)
		if len(m) > messageLen || !strings.Contains(m, "A97.1") || !strings.Contains(m, "22736a2611290012") || !strings.Contains(m, "34 tuoi") {
			t.Errorf("%d: %s", len(m), m)
		}
		if i := strings.IndexFunc(m, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune("[]{}\\^~|`", r) }); i >= 0 {
			t.Errorf("%q is not of the alphabet at %d", m, i)
		}
	}
	a := Alert{Name: "Sởi", ICD: "B05", Years: 1, Months: 2}
	if m := a.Message("22736", plainly); !strings.HasPrefix(m, "BAO DICH: soi (B05); 14 thang") {
		t.Error(m)
	}
	at := time.Date(2026, 11, 29, 8, 0, 0, 0, ICT)
	if a.Until(at) != at.Add(48*time.Hour) || (&Alert{Now: true}).Until(at) != at.Add(24*time.Hour) {
		t.Error("hours")
	}
}

// TestTallyIsAFunctionOfTheSet: in whatever order visits are added, and the sums of parts
// add up to the whole.
func TestTallyIsAFunctionOfTheSet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 5))
	type visit struct {
		person ID
		file   VisitFile
		p      *Patient
	}
	var all []visit
	var signed, insured, female, paracetamol int64
	people := map[ID]bool{}
	for i := range 500 {
		p := &Patient{Sex: Sex(1 + r.IntN(2)), Birth: Date{Year: 1930 + r.IntN(96), Month: 1, Day: 1}}
		v := visit{person: ID{byte(r.IntN(120))}, p: p}
		day := Date{Year: 2026, Month: 11, Day: 1 + r.IntN(30)}
		v.file = VisitFile{Visit: &Visit{Day: day}, State: VisitState(1 + r.IntN(6))}
		if r.IntN(2) == 0 {
			v.file.Visit.Insurance = "x"
		}
		n := Milli(r.IntN(30)) * 500
		body := &Prescription{Lines: []DrugLine{{Medicine: "PARA", Quantity: n}, {Medicine: "PARA", Quantity: n}}}
		v.file.Documents = []Document{{Kind: KindPrescribe, Versions: []Version{{Record: Record{Kind: KindPrescribe, Body: body}}}}}
		all = append(all, v)
		people[v.person] = true
		paracetamol += 2 * int64(n)
		if p.Sex == SexFemale {
			female++
		}
		if v.file.Visit.Insurance != "" {
			insured++
		}
		if v.file.State == VisitSigned || v.file.State == VisitAmended {
			signed++
		}
		if i%50 == 0 { // opened by mistake: counts nowhere
			all = append(all, visit{person: ID{200, byte(i)}, p: p, file: VisitFile{Visit: &Visit{Day: day}, State: VisitClosed}})
		}
	}
	var first []ReportLine
	for round := range 20 {
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		var tally Tally
		for i := range all {
			tally.Visit(all[i].person, &all[i].file, all[i].p)
		}
		lines := tally.Lines()
		if round == 0 {
			first = lines
		} else if !slices.Equal(first, lines) {
			t.Fatal("the order of the visits changes the figures")
		}
	}
	sum := func(key string) (n int64) {
		for _, l := range first {
			if l.Key == key {
				n += l.Value
			}
		}
		return n
	}
	for key, want := range map[string]int64{
		ReportVisits: 500, ReportDay: 500, ReportDiagnosis: 500, ReportPeople: int64(len(people)), ReportSigned: signed,
		ReportInsured: insured, ReportFemale: female, ReportPrescribed: paracetamol,
	} {
		if sum(key) != want {
			t.Errorf("%s: %d, not %d", key, sum(key), want)
		}
	}
	body := NewReport(Date{Year: 2026, Month: 11, Day: 1}, first, 7)
	if !slices.Equal(body.Lines(), first) || len(Changes(body.Lines(), first)) != 0 {
		t.Error("a report says something else than what it was made of")
	}
	more := append(slices.Clone(first), ReportLine{Key: ReportUsed, Of: "PARA", Value: 3})
	if got := Changes(first, more); !reflect.DeepEqual(got, []ReportChange{{Key: ReportUsed, Of: "PARA", Now: 3}}) {
		t.Errorf("%+v", got)
	}
}
