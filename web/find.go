package web

import (
	"net/http"
	"strings"
)

// find shows the field. The question is posted, never part of an address: names
// and numbers must not stay in the browser's history.
func (s *Server) find(w http.ResponseWriter, r *http.Request) error {
	s.show(w, r, http.StatusOK, "find", &Hits{Page: s.page(r, "find.title", "find"), Form: newForm(nil)})
	return nil
}

func (s *Server) findAnswer(w http.ResponseWriter, r *http.Request) error {
	v := &Hits{Page: s.page(r, "find.title", "find"), Form: newForm(r.PostForm)}
	q := v.Form.Get("q")
	if strings.Contains(q, "|") { // a scanner that types read a card into this field
		id := s.scans.add([]byte(q), true)
		http.Redirect(w, r, "/scan/"+id.String(), http.StatusSeeOther)
		return nil
	}
	status := http.StatusOK
	if q == "" {
		v.Form.Fail("q", "find.empty")
		status = http.StatusUnprocessableEntity
	} else {
		hits, err := s.opts.Desk.Find(r.Context(), who(r).session.person.ID, q)
		switch {
		case err == nil:
			v.Asked, v.Hits = true, hits
		case s.failed(r, &v.Form, err):
			status = http.StatusUnprocessableEntity
			for i := range v.Form.Errors {
				v.Form.Errors[i].Field = "q"
			}
		default:
			return err
		}
	}
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, status, "find", v)
	return nil
}
