package hubmain

import (
	"net/http"

	"clinicbox/hub/pages"
)

// newPages makes the operator's pages; without an authority theirs say how to get one.
func (h *Hub) newPages() (http.Handler, error) {
	secret, err := cookieSecret(h.keys)
	if err != nil {
		return nil, err
	}
	return pages.New(pages.Options{
		DB: h.db, Push: h.ingest.Push, Live: h.live, Operators: h.db, Secret: secret, Trust: h.pagesTrust(), Log: h.log,
	})
}

// pagesTrust joins what the pages ask for. The registrar follows what they decide.
func (h *Hub) pagesTrust() *pages.Trust {
	t := h.trust
	if t == nil {
		return nil
	}
	return &pages.Trust{
		Registry: t.authority, Enrolment: h, Commands: t.authority, Audit: t.authority,
		Roots: t.authority, Beats: h.db, Waiting: t.registrar, Telephone: t.telephone, Patients: h.merge,
	}
}
