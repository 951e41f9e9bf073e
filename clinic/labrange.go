package clinic

import "strings"

// ValueForm tells how a lab test's result is written: "" or "text" for words; "0" to
// "3" for a number with so many decimals; or the words to choose from with | between,
// each as Vietnamese/English, with ! behind it when abnormal, !! when critical and ? when
// it says that the test did not work: "Âm tính/Negative|Dương tính/Positive!".
type ValueForm string

// ValueText is the form of a result in words of one's own.
const ValueText ValueForm = "text"

// Choice is one word that a result may be.
type Choice struct {
	Name, English      string // English may be empty
	Abnormal, Critical bool
	Invalid            bool // the test did not work
}

// Decimals returns how many decimals the number has; ok is false for no number.
func (f ValueForm) Decimals() (n int, ok bool) {
	if len(f) != 1 || f[0] < '0' || f[0] > '3' {
		return 0, false
	}
	return int(f[0] - '0'), true
}

// Choices returns the words to choose from, none for a number or free words.
func (f ValueForm) Choices() (out []Choice) {
	if f == "" || f == ValueText {
		return nil
	}
	if _, number := f.Decimals(); number {
		return nil
	}
	for word := range strings.SplitSeq(string(f), "|") {
		word, invalid := strings.CutSuffix(word, "?")
		name := strings.TrimRight(word, "!")
		marks := len(word) - len(name)
		c := Choice{Abnormal: marks > 0, Critical: marks > 1, Invalid: invalid}
		c.Name, c.English, _ = strings.Cut(name, "/")
		c.Name, c.English = strings.TrimSpace(c.Name), strings.TrimSpace(c.English)
		out = append(out, c)
	}
	return out
}

// Valid reports whether the form is one of those above, each word there and once.
func (f ValueForm) Valid() bool {
	if _, number := f.Decimals(); number || f == "" || f == ValueText {
		return true
	}
	seen := map[string]bool{}
	for _, c := range f.Choices() {
		if c.Name == "" || seen[c.Name] {
			return false
		}
		seen[c.Name] = true
	}
	return len(seen) > 1
}

// RefRange is what is usual for people of a sex and age, and from where a result
// must be told at once. Values are in the test's unit; 0 stands for no limit.
type RefRange struct {
	Sex      Sex    `cbor:"1,keyasint,omitempty" json:"sex,omitempty"`      // SexUnknown = both
	AgeFrom  int    `cbor:"2,keyasint,omitempty" json:"ageFrom,omitempty"`  // days lived, this one too
	AgeTo    int    `cbor:"3,keyasint,omitempty" json:"ageTo,omitempty"`    // days lived, this one not any more; 0 = open
	Low      Milli  `cbor:"4,keyasint,omitempty" json:"low,omitempty"`      // usual from
	High     Milli  `cbor:"5,keyasint,omitempty" json:"high,omitempty"`     // usual to
	CritLow  Milli  `cbor:"6,keyasint,omitempty" json:"critLow,omitempty"`  // critical below
	CritHigh Milli  `cbor:"7,keyasint,omitempty" json:"critHigh,omitempty"` // critical above
	Text     string `cbor:"8,keyasint,omitempty" json:"text,omitempty"`     // for results in words
}

// Judgement is what a range says of a number.
type Judgement int8

// The judgements, in order of the number.
const (
	CriticalLow  Judgement = -2
	Low          Judgement = -1
	Usual        Judgement = 0
	High         Judgement = 1
	CriticalHigh Judgement = 2
)

// RangeFor returns the range for a person who has lived so many days: one for the sex
// before one for both, of those the one that begins last. ok is false when no range
// is known, which is no judgement: the number may be anything.
func (r *CatalogRow) RangeFor(sex Sex, days int) (best RefRange, ok bool) {
	for _, g := range r.Ranges {
		if g.Sex != SexUnknown && g.Sex != sex || days < g.AgeFrom || g.AgeTo > 0 && days >= g.AgeTo {
			continue
		}
		closer := g.Sex != SexUnknown && best.Sex == SexUnknown
		if !ok || closer || g.Sex == best.Sex && g.AgeFrom > best.AgeFrom {
			best, ok = g, true
		}
	}
	return best, ok
}

// Judge compares a number with the range.
func (g *RefRange) Judge(v Milli) Judgement {
	switch {
	case g.CritLow > 0 && v < g.CritLow:
		return CriticalLow
	case g.CritHigh > 0 && v > g.CritHigh:
		return CriticalHigh
	case g.Low > 0 && v < g.Low:
		return Low
	case g.High > 0 && v > g.High:
		return High
	}
	return Usual
}
