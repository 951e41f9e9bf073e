package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"clinicbox/clinic"
)

type visitorKey struct{}

// errMixed means that a form of one patient came to the address of another.
var errMixed = errors.New("web: form and address name different patients or visits")

// errRole means that the person's role does not reach records.
var errRole = errors.New("web: role does not reach records")

// errForm means that a form could not be read at all.
var errForm = errors.New("web: unreadable form")

// who returns what known found out about the request.
func who(r *http.Request) visitor {
	v, _ := r.Context().Value(visitorKey{}).(visitor)
	return v
}

// known finds the session and the language of a request, and reads its form.
func (s *Server) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visitor{lang: langOf(r), place: placeOf(r)}
		if c := readCookie(r, sessionCookie); c != "" {
			v.session, _ = s.sessions.get(c, v.place, !watching(r))
		}
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, v))
		if takesFile(r) {
			takeFile(w, r, &v.session)
		}
		if s.formRead(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// readForm reads a form, with a file in it or without. The body is bounded by bodyLimit,
// or by uploadLimit where that is allowed, so nothing of a file ever lies on the disk.
func readForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return err
	}
	if err := r.ParseMultipartForm(uploadLimit); !errors.Is(err, http.ErrNotMultipart) {
		return err
	}
	return nil
}

// checked runs f, which looks at the person's PIN, within the limits of the address. Who has
// a session that belongs here is counted alone: a neighbour who guesses must not
// keep the staff from their lock page.
func (s *Server) checked(r *http.Request, person clinic.ID, f func() error) error {
	v := who(r)
	from := neighbour(v.place.addr)
	if v.session.token != "" && !v.session.away {
		from = "session " + v.session.token
	}
	return s.limits.check(r.Context(), from, person.String(), f)
}

// watching reports whether a request comes by itself and proves no person at the
// screen: live events, and the scan page that reloads itself.
func watching(r *http.Request) bool {
	return r.URL.Path == "/events" || r.URL.Query().Has("watch")
}

// staff lets through who is logged in and not locked. What others typed is kept
// until the PIN is in.
func (s *Server) staff(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		v := who(r)
		switch {
		case v.session.token == "":
			s.keepTyped(w, r)
			return s.ask(w, r, "/login")
		case v.session.locked:
			s.keepTyped(w, r)
			return s.ask(w, r, "/lock")
		}
		return h(w, r)
	}
}

// records lets through staff whose role reaches records, and only forms that
// belong to the patient and visit of their address: two tabs cannot mix.
func (s *Server) records(h handler) handler {
	return s.staff(func(w http.ResponseWriter, r *http.Request) error {
		v := who(r)
		if !v.session.may() {
			return errRole
		}
		if r.Method == http.MethodPost {
			for _, name := range []string{"patient", "visit"} {
				if r.PathValue(name) != "" && r.PathValue(name) != r.PostForm.Get(name) {
					return errMixed
				}
			}
		}
		return s.guarded(h)(w, r)
	})
}

// ask sends the browser to the page that asks for the PIN and then comes back
// here. A script gets a word instead of a page.
func (s *Server) ask(w http.ResponseWriter, r *http.Request, page string) error {
	if forScript(r) {
		http.Error(w, "locked", http.StatusUnauthorized)
		return nil
	}
	next := r.URL.Path
	if next != "/" {
		page += "?next=" + url.QueryEscape(next)
	}
	http.Redirect(w, r, page, http.StatusSeeOther)
	return nil
}

// forScript reports whether a page's script asks, not a person.
func forScript(r *http.Request) bool {
	return r.URL.Path == "/events" || r.URL.Path == "/draft" || strings.HasPrefix(r.URL.Path, "/suggest/")
}

// keepTyped keeps the form of a request that cannot be let through.
func (s *Server) keepTyped(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !draftable(r.URL.Path) {
		return
	}
	v := who(r)
	owner := v.session.owner()
	if v.session.token == "" {
		owner = s.browser(w, r)
	}
	s.drafts.keep(owner, r.URL.Path, typed(r.PostForm))
}

// draftable reports whether a page has something to lose.
func draftable(path string) bool {
	return strings.HasPrefix(path, "/patients/") || strings.HasPrefix(path, "/stock/") || path == "/register" || path == "/vaccines" ||
		path == "/staff/new" || path == "/machine/answer" || strings.HasPrefix(path, "/staff/") && strings.HasSuffix(path, "/edit")
}

// browser names a browser that nobody is logged in at, to keep what was typed
// there until somebody logs in.
func (s *Server) browser(w http.ResponseWriter, r *http.Request) string {
	if c := readCookie(r, browserCookie); len(c) == 32 {
		return "browser " + c
	}
	id := clinic.NewID().String()
	http.SetCookie(w, newCookie(r, browserCookie, id, draftLife))
	return "browser " + id
}

// localPath accepts a path of this server to come back to; anything else becomes
// the first page.
func localPath(p string) string {
	u, err := url.Parse(p)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n") {
		return "/"
	}
	return u.Path
}
