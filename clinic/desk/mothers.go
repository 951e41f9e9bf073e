package desk

import (
	"cmp"
	"context"
	"slices"

	"clinicbox/clinic"
)

// Mothers is the list of women whose pregnancy is followed.
type Mothers struct {
	Day      clinic.Date
	Past     []MotherRow // birth was expected before today: ask what came of it
	Late     []MotherRow // late for an examination, the latest first
	Soon     []MotherRow // an examination is due, or will be within a week
	Others   []MotherRow
	Schedule []clinic.Contact
	Bad      []string // rows of the schedule that cannot be read
	Hidden   int      // protected records, which are on no list of who may not open them
}

// MotherRow is one woman of the list.
type MotherRow struct {
	Patient   clinic.ID
	Name      string
	Birth     clinic.Date // hers
	Phone     string
	Expecting clinic.Expecting
	Overdue   int  // days for an examination
	PastDue   int  // days past the expected birth
	Lost      bool // something of the record cannot be read
}

// Near reports whether birth is expected within three weeks.
func (m MotherRow) Near() bool { return !m.Expecting.Birth.IsZero() && m.PastDue >= -21 }

// Urgent reports whether one of those who are not due yet must be referred at once: the
// page shows them unasked.
func (m Mothers) Urgent() bool {
	return slices.ContainsFunc(m.Others, func(x MotherRow) bool {
		return len(x.Expecting.Concerns) > 0 && x.Expecting.Concerns[0].Urgency == clinic.ReferNow
	})
}

// Mothers reads whose pregnancy goes on, and who must be called. That somebody is with
// child is a secret of a protected record: it is counted, not shown.
func (d *Desk) Mothers(ctx context.Context, by clinic.ID) (Mothers, error) {
	out := Mothers{Day: d.today()}
	var rows []clinic.CatalogRow
	var ids []clinic.ID
	err := d.view(ctx, func(r Reader) (err error) {
		if _, err = who(r, by, rightRead); err != nil {
			return err
		}
		rows = holding(r.Rows(clinic.CatalogAntenatal, ""), out.Day)
		out.Schedule, out.Bad = clinic.Contacts(rows, out.Day)
		ids, err = r.Members(clinic.KindPregnancy)
		return err
	})
	seen := map[clinic.ID]bool{}
	for some := range slices.Chunk(ids, 50) { // a snapshot is held for a moment only
		if err != nil {
			break
		}
		err = d.view(ctx, func(r Reader) error {
			for _, id := range some {
				m, err := d.mothers.of(r, id, rows, out.Day)
				if err != nil {
					return err
				}
				if seen[m.ids[0]] || m.with == nil || m.gone {
					continue
				}
				seen[m.ids[0]] = true
				closed, err := d.closed(r, by, id)
				if err != nil {
					return err
				}
				if closed {
					out.Hidden++
					continue
				}
				out.add(&m)
			}
			return nil
		})
	}
	for _, l := range [][]MotherRow{out.Past, out.Late, out.Soon, out.Others} {
		slices.SortFunc(l, func(a, b MotherRow) int {
			return cmp.Or(cmp.Compare(b.PastDue, a.PastDue), cmp.Compare(b.Overdue, a.Overdue), cmp.Compare(a.Name, b.Name), slices.Compare(a.Patient[:], b.Patient[:]))
		})
	}
	return out, err
}

func (m *Mothers) add(h *heldFollow) {
	x := MotherRow{Patient: h.ids[0], Name: h.now.Name, Birth: h.now.Birth, Phone: h.now.Phone, Expecting: *h.with, Lost: h.lost}
	x.Overdue, x.PastDue = x.Expecting.Overdue(m.Day), x.Expecting.PastDue(m.Day)
	switch e := &x.Expecting; {
	case x.PastDue > 0:
		m.Past = append(m.Past, x)
	case x.Overdue > 0:
		m.Late = append(m.Late, x)
	case !e.From.IsZero() && !m.Day.AddDays(soon).Before(e.From):
		m.Soon = append(m.Soon, x)
	default:
		m.Others = append(m.Others, x)
	}
}
