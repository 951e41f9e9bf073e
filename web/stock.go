package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/stock"
)

// stockRoutes show what stands on the shelf. They name no patient, but a technician has
// no business there.
func (s *Server) stockRoutes() map[string]handler {
	m := map[string]handler{
		"GET /stock":        s.stockList,
		"GET /stock/month":  s.stockMonth,
		"GET /stock/batch":  s.stockBatch,
		"POST /stock/label": s.stockLabel,
		"GET /stock/recall": s.recall,
		"GET /stock/papers": s.stockPapers,
		"POST /stock/print": s.stockPrint,
		"GET /hand":         s.handList,
	}
	for _, g := range goodsForms() {
		m["GET /stock/"+g.name], m["POST /stock/"+g.name] = s.goodsPage(g), s.goodsSave(g)
	}
	const v = "/patients/{patient}/visits/{visit}/"
	for _, h := range handForms() {
		m["GET "+v+h.name], m["POST "+v+h.name] = s.handPage(h), s.handSave(h)
	}
	return m
}

// StockList is the view of the list of stock.
type StockList struct {
	Page
	View   desk.StockView
	Items  []desk.StockItem
	Show   string // which of them: all, near, low, short
	Counts map[string]int
	Query  string
	More   bool // there are more than the page shows
}

// stockShown is how many rows of a catalogue a page lists.
const stockShown = 200

func stockKinds() []string { return []string{"all", "near", "low", "short"} }

// fits reports whether a list shows the item.
func fits(show string, i *desk.StockItem) bool {
	switch show {
	case "near":
		return i.Near || i.Expired
	case "low":
		return i.Level.Low() || i.Level.Out()
	case "short":
		return i.Short
	}
	return len(i.Batches) > 0 || i.Level.Out()
}

func (s *Server) stockList(w http.ResponseWriter, r *http.Request) error {
	view, err := s.opts.Desk.StockPage(r.Context(), who(r).session.person.ID, clinic.Date{}, clinic.Date{})
	if err != nil {
		return err
	}
	v := &StockList{Page: s.page(r, "stock.title", "today"), View: view, Show: r.URL.Query().Get("show"), Query: r.URL.Query().Get("q"), Counts: map[string]int{}}
	if !slices.Contains(stockKinds(), v.Show) {
		v.Show = "all"
	}
	var named func(*desk.StockItem) bool
	if q := strings.TrimSpace(v.Query); q != "" {
		if named, err = s.stockNamed(r, q, view.Today); err != nil {
			return err
		}
	}
	for i := range view.Items {
		it := &view.Items[i]
		for _, k := range stockKinds() {
			if fits(k, it) {
				v.Counts[k]++
			}
		}
		if fits(v.Show, it) && (named == nil || named(it)) {
			v.Items = append(v.Items, *it)
		}
	}
	if len(v.Items) > stockShown {
		v.Items, v.More = v.Items[:stockShown], true
	}
	v.Asking = true
	s.show(w, r, http.StatusOK, "stock", v)
	return nil
}

// stockNamed tells which items a query means.
func (s *Server) stockNamed(r *http.Request, q string, on clinic.Date) (func(*desk.StockItem) bool, error) {
	rows, err := s.goodsRows(r, q, on)
	return func(i *desk.StockItem) bool {
		return slices.ContainsFunc(rows, func(x clinic.CatalogRow) bool { return x.Catalog == i.Row.Catalog && x.Code == i.Row.Code })
	}, err
}

// goodsRows finds rows of what stands on shelves.
func (s *Server) goodsRows(r *http.Request, q string, on clinic.Date) ([]clinic.CatalogRow, error) {
	var out []clinic.CatalogRow
	for _, name := range clinic.GoodsCatalogs() {
		rows, err := s.opts.Desk.Search(r.Context(), name, q, on, searchLimit)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// StockMonth is the view of what came, went and is left in a month.
type StockMonth struct {
	Page
	View       desk.StockView
	Month      clinic.Date // without a day
	Prev, Next string
	Items      []desk.StockItem
}

func (s *Server) stockMonth(w http.ResponseWriter, r *http.Request) error {
	v := &StockMonth{Page: s.page(r, "stock.month", "today")}
	first := clinic.Date{Year: v.Today.Year, Month: v.Today.Month, Day: 1}
	if t, err := time.ParseInLocation("2006-01", r.URL.Query().Get("m"), clinic.ICT); err == nil && t.Year() >= 2000 && t.Year() < 2100 {
		first = clinic.DateOf(t)
	}
	v.Month = clinic.Date{Year: first.Year, Month: first.Month}
	v.Prev = first.Time().AddDate(0, -1, 0).Format("2006-01")
	if next := first.Time().AddDate(0, 1, 0); !v.Today.Before(clinic.DateOf(next)) {
		v.Next = next.Format("2006-01")
	}
	var err error
	v.View, err = s.opts.Desk.StockPage(r.Context(), who(r).session.person.ID, first, clinic.MonthEnd(first.Year, first.Month))
	if err != nil {
		return err
	}
	for _, it := range v.View.Items {
		if x := it.Sum; x.Opening != 0 || x.Closing != 0 || x.Moves > 0 && (x.Received|x.MovedIn|x.Out|x.Back|x.Used|x.Moved|x.Spoilt|x.Found|x.Counted) != 0 {
			v.Items = append(v.Items, it)
		}
	}
	s.show(w, r, http.StatusOK, "stockmonth", v)
	return nil
}

// StockBatch is the view of a batch's card.
type StockBatch struct {
	Page
	File   desk.BatchView
	Labels bool // it has our own code, and the person may print it
	Form   Form
}

func (s *Server) stockBatch(w http.ResponseWriter, r *http.Request) error {
	g, ok := clinic.ParseGoodsKey(r.URL.Query().Get("g"))
	if !ok {
		return errGone
	}
	me := who(r).session.person
	v := &StockBatch{Page: s.page(r, "stock.batch", "today"), Form: newForm(url.Values{"copies": {"1"}})}
	var err error
	if v.File, err = s.opts.Desk.BatchPage(r.Context(), me.ID, g); err != nil {
		return err
	}
	v.Labels = v.File.Receipt != nil && v.File.Receipt.Label != "" && keeps(me.Role)
	s.show(w, r, http.StatusOK, "stockbatch", v)
	return nil
}

// keeps reports whether a role receives and sends goods. The desk decides; this only
// spares a button that would be refused.
func keeps(r clinic.Role) bool {
	return r == clinic.RoleDoctor || r == clinic.RoleCashier || r == clinic.RoleAdministrator
}

// handsOut reports whether a role hands goods out.
func handsOut(r clinic.Role) bool {
	return r == clinic.RoleNurse || r == clinic.RoleDoctor || r == clinic.RoleCashier
}

func (s *Server) stockLabel(w http.ResponseWriter, r *http.Request) error {
	g, ok := clinic.ParseGoodsKey(r.PostForm.Get("g"))
	if !ok {
		return errGone
	}
	copies, _ := strconv.Atoi(strings.TrimSpace(r.PostForm.Get("copies")))
	if err := s.told(r, "print.sent", s.opts.Desk.PrintLabels(r.Context(), call(r, "act"), g, copies)); err != nil {
		return err
	}
	http.Redirect(w, r, batchPath(g), http.StatusSeeOther)
	return nil
}

// StockPapers is the view of transfers and requisitions.
type StockPapers struct {
	Page
	Transfers    []desk.StockPaper
	Requisitions []desk.StockPaper
	Prints       bool
}

func (s *Server) stockPapers(w http.ResponseWriter, r *http.Request) error {
	me := who(r).session.person
	v := &StockPapers{Page: s.page(r, "stock.papers", "today"), Prints: keeps(me.Role)}
	var err error
	if v.Transfers, err = s.opts.Desk.StockPapers(r.Context(), me.ID, clinic.KindAdjusted); err != nil {
		return err
	}
	if v.Requisitions, err = s.opts.Desk.StockPapers(r.Context(), me.ID, clinic.KindRequisition); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "stockpapers", v)
	return nil
}

func (s *Server) stockPrint(w http.ResponseWriter, r *http.Request) error {
	_, err := s.opts.Desk.PrintStockPaper(r.Context(), call(r, "act"), r.PostForm.Get("code"))
	if err := s.told(r, "print.sent", err); err != nil {
		return err
	}
	http.Redirect(w, r, "/stock/papers", http.StatusSeeOther)
	return nil
}

// batchPath is the address of a batch's card.
func batchPath(g clinic.Goods) string { return "/stock/batch?g=" + url.QueryEscape(g.Key()) }

// recallPath is the address of the list of those who got something of a batch.
func recallPath(g clinic.Goods) string {
	return "/stock/recall?" + url.Values{"lot": {g.Lot}, "goods": {g.In() + ";" + g.Code}}.Encode()
}

// itemPath is the address of a form with the batches of one row of a catalogue in it.
func itemPath(form string, row clinic.CatalogRow) string {
	return "/stock/" + form + "?item=" + url.QueryEscape(row.Catalog+";"+row.Code)
}

// moveKey is the message key of a movement.
func moveKey(w stock.What) string { return "stock.move-" + strconv.Itoa(int(w)) }

// goodsLine is what a batch looks like in a list.
type goodsLine struct {
	Goods clinic.Goods
	Today clinic.Date
	Near  bool
}

// stockPaper is a line of the list of papers.
type stockPaper struct {
	Paper  *desk.StockPaper
	Prints bool
}

// handPartView is a batch as fields of the form.
type handPartView struct {
	Part    HandPart
	Form    *Form
	Compare bool // the batch is compared with the box
}

// Expired reports whether it must not be used today.
func (g goodsLine) Expired() bool { return g.Goods.Expired(g.Today) }
