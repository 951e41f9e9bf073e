package index

import (
	"slices"
	"strings"

	"clinicbox/clinic"
)

// compareNames tells how far two names agree. The same name is spelled alike, marks
// included: twins are called Hoa and Hòa. One that was typed without any mark may be
// several names.
func compareNames(a, b *Record) Sign {
	x, y := a.forms.folded, b.forms.folded
	switch {
	case x == "" || y == "" || a.Now.Unnamed || b.Now.Unnamed:
		return 0
	case x == y && (a.forms.bare || b.forms.bare):
		return NameBare
	case a.forms.spelled == b.forms.spelled:
		return NameSame
	case x == y, near(x, y), shuffled(strings.Fields(x), strings.Fields(y)):
		return NameNear
	}
	return NameDiffers
}

// shuffled reports whether two names have the same words in another order, or one of
// them lacks a middle word.
func shuffled(x, y []string) bool {
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(x) == len(y) {
		return len(x) > 1 && slices.Equal(slices.Sorted(slices.Values(x)), slices.Sorted(slices.Values(y)))
	}
	if len(x) != len(y)+1 || len(y) < 2 || x[0] != y[0] || x[len(x)-1] != y[len(y)-1] {
		return false
	}
	for i := 1; i < len(x)-1; i++ {
		if slices.Equal(slices.Delete(slices.Clone(x), i, i+1), y) {
			return true
		}
	}
	return false
}

// near reports whether one slip of a hand makes one text of the other: a letter more,
// less, another, or two that changed places.
func near(x, y string) bool {
	if len(x) < len(y) {
		x, y = y, x
	}
	if x == y || len(x) > len(y)+1 {
		return false
	}
	i := 0
	for i < len(y) && x[i] == y[i] {
		i++
	}
	if len(x) > len(y) {
		return x[i+1:] == y[i:]
	}
	if x[i+1:] == y[i+1:] {
		return true
	}
	return i+1 < len(x) && x[i] == y[i+1] && x[i+1] == y[i] && x[i+2:] == y[i+2:]
}

// compareBirths tells how far two birth dates agree. Only whole dates are the same.
func compareBirths(a, b clinic.Date) Sign {
	switch {
	case a.IsZero() || b.IsZero():
		return 0
	case a.Full() && a == b:
		return BirthSame
	case clinic.SameBirth(a, b):
		return BirthYear
	case a.Full() && b.Full() && slipped(a, b):
		return BirthNear
	}
	return BirthDiffers
}

// slipped reports whether one slip makes one date of the other: day and month changed
// places, or one of the three is another.
func slipped(a, b clinic.Date) bool {
	if a.Year == b.Year && a.Month == b.Day && a.Day == b.Month {
		return true
	}
	if d := a.Year - b.Year; d > 9 || d < -9 { // father and son have one name, and may have one birthday
		return false
	}
	same := 0
	for _, is := range []bool{a.Year == b.Year, a.Month == b.Month, a.Day == b.Day} {
		if is {
			same++
		}
	}
	return same == 2
}
