package clinic

import (
	"slices"
	"strings"
)

// Delivery is the body of KindDelivery: a birth, in the mother's visit. It is whole; a
// correction says everything anew, and one with Mistake takes the birth back.
type Delivery struct {
	Day           Date         `cbor:"1,keyasint"`
	Time          string       `cbor:"2,keyasint"`           // HH:MM, of the first child
	Age           int          `cbor:"3,keyasint,omitempty"` // days of pregnancy; 0 = not known
	Mode          BirthMode    `cbor:"4,keyasint"`
	Lie           Presentation `cbor:"5,keyasint,omitempty"`
	Place         BirthPlace   `cbor:"6,keyasint"`
	Where         string       `cbor:"7,keyasint,omitempty"` // in words, unless here
	Attendant     string       `cbor:"8,keyasint,omitempty"` // who received the child (NGUOI_DO_DE); empty = nobody skilled
	Placenta      Placenta     `cbor:"9,keyasint,omitempty"`
	Blood         int          `cbor:"10,keyasint,omitempty"` // lost, ml; 0 = not measured
	Perineum      Perineum     `cbor:"11,keyasint,omitempty"`
	Complications []string     `cbor:"12,keyasint,omitempty"` // of BirthComplications
	Mother        MotherState  `cbor:"13,keyasint"`
	Children      []Born       `cbor:"14,keyasint"`
	Note          string       `cbor:"15,keyasint,omitempty"`
	Mistake       bool         `cbor:"16,keyasint,omitempty"`
}

// Born is one child of a birth.
type Born struct {
	ID      []byte    `cbor:"1,keyasint"`           // patient ID of its record, 16 bytes; the record may not be there yet
	Sex     Sex       `cbor:"2,keyasint"`           //
	Grams   int       `cbor:"3,keyasint,omitempty"` // weight; 0 = not measured
	Length  int       `cbor:"4,keyasint,omitempty"` // cm
	State   BornState `cbor:"5,keyasint"`
	Time    string    `cbor:"6,keyasint,omitempty"`  // HH:MM; empty = the birth's
	Apgar1  int       `cbor:"7,keyasint,omitempty"`  // after one minute, plus 1; 0 = not scored
	Apgar5  int       `cbor:"8,keyasint,omitempty"`  // after five minutes, plus 1
	Vitamin Answer    `cbor:"9,keyasint,omitempty"`  // vitamin K1
	HepB    Answer    `cbor:"10,keyasint,omitempty"` // vaccine within 24 hours; its dose is recorded as every other
	Breast  Answer    `cbor:"11,keyasint,omitempty"` // at the breast within an hour
	Note    string    `cbor:"12,keyasint,omitempty"`
}

// BirthMode is how a child was born. Values are frozen.
type BirthMode uint8

// The modes.
const (
	BirthNormal   BirthMode = 1
	BirthAssisted BirthMode = 2 // forceps, vacuum
	BirthSurgery  BirthMode = 3 // caesarean
)

// BirthModes returns all, in the order of pages.
func BirthModes() []BirthMode { return []BirthMode{BirthNormal, BirthAssisted, BirthSurgery} }

// BirthPlace is where a child was born. Values are frozen.
type BirthPlace uint8

// The places.
const (
	BirthHere      BirthPlace = 1 // at this facility
	BirthHome      BirthPlace = 2
	BirthOnTheWay  BirthPlace = 3
	BirthElsewhere BirthPlace = 4
)

// BirthPlaces returns all, in the order of pages.
func BirthPlaces() []BirthPlace {
	return []BirthPlace{BirthHere, BirthHome, BirthOnTheWay, BirthElsewhere}
}

// Placenta is how the placenta came. Values are frozen.
type Placenta uint8

// The ways.
const (
	PlacentaWhole   Placenta = 1
	PlacentaHand    Placenta = 2 // taken out by hand
	PlacentaMissing Placenta = 3 // not, or not whole
)

// Placentas returns all, in the order of pages.
func Placentas() []Placenta { return []Placenta{PlacentaWhole, PlacentaHand, PlacentaMissing} }

// Perineum is how the perineum was left. Values are frozen.
type Perineum uint8

// The states; a tear has its degree.
const (
	PerineumWhole Perineum = 1
	PerineumCut   Perineum = 2 // episiotomy
	PerineumOne   Perineum = 3
	PerineumTwo   Perineum = 4
	PerineumThree Perineum = 5
	PerineumFour  Perineum = 6
)

// Perinea returns all, in the order of pages.
func Perinea() []Perineum {
	return []Perineum{PerineumWhole, PerineumCut, PerineumOne, PerineumTwo, PerineumThree, PerineumFour}
}

// MotherState is how the mother is after the birth. Values are frozen.
type MotherState uint8

// The states.
const (
	MotherWell     MotherState = 1
	MotherWatched  MotherState = 2 // something is wrong, she stays
	MotherReferred MotherState = 3
	MotherDied     MotherState = 4
)

// MotherStates returns all, in the order of pages.
func MotherStates() []MotherState {
	return []MotherState{MotherWell, MotherWatched, MotherReferred, MotherDied}
}

// BornState is whether a child was born alive. Values are frozen.
type BornState uint8

// The states.
const (
	BornAlive BornState = 1
	BornDied  BornState = 2 // born alive, and died
	BornFresh BornState = 3 // stillborn, died during labour
	BornStill BornState = 4 // stillborn, died before
)

// BornStates returns all, in the order of pages.
func BornStates() []BornState { return []BornState{BornAlive, BornDied, BornFresh, BornStill} }

// Live reports whether the child was born alive: it gets a certificate of birth, also
// when it died soon after.
func (s BornState) Live() bool { return s == BornAlive || s == BornDied }

// BirthComplications returns what may go wrong at a birth (the five killers of mothers as
// reports name them, and what else is asked).
func BirthComplications() []string {
	return []string{"haemorrhage", "eclampsia", "rupture", "sepsis", "obstructed", "cord", "asphyxia"}
}

// MostChildren is how many children one birth may have on the form.
const MostChildren = 5

// Concerns are what must not be overlooked after a birth, the most urgent first: 500 ml
// of blood or more is a haemorrhage (WHO 2012), Apgar below 7 after five minutes and a
// weight below 2,500 g need care (WHO 2015).
func (d *Delivery) Concerns() (out []Concern) {
	add := func(code string, u Urgency, n, m int) { out = append(out, Concern{Code: code, Urgency: u, N: n, M: m}) }
	switch {
	case d.Blood >= 1000:
		add("blood", ReferNow, d.Blood, 0)
	case d.Blood >= 500:
		add("blood", Refer, d.Blood, 0)
	}
	if d.Placenta == PlacentaMissing {
		add("placenta", ReferNow, 0, 0)
	}
	if d.Perineum >= PerineumThree {
		add("perineum", Refer, int(d.Perineum-PerineumOne)+1, 0)
	}
	for i, c := range d.Children {
		if c.State != BornAlive {
			continue
		}
		if c.Apgar5 != 0 && c.Apgar5-1 < 7 {
			add("apgar", ReferNow, i+1, c.Apgar5-1)
		}
		if c.Grams != 0 && c.Grams < 2000 {
			add("small", ReferNow, i+1, c.Grams)
		} else if c.Grams != 0 && c.Grams < 2500 {
			add("small", Watch, i+1, c.Grams)
		}
	}
	return mostUrgent(out)
}

// BornAt returns day and time of a child's birth, from 0. Times go forward: one before
// the child's that came first is of the next day.
func (d *Delivery) BornAt(i int) (Date, string) {
	c := &d.Children[i]
	switch {
	case c.Time == "":
		return d.Day, d.Time
	case c.Time < d.Time:
		return d.Day.AddDays(1), c.Time
	}
	return d.Day, c.Time
}

// Details returns what the form of a new patient says of a child, from 0; of one child
// without place among others.
func (d *Delivery) Details(i int) Patient {
	c := &d.Children[i]
	p := Patient{Sex: c.Sex, BornGrams: c.Grams, Born: BornElsewhere, Source: SourceTyped}
	p.Birth, p.BirthTime = d.BornAt(i)
	if d.Place == BirthHere {
		p.Born = BornHere
	}
	if n := len(d.Children); n > 1 {
		p.Order, p.Of = i+1, n
	}
	return p
}

// Living reports whether a child lives.
func (d *Delivery) Living() bool {
	return slices.ContainsFunc(d.Children, func(c Born) bool { return c.State == BornAlive })
}

// Births returns the deliveries of the person that nobody took back, the newest first.
func (p *PatientFile) Births() (out []*Delivery) {
	for i := range p.Visits {
		for _, d := range p.Visits[i].Docs(KindDelivery) {
			if b := BodyOf[Delivery](d); b != nil && !b.Mistake && p.Visits[i].Ended == nil {
				out = append(out, b)
			}
		}
	}
	return out
}

// BirthCertificate is the body of KindBirthCertificate, a document of the delivery's
// visit: one child's certificate of birth. It is never edited: another one with a number
// of its own takes its place. It says all that the paper says, as it was when it was
// written; the fields are those of XML9 (Decision 3176/QĐ-BYT).
type BirthCertificate struct {
	Number   string `cbor:"1,keyasint"`           // see NewBirthNumber
	Child    []byte `cbor:"2,keyasint"`           // Born.ID
	Replaces string `cbor:"3,keyasint,omitempty"` // number of the one that it takes the place of
	Made     Date   `cbor:"4,keyasint"`           // NGAY_CT
	// The mother, or who brings the child up.
	Mother    string `cbor:"5,keyasint"`
	Born      Date   `cbor:"6,keyasint,omitempty"`
	Ethnic    string `cbor:"7,keyasint,omitempty"`
	Citizen   string `cbor:"8,keyasint,omitempty"`
	Issued    Date   `cbor:"9,keyasint,omitempty"`
	IssuedBy  string `cbor:"10,keyasint,omitempty"`
	Address   string `cbor:"11,keyasint,omitempty"`
	Insurance string `cbor:"12,keyasint,omitempty"`
	Father    string `cbor:"13,keyasint,omitempty"`
	// The child.
	Name     string    `cbor:"14,keyasint,omitempty"` // that the family means to give
	Sex      Sex       `cbor:"15,keyasint"`
	Day      Date      `cbor:"16,keyasint"`
	Time     string    `cbor:"17,keyasint"`
	Grams    int       `cbor:"18,keyasint,omitempty"`
	Children int       `cbor:"19,keyasint"`           // of this birth (SO_CON)
	Births   int       `cbor:"20,keyasint,omitempty"` // which birth it is (LAN_SINH); 0 = not known
	Alive    int       `cbor:"21,keyasint,omitempty"` // children of hers who live now (SO_CON_SONG)
	Place    string    `cbor:"22,keyasint"`           // NOI_SINH_CON
	State    BornState `cbor:"23,keyasint"`
	Surgery  bool      `cbor:"24,keyasint,omitempty"` // SINHCON_PHAUTHUAT
	Under32  bool      `cbor:"25,keyasint,omitempty"` // SINHCON_DUOI32TUAN: before 32 weeks
	Note     string    `cbor:"26,keyasint,omitempty"`
	// Who received the child (NGUOI_DO_DE) and who wrote the paper (NGUOI_GHI_PHIEU).
	Attendant string `cbor:"27,keyasint"`
	Writer    string `cbor:"28,keyasint"`
}

// FromBirth copies what the birth says of a child, from 0.
func (c *BirthCertificate) FromBirth(b *Delivery, i int) {
	x := &b.Children[i]
	c.Sex, c.Grams, c.Children, c.State = x.Sex, x.Grams, len(b.Children), x.State
	c.Day, c.Time = b.BornAt(i)
	c.Surgery, c.Under32 = b.Mode == BirthSurgery, b.Age != 0 && b.Age < 32*7
}

// Says reports whether the certificate says of the child what the birth does.
func (c *BirthCertificate) Says(b *Delivery, i int) bool {
	var x BirthCertificate
	x.FromBirth(b, i)
	return c.Sex == x.Sex && c.Grams == x.Grams && c.Children == x.Children && c.State == x.State && c.Day == x.Day && c.Time == x.Time &&
		c.Surgery == x.Surgery && c.Under32 == x.Under32
}

// NewBirthNumber returns the number of a certificate of birth: S, facility, book, digits,
// check character, as NewSlip.
func NewBirthNumber(facility, book string, n int) (string, error) {
	return newCode(birthLetter, facility, book, n)
}

// ParseBirthNumber reads the form written by NewBirthNumber.
func ParseBirthNumber(s string) (string, Code, error) { return parseCode(birthLetter, s) }

// SeriesBirth counts the certificates of birth of one book.
func SeriesBirth(book string) string { return "birth/" + strings.ToLower(book) }

// issuedBirth returns the number that a certificate used up.
func issuedBirth(body any) (out []Issue) {
	if b, ok := body.(*BirthCertificate); ok {
		if _, c, err := ParseBirthNumber(b.Number); err == nil {
			out = append(out, Issue{SeriesBirth(c.Book), c.Number})
		}
	}
	return out
}
