package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// LockedOpts is what the pages of a locked box need. Unlocker and Log must be set.
type LockedOpts struct {
	Unlocker Unlocker
	Log      *slog.Logger
	Facility string
	Healthz  http.Handler // /healthz; may be nil
	// Trust tells the page that is also there while the box is locked; may be nil.
	Trust func() Trust
}

// locked serves a box whose records are closed.
type locked struct {
	*shell
	unlocker Unlocker
	limits   *limits
	opened   atomic.Int64 // when a way in was accepted, Unix seconds
}

// NewLocked serves the pages that open a locked box, and nothing else: every other
// address leads to them. Nothing of a patient or a person is there to be shown. Once
// a way in was accepted every page says that the box is opening, until the caller
// serves the staff's pages at the same address.
func NewLocked(o LockedOpts) (http.Handler, error) {
	if o.Unlocker == nil {
		return nil, errors.New("web: Unlocker must be set")
	}
	sh, err := newShell(o.Log, o.Facility, clinic.NewID, "locked", "lockedpin", "opening", "recover", "trust", "trouble")
	if err != nil {
		return nil, err
	}
	sh.healthz = o.Healthz
	l := &locked{shell: sh, unlocker: o.Unlocker, limits: newLimits()}
	return sh.routed(sh.trustRoutes(o.Trust), l.routes()), nil
}

func (l *locked) routes() map[string]handler {
	return map[string]handler{
		"GET /healthz":       l.health,
		"GET /{$}":           l.closed(l.front),
		"GET /pin/{number}":  l.closed(l.pin),
		"POST /pin/{number}": l.closed(l.pinCheck),
		"POST /card":         l.closed(l.card),
		"POST /keyfile":      l.closed(l.keyFile),
		"GET /recover":       l.closed(l.code),
		"POST /recover":      l.closed(l.codeCheck),
		"GET /telephone":     l.closed(l.code),
		"POST /telephone":    l.closed(l.codeCheck),
		"/":                  l.elsewhere,
	}
}

// LockedPage is the view of the first page of a locked box, and of its PIN page.
type LockedPage struct {
	Page
	Ways
	Form   Form
	Number uint32
	Shut   string
}

// openedFor is how long a way in that was accepted is believed before Ways tells
// the same.
const openedFor = 30

// closed shows that the box is opening, or why it never will, in place of a page.
func (l *locked) closed(h func(http.ResponseWriter, *http.Request, Ways) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ways := l.unlocker.Ways()
		v := &LockedPage{Page: l.bare(r, "locked.title", ""), Ways: ways}
		switch {
		case ways.Opening || time.Now().Unix()-l.opened.Load() < openedFor:
			return l.wait(w, r)
		case ways.Erased:
			v.Shut = "locked.erased"
		case ways.Blocked:
			v.Shut = "locked.blocked"
		case ways.NotSetUp:
			v.Shut = "locked.not-set-up"
		default:
			return h(w, r, ways)
		}
		l.show(w, r, http.StatusServiceUnavailable, "locked", v)
		return nil
	}
}

// wait says that the records are being opened; the browser asks again by itself.
func (l *locked) wait(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Refresh", "2; url=/")
	w.Header().Set("Retry-After", "2")
	l.show(w, r, http.StatusServiceUnavailable, "opening", &LockedPage{Page: l.bare(r, "opening.title", "")})
	return nil
}

// elsewhere leads a page of the open box here. What a form carried cannot be kept,
// for what was typed is a patient's and the box is closed; the browser has it still.
func (l *locked) elsewhere(w http.ResponseWriter, r *http.Request) error {
	switch {
	case forScript(r):
		http.Error(w, "locked", http.StatusServiceUnavailable)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	default:
		l.show(w, r, http.StatusServiceUnavailable, "trouble", l.trouble(r, "locked"))
	}
	return nil
}

func (l *locked) front(w http.ResponseWriter, r *http.Request, ways Ways) error {
	v := &LockedPage{Page: l.bare(r, "locked.title", ""), Ways: ways, Form: newForm(nil)}
	l.show(w, r, http.StatusOK, "locked", v)
	return nil
}

// number reads the person's number of the address; only those that can open exist.
func number(r *http.Request, ways Ways) (uint32, error) {
	n, err := strconv.ParseUint(r.PathValue("number"), 10, 32)
	if err != nil || !slices.Contains(ways.People, uint32(n)) {
		return 0, errGone
	}
	return uint32(n), nil
}

func (l *locked) pin(w http.ResponseWriter, r *http.Request, ways Ways) error {
	n, err := number(r, ways)
	if err != nil {
		return err
	}
	l.show(w, r, http.StatusOK, "lockedpin", l.pinView(r, ways, n))
	return nil
}

func (l *locked) pinView(r *http.Request, ways Ways, n uint32) *LockedPage {
	v := &LockedPage{Page: l.bare(r, "locked.pin", ""), Ways: ways, Form: newForm(nil), Number: n}
	v.Asking = true
	return v
}

func (l *locked) pinCheck(w http.ResponseWriter, r *http.Request, ways Ways) error {
	n, err := number(r, ways)
	if err != nil {
		return err
	}
	err = l.try(r, func(ctx context.Context) error { return l.unlocker.PIN(ctx, n, r.PostForm.Get("pin")) })
	v := l.pinView(r, ways, n)
	return l.answer(w, r, err, func(e *UnlockError) {
		if v.Form.Fail("pin", e.Key, e.Args...); e.Key == UnlockWrong {
			v.Form.Errors[0].Key = "unlock.wrong-pin" // says that it may be the number
		}
		v.Errors = v.Form.Errors
		l.show(w, r, http.StatusUnprocessableEntity, "lockedpin", v)
	})
}

func (l *locked) card(w http.ResponseWriter, r *http.Request, ways Ways) error {
	if !ways.Card {
		return errGone
	}
	return l.press(w, r, ways, l.unlocker.Card)
}

func (l *locked) keyFile(w http.ResponseWriter, r *http.Request, ways Ways) error {
	if !ways.KeyFile {
		return errGone
	}
	return l.press(w, r, ways, l.unlocker.KeyFile)
}

// press is a way in that needs nothing typed.
func (l *locked) press(w http.ResponseWriter, r *http.Request, ways Ways, way func(context.Context) error) error {
	v := &LockedPage{Page: l.bare(r, "locked.title", ""), Ways: ways, Form: newForm(nil)}
	v.Asking = true
	return l.answer(w, r, l.try(r, way), func(e *UnlockError) {
		v.Errors = []Problem{{"", e.Key, e.Args}}
		l.show(w, r, http.StatusUnprocessableEntity, "locked", v)
	})
}

// try runs a way in within the limits of the address.
func (l *locked) try(r *http.Request, way func(context.Context) error) error {
	from := neighbour(remote(r))
	return l.limits.check(r.Context(), from, "", func() error { return way(r.Context()) })
}

// answer goes on after a try: to the page that waits, or to again with a refusal.
func (l *locked) answer(w http.ResponseWriter, r *http.Request, err error, again func(*UnlockError)) error {
	if err == nil {
		l.opened.Store(time.Now().Unix())
		l.log.Info("unlocked", "route", r.Pattern)
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	e, ok := errors.AsType[*UnlockError](err)
	switch {
	case !ok:
		return err
	case e.Key == UnlockBusy:
		return l.wait(w, r)
	}
	again(e)
	return nil
}

// Codes is the view of the pages for a recovery code and for help by telephone.
type Codes struct {
	Page
	Form      Form
	Telephone bool
	Groups    []string // of the challenge
	New       bool     // the part about a new administrator is open
}

func (l *locked) codes(r *http.Request, ways Ways) (*Codes, error) {
	v := &Codes{Page: l.bare(r, "recover.title", ""), Form: newForm(nil)}
	if v.Telephone = r.URL.Path == "/telephone"; v.Telephone {
		v.Title, v.Groups = "telephone.title", groupsOf(ways.Challenge)
	}
	if v.Telephone && !ways.Telephone || !v.Telephone && !ways.Recovery {
		return nil, errGone
	}
	v.Asking = true
	return v, nil
}

func (l *locked) code(w http.ResponseWriter, r *http.Request, ways Ways) error {
	v, err := l.codes(r, ways)
	if err != nil {
		return err
	}
	l.show(w, r, http.StatusOK, "recover", v)
	return nil
}

func (l *locked) codeCheck(w http.ResponseWriter, r *http.Request, ways Ways) error {
	v, err := l.codes(r, ways)
	if err != nil {
		return err
	}
	v.Form = newForm(r.PostForm)
	in := Recovery{Name: v.Form.Get("name"), PIN: v.Form.Get("pin")}
	field := "code"
	if in.Code = v.Form.Get("code"); v.Telephone {
		field, in.Code, in.Answer = "answer", "", v.Form.Get("answer")
	}
	if in.Code+in.Answer == "" {
		v.Form.Fail(field, "recover.empty")
	}
	newAdmin(&v.Form)
	again := func() {
		v.New = in.Name != "" || in.PIN != ""
		if in.PIN != "" && v.Form.Err("pin") == nil && v.Form.Err("again") == nil {
			v.Form.Fail("pin", "pin.retype")
		}
		v.Errors = v.Form.Errors
		l.show(w, r, http.StatusUnprocessableEntity, "recover", v)
	}
	if !v.Form.OK() {
		again()
		return nil
	}
	err = l.try(r, func(ctx context.Context) error { return l.unlocker.Recover(ctx, in) })
	return l.answer(w, r, err, func(e *UnlockError) {
		if e.Key == UnlockWeak {
			field = "pin"
		}
		v.Form.Fail(field, e.Key, e.Args...)
		again()
	})
}

// newAdmin checks the new administrator of a form; none is right too.
func newAdmin(f *Form) {
	name, pin := f.Get("name"), f.Get("pin")
	if name == "" && pin == "" && f.Get("again") == "" {
		return
	}
	if name == "" {
		f.Fail("name", string(desk.CodeStaffName))
	}
	switch twice(f); {
	case len(pin) != 6:
		f.Fail("pin", "pin.length")
	case clinic.CheckPIN(pin) != nil:
		f.Fail("pin", UnlockWeak)
	}
}
