package clinic

import "slices"

// PregnancyDays is how long a pregnancy lasts from the first day of the last period to
// the day on which birth is expected (Naegele's rule).
const PregnancyDays = 280

// pregnancyMost is after how many days nobody is pregnant any more, whatever nobody
// recorded: 45 weeks, for dates are often a few weeks wrong.
const pregnancyMost = 45 * 7

// Pregnancy is the body of KindPregnancy, outside visits. It is whole; a correction says
// everything anew. Both ways of dating stay, whichever counts.
type Pregnancy struct {
	On      Date     `cbor:"1,keyasint"`           // the day on which it was recorded
	LMP     Date     `cbor:"2,keyasint,omitempty"` // first day of the last period; zero = not known
	Scan    Date     `cbor:"3,keyasint,omitempty"` // day of the ultrasound that told the age; zero = none
	ScanAge int      `cbor:"4,keyasint,omitempty"` // days of pregnancy that it told
	ByScan  bool     `cbor:"5,keyasint,omitempty"` // the ultrasound counts although the period is known
	Gravida int      `cbor:"6,keyasint,omitempty"` // which pregnancy it is, 1 = the first
	Para    string   `cbor:"7,keyasint,omitempty"` // four digits: born at term, before term, lost, living
	Risks   []string `cbor:"8,keyasint,omitempty"` // of PregnancyRisks
	Note    string   `cbor:"9,keyasint,omitempty"`

	Ended Date         `cbor:"10,keyasint,omitempty"` // zero = it goes on
	End   PregnancyEnd `cbor:"11,keyasint,omitempty"`
	// Delivery is the visit whose delivery ended it, 16 bytes; empty = ended without one.
	Delivery []byte `cbor:"12,keyasint,omitempty"`
}

// PregnancyEnd is how a pregnancy ended. Values are frozen.
type PregnancyEnd uint8

// The ends.
const (
	EndBirth       PregnancyEnd = 1
	EndMiscarriage PregnancyEnd = 2
	EndAbortion    PregnancyEnd = 3
	EndEctopic     PregnancyEnd = 4
	EndElsewhere   PregnancyEnd = 5 // born elsewhere
	EndMistake     PregnancyEnd = 6 // there was none
)

// PregnancyEnds returns the ends that are chosen from, in the order of pages: a birth
// here is recorded as one.
func PregnancyEnds() []PregnancyEnd {
	return []PregnancyEnd{EndElsewhere, EndMiscarriage, EndAbortion, EndEctopic, EndMistake}
}

// PregnancyRisks returns what is asked when a pregnancy is recorded.
func PregnancyRisks() []string {
	return []string{
		"young", "old", "short", "many", "scar", "lost-before", "bleeding-before", "twins",
		"pressure", "diabetes", "heart", "anaemia", "rhesus", "infection",
	}
}

// Begin returns the day from which weeks are counted; ok is false when neither way of
// dating is known.
func (p *Pregnancy) Begin() (day Date, ok bool) {
	scan, byScan := p.scanBegin()
	if byScan && (p.ByScan || !p.LMP.Full()) {
		return scan, true
	}
	return p.LMP, p.LMP.Full()
}

func (p *Pregnancy) scanBegin() (Date, bool) {
	if !p.Scan.Full() || p.ScanAge <= 0 {
		return Date{}, false
	}
	return p.Scan.AddDays(-p.ScanAge), true
}

// Due returns the day on which birth is expected; ok as Begin.
func (p *Pregnancy) Due() (day Date, ok bool) {
	day, ok = p.Begin()
	if !ok {
		return Date{}, false
	}
	return day.AddDays(PregnancyDays), true
}

// AgeOn returns how many days old the pregnancy is on a day, from Begin; ok is false
// before it, and as Begin.
func (p *Pregnancy) AgeOn(on Date) (days int, ok bool) {
	begin, ok := p.Begin()
	if !ok || on.Before(begin) {
		return 0, false
	}
	return DaysBetween(begin, on), true
}

// DaysBetween is how many days lie from one day to another; both must be Full.
func DaysBetween(from, to Date) int {
	return int(to.Time().Sub(from.Time()).Hours() / 24)
}

// Redate compares the two ways of dating: how many days later the pregnancy begins by the
// ultrasound, and whether the difference is so large that the ultrasound should count
// (ACOG Committee Opinion 700, 2017). ok is false unless both are known.
func (p *Pregnancy) Redate() (days int, advised, ok bool) {
	begin, ok := p.scanBegin()
	if !ok || !p.LMP.Full() {
		return 0, false, false
	}
	days = DaysBetween(p.LMP, begin)
	most, at := 21, DaysBetween(p.LMP, p.Scan)
	for _, x := range []struct{ below, most int }{{9 * 7, 5}, {16 * 7, 7}, {22 * 7, 10}, {28 * 7, 14}} {
		if at < x.below {
			most = x.most
			break
		}
	}
	return days, days > most || -days > most, true
}

// Open reports whether nobody said that it ended.
func (p *Pregnancy) Open() bool { return p.Ended.IsZero() }

// Holds reports whether the woman is pregnant on the day by what is recorded. One that
// nobody ended says so for 45 weeks.
func (p *Pregnancy) Holds(on Date) bool {
	if p.End == EndMistake || !p.Open() && !on.Before(p.Ended) {
		return false
	}
	begin, ok := p.Begin()
	if !ok {
		begin = p.On // what is known: she was pregnant then
	}
	return !on.Before(begin) && on.Before(begin.AddDays(pregnancyMost))
}

// Pregnancies returns the documents of pregnancies, the newest first.
func (p *PatientFile) Pregnancies() (out []*Document) {
	for i := range slices.Backward(p.Files) {
		if d := &p.Files[i]; BodyOf[Pregnancy](d) != nil {
			out = append(out, d)
		}
	}
	return out
}

// Pregnant returns the pregnancy that holds on the day, or nil: which says nothing, for
// nobody may have recorded one.
func (p *PatientFile) Pregnant(on Date) (*Document, *Pregnancy) {
	for _, d := range p.Pregnancies() {
		if b := BodyOf[Pregnancy](d); b.Holds(on) {
			return d, b
		}
	}
	return nil, nil
}

// PregnantUntil returns the pregnancy that holds on the day or ended on it, or nil: who
// gives birth may have been examined on the same day.
func (p *PatientFile) PregnantUntil(on Date) (*Document, *Pregnancy) {
	if d, b := p.Pregnant(on); b != nil {
		return d, b
	}
	for _, d := range p.Pregnancies() {
		b := BodyOf[Pregnancy](d)
		open := *b
		if open.Ended = (Date{}); b.Ended == on && open.Holds(on) {
			return d, b
		}
	}
	return nil, nil
}

// OpenPregnancies returns the documents of the pregnancies that nobody ended, the newest
// first. Boxes that wrote apart may each have one.
func (p *PatientFile) OpenPregnancies() (out []*Document) {
	for _, d := range p.Pregnancies() {
		if BodyOf[Pregnancy](d).Open() {
			out = append(out, d)
		}
	}
	return out
}
