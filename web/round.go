package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// RoundPage is the view of who could be seen on a round to the villages.
type RoundPage struct {
	Page
	Form    Form // the ticks
	Village string
	Rows    []desk.RoundRow
	Works   bool
	Most    int
}

func (s *Server) round(w http.ResponseWriter, r *http.Request) error {
	return s.roundShow(w, r, http.StatusOK, newForm(r.URL.Query()))
}

// roundShow shows the list with the village and the ticks of the form.
func (s *Server) roundShow(w http.ResponseWriter, r *http.Request, status int, f Form) error {
	by := who(r).session.person
	v := &RoundPage{Page: s.page(r, "round.title", "today"), Form: f, Village: f.Get("village"), Works: works(by.Role, clinic.KindVitals, false), Most: desk.MostRound}
	if len(v.Village) > 200 {
		return errForm
	}
	var err error
	if v.Rows, err = s.opts.Desk.Round(r.Context(), by.ID, v.Village); err != nil {
		return err
	}
	s.show(w, r, status, "round", v)
	return nil
}

// roundPrint prints the list of those who are ticked.
func (s *Server) roundPrint(w http.ResponseWriter, r *http.Request) error {
	f := newForm(r.PostForm)
	var in desk.RoundInput
	for _, text := range f.Values["person"] {
		id, err := clinic.ParseID(text)
		if err != nil {
			return errForm
		}
		in.Patients = append(in.Patients, id)
	}
	_, err := s.opts.Desk.PrintRound(r.Context(), call(r, "act"), in)
	refusals := desk.ErrorsOf(err)
	switch {
	case err == nil:
		s.tell(r, "good", "round.printed")
	case refusals == nil:
		return err
	case refusals[0].Code == desk.CodeRequired:
		s.tell(r, "warn", "round.nobody-ticked")
	case refusals[0].Code == desk.CodeTooMany:
		s.tell(r, "warn", "round.too-many", "n", desk.MostRound)
		return s.roundShow(w, r, http.StatusUnprocessableEntity, f)
	default:
		return err
	}
	to := "/round"
	if village := f.Get("village"); village != "" {
		to += "?" + url.Values{"village": {village}}.Encode()
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// TripPage is the view of the form of where a visit outside was.
type TripPage struct {
	Page
	Form  Form
	File  desk.VisitView
	Staff []desk.Person
	Base  string
}

func (s *Server) tripView(r *http.Request) (*TripPage, error) {
	patient, visit, err := ids(r)
	if err != nil {
		return nil, err
	}
	v := &TripPage{Page: s.page(r, "trip.title", ""), Form: newForm(nil)}
	by := who(r).session.person
	if v.File, err = s.opts.Desk.VisitPage(r.Context(), by.ID, patient, visit); err != nil {
		return nil, err
	}
	v.Page.Patient = banner(patient, v.File.Patient.Now, v.File.Patient.Allergies, v.Today)
	v.Page.Patient.Closed, v.Hold = v.File.Closed, true
	v.Base = leafText(v.File.Visit.Opening().Leaf)
	for _, p := range v.File.Names {
		if !p.Left && (p.Role == clinic.RoleDoctor || p.Role == clinic.RoleNurse) {
			v.Staff = append(v.Staff, p)
		}
	}
	if b := v.File.Visit.Visit; b != nil {
		for _, id := range b.Trip.Went() { // a correction keeps who went, though they left since
			p, ok := v.File.Names[id]
			if ok && !slices.ContainsFunc(v.Staff, func(x desk.Person) bool { return x.ID == id }) {
				v.Staff = append(v.Staff, p)
			}
		}
	}
	slices.SortFunc(v.Staff, func(a, b desk.Person) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), slices.Compare(a.ID[:], b.ID[:]))
	})
	return v, nil
}

func (s *Server) trip(w http.ResponseWriter, r *http.Request) error {
	v, err := s.tripView(r)
	if err != nil {
		return err
	}
	v.Form.Set("place", "1")
	v.Form.Set("with", who(r).session.person.ID.String())
	if now := v.File.Patient.Now; now != nil {
		v.Form.Set("where", now.Address)
	}
	if b := v.File.Visit.Visit; b != nil && b.Trip != nil {
		v.Form = newForm(nil)
		v.Form.Set("place", strconv.Itoa(int(b.Trip.Place)))
		v.Form.Set("where", b.Trip.Where)
		if b.Trip.Minutes > 0 {
			v.Form.Set("minutes", strconv.Itoa(b.Trip.Minutes))
		}
		for _, id := range b.Trip.Went() {
			v.Form.Values.Add("with", id.String())
		}
	}
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	}
	s.show(w, r, http.StatusOK, "trip", v)
	return nil
}

func (s *Server) tripSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.tripView(r)
	if err != nil {
		return err
	}
	f := newForm(r.PostForm)
	in := desk.TripInput{Patient: v.File.Visit.Patient, Visit: v.File.Visit.ID, Where: f.Get("where")}
	in.Base, _ = parseLeaf(f.Get("base"))
	place, _ := strconv.ParseUint(f.Get("place"), 10, 8)
	in.Place = clinic.TripPlace(place)
	if t := f.Get("minutes"); t != "" {
		if in.Minutes, err = strconv.Atoi(t); err != nil {
			in.Minutes = -1
		}
	}
	for _, text := range f.Values["with"] {
		id, err := clinic.ParseID(text)
		if err != nil {
			return errForm
		}
		in.With = append(in.With, id)
	}
	if _, err := s.opts.Desk.SetTrip(r.Context(), call(r, "act"), in); err != nil {
		if !s.failed(r, &f, err) {
			return err
		}
		s.keepForm(r, f)
		v.Form, v.Errors = f, f.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "trip", v)
		return nil
	}
	s.saved(r)
	s.tell(r, "good", "trip.saved")
	http.Redirect(w, r, visitPath(in.Patient, in.Visit), http.StatusSeeOther)
	return nil
}
