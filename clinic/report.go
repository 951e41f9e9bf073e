package clinic

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// ReportTemplate names the layout of the month's report. No official layout is at hand:
// pages and papers say that it is none.
const ReportTemplate = "clinicbox-month-1"

// ReportsID returns the subject of reports.
func ReportsID() ID { return namedID("clinicbox reports of months") }

// Report is the body of KindReport: the figures of a month as they were handed in. Later
// entries change what the same month gives; this stays.
type Report struct {
	Template string        `cbor:"1,keyasint"`
	Month    Date          `cbor:"2,keyasint"` // its first day
	Groups   []ReportGroup `cbor:"3,keyasint"` // see Lines
	Size     uint64        `cbor:"4,keyasint"` // entries of this box when it was added up
	// The box that handed it in, whose shelves ReportUsed is of, and the books whose visits
	// are counted: boxes of a facility share visits. An entry replaces the one it corrects,
	// of whichever box.
	Box   string   `cbor:"5,keyasint,omitempty"`
	Books []string `cbor:"6,keyasint,omitempty"`
}

// ReportGroup is the figures of one key, as an entry has room for them.
type ReportGroup struct {
	Key    string   `cbor:"1,keyasint"`
	Of     []string `cbor:"2,keyasint"`
	Values []int64  `cbor:"3,keyasint"` // one for each of Of
}

// ReportLine is one figure. Key is a word of the template, Of what it is about: a code, or
// empty. The unit is that of the key: visits, or thousandths of a medicine's unit.
type ReportLine struct {
	Key, Of string
	Value   int64
}

// NewReport returns the body for figures in order.
func NewReport(month Date, lines []ReportLine, size uint64) *Report {
	r := &Report{Template: ReportTemplate, Month: month, Size: size}
	for _, l := range lines {
		if n := len(r.Groups); n == 0 || r.Groups[n-1].Key != l.Key {
			r.Groups = append(r.Groups, ReportGroup{Key: l.Key})
		}
		g := &r.Groups[len(r.Groups)-1]
		g.Of, g.Values = append(g.Of, l.Of), append(g.Values, l.Value)
	}
	return r
}

// Lines returns the figures in order.
func (r *Report) Lines() (out []ReportLine) {
	for _, g := range r.Groups {
		for i := range min(len(g.Of), len(g.Values)) {
			out = append(out, ReportLine{Key: g.Key, Of: g.Of[i], Value: g.Values[i]})
		}
	}
	return out
}

// Keys of ReportTemplate.
const (
	ReportVisits     = "visits"     // all that were not opened by mistake
	ReportSigned     = "signed"     // of these, confirmed by the clinician
	ReportPeople     = "people"     // different patients
	ReportInsured    = "insured"    // with a card number
	ReportFemale     = "female"     //
	ReportUnder6     = "under6"     // years, on the day of the visit
	ReportOver60     = "over60"     // 60 and more
	ReportAfterwards = "afterwards" // written on paper, entered later
	ReportDiagnosis  = "diagnosis"  // Of: category of the main diagnosis, three characters; "" = none
	ReportDay        = "day"        // Of: day
	ReportPrescribed = "prescribed" // Of: medicine; quantity in thousandths
	ReportUsed       = "used"       // Of: medicine; of this box's shelves: what left the shelf for patients, less what came back
	ReportAlert      = "alert"      // Of: disease
)

// Compare orders lines by key and what they are about.
func (l ReportLine) Compare(o ReportLine) int {
	return cmp.Or(cmp.Compare(l.Key, o.Key), cmp.Compare(l.Of, o.Of))
}

// Tally adds visits up. The order in which they are added does not matter. The zero
// Tally is empty; it is for one caller at a time.
type Tally struct {
	sums   map[[2]string]int64
	people map[ID]bool
	books  map[string]int
}

// Count adds to one figure.
func (t *Tally) Count(key, of string, n int64) {
	if t.sums == nil {
		t.sums = map[[2]string]int64{}
	}
	t.sums[[2]string{key, of}] += n
}

// Visit adds a visit of the person, whose details may be nil.
func (t *Tally) Visit(person ID, v *VisitFile, p *Patient) {
	if v.Visit == nil || v.State == VisitClosed && len(v.Documents) == 0 {
		return // opened by mistake, or left before anything was done
	}
	if v.Visit.After != nil && len(v.Visit.After.Import) > 0 {
		return // of another book: it was reported there
	}
	t.Count(ReportVisits, "", 1)
	t.Count(ReportDay, strconv.Itoa(v.Visit.Day.Int()), 1)
	for key, is := range map[string]bool{
		ReportSigned:     v.State == VisitSigned || v.State == VisitAmended,
		ReportInsured:    v.Visit.Insurance != "",
		ReportAfterwards: v.Visit.After != nil,
		ReportPeople:     !t.people[person],
	} {
		if is {
			t.Count(key, "", 1)
		}
	}
	if t.people == nil {
		t.people = map[ID]bool{}
	}
	t.people[person] = true
	t.book(v.Visit.Key)
	t.patient(v.Visit.Day, p)
	t.documents(v)
}

func (t *Tally) book(key string) {
	c, _, err := ParseVisitKey(key)
	if err != nil {
		return
	}
	if t.books == nil {
		t.books = map[string]int{}
	}
	t.books[c.Book]++
}

// BookCount is how many visits of a box's book were added up.
type BookCount struct {
	Book   string
	Visits int
}

// Books returns whose visits were added up, in order.
func (t *Tally) Books() (out []BookCount) {
	for book, n := range t.books {
		out = append(out, BookCount{book, n})
	}
	slices.SortFunc(out, func(a, b BookCount) int { return cmp.Compare(a.Book, b.Book) })
	return out
}

func (t *Tally) patient(day Date, p *Patient) {
	if p == nil {
		return
	}
	if p.Sex == SexFemale {
		t.Count(ReportFemale, "", 1)
	}
	if p.Birth.IsZero() {
		return
	}
	switch age := p.Birth.AgeAt(day).Years; {
	case age < 6:
		t.Count(ReportUnder6, "", 1)
	case age >= 60:
		t.Count(ReportOver60, "", 1)
	}
}

func (t *Tally) documents(v *VisitFile) {
	main := ""
	if d := v.Doc(KindDiagnosis); d != nil {
		if b := BodyOf[Diagnosis](d); b != nil {
			main = b.Main
		}
	}
	t.Count(ReportDiagnosis, main[:min(3, len(main))], 1)
	for _, d := range v.Docs(KindPrescribe) {
		if b := BodyOf[Prescription](d); b != nil {
			for _, l := range b.Lines {
				t.Count(ReportPrescribed, l.Medicine, int64(l.Quantity))
			}
		}
	}
	seen := map[string]bool{}
	for _, a := range v.Alerts() {
		if v.Standing(a.Alert.Disease) != nil && !seen[a.Alert.Disease] {
			seen[a.Alert.Disease] = true
			t.Count(ReportAlert, a.Alert.Disease, 1)
		}
	}
}

// Lines returns the figures that are not 0, in order.
func (t *Tally) Lines() []ReportLine {
	var out []ReportLine
	for k, n := range t.sums {
		if n != 0 {
			out = append(out, ReportLine{Key: k[0], Of: k[1], Value: n})
		}
	}
	slices.SortFunc(out, ReportLine.Compare)
	return out
}

// ReportChange is a figure that differs between two reports.
type ReportChange struct {
	Key, Of  string
	Was, Now int64
}

// Changes returns what differs, in order: a figure that a report does not have is 0.
func Changes(was, now []ReportLine) (out []ReportChange) {
	all := map[[2]string]ReportChange{}
	for _, l := range was {
		all[[2]string{l.Key, l.Of}] = ReportChange{Key: l.Key, Of: l.Of, Was: l.Value}
	}
	for _, l := range now {
		k := [2]string{l.Key, l.Of}
		c := all[k]
		all[k] = ReportChange{Key: l.Key, Of: l.Of, Was: c.Was, Now: l.Value}
	}
	for _, c := range all {
		if c.Was != c.Now {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, func(a, b ReportChange) int {
		return cmp.Compare(fmt.Sprint(a.Key, " ", a.Of), fmt.Sprint(b.Key, " ", b.Of))
	})
	return out
}
