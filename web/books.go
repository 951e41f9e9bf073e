package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// Books is the view of the clinic's registers, and of the diseases that must be reported.
type Books struct {
	Page
	Alerts []desk.AlertRow
	Waits  int
	Tells  bool // the person may say that they reported one
	Months []clinic.Date
	Form   Form
	At     string // the leaf of the alert that Form is about
}

// DayBook is the view of the daily register.
type DayBook struct {
	Page
	desk.DayBook
	Before, After clinic.Date
}

// MonthBook is the view of a month's report.
type MonthBook struct {
	Page
	desk.MonthReport
	Parts         []MonthPart
	Before, After clinic.Date
}

// MonthPart is the figures of one key.
type MonthPart struct {
	Key   string
	Lines []MonthLine
}

// MonthLine is one figure, or one that changed.
type MonthLine struct {
	Name, Value, Was string
}

// shownMonths is how many months the page of registers lists.
const shownMonths = 12

func (s *Server) bookRoutes() map[string]handler {
	return map[string]handler{
		"GET /books":           showing(s, "books", s.booksView),
		"POST /books":          s.alertTold,
		"GET /books/day":       s.dayBook,
		"GET /books/month":     showing(s, "month", s.monthView),
		"GET /books/month.csv": s.monthFile,
		"POST /books/month":    s.monthHand,
	}
}

func (s *Server) booksView(r *http.Request) (*Books, error) {
	v := &Books{Page: s.page(r, "books.title", "today"), Form: newForm(nil)}
	me := who(r).session.person
	v.Tells = me.Role != clinic.RoleAdministrator
	var err error
	if v.Alerts, err = s.opts.Desk.Alerts(r.Context(), me.ID); err != nil {
		return nil, err
	}
	for _, a := range v.Alerts {
		if a.State == desk.AlertWaits {
			v.Waits++
		}
	}
	first := clinic.Date{Year: v.Today.Year, Month: v.Today.Month, Day: 1}
	for i := range shownMonths {
		v.Months = append(v.Months, clinic.DateOf(first.Time().AddDate(0, -i, 0)))
	}
	return v, nil
}

// alertTold records that an alert was reported by telephone or otherwise.
func (s *Server) alertTold(w http.ResponseWriter, r *http.Request) error {
	in := desk.AlertToldInput{How: r.PostForm.Get("how")}
	leaf, ok := parseLeaf(r.PostForm.Get("alert"))
	var err error
	if in.Patient, err = clinic.ParseID(r.PostForm.Get("patient")); err != nil || !ok {
		return errForm
	}
	if in.Visit, err = clinic.ParseID(r.PostForm.Get("visit")); err != nil {
		return errForm
	}
	in.Alert = leaf
	if _, err = s.opts.Desk.TellAlert(r.Context(), call(r, "act"), in); err != nil {
		f := newForm(r.PostForm)
		if !s.failed(r, &f, err) {
			return err
		}
		v, err := s.booksView(r)
		if err != nil {
			return err
		}
		v.Form, v.At = f, leafText(leaf)
		v.Errors = v.Form.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "books", v)
		return nil
	}
	s.tell(r, "good", "alert.told-saved")
	http.Redirect(w, r, "/books", http.StatusSeeOther)
	return nil
}

func (s *Server) dayBook(w http.ResponseWriter, r *http.Request) error {
	v := &DayBook{Page: s.page(r, "daybook.title", "today")}
	day, err := dayOf(r.URL.Query().Get("day"), v.Today)
	if err != nil {
		return err
	}
	if v.DayBook, err = s.opts.Desk.DayBook(r.Context(), who(r).session.person.ID, day); err != nil {
		return err
	}
	v.Before, v.After = day.AddDays(-1), day.AddDays(1)
	s.show(w, r, http.StatusOK, "daybook", v)
	return nil
}

// dayOf reads the day of an address, 8 digits; empty = other. Days that no visit can
// have are gone.
func dayOf(text string, other clinic.Date) (clinic.Date, error) {
	if text == "" {
		return other, nil
	}
	n, err := strconv.Atoi(text)
	d := clinic.Date{Year: n / 10000, Month: n / 100 % 100, Day: n % 100}
	if err != nil || len(text) != 8 || !d.Valid() || !d.Full() || d.Year < 2000 || d.Year > 2099 {
		return d, errGone
	}
	return d, nil
}

func (s *Server) monthView(r *http.Request) (*MonthBook, error) {
	v := &MonthBook{Page: s.page(r, "month.title", "today")}
	asked := r.URL.Query().Get("month")
	if r.Method == http.MethodPost {
		asked = r.PostForm.Get("month")
	}
	day, err := dayOf(asked, clinic.Date{Year: v.Today.Year, Month: v.Today.Month, Day: 1})
	if err != nil {
		return nil, err
	}
	if v.MonthReport, err = s.opts.Desk.MonthReport(r.Context(), who(r).session.person.ID, day); err != nil {
		return nil, err
	}
	v.Before, v.After = clinic.DateOf(v.Month.Time().AddDate(0, -1, 0)), clinic.DateOf(v.Month.Time().AddDate(0, 1, 0))
	for _, l := range v.MonthReport.Lines {
		if n := len(v.Parts); n == 0 || v.Parts[n-1].Key != l.Key {
			v.Parts = append(v.Parts, MonthPart{Key: l.Key})
		}
		p := &v.Parts[len(v.Parts)-1]
		p.Lines = append(p.Lines, MonthLine{Name: v.nameOf(l.Key, l.Of), Value: figure(l.Key, l.Value)})
	}
	return v, nil
}

// Plain is the figures that are about the whole month.
func (v *MonthBook) Plain() (out []MonthPart) {
	for _, key := range plainKeys() {
		for _, p := range v.Parts {
			if p.Key == key {
				out = append(out, p)
			}
		}
	}
	return out
}

// plainKeys are the keys that are about the whole month, in the order of the page.
func plainKeys() []string {
	return []string{
		clinic.ReportVisits, clinic.ReportSigned, clinic.ReportPeople, clinic.ReportInsured,
		clinic.ReportFemale, clinic.ReportUnder6, clinic.ReportOver60, clinic.ReportAfterwards,
	}
}

// Listed is the figures that are lists.
func (v *MonthBook) Listed() []MonthPart {
	return slices.DeleteFunc(slices.Clone(v.Parts), func(p MonthPart) bool {
		return slices.Contains(plainKeys(), p.Key)
	})
}

// Differ is what changed since the month was handed in.
func (v *MonthBook) Differ() (out []MonthPart) {
	for _, c := range v.Changes {
		out = append(out, MonthPart{Key: c.Key, Lines: []MonthLine{{
			Name: v.nameOf(c.Key, c.Of), Value: figure(c.Key, c.Now), Was: figure(c.Key, c.Was),
		}}})
	}
	return out
}

// nameOf names what a figure is about; empty = the month.
func (v *MonthBook) nameOf(key, of string) string {
	if key == clinic.ReportDay {
		if d, err := dayOf(of, clinic.Date{}); err == nil {
			return d.String()
		}
	}
	return strings.TrimSpace(of + " " + v.called(key, of))
}

// called is the name of what a figure is about, with the unit that it is counted in.
func (v *MonthBook) called(key, of string) string {
	row := v.Rows[key+" "+of]
	name := row.Name
	if v.Lang == "en" && row.English != "" {
		name = row.English
	}
	if row.Unit != "" {
		name = fmt.Sprintf("%s %s (%s)", name, row.Strength, row.Unit)
	}
	return strings.Join(strings.Fields(name), " ")
}

// figure writes a number in its key's unit.
func figure(key string, n int64) string {
	if key == clinic.ReportPrescribed || key == clinic.ReportUsed {
		return clinic.Milli(n).String()
	}
	return strconv.FormatInt(n, 10)
}

func (s *Server) monthHand(w http.ResponseWriter, r *http.Request) error {
	v, err := s.monthView(r)
	if err != nil {
		return err
	}
	in := desk.ReportInput{Month: v.Month, Digest: r.PostForm.Get("digest"), Again: r.PostForm.Get("again") == "yes"}
	if _, err = s.opts.Desk.HandIn(r.Context(), call(r, "act"), in); err != nil {
		f := newForm(r.PostForm)
		if !s.failed(r, &f, err) {
			return err
		}
		v.Errors = f.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "month", v)
		return nil
	}
	s.tell(r, "good", "month.handed-saved")
	http.Redirect(w, r, fmt.Sprintf("/books/month?month=%d", v.Month.Int()), http.StatusSeeOther)
	return nil
}

// monthFile is the month's figures as CSV with the mark that spreadsheets look for. The
// keys are those of the template; no cell begins with what a spreadsheet would run.
func (s *Server) monthFile(w http.ResponseWriter, r *http.Request) error {
	v, err := s.monthView(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-%d.csv"`, v.Template, v.Month.Int()/100))
	if _, err := w.Write([]byte("\ufeff")); err != nil {
		return nil // who asked went away
	}
	out := csv.NewWriter(w)
	rows := [][]string{{"template", "month", "key", "code", "name", "value"}}
	for _, l := range v.MonthReport.Lines {
		rows = append(rows, []string{v.Template, strconv.Itoa(v.Month.Int() / 100), l.Key, cell(l.Of), cell(v.called(l.Key, l.Of)), figure(l.Key, l.Value)})
	}
	_ = out.WriteAll(rows)
	return nil
}

// cell keeps a spreadsheet from running text.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
