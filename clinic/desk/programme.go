package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"clinicbox/clinic"
)

// EnrolInput is the form that takes somebody into a programme, or out of it.
type EnrolInput struct {
	Patient   clinic.ID
	Programme string
	Base      clinic.Leaf // of the enrolment that ends; zero = a new one
	Why       string      // of leaving
}

// Enrol takes somebody into a programme from today on; with in.Base it ends that
// enrolment, with a reason. Who is in already is told so.
func (d *Desk) Enrol(ctx context.Context, c Call, in EnrolInput) (Done, error) {
	leave := in.Base != (clinic.Leaf{})
	why, err := d.text("why", in.Why, 500)
	if err == nil && leave && why == "" {
		err = &Error{Code: CodeRequired, Field: "why"}
	}
	if err != nil {
		return Done{}, err
	}
	return d.save(ctx, c, plan{
		need: rightMeasure, kind: clinic.KindEnrolled, patient: in.Patient,
		build: func(w *work) ([]clinic.Draft, error) {
			file, err := w.readable(in.Patient)
			if err != nil {
				return nil, err
			}
			now := file.Followed(w.Rows(clinic.CatalogProgramme, ""), w.today)
			at := slices.IndexFunc(now, func(f clinic.Followed) bool { return f.Row.Code == in.Programme })
			body := &clinic.Enrolment{Programme: in.Programme, On: w.today}
			draft := clinic.Draft{Kind: clinic.KindEnrolled, Subject: in.Patient, Body: body}
			if !leave {
				if at >= 0 {
					return nil, &unchanged{now[at].Enrol.Current().Record}
				}
				if _, ok := w.Row(clinic.CatalogProgramme, in.Programme, w.today); !ok {
					return nil, &Error{Code: CodeNoCatalog}
				}
				return []clinic.Draft{draft}, nil
			}
			if at < 0 || now[at].Enrol.Leaf() != in.Base {
				return nil, &Error{Code: CodeChanged}
			}
			old := now[at].Enrol.Current().Record
			body.On, body.Left, body.Why = now[at].Since, w.today, why
			draft.Subject, draft.Corrects = old.Subject, in.Base
			return []clinic.Draft{draft}, nil
		},
		same: func(b any) bool {
			e, ok := b.(*clinic.Enrolment)
			return ok && e.Programme == in.Programme && e.Why == why && e.Left.IsZero() != leave
		},
	})
}

// Programme is what the page of a programme shows.
type Programme struct {
	Row      clinic.CatalogRow
	Day      clinic.Date
	Late     []FollowedRow // the latest first
	Soon     []FollowedRow // due today or within a week
	Others   []FollowedRow
	In       int // who is followed
	Held     int // of them controlled
	Not      int // not controlled
	Unknown  int // nothing measured lately
	Measures []clinic.Limit
}

// FollowedRow is one person of a programme.
type FollowedRow struct {
	Patient  clinic.ID
	Name     string
	Birth    clinic.Date
	Sex      clinic.Sex
	Phone    string
	Closed   bool // the record is protected: who, and nothing else
	Followed clinic.Followed
	Overdue  int  // days; negative = not due yet
	Lost     bool // something of the record cannot be read
}

// soon is how many days ahead a list calls people.
const soon = 7

// Programmes returns the programmes of today.
func (d *Desk) Programmes(ctx context.Context, by clinic.ID) (out []clinic.CatalogRow, err error) {
	err = d.view(ctx, func(r Reader) error {
		_, err := who(r, by, rightRead)
		out = holding(r.Rows(clinic.CatalogProgramme, ""), d.today())
		return err
	})
	return out, err
}

// ProgrammePage reads who is followed in a programme, and who must be called.
func (d *Desk) ProgrammePage(ctx context.Context, by clinic.ID, code string) (Programme, error) {
	out := Programme{Day: d.today()}
	var rows []clinic.CatalogRow
	var ids []clinic.ID
	err := d.view(ctx, func(r Reader) error {
		if _, err := who(r, by, rightRead); err != nil {
			return err
		}
		rows = holding(r.Rows(clinic.CatalogProgramme, ""), out.Day)
		i := slices.IndexFunc(rows, func(x clinic.CatalogRow) bool { return x.Code == code })
		if i < 0 {
			return &Error{Code: CodeNoCatalog}
		}
		out.Row = rows[i]
		out.Measures, _ = clinic.ParseLimits(out.Row.Limits)
		var err error
		ids, err = r.Members(clinic.KindEnrolled)
		return err
	})
	list := followList{desk: d, by: by, rows: rows, seen: map[clinic.ID]bool{}, out: &out}
	for some := range slices.Chunk(ids, 50) { // a snapshot is held for a moment only
		if err != nil {
			break
		}
		err = d.view(ctx, func(r Reader) error {
			for _, id := range some {
				if err := list.add(r, id); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, l := range [][]FollowedRow{out.Late, out.Soon, out.Others} {
		slices.SortFunc(l, func(a, b FollowedRow) int {
			return cmp.Or(cmp.Compare(b.Overdue, a.Overdue), cmp.Compare(a.Name, b.Name), slices.Compare(a.Patient[:], b.Patient[:]))
		})
	}
	return out, err
}

// followList fills the lists of a programme.
type followList struct {
	desk *Desk
	by   clinic.ID
	rows []clinic.CatalogRow
	seen map[clinic.ID]bool // who stands on a list, by leading ID
	out  *Programme
}

func (l *followList) add(r Reader, id clinic.ID) error {
	m, err := l.desk.follows.of(r, id, l.rows, l.out.Day)
	if err != nil || l.seen[m.ids[0]] {
		return err
	}
	l.seen[m.ids[0]] = true
	i := slices.IndexFunc(m.in, func(f clinic.Followed) bool { return f.Row.Code == l.out.Row.Code })
	if i < 0 || m.gone {
		return nil
	}
	f := m.in[i]
	row := FollowedRow{Patient: m.ids[0], Name: m.now.Name, Birth: m.now.Birth, Sex: m.now.Sex, Phone: m.now.Phone, Followed: f, Overdue: f.Overdue(l.out.Day), Lost: m.lost}
	if row.Closed, err = l.desk.closed(r, l.by, id); err != nil {
		return err
	}
	l.out.count(f.Control)
	late := row.Overdue > 0
	near := row.Overdue > -soon-1
	if row.Closed {
		row.Birth, row.Sex, row.Phone = clinic.Date{Year: row.Birth.Year}, 0, ""
		row.Followed = clinic.Followed{Row: f.Row, Due: f.Due} // as lists of appointments tell
	}
	switch {
	case late:
		l.out.Late = append(l.out.Late, row)
	case near:
		l.out.Soon = append(l.out.Soon, row)
	default:
		l.out.Others = append(l.out.Others, row)
	}
	return nil
}

func (p *Programme) count(c clinic.Control) {
	p.In++
	switch c {
	case clinic.Controlled:
		p.Held++
	case clinic.Uncontrolled:
		p.Not++
	default:
		p.Unknown++
	}
}

// followMemo keeps what the lists need of people until something is recorded of them, the
// day ends or the rows of programmes change.
type followMemo struct {
	mu   sync.Mutex
	mark string // of day and rows
	held map[clinic.ID]heldFollow
}

type heldFollow struct {
	at   []Position
	ids  []clinic.ID
	now  clinic.Patient
	in   []clinic.Followed
	with *clinic.Expecting // the pregnancy that goes on; nil = none
	lost bool
	gone bool
}

func (m *followMemo) of(r Reader, id clinic.ID, rows []clinic.CatalogRow, day clinic.Date) (heldFollow, error) {
	mark := day.String()
	for i := range rows {
		mark += fmt.Sprint(rows[i].Code, rows[i].Limits, rows[i].Minimum, rows[i].Name, rows[i].Timing)
	}
	m.mu.Lock()
	if m.mark != mark || len(m.held) >= dosesHeld {
		m.mark, m.held = mark, map[clinic.ID]heldFollow{}
	}
	h, ok := m.held[id]
	m.mu.Unlock()
	if ok {
		at, err := positions(r, h.ids)
		if err != nil || slices.Equal(at, h.at) {
			return h, err
		}
	}
	file, err := readPatient(r, id)
	if err != nil {
		return heldFollow{ids: []clinic.ID{id}}, err
	}
	h = heldFollow{ids: file.Who.IDs, now: *file.Now, in: file.Followed(rows, day), lost: len(file.Lost) > 0, gone: gone(&file)}
	contacts, _ := clinic.Contacts(rows, day)
	h.with = file.Expecting(contacts, day)
	if h.at, err = positions(r, h.ids); err != nil {
		return h, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.mark == mark {
		m.held[id] = h
	}
	return h, nil
}
