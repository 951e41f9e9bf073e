package web

import (
	"fmt"
	"html/template"
	"net/http"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// awayFuncs are the functions of the parts about other facilities.
func awayFuncs() template.FuncMap {
	return template.FuncMap{
		"askedOf":      func(r clinic.Record) *clinic.Asked { b, _ := r.Body.(*clinic.Asked); return b },
		"awayView":     func(p *PatientPage) awayView { return awayView{p, p.File.Away.Now, &p.File.Away} },
		"medicineView": newMedicineLine,
	}
}

// awayView is what the patient's page shows of other facilities.
type awayView struct {
	*PatientPage
	Sum  *clinic.Summary // nil = nothing was told
	Away *desk.Elsewhere
}

// Running are the medicines that are still to be taken; Ended those that ended lately.
func (v awayView) Running() []clinic.PastMedicine { return v.medicines(true) }

// Ended is Running for the others.
func (v awayView) Ended() []clinic.PastMedicine { return v.medicines(false) }

func (v awayView) medicines(run bool) (out []clinic.PastMedicine) {
	for _, m := range v.Sum.Medicines {
		if m.Runs(v.Today) == run {
			out = append(out, m)
		}
	}
	return out
}

// medicineLine is one medicine of another facility as a page writes it.
type medicineLine struct {
	Line     clinic.DrugLine
	Start    clinic.Date
	End      clinic.Date
	Where    clinic.Place
	Unsigned bool
}

func newMedicineLine(m clinic.PastMedicine, s *clinic.Summary) medicineLine {
	x := medicineLine{Line: m.Line, Start: m.Start, End: m.Ends(), Unsigned: m.Unsigned}
	if len(s.Places) > 0 {
		x.Where = s.Where(m.Place)
	}
	return x
}

// Mark is what the page's script compares: it changes when there is something new.
func (v awayView) Mark() string { return awayMark(v.Away.State, v.Away.Answer()) }

func awayMark(s desk.AskState, answer clinic.Leaf) string { return fmt.Sprintf("%d-%x", s, answer[:8]) }

// awayRefresh is after how many seconds a page without a script looks for the answer.
const awayRefresh = 10

// elsewhereState tells a page that waits for an answer whether there is one.
func (s *Server) elsewhereState(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	state, answer, err := s.opts.Desk.Asking(r.Context(), who(r).session.person.ID, id)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = fmt.Fprint(w, awayMark(state, answer))
	return err
}

// elsewhereAsk asks the centre.
func (s *Server) elsewhereAsk(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	consent := map[string]clinic.Consent{"person": clinic.ConsentPerson, "guardian": clinic.ConsentGuardian, "emergency": clinic.ConsentEmergency}
	in := desk.AskInput{Patient: id, Consent: consent[r.PostForm.Get("do")], Words: r.PostForm.Get("words")}
	if _, err = s.opts.Desk.AskElsewhere(r.Context(), call(r, "act"), in); err == nil {
		s.tell(r, "good", "away.asked")
		http.Redirect(w, r, patientPath(id)+"#away", http.StatusSeeOther)
		return nil
	}
	f := newForm(r.PostForm)
	if !s.failed(r, &f, err) {
		return err
	}
	v, err := s.patientView(r)
	if err != nil {
		return err
	}
	v.Form, v.Errors = f, f.Errors
	s.show(w, r, http.StatusUnprocessableEntity, "patient", v)
	return nil
}
