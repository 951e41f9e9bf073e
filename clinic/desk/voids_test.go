package desk_test

import (
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestVoidSignatureIsTold: the list of the day does not count a signature that confirms
// nothing, and the box tells the centre of it once, whoever looks and however often.
func TestVoidSignatureIsTold(t *testing.T) {
	s, _ := keyed(t)
	ctx := t.Context()
	on := s.open(s.register("Sương"))
	s.exam(on, "ho")
	s.diagnose(on)
	leaf := s.doc(on, clinic.KindExam).Leaf()
	s.put(clinic.Draft{Kind: clinic.KindSigned, Subject: on.Patient, Visit: on.Visit, Body: &clinic.Signed{
		Method: 1, Leaves: [][]byte{leaf[:]}, Key: make([]byte, 16), Sig: make([]byte, 64),
	}})
	day, err := s.Today(ctx, s.nurse)
	if err != nil || len(day.Rows) != 1 || day.Rows[0].State != clinic.VisitOpen || day.Rows[0].Has&desk.HasSigned == 0 {
		t.Fatalf("%+v, %v", day.Rows, err)
	}
	told := func() (n int) {
		err := s.store.View(ctx, func(r desk.Reader) error {
			records, err := r.Records(clinic.MachineSubject())
			for i := range records {
				if m := records[i].Body.(*clinic.Machine); m.Event == clinic.MachineVoid {
					n++
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for range 3 {
		s.visit(on)
		if err := s.Views().Flush(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if n := told(); n != 1 {
		t.Errorf("told %d times", n)
	}
}
