package invent

import (
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/fold"
)

// Person is somebody who may come to the station, with the codes on the cards in
// the pocket.
type Person struct {
	Patient   clinic.Patient
	Allergies clinic.Allergies
	// CitizenQR is the code on the citizen card, "" without a card. Card is its
	// year of design, 2021 or 2024.
	CitizenQR string
	Card      int
	// InsuranceQR is the code on the insurance card, "" for who has none or only the
	// number on the citizen card.
	InsuranceQR string
	// Chronic names the condition that brings the person back, "" for none.
	Chronic string
	// What came from elsewhere, and no plan of a visit looks at: medicines that run, ICD-10
	// codes of illnesses, serum creatinine in µmol/L (0 = not known), nursing, and
	// allergies beside Allergies, as the person says them.
	Takes      []clinic.DrugLine
	Illnesses  []string
	Creatinine int
	Nursing    bool
	Said       []clinic.Allergy

	parents [2]string // father, mother; of small children only
}

// Patient makes up the next person.
func (g *Gen) Patient() Person {
	g.count++
	var p Person
	pt := &p.Patient
	pt.Sex = clinic.SexMale
	if g.chance(51) {
		pt.Sex = clinic.SexFemale
	}
	pt.Name, pt.Ethnic = g.name(pt.Sex)
	pt.Folded = fold.String(pt.Name)
	pt.Birth = g.birth()
	age := pt.Birth.AgeAt(g.today).Years
	if age < 15 {
		g.parents(&p)
	}
	pt.Occupation = g.occupation(age)
	if age >= 15 && g.chance(80) || g.chance(10) {
		pt.Phone = fmt.Sprintf("0200%06d", g.serial(7_777_777, 1_000_000))
	}
	g.citizen(&p, age)
	g.insurance(&p, age)
	if age > 5 && g.chance(8) {
		g.allergies(&p)
	}
	p.Chronic = g.chronic(age, pt.Sex)
	g.elsewhere(&p, age)
	return p
}

// birth follows the ages of an island: many children, many who left for work. Of
// the oldest only the year is known.
func (g *Gen) birth() clinic.Date {
	days := 0
	switch n := g.rnd.IntN(100); {
	case n < 9:
		days = g.between(1, 6*365)
	case n < 26:
		days = g.between(6*365, 18*365)
	case n < 54:
		days = g.between(18*365, 40*365)
	case n < 82:
		days = g.between(40*365, 60*365)
	case n < 97:
		days = g.between(60*365, 80*365)
	default:
		days = g.between(80*365, 98*365)
	}
	b := g.today.AddDays(-days)
	if days > 72*365 && g.chance(25) {
		b.Month, b.Day = 0, 0
	}
	return b
}

func (g *Gen) parents(p *Person) {
	p.parents[0], _ = g.name(clinic.SexMale)
	p.parents[1], _ = g.name(clinic.SexFemale)
	p.Patient.Guardian = p.parents[g.rnd.IntN(2)]
}

func (g *Gen) occupation(age int) string {
	switch {
	case age < 6:
		return "Trẻ em"
	case age < 18:
		return "Học sinh"
	case age > 65:
		return "Già"
	}
	return g.pick([]string{"Ngư dân", "Ngư dân", "Ngư dân", "Nông dân", "Buôn bán", "Nội trợ", "Công nhân", "Giáo viên", "Nuôi trồng thủy sản", "Lái tàu"})
}

func (g *Gen) allergies(p *Person) {
	p.Allergies.Asked = true
	if g.chance(55) {
		return // asked, none known
	}
	p.Allergies.Items = []clinic.Allergy{[]clinic.Allergy{
		{Substance: "Penicilin", Code: "J01C", Reaction: "Mày đay", Severe: g.chance(30)},
		{Substance: "Sulfamethoxazol", Code: "J01EE", Reaction: "Phát ban"},
		{Substance: "Tôm, cua, ghẹ", Reaction: "Mày đay, phù môi"},
		{Substance: "Diclofenac", Code: "M01A", Reaction: "Khó thở", Severe: true},
	}[g.rnd.IntN(4)]}
}

// chronic gives long illnesses their usual shares by age.
func (g *Gen) chronic(age int, sex clinic.Sex) string {
	switch n := g.rnd.IntN(100); {
	case age >= 40 && n < min(55, age-30):
		return []string{"hypertension", "hypertension", "hypertension-diabetes", "diabetes", "gout", "copd", "knee"}[g.rnd.IntN(7)]
	case age >= 6 && n >= 97:
		return "asthma"
	case age >= 19 && age <= 38 && sex == clinic.SexFemale && n >= 88:
		return "pregnancy"
	}
	return ""
}
