package desk_test

import (
	"slices"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// apart lets another box have written the examination from the first version on.
func (s *station) apart(on desk.On, first clinic.Leaf, reason string) {
	s.Helper()
	err := s.store.Receive(s.doctor, clinic.Draft{
		Kind: clinic.KindExam, Subject: on.Patient, Visit: on.Visit, Corrects: first, Body: &clinic.Exam{Reason: reason},
	})
	if err != nil {
		s.Fatal(err)
	}
}

// choose settles for the version with this reason.
func (s *station) choose(on desk.On, reason string) error {
	s.Helper()
	in := desk.SettleInput{Patient: on.Patient, Visit: on.Visit}
	for _, v := range s.doc(on, clinic.KindExam).Apart() {
		in.Tips = append(in.Tips, v.Record.Leaf)
		if v.Record.Body.(*clinic.Exam).Reason == reason {
			in.Keep = v.Record.Leaf
		}
	}
	_, err := s.SettleDocument(s.Context(), call(s.doctor), in)
	return err
}

// TestSettleKeepsEarlierChoices: a version that was set aside stays aside when somebody
// chooses again because another one came, whichever is chosen then.
func TestSettleKeepsEarlierChoices(t *testing.T) {
	s := newStation(t)
	on := s.open(s.register("Nguyễn Thị Mẫu"))
	first := s.exam(on, "đầu").Records[0].Leaf
	is := func(reason string, apart int) {
		t.Helper()
		d := s.doc(on, clinic.KindExam)
		if got := d.Current().Record.Body.(*clinic.Exam).Reason; got != reason || len(d.Apart()) != apart {
			t.Fatalf("%q holds and %d are apart, want %q and %d", got, len(d.Apart()), reason, apart)
		}
	}
	for _, reason := range []string{"một", "hai"} {
		s.apart(on, first, reason)
	}
	is("hai", 2)
	if err := s.choose(on, "một"); err != nil {
		t.Fatal(err)
	}
	is("một", 0)
	s.apart(on, first, "ba")
	is("ba", 2) // "hai" stays aside
	if err := s.choose(on, "một"); err != nil {
		t.Fatal(err)
	}
	is("một", 0)
	s.apart(on, first, "bốn")
	if err := s.choose(on, "bốn"); err != nil {
		t.Fatal(err)
	}
	is("bốn", 0)
	d := s.doc(on, clinic.KindExam)
	last := d.Choices[len(d.Choices)-1].Body.(*clinic.Settled)
	if len(last.Over) != 3 || len(last.Merges) != 2 || slices.ContainsFunc(last.Over, func(o []byte) bool { return clinic.Leaf(o) == d.Leaf() }) {
		t.Errorf("the last choice sets %d versions aside, and replaces %d choices", len(last.Over), len(last.Merges))
	}
}
