package clinic

import "slices"

// ConflictAbout is what boxes wrote apart from each other, without knowing of each other.
type ConflictAbout uint8

// What can be written apart.
const (
	ConflictAllergies ConflictAbout = 1 // the union holds until somebody writes them anew
	ConflictDetails   ConflictAbout = 2 // the latest of the tips holds until somebody chooses
	ConflictBook      ConflictAbout = 3 // both words hold until somebody types one
	ConflictDocument  ConflictAbout = 4 // the latest holds until somebody chooses
	ConflictIdentity  ConflictAbout = 5 // whether two IDs are one person: kept apart, or joined by others
)

// Conflict is something of a patient that somebody must decide on.
type Conflict struct {
	About ConflictAbout
	ID    ID        // ConflictDetails: under which ID
	Code  string    // ConflictBook: the thing of the template
	Doc   *Document // ConflictDocument
	Visit ID        // of Doc; zero outside visits
	Bond  Bond      // ConflictIdentity
}

// Conflicts returns what boxes wrote apart of the patient and nobody has decided on.
func (p *PatientFile) Conflicts() (out []Conflict) {
	if p.Allergies.Conflict {
		out = append(out, Conflict{About: ConflictAllergies})
	}
	for i := range p.Parts {
		if p.Parts[i].Conflict() {
			out = append(out, Conflict{About: ConflictDetails, ID: p.Parts[i].ID})
		}
	}
	for _, code := range p.Book.Codes() {
		if len(p.Book.Values(code)) > 1 {
			out = append(out, Conflict{About: ConflictBook, Code: code})
		}
	}
	for i := range p.Visits {
		v := &p.Visits[i]
		for j := range v.Documents {
			if v.Documents[j].Apart() != nil {
				out = append(out, Conflict{About: ConflictDocument, Doc: &v.Documents[j], Visit: v.ID})
			}
		}
	}
	against := p.Who.Against()
	for _, b := range p.Who.Bonds {
		if b.Split || slices.ContainsFunc(against, func(x Bond) bool { return x.A == b.A && x.B == b.B }) {
			out = append(out, Conflict{About: ConflictIdentity, Bond: b})
		}
	}
	return out
}
