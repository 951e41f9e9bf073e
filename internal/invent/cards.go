package invent

import (
	"encoding/hex"
	"fmt"
	"strings"

	"clinicbox/clinic"
)

// merger is the day from which addresses name no district (34 provinces, two
// levels); cards printed before keep the old one.
const merger = 20250701

// citizen gives the person a number and, to most, a card. Numbers are PPP G YY
// NNNNNN: province, century and sex, year, and here six digits that never repeat.
func (g *Gen) citizen(p *Person, age int) {
	pt := &p.Patient
	hamlet := g.pick([]string{
		"Thôn Bãi Đông", "Thôn Bãi Tây", "Thôn Hòn Rùa", "Thôn Ghềnh Sáo", "Thôn Bến Cũ", "Thôn Cồn Dứa", "Thôn Lạch Trong",
		"12/4 Đường Bờ Kè, Thôn Bến Cũ", "Tổ 3, Thôn Bãi Tây",
	})
	pt.Address = hamlet + ", " + Commune + ", " + Province
	place := "056"
	if g.chance(25) {
		place = g.pick(words("001, 031, 038, 040, 044, 049, 051, 052, 054, 058, 060, 066, 079, 083, 091, 096"))
	}
	century := 2*(pt.Birth.Year/100-19) + int(pt.Sex) - 1
	number := fmt.Sprintf("%s%d%02d%06d", place, century, pt.Birth.Year%100, g.serial(618_033, 1_000_000))
	if age == 0 && g.chance(30) {
		pt.Source = clinic.SourceTyped
		return // the number has not come yet
	}
	pt.Identifiers = append(pt.Identifiers, clinic.Identifier{System: clinic.SystemCitizen, Value: number})
	if age >= 24 && g.chance(60) { // old enough for the card of 9 digits
		pt.Identifiers = append(pt.Identifiers, clinic.Identifier{
			System: clinic.SystemOldID, Value: fmt.Sprintf("22%07d", g.serial(3_141_593, 10_000_000)),
		})
	}
	pt.Source = clinic.SourceTyped
	if age < 14 && !g.chance(25) {
		return
	}
	pt.Source = clinic.SourceCitizenQR
	g.card(p, age)
}

// card prints the citizen card: the design of 2021, or of July 2024, which children
// have.
func (g *Gen) card(p *Person, age int) {
	pt := &p.Patient
	p.Card = 2021
	from, to := clinic.Date{Year: 2021, Month: 3, Day: 1}, clinic.Date{Year: 2024, Month: 6, Day: 30}
	if g.today.Before(to) {
		to = g.today
	} else if age < 18 || g.chance(35) {
		p.Card = 2024
		from, to = clinic.Date{Year: 2024, Month: 7, Day: 1}, g.today
	}
	if from.Before(pt.Birth) {
		from = pt.Birth
	}
	span := int(to.Time().Sub(from.Time()).Hours() / 24)
	if span < 0 { // no card of that design was issued in this life
		p.Card, pt.Source = 0, clinic.SourceTyped
		return
	}
	pt.Issued = from.AddDays(g.between(0, span))
	if pt.Issued.Int() < merger {
		pt.Address = strings.Replace(pt.Address, ", "+Province, ", Huyện Biển Ngoài, "+Province, 1)
	}
	old := ""
	if len(pt.Identifiers) > 1 {
		old = pt.Identifiers[1].Value
	}
	sex := "Nam"
	if pt.Sex == clinic.SexFemale {
		sex = "Nữ"
	}
	fields := []string{
		pt.Identifiers[0].Value, old, pt.Name, compact(pt.Birth), sex, pt.Address, compact(pt.Issued),
	}
	if p.Card == 2024 { // what stands behind the seven fields is not published
		fields = append(fields, "", "", "")
		if age < 6 {
			fields = append(fields[:8], p.parents[0], p.parents[1])
		}
	}
	p.CitizenQR = strings.Join(fields, "|")
}

// compact writes ddmmyyyy with zeros for what is unknown.
func compact(d clinic.Date) string { return fmt.Sprintf("%02d%02d%04d", d.Day, d.Month, d.Year) }

// insurance gives nine of ten a card, on an island mostly of the group XD.
func (g *Gen) insurance(p *Person, age int) {
	if !g.chance(92) {
		return
	}
	group := "XD2"
	switch {
	case age < 6:
		group = "TE1"
	case age >= 60 && g.chance(15):
		group = "HT3"
	case g.chance(10):
		group = g.pick([]string{"GD4", "DN4", "HS4", "HN2", "CK2"})
	}
	social := fmt.Sprintf("56%08d", g.serial(27_182_819, 100_000_000))
	year := g.today.Year
	id := clinic.Identifier{
		System: clinic.SystemInsurance, Value: group + "56" + social,
		From: clinic.Date{Year: year, Month: 1, Day: 1}, To: clinic.Date{Year: year, Month: 12, Day: 31},
		Facility: FacilityCode, FiveYears: clinic.Date{Year: year - 2 + g.rnd.IntN(5), Month: 1, Day: 1},
	}
	short := g.chance(60) // printed since April 2021: the ten digits only
	if short {
		id.System, id.Value = clinic.SystemSocial, social
	}
	p.Patient.Identifiers = append(p.Patient.Identifiers, id)
	if g.chance(70) {
		p.InsuranceQR = insuranceQR(&p.Patient, id)
	}
}

// insuranceQR writes the card's code: sixteen fields and the end mark.
func insuranceQR(pt *clinic.Patient, id clinic.Identifier) string {
	birth := fmt.Sprint(pt.Birth.Year)
	if pt.Birth.Full() {
		birth = pt.Birth.String()
	}
	parent := "-"
	if pt.Guardian != "" {
		parent = hexText(pt.Guardian)
	}
	return strings.Join([]string{
		id.Value, hexText(pt.Name), birth, fmt.Sprint(pt.Sex), hexText(pt.Address),
		id.Facility[:2] + " - " + id.Facility[2:], id.From.String(), id.To.String(), id.From.String(),
		"56" + id.Value[len(id.Value)-8:], parent, "4", id.FiveYears.String(),
		fmt.Sprintf("%x-7102", len(pt.Name)*7919), "4", hexText(Province), "$",
	}, "|")
}

func hexText(s string) string { return hex.EncodeToString([]byte(s)) }
