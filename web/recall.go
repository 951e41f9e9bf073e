package web

import (
	"net/http"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Recall is the view of those who got something of a batch.
type Recall struct {
	Page
	desk.Recall
	Goods    string // key of a row of a catalogue; empty = any with the number
	Facility string
	Form     Form
}

// recall shows the list; without a number it asks for one.
func (s *Server) recall(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	v := &Recall{Page: s.page(r, "recall.title", "today"), Form: newForm(nil), Goods: q.Get("goods"), Facility: s.opts.Desk.Site().Facility.Name}
	lot := q.Get("lot")
	if len([]rune(lot)) > 30 || strings.ContainsFunc(lot, func(c rune) bool { return c < ' ' }) {
		return errGone
	}
	v.Form.Set("lot", lot)
	var g clinic.Goods
	if v.Goods != "" {
		catalog, code, ok := strings.Cut(v.Goods, ";")
		if !ok || !clinic.IsGoods(catalog) {
			return errGone
		}
		if g = (clinic.Goods{Catalog: catalog, Code: code}); catalog == clinic.CatalogMedicine {
			g.Catalog = ""
		}
	}
	var err error
	if v.Recall, err = s.opts.Desk.Recall(r.Context(), who(r).session.person.ID, lot, g); err != nil {
		return err
	}
	v.Asking = v.Lot == ""
	s.show(w, r, http.StatusOK, "recall", v)
	return nil
}
