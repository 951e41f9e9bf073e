package web

import (
	"context"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// AntenatalPage is the view of the step of an examination in pregnancy.
type AntenatalPage struct {
	Step
	Pregnancy *clinic.Pregnancy // nil: none is recorded that holds on the visit's day
	Age       int               // days, on the visit's day; 0 = not known
	Due       clinic.Date
	Before    *clinic.Antenatal // the last one before
	On        clinic.Date
	Doses     []clinic.GivenDose // of tetanus
}

func antenatalStep() step {
	return step{name: "antenatal", kind: clinic.KindAntenatal, fill: fillAntenatal, view: viewAntenatal, save: saveAntenatal}
}

// fillAntenatal puts what is saved into the form; an empty one begins with what was
// measured at the visit already.
func fillAntenatal(f *Form, d *clinic.Document, v *desk.VisitView) {
	b := clinic.BodyOf[clinic.Antenatal](d)
	if b == nil {
		b = &clinic.Antenatal{}
		if m := clinic.BodyOf[clinic.Vitals](v.Visit.Doc(clinic.KindVitals)); m != nil {
			b.Weight, b.Systolic, b.Diastolic = m.Weight, m.Systolic, m.Diastolic
		}
	}
	if b.Weight > 0 {
		f.Set("weight", clinic.FormatFixed(b.Weight, 1))
	}
	for name, n := range map[string]int{
		"systolic": b.Systolic, "diastolic": b.Diastolic, "fundus": b.Fundus, "heart": b.Heart, "hb": b.Hb, "iron": b.Iron,
		"lie": int(b.Lie), "oedema": int(b.Oedema), "protein": int(b.Protein), "tetanus": int(b.Tetanus),
	} {
		setCount(f, name, n)
	}
	switch {
	case len(b.Signs) > 0:
		f.Set("danger", "some")
	case b.Asked:
		f.Set("danger", "none")
	}
	f.Values["signs"] = b.Signs
	f.Set("note", b.Note)
	if a := clinic.BodyOf[clinic.Appointment](v.Visit.Doc(clinic.KindAppointment)); a != nil {
		fillDate(f, "next", a.Due)
	}
}

func viewAntenatal(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &AntenatalPage{Step: b}
	day := b.File.Row.Day
	if _, v.Pregnancy = b.File.Patient.PregnantUntil(day); v.Pregnancy != nil {
		v.Age, _ = v.Pregnancy.AgeOn(day)
		v.Due, _ = v.Pregnancy.Due()
		for _, x := range b.File.Patient.Examinations(v.Pregnancy, day) { // the newest first
			if x.ID != b.File.Visit.ID {
				v.Before, v.On = clinic.BodyOf[clinic.Antenatal](x.Doc(clinic.KindAntenatal)), x.Visit.Day
				break
			}
		}
	}
	for _, g := range b.File.Patient.GivenDoses() {
		if series, _ := clinic.SplitDose(g.Code); series == "UV" {
			v.Doses = append(v.Doses, g)
		}
	}
	return v, nil
}

// readHb reads haemoglobin: g/L, 115, or g/dL, 11,5, which no living g/L is.
func readHb(f *Form) int {
	if f.Get("hb") == "" {
		return 0
	}
	n, err := clinic.ParseFixed("hb", f.Get("hb"), 1)
	if f.FailField(err) {
		return 0
	}
	if n < 250 { // below 25,0: g/dL
		return n
	}
	return (n + 5) / 10
}

func saveAntenatal(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	a := clinic.Antenatal{
		Systolic: readCount(f, "systolic"), Diastolic: readCount(f, "diastolic"), Fundus: readCount(f, "fundus"), Heart: readCount(f, "heart"),
		Hb: readHb(f), Iron: readCount(f, "iron"), Lie: clinic.Presentation(readChoice(f, "lie")), Oedema: answerOf(f, "oedema"),
		Protein: clinic.Protein(readChoice(f, "protein")), Tetanus: clinic.Tetanus(readChoice(f, "tetanus")),
		Asked: f.Get("danger") != "", Signs: f.Values["signs"], Note: f.Get("note"),
	}
	if f.Get("weight") != "" {
		n, err := clinic.ParseFixed("weight", f.Get("weight"), 1)
		f.FailField(err)
		a.Weight = n
	}
	switch {
	case f.Get("danger") == "none" && len(a.Signs) > 0:
		f.Fail("danger", "antenatal.none-and-some")
	case f.Get("danger") == "some" && len(a.Signs) == 0:
		f.Fail("danger", "antenatal.which")
	}
	in := desk.AntenatalInput{On: on, Antenatal: a, Confirmed: f.Values["confirmed"]}
	if in.Next = readDate(f, "next"); !in.Next.IsZero() && !in.Next.Full() {
		f.Fail("next", "appointment.whole-date")
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Antenatal(ctx, c, in)
	return err
}

// numbered writes the numbers of values, for chips.
func numbered[T ~uint8](values []T) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.Itoa(int(v))
	}
	return out
}

// motherChoices returns a choice of the forms of pregnancy and birth.
func motherChoices(name string) ChoiceKind {
	return map[string]ChoiceKind{
		"risk":         {"risk.", clinic.PregnancyRisks()},
		"end":          {"pregnancyend.", numbered(clinic.PregnancyEnds())},
		"sign":         {"danger.", clinic.AntenatalSigns()},
		"lie":          {"lie.", numbered(clinic.Presentations())},
		"protein":      {"protein.", numbered(clinic.Proteins())},
		"tetanus":      {"tetanus.", numbered(clinic.TetanusStates())},
		"mode":         {"birthmode.", numbered(clinic.BirthModes())},
		"place":        {"birthplace.", numbered(clinic.BirthPlaces())},
		"placenta":     {"placenta.", numbered(clinic.Placentas())},
		"perineum":     {"perineum.", numbered(clinic.Perinea())},
		"mother":       {"motherstate.", numbered(clinic.MotherStates())},
		"born":         {"bornstate.", numbered(clinic.BornStates())},
		"complication": {"complication.", clinic.BirthComplications()},
		"sex":          {"sex.", []string{"2", "1", "3"}},
	}[name]
}

// concernKey is the key of the words of a concern.
func concernKey(c clinic.Concern) string {
	if c.Code == "sign" {
		return "danger." + c.Sign
	}
	return "concern." + c.Code
}
