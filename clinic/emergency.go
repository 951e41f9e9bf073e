package clinic

import "time"

// Triage is how urgent an emergency is. Values are frozen.
type Triage uint8

// The levels: three, as a station with few people can tell apart.
const (
	TriageNone Triage = 0 // nobody said
	TriageNow  Triage = 1 // in danger of life: at once
	TriageSoon Triage = 2 // urgent: within minutes
	TriageWait Triage = 3 // may wait
)

// Triages returns the levels, the most urgent first.
func Triages() []Triage { return []Triage{TriageNow, TriageSoon, TriageWait} }

// EmergencyNotice is the body of KindEmergencyNotice: who was told of a patient that
// nobody knows, or whose life is in danger. It is whole; a correction says everything
// anew, and one with Mistake takes it back. Nothing is sent by it.
type EmergencyNotice struct {
	To   NoticeTo `cbor:"1,keyasint"`
	Name string   `cbor:"2,keyasint"` // the person who was told
	Day  Date     `cbor:"3,keyasint"`
	Time string   `cbor:"4,keyasint"`           // HH:MM
	How  string   `cbor:"5,keyasint,omitempty"` // by telephone, in writing …
	// Mistake: nobody was told; what the versions before say is taken back.
	Mistake bool `cbor:"6,keyasint,omitempty"`
}

// NoticeTo is who was told. Values are frozen.
type NoticeTo uint8

// Who can be told.
const (
	ToCommune NoticeTo = 1 // the People's Committee of the commune
	ToFamily  NoticeTo = 2
	ToPolice  NoticeTo = 3
	ToInsurer NoticeTo = 4
	ToOther   NoticeTo = 5
)

// NoticeTos returns all, in the order of pages.
func NoticeTos() []NoticeTo { return []NoticeTo{ToCommune, ToFamily, ToPolice, ToInsurer, ToOther} }

// Codes of CatalogCareRule; Minimum says how many.
const (
	RuleNoticeHours = "BAOUBND"   // hours from the arrival of an unknown patient to the notice
	RuleDeathHours  = "BAOTUVONG" // hours from the death of an unknown patient to it
	RuleStayDays    = "NGAYDTRI"  // added to the days between admission and discharge
)

// CareRule returns what a rule of the day says, and the number that stands for a rule
// that has no row.
func CareRule(row CatalogRow, ok bool, code string) int {
	if ok {
		return row.Minimum
	}
	return map[string]int{RuleNoticeHours: 48, RuleDeathHours: 24, RuleStayDays: 1}[code]
}

// Nameless reports whether nobody knows who the patient is: a newborn, who is called by
// its mother, is not.
func (p *Patient) Nameless() bool { return p.nameless() }

// Noticed returns the notices of the visit that stand, in the order of their documents.
func (v *VisitFile) Noticed() (out []*EmergencyNotice) {
	for _, d := range v.Docs(KindEmergencyNotice) {
		if b := BodyOf[EmergencyNotice](d); b != nil && !b.Mistake {
			out = append(out, b)
		}
	}
	return out
}

// At is when.
func (n *EmergencyNotice) At() time.Time { return momentOf(n.Day, n.Time) }

// CommuneTold reports whether the People's Committee was told of the patient, at any
// visit; of a death: since it.
func (p *PatientFile) CommuneTold(death *Death) bool {
	for i := range p.Visits {
		for _, n := range p.Visits[i].Noticed() {
			if n.To == ToCommune && (death == nil || !n.At().Before(momentOf(death.Day, death.Time))) {
				return true
			}
		}
	}
	return false
}

// NoticeUntil is when the People's Committee must have been told of an unknown patient:
// hours after the arrival, or after the death where that is earlier.
func (v *VisitFile) NoticeUntil(death *Death, hours, deathHours int) time.Time {
	until := v.Opened.Event.Add(time.Duration(hours) * time.Hour)
	if death == nil {
		return until
	}
	if at := momentOf(death.Day, death.Time).Add(time.Duration(deathHours) * time.Hour); at.Before(until) {
		return at
	}
	return until
}

// momentOf is a day and a clock of that day in Viet Nam; no clock is its beginning.
func momentOf(d Date, clock string) time.Time {
	t := time.Date(d.Year, time.Month(d.Month), d.Day, 0, 0, 0, 0, ICT)
	if at, err := time.Parse("15:04", clock); err == nil {
		t = t.Add(time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute)
	}
	return t
}
