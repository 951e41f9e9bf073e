package web

import (
	"net/http"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Same is the view of the question whether two records are of one person.
type Same struct {
	Page
	File  desk.CompareView
	Sides []desk.Side
	Form  Form
	Tips  string
}

// Apart is the view of the form that takes a link back.
type Apart struct {
	Page
	File desk.Patient
	Form Form
	Line BondLine
	Tips string
}

// BondLine is what people answered about two records, as the patient's page tells it.
type BondLine struct {
	clinic.Bond
	Mine, Far         clinic.ID
	MineName, FarName string
	Inside            bool // both are of the person whose page it is
}

// otherID reads the second patient of the address.
func otherID(r *http.Request) (clinic.ID, error) {
	id, err := clinic.ParseID(r.PathValue("other"))
	if err != nil {
		return id, errGone
	}
	return id, nil
}

func (s *Server) sameView(r *http.Request) (*Same, error) {
	id, _, err := ids(r)
	if err != nil {
		return nil, err
	}
	other, err := otherID(r)
	if err != nil {
		return nil, err
	}
	v := &Same{Page: s.page(r, "same.title", ""), Form: newForm(nil)}
	v.Hold = true
	if v.File, err = s.opts.Desk.Compare(r.Context(), who(r).session.person.ID, id, other); err != nil {
		return nil, err
	}
	v.Sides, v.Tips = []desk.Side{v.File.Left, v.File.Right}, leafTexts(v.File.Tips)
	return v, nil
}

// same shows two records side by side and asks whether they are of one person.
func (s *Server) same(w http.ResponseWriter, r *http.Request) error {
	v, err := s.sameView(r)
	if err != nil {
		return err
	}
	if v.File.One {
		http.Redirect(w, r, patientPath(v.File.Left.ID), http.StatusSeeOther)
		return nil
	}
	s.show(w, r, http.StatusOK, "same", v)
	return nil
}

// sameSave takes the answer.
func (s *Server) sameSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.sameView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.LinkInput{
		Patient: v.File.Of[0], Other: v.File.Of[1], Same: r.PostForm.Get("do") == "yes",
		Why: v.Form.Get("why"), Tips: leavesOf(v.Form.Get("tips")),
	}
	if !in.Same && v.File.One {
		http.Redirect(w, r, patientPath(in.Patient), http.StatusSeeOther) // somebody linked them meanwhile
		return nil
	}
	done, err := s.opts.Desk.Link(r.Context(), call(r, "act"), in)
	if err == nil {
		next, note := in.Patient, "same.no-saved"
		if in.Same {
			next, note = done.Patient, "same.yes-saved"
		}
		s.tell(r, "good", note)
		http.Redirect(w, r, patientPath(next), http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	v.Errors = v.Form.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "same", v)
	return nil
}

func (s *Server) apartView(r *http.Request) (*Apart, error) {
	other, err := otherID(r)
	if err != nil {
		return nil, err
	}
	pv, err := s.patientView(r)
	if err != nil {
		return nil, err
	}
	id, _, _ := ids(r)
	v := &Apart{Page: pv.Page, File: pv.File, Form: newForm(nil)}
	v.Title, v.Hold = "apart.title", true
	for _, b := range pv.Bonds {
		if b.Inside && b.Same && b.Names(id) && b.Names(other) {
			v.Line = b
			for _, t := range b.Tips {
				v.Tips += " " + leafText(t.Leaf)
			}
		}
	}
	if v.Line.Far.IsZero() {
		return nil, errGone
	}
	return v, nil
}

func (s *Server) apartSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.apartView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := desk.LinkInput{Patient: v.Line.A, Other: v.Line.B, Why: v.Form.Get("why"), Tips: leavesOf(v.Form.Get("tips"))}
	if _, err = s.opts.Desk.Link(r.Context(), call(r, "act"), in); err == nil {
		s.tell(r, "good", "apart.saved")
		http.Redirect(w, r, patientPath(v.File.ID), http.StatusSeeOther)
		return nil
	}
	if !s.failed(r, &v.Form, err) {
		return err
	}
	for i, e := range v.Form.Errors {
		if e.Key == string(desk.CodeRequired) {
			v.Form.Errors[i].Key = "apart.need-why"
		}
	}
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, http.StatusUnprocessableEntity, "apart", v)
	return nil
}

// bondLines tells what was answered about the person's records and others.
func bondLines(f *desk.Patient) (out []BondLine) {
	for _, b := range f.Who.Bonds {
		if b.Open {
			continue
		}
		l := BondLine{Bond: b, Mine: b.A, Far: b.B}
		if !f.Who.Has(l.Mine) || l.Far == f.ID {
			l.Mine, l.Far = l.Far, l.Mine
		}
		l.Inside = f.Who.Has(l.Far)
		l.MineName, l.FarName = f.Linked[l.Mine], f.Linked[l.Far]
		out = append(out, l)
	}
	return out
}

func leafTexts(leaves []clinic.Leaf) string {
	out := make([]string, len(leaves))
	for i, l := range leaves {
		out[i] = leafText(l)
	}
	return strings.Join(out, " ")
}

// leavesOf reads what leafTexts wrote; what is no leaf names nothing that is there.
func leavesOf(s string) (out []clinic.Leaf) {
	for f := range strings.FieldsSeq(s) {
		l, _ := parseLeaf(f)
		out = append(out, l)
	}
	return out
}

// sideView is one of two records with the page around it.
type sideView struct {
	Side desk.Side
	Page *Same
}

// answersView is what was answered about two records, with who they were.
type answersView struct {
	All   []clinic.Record
	Names map[clinic.ID]desk.Person
}

// linkOf returns the answer in a record.
func linkOf(r clinic.Record) *clinic.Link {
	l, _ := r.Body.(*clinic.Link)
	return l
}
