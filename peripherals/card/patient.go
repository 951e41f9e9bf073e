package card

import (
	"strings"
	"time"

	"clinicbox/clinic"
)

// Patient is the card's holder as a register takes them, from the best part that has
// each field: DG13, DG11, then the zone, whose names have no marks. Today tells the
// century of a birth that only the zone has. What of it is proven says Proof.
func (r *Reading) Patient(today time.Time) clinic.Patient {
	p := clinic.Patient{Source: clinic.SourceChip, Sex: r.MRZ.Sex}
	p.Name = or(r.Citizen.First(ItemName), r.Details.Name, strings.TrimSpace(r.MRZ.Surname+" "+r.MRZ.Given))
	p.Birth = r.Citizen.date(ItemBirth)
	if p.Birth.IsZero() {
		p.Birth = r.Details.Birth
	}
	if p.Birth.IsZero() {
		p.Birth = r.MRZ.BirthDate(today)
	}
	p.Address = or(r.Citizen.First(ItemResidence), r.Details.Address)
	p.Issued = r.Citizen.date(ItemIssued)
	if r.MRZ.Issuer != "VNM" || !strings.HasPrefix(r.MRZ.Type, "I") {
		p.Identifiers = []clinic.Identifier{{System: clinic.SystemPassport, Value: clinic.NormalIdentifier(r.MRZ.Document)}}
		return p
	}
	for _, n := range []string{r.Citizen.First(ItemNumber), r.Details.Number, r.MRZ.Optional} {
		if isCitizen(n) {
			p.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: n}}
			break
		}
	}
	return p
}

func isCitizen(n string) bool { return clinic.CheckIdentifier("", clinic.SystemCitizen, n) == nil }

func or(options ...string) string {
	for _, s := range options {
		if s != "" {
			return s
		}
	}
	return ""
}
