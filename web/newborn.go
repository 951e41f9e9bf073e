package web

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Newborn is the view of the form on a mother's page that registers her child.
type Newborn struct {
	Page
	File   desk.Patient // the mother
	Form   Form
	Places []string // which of how many: 1/1, 1/2, 2/2 …
}

// mayBear reports whether a child's form belongs on somebody's page.
func mayBear(p *clinic.Patient, today clinic.Date) bool {
	if p == nil || p.Sex != clinic.SexFemale {
		return false
	}
	return p.Birth.IsZero() || clinic.MotherAge().Holds(p.Birth.AgeAt(today).Years)
}

// places are the choices of which child of one birth it is.
func places() []string { return []string{"1/1", "1/2", "2/2", "1/3", "2/3", "3/3"} }

func (s *Server) newbornView(r *http.Request, f Form) (*Newborn, error) {
	pv, err := s.patientView(r)
	if err != nil {
		return nil, err
	}
	v := &Newborn{Page: pv.Page, File: pv.File, Form: f, Places: places()}
	v.Title, v.Hold, v.Errors = "newborn.title", true, f.Errors
	return v, nil
}

// newborn shows the form. After one of twins it is filled in for the next.
func (s *Server) newborn(w http.ResponseWriter, r *http.Request) error {
	v, err := s.newbornView(r, newForm(nil))
	if err != nil {
		return err
	}
	fillDate(&v.Form, "birth", v.Today)
	v.Form.Set("place", "1/1")
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	} else if twin := childOf(&v.File, r.URL.Query().Get("after")); twin != nil {
		fillDate(&v.Form, "birth", twin.Birth)
		v.Form.Set("place", fmt.Sprintf("%d/%d", nextPlace(&v.File, twin), twin.Of))
		v.Form.Set("born", strconv.Itoa(int(twin.Born)))
	}
	s.show(w, r, http.StatusOK, "newborn", v)
	return nil
}

// childOf returns the details of one of somebody's children, or nil.
func childOf(mother *desk.Patient, id string) *clinic.Patient {
	for i := range mother.Children {
		if c := &mother.Children[i]; c.ID.String() == id {
			return &c.Now
		}
	}
	return nil
}

// nextPlace is the first place beside a child that no twin of it has yet; 0 when all
// are there.
func nextPlace(mother *desk.Patient, twin *clinic.Patient) int {
	for n := 1; n <= twin.Of; n++ {
		if !slices.ContainsFunc(mother.Children, func(h desk.Hit) bool {
			return h.Now.Order == n && h.Now.Of == twin.Of && clinic.SameTime(h.Now.Birth, twin.Birth)
		}) {
			return n
		}
	}
	return 0
}

func (s *Server) newbornSave(w http.ResponseWriter, r *http.Request) error {
	mother, _, err := ids(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := readNewborn(&f)
	in.Mother, in.Different = mother, r.PostForm.Get("do") == "different"
	if r.PostForm.Get("do") == "back" {
		return s.newbornAgain(w, r, f, http.StatusOK)
	}
	if !f.OK() {
		return s.newbornAgain(w, r, f, http.StatusUnprocessableEntity)
	}
	done, err := s.opts.Desk.RegisterChild(r.Context(), call(r, "act"), in)
	if err != nil {
		return s.newbornRefused(w, r, f, err)
	}
	s.saved(r)
	next := patientPath(done.Patient)
	file, err := s.opts.Desk.PatientPage(r.Context(), who(r).session.person.ID, mother)
	if twin := childOf(&file, done.Patient.String()); err == nil && twin != nil && nextPlace(&file, twin) > 0 {
		s.tell(r, "good", "newborn.saved-next")
		next = patientPath(mother) + "/child?after=" + done.Patient.String()
	} else {
		s.tell(r, "good", "newborn.saved")
	}
	http.Redirect(w, r, next, http.StatusSeeOther)
	return nil
}

// readNewborn reads the form; what is wrong is noted in it.
func readNewborn(f *Form) desk.ChildInput {
	in := desk.ChildInput{Name: f.Get("name"), Birth: readDate(f, "birth"), Time: f.Get("birthtime"), Grams: readGrams(f)}
	sex, _ := strconv.Atoi(f.Get("sex"))
	born, _ := strconv.Atoi(f.Get("born"))
	in.Sex, in.Born = clinic.Sex(sex), clinic.BornAt(born)
	if _, err := fmt.Sscanf(f.Get("place"), "%d/%d", &in.Order, &in.Of); err != nil {
		f.Fail("place", "newborn.place-empty")
	}
	if in.Sex == clinic.SexUnknown {
		f.Fail("sex", "register.sex-empty")
	}
	if in.Born == 0 {
		f.Fail("born", "newborn.born-empty")
	}
	if !in.Birth.Full() && f.Err("birth") == nil {
		f.Fail("birth", "newborn.birth-empty")
	}
	if in.Time == "" && in.Born == clinic.BornHere {
		f.Fail("birthtime", "newborn.time-empty")
	}
	return in
}

// readGrams reads the weight at birth; 0 is not measured.
func readGrams(f *Form) int {
	if f.Get("borngrams") == "" {
		return 0
	}
	n, err := clinic.ParseGrams("borngrams", f.Get("borngrams"))
	if !f.FailField(err) && n == 0 {
		f.Fail("borngrams", "problem.number")
	}
	return n
}

func (s *Server) newbornAgain(w http.ResponseWriter, r *http.Request, f Form, status int) error {
	s.keepForm(r, f)
	v, err := s.newbornView(r, f)
	if err != nil {
		return err
	}
	s.show(w, r, status, "newborn", v)
	return nil
}

func (s *Server) newbornRefused(w http.ResponseWriter, r *http.Request, f Form, err error) error {
	if e := foundBy(err); e != nil {
		s.keepForm(r, f)
		s.show(w, r, http.StatusConflict, "duplicates", s.duplicates(r, f, e))
		return nil
	}
	if !s.failed(r, &f, err) {
		return err
	}
	for i := range f.Errors {
		if f.Errors[i].Field == "order" {
			f.Errors[i].Field = "place"
		}
	}
	return s.newbornAgain(w, r, f, http.StatusUnprocessableEntity)
}

// motherNumber is the number that stands for the mother in the form of details; ok is
// false when the form must not show or change her: her record is closed, or elsewhere.
func motherNumber(m *desk.Hit, on clinic.Date) (number string, ok bool) {
	if m == nil {
		return "", true
	}
	if m.Closed || m.Now.Name == "" {
		return "", false
	}
	for _, n := range numbersOf(&m.Now, on) {
		if !n.Unsure {
			return n.Value, true
		}
	}
	return "", false
}

// readMother reads whose child the form says somebody is: the woman who holds the number
// now. Empty means that nobody knows, or that she was the wrong one.
func (s *Server) readMother(r *http.Request, f *Form, pv *PatientPage) []byte {
	was, ok := motherNumber(pv.File.Mother, pv.Today)
	typed := clinic.NormalIdentifier(f.Get("mother"))
	switch {
	case !ok || !f.Values.Has("mother") || typed == was:
		return pv.File.Now.Mother
	case typed == "":
		return nil
	}
	hits, err := s.opts.Desk.Find(r.Context(), who(r).session.person.ID, typed)
	hits = slices.DeleteFunc(hits, func(h desk.Hit) bool { return h.Why != desk.ByNumber })
	if err != nil || len(hits) != 1 {
		f.Fail("mother", "newborn.mother-none")
		return pv.File.Now.Mother
	}
	return slices.Clone(hits[0].ID[:])
}
