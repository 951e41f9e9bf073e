package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// Catalogs is the view of the list of catalogues.
type Catalogs struct {
	Page
	On    clinic.Date
	List  []desk.CatalogInfo
	Admin bool
}

// CatalogPage is the view of one catalogue on a day.
type CatalogPage struct {
	Page
	Name  string
	On    clinic.Date
	Form  Form
	Query string
	Found desk.CatalogFound
	More  string // address of what follows, empty = none
	Admin bool
}

// CatalogRowPage is the view of what was said of one code.
type CatalogRowPage struct {
	Page
	Name string
	Code string
	File desk.RowPage
}

// catalogLimit is how many rows a page shows.
const catalogLimit = 50

// catalogs lists the catalogues as they are today.
func (s *Server) catalogs(w http.ResponseWriter, r *http.Request) error {
	me := who(r).session.person
	v := &Catalogs{Page: s.page(r, "catalogs.title", "staff"), Admin: administers(me)}
	v.On = v.Today
	var err error
	if v.List, err = s.opts.Desk.Catalogs(r.Context(), me.ID, v.On); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "catalogs", v)
	return nil
}

// catalogPage shows rows of one catalogue: those that a search finds, or the first.
func (s *Server) catalogPage(w http.ResponseWriter, r *http.Request) error {
	me, q := who(r).session.person, r.URL.Query()
	v := &CatalogPage{Page: s.page(r, "catalogs.title", "staff"), Name: r.PathValue("catalog"), Admin: administers(me)}
	if !slices.Contains(clinic.CatalogNames(), v.Name) {
		return errGone
	}
	v.Form = newForm(url.Values{"q": {q.Get("q")}, "on": {q.Get("on")}})
	v.Query, v.On = v.Form.Get("q"), v.Today
	if day := v.Form.Get("on"); day != "" {
		d, ok := clinic.ParseDay(day)
		if ok {
			v.On = d
		} else {
			v.Form.Fail("on", "problem.date")
		}
	}
	var err error
	v.Found, err = s.opts.Desk.CatalogSearch(r.Context(), me.ID, desk.CatalogLook{
		Catalog: v.Name, Query: v.Query, On: v.On, From: q.Get("from"), Limit: catalogLimit,
	})
	if err != nil {
		return err
	}
	if v.Found.Next != "" {
		v.More = r.URL.Path + "?" + url.Values{"on": {v.Form.Get("on")}, "from": {v.Found.Next}}.Encode()
	}
	v.Errors, v.Asking = v.Form.Errors, true
	s.show(w, r, http.StatusOK, "catalog", v)
	return nil
}

// catalogRowPage shows what was said of a code, also when it holds no more.
func (s *Server) catalogRowPage(w http.ResponseWriter, r *http.Request) error {
	v := &CatalogRowPage{Page: s.page(r, "catalogs.row", "staff"), Name: r.PathValue("catalog"), Code: r.PathValue("code")}
	var err error
	if v.File, err = s.opts.Desk.CatalogRow(r.Context(), who(r).session.person.ID, v.Name, v.Code); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "catalogrow", v)
	return nil
}

// RowField is one thing that a row says, as pages show it.
type RowField struct{ Name, Value string }

// rowFields lists what a row says beside code, name and days.
func rowFields(c *i18n.Catalogue, r clinic.CatalogRow) (out []RowField) {
	for _, col := range clinic.CatalogColumns() {
		switch col.Name {
		case "code", "name", "from", "to":
			continue
		}
		if v := fieldOf(c, &r, col.Name); v != "" {
			out = append(out, RowField{col.Name, v})
		}
	}
	return out
}

// fieldOf writes one column of a row for people.
func fieldOf(c *i18n.Catalogue, r *clinic.CatalogRow, column string) string {
	switch column {
	case "price":
		if r.Price == 0 {
			return ""
		}
		return numText(c, r.Price.String())
	case "from":
		return dateText(c, r.From)
	case "to":
		return dateText(c, r.To)
	}
	col, ok := clinic.ColumnOf(column)
	if !ok {
		return ""
	}
	return col.Get(r)
}

// Change is what an import does with one column of a row.
type Change struct{ Name, Old, New string }

// changesOf lists the columns in which a row differs from the one that it follows.
func changesOf(c *i18n.Catalogue, x clinic.RowChange) (out []Change) {
	for _, name := range x.Fields {
		if x.Old != nil {
			out = append(out, Change{name, fieldOf(c, x.Old, name), fieldOf(c, &x.Row, name)})
		}
	}
	return out
}

// catalogPath is the address of a catalogue or of something in it.
func catalogPath(parts ...string) string {
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "/catalogs/" + strings.Join(parts, "/")
}
