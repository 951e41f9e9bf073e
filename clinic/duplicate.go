package clinic

import "slices"

// Likeness tells why two records may be of one person.
type Likeness uint8

// The reasons, the weaker first.
const (
	LikeNone   Likeness = 0
	LikeName   Likeness = 1 // same folded name and birth date
	LikeBirth  Likeness = 2 // same mother and birth date, and not known to be twins
	LikeNumber Likeness = 3 // same number, and both hold it now
)

// Alike compares two patients on a day. A birth date of which only the year is
// known compares by the year; one that is unknown altogether by nothing. Twins are
// alike in nothing, and neither are people of whom nobody knows the name.
func Alike(a, b *Patient, on Date) Likeness {
	if Twins(a, b) {
		return LikeNone
	}
	if a.shares(b, on) || b.shares(a, on) {
		return LikeNumber
	}
	switch {
	case OneBirth(a, b):
		return LikeBirth
	case a.Folded != "" && a.Folded == b.Folded && SameBirth(a.Birth, b.Birth) && !a.nameless():
		return LikeName
	}
	return LikeNone
}

// shares reports whether somebody holds a number now that is the patient's, surely or
// not.
func (p *Patient) shares(o *Patient, on Date) bool {
	return slices.ContainsFunc(p.Identifiers, func(id Identifier) bool {
		return (id.Live(on) || id.Unsure) && o.Holds(id.System, id.Value, on)
	})
}

// nameless reports whether the name is one that every unknown patient has.
func (p *Patient) nameless() bool { return p.Unnamed && len(p.Mother) == 0 }

// Live reports whether the number is still the person's on the day. An insurance
// card that ended is not: the next holder of a number is somebody else.
func (id *Identifier) Live(on Date) bool {
	return !id.Unsure && (id.To.IsZero() || !id.To.Before(on))
}

// Holds reports whether the patient holds the number on the day.
func (p *Patient) Holds(s System, value string, on Date) bool {
	for _, id := range p.Identifiers {
		if id.System == s && id.Value == value && id.Live(on) {
			return true
		}
	}
	return false
}

// SameBirth reports whether two birth dates may be one: what is not known of a month or day
// counts as the same.
func SameBirth(a, b Date) bool {
	switch {
	case a.IsZero() || b.IsZero() || a.Year != b.Year:
		return false
	case a.Month == 0 || b.Month == 0:
		return true
	case a.Month != b.Month:
		return false
	}
	return a.Day == 0 || b.Day == 0 || a.Day == b.Day
}
