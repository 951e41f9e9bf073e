package desk_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
)

// A store that takes nothing must not stop reading; what was looked at meanwhile
// is recorded once, with the time of the look.
func TestViewsOutliveAStoreThatFails(t *testing.T) {
	for name, fault := range map[string]desktest.Fault{"not applied": desktest.FaultNotApplied, "applied": desktest.FaultApplied} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStation(t)
				on := s.open(s.register("A"))
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- s.Views().Run(ctx) }()
				<-s.Views().Ready()
				looked, _ := s.clock.Now()
				s.visit(on)
				s.clock.Add(time.Hour)
				s.store.Plan(fault)
				time.Sleep(2*time.Second + time.Millisecond)
				synctest.Wait()
				select {
				case err := <-done:
					t.Fatal("the task ended:", err)
				default:
				}
				s.visit(on) // reading goes on; another look, an hour later
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if n := s.viewed(on.Patient); n != 2 {
					t.Errorf("%d views, want both, each once", n)
				}
				if first := s.firstView(on.Patient); !first.Equal(looked.Truncate(time.Second)) {
					t.Errorf("the first view is dated %v, it was at %v", first, looked)
				}
				s.store.Plan(fault) // and at the end
				s.visit(on)
				cancel()
				if err := <-done; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// looks reads all looks under an ID, newest first.
func (s *station) looks(id clinic.ID) (out []desk.Look) {
	s.Helper()
	if err := s.store.View(s.Context(), func(r desk.Reader) (err error) {
		out, _, err = r.Looks(id, desk.LookQuery{Limit: 1 << 20})
		return err
	}); err != nil {
		s.Fatal(err)
	}
	return out
}

func (s *station) viewed(patient clinic.ID) int { s.Helper(); return len(s.looks(patient)) }

// firstView is the time of the first recorded look.
func (s *station) firstView(patient clinic.ID) (at time.Time) {
	s.Helper()
	if all := s.looks(patient); len(all) > 0 {
		at = all[len(all)-1].At
	}
	return at
}

// What is one look and what is another.
func TestWhatCountsAsALook(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	a, b := s.open(s.register("A")), s.open(s.register("B"))
	second := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a.Patient, Another: true}))
	page := func(by, patient clinic.ID) {
		t.Helper()
		if _, err := s.PatientPage(ctx, by, patient); err != nil {
			t.Fatal(err)
		}
	}
	for i, step := range []struct {
		name string
		do   func()
		a, b int // looks from here on
	}{
		{"the visit", func() { s.visit(a) }, 1, 0},
		{"its pages, and the patient's", func() { s.visit(a); page(s.doctor, a.Patient) }, 1, 0},
		{"another patient's page", func() { page(s.doctor, b.Patient) }, 1, 1},
		{"a visit of that patient", func() { s.visit(b) }, 1, 2},
		{"another visit", func() { s.visit(desk.On{Patient: a.Patient, Visit: second.Visit}) }, 2, 2},
		{"another person", func() { page(s.nurse, a.Patient) }, 3, 2},
		{"within ten minutes", func() { s.clock.Add(10*time.Minute - time.Second); s.visit(a) }, 3, 2},
		{"after ten minutes", func() { s.clock.Add(time.Second); s.visit(a) }, 4, 2},
		{"when the clock is put back", func() { s.clock.Add(-time.Hour); s.visit(a) }, 5, 2},
	} {
		step.do()
		if i%2 == 0 {
			if err := s.Views().Flush(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if i%2 == 0 && (s.viewed(a.Patient) != step.a || s.viewed(b.Patient) != step.b) {
			t.Errorf("%s: %d looks at a, %d at b, want %d and %d", step.name, s.viewed(a.Patient), s.viewed(b.Patient), step.a, step.b)
		}
	}
	if all := s.looks(s.doctor); len(all) != 6 || all[len(all)-1].Patient != a.Patient {
		t.Errorf("the doctor looked %d times", len(all))
	}
}

// A person looks at more records than one entry takes, within two seconds.
func TestManyLooks(t *testing.T) {
	s := newStation(t)
	for i := range 300 {
		p := s.register("A" + strings.Repeat("b", i%90) + strings.Repeat("c", i/90))
		if _, err := s.PatientPage(t.Context(), s.doctor, p); err != nil {
			t.Fatal(err)
		}
	}
	before := s.store.Len()
	if err := s.Views().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := len(s.looks(s.doctor)); n != 300 || s.store.Len()-before > 2 {
		t.Errorf("%d looks, the last in %d entries", n, s.store.Len()-before)
	}
}
