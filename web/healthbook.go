package web

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/paper"
	"clinicbox/web/i18n"
)

// HealthBook is the view of somebody's health book; the pages that change it embed it.
type HealthBook struct {
	Page
	Book   desk.Book
	At     string // its path
	Works  bool   // the person changes it
	Prints bool
	Lines  []IndicatorLine
}

// IndicatorLine is one thing that was measured, as picture and table.
type IndicatorLine struct {
	clinic.Indicator
	Chart  Chart
	Latest []clinic.Measured // the latest first, as many as the table shows at once
	Before []clinic.Measured // those before them
	Child  bool              // ages stand beside the days
}

// latestShown is how many values a table shows at once.
const latestShown = 6

func (s *Server) healthBookRoutes() map[string]handler {
	const p = "/patients/{patient}/book"
	return map[string]handler{
		"GET " + p:                   s.healthBook,
		"GET " + p + "/edit":         s.healthBookEdit,
		"POST " + p + "/edit":        s.healthBookSave,
		"GET " + p + "/past":         s.pastForm,
		"POST " + p + "/past":        s.pastSave,
		"POST " + p + "/print":       s.healthBookPrint,
		"POST " + p + "/sheet":       s.healthBookCopy,
		"GET " + p + "/sheet/{leaf}": s.healthBookSheet,
	}
}

func healthBookPath(id clinic.ID) string { return patientPath(id) + "/book" }

func (s *Server) healthBookView(r *http.Request, title string) (*HealthBook, error) {
	id, _, err := ids(r)
	if err != nil {
		return nil, err
	}
	by := who(r).session.person
	v := &HealthBook{Page: s.page(r, title, ""), At: healthBookPath(id), Works: works(by.Role, clinic.KindVitals, false), Prints: registers(by)}
	if v.Book, err = s.opts.Desk.BookPage(r.Context(), by.ID, id); err != nil {
		return nil, err
	}
	v.Page.Patient = banner(v.Book.Patient.ID, v.Book.Patient.Now, v.Book.Patient.Allergies, v.Today)
	v.Page.Patient.ID = id // forms are of the address
	for _, x := range v.Book.Indicators {
		if charted(&x) {
			v.Lines = append(v.Lines, s.indicatorLine(v.Lang, x))
		}
	}
	return v, nil
}

// charted leaves out what tells of a day and not of a life: pulse, temperature.
func charted(x *clinic.Indicator) bool {
	switch x.Name {
	case clinic.FieldPulse, clinic.FieldTemperature, clinic.FieldBreathing, clinic.FieldSpO2:
		return x.Test != ""
	}
	return true
}

func (s *Server) indicatorLine(lang string, x clinic.Indicator) IndicatorLine {
	words := s.engine.catalogues[lang]
	l := IndicatorLine{Indicator: x, Chart: Chart{Name: x.Test, Unit: x.Unit}}
	if x.Test == "" {
		l.Chart.Name = words.Text("field." + x.Name)
	}
	for _, m := range x.Points {
		at := func(n clinic.Milli) ChartPoint { return ChartPoint{On: m.On, Value: float64(n) / 1000, Bad: m.Unusual} }
		l.Chart.Points = append(l.Chart.Points, at(m.Value))
		if m.Second != 0 {
			l.Chart.Second = append(l.Chart.Second, at(m.Second))
		}
		l.Child = l.Child || m.Age != (clinic.Age{}) && m.Age.Years < 18
	}
	all := slices.Clone(x.Points)
	slices.Reverse(all)
	n := min(len(all), latestShown)
	l.Latest, l.Before = all[:n], all[n:]
	return l
}

func (s *Server) healthBook(w http.ResponseWriter, r *http.Request) error {
	v, err := s.healthBookView(r, "healthbook.title")
	if err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "healthbook", v)
	return nil
}

// HealthBookEdit is the view of the form over the template.
type HealthBookEdit struct {
	HealthBook
	Form  Form
	Mark  string
	Meant map[string]string // what somebody else saved meanwhile of what was typed here
}

// was is the field that holds what stood as the form was filled.
func was(code string) string { return "was." + code }

func (s *Server) healthBookEdit(w http.ResponseWriter, r *http.Request) error {
	p, err := s.healthBookView(r, "healthbook.edit")
	if err != nil {
		return err
	}
	v := &HealthBookEdit{HealthBook: *p, Form: newForm(nil), Mark: p.Book.Mark}
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft, v.Mark = newForm(d), true, d.Get("base")
	} else {
		for code, now := range bookValues(&v.Book) {
			v.Form.Set(code, now)
			v.Form.Set(was(code), now)
		}
	}
	v.Hold = true
	s.show(w, r, http.StatusOK, "healthbookedit", v)
	return nil
}

// bookValues is what stands of every thing of the template. One of which boxes said
// different words is empty: choosing one settles it, leaving it empty does not.
func bookValues(b *desk.Book) map[string]string {
	out := map[string]string{}
	for _, sec := range b.Sections {
		for _, x := range sec.Things {
			out[x.Row.Code] = ""
			if len(x.Values) == 1 {
				out[x.Row.Code] = x.Values[0]
			}
		}
	}
	return out
}

// healthBookSave saves what was changed in the form. When somebody else saved meanwhile,
// nothing is written: what only they changed is taken over into the form, what both
// changed stays as it was typed and says what they saved.
func (s *Server) healthBookSave(w http.ResponseWriter, r *http.Request) error {
	p, err := s.healthBookView(r, "healthbook.edit")
	if err != nil {
		return err
	}
	v := &HealthBookEdit{HealthBook: *p, Form: newForm(r.PostForm), Mark: r.PostForm.Get("base"), Meant: map[string]string{}}
	in := desk.BookInput{Patient: v.Page.Patient.ID, Base: v.Mark, Values: map[string]string{}}
	now := bookValues(&v.Book)
	for code := range now {
		if _, there := v.Form.Values[code]; there && v.Form.Get(code) != v.Form.Get(was(code)) {
			in.Values[code] = v.Form.Get(code)
		}
	}
	note := "healthbook.saved"
	if len(in.Values) == 0 {
		note = "healthbook.same"
	} else if _, err = s.opts.Desk.SaveBook(r.Context(), call(r, "act"), in); err != nil {
		if !s.failed(r, &v.Form, err) {
			return err
		}
		if changed := desk.ErrorsOf(err); changed[0].Code == desk.CodeChanged {
			v.join(now)
		}
		s.keepForm(r, v.Form)
		v.Errors, v.Hold = v.Form.Errors, true
		s.show(w, r, http.StatusUnprocessableEntity, "healthbookedit", v)
		return nil
	}
	s.saved(r)
	s.tell(r, "good", note)
	http.Redirect(w, r, v.At, http.StatusSeeOther)
	return nil
}

// join brings what stands now into the form.
func (v *HealthBookEdit) join(now map[string]string) {
	v.Mark = v.Book.Mark
	v.Form.Set("base", v.Mark)
	for code, value := range now {
		old := v.Form.Get(was(code))
		if value == old {
			continue
		}
		if v.Form.Get(code) == old {
			v.Form.Set(code, value)
		} else if v.Form.Get(code) != value {
			v.Meant[code] = value
		}
		v.Form.Set(was(code), value)
	}
}

// PastForm is the view of the form of a history without a day.
type PastForm struct {
	HealthBook
	Form    Form
	Of      *clinic.Document // that it changes; nil = a new one
	Abouts  []clinic.PastAbout
	Sources []clinic.PastSource
}

func (s *Server) pastView(r *http.Request, base string) (*PastForm, error) {
	p, err := s.healthBookView(r, "healthbook.past")
	if err != nil {
		return nil, err
	}
	v := &PastForm{HealthBook: *p, Abouts: clinic.PastAbouts(), Sources: clinic.PastSources()}
	v.Hold = true
	leaf, ok := parseLeaf(base)
	for i := range v.Book.Past {
		if d := &v.Book.Past[i]; ok && holdsLeaf(d, leaf) {
			v.Of = d
		}
	}
	return v, nil
}

func (s *Server) pastForm(w http.ResponseWriter, r *http.Request) error {
	v, err := s.pastView(r, r.URL.Query().Get("of"))
	if err != nil {
		return err
	}
	v.Form = newForm(nil)
	if d, ok := s.draft(r); ok {
		v.Form, v.Draft = newForm(d), true
	} else if v.Of != nil {
		x := clinic.PastOf(v.Of)
		v.Form.Set("base", leafText(v.Of.Leaf()))
		setCount(&v.Form, "about", int(x.About))
		setCount(&v.Form, "source", int(x.Source))
		v.Form.Set("text", x.Text)
		setCount(&v.Form, "year", x.Year)
	}
	s.show(w, r, http.StatusOK, "healthpast", v)
	return nil
}

func (s *Server) pastSave(w http.ResponseWriter, r *http.Request) error {
	f := newForm(r.PostForm)
	v, err := s.pastView(r, f.Get("base"))
	if err != nil {
		return err
	}
	in := desk.PastInput{Patient: v.Page.Patient.ID, Why: f.Get("why")}
	in.Base, _ = parseLeaf(f.Get("base"))
	in.About, in.Source, in.Text = clinic.PastAbout(readChoice(&f, "about")), clinic.PastSource(readChoice(&f, "source")), f.Get("text")
	if y := f.Get("year"); y != "" {
		if in.Year, err = strconv.Atoi(y); err != nil || in.Year == 0 {
			in.Year = -1
		}
	}
	in.Gone = f.Get("do") == "gone"
	if _, err = s.opts.Desk.SavePast(r.Context(), call(r, "act"), in); err != nil {
		if !s.failed(r, &f, err) {
			return err
		}
		if changed := desk.ErrorsOf(err)[0].Code == desk.CodeChanged; changed && v.Of == nil {
			return s.pastGone(w, r, f, in.Gone)
		} else if changed {
			f.Set("base", leafText(v.Of.Leaf()))
		}
		s.keepForm(r, f)
		v.Form, v.Errors = f, f.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "healthpast", v)
		return nil
	}
	s.saved(r)
	s.tell(r, "good", "healthbook.saved")
	http.Redirect(w, r, v.At, http.StatusSeeOther)
	return nil
}

// pastGone leads back to the book when somebody else took back what the form changes. What
// was typed waits in the form of a new one.
func (s *Server) pastGone(w http.ResponseWriter, r *http.Request, f Form, gone bool) error {
	note := "healthbook.past-gone"
	if gone {
		s.saved(r)
		note = "healthbook.past-gone-too"
	} else {
		f.Set("base", "")
		f.Set("why", "")
		s.keepForm(r, f)
	}
	s.tell(r, "warn", note)
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	http.Redirect(w, r, healthBookPath(id), http.StatusSeeOther)
	return nil
}

// healthBookPrint sends the short paper to the printer.
func (s *Server) healthBookPrint(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	_, err = s.opts.Desk.PrintBook(r.Context(), call(r, "act"), id)
	if refusals := desk.ErrorsOf(err); err != nil && (refusals == nil || refusals[0].Code != desk.CodePrintQueue) {
		return err
	} else if err != nil {
		s.tell(r, "warn", string(desk.CodePrintQueue))
	} else {
		s.tell(r, "good", "healthbook.sent")
	}
	http.Redirect(w, r, healthBookPath(id), http.StatusSeeOther)
	return nil
}

// healthBookCopy records a copy on A4 and leads to it.
func (s *Server) healthBookCopy(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	done, err := s.opts.Desk.BookSheetCopy(r.Context(), call(r, "act"), id)
	if err != nil {
		return err
	}
	http.Redirect(w, r, healthBookPath(id)+"/sheet/"+leafText(done.Records[0].Leaf), http.StatusSeeOther)
	return nil
}

// PaperSheet is the view of a paper that the browser prints on A4: the same words, in the
// language of papers, as the slip printer's.
type PaperSheet struct {
	Page
	At     string
	Blocks []SheetBlock
}

// SheetBlock is one block; rows that follow each other share a list.
type SheetBlock struct {
	paper.Block
	Rows []paper.Block
}

func (s *Server) healthBookSheet(w http.ResponseWriter, r *http.Request) error {
	id, _, err := ids(r)
	if err != nil {
		return err
	}
	leaf, ok := parseLeaf(r.PathValue("leaf"))
	if !ok {
		return errGone
	}
	doc, err := s.opts.Desk.BookSheet(r.Context(), who(r).session.person.ID, id, leaf)
	if refusals := desk.ErrorsOf(err); len(refusals) > 0 && refusals[0].Code == desk.CodeBookCopy {
		return errGone
	} else if err != nil {
		return err
	}
	v := &PaperSheet{Page: s.page(r, "healthbook.title", ""), At: healthBookPath(id)}
	for _, b := range doc.Blocks {
		n := len(v.Blocks)
		switch {
		case b.Kind != paper.KindRow:
			b.Text = strings.TrimSpace(b.Text)
			v.Blocks = append(v.Blocks, SheetBlock{Block: b})
		case n > 0 && v.Blocks[n-1].Kind == paper.KindRow:
			v.Blocks[n-1].Rows = append(v.Blocks[n-1].Rows, b)
		default:
			v.Blocks = append(v.Blocks, SheetBlock{Block: b, Rows: []paper.Block{b}})
		}
	}
	s.show(w, r, http.StatusOK, "papersheet", v)
	return nil
}

// Empty are the sections of which nothing is known.
func (v *HealthBook) Empty() (out []clinic.CatalogRow) {
	for _, sec := range v.Book.Sections {
		if !slices.ContainsFunc(sec.Things, func(x desk.BookThing) bool { return len(x.Values) > 0 }) {
			out = append(out, sec.Row)
		}
	}
	return out
}

// bookSays writes an answer in the language of the page: a word of the choice has one in
// each.
func bookSays(c *i18n.Catalogue, row clinic.CatalogRow, value string) string {
	for _, x := range row.Value.Choices() {
		if x.Name == value {
			return choiceName(c, x)
		}
	}
	if _, number := row.Value.Decimals(); number {
		return numText(c, value)
	}
	return value
}

// measuredRows are rows of a table with what they share.
type measuredRows struct {
	Line  *IndicatorLine
	Rows  []clinic.Measured
	Birth clinic.Date
}

// bookThing is one thing of the template with the form around it.
type bookThing struct {
	Thing desk.BookThing
	Form  *HealthBookEdit
}

// Meant is what somebody else saved meanwhile; empty = nothing.
func (b *bookThing) Meant() string { return b.Form.Meant[b.Thing.Row.Code] }

// healthBookFuncs is what the templates of the health book call.
func healthBookFuncs(c *i18n.Catalogue) template.FuncMap {
	return template.FuncMap{
		"pastOf":    clinic.PastOf,
		"pastIn":    func(r clinic.Record) *clinic.PastItem { b, _ := r.Body.(*clinic.HealthBook); return b.Past },
		"dateOf":    clinic.DateOf,
		"bookSays":  func(r clinic.CatalogRow, v string) string { return bookSays(c, r, v) },
		"bookThing": func(x desk.BookThing, v *HealthBookEdit) *bookThing { return &bookThing{x, v} },
		"measuredRows": func(l IndicatorLine, rows []clinic.Measured, birth clinic.Date) measuredRows {
			return measuredRows{&l, rows, birth}
		},
		"qr": qrSVG,
	}
}
