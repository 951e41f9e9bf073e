package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"clinicbox/clinic/desk"
	"clinicbox/web/i18n"
)

// Trouble is the view of a page that explains why there is no other page: what
// happened, what was kept, what to do.
type Trouble struct {
	Page
	What, Kept, Do string // message keys
	Args           []any
	Back           string // where the button leads
}

// trouble names the three sentences of a kind: "trouble.<kind>", ".kept", ".do".
func (s *shell) trouble(r *http.Request, kind string, args ...any) *Trouble {
	t := &Trouble{Page: s.frame(r, "trouble."+kind, ""), Args: args, Back: "/"}
	t.What, t.Kept, t.Do = "trouble."+kind, "trouble."+kind+".kept", "trouble."+kind+".do"
	return t
}

// answered makes a plain handler of ours: an error becomes its page, a panic the
// page for failures.
func (s *shell) answered(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && p != http.ErrAbortHandler {
				s.log.Error("page panicked", "route", r.Pattern, "panic", p, "stack", string(debug.Stack()))
				s.show(w, r, http.StatusInternalServerError, "trouble", s.trouble(r, "failed"))
			}
		}()
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// fail is the one place that maps an error to status, page and log.
func (s *shell) fail(w http.ResponseWriter, r *http.Request, err error) {
	status, kind := http.StatusInternalServerError, "failed"
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large:
		status, kind = http.StatusRequestEntityTooLarge, "large"
	case errors.Is(err, errForm):
		status, kind = http.StatusBadRequest, "form"
	case errors.Is(err, errMixed):
		status, kind = http.StatusConflict, "mixed"
	case errors.Is(err, errRole):
		status, kind = http.StatusForbidden, "role"
	case errors.Is(err, errGone):
		status, kind = http.StatusNotFound, "none"
	case errors.Is(err, errBusy):
		status, kind = http.StatusTooManyRequests, "busy"
		w.Header().Set("Retry-After", "5")
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // the browser went away
	}
	if slow, ok := errors.AsType[*waitError](err); ok {
		s.slow(w, r, slow.wait)
		return
	}
	if refusals := desk.ErrorsOf(err); refusals != nil && status == http.StatusInternalServerError {
		s.refusal(w, r, refusals[0])
		return
	}
	if kind == "failed" {
		s.log.Error("page failed", "route", r.Pattern, "error", err)
	}
	s.show(w, r, status, "trouble", s.trouble(r, kind))
}

// slow asks an address to wait; the words give minutes, then seconds.
func (s *shell) slow(w http.ResponseWriter, r *http.Request, wait time.Duration) {
	seconds := max(1, int((wait+time.Second-1)/time.Second))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	kind, n := "slow", seconds
	if seconds > 120 {
		kind, n = "slow-minutes", (seconds+59)/60
	}
	t := s.trouble(r, "slow", "n", n)
	t.What, t.Title = "trouble."+kind, "trouble.slow.title"
	s.show(w, r, http.StatusTooManyRequests, "trouble", t)
}

// refusal shows a refusal of the desk that no form could show.
func (s *shell) refusal(w http.ResponseWriter, r *http.Request, e *desk.Error) {
	status := http.StatusUnprocessableEntity
	switch e.Code {
	case desk.CodeNoPatient, desk.CodeNoVisit, desk.CodeAppointNone, desk.CodeNoCatalog:
		status = http.StatusNotFound
	case desk.CodeNotAllowed, desk.CodeNoPerson, desk.CodePINHelp:
		status = http.StatusForbidden
	case desk.CodeMixed, desk.CodeFormStale, desk.CodeChanged:
		status = http.StatusConflict
	}
	p := s.problem(r, e)
	t := &Trouble{Page: s.frame(r, "trouble.refused", ""), What: p.Key, Args: p.Args, Kept: "trouble.refused.kept", Back: "/"}
	s.show(w, r, status, "trouble", t)
}

// refused answers a request that another site started.
func (s *shell) refused(w http.ResponseWriter, r *http.Request) {
	r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, visitor{lang: langOf(r)})) // nobody's session
	s.show(w, r, http.StatusForbidden, "trouble", s.trouble(r, "cross"))
}

// unmatched puts our pages in the place of the router's bare 404 and 405.
func (s *shell) unmatched(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		probe := &statusProbe{header: http.Header{}}
		mux.ServeHTTP(probe, r)
		switch probe.status {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			s.show(w, r, probe.status, "trouble", s.trouble(r, "method"))
		case http.StatusNotFound, 0:
			s.show(w, r, http.StatusNotFound, "trouble", s.trouble(r, "none"))
		default: // a path that the router cleans
			mux.ServeHTTP(w, r)
		}
	})
}

// statusProbe learns what the router would answer.
type statusProbe struct {
	header http.Header
	status int
}

func (p *statusProbe) Header() http.Header { return p.header }

func (p *statusProbe) Write(b []byte) (int, error) { return len(b), nil }

func (p *statusProbe) WriteHeader(status int) { p.status = status }

// show renders a page; if even that fails, a plain sentence goes out.
func (s *shell) show(w http.ResponseWriter, r *http.Request, status int, page string, v viewer) {
	if err := s.engine.write(w, status, page, v); err != nil {
		s.log.LogAttrs(r.Context(), slog.LevelError, "page not rendered", slog.String("page", page), slog.Any("error", err))
		http.Error(w, s.engine.catalogues[v.frame().Lang].Text("trouble.failed"), http.StatusInternalServerError)
	}
}

// problem turns a refusal of the desk into words of a form.
func (s *shell) problem(r *http.Request, e *desk.Error) Problem {
	return problemIn(s.engine.catalogues[who(r).lang], e)
}

func problemIn(c *i18n.Catalogue, e *desk.Error) Problem {
	p := Problem{Field: e.Field, Key: string(e.Code)}
	// A scanner's own reason says more than "unknown code".
	if named, ok := errors.AsType[interface {
		error
		Key() string
	}](e.Err); ok && c.Has(named.Key()) {
		p.Key = named.Key()
	}
	for name, value := range e.Args {
		switch name {
		case "problem":
			value = c.Text("problem." + value)
		case "role":
			value = c.Text("role." + value)
		case "unit":
			value = unitText(c, value)
		case "sex":
			value = c.Text("sex." + value)
		case "value", "low", "high", "old", "new":
			value = numText(c, value)
		case c.Lang: // words that come as data, in each language
			name = "text"
		}
		p.Args = append(p.Args, name, value)
	}
	return p
}

// failed puts the desk's refusals into a form and reports whether err was one.
func (s *shell) failed(r *http.Request, f *Form, err error) bool {
	refusals := desk.ErrorsOf(err)
	for _, e := range refusals {
		p := s.problem(r, e)
		p.Field = formField(p.Field)
		f.Errors = append(f.Errors, p)
	}
	return refusals != nil
}

// wrongPIN reports whether an error says that a PIN was looked at and is wrong.
func wrongPIN(err error) bool {
	for _, e := range desk.ErrorsOf(err) {
		if e.Code == desk.CodePINWrong {
			return true
		}
	}
	e, ok := errors.AsType[*UnlockError](err)
	return ok && e.Key == UnlockWrong
}

// told tells on the next page that something was done, by the key, or why not. It returns
// what no page can tell.
func (s *Server) told(r *http.Request, done string, err error) error {
	refusals := desk.ErrorsOf(err)
	switch {
	case err == nil:
		s.tell(r, "good", done)
	case refusals == nil:
		return err
	default:
		p := s.problem(r, refusals[0])
		s.tell(r, "warn", p.Key, p.Args...)
	}
	return nil
}

// renamed lets refusals of a field stand at the one of the form that has its words.
func renamed(err error, field, form string) error {
	for _, e := range desk.ErrorsOf(err) {
		if e.Field == field {
			e.Field = form
		}
	}
	return err
}
