package clinic

// Visit is the body of KindVisit: the patient came and waits.
type Visit struct {
	Key       string    `cbor:"1,keyasint"`           // MA_LK: facility code, box book, yymmdd, four digits
	Day       Date      `cbor:"2,keyasint"`           // the day of the queue
	Queue     int       `cbor:"3,keyasint"`           // 1… per box and day
	Source    Source    `cbor:"4,keyasint,omitempty"` // how identity was established at this visit
	Insurance string    `cbor:"5,keyasint,omitempty"` // card number shown, if any
	Slip      string    `cbor:"6,keyasint,omitempty"` // appointment slip that brought the patient
	Reason    string    `cbor:"7,keyasint,omitempty"` // first words at the desk (LY_DO_VV)
	Type      VisitType `cbor:"8,keyasint,omitempty"`
	Triage    Triage    `cbor:"9,keyasint,omitempty"`  // of an emergency
	Trip      *Trip     `cbor:"10,keyasint,omitempty"` // of a visit outside the station
	// After tells of a visit that was written on paper, or elsewhere, and entered later.
	After *Afterwards `cbor:"20,keyasint,omitempty"`
}

// Afterwards tells who wrote down what was entered later: the authors of the entries are
// those who typed, their times of event are those of the paper.
type Afterwards struct {
	By     []byte `cbor:"1,keyasint,omitempty"` // person of the staff, 16 bytes
	Name   string `cbor:"2,keyasint,omitempty"` // as the old records name them
	Import []byte `cbor:"3,keyasint,omitempty"` // the import that brought it, 16 bytes
}

// Author returns the person of the staff who wrote it down; ok is false when nobody knows
// them by ID.
func (a *Afterwards) Author() (ID, bool) {
	if a == nil || len(a.By) != len(ID{}) {
		return ID{}, false
	}
	return ID(a.By), true
}

// Vitals is the body of KindVitals. All values are fixed-point integers; 0 means
// not measured. Ranges: see VitalRanges.
type Vitals struct {
	Pulse       int `cbor:"1,keyasint,omitempty"`  // per minute
	Temperature int `cbor:"2,keyasint,omitempty"`  // 0.1 °C
	Systolic    int `cbor:"3,keyasint,omitempty"`  // mmHg
	Diastolic   int `cbor:"4,keyasint,omitempty"`  // mmHg
	Breathing   int `cbor:"5,keyasint,omitempty"`  // per minute
	SpO2        int `cbor:"6,keyasint,omitempty"`  // percent
	Weight      int `cbor:"7,keyasint,omitempty"`  // 0.1 kg
	Height      int `cbor:"8,keyasint,omitempty"`  // 0.1 cm
	Waist       int `cbor:"9,keyasint,omitempty"`  // 0.1 cm
	Glucose     int `cbor:"10,keyasint,omitempty"` // 0.1 mmol/L
	// Confirmed names the fields outside their soft range that the nurse confirmed.
	Confirmed []string `cbor:"11,keyasint,omitempty"`
	// What a girl or woman was asked.
	Pregnant      Answer `cbor:"12,keyasint,omitempty"`
	Weeks         int    `cbor:"13,keyasint,omitempty"` // of pregnancy, 1–42
	Breastfeeding Answer `cbor:"14,keyasint,omitempty"`
	Creatinine    int    `cbor:"15,keyasint,omitempty"` // µmol/L in serum; of adults, for the doses
}

// Measured reports whether anything was.
func (v *Vitals) Measured() bool {
	for _, f := range VitalFields() {
		if f.Value(v) != 0 {
			return true
		}
	}
	return false
}

// Exam is the body of KindExam.
type Exam struct {
	Reason  string `cbor:"1,keyasint"`           // lý do đến khám
	History string `cbor:"2,keyasint,omitempty"` // bệnh sử, tiền sử
	Finding string `cbor:"3,keyasint,omitempty"` // khám lâm sàng
}

// Diagnosis is the body of KindDiagnosis.
type Diagnosis struct {
	Main    string   `cbor:"1,keyasint"`           // ICD-10 (MA_BENH_CHINH)
	Others  []string `cbor:"2,keyasint,omitempty"` // at most 12 (MA_BENH_KT)
	Text    string   `cbor:"3,keyasint,omitempty"` // the clinician's words
	Release string   `cbor:"4,keyasint,omitempty"` // version of the ICD list that was searched
}

// Prescription is the body of KindPrescribe.
type Prescription struct {
	Lines  []DrugLine `cbor:"1,keyasint"`
	Advice string     `cbor:"2,keyasint,omitempty"` // lời dặn
	Code   string     `cbor:"3,keyasint,omitempty"` // FFFFFRRRRRRR-C
	// Confirmed holds codes of medicines whose allergy warning was gone past, as earlier
	// versions recorded it: without a reason. It still counts for those entries.
	Confirmed []string   `cbor:"4,keyasint,omitempty"`
	Overrides []Override `cbor:"5,keyasint,omitempty"`
	Replaces  string     `cbor:"6,keyasint,omitempty"` // code of the one that it takes the place of
	Companion string     `cbor:"7,keyasint,omitempty"` // who came with a child under 72 months
	// Of herbs (thuốc thang): how many packets of all of them, one a day, and how they are
	// boiled and drunk.
	Packets     int    `cbor:"8,keyasint,omitempty"`
	Preparation string `cbor:"9,keyasint,omitempty"`
}

// Override is a severe finding of the safety checks that the prescriber saw and went
// past. Its words stay with it, for rules change.
type Override struct {
	Finding string `cbor:"1,keyasint"` // safety.Finding.Key
	Words   string `cbor:"2,keyasint"` // what was shown, in Vietnamese
	Reason  string `cbor:"3,keyasint"`
}

// DrugLine is one medicine of a prescription. Name, Strength, Form and Unit are
// copied from the catalogue row of the day, for a row may close later.
type DrugLine struct {
	Medicine string `cbor:"1,keyasint"` // catalogue code
	Name     string `cbor:"2,keyasint"` // INN, as it prints
	Strength string `cbor:"3,keyasint,omitempty"`
	Form     string `cbor:"4,keyasint,omitempty"`
	Unit     string `cbor:"5,keyasint"`           // viên, gói, ống, lọ …
	Dose     Milli  `cbor:"6,keyasint,omitempty"` // units each time
	Times    int    `cbor:"7,keyasint,omitempty"` // times a day
	Days     int    `cbor:"8,keyasint,omitempty"`
	Quantity Milli  `cbor:"9,keyasint"`
	Route    string `cbor:"10,keyasint,omitempty"` // uống, tiêm …
	When     string `cbor:"11,keyasint,omitempty"` // sáng, tối, sau ăn …
	ATC      string `cbor:"12,keyasint,omitempty"`
	// A dose in ml, g, drops or puffs: Dose is in the measure, Pack what one unit of the
	// medicine holds of it, of drops in ml.
	Measure string `cbor:"13,keyasint,omitempty"`
	Pack    Milli  `cbor:"14,keyasint,omitempty"`
	// Herb: Dose is what one packet holds of it.
	Herb bool `cbor:"15,keyasint,omitempty"`
}

// Bill is the body of KindBill.
type Bill struct {
	Lines []BillLine `cbor:"1,keyasint"`
}

// BillLine is one thing that is charged.
type BillLine struct {
	Code     string `cbor:"1,keyasint"`
	Name     string `cbor:"2,keyasint"`
	Unit     string `cbor:"3,keyasint,omitempty"`
	Quantity Milli  `cbor:"4,keyasint"`
	Price    Dong   `cbor:"5,keyasint"` // per unit
	Insured  bool   `cbor:"6,keyasint,omitempty"`
}

// Total is the line's amount, rounded half up to the đồng.
func (l BillLine) Total() Dong { return l.Price.Times(l.Quantity) }

// Total is the sum over the lines.
func (b Bill) Total() (sum Dong) {
	for _, l := range b.Lines {
		sum += l.Total()
	}
	return sum
}

// Appointment is the body of KindAppointment (phiếu hẹn khám lại, Circular
// 01/2025/TT-BYT annex V). Single use.
type Appointment struct {
	Slip  string `cbor:"1,keyasint"` // our slip code, see NewSlip
	Due   Date   `cbor:"2,keyasint"`
	Hour  string `cbor:"3,keyasint,omitempty"` // "08:30"
	Place string `cbor:"4,keyasint,omitempty"` // department or room
	Note  string `cbor:"5,keyasint,omitempty"`
}

// Signed is the body of KindSigned: the author confirmed these documents of the
// entry's visit with the PIN. Leaves are the leaf hashes of the documents, in
// journal order; patient and visit stand in the entry's head and are bound by it.
type Signed struct {
	Leaves [][]byte `cbor:"1,keyasint"`           // 32 bytes each, at least one
	Method uint8    `cbor:"2,keyasint"`           // 1 = PIN confirmation
	Key    []byte   `cbor:"3,keyasint,omitempty"` // KeyIDOf; empty before people had keys
	Sig    []byte   `cbor:"4,keyasint,omitempty"` // SignWith
}

// VisitEnded is the body of KindVisitEnded.
type VisitEnded struct {
	Why string `cbor:"1,keyasint"`
}

// Arrived is the body of KindArrived: the slip is used up by the entry's visit.
type Arrived struct {
	Slip string `cbor:"1,keyasint"`
}

// Paper is the body of KindPaper: a paper went to the printer.
type Paper struct {
	Form string `cbor:"1,keyasint"` // "appointment", "prescription", "temporary"
	Code string `cbor:"2,keyasint,omitempty"`
	Copy int    `cbor:"3,keyasint"` // 1 = first, more = reprint ("bản in lại")
}

// Viewed is the body of KindViewed, as earlier versions recorded each look.
type Viewed struct {
	Why string `cbor:"1,keyasint,omitempty"` // break-glass only
}

// Answer is what somebody said to a question of yes or no.
type Answer uint8

// The answers. Values are frozen; 0 is not asked.
const (
	AnswerUnknown Answer = 0
	AnswerYes     Answer = 1
	AnswerNo      Answer = 2
)
