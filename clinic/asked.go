package clinic

// The kinds by which a box asks the centre what other facilities know of a patient, and
// hears it. Numbers are frozen.
const (
	KindAsked   Kind = 16 // somebody asks, with the patient's consent or in an emergency
	KindSummary Kind = 17 // the centre's answer
)

// Consent is why somebody may see what other facilities know of a patient (Law
// 91/2025/QH15: health data are sensitive; the person agrees, or the law allows it where a
// life is in danger). Values are frozen.
type Consent uint8

// The reasons.
const (
	ConsentPerson    Consent = 1 // the person agrees
	ConsentGuardian  Consent = 2 // who speaks for the person agrees
	ConsentEmergency Consent = 3 // an emergency, and nobody can be asked
)

// Valid reports whether this program knows the reason.
func (c Consent) Valid() bool { return c >= ConsentPerson && c <= ConsentEmergency }

// Asked is the body of KindAsked. Its subject is the patient as this box knows them; who
// that is elsewhere the centre's patient index decides, never the question.
type Asked struct {
	Consent Consent `cbor:"1,keyasint"`
	Words   string  `cbor:"2,keyasint,omitempty"` // of an emergency: what is the matter
	// The facility that asks, so that who recorded the patient can read who saw it.
	Code string `cbor:"3,keyasint,omitempty"`
	Name string `cbor:"4,keyasint,omitempty"`
}

// SummaryOutcome is what the centre found. Values are frozen.
type SummaryOutcome uint8

// What the centre answers.
const (
	SummaryFound     SummaryOutcome = 1
	SummaryNobody    SummaryOutcome = 2 // no other facility has the person, as far as is known
	SummaryUnsure    SummaryOutcome = 3 // somebody is alike: people at the centre decide, then it answers again
	SummaryProtected SummaryOutcome = 4 // the record is protected elsewhere: by telephone only
)

// Summary is the body of KindSummary: what other facilities recorded of the patient, as
// far as it helps somebody who treats them now. It is no record of theirs: those stay
// where they are. Place numbers index Places.
type Summary struct {
	Asked   []byte         `cbor:"1,keyasint"` // leaf of the question, 32 bytes
	Outcome SummaryOutcome `cbor:"2,keyasint"`
	Places  []Place        `cbor:"3,keyasint,omitempty"`
	// AllergiesAsked: somewhere somebody asked; without items none are known.
	AllergiesAsked bool            `cbor:"4,keyasint,omitempty"`
	Allergies      []PastAllergy   `cbor:"5,keyasint,omitempty"`
	Medicines      []PastMedicine  `cbor:"6,keyasint,omitempty"` // that run, or ended lately; the latest first
	Problems       []PastProblem   `cbor:"7,keyasint,omitempty"` // the latest first
	Visits         []PastVisit     `cbor:"8,keyasint,omitempty"` // the latest first
	Doses          []PastDose      `cbor:"9,keyasint,omitempty"` // vaccines, the latest first
	Programmes     []PastProgramme `cbor:"10,keyasint,omitempty"`
	Died           Date            `cbor:"11,keyasint,omitempty"`
	Left           int             `cbor:"12,keyasint,omitempty"` // lines that are not here for want of room, or were too old
	// Veiled: the record is protected elsewhere, and an emergency opened of it what may
	// harm the person: allergies and medicines.
	Veiled bool `cbor:"13,keyasint,omitempty"`
}

// Place is a facility that recorded something of the person.
type Place struct {
	Code string `cbor:"1,keyasint,omitempty"` // MA_CSKCB
	Name string `cbor:"2,keyasint,omitempty"`
	Last Date   `cbor:"3,keyasint,omitempty"` // of its last visit
}

// PastAllergy is an allergy as another facility recorded it.
type PastAllergy struct {
	Allergy Allergy `cbor:"1,keyasint"`
	Place   int     `cbor:"2,keyasint,omitempty"`
	Since   Date    `cbor:"3,keyasint,omitempty"` // when it was written down
}

// PastMedicine is a line of a prescription.
type PastMedicine struct {
	Line     DrugLine `cbor:"1,keyasint"`
	Start    Date     `cbor:"2,keyasint,omitempty"`
	Place    int      `cbor:"3,keyasint,omitempty"`
	Unsigned bool     `cbor:"4,keyasint,omitempty"` // nobody confirmed it
}

// PastProblem is a diagnosis.
type PastProblem struct {
	Code  string `cbor:"1,keyasint"` // ICD-10
	Last  Date   `cbor:"2,keyasint,omitempty"`
	Times int    `cbor:"3,keyasint"` // visits with it
	Place int    `cbor:"4,keyasint,omitempty"`
}

// PastVisit is a visit.
type PastVisit struct {
	Day   Date      `cbor:"1,keyasint,omitempty"`
	Place int       `cbor:"2,keyasint,omitempty"`
	Type  VisitType `cbor:"3,keyasint,omitempty"`
	Codes []string  `cbor:"4,keyasint,omitempty"` // ICD-10, the main one first
}

// PastDose is a dose of a vaccine.
type PastDose struct {
	Vaccine string `cbor:"1,keyasint,omitempty"`
	Name    string `cbor:"2,keyasint"`
	Day     Date   `cbor:"3,keyasint,omitempty"`
	Place   int    `cbor:"4,keyasint,omitempty"`
}

// PastProgramme is a programme in which the person is followed.
type PastProgramme struct {
	Code  string `cbor:"1,keyasint"`
	Since Date   `cbor:"2,keyasint,omitempty"`
	Place int    `cbor:"3,keyasint,omitempty"`
}

// newAskedBody is NewBody for the two kinds.
func newAskedBody(k Kind) any {
	switch k {
	case KindAsked:
		return new(Asked)
	case KindSummary:
		return new(Summary)
	}
	return nil
}
