package clinic

import "slices"

// The catalogues of immunisation. A row of CatalogVaccine is what is given; its Parent
// names the series that one dose counts for. A row of CatalogSchedule is one dose of a
// series: its Code is the series and the number of the dose (DPT2), its Timing says
// when, its Parent names the vaccines that may be given, the usual one first.
const (
	CatalogVaccine  = "vaccine"
	CatalogSchedule = "vaccineschedule"
)

// FlagUnsure marks a row whose source nobody of us could read in the original: pages say so.
const FlagUnsure = "unsure"

// Immunised is the body of KindImmunised: what was given at a visit, or long ago
// elsewhere (outside visits). It is whole: a correction says everything anew, and one
// without a dose takes back what was given by mistake of the pen.
type Immunised struct {
	Day     Date     `cbor:"1,keyasint"`           // of the doses
	Outcome Outcome  `cbor:"2,keyasint"`           // what became of the child's coming
	Signs   []string `cbor:"3,keyasint,omitempty"` // of ScreeningSigns, that were found
	Doses   []Dose   `cbor:"4,keyasint,omitempty"`
	Time    string   `cbor:"5,keyasint,omitempty"` // HH:MM, when the last was given
	Place   string   `cbor:"6,keyasint,omitempty"` // where, unless here
	Note    string   `cbor:"7,keyasint,omitempty"` // why not, what was seen
	// Confirmed names the doses that were given too early or once more with open eyes.
	Confirmed []string `cbor:"8,keyasint,omitempty"`
	// Line is DayOneID of the line of an import of old data that brought it; none otherwise.
	Line []byte `cbor:"9,keyasint,omitempty"`
}

// Dose is one dose of one vaccine. What it prints is copied, for a row may close later.
type Dose struct {
	Vaccine string   `cbor:"1,keyasint"` // code in CatalogVaccine
	Name    string   `cbor:"2,keyasint"`
	Counts  []string `cbor:"3,keyasint"` // doses of the schedule that it counts for: DPT2
	Batch   string   `cbor:"4,keyasint,omitempty"`
	Expiry  Date     `cbor:"5,keyasint,omitempty"` // last day of use
	Site    string   `cbor:"6,keyasint,omitempty"` // of Sites
	Route   string   `cbor:"7,keyasint,omitempty"` // as the vaccine's row says
}

// Outcome is what became of somebody's coming for a vaccine. Values are frozen.
type Outcome uint8

// The outcomes.
const (
	OutcomeGiven    Outcome = 1
	OutcomePostpone Outcome = 2 // tạm hoãn: comes back
	OutcomeNever    Outcome = 3 // chống chỉ định of this vaccine here
	OutcomeRefused  Outcome = 4 // the family does not want it
)

// Outcomes returns all outcomes, in the order of pages.
func Outcomes() []Outcome {
	return []Outcome{OutcomeGiven, OutcomePostpone, OutcomeNever, OutcomeRefused}
}

// Sites returns where a vaccine is given, in the order of pages.
func Sites() []string {
	return []string{"thigh-left", "thigh-right", "arm-left", "arm-right", "mouth"}
}

// ScreeningSigns returns what is asked before each vaccine. It is our reading of the
// screening of children (Decision 2470/QĐ-BYT of 2019), not its form.
func ScreeningSigns() []string {
	return []string{"reacted", "ill", "fever", "heart", "breathing", "dull", "weak-immunity", "small", "bleeding"}
}

// Observe is how many minutes somebody stays after a vaccine: at least thirty, by the
// rules on immunisation under Decree 104/2016/NĐ-CP (not read in the original).
const Observe = 30

// Reaction is the body of KindReaction: what was seen after a vaccine, in the time of
// observation or later (AEFI).
type Reaction struct {
	None   bool     `cbor:"1,keyasint,omitempty"` // watched for the time, and nothing
	Signs  []string `cbor:"2,keyasint,omitempty"` // of ReactionSigns
	Severe bool     `cbor:"3,keyasint,omitempty"` // tai biến nặng: told at once
	Day    Date     `cbor:"4,keyasint"`
	Time   string   `cbor:"5,keyasint,omitempty"` // HH:MM
	Note   string   `cbor:"6,keyasint,omitempty"`
	Care   string   `cbor:"7,keyasint,omitempty"` // what was done
}

// ReactionSigns returns what is looked for after a vaccine, the severe ones last.
func ReactionSigns() []string {
	return []string{"fever", "swelling", "rash", "crying", "vomiting", "high-fever", "convulsion", "pale", "breathless", "shock"}
}

// SevereSign reports whether the sign alone makes a reaction severe.
func SevereSign(sign string) bool {
	return slices.Contains([]string{"convulsion", "pale", "breathless", "shock"}, sign)
}

// Session is the body of KindSession: a morning of vaccination. Its subject is
// SessionSubject, so that it stands with no patient.
type Session struct {
	Day     Date           `cbor:"1,keyasint"`
	Place   string         `cbor:"2,keyasint,omitempty"`
	Batches []VaccineBatch `cbor:"3,keyasint,omitempty"` // what is open: one of each vaccine
	Closed  bool           `cbor:"4,keyasint,omitempty"` // it is over: what was left in opened vials is thrown away
}

// VaccineBatch is a batch of a vaccine that is in use.
type VaccineBatch struct {
	Vaccine string `cbor:"1,keyasint"`
	Batch   string `cbor:"2,keyasint"`
	Expiry  Date   `cbor:"3,keyasint,omitempty"`
}

// SessionSubject is the subject of sessions.
func SessionSubject() ID { return ID{'s', 'e', 's', 's', 'i', 'o', 'n', 's'} }

// Over reports whether the batch may no longer be used on the day.
func (b *VaccineBatch) Over(on Date) bool { return !b.Expiry.IsZero() && b.Expiry.Before(on) }
