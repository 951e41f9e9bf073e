package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"clinicbox/clinic"
	"clinicbox/web/i18n"
)

// shell is what every set of pages has, whether the box is open or not: templates,
// words, assets, headers, error pages.
type shell struct {
	engine   *engine
	assets   *assets
	log      *slog.Logger
	facility string
	healthz  http.Handler // may be nil
	newID    func() clinic.ID
	// frame makes a page's frame; pages of the open box put more into it.
	frame func(r *http.Request, title, nav string) Page
}

// newShell prepares pages; without names, all of them. Their forms get what newID draws.
func newShell(log *slog.Logger, facility string, newID func() clinic.ID, pages ...string) (*shell, error) {
	if log == nil {
		return nil, errors.New("web: Log must be set")
	}
	a, err := loadAssets()
	if err != nil {
		return nil, err
	}
	e, err := newEngine(a, newID, pages...)
	if err != nil {
		return nil, err
	}
	sh := &shell{engine: e, assets: a, log: log, facility: facility, newID: newID}
	sh.frame = sh.bare
	return sh, nil
}

// bare is the frame of a page that knows no person and shows nothing of records.
func (sh *shell) bare(r *http.Request, title, nav string) Page {
	lang := who(r).lang
	p := Page{Lang: lang, Path: r.URL.Path, Title: title, Nav: nav, Facility: sh.facility, Bare: true, Act: sh.newID().String()}
	for _, l := range i18n.Languages() {
		p.Languages = append(p.Languages, Language{l, "language." + l, l == lang})
	}
	return p
}

// commonRoutes are the same in every set of pages.
func (sh *shell) commonRoutes() map[string]handler {
	return map[string]handler{
		"GET /assets/":     sh.asset,
		"GET /favicon.ico": sh.favicon,
		"POST /language":   sh.language,
	}
}

// routed serves routes that know no session.
func (sh *shell) routed(routes ...map[string]handler) http.Handler {
	mux := http.NewServeMux()
	for _, m := range append(routes, sh.commonRoutes()) {
		for pattern, h := range m {
			mux.Handle(pattern, sh.answered(h))
		}
	}
	return guard(sh.spoken(sh.unmatched(mux)), sh.refused)
}

// spoken finds the language of a request and reads its form.
func (sh *shell) spoken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithValue(r.Context(), visitorKey{}, visitor{lang: langOf(r)}))
		if sh.formRead(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// formRead reads the form of a POST; false means that the answer is given.
func (sh *shell) formRead(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodPost {
		return true
	}
	if err := readForm(r); err != nil {
		sh.fail(w, r, errors.Join(errForm, err))
		return false
	}
	return true
}

// language keeps the choice of a language and goes back to the page.
func (sh *shell) language(w http.ResponseWriter, r *http.Request) error {
	for _, l := range i18n.Languages() {
		if l == r.PostForm.Get("lang") {
			http.SetCookie(w, newCookie(r, langCookie, l, 365*24*time.Hour))
		}
	}
	http.Redirect(w, r, localPath(r.PostForm.Get("next")), http.StatusSeeOther)
	return nil
}

func (sh *shell) asset(w http.ResponseWriter, r *http.Request) error {
	if !sh.assets.serve(w, r) {
		return errGone
	}
	return nil
}

func (sh *shell) favicon(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, sh.assets.path["favicon.png"], http.StatusFound)
	return nil
}

// health serves the handler that was given for supervisors.
func (sh *shell) health(w http.ResponseWriter, r *http.Request) error {
	if sh.healthz == nil {
		return errGone
	}
	sh.healthz.ServeHTTP(w, r)
	return nil
}
