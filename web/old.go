package web

import (
	"crypto/sha256"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/interop/dayone"
)

// OldStart is the view of what was brought in, and of where to begin.
type OldStart struct {
	Page
	Lists []clinic.OldList
	Done  []desk.OldInfo
}

// OldUpload is the view of the form that takes a file of old data.
type OldUpload struct {
	Page
	Form    Form
	List    clinic.OldList
	Columns []string
}

// OldPreview is the view of what a file would bring.
type OldPreview struct {
	Page
	Form                                   Form
	List                                   clinic.OldList
	File                                   string
	Path                                   string
	Lines, Bad                             int
	Adds, Joins, Skips, Asks, Refused, Has int
	Told                                   PlanView // its problems
	Questions                              []OldQuestion
	Bulk                                   []OldBulk
	Goes                                   bool // it finishes an import that was cut
	None                                   bool // nothing to bring
}

// OldQuestion is a row that may be of somebody known.
type OldQuestion struct {
	desk.OldPlanRow
	Others bool // it may be of somebody else: not so for a visit
	Stock  bool // a batch that may be counted twice
}

// OldBulk answers all rows of a kind that have no answer of their own.
type OldBulk struct {
	Name  string
	Words string // of old.all.
	N     int
	Is    string
}

// OldOne is the view of one import, and of what taking it back would do.
type OldOne struct {
	Page
	desk.OldUndo
	More int // people who stay and are not shown
}

// oldAnswers are what a person said of the rows of a file that waits.
type oldAnswers struct {
	rows         map[int]desk.OldAnswer
	number, name desk.OldDo
}

// shownQuestions is how many rows one page asks about.
const shownQuestions = 20

func (s *Server) oldRoutes() map[string]handler {
	return map[string]handler{
		"GET /old":                     s.oldStart,
		"GET /old/{list}/new":          showing(s, "oldnew", s.oldUploadView),
		"POST /old/{list}/new":         s.oldUpload,
		"GET /old/{list}/file/{file}":  s.oldPreview,
		"POST /old/{list}/file/{file}": s.oldSave,
		"GET /old/{import}":            showing(s, "oldone", s.oldView),
		"POST /old/{import}":           s.oldUndo,
	}
}

func (s *Server) oldStart(w http.ResponseWriter, r *http.Request) error {
	v := &OldStart{Page: s.page(r, "old.title", "staff"), Lists: clinic.OldLists()}
	var err error
	if v.Done, err = s.opts.Desk.OldImports(r.Context(), who(r).session.person.ID); err != nil {
		return err
	}
	s.show(w, r, http.StatusOK, "old", v)
	return nil
}

func (s *Server) oldUploadView(r *http.Request) (*OldUpload, error) {
	me := who(r).session.person
	if !administers(me) {
		return nil, denied(me)
	}
	v := &OldUpload{Page: s.page(r, "old.title", "staff"), List: clinic.OldList(r.PathValue("list")), Form: newForm(nil)}
	if !slices.Contains(clinic.OldLists(), v.List) {
		return nil, errGone
	}
	v.Asking, v.Columns = true, dayone.Columns(v.List)
	return v, nil
}

// oldUpload keeps the file until somebody has looked at what it brings.
func (s *Server) oldUpload(w http.ResponseWriter, r *http.Request) error {
	v, err := s.oldUploadView(r)
	if err != nil {
		return err
	}
	u := upload{id: clinic.NewID(), token: who(r).session.token, catalog: oldStaged(v.List)}
	if u.name, u.bytes, err = fileOf(r); err != nil {
		return err
	}
	if len(u.bytes) == 0 {
		v.Form.Fail("file", "import.choose")
		v.Errors = v.Form.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "oldnew", v)
		return nil
	}
	s.staged.put(u)
	http.Redirect(w, r, oldPath(v.List, u.id), http.StatusSeeOther)
	return nil
}

func oldStaged(list clinic.OldList) string { return "old/" + string(list) }

func oldPath(list clinic.OldList, file clinic.ID) string {
	return "/old/" + string(list) + "/file/" + file.String()
}

// oldRead reads the file that waits and says what it would bring; nil: none waits.
func (s *Server) oldRead(r *http.Request) (*OldPreview, *upload, desk.OldInput, error) {
	var in desk.OldInput
	if me := who(r).session.person; !administers(me) {
		return nil, nil, in, denied(me)
	}
	id, _ := clinic.ParseID(r.PathValue("file"))
	list := clinic.OldList(r.PathValue("list"))
	u, ok := s.staged.get(who(r).session.token, id)
	if !ok || u.catalog != oldStaged(list) {
		return nil, nil, in, nil
	}
	now, _ := s.opts.Clock.Now()
	read := dayone.Read(u.name, list, u.bytes, clinic.DateOf(now))
	in = desk.OldInput{List: list, File: u.name, Hash: sha256.Sum256(u.bytes), Rows: read.Rows, Size: read.Lines}
	in.Answers, in.ByNumber, in.ByName = u.old.rows, u.old.number, u.old.name
	v := &OldPreview{Page: s.page(r, "old.title", "staff"), Form: newForm(r.PostForm), List: list, File: u.name, Path: oldPath(list, id), Lines: read.Lines, Bad: read.Bad}
	v.Hold = true
	problems := read.Problems
	if len(read.Rows) > 0 {
		plan, err := s.opts.Desk.PlanOld(r.Context(), who(r).session.person.ID, in)
		if err != nil {
			return nil, nil, in, err
		}
		v.plan(&plan)
		for i := range plan.Rows {
			if plan.Rows[i].Does == desk.OldRefuses {
				problems = append(problems, plan.Rows[i].Problem)
			}
		}
	}
	v.told(problems)
	v.bulk(&u.old)
	v.None = !v.Goes && v.Asks == 0 && v.Adds+v.Joins+v.Skips == 0
	return v, &u, in, nil
}

// plan counts what becomes of the rows, and takes the first questions.
func (v *OldPreview) plan(p *desk.OldPlan) {
	v.Adds, v.Joins, v.Skips = p.Count(desk.OldAdds), p.Count(desk.OldJoins), p.Count(desk.OldSkips)
	v.Asks, v.Refused, v.Has, v.Goes = p.Count(desk.OldAsks), p.Count(desk.OldRefuses), p.Count(desk.OldHas), !p.Goes.IsZero()
	byNumber, byName := 0, 0
	for _, row := range p.Rows {
		if row.Does != desk.OldAsks {
			continue
		}
		if row.Like == clinic.LikeNumber {
			byNumber++
		} else {
			byName++
		}
		if len(v.Questions) < shownQuestions {
			v.Questions = append(v.Questions, OldQuestion{row, v.List == clinic.OldPatients, v.List == clinic.OldStock})
		}
	}
	switch v.List {
	case clinic.OldPatients:
		v.Bulk = []OldBulk{{Name: "number", Words: "number", N: byNumber}, {Name: "name", Words: "name", N: byName}}
	case clinic.OldStock:
		v.Bulk = []OldBulk{{Name: "name", Words: "goods", N: byName}}
	}
}

func (v *OldPreview) bulk(a *oldAnswers) {
	for i := range v.Bulk {
		do := a.number
		if v.Bulk[i].Name == "name" {
			do = a.name
		}
		v.Bulk[i].Is = oldDoText(do)
	}
	v.Bulk = slices.DeleteFunc(v.Bulk, func(b OldBulk) bool { return b.N == 0 && b.Is == "" })
}

func (v *OldPreview) told(problems []clinic.RowProblem) {
	slices.SortStableFunc(problems, func(a, b clinic.RowProblem) int { return a.At - b.At })
	v.Told = planView(&clinic.CatalogPlan{Problems: problems})
}

func oldDoText(do desk.OldDo) string {
	return map[desk.OldDo]string{desk.OldSame: "same", desk.OldOther: "other", desk.OldSkip: "skip"}[do]
}

func parseOldDo(s string) desk.OldDo {
	return map[string]desk.OldDo{"same": desk.OldSame, "other": desk.OldOther, "skip": desk.OldSkip}[s]
}

func (s *Server) oldPreview(w http.ResponseWriter, r *http.Request) error {
	v, _, _, err := s.oldRead(r)
	if err != nil {
		return err
	}
	if v == nil {
		return s.oldAgain(w, r)
	}
	s.show(w, r, http.StatusOK, "oldplan", v)
	return nil
}

// oldAgain leads back to the form: the file waits no more, the box was started anew.
func (s *Server) oldAgain(w http.ResponseWriter, r *http.Request) error {
	s.tell(r, "warn", "old.gone")
	http.Redirect(w, r, "/old", http.StatusSeeOther)
	return nil
}

// oldSave takes answers, or brings the rows in.
func (s *Server) oldSave(w http.ResponseWriter, r *http.Request) error {
	v, u, in, err := s.oldRead(r)
	if err != nil {
		return err
	}
	if v == nil {
		return s.oldAgain(w, r)
	}
	if v.Form.Get("do") != "bring" {
		u.old = answersOf(&v.Form, &u.old)
		s.staged.put(*u)
		http.Redirect(w, r, v.Path, http.StatusSeeOther)
		return nil
	}
	in.Confirmed = v.Form.Get("confirm") != ""
	if _, err := s.opts.Desk.BringOld(r.Context(), call(r, "act"), in); err != nil {
		if !s.failed(r, &v.Form, err) {
			return err
		}
		v.Errors = v.Form.Errors
		s.show(w, r, http.StatusUnprocessableEntity, "oldplan", v)
		return nil
	}
	s.staged.drop(who(r).session.token)
	s.tell(r, "good", "old.saved")
	http.Redirect(w, r, "/old", http.StatusSeeOther)
	return nil
}

// answersOf reads what was said: "row.12" is same.<patient>, line.<line>, other or skip.
func answersOf(f *Form, before *oldAnswers) oldAnswers {
	out := oldAnswers{rows: maps.Clone(before.rows), number: before.number, name: before.name}
	if out.rows == nil {
		out.rows = map[int]desk.OldAnswer{}
	}
	if _, there := f.Values["all.number"]; there {
		out.number = parseOldDo(f.Get("all.number"))
	}
	if _, there := f.Values["all.name"]; there {
		out.name = parseOldDo(f.Get("all.name"))
	}
	for name := range f.Values {
		line, err := strconv.Atoi(strings.TrimPrefix(name, "row."))
		if err != nil {
			continue
		}
		do, of, _ := strings.Cut(f.Get(name), ".")
		a := desk.OldAnswer{Do: parseOldDo(do)}
		if do == "line" {
			a.Do = desk.OldSame
			a.Line, _ = strconv.Atoi(of)
		} else if id, err := clinic.ParseID(of); err == nil {
			a.Patient = id
		}
		if a.Do != desk.OldAsk {
			out.rows[line] = a
		}
	}
	return out
}

func (s *Server) oldView(r *http.Request) (*OldOne, error) {
	id, err := clinic.ParseID(r.PathValue("import"))
	if err != nil {
		return nil, errGone
	}
	v := &OldOne{Page: s.page(r, "old.one", "staff")}
	if v.OldUndo, err = s.opts.Desk.PlanOldUndo(r.Context(), who(r).session.person.ID, id); err != nil {
		return nil, err
	}
	v.More = max(0, len(v.Kept)-shownProblems)
	v.Kept = v.Kept[:len(v.Kept)-v.More]
	return v, nil
}

// oldUndo takes an import back.
func (s *Server) oldUndo(w http.ResponseWriter, r *http.Request) error {
	v, err := s.oldView(r)
	if err != nil {
		return err
	}
	if _, err := s.opts.Desk.UndoOld(r.Context(), call(r, "act"), v.Info.ID); err != nil {
		return err
	}
	s.tell(r, "good", "old.undone")
	http.Redirect(w, r, "/old", http.StatusSeeOther)
	return nil
}
