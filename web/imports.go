package web

import (
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/interop/catalog"
	"clinicbox/interop/sheet"
)

// Upload is the view of the form that takes a file of rows.
type Upload struct {
	Page
	Name    string
	Form    Form
	Columns []string
}

// ImportPreview is the view of what a file would change.
type ImportPreview struct {
	Page
	Name  string
	File  string
	Form  Form
	Plan  PlanView
	Day   clinic.Date
	Whole bool
	Lines int  // rows of the file
	Goes  bool // it finishes an import that was cut
	Bad   bool // errors: nothing can be saved
	Warns bool
	None  bool // nothing to change
}

// PlanView is a plan as pages show it, cut at what a person can look through.
type PlanView struct {
	Added, Changed, Ended, Same int
	Changes                     []clinic.RowChange
	More                        int // changes that are not shown
	Errors, Warnings            []clinic.RowProblem
	MoreErrors, MoreWarnings    int
}

// ImportList is the view of what was imported here.
type ImportList struct {
	Page
	List []desk.ImportInfo
}

// ImportOne is the view of one import, and of what taking it back would do.
type ImportOne struct {
	Page
	File desk.ImportPage
	Plan PlanView
	May  bool
}

const (
	shownChanges  = 200
	shownProblems = 100
)

func planView(p *clinic.CatalogPlan) PlanView {
	v := PlanView{
		Added: p.Count(clinic.ChangeAdded), Changed: p.Count(clinic.ChangeChanged), Ended: p.Count(clinic.ChangeEnded), Same: p.Same,
	}
	for _, c := range p.Changes {
		if c.Kind != clinic.ChangeClosed { // it is told with the row that follows
			v.Changes = append(v.Changes, c)
		}
	}
	for _, b := range p.Problems {
		if b.Warn {
			v.Warnings = append(v.Warnings, b)
		} else {
			v.Errors = append(v.Errors, b)
		}
	}
	v.More = max(0, len(v.Changes)-shownChanges)
	v.MoreErrors, v.MoreWarnings = max(0, len(v.Errors)-shownProblems), max(0, len(v.Warnings)-shownProblems)
	v.Changes = v.Changes[:len(v.Changes)-v.More]
	v.Errors, v.Warnings = v.Errors[:len(v.Errors)-v.MoreErrors], v.Warnings[:len(v.Warnings)-v.MoreWarnings]
	return v
}

func (s *Server) uploadView(r *http.Request) (*Upload, error) {
	me := who(r).session.person
	if !administers(me) {
		return nil, denied(me)
	}
	v := &Upload{Page: s.page(r, "import.title", "staff"), Name: r.PathValue("catalog"), Form: newForm(nil)}
	if !slices.Contains(clinic.CatalogNames(), v.Name) {
		return nil, errGone
	}
	v.Asking = true
	for _, c := range clinic.CatalogColumns() {
		v.Columns = append(v.Columns, c.Name)
	}
	return v, nil
}

// uploadSave keeps the file until somebody has looked at what it changes.
func (s *Server) uploadSave(w http.ResponseWriter, r *http.Request) error {
	v, err := s.uploadView(r)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	u := upload{id: clinic.NewID(), token: who(r).session.token, catalog: v.Name, whole: v.Form.Get("whole") != ""}
	u.day = readDate(&v.Form, "day")
	if !u.day.IsZero() && !u.day.Full() {
		v.Form.Fail("day", "problem.date")
	}
	if u.name, u.bytes, err = fileOf(r); err != nil {
		return err
	}
	if len(u.bytes) == 0 {
		v.Form.Fail("file", "import.choose")
	}
	if !v.Form.OK() {
		v.Errors = v.Form.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "import", v)
		return nil
	}
	s.staged.put(u)
	http.Redirect(w, r, catalogPath(v.Name, "import", u.id.String()), http.StatusSeeOther)
	return nil
}

// fileOf reads the file of a form.
func fileOf(r *http.Request) (name string, b []byte, err error) {
	f, head, err := r.FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, errors.Join(errForm, err)
	}
	defer f.Close()
	b, err = io.ReadAll(f)
	return head.Filename, b, err
}

// preview reads the file that waits and says what it would change. A nil view means
// that no file waits any more.
func (s *Server) preview(r *http.Request) (*ImportPreview, desk.ImportInput, error) {
	id, _ := clinic.ParseID(r.PathValue("file"))
	u, ok := s.staged.get(who(r).session.token, id)
	if !ok || u.catalog != r.PathValue("catalog") {
		return nil, desk.ImportInput{}, nil
	}
	read := catalog.Read(u.name, u.catalog, u.bytes, sheet.DefaultLimits())
	in := desk.ImportInput{Catalog: u.catalog, File: u.name, Hash: sha256.Sum256(u.bytes), Rows: read.Rows, Columns: read.Columns, Day: u.day, Whole: u.whole}
	v := &ImportPreview{Page: s.page(r, "import.title", "staff"), Name: u.catalog, File: u.name, Whole: u.whole, Lines: read.Lines, Form: newForm(r.PostForm)}
	v.Day, v.Hold = u.day, true
	plan := desk.ImportPlan{CatalogPlan: clinic.CatalogPlan{Problems: read.Problems}}
	if len(read.Rows) > 0 {
		p, err := s.opts.Desk.PlanImport(r.Context(), who(r).session.person.ID, in)
		if err != nil {
			return nil, in, err
		}
		p.Problems = append(slices.Clone(read.Problems), p.Problems...)
		plan, v.Day = p, p.Day
	}
	slices.SortStableFunc(plan.Problems, func(a, b clinic.RowProblem) int { return a.At - b.At })
	v.Plan, v.Bad, v.Goes = planView(&plan.CatalogPlan), plan.Refused(), !plan.Goes.IsZero()
	v.Warns = len(v.Plan.Warnings) > 0
	v.None = !v.Bad && len(plan.Changes) == 0 && !v.Goes
	return v, in, nil
}

func (s *Server) importPreview(w http.ResponseWriter, r *http.Request) error {
	me := who(r).session.person
	if !administers(me) {
		return denied(me)
	}
	v, _, err := s.preview(r)
	if err != nil {
		return err
	}
	if v == nil {
		return s.chooseAgain(w, r)
	}
	s.show(w, r, http.StatusOK, "importplan", v)
	return nil
}

// chooseAgain leads back to the form: the file waits no more, the box was started anew.
func (s *Server) chooseAgain(w http.ResponseWriter, r *http.Request) error {
	s.tell(r, "warn", "import.gone")
	http.Redirect(w, r, catalogPath(r.PathValue("catalog"), "import"), http.StatusSeeOther)
	return nil
}

// savedBefore answers a form whose file waits no more: it was pressed twice, or the box
// was started anew.
func (s *Server) savedBefore(w http.ResponseWriter, r *http.Request, c desk.Call) error {
	list, err := s.opts.Desk.Imports(r.Context(), c.By)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(list, func(i desk.ImportInfo) bool { return i.ID == c.Act && i.Done }) {
		return s.chooseAgain(w, r)
	}
	s.tell(r, "good", "import.saved")
	http.Redirect(w, r, "/imports", http.StatusSeeOther)
	return nil
}

// importSave sets the rows.
func (s *Server) importSave(w http.ResponseWriter, r *http.Request) error {
	me := who(r).session.person
	if !administers(me) {
		return denied(me)
	}
	v, in, err := s.preview(r)
	if err != nil {
		return err
	}
	c := call(r, "act")
	if v == nil {
		return s.savedBefore(w, r, c)
	}
	if v.Bad {
		s.show(w, r, http.StatusUnprocessableEntity, "importplan", v)
		return nil
	}
	in.Confirmed = v.Form.Get("confirm") != ""
	done, err := s.opts.Desk.Import(r.Context(), c, in)
	if err != nil {
		if !s.failed(r, &v.Form, err) {
			return err
		}
		v.Errors = v.Form.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "importplan", v)
		return nil
	}
	s.staged.drop(who(r).session.token)
	note := "import.saved"
	if done.Again {
		note = "import.nothing"
	}
	s.tell(r, "good", note)
	http.Redirect(w, r, "/imports", http.StatusSeeOther)
	return nil
}

func (s *Server) importList(w http.ResponseWriter, r *http.Request) error {
	v := &ImportList{Page: s.page(r, "imports.title", "staff")}
	var err error
	if v.List, err = s.opts.Desk.Imports(r.Context(), who(r).session.person.ID); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "imports", v)
	return nil
}

func (s *Server) importView(r *http.Request) (*ImportOne, error) {
	id, err := clinic.ParseID(r.PathValue("import"))
	if err != nil {
		return nil, errGone
	}
	v := &ImportOne{Page: s.page(r, "imports.one", "staff")}
	if v.File, err = s.opts.Desk.PlanUndo(r.Context(), who(r).session.person.ID, id); err != nil {
		return nil, err
	}
	v.Plan, v.May = planView(&v.File.Undo.CatalogPlan), v.File.May && len(v.File.Undo.Changes) > 0
	return v, nil
}

// importUndo takes an import back.
func (s *Server) importUndo(w http.ResponseWriter, r *http.Request) error {
	v, err := s.importView(r)
	if err != nil {
		return err
	}
	if _, err := s.opts.Desk.Undo(r.Context(), call(r, "act"), v.File.Info.ID); err != nil {
		return err
	}
	s.tell(r, "good", "imports.undone")
	http.Redirect(w, r, "/imports", http.StatusSeeOther)
	return nil
}

// takesFile reports whether a form of the address may be as large as a catalogue's file.
func takesFile(r *http.Request) bool {
	return r.Method == http.MethodPost && (strings.HasPrefix(r.URL.Path, "/catalogs/") && strings.HasSuffix(r.URL.Path, "/import") ||
		strings.HasPrefix(r.URL.Path, "/old/") && strings.HasSuffix(r.URL.Path, "/new"))
}

// takeFile makes ready the body of a request that may carry a file: only an
// administrator at work may send one. Of somebody who must type the PIN first it is
// read and thrown away, for a browser shows no answer that comes before its end; of
// anybody else nothing is read.
func takeFile(w http.ResponseWriter, r *http.Request, x *session) {
	body := http.MaxBytesReader(w, r.Body, uploadLimit)
	if x.token != "" && !x.locked && administers(x.person) {
		r.Body = body
		return
	}
	if x.token != "" {
		_, _ = io.Copy(io.Discard, body) // the answer is the same
	}
	r.Body = http.NoBody
	r.Header.Del("Content-Type")
}
