package web

import (
	"net/http"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Retention is the view of the records whose time of keeping has ended. It names
// visits by their keys, no people.
type Retention struct {
	Page
	Due   []desk.DueYear
	Rules []clinic.CatalogRow
}

func (s *Server) retention(w http.ResponseWriter, r *http.Request) error {
	v := &Retention{Page: s.page(r, "retention.title", "staff")}
	var err error
	if v.Due, v.Rules, err = s.opts.Desk.RetentionDue(r.Context(), who(r).session.person.ID); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "retention", v)
	return nil
}
