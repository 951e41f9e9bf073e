package desk_test

import (
	"testing"

	"clinicbox/clinic"
)

// TestVerdictsAreRemembered as long as nothing came that they rest on: the list of the
// day reads no key and no record twice, and tells at once what has changed.
func TestVerdictsAreRemembered(t *testing.T) {
	s, keys := keyed(t)
	s.logsIn(s.doctor, doctorPIN)
	on := s.open(s.register("Sương"))
	s.exam(on, "ho")
	s.diagnose(on)
	s.sign(on)
	is := func(want clinic.VisitState, reads int, when string) {
		t.Helper()
		before := keys.Read
		day, err := s.Today(t.Context(), s.nurse)
		if err != nil || len(day.Rows) != 1 || day.Rows[0].State != want {
			t.Fatalf("%s: %+v, %v", when, day.Rows, err)
		}
		if n := keys.Read - before; n != reads {
			t.Errorf("%s: keys were read %d times", when, n)
		}
	}
	is(clinic.VisitSigned, 0, "the page before read them")
	is(clinic.VisitSigned, 0, "again")
	s.put(clinic.Draft{Kind: clinic.KindStatement, Subject: clinic.StatementSubject(), Body: &clinic.Statement{Raw: []byte("x")}})
	is(clinic.VisitSigned, 1, "the centre said something")
	is(clinic.VisitSigned, 0, "once")
	s.put(clinic.Draft{Kind: clinic.KindStaff, Subject: s.doctor, Body: &clinic.Staff{Name: "Trần Văn Thử", Role: clinic.RoleDoctor}})
	is(clinic.VisitSigned, 1, "the doctor's entry changed")
	keys.Now, keys.Revoked = 1, map[string]bool{keys.Of(s.doctor, s.recordsOf(s.doctor))[0].Print: true}
	is(clinic.VisitOpen, 1, "the key was revoked")
	is(clinic.VisitOpen, 0, "what does not count is judged each time, by keys that are known")
	keys.Now, keys.Revoked = 2, nil
	is(clinic.VisitSigned, 1, "and was not")
	in := s.base(on, clinic.KindExam)
	in.Why = "nghe nhầm"
	s.exam(in, "ho, sốt")
	is(clinic.VisitAmended, 0, "a part was changed")
	s.sign(on)
	is(clinic.VisitSigned, 0, "and signed")
	s.lose(on.Patient, clinic.KindDiagnosis)
	is(clinic.VisitTorn, 0, "a signed part is lost")
	s.lose(s.doctor, clinic.KindStaff)
	is(clinic.VisitTorn, 1, "of the doctor something is lost")
	is(clinic.VisitTorn, 1, "which may come back, and nothing would tell")
}
