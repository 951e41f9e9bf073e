package invent

import "clinicbox/clinic"

// habit is something that a share of people of an age take for long, from a hospital, a
// pharmacy or a programme, with the illness that it is for.
type habit struct {
	permille int
	ages     [2]int
	sex      clinic.Sex
	chronic  string // only of those with this long illness; "" = whoever
	takes    []dose
	icd      string
}

// habits: shares of a commune's people, rounded from what surveys of primary care in
// Viet Nam and its neighbours find; nobody counted an island.
func habits() []habit {
	daily := func(codes ...string) (out []dose) {
		for _, c := range codes {
			out = append(out, dose{code: c, units: 1000, times: 1, days: 28})
		}
		return out
	}
	return []habit{
		{permille: 120, ages: [2]int{55, 110}, takes: daily("ASP81", "SIMVA20"), icd: "I25.9"},
		{permille: 40, ages: [2]int{60, 110}, takes: daily("CLOPI75", "ROSU10", "BISO5"), icd: "I25.2"},
		{permille: 35, ages: [2]int{60, 110}, takes: daily("FURO40", "SPIRO25", "BISO25"), icd: "I50.0"},
		{permille: 12, ages: [2]int{60, 110}, takes: daily("DIGO025"), icd: "I48"},
		{permille: 400, ages: [2]int{30, 110}, chronic: "gout", takes: daily("ALLO300"), icd: "M10.9"},
		{permille: 200, ages: [2]int{40, 110}, chronic: "copd", takes: []dose{{"THEO100", 1000, 2, 28, ""}}},
		{permille: 25, ages: [2]int{30, 110}, takes: []dose{{"OME20", 1000, 2, 28, ""}}, icd: "K25.7"},
		{permille: 60, ages: [2]int{30, 110}, takes: []dose{{"DICLO50", 1000, 2, 10, ""}}}, // from the pharmacy, for the back
		{permille: 10, ages: [2]int{20, 110}, takes: []dose{{"PRED5", 2000, 1, 28, ""}}},
		{permille: 5, ages: [2]int{6, 70}, takes: []dose{{"CARBA200", 1000, 2, 28, ""}}, icd: "G40.9"},
		{permille: 5, ages: [2]int{6, 70}, takes: []dose{{"VALPRO200", 1000, 2, 28, ""}}, icd: "G40.9"},
		{permille: 4, ages: [2]int{20, 70}, takes: []dose{{"HALO15", 1000, 2, 28, ""}}, icd: "F20.9"},
		{permille: 10, ages: [2]int{30, 80}, takes: daily("AMITRI25"), icd: "F32.9"},
		{permille: 6, ages: [2]int{18, 80}, takes: []dose{{"RH150", 3000, 1, 28, ""}}, icd: "A15.0"},
		{permille: 12, ages: [2]int{30, 80}, sex: clinic.SexFemale, takes: daily("LEVOT50"), icd: "E03.9"},
		{permille: 110, ages: [2]int{18, 42}, sex: clinic.SexFemale, takes: daily("LEVOEE")},
	}
}

// elsewhere gives a person what this station did not begin: medicines that run, past
// illnesses, kidneys, nursing and allergies in the words that people use. It draws from
// a stream of its own, so that the rest of the people stays as it was.
func (g *Gen) elsewhere(p *Person, age int) {
	in := func(permille int) bool { return g.more.IntN(1000) < permille }
	for _, h := range habits() {
		fits := age >= h.ages[0] && age <= h.ages[1] && (h.sex == 0 || h.sex == p.Patient.Sex) && (h.chronic == "" || h.chronic == p.Chronic)
		if !fits || !in(h.permille) || p.Chronic == "pregnancy" {
			continue
		}
		for _, d := range h.takes {
			r := g.row(d.code, g.today)
			p.Takes = append(p.Takes, lineOf(&r, d))
		}
		if h.icd != "" {
			p.Illnesses = append(p.Illnesses, h.icd)
		}
	}
	for _, x := range []struct {
		permille, from int
		icd            string
	}{{40, 25, "K25.7"}, {10, 1, "D55.0"}, {8, 30, "B18.1"}, {25, 65, "N18.9"}} {
		if age >= x.from && in(x.permille) {
			p.Illnesses = append(p.Illnesses, x.icd)
		}
	}
	if age >= 60 && in(300) { // a blood test of the last year
		p.Creatinine = 60 + g.more.IntN(50)
		if in(80) {
			p.Creatinine = 140 + g.more.IntN(200)
		}
	}
	p.Nursing = p.Patient.Sex == clinic.SexFemale && p.Chronic != "pregnancy" && age >= 19 && age <= 40 && in(60)
	if age > 5 && len(p.Allergies.Items) == 0 && in(60) {
		said := []string{
			"Amoxicilin", "Kháng sinh không rõ tên", "Cephalexin", "Thuốc giảm đau", "Aspirin", "Bactrim", "Hải sản",
			"Thuốc viên màu trắng", "Ibuprofen", "Paracetamol",
		}
		p.Said = []clinic.Allergy{{Substance: said[g.more.IntN(len(said))], Severe: in(150)}}
	}
}
