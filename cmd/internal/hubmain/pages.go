package hubmain

import (
	"fmt"
	"net/http"

	"clinicbox/hub/pages"
	"clinicbox/sync/wire"
)

// newPages makes the operator's pages; without an authority theirs say how to get one.
func (h *Hub) newPages() (http.Handler, error) {
	secret, err := cookieSecret(h.keys)
	if err != nil {
		return nil, err
	}
	return pages.New(pages.Options{
		DB: h.db, Push: h.ingest.Push, Live: h.live, Operators: h.db, Secret: secret, Trust: h.pagesTrust(), Log: h.log,
		Spent: h.spent,
	})
}

// spent is what a box told of its link.
func (h *Hub) spent(box string) pages.Spent {
	const million = 1_000_000
	s := h.ingest.Spent(box)
	out := pages.Spent{Used: (s.Used + million/2) / million, Cap: s.Cap / million, Holds: s.Holds(wire.ClassCatalogues), At: s.At}
	if s.Month > 0 {
		out.Month = fmt.Sprintf("%d/%d", s.Month%100, s.Month/100)
	}
	return out
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
