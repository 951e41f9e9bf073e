package web

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// HandList is the view of the prescriptions that are to be handed out.
type HandList struct {
	Page
	Wait []desk.HandRow // something is left
	Sign []desk.HandRow // the doctor has not signed
	Done []desk.HandRow
}

func (s *Server) handList(w http.ResponseWriter, r *http.Request) error {
	rows, err := s.opts.Desk.HandList(r.Context(), who(r).session.person.ID)
	if err != nil {
		return err
	}
	v := &HandList{Page: s.page(r, "hand.title", "today")}
	for _, h := range rows {
		switch {
		case h.Done():
			v.Done = append(v.Done, h)
		case h.Signed || h.Closed:
			v.Wait = append(v.Wait, h)
		default:
			v.Sign = append(v.Sign, h)
		}
	}
	s.show(w, r, http.StatusOK, "hands", v)
	return nil
}

// handForm is one form about goods in a visit.
type handForm struct {
	name  string
	title string // message key
	page  string
	fill  func(v *HandPage)
	save  func(s *Server, r *http.Request, v *HandPage) error
}

func handForms() []handForm {
	return []handForm{
		{name: "hand", title: "hand.title", page: "hand", fill: fillHand, save: saveHand},
		{name: "use", title: "hand.use", page: "use", fill: fillUse, save: saveUse},
		{name: "back", title: "hand.back", page: "back", fill: fillBack, save: saveBack},
	}
}

// HandPage is the view of handing out, of using supplies and of taking back.
type HandPage struct {
	Page
	Form  Form
	File  desk.HandView
	Name  string
	Steps []StepLink
	Lines []HandLine
	At    string              // of the visit
	Base  string              // leaf of the prescription
	Can   bool                // the person may, and the prescription is signed
	May   bool                // the person may
	Gone  []map[string]string // typed lines whose batch is no longer on the shelf
}

// HandLine is one line with its batches, as fields of the form.
type HandLine struct {
	desk.HandLine
	Parts []HandPart
}

// HandPart is one batch that can be taken.
type HandPart struct {
	desk.HandPart
	N    int
	Name string
	Unit string
}

func (s *Server) handBase(r *http.Request, h handForm) (*HandPage, error) {
	patient, visit, err := ids(r)
	if err != nil {
		return nil, err
	}
	me := who(r).session.person
	v := &HandPage{Page: s.page(r, h.title, "today"), Name: h.name, At: visitPath(patient, visit), May: handsOut(me.Role)}
	v.Hold = true
	if v.File, err = s.opts.Desk.HandPage(r.Context(), me.ID, patient, visit); err != nil {
		return nil, err
	}
	v.Page.Patient = banner(patient, v.File.Patient.Now, v.File.Patient.Allergies, v.Today)
	v.Page.Patient.Closed = v.File.Closed
	v.Steps = stepLinks(&v.File.Visit, "hand")
	if v.File.Prescription != nil {
		v.Base = leafText(v.File.Prescription.Leaf())
	}
	v.Can = v.May && v.File.Visit.Ended == nil && (h.name != "hand" || v.File.Signed)
	return v, nil
}

// number gives the batches their places in the form, and puts what was typed where its
// batch stands now: meanwhile another tablet may have emptied one.
func (v *HandPage) number(lines []desk.HandLine) {
	typed := v.typed()
	n := 0
	for _, l := range lines {
		out := HandLine{HandLine: l}
		for _, p := range l.Parts {
			part := HandPart{p, n, l.Line.Name, l.Line.Unit}
			for i, t := range typed {
				if t["goods"] == p.Goods.Key() {
					typed = slices.Delete(typed, i, i+1)
					v.put(n, t)
					break
				}
			}
			out.Parts = append(out.Parts, part)
			n++
		}
		v.Lines = append(v.Lines, out)
	}
	for _, t := range typed {
		if t["quantity"] != "" {
			v.Gone = append(v.Gone, t)
		}
	}
}

// typed takes the lines out of the form, in their order: the page shows every batch that
// could be taken, which are soon more than the lines of other forms.
func (v *HandPage) typed() (rows []map[string]string) {
	at := map[int]map[string]string{}
	for name := range v.Form.Values {
		field, place, _ := strings.Cut(name, ".")
		n, err := strconv.Atoi(place)
		if err != nil || !slices.Contains(lineFields(), field) {
			continue
		}
		if at[n] == nil {
			at[n] = map[string]string{}
		}
		at[n][field] = v.Form.Get(name)
		v.Form.Values.Del(name)
	}
	for _, n := range slices.Sorted(maps.Keys(at)) {
		if at[n]["goods"] != "" {
			rows = append(rows, at[n])
		}
	}
	return rows
}

func (v *HandPage) put(n int, row map[string]string) {
	for name, value := range row {
		v.Form.Set(line(name, n), value)
	}
}

// parts are all batches of the form.
func (v *HandPage) parts() (out []HandPart) {
	for _, l := range v.Lines {
		out = append(out, l.Parts...)
	}
	return out
}

func fillHand(v *HandPage) {
	fresh := len(v.Form.Values) == 0
	if v.number(v.File.Lines); !fresh {
		return
	}
	for _, p := range v.parts() {
		if p.Propose > 0 {
			v.Form.Set(line("quantity", p.N), plainMilli(p.Propose))
		}
	}
}

func fillUse(v *HandPage) { v.number(v.File.Supplies) }

func fillBack(*HandPage) {}

func (s *Server) handPage(h handForm) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.handBase(r, h)
		if err != nil {
			return err
		}
		v.Form = newForm(nil)
		if d, ok := s.draft(r); ok {
			v.Form, v.Draft = newForm(d), true
		}
		h.fill(v)
		if v.Lang == "en" && !v.Draft {
			v.Form.english()
		}
		return s.handShow(w, r, h, v, http.StatusOK)
	}
}

func (s *Server) handShow(w http.ResponseWriter, r *http.Request, h handForm, v *HandPage, status int) error {
	s.keepForm(r, v.Form)
	v.Errors = v.Form.without("q") // these pages have lines, and no search
	if h.page == "back" && len(v.File.Took) == 0 {
		v.Errors = v.Form.without("q", "words")
	}
	s.show(w, r, status, h.page, v)
	return nil
}

func (s *Server) handSave(h handForm) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.handBase(r, h)
		if err != nil {
			return err
		}
		v.Form = newForm(r.PostForm)
		h.fill(v)
		switch do := r.PostForm.Get("do"); do {
		case "scan":
			s.handScan(r, v)
			return s.handShow(w, r, h, v, http.StatusOK)
		case "back":
			return s.handShow(w, r, h, v, http.StatusOK)
		}
		if v.Lang == "en" {
			if v.Form.unclear(); !v.Form.OK() {
				return s.handShow(w, r, h, v, http.StatusUnprocessableEntity)
			}
		}
		if err = h.save(s, r, v); err == nil {
			s.saved(r)
			s.tell(r, "good", "saved."+h.name)
			http.Redirect(w, r, v.At+"/hand", http.StatusSeeOther)
			return nil
		}
		asked, err := s.asks(w, r, &v.Form, v.Page, err)
		if asked || err != nil {
			return err
		}
		return s.handShow(w, r, h, v, http.StatusUnprocessableEntity)
	}
}

// handScan ticks the batch that was scanned: it is the one in hand.
func (s *Server) handScan(r *http.Request, v *HandPage) {
	found, ok := s.scannedGoods(r, &v.Form)
	if !ok {
		return
	}
	all := v.parts()
	at := slices.IndexFunc(all, func(p HandPart) bool { return slices.Contains(found.Batches, p.Goods) })
	switch {
	case len(found.Batches) > 1:
		v.Form.Fail("scan", "stock.scan-many")
	case at < 0 && len(found.Batches) == 1 && found.Batches[0].Expired(v.Today):
		v.Form.Fail("scan", "stock.expired", "lot", found.Batches[0].Lot, "day", found.Batches[0].Expiry.String())
	case at < 0:
		v.Form.Fail("scan", "hand.scan-other")
	case v.Form.Get(line("checked", all[at].N)) != "":
		v.Form.Fail("scan", "hand.scan-twice", "lot", all[at].Goods.Lot)
	default:
		v.tick(all[at])
	}
}

// tick marks a batch as compared, and takes of it what no other batch of its line gives.
func (v *HandPage) tick(p HandPart) {
	v.Form.Set(line("checked", p.N), "yes")
	if v.Form.Get(line("quantity", p.N)) != "" {
		return
	}
	for _, l := range v.Lines {
		i := slices.IndexFunc(l.Parts, func(o HandPart) bool { return o.N == p.N })
		if i < 0 {
			continue
		}
		want := l.Left()
		for _, o := range l.Parts {
			if v.Form.Get(line("checked", o.N)) == "" {
				v.Form.Set(line("quantity", o.N), "") // it was proposed, and is not in hand
			} else if q, err := clinic.ParseMilli("", v.Form.Get(line("quantity", o.N))); err == nil {
				want -= q
			}
		}
		if take := min(max(want, 0), p.Booked); take > 0 {
			v.Form.Set(line("quantity", p.N), plainMilli(take))
		}
	}
}

// dispensed reads the lines that the form has: only batches that the page shows.
func (v *HandPage) dispensed() (out []desk.DispenseLine) {
	for _, p := range v.parts() {
		l := desk.DispenseLine{Goods: p.Goods, Quantity: v.Form.Get(line("quantity", p.N)), Checked: v.Form.Get(line("checked", p.N)) != ""}
		if price, err := strconv.ParseInt(v.Form.Get(line("price", p.N)), 10, 64); err == nil {
			l.Price, l.Priced = clinic.Dong(price), true
		}
		out = append(out, l)
	}
	for _, t := range v.Gone { // the desk says that it is gone
		out = append(out, desk.DispenseLine{Goods: goodsOf(t), Quantity: t["quantity"], Checked: true})
	}
	return out
}

func saveHand(s *Server, r *http.Request, v *HandPage) error {
	base, _ := parseLeaf(v.Form.Get("base"))
	if base == (clinic.Leaf{}) {
		return &desk.Error{Code: desk.CodeDispenseNone}
	}
	_, err := s.opts.Desk.Dispense(r.Context(), call(r, "act"), desk.DispenseInput{
		Patient: v.File.Visit.Patient, Visit: v.File.Visit.ID, Prescription: base, Lines: v.dispensed(), Confirmed: v.Form.Values["confirmed"],
	})
	return err
}

func saveUse(s *Server, r *http.Request, v *HandPage) error {
	lines := v.dispensed()
	for i := range lines {
		lines[i].Checked = true // gauze has no box to compare
	}
	_, err := s.opts.Desk.Dispense(r.Context(), call(r, "act"), desk.DispenseInput{
		Patient: v.File.Visit.Patient, Visit: v.File.Visit.ID, Lines: lines, Confirmed: v.Form.Values["confirmed"],
	})
	return err
}

func saveBack(s *Server, r *http.Request, v *HandPage) error {
	in := desk.ReturnInput{Patient: v.File.Visit.Patient, Visit: v.File.Visit.ID, Words: v.Form.Get("words"), Mistake: v.Form.Get("mistake") == "yes"}
	for i, t := range v.File.Took {
		in.Lines = append(in.Lines, desk.ReturnLine{Goods: t.Goods, Quantity: v.Form.Get(line("quantity", i)), Waste: v.Form.Get("waste") == "yes"})
	}
	_, err := s.opts.Desk.Return(r.Context(), call(r, "act"), in)
	return err
}

// FormRef is the form as templates hand it on.
func (v *HandPage) FormRef() *Form { return &v.Form }
