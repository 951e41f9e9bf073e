package desk

import (
	"slices"

	"clinicbox/clinic"
)

// renumber returns the numbers of a form with those that it leaves out before them,
// ended: a number is never forgotten, for papers with it exist. A number that takes the
// place of another is the person's from the day on which its card was issued, as far as
// that is said, else from today, and the old one until the day before. A new card with
// the same number is such a change too. Our own temporary code ends when papers come.
func renumber(have, form *clinic.Patient, today clinic.Date) []clinic.Identifier {
	next := slices.Clone(form.Identifiers)
	papers := hasPapers(next, today)
	since := func(s clinic.System) clinic.Date {
		if s == clinic.SystemCitizen && newIssue(have, form) && form.Issued.Before(today.AddDays(1)) {
			return form.Issued
		}
		return today
	}
	var out []clinic.Identifier
	for _, o := range have.Identifiers {
		i := place(next, o, today)
		live, ours := o.Live(today), o.System == clinic.SystemTemporary
		if i >= 0 && live && next[i].From.IsZero() {
			next[i].From = o.From
		}
		switch {
		case i >= 0 && live && ours && papers:
			next = slices.Delete(next, i, i+1)
			o.To = lastDay(o, today, today)
		case i >= 0 && live && o.System == clinic.SystemCitizen && newIssue(have, form) && !have.Issued.IsZero():
			o.To, next[i].From = lastDay(o, since(o.System), today), since(o.System)
		case i >= 0:
			continue // as the form has it
		case live && !(ours && !papers):
			o.To = lastDay(o, since(o.System), today)
		}
		out = append(out, o)
	}
	for i := range next {
		if n := &next[i]; n.From.IsZero() && takesPlace(have, n, today) {
			n.From = since(n.System)
		}
	}
	return append(out, next...)
}

// place is where a form has a number of the record, or -1. One that ended is there as it
// is or not at all: the same number given anew is another card.
func place(next []clinic.Identifier, o clinic.Identifier, today clinic.Date) int {
	if i := slices.Index(next, o); i >= 0 || !o.Unsure && !o.Live(today) {
		return i
	}
	return slices.IndexFunc(next, func(n clinic.Identifier) bool {
		return n.System == o.System && n.Value == o.Value && (n.Unsure || n.Live(today) || n.From == o.From)
	})
}

// takesPlace reports whether a number that the record did not have stands where it had
// another.
func takesPlace(have *clinic.Patient, n *clinic.Identifier, today clinic.Date) bool {
	other := false
	for _, o := range have.Identifiers {
		if o.System == n.System && o.Value == n.Value {
			return false
		}
		other = other || o.System == n.System && o.Live(today)
	}
	return other && !n.Unsure
}

// newIssue reports whether the form tells of a card that was issued later than the one
// that the record knows of.
func newIssue(have, form *clinic.Patient) bool {
	return form.Issued.Full() && have.Issued.Before(form.Issued)
}

// lastDay is the day before the next number's first, and not before the number's own;
// always before today, for the number counts no more.
func lastDay(o clinic.Identifier, next, today clinic.Date) clinic.Date {
	last := next.AddDays(-1)
	if last.Before(o.From) {
		last = o.From
	}
	if !last.Before(today) {
		last = today.AddDays(-1)
	}
	return last
}
