package clinic

// Antenatal is the body of KindAntenatal: one examination in pregnancy. Values are
// fixed-point integers; 0 = not measured, not asked.
type Antenatal struct {
	Age       int          `cbor:"1,keyasint,omitempty"`  // days of pregnancy on the visit's day; 0 = not known
	Weight    int          `cbor:"2,keyasint,omitempty"`  // 0.1 kg
	Systolic  int          `cbor:"3,keyasint,omitempty"`  // mmHg
	Diastolic int          `cbor:"4,keyasint,omitempty"`  // mmHg
	Fundus    int          `cbor:"5,keyasint,omitempty"`  // height of the womb, cm
	Heart     int          `cbor:"6,keyasint,omitempty"`  // of the child, beats a minute
	Lie       Presentation `cbor:"7,keyasint,omitempty"`  // what lies foremost
	Oedema    Answer       `cbor:"8,keyasint,omitempty"`  // of the legs
	Protein   Protein      `cbor:"9,keyasint,omitempty"`  // in urine
	Hb        int          `cbor:"10,keyasint,omitempty"` // g/L
	Tetanus   Tetanus      `cbor:"11,keyasint,omitempty"`
	Iron      int          `cbor:"12,keyasint,omitempty"` // tablets of iron with folic acid handed out
	Asked     bool         `cbor:"13,keyasint,omitempty"` // the danger signs were asked for
	Signs     []string     `cbor:"14,keyasint,omitempty"` // of AntenatalSigns, that were found
	Note      string       `cbor:"15,keyasint,omitempty"` // findings, advice, what was done
}

// Presentation is what of the child lies foremost. Values are frozen.
type Presentation uint8

// The presentations.
const (
	LieHead       Presentation = 1
	LieBreech     Presentation = 2
	LieTransverse Presentation = 3
	LieUnclear    Presentation = 4 // examined, not to be told (yet)
)

// Presentations returns all, in the order of pages.
func Presentations() []Presentation {
	return []Presentation{LieHead, LieBreech, LieTransverse, LieUnclear}
}

// Protein is what a strip shows of protein in urine. Values are frozen.
type Protein uint8

// What a strip shows.
const (
	ProteinNone  Protein = 1
	ProteinTrace Protein = 2
	ProteinOne   Protein = 3 // +
	ProteinTwo   Protein = 4 // ++
	ProteinThree Protein = 5 // +++ or more
)

// Proteins returns all, in the order of pages.
func Proteins() []Protein {
	return []Protein{ProteinNone, ProteinTrace, ProteinOne, ProteinTwo, ProteinThree}
}

// Tetanus tells how far mother and child are protected. Values are frozen.
type Tetanus uint8

// The states of protection.
const (
	TetanusNone Tetanus = 1 // no dose yet
	TetanusOne  Tetanus = 2 // one dose, the second is due
	TetanusSafe Tetanus = 3 // as many as this pregnancy needs
)

// TetanusStates returns all, in the order of pages.
func TetanusStates() []Tetanus { return []Tetanus{TetanusNone, TetanusOne, TetanusSafe} }

// AntenatalSigns returns the danger signs of pregnancy: each alone is a reason to refer
// at once (WHO, Pregnancy, childbirth, postpartum and newborn care, 3rd edition 2015).
func AntenatalSigns() []string {
	return []string{"bleeding", "waters", "convulsion", "headache", "belly", "movements", "fever", "breathless", "swelling", "vomiting"}
}

// AntenatalRange is what a field of an antenatal examination may be: beyond it somebody
// mistyped.
func AntenatalRange(field string) (Range, bool) {
	r, ok := map[string]Range{
		"fundus": {5, 50}, "heart": {50, 240}, "hb": {20, 220}, "iron": {1, 300},
	}[field]
	return r, ok
}

// Urgency is how soon something must be done. Values are frozen in pages' words only.
type Urgency uint8

// The urgencies.
const (
	Watch    Urgency = 1 // treat or look again here
	Refer    Urgency = 2 // to a higher level, in days
	ReferNow Urgency = 3 // to a higher level, at once
)

// Concern is something about a pregnancy that must not be overlooked.
type Concern struct {
	Code    string // stable; pages have the words
	Sign    string // the danger sign of Code "sign"
	Urgency Urgency
	N, M    int // the values that led to it
}

// Concerns judges the examination, the most urgent first. The limits are those of WHO:
// blood pressure and protein of pre-eclampsia and severe hypertension (2011; 2018), Hb of
// anaemia in pregnancy by trimester (2024), 110–160 beats of the child's heart (FIGO
// 2015); the height of the womb may differ from the weeks by 3 cm from 24 to 36 weeks.
func (a *Antenatal) Concerns() []Concern {
	out := make([]Concern, 0, len(a.Signs))
	add := func(code string, u Urgency, n, m int) { out = append(out, Concern{Code: code, Urgency: u, N: n, M: m}) }
	for _, s := range a.Signs {
		out = append(out, Concern{Code: "sign", Sign: s, Urgency: ReferNow})
	}
	weeks := a.Age / 7
	high := a.Systolic >= 140 || a.Diastolic >= 90
	switch {
	case a.Systolic >= 160 || a.Diastolic >= 110:
		add("pressure-severe", ReferNow, a.Systolic, a.Diastolic)
	case high && a.Protein >= ProteinOne:
		add("preeclampsia", ReferNow, a.Systolic, a.Diastolic)
	case high:
		add("pressure-high", Refer, a.Systolic, a.Diastolic)
	case a.Protein >= ProteinOne:
		add("protein", Refer, 0, 0)
	}
	anaemia := 110
	if weeks >= 14 && weeks < 28 {
		anaemia = 105
	}
	switch {
	case a.Hb == 0 || a.Hb >= anaemia:
	case a.Hb < 70:
		add("hb-severe", ReferNow, a.Hb, 70)
	case a.Hb < 100:
		add("hb-low", Refer, a.Hb, 100)
	default:
		add("hb-mild", Watch, a.Hb, anaemia)
	}
	if a.Heart != 0 && (a.Heart < 110 || a.Heart > 160) {
		add("heart", ReferNow, a.Heart, 0)
	}
	if weeks >= 36 && (a.Lie == LieBreech || a.Lie == LieTransverse) {
		add("lie", Refer, weeks, 0)
	}
	if off := a.Fundus - weeks; a.Fundus != 0 && weeks >= 24 && weeks <= 36 && (off > 3 || off < -3) {
		add("fundus", Refer, a.Fundus, weeks)
	}
	if weeks >= 42 {
		add("late", ReferNow, weeks, 0)
	} else if weeks >= 41 {
		add("late", Refer, weeks, 0)
	}
	if a.Tetanus == TetanusNone || a.Tetanus == TetanusOne {
		add("tetanus", Watch, 0, 0)
	}
	return mostUrgent(out)
}
