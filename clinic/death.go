package clinic

import "slices"

// Death is the body of KindDeath: that somebody died, when, where and of what. It is
// whole; a correction says everything anew, and one with Mistake takes the death back.
type Death struct {
	Day    Date       `cbor:"1,keyasint"`
	Time   string     `cbor:"2,keyasint,omitempty"` // HH:MM; empty = not known
	Place  DeathPlace `cbor:"3,keyasint"`
	Where  string     `cbor:"4,keyasint,omitempty"` // in words
	Chain  []Cause    `cbor:"5,keyasint,omitempty"` // the immediate cause first, the underlying one last
	Others []string   `cbor:"6,keyasint,omitempty"` // ICD-10 of what contributed
	Told   string     `cbor:"7,keyasint,omitempty"` // who was told: the family, the People's Committee of the commune; empty = nobody yet
	// Mistake: nobody died; what the versions before say is taken back.
	Mistake bool `cbor:"8,keyasint,omitempty"`
}

// Cause is one line of the chain of causes (WHO's international form of the medical
// certificate of cause of death, frame A part 1).
type Cause struct {
	Code  string `cbor:"1,keyasint"`           // ICD-10
	Since string `cbor:"2,keyasint,omitempty"` // from its beginning to the death, in words
}

// MostCauses is how many lines the chain has.
const MostCauses = 4

// DeathPlace is where somebody died. Values are frozen.
type DeathPlace uint8

// The places.
const (
	DiedHere      DeathPlace = 1 // at this facility
	DiedHome      DeathPlace = 2
	DiedOnTheWay  DeathPlace = 3
	DiedElsewhere DeathPlace = 4
)

// DeathPlaces returns all places, in the order of pages.
func DeathPlaces() []DeathPlace {
	return []DeathPlace{DiedHere, DiedHome, DiedOnTheWay, DiedElsewhere}
}

// Died returns the document that says that the person died and that nobody took back, or
// nil. Of several the first counts: nobody dies twice, and both stay readable.
func (p *PatientFile) Died() (*Document, *Death) {
	for i := range slices.Backward(p.Visits) { // the oldest first
		for _, d := range p.Visits[i].Docs(KindDeath) {
			if b := BodyOf[Death](d); b != nil && !b.Mistake {
				return d, b
			}
		}
	}
	return nil, nil
}
