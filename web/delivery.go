package web

import (
	"bytes"
	"context"
	"net/http"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// DeliveryPage is the view of the step that records a birth.
type DeliveryPage struct {
	Step
	Pregnancy *clinic.Pregnancy // nil: none is recorded that holds on the day
	Age       int
	Due       clinic.Date
	Children  []int // from 1
	Counts    []int
}

func deliveryStep() step {
	return step{name: "delivery", kind: clinic.KindDelivery, fill: fillDelivery, edit: editDelivery, view: viewDelivery, save: saveDelivery}
}

func fillDelivery(f *Form, d *clinic.Document, v *desk.VisitView) {
	b := clinic.BodyOf[clinic.Delivery](d)
	if b == nil {
		fillDate(f, "day", v.Row.Day)
		f.Set("children", "1")
		f.Set("place", "1")
		return
	}
	fillDate(f, "day", b.Day)
	f.Set("time", b.Time)
	for name, n := range map[string]int{
		"mode": int(b.Mode), "lie": int(b.Lie), "place": int(b.Place), "placenta": int(b.Placenta), "blood": b.Blood,
		"perineum": int(b.Perineum), "mother": int(b.Mother), "children": len(b.Children),
	} {
		setCount(f, name, n)
	}
	f.Set("where", b.Where)
	f.Set("attendant", b.Attendant)
	f.Values["complication"] = b.Complications
	f.Set("note", b.Note)
	for i := range b.Children {
		fillBorn(f, &b.Children[i], i+1)
	}
}

func fillBorn(f *Form, c *clinic.Born, n int) {
	for name, x := range map[string]int{
		"sex": int(c.Sex), "state": int(c.State), "grams": c.Grams, "length": c.Length,
		"vitamin": int(c.Vitamin), "hepb": int(c.HepB), "breast": int(c.Breast),
	} {
		setCount(f, line(name, n), x)
	}
	for name, x := range map[string]int{"apgar1": c.Apgar1, "apgar5": c.Apgar5} {
		if x > 0 {
			f.Set(line(name, n), strconv.Itoa(x-1))
		}
	}
	f.Set(line("time", n), c.Time)
	f.Set(line("note", n), c.Note)
}

// editDelivery: children.N shows the form for so many.
func editDelivery(f *Form, do string, _ *desk.VisitView) {
	if n, ok := strings.CutPrefix(do, "children."); ok {
		f.Set("children", n)
	}
}

// childrenOf is how many the form is for.
func (f *Form) children() int { return min(max(readChoice(f, "children"), 1), clinic.MostChildren) }

func viewDelivery(_ *Server, _ context.Context, b Step) (viewer, error) {
	v := &DeliveryPage{Step: b}
	for i := range v.Form.children() {
		v.Children = append(v.Children, i+1)
	}
	for i := range clinic.MostChildren {
		v.Counts = append(v.Counts, i+1)
	}
	_, v.Pregnancy = b.File.Patient.Pregnant(b.File.Row.Day)
	for _, d := range b.File.Patient.Pregnancies() { // the one that this birth ended
		if p := clinic.BodyOf[clinic.Pregnancy](d); bytes.Equal(p.Delivery, b.File.Row.ID[:]) {
			v.Pregnancy = p
		}
	}
	if v.Pregnancy != nil {
		v.Age, _ = v.Pregnancy.AgeOn(b.File.Row.Day)
		v.Due, _ = v.Pregnancy.Due()
	}
	return v, nil
}

func saveDelivery(ctx context.Context, d *desk.Desk, c desk.Call, on desk.On, f *Form) error {
	in := desk.DeliveryInput{On: on, Delivery: clinic.Delivery{
		Day: readDate(f, "day"), Time: f.Get("time"), Mode: clinic.BirthMode(readChoice(f, "mode")), Lie: clinic.Presentation(readChoice(f, "lie")),
		Place: clinic.BirthPlace(readChoice(f, "place")), Where: f.Get("where"), Attendant: f.Get("attendant"),
		Placenta: clinic.Placenta(readChoice(f, "placenta")), Blood: readCount(f, "blood"), Perineum: clinic.Perineum(readChoice(f, "perineum")),
		Complications: f.Values["complication"], Mother: clinic.MotherState(readChoice(f, "mother")), Note: f.Get("note"), Mistake: f.Get("mistake") == "yes",
	}}
	for i := range f.children() {
		in.Children = append(in.Children, readBorn(f, i+1))
	}
	if in.Mistake { // nothing that is typed counts
		f.Errors = nil
	}
	if !f.OK() {
		return nil
	}
	_, err := d.Deliver(ctx, c, in)
	return err
}

func readBorn(f *Form, n int) clinic.Born {
	at := func(name string) string { return line(name, n) }
	c := clinic.Born{
		Sex: clinic.Sex(readChoice(f, at("sex"))), State: clinic.BornState(readChoice(f, at("state"))), Length: readCount(f, at("length")),
		Time: f.Get(at("time")), Vitamin: answerOf(f, at("vitamin")), HepB: answerOf(f, at("hepb")), Breast: answerOf(f, at("breast")), Note: f.Get(at("note")),
	}
	if s := f.Get(at("grams")); s != "" {
		n, err := clinic.ParseGrams(at("grams"), s)
		f.FailField(err)
		c.Grams = n
	}
	for name, p := range map[string]*int{"apgar1": &c.Apgar1, "apgar5": &c.Apgar5} {
		if f.Get(at(name)) != "" {
			*p = readCount(f, at(name)) + 1
		}
	}
	return c
}

// BirthsView is what came of the children of the visit's birth, with the next tap for
// each.
type BirthsView struct {
	Page
	At       string // path of the visit
	Visit    clinic.ID
	All      []desk.Birth
	Works    bool
	Doctor   bool
	Died     bool // the mother died, and her record does not say so yet
	Concerns []clinic.Concern
}

// births fills the part of the visit's page; nil when nothing was born.
func (s *Server) births(r *http.Request, v *VisitPage) (*BirthsView, error) {
	b := clinic.BodyOf[clinic.Delivery](v.File.Visit.Doc(clinic.KindDelivery))
	if b == nil || b.Mistake || v.File.Closed {
		return nil, nil
	}
	by := who(r).session.person
	out := &BirthsView{Page: v.Page, At: v.At, Visit: v.File.Visit.ID, Doctor: v.Doctor, Works: works(by.Role, clinic.KindDelivery, false) && v.File.Visit.Ended == nil}
	var err error
	out.All, err = s.opts.Desk.Births(r.Context(), by.ID, v.File.Visit.Patient, v.File.Visit.ID)
	died, _ := v.File.Patient.Died()
	out.Died = b.Mother == clinic.MotherDied && died == nil
	return out, err
}

// bornSave makes the record of one child, with one tap.
func (s *Server) bornSave(w http.ResponseWriter, r *http.Request) error {
	patient, visit, err := ids(r)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(r.PathValue("n"))
	done, err := s.opts.Desk.RegisterBorn(r.Context(), call(r, "act"), desk.BornInput{Patient: patient, Visit: visit, N: n})
	good, back := "births.saved", visitPath(patient, visit)
	if err == nil && !done.Visit.IsZero() {
		good, back = "births.saved-death", visitPath(done.Patient, done.Visit)+"/death"
	}
	if err := s.told(r, good, err); err != nil {
		return err
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
	return nil
}
