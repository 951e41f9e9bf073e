package desk

import (
	"slices"
	"strings"

	"clinicbox/clinic"
)

// here tells whether a visit stands in this box's queue: its key names our book. Boxes of
// one facility have each other's patients; queue, beds and stock are of each box. A
// machine in another's place keeps the book, so the queue of the morning stays its own.
func (d *Desk) here(v *VisitRow) bool {
	c, _, err := clinic.ParseVisitKey(v.Key)
	f := d.o.Site.Facility
	return err != nil || strings.EqualFold(c.Book, f.Book) && strings.EqualFold(c.Facility, f.Code)
}

// dayHere returns the visits of a day that stand in this box's queue.
func (d *Desk) dayHere(r Agenda, day clinic.Date) ([]VisitRow, error) {
	rows, err := r.Day(day)
	return slices.DeleteFunc(rows, func(v VisitRow) bool { return !d.here(&v) }), err
}
