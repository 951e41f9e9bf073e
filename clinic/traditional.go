package clinic

import "slices"

// KindTraditional is the examination by traditional medicine (y học cổ truyền) and what
// is done by hand: see Traditional.
const KindTraditional Kind = 79

// Traditional is the body of KindTraditional: the four examinations, what the illness is
// in the terms of traditional medicine, and the treatments by hand. Herbs stand on the
// prescription. The sections of a record of traditional medicine are those of practice;
// the forms of Circular 55/2025/TT-BYT were not read.
type Traditional struct {
	Look   string `cbor:"1,keyasint,omitempty"` // vọng: looks, colour, tongue
	Listen string `cbor:"2,keyasint,omitempty"` // văn: voice, breath, smell
	Ask    string `cbor:"3,keyasint,omitempty"` // vấn
	Touch  string `cbor:"4,keyasint,omitempty"` // thiết: pulse, skin, belly
	// Illness is a code of CatalogTradIllness (MA_BENH_YHCT of the insurance tables); Name
	// is copied from the row of the day.
	Illness    string      `cbor:"5,keyasint"`
	Name       string      `cbor:"6,keyasint"`
	Syndrome   string      `cbor:"7,keyasint,omitempty"`  // thể bệnh
	Principles []Principle `cbor:"8,keyasint,omitempty"`  // bát cương, in the order of Principles
	Method     string      `cbor:"9,keyasint,omitempty"`  // pháp điều trị
	Treatments []Treatment `cbor:"10,keyasint,omitempty"` // each service once
}

// Treatment is one treatment by hand: acupuncture, massage, moxibustion, cupping.
type Treatment struct {
	Service string `cbor:"1,keyasint"`           // code of CatalogService, of a row with FlagTraditional
	Name    string `cbor:"2,keyasint"`           // copied
	Points  string `cbor:"3,keyasint,omitempty"` // huyệt, vùng
	Days    int    `cbor:"4,keyasint"`           // liệu trình: how many times, once a day
}

// Principle is one of the eight principles (bát cương). Values are frozen.
type Principle uint8

// The eight principles, in their pairs.
const (
	PrincipleYin      Principle = 1 // âm
	PrincipleYang     Principle = 2 // dương
	PrincipleOutside  Principle = 3 // biểu
	PrincipleInside   Principle = 4 // lý
	PrincipleCold     Principle = 5 // hàn
	PrincipleHot      Principle = 6 // nhiệt
	PrincipleLacking  Principle = 7 // hư
	PrincipleAbundant Principle = 8 // thực
)

// Principles returns all eight.
func Principles() []Principle {
	return []Principle{
		PrincipleYin, PrincipleYang, PrincipleOutside, PrincipleInside,
		PrincipleCold, PrincipleHot, PrincipleLacking, PrincipleAbundant,
	}
}

// Same reports whether both say the same, but for the names that are copied.
func (t *Traditional) Same(o *Traditional) bool {
	return t.Look == o.Look && t.Listen == o.Listen && t.Ask == o.Ask && t.Touch == o.Touch && t.Illness == o.Illness &&
		t.Syndrome == o.Syndrome && t.Method == o.Method && slices.Equal(t.Principles, o.Principles) &&
		slices.EqualFunc(t.Treatments, o.Treatments, func(a, b Treatment) bool {
			return a.Service == b.Service && a.Points == b.Points && a.Days == b.Days
		})
}

// TradIllnesses returns the rows of CatalogTradIllness that usually stand beside one of
// these diagnoses (ICD-10 codes).
func TradIllnesses(rows []CatalogRow, diagnoses []string) (out []CatalogRow) {
	for _, r := range rows {
		if r.applies(diagnoses) {
			out = append(out, r)
		}
	}
	return out
}
