package index

import (
	"math/bits"
	"slices"

	"clinicbox/clinic"
)

// Sign is a set of what agrees or differs between two records. Values are frozen: they
// are stored.
type Sign uint32

// What agrees.
const (
	NumberSame  Sign = 1 << iota // a citizen number that both hold at the same time, and that fits both
	NumberOnce                   // a citizen number that was held one after the other, is not sure, or does not fit sex and birth
	NumberNear                   // citizen numbers of 12 digits that differ by one slip
	SocialSame                   // social insurance number
	BirthSame                    // whole dates
	BirthYear                    // as far as both know it
	BirthNear                    // one slip apart
	NameSame                     // spelled alike
	NameBare                     // alike, as one was typed without marks
	NameNear                     // other marks, one slip apart, or a word moved or missing
	PhoneSame                    //
	CommuneSame                  //
	MotherSame                   // registered at birth with the same mother
)

// What differs, or forbids a link without a person.
const (
	NumberDiffers Sign = 1 << (16 + iota) // both have a citizen number of 12 digits, and no common one
	ProvenDiffers                         // and both were read from cards
	BirthDiffers
	NameDiffers
	SexDiffers
	TwinsBorn // known to be two children of one birth
	OneOf     // one of several of a birth, and nobody says which
	Nameless  // a newborn without a name, or nobody knows who it is
	OneBox    // a box has both: its own pages ask
	Rival     // somebody else of that birth date holds the number: twins, or a wrong name
	Clash     // the people that they are linked with contradict each other
	Split     // people answered differently
)

// Each calls f with every sign of the set, the lowest first.
func (s Sign) Each(f func(Sign)) {
	for ; s != 0; s &= s - 1 {
		f(1 << bits.TrailingZeros32(uint32(s)))
	}
}

// Has reports whether one of the signs is in the set.
func (s Sign) Has(any Sign) bool { return s&any != 0 }

// against is what no link without a person stands beside.
const against = NumberDiffers | ProvenDiffers | BirthDiffers | NameDiffers | SexDiffers | TwinsBorn | OneOf | Nameless | OneBox | Rival | Clash | Split

// Sure reports whether the rule links by itself.
func (s Sign) Sure() bool {
	return s.Has(NumberSame) && s.Has(BirthSame) && s.Has(NameSame) && !s.Has(against)
}

// Contradicts reports whether a link that the rule made can no longer stand: details
// were corrected since.
func (s Sign) Contradicts() bool {
	return s.Has(ProvenDiffers | SexDiffers | TwinsBorn | BirthDiffers | Clash)
}

// enough is the score from which people are asked.
const enough = 50

// Ask reports whether people shall look: who shares a number, and whoever scores enough.
// Twins are never asked about, nor what one box sees for itself.
func (s Sign) Ask() bool {
	if s.Has(TwinsBorn | OneBox) {
		return false
	}
	return s.Has(NumberSame|NumberOnce|Split|Clash) || s.Score() >= enough
}

// Score sums up what speaks for one person, 0 to 100.
func (s Sign) Score() int {
	sum := 0
	s.Each(func(one Sign) { sum += weight(one) })
	return min(max(sum, 0), 100)
}

// weight of a sign: whole dates and names weigh as much as a number; what families share
// weighs little.
func weight(s Sign) int {
	switch s {
	case NumberSame:
		return 50
	case SocialSame, MotherSame:
		return 35
	case BirthSame, NumberOnce:
		return 30
	case NameSame:
		return 25
	case NameBare, NumberNear:
		return 20
	case NameNear, PhoneSame:
		return 15
	case BirthNear:
		return 15
	case BirthYear, CommuneSame:
		return 8
	case NumberDiffers, BirthDiffers, NameDiffers:
		return -25
	case SexDiffers, ProvenDiffers:
		return -40
	}
	return 0
}

// Compare tells what agrees and what differs between two records with details.
func Compare(a, b *Record) Sign {
	p, q := a.Now, b.Now
	s := compareNames(a, b) | compareBirths(p.Birth, q.Birth) | compareNumbers(a, b)
	if shareHome(a, b) {
		s |= OneBox
	}
	if known(p.Sex) && known(q.Sex) && p.Sex != q.Sex {
		s |= SexDiffers
	}
	if p.Unnamed || q.Unnamed {
		s |= Nameless
	}
	if a.forms.phone != "" && a.forms.phone == b.forms.phone {
		s |= PhoneSame
	}
	if a.forms.commune != "" && a.forms.commune == b.forms.commune {
		s |= CommuneSame
	}
	if x, ok := p.MotherID(); ok {
		if y, both := q.MotherID(); both && x == y {
			s |= MotherSame
		}
	}
	if clinic.Twins(p, q) {
		s |= TwinsBorn
	} else if p.Of > 1 || q.Of > 1 {
		s |= OneOf
	}
	return s
}

func known(s clinic.Sex) bool { return s == clinic.SexMale || s == clinic.SexFemale }

func isCitizen(n *clinic.Identifier) bool {
	return n.System == clinic.SystemCitizen || n.System == clinic.SystemOldID
}

func compareNumbers(a, b *Record) (s Sign) {
	var mine, theirs []string // 12 digits, held now
	for i := range a.Now.Identifiers {
		n := &a.Now.Identifiers[i]
		for j := range b.Now.Identifiers {
			s |= compareNumber(a, b, n, &b.Now.Identifiers[j])
		}
		if whole(n) {
			mine = append(mine, n.Value)
		}
	}
	for j := range b.Now.Identifiers {
		if n := &b.Now.Identifiers[j]; whole(n) {
			theirs = append(theirs, n.Value)
		}
	}
	if len(mine) == 0 || len(theirs) == 0 || common(mine, theirs) {
		return s
	}
	s |= NumberDiffers
	if slices.ContainsFunc(mine, func(x string) bool {
		return slices.ContainsFunc(theirs, func(y string) bool { return near(x, y) })
	}) {
		s |= NumberNear
	}
	if len(a.Proven) > 0 && len(b.Proven) > 0 && !common(a.Proven, b.Proven) {
		s |= ProvenDiffers
	}
	return s
}

// whole reports whether it is a number of 12 digits that the person holds.
func whole(n *clinic.Identifier) bool {
	return n.System == clinic.SystemCitizen && len(n.Value) == 12 && !n.Unsure && n.To.IsZero()
}

func common(x, y []string) bool {
	return slices.ContainsFunc(x, func(v string) bool { return slices.Contains(y, v) })
}

func compareNumber(a, b *Record, n, m *clinic.Identifier) Sign {
	switch {
	case isCitizen(n) && isCitizen(m) && n.Value == m.Value:
		if n.Unsure || m.Unsure || !overlap(n, m) || !fits(n, a.Now) || !fits(m, b.Now) {
			return NumberOnce
		}
		return NumberSame
	case (n.System == clinic.SystemInsurance || n.System == clinic.SystemSocial) && (m.System == clinic.SystemInsurance || m.System == clinic.SystemSocial):
		if social(*n) == social(*m) && !n.Unsure && !m.Unsure {
			return SocialSame
		}
	case n.System == clinic.SystemPassport && m.System == clinic.SystemPassport && n.Value == m.Value && !n.Unsure && !m.Unsure:
		return SocialSame
	}
	return 0
}

// overlap reports whether there was a day on which both numbers held: of a number that
// was given to somebody else later there is none.
func overlap(n, m *clinic.Identifier) bool {
	before := func(end, start clinic.Date) bool { return !end.IsZero() && !start.IsZero() && end.Last().Before(start) }
	if before(n.To, m.From) || before(m.To, n.From) {
		return false
	}
	// One that ended says nothing of who holds it now, unless the other tells since when.
	return n.To.IsZero() == m.To.IsZero()
}

// lastOldBirth is the last year of birth of people who can have a number of 9 digits:
// they were given from 14 years of age, until citizen cards took their place (Law
// 59/2014/QH13, Circular 06/2021/TT-BCA).
const lastOldBirth = 2007

// fits reports whether the number can be the person's by sex and year of birth: a
// mother's that was typed for her child is not.
func fits(n *clinic.Identifier, p *clinic.Patient) bool {
	if len(n.Value) != 12 {
		return p.Birth.Year <= lastOldBirth
	}
	doubts := clinic.CheckCitizen(n.Value, p.Sex, p.Birth)
	return !slices.Contains(doubts, clinic.DoubtSex) && !slices.Contains(doubts, clinic.DoubtBirth) && !slices.Contains(doubts, clinic.DoubtCentury)
}
