package invent

import (
	"strings"

	"clinicbox/clinic"
)

func (g *Gen) prescription(p *Person, c *condition, age int, day clinic.Date) clinic.Prescription {
	doses := c.adult
	if age < 12 {
		doses = c.child
	}
	pr := clinic.Prescription{Advice: c.advice}
	for _, d := range doses {
		if d.code == paracetamol {
			d.code = paracetamolFor(age)
		}
		r := g.row(d.code, day)
		if p.Chronic == "pregnancy" && strings.HasPrefix(r.ATC, "M01A") {
			continue
		}
		if allergic(&p.Allergies, r.ATC) {
			if d, r = g.instead(d, r, age, day); r.Code == "" {
				continue
			}
		}
		l := lineOf(&r, d)
		if l.Quantity = l.Compute(); l.Quantity == 0 {
			l.Quantity = 1000
		}
		pr.Lines = append(pr.Lines, l)
	}
	return pr
}

// lineOf prescribes a dose of the catalogue's medicine; the quantity is for the caller.
func lineOf(r *clinic.CatalogRow, d dose) clinic.DrugLine {
	return clinic.DrugLine{
		Medicine: r.Code, Name: r.Name, Strength: r.Strength, Form: r.Form, Unit: r.Unit,
		Dose: d.units, Times: d.times, Days: d.days, Route: r.Route, When: d.when, ATC: r.ATC,
	}
}

// paracetamolFor gives 10–15 mg/kg at the usual weight of the age.
func paracetamolFor(age int) string {
	switch {
	case age < 1:
		return "PARA80G"
	case age < 6:
		return "PARA150G"
	case age < 12:
		return "PARA250G"
	}
	return "PARA500"
}

func allergic(a *clinic.Allergies, atc string) bool {
	for _, item := range a.Items {
		if item.Code != "" && strings.HasPrefix(atc, item.Code) {
			return true
		}
		// Cefalosporins are near enough to penicillins to stay away from.
		if item.Code == "J01C" && strings.HasPrefix(atc, "J01D") {
			return true
		}
	}
	return false
}

// instead replaces a penicillin or its relative for an adult; anything else is
// left out.
func (g *Gen) instead(d dose, r clinic.CatalogRow, age int, day clinic.Date) (dose, clinic.CatalogRow) {
	if age < 12 || !strings.HasPrefix(r.ATC, "J01") {
		return d, clinic.CatalogRow{}
	}
	if d.code == "CEFU250" { // of the bladder
		d = dose{"NITROF100", 1000, 2, 5, d.when}
	} else {
		d = dose{"AZI500", 1000, 1, 3, d.when}
	}
	return d, g.row(d.code, day)
}

// bill charges the consultation, the services and the medicines.
func (g *Gen) bill(c *condition, pr *clinic.Prescription, insured bool, day clinic.Date) clinic.Bill {
	var b clinic.Bill
	add := func(code string, q clinic.Milli) {
		r := g.row(code, day)
		b.Lines = append(b.Lines, clinic.BillLine{
			Code: r.Code, Name: r.Name, Unit: r.Unit, Quantity: q, Price: r.Price, Insured: insured,
		})
	}
	if len(c.service) == 0 || !strings.HasPrefix(c.service[0], "KHAM") {
		add("KHAM", 1000)
	}
	for _, s := range c.service {
		add(s, 1000)
	}
	for _, l := range pr.Lines {
		add(l.Medicine, l.Quantity)
	}
	return b
}
