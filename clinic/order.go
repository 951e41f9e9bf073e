package clinic

import "slices"

// Order is the body of KindOrder: tests that the clinician asks for. It is a document of
// its visit. Taking it back is a correction with Off.
type Order struct {
	Tests  []OrderedTest `cbor:"1,keyasint"`
	Urgent bool          `cbor:"2,keyasint,omitempty"`
	Note   string        `cbor:"3,keyasint,omitempty"` // what is suspected, what to mind
	// Confirmed names tests that were ordered although a result was still valid.
	Confirmed []string `cbor:"4,keyasint,omitempty"`
	Off       bool     `cbor:"5,keyasint,omitempty"` // nothing is wanted any more
}

// OrderedTest is one test of an order; name and unit are those of the catalogue's row
// on the visit's day.
type OrderedTest struct {
	Code  string `cbor:"1,keyasint"`           // of CatalogLabTest (MA_CHI_SO)
	Name  string `cbor:"2,keyasint"`           // TEN_CHI_SO
	Unit  string `cbor:"3,keyasint,omitempty"` // DON_VI_DO
	Panel string `cbor:"4,keyasint,omitempty"` // code of the panel by which it was ordered
}

// Sample is the body of KindSample: something was taken from the patient, and a label
// stands on it. It stands outside visits, as results do.
type Sample struct {
	Number   string   `cbor:"1,keyasint"`           // NewSampleNumber
	Order    []byte   `cbor:"2,keyasint"`           // leaf of a version of the order, 32 bytes
	Visit    []byte   `cbor:"3,keyasint"`           // of the order, 16 bytes
	Tests    []string `cbor:"4,keyasint"`           // codes
	Specimen string   `cbor:"5,keyasint,omitempty"` // of Specimens
}

// The test whose results the safety checks look at, as the starting catalogue has it.
const (
	TestCreatinine = "CREA"
	UnitCreatinine = "µmol/L"
)

// Specimens returns the codes of what samples are of, in the order of lists. They are
// frozen; pages have the words.
func Specimens() []string {
	return []string{"capillary", "blood", "urine", "stool", "sputum", "swab", "other"}
}

// Result is the body of KindResult: what tests of one sample, or tests done at once,
// showed. A correction is a whole new version. It stands outside visits and is signed
// alone, for it may come when the visit is long signed.
type Result struct {
	Order  []byte        `cbor:"1,keyasint,omitempty"` // leaf of a version of the order; empty = none
	Visit  []byte        `cbor:"2,keyasint,omitempty"` // of the order, 16 bytes
	Sample string        `cbor:"3,keyasint,omitempty"` // number
	Taken  Date          `cbor:"4,keyasint"`           // the day of the sample: age and ranges are of it
	Values []ResultValue `cbor:"5,keyasint"`           // at least one
	Device string        `cbor:"6,keyasint,omitempty"` // that measured; empty = read and typed by the author
	Note   string        `cbor:"7,keyasint,omitempty"`
}

// ResultValue is one test's result. Everything that papers and pages say of it is
// copied, for rows change.
type ResultValue struct {
	Test   string     `cbor:"1,keyasint"`           // of CatalogLabTest
	Name   string     `cbor:"2,keyasint"`           // Vietnamese
	Unit   string     `cbor:"3,keyasint,omitempty"` // of Number
	Number *Milli     `cbor:"4,keyasint,omitempty"` // nil = a result in words
	Text   string     `cbor:"5,keyasint,omitempty"` // the choice's Vietnamese word, or free words
	Flag   ResultFlag `cbor:"6,keyasint,omitempty"`
	Range  *RefRange  `cbor:"7,keyasint,omitempty"` // by which it was judged; nil = none is known
	Typed  string     `cbor:"8,keyasint,omitempty"` // value and unit as they were read, when converted
}

// ResultFlag is what the catalogue's row says of a result. Values are frozen.
type ResultFlag uint8

// The flags. FlagUnjudged is no judgement: nobody may read it as normal.
const (
	FlagUnjudged     ResultFlag = 0 // no reference range for this person
	FlagUsual        ResultFlag = 1
	FlagLow          ResultFlag = 2
	FlagHigh         ResultFlag = 3
	FlagCriticalLow  ResultFlag = 4
	FlagCriticalHigh ResultFlag = 5
	FlagAbnormal     ResultFlag = 6 // in words
	FlagCritical     ResultFlag = 7 // in words
	FlagInvalid      ResultFlag = 8 // the test did not work: it must be done again
)

// Critical reports whether somebody must be told at once.
func (f ResultFlag) Critical() bool {
	return f == FlagCriticalLow || f == FlagCriticalHigh || f == FlagCritical
}

// Abnormal reports whether the result is outside of what is usual, critical ones too.
func (f ResultFlag) Abnormal() bool { return f >= FlagLow && f != FlagInvalid }

// Reviewed is the body of KindReviewed: a clinician saw results. The signature over it
// and over the results follows in an entry of its own.
type Reviewed struct {
	Results [][]byte `cbor:"1,keyasint"`           // leaves of the versions that were seen, 32 bytes each
	Note    string   `cbor:"2,keyasint,omitempty"` // what it means, what was done
}

// Critical reports whether one of the values is.
func (r *Result) Critical() bool {
	return slices.ContainsFunc(r.Values, func(v ResultValue) bool { return v.Flag.Critical() })
}

// Value returns the result of a test, or nil.
func (r *Result) Value(test string) *ResultValue {
	for i := range r.Values {
		if r.Values[i].Test == test {
			return &r.Values[i]
		}
	}
	return nil
}

// LabSeen returns the results that an entry outside visits closes for the work list: a
// signature those it covers, a correction the version before. Of a result only the head
// is looked at.
func LabSeen(r *Record) (out []Leaf) {
	switch {
	case !r.Visit.IsZero():
	case r.Kind == KindResult && r.Corrects != (Leaf{}):
		out = append(out, r.Corrects)
	case r.Kind == KindSigned:
		b, ok := r.Body.(*Signed)
		for i := 0; ok && i < len(b.Leaves); i++ {
			if len(b.Leaves[i]) == len(Leaf{}) {
				out = append(out, Leaf(b.Leaves[i]))
			}
		}
	}
	return out
}
