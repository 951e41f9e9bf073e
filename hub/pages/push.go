package pages

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"clinicbox/clinic"
)

// dateForm is how people here write dates; a browser's own field shows the month
// first to some.
const dateForm = "02/01/2006"

// wrong is a field that must be corrected.
type wrong struct{ Field, Message string }

// pushView is the form that sends a catalogue row.
type pushView struct {
	*page
	Box      string // "" = all
	Row      clinic.CatalogRow
	From     string
	Price    string
	Catalogs []string
	Wrong    []wrong
	Done     bool
}

func newPush(p *page, box string) *pushView {
	return &pushView{
		page: p, Box: box, From: p.Now.In(clinic.ICT).Format(dateForm),
		Row:      clinic.CatalogRow{Catalog: clinic.CatalogMedicine},
		Catalogs: []string{clinic.CatalogMedicine, clinic.CatalogICD10, clinic.CatalogService},
	}
}

// Is reports whether the field must be corrected.
func (v *pushView) Is(field string) bool {
	for _, w := range v.Wrong {
		if w.Field == field {
			return true
		}
	}
	return false
}

// fill takes what was typed, and says what is wrong with it.
func (v *pushView) fill(f url.Values) {
	get := func(k string) string { return strings.TrimSpace(f.Get(k)) }
	v.From, v.Price = get("from"), get("price")
	v.Row = clinic.CatalogRow{
		Catalog: get("catalog"), Code: get("code"), Name: get("name"), English: get("english"),
		Strength: get("strength"), Unit: get("unit"),
	}
	bad := func(when bool, field, message string) {
		if when {
			v.Wrong = append(v.Wrong, wrong{field, message})
		}
	}
	known := false
	for _, c := range v.Catalogs {
		known = known || c == v.Row.Catalog
	}
	bad(!known, "catalog", "push.err.catalog")
	bad(!within(v.Row.Code, 1, 50), "code", "push.err.code")
	bad(!within(v.Row.Name, 1, 500), "name", "push.err.name")
	bad(!within(v.Row.English, 0, 500), "english", "push.err.long")
	bad(!within(v.Row.Strength, 0, 500), "strength", "push.err.long")
	bad(!within(v.Row.Unit, 0, 500), "unit", "push.err.long")
	day, err := time.ParseInLocation(dateForm, v.From, clinic.ICT)
	v.Row.From = clinic.DateOf(day)
	bad(err != nil || !v.Row.From.Valid(), "from", "push.err.from")
	if v.Price != "" {
		n, err := strconv.ParseUint(v.Price, 10, 40)
		v.Row.Price = clinic.Dong(n)
		bad(err != nil, "price", "push.err.price")
	}
}

func within(s string, low, high int) bool {
	n := utf8.RuneCountInString(s)
	return n >= low && n <= high && utf8.ValidString(s)
}

// push queues a row for one box or for all. Sending the form twice sends the same
// row twice, which changes nothing at the box.
func (s *server) push(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		s.fail(w, r, err)
		return
	}
	box := r.PostForm.Get("box")
	if box == "" {
		s.pushAll(w, r)
		return
	}
	v, err := s.boxView(r, box)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if v.Push.fill(r.PostForm); len(v.Push.Wrong) > 0 {
		s.render(w, http.StatusUnprocessableEntity, "box.html", v)
		return
	}
	if _, err := s.Options.Push(r.Context(), box, draft(&v.Push.Row)); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/boxes/"+url.PathEscape(box)+"?pushed", http.StatusSeeOther)
}

// pushForm shows the form that sends to all boxes.
func (s *server) pushForm(w http.ResponseWriter, r *http.Request) {
	p := s.page(r, "push.title")
	s.render(w, http.StatusOK, "pushall.html", newPush(&p, ""))
}

func (s *server) pushAll(w http.ResponseWriter, r *http.Request) {
	p := s.page(r, "push.title")
	v := newPush(&p, "")
	if v.fill(r.PostForm); len(v.Wrong) > 0 {
		s.render(w, http.StatusUnprocessableEntity, "pushall.html", v)
		return
	}
	boxes, err := s.DB.Boxes(r.Context())
	for i := 0; i < len(boxes) && err == nil; i++ {
		_, err = s.Options.Push(r.Context(), boxes[i].Name, draft(&v.Row))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/?pushed", http.StatusSeeOther)
}

func draft(row *clinic.CatalogRow) []clinic.Draft {
	return []clinic.Draft{{Kind: clinic.KindCatalogRow, Body: row}}
}
