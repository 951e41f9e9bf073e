package web

import (
	"encoding/json"
	"net/http"

	"clinicbox/clinic"
	"clinicbox/web/i18n"
)

// suggestion is one row as a page's script shows it while somebody types.
type suggestion struct {
	Code string `json:"code"`
	Name string `json:"name"`
	More string `json:"more,omitempty"`
}

// suggest answers what fits the words typed so far. They are posted, for what is
// looked up beside a patient is nobody's business.
func (s *Server) suggest(w http.ResponseWriter, r *http.Request) error {
	list := r.PathValue("list")
	if list != clinic.CatalogICD10 && list != clinic.CatalogMedicine && list != clinic.CatalogService && list != clinic.CatalogLabTest {
		return errGone
	}
	now, _ := s.opts.Clock.Now()
	found, err := s.search(r.Context(), list, r.PostForm.Get("q"), clinic.DateOf(now))
	if err != nil {
		return err
	}
	out := make([]suggestion, 0, len(found.Found))
	for _, row := range found.Found {
		out = append(out, suggestion{row.Code, row.Name, rowMore(s.engine.catalogues[who(r).lang], row)})
	}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(out)
}

// rowMore is the second line of a catalogue row: strength, form, unit; for
// charges the price; for diagnoses the English name.
func rowMore(c *i18n.Catalogue, r clinic.CatalogRow) string {
	switch r.Catalog {
	case clinic.CatalogMedicine:
		more := r.Strength
		for _, x := range []string{r.Form, r.Unit} {
			if x != "" && more != "" {
				more += " · "
			}
			more += x
		}
		return more
	case clinic.CatalogService:
		return numText(c, r.Price.String())
	}
	return r.English
}
