package desk_test

import (
	"context"
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

// firstView is the event time of the first recorded view.
func (s *station) firstView(patient clinic.ID) (at time.Time) {
	s.Helper()
	if err := s.store.View(s.Context(), func(r desk.Reader) error {
		records, err := r.Records(patient)
		for _, rec := range records {
			if rec.Kind == clinic.KindViewed && at.IsZero() {
				at = rec.Event
			}
		}
		return err
	}); err != nil {
		s.Fatal(err)
	}
	return at
}
