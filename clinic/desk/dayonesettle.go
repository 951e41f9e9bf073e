package desk

import (
	"reflect"
	"slices"

	"clinicbox/clinic"
)

// settle says what becomes of a row. The rows before it must be settled.
func (x *older) settle(w *work, i int) (OldPlanRow, error) {
	row := &x.in.Rows[i]
	out := OldPlanRow{At: row.At, Name: row.Patient.Name, Birth: row.Patient.Birth}
	var err error
	switch l, done := x.done[row.At]; {
	case done:
		out.Does = OldHas
		if len(l.Patient) == len(clinic.ID{}) {
			out.target = clinic.ID(l.Patient)
			x.before(aboutDoses(out.target), i)
		}
		if l.Goods != nil { // the rows after it must know it, though a cut lies between
			out.Goods = *l.Goods
			x.before(aboutLot(out.Goods), i)
		}
	case x.clean[i] == nil:
		out.Does, out.Problem = OldRefuses, x.wrong[i]
	case x.in.List == clinic.OldPatients:
		err = x.patient(w, i, &out)
	case x.in.List == clinic.OldPast:
		err = x.past(w, i, &out)
	case x.in.List == clinic.OldDoses:
		err = x.dose(w, i, &out)
	case x.in.List == clinic.OldStock:
		err = x.shelf(w, i, &out)
	default:
		err = x.visit(w, i, &out)
	}
	x.settled[i] = out
	return out, err
}

// patient settles a row of somebody: the register's own rules say who may be the same.
func (x *older) patient(w *work, i int, out *OldPlanRow) error {
	p := x.clean[i]
	found, err := x.d.holders(w, p.Identifiers, clinic.ID{})
	if err == nil {
		found, err = w.namesakes(p, found)
	}
	if err != nil {
		return err
	}
	var targets []clinic.ID
	for _, h := range found {
		like, err := x.d.like(w, &Hit{Now: *p}, &h)
		if err != nil {
			return err
		}
		if h.Why == ByNumber {
			like = clinic.LikeNumber
		}
		out.Like = max(out.Like, like)
		targets = append(targets, h.ID)
	}
	out.Found = found
	for _, j := range x.twins(i) {
		t := x.settled[j]
		if t.target.IsZero() {
			continue
		}
		if out.Twin == 0 {
			out.Twin = t.At
		}
		out.Like = max(out.Like, clinic.Alike(p, x.clean[j], x.d.today()))
		if x.sameRow(i, j) {
			out.Twin, out.Whole, out.Does, out.target = t.At, true, OldSkips, t.target
			return nil
		}
		if !slices.Contains(targets, t.target) {
			targets = append(targets, t.target)
		}
	}
	return x.answer(w, i, out, targets)
}

// answer does with a row what was said of it.
func (x *older) answer(w *work, i int, out *OldPlanRow, targets []clinic.ID) error {
	if len(targets) == 0 {
		out.Does, out.target = OldAdds, x.newID(i)
		return nil
	}
	a, ok := x.in.Answers[out.At]
	if !ok {
		a.Do = x.in.ByName
		if out.Like == clinic.LikeNumber {
			a.Do = x.in.ByNumber
		}
	}
	switch a.Do {
	case OldOther:
		out.Does, out.target = OldAdds, x.newID(i)
	case OldSkip:
		out.Does = OldSkips
	case OldSame:
		switch {
		case a.Line > 0 && a.Line == out.Twin:
			a.Patient = x.settled[x.rowAt(a.Line)].target
		case a.Patient.IsZero() && len(targets) == 1:
			a.Patient = targets[0]
		}
		if !slices.Contains(targets, a.Patient) {
			out.Does = OldAsks
			return nil
		}
		closed, err := x.d.closed(w, w.by.ID, a.Patient)
		if err != nil {
			return err
		}
		if out.Does, out.target = OldJoins, a.Patient; closed {
			out.Does, out.target = OldRefuses, clinic.ID{}
			out.Problem = clinic.RowProblem{At: out.At, Code: clinic.RowClosed}
		}
	default:
		out.Does = OldAsks
	}
	return nil
}

// rowAt returns the place of a line of the file.
func (x *older) rowAt(line int) int {
	return slices.IndexFunc(x.in.Rows, func(r clinic.OldRow) bool { return r.At == line })
}

func (x *older) newID(i int) clinic.ID { return clinic.DayOneID(x.id, x.in.Rows[i].At, "patient") }

// twins returns the rows before one that may be of the same person.
func (x *older) twins(i int) (out []int) {
	p := x.clean[i]
	var rows []int
	for _, n := range alternatives(p.Identifiers) {
		rows = append(rows, x.byNumber[clinic.Identifier{System: n.System, Value: n.Value}]...)
	}
	rows = append(rows, x.byName[p.Folded]...)
	slices.Sort(rows)
	for _, j := range slices.Compact(rows) {
		if j < i && (clinic.Alike(p, x.clean[j], x.d.today()) != clinic.LikeNone || x.sameRow(i, j)) {
			out = append(out, j)
		}
	}
	return out
}

// sameRow reports whether two rows say the same.
func (x *older) sameRow(i, j int) bool {
	a, b := x.in.Rows[i], x.in.Rows[j]
	a.At = b.At
	return reflect.DeepEqual(a, b)
}

// whose finds the person of a row of a visit, history or vaccine, who must be known. nil: the row is
// settled.
func (x *older) whose(w *work, i int, out *OldPlanRow) (*Hit, error) {
	p := x.clean[i]
	found, err := x.d.holders(w, p.Identifiers, clinic.ID{})
	if err == nil && len(found) == 0 && p.Name != "" && !p.Birth.IsZero() {
		found, err = w.namesakes(p, nil)
	}
	if err != nil {
		return nil, err
	}
	if len(found) > 1 || len(found) == 1 && x.otherNamed(p, &found[0].Now) {
		if len(found) == 1 {
			out.Like = clinic.LikeNumber
		}
		a := x.in.Answers[out.At]
		at := slices.IndexFunc(found, func(h Hit) bool { return h.ID == a.Patient })
		switch {
		case a.Do == OldSkip:
			out.Does = OldSkips
			return nil, nil
		case a.Do != OldSame || at < 0:
			out.Does, out.Found = OldAsks, found
			return nil, nil
		}
		found = found[at : at+1]
	}
	row := &x.in.Rows[i]
	var day clinic.Date // zero: none is said
	if row.Visit != nil {
		day = row.Visit.Day
	} else if row.Dose != nil {
		day = row.Dose.Day
	}
	switch {
	case len(found) == 0:
		out.refuse("name", clinic.RowNobody, "")
		return nil, nil
	case !day.IsZero() && day.Last().Before(found[0].Now.Birth):
		column := "date"
		if row.Dose != nil {
			column = "given"
		}
		out.refuse(column, clinic.RowUnborn, day.String())
		return nil, nil
	}
	out.Does, out.target = OldAdds, found[0].ID
	return &found[0], nil
}

// otherNamed reports whether a row names somebody, and nothing of it is the holder's: a
// child's row may bear its mother's number.
func (x *older) otherNamed(p, holder *clinic.Patient) bool {
	name, born := p.Name != "", !p.Birth.IsZero()
	return (name || born) && !(name && p.Folded == holder.Folded) && !(born && clinic.SameBirth(p.Birth, holder.Birth))
}

// refuse settles a row that stays out.
func (r *OldPlanRow) refuse(column, code, value string) {
	r.Does, r.target = OldRefuses, clinic.ID{}
	r.Problem = clinic.RowProblem{At: r.At, Column: column, Code: code}
	if value != "" {
		r.Problem.Args = map[string]string{"value": value}
	}
}

// visit settles a row of somebody's visit.
func (x *older) visit(w *work, i int, out *OldPlanRow) error {
	if hit, err := x.whose(w, i, out); hit == nil {
		return err
	}
	if has, err := x.hasVisit(w, i, out.target); err != nil || has {
		out.Does, out.Whole = OldSkips, true
		return err
	}
	return nil
}

// hasVisit reports whether the row's visit is there already: in the record, or in a row
// before it.
func (x *older) hasVisit(w *work, i int, patient clinic.ID) (bool, error) {
	row := &x.in.Rows[i]
	file, err := readPatient(w, patient)
	if err != nil {
		return false, err
	}
	for k := range file.Visits {
		v := &file.Visits[k]
		if v.Visit == nil || v.Visit.After == nil || v.Visit.Day != row.Visit.Day || v.Ended != nil {
			continue
		}
		e := clinic.BodyOf[clinic.Exam](v.Doc(clinic.KindExam))
		if e != nil && *e == x.d.oldExam(w, row.Visit) {
			return true, nil
		}
	}
	for j := range i {
		if t := x.settled[j]; t.target == patient && x.sameRow(i, j) {
			return true, nil
		}
	}
	return false, nil
}
