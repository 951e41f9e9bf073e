package desk_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// everyAct lists every use case that writes to a visit, for tests of what all
// must refuse.
func (s *station) everyAct(on desk.On) map[string]func(desk.Call) error {
	ctx := s.Context()
	fail := func(_ desk.Done, err error) error { return err }
	return map[string]func(desk.Call) error{
		"vitals": func(c desk.Call) error {
			return fail(s.Vitals(ctx, c, desk.VitalsInput{On: on, Values: map[string]string{"pulse": "70"}}))
		},
		"exam": func(c desk.Call) error {
			return fail(s.Exam(ctx, c, desk.ExamInput{On: on, Exam: clinic.Exam{Reason: "x"}}))
		},
		"diagnose": func(c desk.Call) error { return fail(s.Diagnose(ctx, c, desk.DiagnosisInput{On: on, Main: "I10"})) },
		"prescribe": func(c desk.Call) error {
			return fail(s.Prescribe(ctx, c, desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "1", Days: "1"}}}))
		},
		"bill": func(c desk.Call) error {
			return fail(s.Bill(ctx, c, desk.BillInput{On: on, Lines: []desk.BillLineInput{{Code: "KHAM"}}}))
		},
		"appoint": func(c desk.Call) error {
			return fail(s.Appoint(ctx, c, desk.AppointInput{On: on, Due: clinic.Date{Year: 2026, Month: 12, Day: 1}}))
		},
		"sign": func(c desk.Call) error {
			return fail(s.Sign(ctx, c, desk.SignInput{Patient: on.Patient, Visit: on.Visit, PIN: doctorPIN}))
		},
		"end": func(c desk.Call) error {
			return fail(s.EndVisit(ctx, c, desk.EndInput{Patient: on.Patient, Visit: on.Visit, Why: "về"}))
		},
		"print": func(c desk.Call) error {
			return fail(s.PrintAppointment(ctx, c, desk.PrintInput{Patient: on.Patient, Visit: on.Visit}))
		},
	}
}

// Two tabs on two patients cannot mix.
func TestVisitOfAnotherPatient(t *testing.T) {
	s := newStation(t)
	a, b := s.open(s.register("A")), s.open(s.register("B"))
	n := s.store.Len()
	for name, act := range s.everyAct(desk.On{Patient: a.Patient, Visit: b.Visit}) {
		t.Log(name)
		s.refused(act(call(s.doctor)), desk.CodeMixed, "")
	}
	for name, act := range s.everyAct(desk.On{Patient: a.Patient, Visit: clinic.ID{99}}) {
		t.Log(name)
		s.refused(act(call(s.doctor)), desk.CodeNoVisit, "")
	}
	_, err := s.VisitPage(t.Context(), s.doctor, a.Patient, b.Visit)
	s.refused(err, desk.CodeMixed, "")
	if s.store.Len() != n {
		t.Fatal("a refused act was written")
	}
}

func TestRoles(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("A"))
	may := map[string][]clinic.ID{
		"vitals": {s.nurse, s.doctor}, "exam": {s.doctor}, "diagnose": {s.doctor}, "prescribe": {s.doctor}, "appoint": {s.doctor},
		"sign": {s.doctor}, "bill": {s.nurse, s.doctor, s.cashier}, "end": {s.nurse, s.doctor}, "print": {s.nurse, s.doctor, s.cashier},
	}
	for name, act := range s.everyAct(on) {
		for _, who := range []clinic.ID{s.nurse, s.cashier, s.technician, s.admin} {
			if slices.Contains(may[name], who) {
				continue
			}
			t.Log(name, who[0])
			s.refused(act(call(who)), desk.CodeNotAllowed, "")
		}
		t.Log(name)
		s.refused(act(call(clinic.ID{})), desk.CodeNoPerson, "")
		s.refused(act(call(clinic.ID{99})), desk.CodeNoPerson, "")
		s.refused(act(desk.Call{By: s.doctor}), desk.CodeFormAct, "")
	}
	_, err := s.PatientPage(t.Context(), s.technician, on.Patient)
	s.refused(err, desk.CodeNotAllowed, "")
	_, err = s.Find(t.Context(), s.technician, "A")
	s.refused(err, desk.CodeNotAllowed, "")
	_, err = s.Today(t.Context(), s.technician)
	s.refused(err, desk.CodeNotAllowed, "")
	// Who has left may do nothing, though the session still stands.
	if _, err := s.SaveStaff(t.Context(), call(s.admin), desk.StaffInput{Person: s.doctor, Staff: clinic.Staff{Name: "Thử", Role: clinic.RoleDoctor, Left: true}}); err != nil {
		t.Fatal(err)
	}
	s.refused(s.everyAct(on)["exam"](call(s.doctor)), desk.CodeNoPerson, "")
	_, err = s.Login(t.Context(), desk.LoginInput{Person: s.doctor, PIN: doctorPIN})
	s.refused(err, desk.CodeNoPerson, "")
}

// The same form sent twice saves once; an old form with other content is told.
func TestSameFormTwice(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	reg := call(s.nurse)
	first := s.must(s.Register(ctx, reg, somebody("A")))
	again := s.must(s.Register(ctx, reg, somebody("A")))
	if !again.Again || again.Patient != first.Patient {
		t.Fatalf("%+v", again)
	}
	_, err := s.Register(ctx, reg, somebody("B"))
	s.refused(err, desk.CodeFormStale, "")
	on := s.open(first.Patient)
	for name, act := range s.everyAct(on) {
		c := call(s.doctor)
		if name == "sign" || name == "print" || name == "end" {
			continue // have tests of their own
		}
		if err := act(c); err != nil {
			t.Fatal(name, err)
		}
		n := s.store.Len()
		if err := act(c); err != nil || s.store.Len() != n {
			t.Fatalf("%s a second time: %v, %d more entries", name, err, s.store.Len()-n)
		}
		_, err := s.Exam(ctx, c, desk.ExamInput{On: on, Exam: clinic.Exam{Reason: "typed later"}})
		s.refused(err, desk.CodeFormStale, "")
	}
}

func TestSameFormAtOnce(t *testing.T) {
	s := newStation(t)
	p := s.register("A")
	c := call(s.nurse)
	var mu sync.Mutex
	visits := map[clinic.ID]bool{}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			d, err := s.OpenVisit(t.Context(), c, desk.VisitInput{Patient: p})
			mu.Lock()
			defer mu.Unlock()
			visits[d.Visit] = true
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(visits) != 1 {
		t.Fatalf("one form opened %d visits", len(visits))
	}
}

// Codes must list every constant of the files of codes, each once.
func TestCodesIsComplete(t *testing.T) {
	var want []desk.Code
	for _, name := range []string{"codes.go", "mothercodes.go"} {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(v.Names[0].Name, "Code") {
				want = append(want, desk.Code(strings.Trim(v.Values[0].(*ast.BasicLit).Value, `"`)))
			}
			return true
		})
	}
	got := desk.Codes()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) || len(slices.Compact(want)) != len(got) || len(got) < 50 {
		t.Fatalf("%d constants, %d listed", len(want), len(got))
	}
}

func TestErrorsHoldNoPatientData(t *testing.T) {
	s := newStation(t)
	s.register("Nguyễn Thị Mẫu")
	in := somebody("Nguyễn Thị Mẫu")
	in.Identifiers = []clinic.Identifier{{System: clinic.SystemCitizen, Value: "0341900123456"}}
	_, err := s.Register(t.Context(), call(s.nurse), in)
	s.refused(err, desk.CodeValue, "identifiers.0")
	_, err2 := s.Register(t.Context(), call(s.nurse), somebody("Nguyễn Thị Mẫu"))
	s.refused(err2, desk.CodeDuplicates, "")
	for _, e := range []error{err, err2} {
		if text := e.Error(); strings.Contains(text, "Mẫu") || strings.Contains(text, "0341900123456") {
			t.Errorf("%q", text)
		}
	}
}

func TestViewsAreRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStation(t)
		on := s.open(s.register("A"))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Views().Run(ctx) }()
		<-s.Views().Ready()
		for range 3 {
			s.visit(on)
		}
		if _, err := s.PatientPage(t.Context(), s.nurse, on.Patient); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2*time.Second + time.Millisecond)
		synctest.Wait()
		if n := s.viewed(on.Patient); n != 2 {
			t.Fatalf("%d views after two seconds", n)
		}
		s.visit(on) // the same look goes on
		s.clock.Add(10 * time.Minute)
		s.visit(on) // another one
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if n := s.viewed(on.Patient); n != 3 {
			t.Fatalf("%d views after the end", n)
		}
	})
}
