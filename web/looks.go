package web

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Looks is the view of who looked at a patient's record.
type Looks struct {
	Page
	File  desk.LooksView
	By    clinic.ID // looks of this person only
	Days  int       // of the last days only; 0 = all
	Older string    // address of the next page, empty = none
}

// LooksBy is the view of what a person looked at.
type LooksBy struct {
	Page
	File  desk.LooksByView
	Days  int
	Older string
}

// lookFilter reads what the address asks for, and whether it says the days.
func lookFilter(q url.Values, today clinic.Date, most int) (f desk.LookFilter, days int) {
	if n, err := strconv.Atoi(q.Get("days")); err == nil && n > 0 && n <= most {
		days, f.To, f.From = n, today, today.AddDays(1-n)
	}
	f.By, _ = clinic.ParseID(q.Get("by")) // anything else asks for everybody
	if b, err := hex.DecodeString(q.Get("before")); err == nil && len(b) == len(f.Before) {
		f.Before = desk.LookMark(b)
	}
	return f, days
}

// older is the address of the page with older looks.
func older(r *http.Request, next desk.LookMark) string {
	if next == (desk.LookMark{}) {
		return ""
	}
	q := url.Values{"before": {hex.EncodeToString(next[:])}}
	for _, name := range []string{"by", "days"} {
		if v := r.URL.Query().Get(name); v != "" {
			q.Set(name, v)
		}
	}
	return r.URL.Path + "?" + q.Encode()
}

// looks tells everybody who may read the record who looked at it.
func (s *Server) looks(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	v := &Looks{Page: s.page(r, "looks.title", "")}
	f, days := lookFilter(r.URL.Query(), v.Today, 3660)
	if v.File, err = s.opts.Desk.LooksAt(r.Context(), who(r).session.person.ID, id, f); err != nil {
		return err
	}
	v.By, v.Days, v.Older = f.By, days, older(r, v.File.Next)
	v.Page.Patient = banner(id, &v.File.Now, v.File.Allergies, v.Today)
	v.Page.Patient.Closed = v.File.Closed
	s.show(w, r, http.StatusOK, "looks", v)
	return nil
}

// looksBy tells administrators which records a person opened.
func (s *Server) looksBy(w http.ResponseWriter, r *http.Request) error {
	id, err := clinic.ParseID(r.PathValue("person"))
	if err != nil {
		return errGone
	}
	v := &LooksBy{Page: s.page(r, "looks.by.title", "staff")}
	f, days := lookFilter(r.URL.Query(), v.Today, 31)
	if days == 0 {
		f.From, f.To, days = v.Today.AddDays(-6), v.Today, 7
	}
	f.By = clinic.ID{}
	if v.File, err = s.opts.Desk.LooksBy(r.Context(), who(r).session.person.ID, id, f); err != nil {
		return err
	}
	v.Days, v.Older = days, older(r, v.File.Next)
	s.show(w, r, http.StatusOK, "looksby", v)
	return nil
}

// openings reads what administrators have not acknowledged yet; nothing for others.
func (s *Server) openings(r *http.Request) ([]desk.Opening, error) {
	me := who(r).session.person
	if !administers(me) {
		return nil, nil
	}
	return s.opts.Desk.Openings(r.Context(), me.ID)
}

// acknowledge records that an administrator saw an opening.
func (s *Server) acknowledge(w http.ResponseWriter, r *http.Request) error {
	leaf, ok := parseLeaf(r.PostForm.Get("opened"))
	if !ok {
		return errForm
	}
	if err := s.opts.Desk.Acknowledge(r.Context(), call(r, "act"), leaf); err != nil {
		return err
	}
	s.tell(r, "good", "opened.seen")
	http.Redirect(w, r, "/staff", http.StatusSeeOther)
	return nil
}

// endSession closes what the person of a session that ends had opened.
func (s *Server) endSession(r *http.Request) {
	if x := who(r).session; x.token != "" && !x.away {
		s.opts.Desk.CloseOpened(x.person.ID)
	}
}

// lookForm is the choice of a period.
type lookForm struct {
	Choices []int
	Days    int
}

// lookPeriods are the days to choose from; 0 = all.
func lookPeriods(of string) []int {
	if of == "person" {
		return []int{7, 31}
	}
	return []int{0, 7, 31, 365}
}

// staffSorted lists who can have looked: people with a role that reads records, by
// name as the desk gives them.
func staffSorted(all []desk.Person) []desk.Person {
	return slices.DeleteFunc(slices.Clone(all), func(p desk.Person) bool { return p.Role == clinic.RoleTechnician })
}
