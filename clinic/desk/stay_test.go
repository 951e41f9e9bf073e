package desk_test

import (
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
)

// beds puts two beds into the catalogue.
func (s *station) beds() {
	for _, code := range []string{"H001", "H002"} {
		s.put(clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogBed, Code: code, Name: "Giường " + code, From: clinic.Date{Year: 2026, Month: 1, Day: 1}}})
	}
}

// admit opens a stay and puts the patient into a bed.
func (s *station) admit(patient clinic.ID, bed string) desk.On {
	s.Helper()
	d := s.must(s.OpenVisit(s.Context(), call(s.nurse), desk.VisitInput{Patient: patient, Type: clinic.VisitStay}))
	on := desk.On{Patient: patient, Visit: d.Visit}
	s.must(s.Stay(s.Context(), call(s.nurse), desk.StayInput{On: on, Stay: clinic.Stay{Bed: bed, Reason: "theo dõi"}}))
	return on
}

func (s *station) whoLies() (out string) {
	s.Helper()
	b, err := s.Beds(s.Context(), s.nurse)
	if err != nil {
		s.Fatal(err)
	}
	for _, row := range b.Beds {
		out += row.Row.Code + ":"
		for _, l := range row.Here {
			out += l.Name
		}
		out += " "
	}
	for _, l := range b.Others {
		out += l.Bed + "=" + l.Name
	}
	return strings.TrimSpace(out)
}

// TestStay: over two midnights, from bed to bed, with medicines that two people see due,
// until a paper says how many days it was.
func TestStay(t *testing.T) {
	s := newStation(t)
	s.beds()
	ctx := t.Context()
	a, b := s.register("An"), s.register("Bình")
	on := s.admit(a, "H001")
	other := s.admit(b, "lán 2")
	if got := s.whoLies(); got != "H001:An H002: lán 2=Bình" {
		t.Fatal(got)
	}
	bed := func(on desk.On) clinic.Leaf {
		p, _ := new(s.visit(on).Visit).Lies()
		return p.Doc.Leaf()
	}
	move := desk.StayInput{On: other, Stay: clinic.Stay{Bed: "h001"}, From: bed(other)}
	_, err := s.Stay(ctx, call(s.nurse), move)
	s.refused(err, desk.CodeBedTaken, "bed")
	_, err = s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: a})
	if e := s.refused(err, desk.CodeAlreadyQueued, ""); e.Visit != on.Visit {
		t.Error("another visit waits")
	}
	s.exam(on, "sốt")
	s.diagnose(on)
	s.must(s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "3", Days: "3"}}}))
	give := desk.GiveInput{On: on, Medicine: "PARA"}
	_, err = s.Give(ctx, call(s.nurse), give)
	s.refused(err, desk.CodeDispenseUnsigned, "")
	s.sign(on)
	s.must(s.Give(ctx, call(s.nurse), give))
	_, err = s.Give(ctx, call(s.doctor), give) // saw none given
	s.refused(err, desk.CodeGiveAgain, "")
	give.Seen, give.Refused = 1, true
	_, err = s.Give(ctx, call(s.nurse), give)
	s.refused(err, desk.CodeRequired, "")
	give.Why = "nôn"
	s.must(s.Give(ctx, call(s.nurse), give))
	give.Medicine = "AMOX"
	_, err = s.Give(ctx, call(s.nurse), give)
	s.refused(err, desk.CodeDispenseNone, "")

	s.clock.Add(17 * time.Hour) // past midnight
	s.must(s.Care(ctx, call(s.nurse), desk.CareInput{On: on, Care: clinic.Care{Course: "đỡ sốt"}}))
	_, err = s.Care(ctx, call(s.nurse), desk.CareInput{On: on, Care: clinic.Care{Course: "mai", Day: clinic.Date{Year: 2026, Month: 11, Day: 4}}})
	s.refused(err, desk.CodeStayTime, "time")
	s.clock.Trust(false) // then nobody knows that it is tomorrow
	s.must(s.Care(ctx, call(s.nurse), desk.CareInput{On: on, Care: clinic.Care{Course: "ngủ", Time: "1h30"}}))
	s.clock.Trust(true)
	first := bed(on)
	s.must(s.Stay(ctx, call(s.nurse), desk.StayInput{On: on, Stay: clinic.Stay{Bed: "H002"}, From: first}))
	_, err = s.Stay(ctx, call(s.doctor), desk.StayInput{On: on, Stay: clinic.Stay{Bed: "H001"}, From: first})
	s.refused(err, desk.CodeChanged, "") // the patient lies elsewhere by now
	if got := s.whoLies(); got != "H001: H002:An lán 2=Bình" {
		t.Fatal(got)
	}
	s.clock.Add(24 * time.Hour)
	page, err := s.PatientPage(ctx, s.nurse, a)
	if err != nil || len(page.Today) != 1 {
		t.Fatalf("the stay is not offered on its third day: %v %v", page.Today, err)
	}
	s.must(s.Vitals(ctx, call(s.nurse), desk.VitalsInput{On: on, Values: map[string]string{"temperature": "36,9"}}))
	_, err = s.EndVisit(ctx, call(s.doctor), desk.EndInput{Patient: b, Visit: other.Visit, Why: "về"})
	s.refused(err, desk.CodeLying, "")
	out := desk.DischargeInput{On: on, Discharge: clinic.Discharge{Result: 2, Way: 1, Treatment: "hạ sốt", Advice: "uống đủ nước"}}
	for code, change := range map[desk.Code]func(*desk.DischargeInput){
		desk.CodeRequired: func(x *desk.DischargeInput) { x.Way = 2 }, // where to?
		desk.CodeStayDied: func(x *desk.DischargeInput) { x.Result = 5 },
		desk.CodeStayTime: func(x *desk.DischargeInput) { x.Day = clinic.Date{Year: 2026, Month: 11, Day: 2} },
		desk.CodeNothing:  func(x *desk.DischargeInput) { x.Mistake = true },
		desk.CodeHour:     func(x *desk.DischargeInput) { x.Time = "30:00" },
	} {
		bad := out
		change(&bad)
		_, err := s.Discharge(ctx, call(s.doctor), bad)
		s.refused(err, code, "")
	}
	_, err = s.Discharge(ctx, call(s.nurse), out)
	s.refused(err, desk.CodeNotAllowed, "")
	_, err = s.Discharge(ctx, call(s.doctor), desk.DischargeInput{On: other, Discharge: out.Discharge})
	if err != nil {
		t.Fatal(err)
	}
	back := out
	back.On, back.Mistake = s.base(other, clinic.KindDischarge), true
	_, err = s.Discharge(ctx, call(s.doctor), back)
	s.refused(err, desk.CodeWhy, "why")
	back.Why = "nhầm người"
	s.must(s.Discharge(ctx, call(s.doctor), back))
	s.must(s.Discharge(ctx, call(s.doctor), out))
	if got := s.whoLies(); got != "H001: H002: lán 2=Bình" {
		t.Fatal(got)
	}
	give = desk.GiveInput{On: on, Medicine: "PARA", Seen: 2}
	s.clock.Add(time.Hour)
	_, err = s.Give(ctx, call(s.nurse), give)
	s.refused(err, desk.CodeStayOver, "")
	s.sign(on)
	v := s.visit(on)
	if v.Visit.State != clinic.VisitSigned || len(v.Visit.CareSheet()) != 8 || v.Visit.Visit.Key != "22736a2611020001" {
		t.Errorf("state %d, %d lines, key %s", v.Visit.State, len(v.Visit.CareSheet()), v.Visit.Visit.Key)
	}
	s.must(s.PrintDischarge(ctx, call(s.nurse), desk.PrintInput{Patient: a, Visit: on.Visit}))
	s.must(s.PrintDischarge(ctx, call(s.nurse), desk.PrintInput{Patient: a, Visit: on.Visit}))
	_, err = s.PrintDischarge(ctx, call(s.nurse), desk.PrintInput{Patient: b, Visit: other.Visit})
	s.refused(err, desk.CodeStayNone, "")
	text := s.slipText()
	for _, want := range []string{"Số ngày nằm lưu 3", "BẢN IN LẠI", "hạ sốt", "uống đủ nước", "I10 Tăng huyết áp", "đỡ", "Paracetamol", "không phải mẫu chính thức"} {
		if !strings.Contains(strings.ReplaceAll(text, "\u00a0", " "), want) {
			t.Errorf("the paper lacks %q: %s", want, text)
		}
	}
}

// A fault before or after saving leaves one bed, one dose and one end, whoever presses
// again.
func TestStayFaults(t *testing.T) {
	for _, f := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		s := newStation(t)
		s.drugs()
		ctx := t.Context()
		d := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: s.register("An"), Type: clinic.VisitStay}))
		on := desk.On{Patient: d.Patient, Visit: d.Visit}
		twice := func(name string, act func(desk.Call) (desk.Done, error), by clinic.ID) {
			t.Helper()
			c, n := call(by), s.store.Len()
			s.store.Plan(f)
			if _, err := act(c); err == nil {
				t.Fatalf("%s: the fault did not come", name)
			}
			done := s.must(act(c))
			if done.Again != (f == desktest.FaultApplied) || s.store.Len() != n+1 {
				t.Errorf("%s, fault %d: again %v, %d entries", name, f, done.Again, s.store.Len()-n)
			}
		}
		twice("stay", func(c desk.Call) (desk.Done, error) {
			return s.Stay(ctx, c, desk.StayInput{On: on, Stay: clinic.Stay{Bed: "1"}})
		}, s.nurse)
		s.exam(on, "sốt")
		s.diagnose(on)
		s.must(s.Prescribe(ctx, call(s.doctor), desk.PrescriptionInput{On: on, Lines: []desk.DrugInput{{Medicine: "PARA", Dose: "1", Times: "3", Days: "3"}}}))
		s.sign(on)
		twice("give", func(c desk.Call) (desk.Done, error) { return s.Give(ctx, c, desk.GiveInput{On: on, Medicine: "PARA"}) }, s.nurse)
		twice("care", func(c desk.Call) (desk.Done, error) {
			return s.Care(ctx, c, desk.CareInput{On: on, Care: clinic.Care{Course: "đỡ"}})
		}, s.nurse)
		twice("notice", func(c desk.Call) (desk.Done, error) {
			return s.Notice(ctx, c, desk.NoticeInput{On: on, EmergencyNotice: clinic.EmergencyNotice{To: clinic.ToFamily, Name: "Bà Mẫu"}})
		}, s.nurse)
		twice("discharge", func(c desk.Call) (desk.Done, error) {
			return s.Discharge(ctx, c, desk.DischargeInput{On: on, Discharge: clinic.Discharge{Result: 1, Way: 1, Treatment: "x"}})
		}, s.doctor)
	}
}

func (s *station) notices() []desk.NoticeRow {
	s.Helper()
	rows, err := s.NoticesDue(s.Context(), s.nurse)
	if err != nil {
		s.Fatal(err)
	}
	return rows
}

// TestEmergency: one press for somebody whom nobody knows; who is in danger stands first;
// the commune must be told until a name is known.
func TestEmergency(t *testing.T) {
	for _, f := range []desktest.Fault{desktest.FaultNotApplied, desktest.FaultApplied} {
		s := newStation(t)
		c, n := call(s.nurse), s.store.Len()
		s.store.Plan(f)
		if _, err := s.OpenEmergency(t.Context(), c, desk.EmergencyInput{}); err == nil {
			t.Fatal("the fault did not come")
		}
		if d := s.must(s.OpenEmergency(t.Context(), c, desk.EmergencyInput{})); s.store.Len() != n+2 || d.Visit.IsZero() || d.Patient.IsZero() {
			t.Fatalf("fault %d: %d entries", f, s.store.Len()-n)
		}
	}
	s := newStation(t)
	ctx := t.Context()
	s.open(s.register("Chờ từ sớm"))
	wait := s.must(s.OpenEmergency(ctx, call(s.nurse), desk.EmergencyInput{Patient: s.register("Quen")}))
	unknown := s.must(s.OpenEmergency(ctx, call(s.nurse), desk.EmergencyInput{}))
	s.must(s.Triage(ctx, call(s.nurse), desk.TriageInput{Patient: wait.Patient, Visit: wait.Visit, Level: clinic.TriageWait}))
	order := func() (out []clinic.ID) {
		day, err := s.Today(ctx, s.nurse)
		if err != nil || day.Next != 0 {
			t.Fatal(day.Next, err)
		}
		for _, r := range day.Rows {
			out = append(out, r.ID)
		}
		return out
	}
	if o := order(); o[0] != unknown.Visit || o[1] != wait.Visit {
		t.Error("who is urgent does not stand first")
	}
	s.must(s.Triage(ctx, call(s.nurse), desk.TriageInput{Patient: wait.Patient, Visit: wait.Visit, Level: clinic.TriageNow}))
	if o := order(); o[0] != wait.Visit {
		t.Error("who is in danger does not stand first")
	}
	_, err := s.Triage(ctx, call(s.nurse), desk.TriageInput{Patient: wait.Patient, Visit: wait.Visit, Level: 9})
	s.refused(err, desk.CodeRequired, "triage")
	on := desk.On{Patient: unknown.Patient, Visit: unknown.Visit}
	s.exam(on, "bất tỉnh") // signed with what is there
	s.sign(on)
	if v := s.visit(on); v.Visit.State != clinic.VisitSigned {
		t.Errorf("state %d", v.Visit.State)
	}

	rows := s.notices()
	if len(rows) != 1 || rows[0].Left != 48*time.Hour || !rows[0].Sure {
		t.Fatalf("%+v", rows)
	}
	s.clock.Add(49 * time.Hour)
	if rows = s.notices(); len(rows) != 1 || rows[0].Left != -time.Hour {
		t.Fatalf("%+v", rows)
	}
	s.clock.Trust(false)
	if rows = s.notices(); rows[0].Sure {
		t.Error("hours are counted by a clock that nobody vouches for")
	}
	s.clock.Trust(true)
	in := desk.NoticeInput{On: on, EmergencyNotice: clinic.EmergencyNotice{To: clinic.ToPolice, Name: "Công an xã"}}
	s.must(s.Notice(ctx, call(s.nurse), in))
	if len(s.notices()) != 1 {
		t.Error("telling the police is not telling the commune")
	}
	in.To, in.Name = clinic.ToCommune, ""
	_, err = s.Notice(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeRequired, "name")
	in.Name = "Ông Mẫu, trực UBND"
	told := s.must(s.Notice(ctx, call(s.nurse), in))
	if len(s.notices()) != 0 {
		t.Error("the commune was told")
	}
	if v := s.visit(on); v.Visit.State != clinic.VisitSigned {
		t.Error("a notice asks for another signature")
	}
	in.Base, in.Mistake = told.Records[0].Leaf, true
	_, err = s.Notice(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeWhy, "why")
	in.Why = "gọi không được"
	s.must(s.Notice(ctx, call(s.nurse), in))
	_, err = s.Notice(ctx, call(s.nurse), in)
	s.refused(err, desk.CodeChanged, "")
	if len(s.notices()) != 1 {
		t.Error("the notice was taken back")
	}
	d := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: unknown.Patient, Type: clinic.VisitDeath, Another: true}))
	s.must(s.Death(ctx, call(s.doctor), desk.DeathInput{On: desk.On{Patient: unknown.Patient, Visit: d.Visit}, Death: clinic.Death{Day: clinic.Date{Year: 2026, Month: 11, Day: 2}, Time: "10:00", Place: clinic.DiedHere, Chain: []clinic.Cause{{Code: "I10"}}}}))
	if rows = s.notices(); len(rows) != 1 || rows[0].Left != -23*time.Hour || !rows[0].Died {
		t.Fatalf("%+v", rows)
	}
	known := s.register("Đã biết tên")
	s.must(s.Link(ctx, call(s.nurse), desk.LinkInput{Patient: unknown.Patient, Other: known, Same: true, Why: "người nhà nhận"}))
	if rows = s.notices(); len(rows) != 0 {
		t.Errorf("a name is known: %+v", rows)
	}
}

// TestTwoBoxesOfOneStation: numbers that two boxes give without knowing of each other
// never meet.
func TestTwoBoxesOfOneStation(t *testing.T) {
	box := func(book string) *station {
		s := newStation(t)
		var err error
		s.Desk, err = desk.New(desk.Options{
			Store: s.store, Clock: s.clock, Pins: s.pins, Papers: s.papers, Scans: s.scans, Witness: s.store, Fold: fold.String,
			Site: desk.Site{Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế Mẫu", Box: "tram-0" + book, Book: book}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	seen := map[string]string{}
	for _, book := range []string{"a", "b"} {
		s := box(book)
		for range 3 {
			d := s.must(s.OpenEmergency(t.Context(), call(s.nurse), desk.EmergencyInput{}))
			on := desk.On{Patient: d.Patient, Visit: d.Visit}
			opened := s.visit(on)
			s.must(s.SetTrip(t.Context(), call(s.nurse), desk.TripInput{Patient: d.Patient, Visit: d.Visit, Base: opened.Visit.Opening().Leaf, Place: clinic.TripVillage, Where: "Thôn 3"}))
			s.exam(on, "x")
			slip := desk.SlipOf(s.appoint(on, 3))
			v := s.visit(on)
			code, _ := v.Patient.Now.Current(clinic.SystemTemporary, v.Row.Day)
			for _, number := range []string{v.Visit.Visit.Key, slip, code.Value} {
				if number == "" || seen[number] != "" {
					t.Errorf("%q of box %s is also one of box %s", number, book, seen[number])
				}
				seen[number] = book
			}
		}
	}
}

// TestHome: where, how far and who went; the list for the round leaves out who lives
// elsewhere, and the printed one is recorded with each.
func TestHome(t *testing.T) {
	s := newStation(t)
	ctx := t.Context()
	var ids []clinic.ID
	for i, address := range []string{"Thôn Đông, xã Mẫu", "Thôn Tây, xã Mẫu"} {
		in := somebody([]string{"Đông Thị Mẫu", "Tây Thị Mẫu"}[i])
		in.Address = address
		id := s.must(s.Register(ctx, call(s.nurse), in)).Patient
		on := s.open(id)
		s.appoint(on, 2)
		ids = append(ids, id)
	}
	d := s.must(s.OpenVisit(ctx, call(s.nurse), desk.VisitInput{Patient: ids[0], Type: clinic.VisitHome, Another: true}))
	on := desk.On{Patient: ids[0], Visit: d.Visit}
	page := s.visit(on)
	in := desk.TripInput{Patient: ids[0], Visit: d.Visit, Base: page.Visit.Opening().Leaf, Place: clinic.TripHome, Minutes: 40, With: []clinic.ID{s.nurse, s.doctor}}
	bad := in
	bad.Minutes = 5000
	_, err := s.SetTrip(ctx, call(s.nurse), bad)
	s.refused(err, desk.CodeTripMinutes, "minutes")
	bad = in
	bad.With = []clinic.ID{{99}}
	_, err = s.SetTrip(ctx, call(s.nurse), bad)
	s.refused(err, desk.CodeNoPerson, "")
	bad = in
	bad.Place = clinic.TripVillage
	_, err = s.SetTrip(ctx, call(s.nurse), bad)
	s.refused(err, desk.CodeRequired, "where")
	s.must(s.SetTrip(ctx, call(s.nurse), in))
	trip := s.visit(on).Visit.Visit.Trip
	if trip.Where != "Thôn Đông, xã Mẫu" || trip.Minutes != 40 || len(trip.Went()) != 2 {
		t.Errorf("%+v", trip)
	}
	old := in
	old.Minutes = 50
	_, err = s.SetTrip(ctx, call(s.nurse), old)
	s.refused(err, desk.CodeChanged, "")
	s.must(s.ChangeType(ctx, call(s.nurse), desk.TypeInput{Patient: ids[0], Visit: d.Visit, Type: clinic.VisitOutpatient}))
	if v := s.visit(on).Visit.Visit; v.Trip == nil || v.Type != clinic.VisitOutpatient {
		t.Error("another kind of visit forgot the trip")
	}

	rows, err := s.Round(ctx, s.nurse, "thon dong")
	if err != nil || len(rows) != 1 || rows[0].Patient != ids[0] || rows[0].Why[0].Kind != desk.RoundAppointment {
		t.Fatalf("%+v %v", rows, err)
	}
	_, err = s.PrintRound(ctx, call(s.nurse), desk.RoundInput{})
	s.refused(err, desk.CodeRequired, "person")
	c := call(s.nurse)
	s.must(s.PrintRound(ctx, c, desk.RoundInput{Patients: ids}))
	if !s.must(s.PrintRound(ctx, c, desk.RoundInput{Patients: ids})).Again || len(s.papers.Docs) != 1 {
		t.Error("pressed twice, printed twice")
	}
	if text := s.slipText(); !strings.Contains(text, "ĐÔNG THỊ MẪU") || !strings.Contains(text, "Hẹn khám, ngày 04/11/2026") {
		t.Error(text)
	}
	for _, id := range ids {
		n := 0
		for _, r := range s.recordsOf(id) {
			if p, ok := r.Body.(*clinic.Paper); ok && p.Form == "round" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d entries say that the name went on a list", n)
		}
	}
}

// stayReadings adds the methods of emergencies, stays and rounds.
func (g *guarded) stayReadings(out map[string]func(by clinic.ID) (any, error)) {
	ctx, on := g.Context(), g.on
	form := func(d desk.Done, err error) (any, error) { return d, err }
	out["Beds"] = func(by clinic.ID) (any, error) { return g.Beds(ctx, by) }
	out["CountLying"] = func(by clinic.ID) (any, error) { return g.CountLying(ctx, by) }
	out["NoticesDue"] = func(by clinic.ID) (any, error) { return g.NoticesDue(ctx, by) }
	out["Round"] = func(by clinic.ID) (any, error) { return g.Round(ctx, by, "") }
	out["PrintRound"] = func(by clinic.ID) (any, error) {
		before := len(g.papers.Docs)
		d, err := g.PrintRound(ctx, call(by), desk.RoundInput{Patients: []clinic.ID{on.Patient}})
		return []any{d, err, g.papers.Docs[before:]}, nil
	}
	out["OpenEmergency"] = func(by clinic.ID) (any, error) {
		return form(g.OpenEmergency(ctx, call(by), desk.EmergencyInput{Patient: on.Patient}))
	}
	out["Triage"] = func(by clinic.ID) (any, error) {
		return form(g.Triage(ctx, call(by), desk.TriageInput{Patient: on.Patient, Visit: on.Visit, Level: clinic.TriageNow}))
	}
	out["SetTrip"] = func(by clinic.ID) (any, error) {
		return form(g.SetTrip(ctx, call(by), desk.TripInput{Patient: on.Patient, Visit: on.Visit, Place: clinic.TripHome}))
	}
	out["Stay"] = func(by clinic.ID) (any, error) {
		return form(g.Stay(ctx, call(by), desk.StayInput{On: on, Stay: clinic.Stay{Bed: "9"}}))
	}
	out["Care"] = func(by clinic.ID) (any, error) {
		return form(g.Care(ctx, call(by), desk.CareInput{On: on, Care: clinic.Care{Course: "x"}}))
	}
	out["Give"] = func(by clinic.ID) (any, error) {
		return form(g.Give(ctx, call(by), desk.GiveInput{On: on, Medicine: "PARA"}))
	}
	out["Notice"] = func(by clinic.ID) (any, error) {
		return form(g.Notice(ctx, call(by), desk.NoticeInput{On: on, EmergencyNotice: clinic.EmergencyNotice{To: clinic.ToFamily, Name: "x"}}))
	}
	out["Discharge"] = func(by clinic.ID) (any, error) {
		return form(g.Discharge(ctx, call(by), desk.DischargeInput{On: on, Discharge: clinic.Discharge{Result: 1, Way: 1, Treatment: "x"}}))
	}
	out["PrintDischarge"] = func(by clinic.ID) (any, error) {
		return form(g.PrintDischarge(ctx, call(by), desk.PrintInput{Patient: on.Patient, Visit: on.Visit}))
	}
}
