package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// goodsForm is one form about stock.
type goodsForm struct {
	name string // in addresses, keys and templates
	page string // name of the template
	// shelf: lines are batches that stand on the shelf; otherwise rows of catalogues.
	shelf bool
	// start fills a fresh form.
	start func(v *GoodsForm, q url.Values)
	// take puts what a scan found into the form; nil = adds the batch.
	take func(v *GoodsForm, found desk.GoodsFound)
	save func(s *Server, r *http.Request, f *Form) (desk.Done, error)
	// after is the page that follows.
	after string
}

func goodsForms() []goodsForm {
	return []goodsForm{
		{name: "receive", page: "stockreceive", take: takeReceived, save: saveReceived, after: "/stock"},
		{name: "count", page: "stockcount", shelf: true, start: startCount, save: saveCount, after: "/stock"},
		{name: "adjust", page: "stockadjust", shelf: true, start: startItem, save: saveAdjust, after: "/stock"},
		{name: "send", page: "stocksend", shelf: true, start: startItem, save: saveSend, after: "/stock/papers"},
		{name: "requisition", page: "stockrequisition", start: startRequisition, save: saveRequisition, after: "/stock/papers"},
	}
}

// GoodsForm is the view of a form about stock.
type GoodsForm struct {
	Page
	Name        string
	Form        Form
	View        desk.StockView
	Lines       []GoodsRow
	Found       []GoodsChoice
	Asked       bool
	Twice       int // the line that a scan names a second time, from 1; 0 = none
	Next        string
	Departments []clinic.CatalogRow
	Reasons     []clinic.AdjustReason
}

// GoodsRow is one line of it.
type GoodsRow struct {
	N     int
	Key   string // of the goods; of a row of a catalogue: catalogue;code
	Row   clinic.CatalogRow
	Goods clinic.Goods
	Item  *desk.StockItem // nil = nothing of the row stands there
	Sheet clinic.Milli    // booked
	Near  bool
}

// GoodsChoice is something that can be added.
type GoodsChoice struct {
	Key   string
	Row   clinic.CatalogRow
	Goods clinic.Goods
	Has   clinic.Milli
	Batch bool
}

// goodsPage shows a form: what was typed before a lock, or a fresh one.
func (s *Server) goodsPage(g goodsForm) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.goodsBase(r, g)
		if err != nil {
			return err
		}
		if d, ok := s.draft(r); ok {
			v.Form, v.Draft = newForm(d), true
		} else {
			v.Form = newForm(nil)
			if g.start != nil {
				g.start(v, r.URL.Query())
			}
			if v.Lang == "en" {
				v.Form.english()
			}
		}
		return s.goodsShow(w, r, g, v, http.StatusOK)
	}
}

func (s *Server) goodsBase(r *http.Request, g goodsForm) (*GoodsForm, error) {
	v := &GoodsForm{Page: s.page(r, "stock."+g.name, "today"), Name: g.name, Reasons: clinic.AdjustReasons()}
	v.Hold = true
	var err error
	if v.View, err = s.opts.Desk.StockPage(r.Context(), who(r).session.person.ID, clinic.Date{}, clinic.Date{}); err != nil {
		return nil, err
	}
	if g.name != "adjust" {
		return v, nil
	}
	found, err := s.opts.Desk.CatalogSearch(r.Context(), who(r).session.person.ID, desk.CatalogLook{Catalog: clinic.CatalogDepartment, On: v.View.Today, Limit: 100})
	v.Departments = found.Rows
	return v, err
}

func (s *Server) goodsShow(w http.ResponseWriter, r *http.Request, g goodsForm, v *GoodsForm, status int) error {
	s.keepForm(r, v.Form)
	v.Errors = v.Form.Errors
	if g.name == "requisition" { // asks for rows, not for batches: nothing to scan
		v.Errors = v.Form.without("scan")
	}
	if q := v.Form.Get("q"); q != "" && len(v.Found) == 0 {
		rows, err := s.goodsRows(r, q, v.View.Today)
		if err != nil {
			return err
		}
		v.Asked = true
		for _, row := range rows {
			v.Found = append(v.Found, v.choices(g, row)...)
		}
	}
	for n := range linesMax {
		if line, ok := s.goodsRow(r, g, v, n); ok {
			v.Lines = append(v.Lines, line)
		}
	}
	s.show(w, r, status, g.page, v)
	return nil
}

// choices are the batches of a row, or the row.
func (v *GoodsForm) choices(g goodsForm, row clinic.CatalogRow) (out []GoodsChoice) {
	it := v.item(row.Catalog, row.Code)
	if !g.shelf {
		c := GoodsChoice{Key: row.Catalog + ";" + row.Code, Row: row}
		if it != nil {
			c.Has = it.Level.Usable
		}
		return []GoodsChoice{c}
	}
	if it == nil {
		return nil
	}
	for _, b := range it.Batches {
		out = append(out, GoodsChoice{Key: b.Batch.Key(), Row: row, Goods: b.Batch.Goods, Has: b.Booked, Batch: true})
	}
	return out
}

func (v *GoodsForm) item(catalog, code string) *desk.StockItem {
	i := slices.IndexFunc(v.View.Items, func(i desk.StockItem) bool { return i.Row.Catalog == catalog && strings.EqualFold(i.Row.Code, code) })
	if i < 0 {
		return nil
	}
	return &v.View.Items[i]
}

// goodsRow reads one line of the form.
func (s *Server) goodsRow(r *http.Request, g goodsForm, v *GoodsForm, n int) (row GoodsRow, ok bool) {
	row.N, row.Key = n, v.Form.Get(line("goods", n))
	if row.Key == "" {
		return row, false
	}
	if g.shelf {
		if row.Goods, ok = clinic.ParseGoodsKey(row.Key); !ok {
			return row, false
		}
	} else {
		row.Goods.Catalog, row.Goods.Code, ok = strings.Cut(row.Key, ";")
		if !ok {
			return row, false
		}
	}
	row.Row = clinic.CatalogRow{Code: row.Goods.Code, Name: row.Goods.Code}
	if row.Item = v.item(row.Goods.In(), row.Goods.Code); row.Item != nil {
		row.Row = row.Item.Row
		for _, b := range row.Item.Batches {
			if b.Batch.Goods == row.Goods {
				row.Sheet, row.Near = b.Booked, v.View.Rules.IsNear(b.Batch.Goods, v.View.Today)
			}
		}
	} else if found := s.catalogRow(r.Context(), row.Goods.In(), row.Goods.Code, v.View.Today); found.Name != "" {
		row.Row = found
	}
	return row, true
}

// goodsSave does what the pressed button says. Whatever happens, what was typed comes
// back.
func (s *Server) goodsSave(g goodsForm) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.goodsBase(r, g)
		if err != nil {
			return err
		}
		v.Form = newForm(r.PostForm)
		do := r.PostForm.Get("do")
		if do != "" && do != "save" && do != "confirm" {
			if do != "back" {
				s.goodsEdit(r, g, v, do)
			}
			return s.goodsShow(w, r, g, v, http.StatusOK)
		}
		if v.Lang == "en" {
			if v.Form.unclear(); !v.Form.OK() {
				return s.goodsShow(w, r, g, v, http.StatusUnprocessableEntity)
			}
		}
		_, err = g.save(s, r, &v.Form)
		if err == nil {
			s.saved(r)
			s.tell(r, "good", "saved."+g.name)
			http.Redirect(w, r, g.after, http.StatusSeeOther)
			return nil
		}
		asked, err := s.asks(w, r, &v.Form, v.Page, err)
		if asked || err != nil {
			return err
		}
		return s.goodsShow(w, r, g, v, http.StatusUnprocessableEntity)
	}
}

// asks puts the desk's refusals into the form. When all of them only ask, it shows the
// page that does, and says so.
func (s *Server) asks(w http.ResponseWriter, r *http.Request, f *Form, p Page, err error) (bool, error) {
	if !s.failed(r, f, err) {
		return false, err
	}
	var confirmed []Pair
	for _, e := range desk.ErrorsOf(err) {
		if !e.Code.Asks() {
			return false, nil
		}
		confirmed = append(confirmed, Pair{"confirmed", e.Args["confirm"]})
	}
	s.keepForm(r, *f)
	v := &Confirm{Page: p, Items: f.Errors, Actions: r.URL.Path}
	for i := range v.Items {
		v.Items[i].Field = "" // the words name the batch
	}
	v.Title, v.Act, v.Hold = "confirm.title", r.PostForm.Get("act"), true
	v.Hidden = append(hidden(r.PostForm, "act", "do"), confirmed...)
	s.show(w, r, http.StatusConflict, "confirm", v)
	return true, nil
}

// goodsEdit does what a button other than save asks: scan, search, pick, drop, more.
func (s *Server) goodsEdit(r *http.Request, g goodsForm, v *GoodsForm, do string) {
	f := &v.Form
	switch verb, arg, _ := strings.Cut(do, "."); verb {
	case "scan":
		if f.Get("scan") == "" && f.Get("q") != "" {
			break // Enter in the field of the search, whose button is not the first
		}
		found, ok := s.scannedGoods(r, f)
		switch {
		case !ok:
		case g.take != nil:
			g.take(v, found)
		default:
			takeBatch(v, g, found)
		}
	case "more":
		moreOf(f, arg)
	case "pick":
		row := map[string]string{"goods": arg}
		for _, name := range []string{"lot", "expiry", "gtin"} { // of a scan whose row was not known
			if t := f.Get("scan" + name); t != "" && !g.shelf {
				row[name] = t
				f.Set("scan"+name, "")
			}
		}
		f.Set("q", "")
		addLine(v, row)
	default:
		editLines(f, do, "goods")
	}
	if v.Lang == "en" {
		f.english()
	}
}

// scannedGoods reads the scan field, or the code that the scanner read last.
func (s *Server) scannedGoods(r *http.Request, f *Form) (desk.GoodsFound, bool) {
	raw := []byte(f.Get("scan"))
	if len(raw) == 0 {
		if x, ok, _ := s.scans.fresh(); ok {
			raw, _ = s.scans.take(x.id)
		}
	}
	f.Set("scan", "")
	if len(raw) == 0 {
		f.Fail("scan", "stock.scan-nothing")
		return desk.GoodsFound{}, false
	}
	found, err := s.opts.Desk.ScanGoods(r.Context(), who(r).session.person.ID, raw)
	if err != nil {
		key, args := "trouble.failed", []any(nil)
		if refusals := desk.ErrorsOf(err); refusals != nil {
			p := s.problem(r, refusals[0])
			key, args = p.Key, p.Args
			if refusals[0].Code == desk.CodeScanUnknown { // whose words speak of cards and slips
				key, args = string(desk.CodeScanNotGoods), nil
			}
		}
		f.Fail("scan", key, args...)
		return found, false
	}
	return found, true
}

// addLine adds a line when there is room and no other names the same batch.
func addLine(v *GoodsForm, row map[string]string) {
	rows := readLines(&v.Form, "goods")
	for i, o := range rows {
		if o["goods"] == row["goods"] && o["lot"] == row["lot"] && (strings.Count(row["goods"], ";") > 1 || row["lot"] != "") {
			v.Twice = i + 1
			v.Form.Fail("scan", "stock.scan-twice", "n", i+1)
			return
		}
	}
	if len(rows) >= linesMax {
		v.Form.Fail("scan", "form.too-many", "max", linesMax)
		return
	}
	writeLines(&v.Form, append(rows, row))
}

// moreOf counts one box more of a line: the person said that it is another one.
func moreOf(f *Form, arg string) {
	n, err := strconv.Atoi(arg)
	rows := readLines(f, "goods")
	if err != nil || n < 1 || n > len(rows) {
		return
	}
	row := rows[n-1]
	q, err := clinic.ParseMilli("", row["quantity"])
	if err != nil {
		q = 0
	}
	step := clinic.Milli(1000)
	if pack, err := strconv.Atoi(row["pack"]); err == nil && row["packs"] == "" && pack > 0 {
		step *= clinic.Milli(pack)
	}
	row["quantity"] = plainMilli(q + step)
	writeLines(f, rows)
}

// takeBatch adds the batch that was scanned.
func takeBatch(v *GoodsForm, g goodsForm, found desk.GoodsFound) {
	switch len(found.Batches) {
	case 0:
		v.Form.Fail("scan", "stock.scan-none")
	case 1:
		addLine(v, map[string]string{"goods": found.Batches[0].Key()})
	default:
		for _, b := range found.Batches {
			c := GoodsChoice{Key: b.Key(), Goods: b, Batch: true, Row: clinic.CatalogRow{Code: b.Code, Name: b.Code}}
			if it := v.item(b.In(), b.Code); it != nil {
				c.Row = it.Row
			}
			v.Found = append(v.Found, c)
		}
		v.Asked = true
	}
}
