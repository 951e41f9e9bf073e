package clinic

// Sex as the insurance tables code it (GIOI_TINH, Decision 4750/QĐ-BYT).
type Sex uint8

// The values of GIOI_TINH; 0 is not asked.
const (
	SexUnknown      Sex = 0
	SexMale         Sex = 1
	SexFemale       Sex = 2
	SexUndetermined Sex = 3
)

// System names the authority behind an identifier's value.
type System uint8

// The systems of identifiers. Values are frozen.
const (
	SystemCitizen   System = 1 // số định danh cá nhân, 12 digits
	SystemOldID     System = 2 // CMND, 9 digits, or a cancelled number
	SystemInsurance System = 3 // thẻ BHYT, 15 characters
	SystemSocial    System = 4 // mã số BHXH, 10 digits
	SystemTemporary System = 5 // our own code for a patient without papers
	SystemPassport  System = 6
)

// Identifier is one number that names the person, with the time it was valid.
// Numbers are cancelled and reissued, so none is ever a key.
type Identifier struct {
	System System `cbor:"1,keyasint"`
	Value  string `cbor:"2,keyasint"`
	From   Date   `cbor:"3,keyasint,omitempty"`
	To     Date   `cbor:"4,keyasint,omitempty"` // last day; zero = open
	// Insurance cards only.
	Facility  string `cbor:"5,keyasint,omitempty"` // nơi đăng ký KCB ban đầu, 5 characters
	FiveYears Date   `cbor:"6,keyasint,omitempty"` // date on which 5 years running are reached
	Area      string `cbor:"7,keyasint,omitempty"` // K1, K2, K3
	// Unsure: another record held the number when somebody gave it here. It is kept and
	// found, and counts for nothing until that is settled.
	Unsure bool `cbor:"8,keyasint,omitempty"`
}

// Source tells how the identity in hand was established
// (Decree 102/2025; the record says so at each visit).
type Source uint8

// The ways of establishing identity. Values are frozen.
const (
	SourceTyped     Source = 1
	SourceCitizenQR Source = 2
	SourceHealthQR  Source = 3
	SourceSlip      Source = 4 // our own slip
	SourceChip      Source = 5
	SourceUnknown   Source = 6 // unconscious, no papers
)

// Patient is the body of KindPatient: everything that is known of the person,
// whole. A change is a new entry; the last by hybrid time is current.
type Patient struct {
	Name        string       `cbor:"1,keyasint"` // NFC, as on the card; 1–255 bytes
	Folded      string       `cbor:"2,keyasint"` // search key of Name (internal/fold), passed in
	Birth       Date         `cbor:"3,keyasint,omitempty"`
	Sex         Sex          `cbor:"4,keyasint,omitempty"`
	Identifiers []Identifier `cbor:"5,keyasint,omitempty"`
	Address     string       `cbor:"6,keyasint,omitempty"` // verbatim from the card
	Phone       string       `cbor:"7,keyasint,omitempty"`
	Ethnic      string       `cbor:"8,keyasint,omitempty"` // Decision 121-TCTK/PPCĐ, two digits
	Occupation  string       `cbor:"9,keyasint,omitempty"`
	Guardian    string       `cbor:"10,keyasint,omitempty"` // người giám hộ / đưa đến khám
	Source      Source       `cbor:"11,keyasint,omitempty"`
	Issued      Date         `cbor:"12,keyasint,omitempty"` // issue date of the card that was shown
	// Of a child that was registered at its birth.
	Mother    []byte `cbor:"13,keyasint,omitempty"` // the mother's patient ID, 16 bytes
	Order     int    `cbor:"14,keyasint,omitempty"` // of twins and more: 1 for the first
	BirthTime string `cbor:"15,keyasint,omitempty"` // "HH:MM" in Viet Nam's time, on Birth
	BornGrams int    `cbor:"16,keyasint,omitempty"` // weight at birth in grams
	// Unnamed: Name says only whose child it is, or that nobody knows who it is.
	Unnamed bool   `cbor:"17,keyasint,omitempty"`
	Of      int    `cbor:"18,keyasint,omitempty"` // how many were born with Order; 0 = one
	Born    BornAt `cbor:"19,keyasint,omitempty"`
	// Withdrawn: the import that made the record was taken back. Nobody is found by it,
	// until somebody writes the details anew.
	Withdrawn bool `cbor:"30,keyasint,omitempty"`
	// Merges names further versions that this one replaces besides the one it corrects:
	// 32-byte leaf hashes, when boxes had written apart.
	Merges [][]byte `cbor:"31,keyasint,omitempty"`
}

// SearchName is the name by which the person is found: none of a record that was taken
// back.
func (p *Patient) SearchName() string {
	if p.Withdrawn {
		return ""
	}
	return p.Name
}

// Current returns the identifier of the system that is valid on the day, the
// latest first, and whether there is one.
func (p *Patient) Current(s System, on Date) (Identifier, bool) {
	for i := len(p.Identifiers) - 1; i >= 0; i-- {
		id := p.Identifiers[i]
		if id.System == s && id.Live(on) {
			return id, true
		}
	}
	return Identifier{}, false
}

// Allergies is the body of KindAllergies. Until one exists the banner says that
// nobody asked; Asked with no item means none known.
type Allergies struct {
	Asked bool      `cbor:"1,keyasint"`
	Items []Allergy `cbor:"2,keyasint,omitempty"`
	// Merges names further versions that this one replaces besides the one it
	// corrects: 32-byte leaf hashes, when boxes had written apart.
	Merges [][]byte `cbor:"3,keyasint,omitempty"`
}

// Allergy is one substance that harmed the person.
type Allergy struct {
	Substance string `cbor:"1,keyasint"`           // free text or the catalogue's name
	Code      string `cbor:"2,keyasint,omitempty"` // ATC or substance code when known
	Reaction  string `cbor:"3,keyasint,omitempty"`
	Severe    bool   `cbor:"4,keyasint,omitempty"`
}
