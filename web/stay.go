package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// stayRoutes are the pages of emergencies, stays and visits outside.
func (s *Server) stayRoutes() map[string]handler {
	const v = "/patients/{patient}/visits/{visit}"
	return map[string]handler{
		"POST /emergency":                s.emergencyOpen,
		"GET /beds":                      s.beds,
		"GET /round":                     s.round,
		"POST /round":                    s.roundPrint,
		"POST " + v + "/triage":          s.triageSave,
		"POST " + v + "/give":            s.giveSave,
		"POST " + v + "/discharge/print": s.printDischarge,
		"GET " + v + "/trip":             s.trip,
		"POST " + v + "/trip":            s.tripSave,
	}
}

// always says that a page adds a document although there is one.
func always(*desk.VisitView, *clinic.Document) bool { return true }

// StayPage is the view of the step that puts a patient into a bed.
type StayPage struct {
	Step
	Beds  []desk.BedRow
	Other bool // a bed that the catalogue does not have is chosen
	Bed   *clinic.Placement
	From  string // leaf of the bed that the page shows
}

func stayStep() step {
	return step{name: "stay", kind: clinic.KindStay, fresh: always, fill: fillStay, renew: renewStay, view: viewStay, save: saveStay}
}

func fillStay(f *Form, d *clinic.Document, v *desk.VisitView) {
	renewStay(f, v)
	if b := clinic.BodyOf[clinic.Stay](d); b != nil {
		f.Set("bed", b.Bed)
		f.Set("reason", b.Reason)
		fillDate(f, "day", b.Day)
		f.Set("time", b.Time)
	} else if b := clinic.BodyOf[clinic.Exam](v.Visit.Doc(clinic.KindExam)); b != nil && len(v.Visit.Placements()) == 0 {
		f.Set("reason", b.Reason)
	}
}

// renewStay names the bed that the page shows: a move starts from it.
func renewStay(f *Form, v *desk.VisitView) {
	f.Set("from", "")
	if p, ok := v.Visit.Lies(); ok {
		f.Set("from", leafText(p.Doc.Leaf()))
	}
}

func viewStay(s *Server, ctx context.Context, b Step) (viewer, error) {
	v := &StayPage{Step: b, From: b.Form.Get("from")}
	all, err := s.opts.Desk.Beds(ctx, b.User.ID)
	if err != nil {
		return nil, err
	}
	v.Beds = all.Beds
	if p, ok := b.File.Visit.Lies(); ok {
		v.Bed = &p
	}
	bed := b.Form.Get("bed")
	known := slices.ContainsFunc(v.Beds, func(r desk.BedRow) bool { return r.Row.Code == bed })
	if v.Other = bed == "other" || len(v.Beds) == 0 || bed != "" && !known; v.Other && bed != "other" && bed != "" {
		v.Form.Set("other", bed)
		v.Form.Set("bed", "other")
	}
	return v, nil
}

// readMistake reads the box that takes a document back.
func readMistake(f *Form) bool { return f.Get("mistake") == "yes" }

func saveStay(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.StayInput{On: on, Stay: clinic.Stay{Bed: f.Get("bed"), Reason: f.Get("reason"), Day: readDate(f, "day"), Time: f.Get("time"), Mistake: readMistake(f)}}
	in.From, _ = parseLeaf(f.Get("from"))
	other := in.Bed == "other"
	if other || in.Bed == "" {
		in.Bed = f.Get("other")
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Stay(ctx, c, in)
	if other {
		return renamed(err, "bed", "other") // where the words were typed
	}
	return err
}

// DischargePage is the view of the step that ends a stay.
type DischargePage struct {
	Step
	Days   int
	Bed    *clinic.Placement
	Counts []int // 1 … of the results and ways
	Ways   []int
}

func dischargeStep() step {
	return step{name: "discharge", kind: clinic.KindDischarge, fill: fillDischarge, view: viewDischarge, save: saveDischarge}
}

func fillDischarge(f *Form, d *clinic.Document, v *desk.VisitView) {
	b := clinic.BodyOf[clinic.Discharge](d)
	if b == nil || b.Mistake {
		if e := clinic.BodyOf[clinic.Exam](v.Visit.Doc(clinic.KindExam)); e != nil {
			f.Set("course", e.Reason)
		}
		if _, rx, _ := v.Visit.Prescribed(); rx != nil {
			text := ""
			for i, l := range rx.Lines {
				if i > 0 {
					text += ", "
				}
				text += l.Name
			}
			f.Set("treatment", text)
			f.Set("advice", rx.Advice)
		}
		return
	}
	fillDate(f, "day", b.Day)
	f.Set("time", b.Time)
	f.Set("result", strconv.Itoa(int(b.Result)))
	f.Set("way", strconv.Itoa(int(b.Way)))
	f.Set("course", b.Course)
	f.Set("treatment", b.Treatment)
	f.Set("advice", b.Advice)
	f.Set("to", b.To)
}

func viewDischarge(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &DischargePage{Step: b, Days: b.File.StayDays}
	if all := b.File.Visit.Placements(); len(all) > 0 {
		v.Bed = &all[len(all)-1]
	}
	for i := range clinic.MostResults {
		v.Counts = append(v.Counts, i+1)
	}
	v.Ways = v.Counts[:clinic.MostWays]
	return v, nil
}

func saveDischarge(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	result, _ := strconv.ParseUint(f.Get("result"), 10, 8)
	way, _ := strconv.ParseUint(f.Get("way"), 10, 8)
	in := desk.DischargeInput{On: on, Discharge: clinic.Discharge{
		Day: readDate(f, "day"), Time: f.Get("time"), Result: uint8(result), Way: uint8(way), Course: f.Get("course"),
		Treatment: f.Get("treatment"), Advice: f.Get("advice"), To: f.Get("to"), Mistake: readMistake(f),
	}}
	if !f.OK() {
		return nil
	}
	_, err := d.Discharge(ctx, c, in)
	return err
}

// printDischarge queues the discharge paper.
func (s *Server) printDischarge(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	_, err = s.opts.Desk.PrintDischarge(r.Context(), call(r, "act"), desk.PrintInput{Patient: patient, Visit: visit})
	if err := s.told(r, "discharge.printed", err); err != nil {
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit), http.StatusSeeOther)
	return nil
}

// BedsPage is the view of who lies where.
type BedsPage struct {
	Page
	List desk.Beds
	Free int
}

// lyingRow is one person of the list of beds.
type lyingRow struct {
	Row  desk.Lying
	Page Page
}

func (s *Server) beds(w http.ResponseWriter, r *http.Request) error {
	v := &BedsPage{Page: s.page(r, "beds.title", "today")}
	var err error
	if v.List, err = s.opts.Desk.Beds(r.Context(), who(r).session.person.ID); err != nil {
		return err
	}
	for _, b := range v.List.Beds {
		if len(b.Here) == 0 {
			v.Free++
		}
	}
	s.show(w, r, http.StatusOK, "beds", v)
	return nil
}

// CarePage is the view of the care sheet.
type CarePage struct {
	Step
	Sheet  []SheetLine
	Drugs  []DrugButton
	Charts []Chart
	Bed    *clinic.Placement
	Open   bool // a line may be added, also a late one after the discharge
	Gives  bool // a dose may be given now
}

// SheetLine is one line of the care sheet.
type SheetLine struct {
	At  time.Time
	Doc DocView
	Of  string // leaf, for the link that corrects it
}

// DrugButton is a prescribed medicine with what was given of it.
type DrugButton struct {
	Line   clinic.DrugLine
	Signed bool
	Given  []clinic.GivenLine // the latest first
	Err    *Problem
}

func careStep() step {
	return step{name: "care", kind: clinic.KindCare, fresh: always, fill: fillCare, view: viewCare, save: saveCare}
}

func fillCare(f *Form, d *clinic.Document, _ *desk.VisitView) {
	b := clinic.BodyOf[clinic.Care](d)
	if b == nil {
		return
	}
	f.Set("course", b.Course)
	f.Set("done", b.Done)
	fillDate(f, "day", b.Day)
	f.Set("time", b.Time)
}

func viewCare(s *Server, _ context.Context, b Step) (viewer, error) {
	v := &CarePage{Step: b, Open: b.File.Visit.Ended == nil}
	v.Gives = v.Open && b.File.Visit.Discharged() == nil
	if p, ok := b.File.Visit.Lies(); ok {
		v.Bed = &p
	}
	for _, l := range b.File.Visit.CareSheet() {
		v.Sheet = append(v.Sheet, SheetLine{l.At, docView(&b.File, l.Doc, l.Doc.Current()), leafText(l.Doc.Leaf())})
	}
	slices.Reverse(v.Sheet) // what was last is read first
	for _, d := range b.File.Visit.Docs(clinic.KindPrescribe) {
		rx := clinic.BodyOf[clinic.Prescription](d)
		if rx == nil {
			continue
		}
		for _, l := range rx.Lines {
			if !slices.ContainsFunc(v.Drugs, func(x DrugButton) bool { return x.Line.Medicine == l.Medicine }) {
				v.Drugs = append(v.Drugs, DrugButton{l, d.State == clinic.DocSigned, b.File.Visit.GivenOf(l.Medicine), nil})
			}
		}
	}
	v.Charts = vitalCharts(&b.File, func(key string) string { return s.engine.catalogues[b.Lang].Text(key) })
	return v, nil
}

func saveCare(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.CareInput{On: on, Care: clinic.Care{Course: f.Get("course"), Done: f.Get("done"), Day: readDate(f, "day"), Time: f.Get("time"), Mistake: readMistake(f)}}
	if !f.OK() {
		return nil
	}
	_, err := d.Care(ctx, c, in)
	return err
}

// vitalCharts draws what was measured more than once in the visit.
func vitalCharts(v *desk.VisitView, text func(string) string) (out []Chart) {
	for _, field := range clinic.VitalFields() {
		switch field.Name {
		case clinic.FieldTemperature, clinic.FieldPulse, clinic.FieldSystolic, clinic.FieldSpO2, clinic.FieldBreathing:
		default:
			continue
		}
		soft := clinic.RangeOf(field.Name, v.Months).Soft
		scale := 1.0
		for range field.Decimals {
			scale *= 10
		}
		c := Chart{Name: text("field." + field.Name), Unit: field.Unit, Low: float64(soft.Low) / scale, High: float64(soft.High) / scale}
		for _, l := range v.Visit.CareSheet() {
			b := clinic.BodyOf[clinic.Vitals](l.Doc)
			if b == nil || field.Value(b) == 0 {
				continue
			}
			n := field.Value(b)
			c.Points = append(c.Points, ChartPoint{On: clinic.DateOf(l.At), At: l.At, Value: float64(n) / scale, Bad: !soft.Holds(n)})
			if field.Name == clinic.FieldSystolic && b.Diastolic > 0 {
				c.Second = append(c.Second, ChartPoint{On: clinic.DateOf(l.At), At: l.At, Value: float64(b.Diastolic)})
			}
		}
		if len(c.Points) > 1 {
			out = append(out, c)
		}
	}
	return out
}

// giveSave records one dose by who pressed, now.
func (s *Server) giveSave(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	seen, err := strconv.Atoi(f.Get("seen"))
	if err != nil {
		return errForm
	}
	in := desk.GiveInput{On: desk.On{Patient: patient, Visit: visit}, Medicine: f.Get("medicine"), Refused: f.Get("do") == "refused", Why: f.Get("why"), Seen: seen}
	_, err = s.opts.Desk.Give(r.Context(), call(r, "act"), in)
	refusals := desk.ErrorsOf(err)
	switch {
	case err == nil && in.Refused:
		s.tell(r, "good", "give.saved-not")
	case err == nil:
		s.tell(r, "good", "give.saved")
	case refusals == nil:
		return err
	case refusals[0].Code == desk.CodeRequired:
		s.tell(r, "warn", "give.why")
	case refusals[0].Code == desk.CodeGiveAgain, refusals[0].Code == desk.CodeStayOver, refusals[0].Code == desk.CodeDispenseUnsigned:
		p := s.problem(r, refusals[0])
		s.tell(r, "warn", p.Key, p.Args...)
	default:
		return err
	}
	http.Redirect(w, r, visitPath(patient, visit)+"/care", http.StatusSeeOther)
	return nil
}
