package desk_test

import (
	"fmt"
	"sync"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Many desks at once: every number is given once, and none is left out.
func TestNumbersAtManyDesks(t *testing.T) {
	s := newStation(t)
	const people = 24
	var mu sync.Mutex
	keys, slips, queue := map[string]bool{}, map[string]bool{}, map[int]bool{}
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			ctx := t.Context()
			p, err := s.Register(ctx, call(s.nurse), somebody(fmt.Sprintf("Người %c", 'A'+i)))
			if err != nil {
				t.Error(err)
				return
			}
			v, err := s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: p.Patient})
			if err != nil {
				t.Error(err)
				return
			}
			on := desk.On{Patient: p.Patient, Visit: v.Visit}
			a, err := s.Appoint(ctx, call(s.doctor), desk.AppointInput{On: on, Due: clinic.Date{Year: 2026, Month: 11, Day: 16}})
			mu.Lock()
			defer mu.Unlock()
			body := v.Records[0].Body.(*clinic.Visit)
			keys[body.Key], queue[body.Queue], slips[desk.SlipOf(a)] = true, true, true
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(keys) != people || len(slips) != people || len(queue) != people || !queue[1] || !queue[people] {
		t.Fatalf("%d people: %d keys, %d slips, %d queue numbers", people, len(keys), len(slips), len(queue))
	}
}
