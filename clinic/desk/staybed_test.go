package desk_test

import (
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// bedOf is the leaf of the bed that the patient lies in.
func (s *station) bedOf(on desk.On) clinic.Leaf {
	s.Helper()
	p, ok := new(s.visit(on).Visit).Lies()
	if !ok {
		s.Fatal("lies in no bed")
	}
	return p.Doc.Leaf()
}

// bed saves a bed of the visit; a base makes it a correction.
func (s *station) bed(on desk.On, base clinic.Leaf, b clinic.Stay) (desk.Done, error) {
	s.Helper()
	in := desk.StayInput{On: on, Stay: b}
	if in.Base, in.Why = base, "ghi nhầm"; base == (clinic.Leaf{}) {
		in.From = s.bedOf(on)
	}
	return s.Stay(s.Context(), call(s.nurse), in)
}

// discharge ends the stay, or takes its end back.
func (s *station) discharge(on desk.On, mistake bool) (desk.Done, error) {
	s.Helper()
	if on = s.base(on, clinic.KindDischarge); mistake {
		on.Why = "nhầm người"
	}
	return s.Discharge(s.Context(), call(s.doctor), desk.DischargeInput{On: on, Discharge: clinic.Discharge{Result: 1, Way: 1, Treatment: "x", Mistake: mistake}})
}

// TestStayTimes: a move stands after the bed that the patient lay in, and no bed after
// the discharge; the time of a bed that somebody else has by now can still be corrected.
func TestStayTimes(t *testing.T) {
	s := newStation(t)
	s.beds()
	on := s.admit(s.register("An"), "H001")
	first := s.bedOf(on)
	s.clock.Add(2 * time.Hour)
	_, err := s.bed(on, clinic.Leaf{}, clinic.Stay{Bed: "H002", Time: "07:30"})
	s.refused(err, desk.CodeStayTime, "time")
	s.must(s.bed(on, clinic.Leaf{}, clinic.Stay{Bed: "H002"}))
	s.admit(s.register("Bình"), "H001")
	s.must(s.bed(on, first, clinic.Stay{Bed: "H001", Time: "07:50", Reason: "sốt"})) // An's old bed
	if got := s.whoLies(); got != "H001:Bình H002:An" {
		t.Fatal(got)
	}
	now := s.bedOf(on)
	s.clock.Add(30 * time.Minute)
	_, err = s.bed(on, s.firstBed(on), clinic.Stay{Bed: "H001", Time: "10:20"}) // would be the last one
	s.refused(err, desk.CodeBedTaken, "bed")
	_, err = s.bed(on, now, clinic.Stay{Bed: "H001"})
	s.refused(err, desk.CodeBedTaken, "bed")
	s.must(s.discharge(on, false))
	s.clock.Add(time.Hour)
	s.admit(s.register("Châu"), "H002")
	_, err = s.bed(on, now, clinic.Stay{Bed: "H002", Time: "11:15"})
	s.refused(err, desk.CodeStayOver, "time")
	s.must(s.bed(on, now, clinic.Stay{Bed: "H002", Time: "09:55", Reason: "gần cửa sổ"})) // Châu lies there
	_, err = s.Stay(t.Context(), call(s.nurse), desk.StayInput{On: on, Stay: clinic.Stay{Bed: "H009"}})
	s.refused(err, desk.CodeStayGone, "")
}

// firstBed is the leaf of the first bed of the visit.
func (s *station) firstBed(on desk.On) clinic.Leaf {
	s.Helper()
	return new(s.visit(on).Visit).Placements()[0].Doc.Leaf()
}

// TestNobodyLandsOnSomebody: what is taken back puts nobody into a bed that was given
// away, or into a second one.
func TestNobodyLandsOnSomebody(t *testing.T) {
	s := newStation(t)
	s.beds()
	an := s.register("An")
	on := s.admit(an, "H001")
	s.clock.Add(time.Hour)
	s.must(s.discharge(on, false))
	_, err := s.bed(on, s.firstBed(on), clinic.Stay{Bed: "H001", Mistake: true})
	s.refused(err, desk.CodeStayOnly, "")
	other := s.admit(s.register("Bình"), "H001")
	_, err = s.discharge(on, true)
	s.refused(err, desk.CodeStayBack, "")
	s.must(s.bed(other, clinic.Leaf{}, clinic.Stay{Bed: "H002"}))
	s.must(s.discharge(on, true))
	s.must(s.discharge(on, false))
	d := s.must(s.OpenVisit(t.Context(), call(s.nurse), desk.VisitInput{Patient: an, Type: clinic.VisitStay, Another: true}))
	again := desk.On{Patient: an, Visit: d.Visit}
	s.must(s.Stay(t.Context(), call(s.nurse), desk.StayInput{On: again, Stay: clinic.Stay{Bed: "lán 1"}}))
	_, err = s.discharge(on, true)
	if e := s.refused(err, desk.CodeLying, ""); e.Visit != again.Visit {
		t.Error("another visit is named")
	}
	s.must(s.bed(again, clinic.Leaf{}, clinic.Stay{Bed: "H001"}))
	_, err = s.bed(other, s.bedOf(other), clinic.Stay{Bed: "H002", Mistake: true}) // back to H001
	s.refused(err, desk.CodeStayBack, "")
	if got := s.whoLies(); got != "H001:An H002:Bình" {
		t.Fatal(got)
	}
	if n, err := s.CountLying(t.Context(), s.nurse); n != 2 || err != nil {
		t.Error(n, err)
	}
}

// TestDeathEndsAStay: who died was not cured, unless they died after they went home; a
// death that is taken back gives no bed that somebody else has.
func TestDeathEndsAStay(t *testing.T) {
	s := newStation(t)
	s.beds()
	on := s.admit(s.register("An"), "H001")
	death := desk.DeathInput{On: on, Death: clinic.Death{Day: clinic.Date{Year: 2026, Month: 11, Day: 2}, Time: "08:30", Place: clinic.DiedHere, Chain: []clinic.Cause{{Code: "I10"}}}}
	s.clock.Add(time.Hour)
	s.must(s.Death(t.Context(), call(s.doctor), death))
	_, err := s.discharge(on, false)
	s.refused(err, desk.CodeStayDead, "result")
	s.must(s.Discharge(t.Context(), call(s.doctor), desk.DischargeInput{On: on, Discharge: clinic.Discharge{Time: "08:10", Result: 4, Way: 4, Treatment: "x"}}))
	s.must(s.discharge(on, true))
	s.admit(s.register("Bình"), "H001")
	death.On = s.base(on, clinic.KindDeath)
	death.Mistake, death.Why = true, "nhầm người"
	_, err = s.Death(t.Context(), call(s.doctor), death)
	s.refused(err, desk.CodeStayBack, "")
}
