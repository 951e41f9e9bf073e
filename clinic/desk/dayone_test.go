package desk_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

func oldPerson(at int, name string, year int, citizen string) clinic.OldRow {
	row := clinic.OldRow{At: at, Patient: clinic.Patient{Name: name, Birth: clinic.Date{Year: year}, Sex: clinic.SexFemale}}
	if citizen != "" {
		row.Patient.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: citizen}}
	}
	return row
}

func oldFile(list clinic.OldList, rows ...clinic.OldRow) desk.OldInput {
	return desk.OldInput{List: list, File: "sổ cũ.csv", Hash: [32]byte{byte(len(rows))}, Rows: rows, Confirmed: true}
}

// does tells what a plan does, in a letter a row.
func does(p desk.OldPlan) (s string) {
	for _, r := range p.Rows {
		s += string(" ajs?x="[r.Does])
	}
	return s
}

func (s *station) plan(in desk.OldInput) desk.OldPlan {
	s.Helper()
	p, err := s.PlanOld(s.Context(), s.admin, in)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func (s *station) found(query string) int {
	s.Helper()
	hits, err := s.Find(s.Context(), s.nurse, query)
	if err != nil {
		s.Fatal(err)
	}
	return len(hits)
}

// TestOldPatients: the register's rules find who is known, each row waits for its answer,
// and the same file again brings nothing.
func TestOldPatients(t *testing.T) {
	s := newStation(t)
	known := somebody("Lê Thị Biết")
	known.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034190000001"}}
	id := s.must(s.Register(t.Context(), call(s.nurse), known)).Patient
	rows := []clinic.OldRow{
		oldPerson(2, "Nguyễn Thị Mới", 1980, ""), oldPerson(3, "Lê Thị Khác Tên", 1961, "034190000001"), oldPerson(4, "Lê Thị Biết", 1990, ""),
		oldPerson(5, "Nguyễn Thị Mới", 1980, ""), oldPerson(6, "Nguyễn Thị Mới", 1980, "034180000002"), oldPerson(7, "12", 1980, ""),
	}
	rows[1].Patient.Phone, rows[1].Allergies = "0912345678", []clinic.Allergy{{Substance: "Penicilin"}}
	rows[0].NoAllergy = true
	rows[3].NoAllergy = true
	in := oldFile(clinic.OldPatients, rows...)
	p := s.plan(in)
	if does(p) != "a??s?x" || p.Rows[1].Like != clinic.LikeNumber || p.Rows[2].Like != clinic.LikeName || p.Rows[3].Twin != 2 || !p.Rows[3].Whole || p.Rows[4].Twin != 2 || p.Rows[5].Problem.Code != clinic.RowName {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	n := s.store.Len()
	_, err := s.BringOld(t.Context(), call(s.admin), in)
	s.refused(err, desk.CodeOldAsk, "")
	in.ByNumber, in.Answers = desk.OldSame, map[int]desk.OldAnswer{4: {Do: desk.OldOther}, 6: {Do: desk.OldSame, Line: 2}}
	if p := s.plan(in); does(p) != "ajasjx" || s.store.Len() != n {
		t.Fatalf("%s", does(p))
	}
	sure := in
	sure.Confirmed = false
	_, err = s.BringOld(t.Context(), call(s.admin), sure)
	s.refused(err, desk.CodeImportSure, "confirm")
	for _, by := range []clinic.ID{s.nurse, s.doctor, s.cashier, s.technician} {
		_, err := s.PlanOld(t.Context(), by, in)
		s.refused(err, desk.CodeNotAllowed, "")
		_, err = s.BringOld(t.Context(), call(by), in)
		s.refused(err, desk.CodeNotAllowed, "")
	}
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	page, err := s.PatientPage(t.Context(), s.nurse, id)
	if err != nil || page.Now.Phone != "0912345678" || page.Now.Name != "Lê Thị Biết" || len(page.Allergies.Items) != 1 {
		t.Fatalf("%+v %v", page.Now, err)
	}
	if s.found("le thi biet") != 2 || s.found("nguyen thi moi") != 1 || s.found("034180000002") != 1 {
		t.Errorf("%d %d %d", s.found("le thi biet"), s.found("nguyen thi moi"), s.found("034180000002"))
	}
	n = s.store.Len()
	if d := s.must(s.BringOld(t.Context(), call(s.admin), in)); !d.Again || s.store.Len() != n {
		t.Error("the same file came in twice")
	}
	list, err := s.OldImports(t.Context(), s.admin)
	if err != nil || len(list) != 1 || !list[0].Done || list[0].Counts[clinic.DayOneAdded] != 2 || list[0].Counts[clinic.DayOneSame] != 2 || list[0].Counts[clinic.DayOneSkipped] != 1 {
		t.Fatalf("%+v %v", list, err)
	}
}

// TestOldUndo: what was used since stays and is named, all else is as it was; the file
// can come again.
func TestOldUndo(t *testing.T) {
	s := newStation(t)
	known := s.register("Lê Thị Biết")
	before, _ := s.PatientPage(t.Context(), s.nurse, known)
	rows := []clinic.OldRow{oldPerson(2, "Phạm Thị Dùng", 1980, ""), oldPerson(3, "Lê Thị Biết", 1990, "034190000001"), oldPerson(4, "Võ Thị Bỏ", 1970, "034170000003")}
	rows[1].Allergies = []clinic.Allergy{{Substance: "Aspirin"}}
	in := oldFile(clinic.OldPatients, rows...)
	in.ByName = desk.OldSame
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	hits, _ := s.Find(t.Context(), s.nurse, "pham thi dung")
	used := hits[0].ID
	s.open(used)
	list, _ := s.OldImports(t.Context(), s.admin)
	u, err := s.PlanOldUndo(t.Context(), s.admin, list[0].ID)
	if err != nil || u.Back != 2 || len(u.Kept) != 1 || u.Kept[0].ID != used || u.Kept[0].Name != "Phạm Thị Dùng" || !u.May {
		t.Fatalf("%+v %v", u, err)
	}
	_, err = s.UndoOld(t.Context(), call(s.doctor), list[0].ID)
	s.refused(err, desk.CodeNotAllowed, "")
	c := call(s.admin)
	s.must(s.UndoOld(t.Context(), c, list[0].ID))
	n := s.store.Len()
	for _, again := range []desk.Call{c, call(s.admin)} {
		if d := s.must(s.UndoOld(t.Context(), again, list[0].ID)); !d.Again || s.store.Len() != n {
			t.Error("taken back twice")
		}
	}
	after, err := s.PatientPage(t.Context(), s.nurse, known)
	if err != nil || len(after.Now.Identifiers) != len(before.Now.Identifiers) || after.Allergies.State != clinic.AllergiesNotAsked {
		t.Errorf("%+v %+v %v", after.Now, after.Allergies, err)
	}
	if s.found("pham thi dung") != 1 || s.found("vo thi bo") != 0 || s.found("034170000003") != 0 {
		t.Error("who was used is gone, or who was taken back is found")
	}
	if p := s.plan(in); does(p) != "jja" {
		t.Errorf("the file again: %s", does(p))
	}
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	if s.found("vo thi bo") != 1 {
		t.Error("not found after it came again")
	}
	list, _ = s.OldImports(t.Context(), s.admin)
	if len(list) != 3 || list[2].Undone != list[1].ID {
		t.Errorf("%+v", list)
	}
}

// TestOldWithdrawn: no visit opens for who was taken back; new details bring them back.
func TestOldWithdrawn(t *testing.T) {
	s := newStation(t)
	s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, oldPerson(2, "Võ Thị Bỏ", 1970, ""))))
	hits, _ := s.Find(t.Context(), s.nurse, "vo thi bo")
	list, _ := s.OldImports(t.Context(), s.admin)
	s.must(s.UndoOld(t.Context(), call(s.admin), list[0].ID))
	_, err := s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: hits[0].ID})
	s.refused(err, desk.CodeWithdrawn, "")
	page, err := s.PatientPage(t.Context(), s.nurse, hits[0].ID)
	if err != nil || !page.Now.Withdrawn {
		t.Fatalf("%+v %v", page.Now, err)
	}
	form := somebody("Võ Thị Bỏ")
	form.ID, form.Base = hits[0].ID, page.Versions[len(page.Versions)-1].Leaf
	s.must(s.ChangePatient(t.Context(), call(s.nurse), form))
	s.open(hits[0].ID)
	if s.found("vo thi bo") != 1 {
		t.Error("not found")
	}
}

// TestOldImportThatIsCut: power that goes between any two acts, or in one of them, leaves
// an import that goes on, and so does its taking back; each line comes once.
func TestOldImportThatIsCut(t *testing.T) {
	const rows = 130
	var all []clinic.OldRow
	for i := range rows {
		all = append(all, oldPerson(i+2, fmt.Sprintf("Người %c%c", 'A'+i/26, 'A'+i%26), 1950+i%50, ""))
	}
	all[9], all[100] = all[8], all[8] // lines that stand there twice
	all[9].At, all[100].At = 11, 102
	in := oldFile(clinic.OldPatients, all...)
	for cut := range 3 {
		for _, fault := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
			for _, same := range []bool{true, false} {
				t.Run(fmt.Sprint(cut, fault, same), func(t *testing.T) {
					s := newStation(t)
					again := func(run func(desk.Call) (desk.Done, error)) {
						t.Helper()
						c := call(s.admin)
						s.store.PlanAt(cut, fault)
						if _, err := run(c); !errors.Is(err, desktest.ErrFault) {
							t.Fatal(err)
						}
						if !same {
							c = call(s.admin)
						}
						s.must(run(c))
					}
					again(func(c desk.Call) (desk.Done, error) { return s.BringOld(t.Context(), c, in) })
					list, err := s.OldImports(t.Context(), s.admin)
					if err != nil || len(list) != 1 || !list[0].Done || list[0].Counts[clinic.DayOneAdded] != rows-2 || list[0].Counts[clinic.DayOneSkipped] != 2 {
						t.Fatalf("%+v %v", list, err)
					}
					if n := s.patients(); n != rows-2 {
						t.Errorf("%d people", n)
					}
					again(func(c desk.Call) (desk.Done, error) { return s.UndoOld(t.Context(), c, list[0].ID) })
					if list, _ = s.OldImports(t.Context(), s.admin); len(list) != 2 || !list[0].Done || list[0].Counts[clinic.DayOneUndone] != rows-2 {
						t.Fatalf("%+v", list)
					}
					if n := s.found("nguoi"); n != 0 {
						t.Errorf("%d found", n)
					}
				})
			}
		}
	}
}

// patients counts who was ever recorded, and fails for one whose number somebody else has.
func (s *station) patients() int {
	s.Helper()
	people, numbers := map[clinic.ID]bool{}, map[string]clinic.ID{}
	err := s.store.View(s.Context(), func(r desk.Reader) error {
		ids, err := r.ByName("người", 10_000)
		for _, id := range ids {
			people[id] = true
			p, _ := r.Patient(id)
			for _, n := range p.Identifiers {
				if other, ok := numbers[n.Value]; ok && other != id {
					s.Errorf("%s twice", n.Value)
				}
				numbers[n.Value] = id
			}
		}
		return err
	})
	if err != nil {
		s.Fatal(err)
	}
	return len(people)
}

// TestOldVisits: a visit finds its person, or is refused; it stands at its day, unsigned,
// with who wrote it.
func TestOldVisits(t *testing.T) {
	s := newStation(t)
	s.must(s.BringOld(t.Context(), call(s.admin), oldFile(clinic.OldPatients, oldPerson(2, "Phạm Thị Xưa", 1980, "034180000007"), oldPerson(3, "Lê Thị Trùng", 1970, ""))))
	other := somebody("Lê Thị Trùng")
	other.Birth, other.Different = clinic.Date{Year: 1970}, true
	twin := s.must(s.Register(t.Context(), call(s.nurse), other)).Patient
	visit := func(at int, who clinic.OldRow, day clinic.Date, icd string) clinic.OldRow {
		who.At = at
		who.Visit = &clinic.OldVisit{Day: day, Author: "y sĩ Cũ", Exam: clinic.Exam{Reason: "đau đầu"}, Diagnosis: clinic.Diagnosis{Main: icd, Text: "tăng huyết áp"}, Vitals: clinic.Vitals{Pulse: 80}}
		return who
	}
	day := func(y, m, d int) clinic.Date { return clinic.Date{Year: y, Month: m, Day: d} }
	who := clinic.OldRow{Patient: clinic.Patient{Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "034180000007"}}}}
	named := oldPerson(0, "Lê Thị Trùng", 1970, "")
	in := oldFile(clinic.OldVisits, visit(2, who, day(2019, 3, 4), "i10"), visit(3, who, day(2019, 3, 4), "i10"), visit(4, who, day(2020, 3, 4), "Z99"),
		visit(5, who, day(1979, 3, 4), ""), visit(6, named, day(2019, 1, 1), ""), visit(7, oldPerson(0, "Không Ai", 1970, ""), day(2019, 1, 1), ""), visit(8, who, day(2026, 11, 2), ""))
	if p := s.plan(in); does(p) != "asax?xx" || p.Rows[5].Problem.Code != clinic.RowNobody || len(p.Rows[4].Found) != 2 {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	in.Answers = map[int]desk.OldAnswer{6: {Do: desk.OldSame, Patient: twin}}
	s.must(s.BringOld(t.Context(), call(s.admin), in))
	hits, _ := s.Find(t.Context(), s.nurse, "034180000007")
	on := s.open(hits[0].ID)
	page, err := s.PatientPage(t.Context(), s.doctor, hits[0].ID)
	if err != nil || len(page.Visits) != 3 || page.Visits[0].ID != on.Visit || page.Visits[1].Visit.Day != day(2020, 3, 4) {
		t.Fatalf("%+v %v", page.Visits, err)
	}
	last, first := page.Visits[1], page.Visits[2]
	if first.Visit.After.Name != "y sĩ Cũ" || first.State != clinic.VisitOld || first.Opened.Author != s.admin || clinic.BodyOf[clinic.Diagnosis](first.Doc(clinic.KindDiagnosis)).Main != "I10" {
		t.Errorf("%+v", first)
	}
	if e := clinic.BodyOf[clinic.Exam](last.Doc(clinic.KindExam)); e.Finding != "Z99 tăng huyết áp" || last.Doc(clinic.KindDiagnosis) != nil {
		t.Errorf("a code that nobody knows: %+v", e)
	}
	if today, err := s.Today(t.Context(), s.nurse); err != nil || len(today.Rows) != 1 {
		t.Errorf("%d in the queue, %v", len(today.Rows), err)
	}
	list, _ := s.OldImports(t.Context(), s.admin)
	s.must(s.UndoOld(t.Context(), call(s.admin), list[0].ID))
	page, _ = s.PatientPage(t.Context(), s.doctor, hits[0].ID)
	if page.Visits[2].State != clinic.VisitClosed || slices.ContainsFunc(s.plan(in).Rows[:1], func(r desk.OldPlanRow) bool { return r.Does != desk.OldAdds }) {
		t.Errorf("%+v", page.Visits[2].State)
	}
	// The patients can be taken back once their visits were, but for whom somebody opened one.
	u, err := s.PlanOldUndo(t.Context(), s.admin, list[1].ID)
	if err != nil || u.Back != 1 || len(u.Kept) != 1 || u.Kept[0].ID != hits[0].ID {
		t.Errorf("%+v %v", u, err)
	}
}

// TestOldClosed: of a protected record the plan shows a name and a year, and gives it
// nothing.
func TestOldClosed(t *testing.T) {
	g := newGuarded(t)
	row := oldPerson(2, "Người Cầm Thẻ", 1961, "034190012345")
	row.Patient.Phone = "0999999999"
	in := oldFile(clinic.OldPatients, row)
	in.Hash[1] = 7
	p := g.plan(in)
	if does(p) != "?" || len(p.Rows[0].Found) != 1 || !p.Rows[0].Found[0].Closed || p.Rows[0].Found[0].Now.Address != "" {
		t.Fatalf("%s %+v", does(p), p.Rows)
	}
	in.ByNumber = desk.OldSame
	if p := g.plan(in); does(p) != "x" || p.Rows[0].Problem.Code != clinic.RowClosed {
		t.Errorf("%s", does(p))
	}
	in.ByNumber = desk.OldOther
	g.must(g.BringOld(t.Context(), call(g.admin), in))
	hits, err := g.Find(t.Context(), g.nurse, "nguoi cam the")
	if err != nil || len(hits) != 1 || !hits[0].Now.Identifiers[0].Unsure {
		t.Errorf("a number that somebody holds is not unsure: %+v %v", hits, err)
	}
}
