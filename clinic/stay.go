package clinic

import (
	"cmp"
	"slices"
	"time"
)

// Stay is the body of KindStay: the patient lies in a bed from then on. The first of a
// visit is the admission, a later one a move. A correction says everything anew, and one
// with Mistake takes it back.
type Stay struct {
	Bed     string `cbor:"1,keyasint"`           // code of CatalogBed, or words
	Day     Date   `cbor:"2,keyasint"`           // since when
	Time    string `cbor:"3,keyasint"`           // HH:MM
	Reason  string `cbor:"4,keyasint,omitempty"` // of the admission (LY_DO_VNT) or the move
	Mistake bool   `cbor:"5,keyasint,omitempty"`
}

// Care is the body of KindCare: a line of the care sheet. Who did it is the author.
// Vital signs are documents of their own and stand between the lines.
type Care struct {
	Day     Date    `cbor:"1,keyasint"`
	Time    string  `cbor:"2,keyasint"`           // HH:MM
	Course  string  `cbor:"3,keyasint,omitempty"` // how it goes (DIEN_BIEN_LS)
	Done    string  `cbor:"4,keyasint,omitempty"` // orders that were carried out
	Given   []Given `cbor:"5,keyasint,omitempty"` // medicines
	Mistake bool    `cbor:"6,keyasint,omitempty"` // nothing of it happened
}

// Given is a dose of a prescribed medicine that the patient got, or refused.
type Given struct {
	Medicine string `cbor:"1,keyasint"` // catalogue code
	Name     string `cbor:"2,keyasint"` // with the strength, as the prescription has it
	Dose     Milli  `cbor:"3,keyasint,omitempty"`
	Unit     string `cbor:"4,keyasint,omitempty"`
	Route    string `cbor:"5,keyasint,omitempty"`
	Refused  bool   `cbor:"6,keyasint,omitempty"`
	Why      string `cbor:"7,keyasint,omitempty"` // not given
}

// Discharge is the body of KindDischarge: the stay ended. It is whole; a correction says
// everything anew, and one with Mistake takes it back: the patient lies in the bed still.
type Discharge struct {
	Day       Date   `cbor:"1,keyasint"`
	Time      string `cbor:"2,keyasint"`           // HH:MM
	Result    uint8  `cbor:"3,keyasint"`           // KET_QUA_DTRI, 1–7
	Way       uint8  `cbor:"4,keyasint"`           // MA_LOAI_RV, 1–5
	Course    string `cbor:"5,keyasint,omitempty"` // QT_BENHLY, TOMTAT_KQ
	Treatment string `cbor:"6,keyasint"`           // PP_DIEUTRI
	Advice    string `cbor:"7,keyasint,omitempty"` // GHI_CHU
	To        string `cbor:"8,keyasint,omitempty"` // where a patient was sent that left for another facility
	Mistake   bool   `cbor:"9,keyasint,omitempty"`
}

// The values of Discharge.Result and Discharge.Way (Decision 4750/QĐ-BYT, XML1).
const (
	MostResults = 7
	MostWays    = 5
)

// Sent reports whether the patient left for another facility.
func (d *Discharge) Sent() bool { return d.Way == 2 || d.Way == 5 }

// Placement is a bed that the patient lies in, or lay in.
type Placement struct {
	*Stay
	Doc *Document
}

// At is since when.
func (s *Stay) At() time.Time { return momentOf(s.Day, s.Time) }

// At is when.
func (c *Care) At() time.Time { return momentOf(c.Day, c.Time) }

// At is when.
func (d *Discharge) At() time.Time { return momentOf(d.Day, d.Time) }

// Placements returns the beds of the visit, the first one first; what was taken back is
// left out.
func (v *VisitFile) Placements() (out []Placement) {
	for _, d := range v.Docs(KindStay) {
		if b := BodyOf[Stay](d); b != nil && !b.Mistake {
			out = append(out, Placement{b, d})
		}
	}
	slices.SortStableFunc(out, func(a, b Placement) int {
		x, y := &a.Doc.Versions[0].Record, &b.Doc.Versions[0].Record
		return cmp.Or(a.At().Compare(b.At()), cmp.Compare(x.HLC, y.HLC), slices.Compare(x.Leaf[:], y.Leaf[:]))
	})
	return out
}

// Discharged returns the end of the stay that nobody took back, or nil.
func (v *VisitFile) Discharged() *Discharge {
	b := BodyOf[Discharge](v.Doc(KindDischarge))
	if b == nil || b.Mistake {
		return nil
	}
	return b
}

// Lies returns the bed that the patient lies in; ok is false for who was never put into
// one, went, or died.
func (v *VisitFile) Lies() (p Placement, ok bool) {
	all := v.Placements()
	dead := BodyOf[Death](v.Doc(KindDeath))
	if len(all) == 0 || v.Ended != nil || v.Discharged() != nil || dead != nil && !dead.Mistake {
		return p, false
	}
	return all[len(all)-1], true
}

// StayDays counts the days of the stay up to its end, or to today while it goes on: the
// days between, and more by the rule (SO_NGAY_DTRI); 0 without a stay.
func (v *VisitFile) StayDays(rule int, today Date) int {
	all := v.Placements()
	if len(all) == 0 {
		return 0
	}
	if d := v.Discharged(); d != nil {
		today = d.Day
	}
	return max(int(today.Time().Sub(all[0].Day.Time()).Hours()/24), 0) + rule
}

// LiesIn returns the visit in which the person lies in a bed, or nil.
func (p *PatientFile) LiesIn() *VisitFile {
	for i := range p.Visits {
		if _, ok := p.Visits[i].Lies(); ok {
			return &p.Visits[i]
		}
	}
	return nil
}

// GivenLine is a dose with when and by whom.
type GivenLine struct {
	Given
	At     time.Time
	Record *Record // its author gave it
}

// GivenOf returns the doses of a medicine in the visit, the latest first.
func (v *VisitFile) GivenOf(medicine string) (out []GivenLine) {
	for _, d := range v.Docs(KindCare) {
		b := BodyOf[Care](d)
		if b == nil || b.Mistake {
			continue
		}
		for _, g := range b.Given {
			if g.Medicine == medicine {
				out = append(out, GivenLine{g, b.At(), &d.Versions[0].Record})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b GivenLine) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.Record.HLC, a.Record.HLC)) })
	return out
}

// SheetLine is one line of the care sheet: vital signs, care, a bed or the end of the stay.
type SheetLine struct {
	At  time.Time
	Doc *Document
}

// CareSheet returns what was done and seen in the visit, the oldest first. What was taken
// back stays on it; pages say so.
func (v *VisitFile) CareSheet() (out []SheetLine) {
	for i := range v.Documents {
		d := &v.Documents[i]
		at := d.Versions[0].Record.Event
		switch b := d.Current().Record.Body.(type) {
		case *Vitals:
		case *Care:
			at = b.At()
		case *Stay:
			at = b.At()
		case *Discharge:
			at = b.At()
		default:
			continue
		}
		out = append(out, SheetLine{at, d})
	}
	slices.SortStableFunc(out, func(a, b SheetLine) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Doc.Versions[0].Record.HLC, b.Doc.Versions[0].Record.HLC))
	})
	return out
}
