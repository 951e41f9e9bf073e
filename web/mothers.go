package web

import (
	"net/http"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// MothersPage is the view of the list of women whose pregnancy is followed.
type MothersPage struct {
	Page
	List  desk.Mothers
	Works bool // the person opens visits
}

// motherRoutes are the pages of pregnancy and birth beside the steps of visits.
func (s *Server) motherRoutes() map[string]handler {
	const p, v = "/patients/{patient}", "/patients/{patient}/visits/{visit}"
	return map[string]handler{
		"GET /mothers":               s.mothers,
		"GET " + p + "/pregnancy":    s.pregnancy,
		"POST " + p + "/pregnancy":   s.pregnancySave,
		"POST " + v + "/born/{n}":    s.bornSave,
		"POST " + v + "/birth/print": s.birthPrint,
	}
}

func (s *Server) mothers(w http.ResponseWriter, r *http.Request) error {
	by := who(r).session.person
	v := &MothersPage{Page: s.page(r, "mothers.title", "today"), Works: works(by.Role, clinic.KindAntenatal, false)}
	var err error
	if v.List, err = s.opts.Desk.Mothers(r.Context(), by.ID); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "mothers", v)
	return nil
}

// motherRow is one woman of the list with what the list knows around her.
type motherRow struct {
	Row   desk.MotherRow
	Works bool
	Page  Page
}

// PregnancyPage is the view of the form of a pregnancy.
type PregnancyPage struct {
	Page
	Form   Form
	File   desk.Patient
	Base   string // leaf of the version that the form was filled from; empty = a new one
	From   string // the visit to come back to; empty = the patient
	Body   *clinic.Pregnancy
	Works  bool
	Before []PregnancyLine // all that are recorded, the newest first
	Apart  int             // days between both ways of dating
	Advise bool
}

// PregnancyLine is one recorded pregnancy.
type PregnancyLine struct {
	Body     *clinic.Pregnancy
	Leaf     string
	Versions int
	Due      clinic.Date
	Record   clinic.Record
}

func (s *Server) pregnancyView(r *http.Request, f Form) (*PregnancyPage, error) {
	pv, err := s.patientView(r)
	if err != nil {
		return nil, err
	}
	v := &PregnancyPage{Page: pv.Page, Form: f, File: pv.File, From: f.Get("from"), Works: works(who(r).session.person.Role, clinic.KindAntenatal, false)}
	v.Title, v.Hold, v.Errors = "pregnancy.title", true, f.Errors
	for _, d := range v.File.Pregnancies() {
		b := clinic.BodyOf[clinic.Pregnancy](d)
		l := PregnancyLine{Body: b, Leaf: leafText(d.Leaf()), Versions: len(d.Versions), Record: d.Current().Record}
		l.Due, _ = b.Due()
		v.Before = append(v.Before, l)
		if base, ok := parseLeaf(f.Get("base")); ok && holdsLeaf(d, base) {
			v.Body, v.Base = b, leafText(base)
			v.Apart, v.Advise, _ = b.Redate()
		}
	}
	return v, nil
}

// holdsLeaf reports whether a version of the document has the leaf: a form that was filled
// from an older one is still of this document.
func holdsLeaf(d *clinic.Document, leaf clinic.Leaf) bool {
	return slices.ContainsFunc(d.Versions, func(x clinic.Version) bool { return x.Record.Leaf == leaf })
}

// pregnancy shows the form: of the pregnancy that goes on, of the one that is asked for,
// or an empty one.
func (s *Server) pregnancy(w http.ResponseWriter, r *http.Request) error {
	v, err := s.pregnancyView(r, newForm(nil))
	if err != nil {
		return err
	}
	of := r.URL.Query().Get("of")
	if open := v.File.OpenPregnancies(); len(open) > 0 && of == "" {
		of = leafText(open[0].Leaf())
	}
	f := newForm(nil)
	for _, l := range v.Before {
		if l.Leaf == of {
			fillPregnancy(&f, l.Body)
			f.Set("base", l.Leaf)
		}
	}
	d, drafted := s.draft(r)
	if drafted {
		f = newForm(d)
	}
	if from := r.URL.Query().Get("from"); from != "" {
		f.Set("from", from)
	}
	if v, err = s.pregnancyView(r, f); err != nil {
		return err
	}
	v.Draft = drafted
	s.show(w, r, http.StatusOK, "pregnancy", v)
	return nil
}

// current makes the next save of the form a change of what stands now: the page shows it.
func (v *PregnancyPage) current() {
	base, _ := parseLeaf(v.Base)
	for _, d := range v.File.Pregnancies() {
		if holdsLeaf(d, base) {
			v.Base = leafText(d.Leaf())
			v.Form.Set("base", v.Base)
		}
	}
}

func fillPregnancy(f *Form, b *clinic.Pregnancy) {
	fillDate(f, "lmp", b.LMP)
	fillDate(f, "scan", b.Scan)
	setCount(f, "scanweeks", b.ScanAge/7)
	if b.ScanAge > 0 {
		f.Set("scandays", strconv.Itoa(b.ScanAge%7))
	}
	setYes(f, "byscan", b.ByScan)
	setYes(f, "undated", b.LMP.IsZero() && b.Scan.IsZero())
	setCount(f, "gravida", b.Gravida)
	f.Set("para", b.Para)
	f.Values["risk"] = b.Risks
	f.Set("note", b.Note)
	setCount(f, "end", int(b.End))
	fillDate(f, "ended", b.Ended)
}

// setCount puts a number into a field; 0 leaves it empty.
func setCount(f *Form, name string, n int) {
	if n != 0 {
		f.Set(name, strconv.Itoa(n))
	}
}

func setYes(f *Form, name string, yes bool) {
	if yes {
		f.Set(name, "yes")
	}
}

// readCount reads a whole number from 0 up; an empty field is 0.
func readCount(f *Form, name string) int {
	if f.Get(name) == "" {
		return 0
	}
	n, err := clinic.ParseFixed(name, f.Get(name), 0)
	f.FailField(err)
	return n
}

// readChoice reads the number of a chosen chip; nothing chosen, or what is none, is 0.
func readChoice(f *Form, name string) int {
	n, err := strconv.Atoi(f.Get(name))
	if err != nil || n < 0 || n > 255 {
		return 0
	}
	return n
}

func readPregnancy(f *Form) desk.PregnancyInput {
	in := desk.PregnancyInput{Why: f.Get("why"), Undated: f.Get("undated") == "yes"}
	in.Base, _ = parseLeaf(f.Get("base"))
	in.Pregnancy = clinic.Pregnancy{
		LMP: readDate(f, "lmp"), Scan: readDate(f, "scan"), ScanAge: 7*readCount(f, "scanweeks") + readCount(f, "scandays"), ByScan: f.Get("byscan") == "yes",
		Gravida: readCount(f, "gravida"), Para: f.Get("para"), Risks: f.Values["risk"], Note: f.Get("note"),
		End: clinic.PregnancyEnd(readChoice(f, "end")), Ended: readDate(f, "ended"),
	}
	return in
}

func (s *Server) pregnancySave(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := readPregnancy(&f)
	in.Patient = id
	if f.OK() {
		if _, err = s.opts.Desk.SavePregnancy(r.Context(), call(r, "act"), in); err == nil {
			s.saved(r)
			s.tell(r, "good", "pregnancy.saved")
			back := patientPath(id)
			if visit, err := clinic.ParseID(f.Get("from")); err == nil {
				back = visitPath(id, visit)
			}
			http.Redirect(w, r, back, http.StatusSeeOther)
			return nil
		}
		if !s.failed(r, &f, err) {
			return err
		}
	}
	v, viewErr := s.pregnancyView(r, f)
	if viewErr != nil {
		return viewErr
	}
	if refusals := desk.ErrorsOf(err); len(refusals) > 0 && refusals[0].Code == desk.CodeChanged {
		v.current()
	}
	s.keepForm(r, v.Form)
	s.show(w, r, http.StatusUnprocessableEntity, "pregnancy", v)
	return nil
}
