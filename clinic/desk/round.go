package desk

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/paper"
)

// RoundRow is somebody who could be seen on today's round.
type RoundRow struct {
	Patient clinic.ID // the leading one
	Name    string
	Birth   clinic.Date
	Sex     clinic.Sex
	Phone   string
	Address string
	Closed  bool // the record is protected: the name and the year of birth
	Why     []RoundWhy
}

// RoundWhy is a reason to see somebody.
type RoundWhy struct {
	Kind RoundKind
	Name string // of the programme; empty = none is named
	Due  clinic.Date
}

// RoundKind is the list that a reason comes from.
type RoundKind uint8

// The lists.
const (
	RoundAppointment RoundKind = 1
	RoundProgramme   RoundKind = 2
	RoundVaccine     RoundKind = 3
)

// How far the round looks for appointments: those that were missed, and those that come.
const (
	roundBack  = 30
	roundAhead = 3
)

// MostRound is how many people one round takes on paper.
const MostRound = 40

// Round returns who could be seen on a round: appointments that were missed or are due,
// people of programmes who are late or nearly, children whose vaccines are due. Words of
// the village leave who lives elsewhere out; of a closed record nobody learns where.
func (d *Desk) Round(ctx context.Context, by clinic.ID, village string) ([]RoundRow, error) {
	today := d.today()
	l := roundList{desk: d, by: by, at: map[clinic.ID]int{}}
	due, err := d.Due(ctx, by, today.AddDays(-roundBack), today.AddDays(roundAhead))
	if err != nil {
		return nil, err
	}
	for _, row := range due {
		if row.Used.IsZero() {
			l.add(row.Patient, RoundWhy{Kind: RoundAppointment, Due: row.Due})
		}
	}
	programmes, err := d.Programmes(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, p := range programmes {
		list, err := d.ProgrammePage(ctx, by, p.Code)
		if err != nil {
			return nil, err
		}
		for _, row := range slices.Concat(list.Late, list.Soon) {
			l.add(row.Patient, RoundWhy{Kind: RoundProgramme, Name: p.Name, Due: row.Followed.Due})
		}
	}
	vaccines, err := d.VaccineDay(ctx, by)
	if err != nil {
		return nil, err
	}
	for _, row := range slices.Concat(vaccines.Late, vaccines.Due) {
		why := RoundWhy{Kind: RoundVaccine, Due: today}
		for _, x := range row.Due {
			if x.Due.Before(why.Due) {
				why.Due = x.Due
			}
		}
		l.add(row.Patient, why)
	}
	for some := range slices.Chunk(l.rows, 50) { // a snapshot is held for a moment only
		if err := d.view(ctx, func(r Reader) error { return l.fill(r, some) }); err != nil {
			return nil, err
		}
	}
	words := strings.Fields(d.o.Fold(village))
	out := slices.DeleteFunc(l.merge(), func(row RoundRow) bool {
		address := d.o.Fold(row.Address)
		return !row.Closed && slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(address, w) })
	})
	slices.SortStableFunc(out, func(a, b RoundRow) int {
		return cmp.Or(cmp.Compare(d.o.Fold(a.Address), d.o.Fold(b.Address)), cmp.Compare(a.Name, b.Name), slices.Compare(a.Patient[:], b.Patient[:]))
	})
	return out, nil
}

// roundList gathers reasons by person.
type roundList struct {
	desk *Desk
	by   clinic.ID
	rows []RoundRow
	at   map[clinic.ID]int
}

func (l *roundList) add(patient clinic.ID, why RoundWhy) {
	i, ok := l.at[patient]
	if !ok {
		i = len(l.rows)
		l.at[patient] = i
		l.rows = append(l.rows, RoundRow{Patient: patient})
	}
	l.rows[i].Why = append(l.rows[i].Why, why)
}

func (l *roundList) fill(r Reader, rows []RoundRow) error {
	for i := range rows {
		row := &rows[i]
		who, p, err := detailsOf(r, row.Patient)
		if err != nil {
			return err
		}
		row.Patient = who.Lead()
		if p == nil || p.Withdrawn {
			continue
		}
		row.Name, row.Birth, row.Sex, row.Phone, row.Address = p.Name, p.Birth, p.Sex, p.Phone, p.Address
		if row.Closed, err = l.desk.closed(r, l.by, row.Patient); err != nil {
			return err
		}
		if row.Closed {
			row.Birth, row.Sex, row.Phone, row.Address = clinic.Date{Year: p.Birth.Year}, 0, "", ""
			row.Why = slices.DeleteFunc(row.Why, func(w RoundWhy) bool { return w.Kind != RoundAppointment })
		}
	}
	return nil
}

// merge joins what stands under linked IDs, and leaves out who has no name or no reason.
func (l *roundList) merge() (out []RoundRow) {
	at := map[clinic.ID]int{}
	for _, row := range l.rows {
		if row.Name == "" || len(row.Why) == 0 {
			continue
		}
		if i, ok := at[row.Patient]; ok {
			out[i].Why = append(out[i].Why, row.Why...)
			continue
		}
		at[row.Patient] = len(out)
		out = append(out, row)
	}
	return out
}

// formRound is Paper.Form of the list of a round.
const formRound = "round"

// RoundInput is the form that prints the list of a round.
type RoundInput struct {
	Patients []clinic.ID
}

// PrintRound records with each person that their name went on a list, and queues the list.
// CodePrintQueue means: the same form again queues the same list.
func (d *Desk) PrintRound(ctx context.Context, c Call, in RoundInput) (Done, error) {
	switch {
	case len(in.Patients) == 0:
		return Done{}, &Error{Code: CodeRequired, Field: "person"}
	case len(in.Patients) > MostRound:
		return Done{}, &Error{Code: CodeTooMany, Field: "person", Args: map[string]string{"max": strconv.Itoa(MostRound)}}
	}
	rows, err := d.Round(ctx, c.By, "")
	if err != nil {
		return Done{}, err
	}
	done, err := d.save(ctx, c, plan{
		need: rightRegister, kind: clinic.KindPaper,
		build: func(w *work) (out []clinic.Draft, err error) {
			for _, row := range rows {
				if slices.Contains(in.Patients, row.Patient) {
					out = append(out, clinic.Draft{Kind: clinic.KindPaper, Subject: row.Patient, Body: &clinic.Paper{Form: formRound, Code: w.today.String(), Copy: 1}})
				}
			}
			if len(out) == 0 {
				return nil, &Error{Code: CodeRequired, Field: "person"}
			}
			return out, nil
		},
		same: func(b any) bool { p, ok := b.(*clinic.Paper); return ok && p.Form == formRound },
	})
	if err != nil {
		return Done{}, err
	}
	doc, err := d.roundPaper(ctx, c.By, rows, &done)
	return done, d.enqueue(ctx, c, doc, err)
}

func (d *Desk) roundPaper(ctx context.Context, by clinic.ID, rows []RoundRow, done *Done) (paper.Doc, error) {
	a := paper.Round{Facility: d.o.Site.Facility, Day: clinic.DateOf(done.Records[0].Event), Printed: done.Records[0].Event}
	who, err := d.Who(ctx, by)
	if err != nil {
		return paper.Doc{}, err
	}
	a.Printer = who.Name
	word := map[RoundKind]string{RoundAppointment: "Hẹn khám", RoundProgramme: "Chương trình", RoundVaccine: "Tiêm chủng"}
	for _, row := range rows {
		if !slices.ContainsFunc(done.Records, func(r clinic.Record) bool { return r.Subject == row.Patient }) {
			continue
		}
		line := paper.RoundLine{Name: row.Name, Born: row.Birth.String(), Address: row.Address, Phone: row.Phone}
		for _, w := range row.Why {
			line.Why = append(line.Why, joinWords(word[w.Kind], w.Name)+", ngày "+w.Due.String())
		}
		a.People = append(a.People, line)
	}
	return a.Doc(), nil
}
