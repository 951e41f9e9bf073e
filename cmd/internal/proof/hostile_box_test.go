package proof

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/internal/testlog"
	"clinicbox/peripherals/sim"
	"clinicbox/store"
	"clinicbox/web/i18n"
)

// hostileBox is the real box with a scanner and a printer, to which people do what
// they should not.
type hostileBox struct {
	t       testing.TB
	dir     string
	log     *testlog.Log
	scanner *sim.Scanner
	printer *sim.Printer
	paper   string // its address
	staff   []desk.StaffSeed
	pause   atomic.Int64 // after the fifth wrong PIN

	box   *boxmain.Box
	desk  *desk.Desk
	store *store.Store
	stop  func()
}

// The people, by their place in hostileBox.staff.
const (
	hostileNurse = iota
	hostileDoctor
	hostileColleague
	hostileAdmin
	hostileTechnician
)

// sureClock is the machine's clock, vouched for: what the tests ask does not depend
// on the day.
type sureClock struct{}

// Now implements desk.Clock.
func (sureClock) Now() (time.Time, bool) { return time.Now(), true }

// now is the box's time.
func (h *hostileBox) now() time.Time {
	t, _ := sureClock{}.Now()
	return t
}

func newHostileBox(t testing.TB) *hostileBox {
	t.Helper()
	h := &hostileBox{t: t, dir: t.TempDir(), log: testlog.New(t), printer: sim.NewPrinter(sim.PrinterOpts{Buffer: 256 << 10})}
	t.Cleanup(func() { _ = h.printer.Close() })
	for i, s := range []clinic.Staff{
		{Name: "Phạm Thị Sóng", Role: clinic.RoleNurse, Title: "ĐD."},
		{Name: "Nguyễn Văn Thử", Role: clinic.RoleDoctor, Title: "BS."},
		{Name: "Trần Thị Mẫu", Role: clinic.RoleDoctor, Title: "BS."},
		{Name: "Lê Văn Đảo", Role: clinic.RoleAdministrator},
		{Name: "Vũ Kỹ Thuật", Role: clinic.RoleTechnician},
	} {
		pin := []string{"492750", "730185", "204816", "618273", "957302"}[i]
		h.staff = append(h.staff, desk.StaffSeed{ID: clinic.NewID(), Staff: s, PIN: pin})
	}
	var err error
	if h.scanner, err = sim.NewScanner(h.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.scanner.Close() })
	if h.paper, err = h.printer.Listen("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	h.start()
	return h
}

// start starts the box, for the first time or again on what it kept.
func (h *hostileBox) start() {
	h.t.Helper()
	path := filepath.Join(h.dir, "box.toml")
	text := fmt.Sprintf(`[data]
dir = "data"
[facility]
code = "56999"
name = "Trạm Y tế xã Yến Xa"
[box]
name = "tram-01"
trust_clock = true
[web]
listen = "127.0.0.1:0"
[scanner]
device = %q
[printer]
address = "tcp:%s"
width = 58
`, h.scanner.Path(), h.paper)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	cfg, err := boxmain.Load(path)
	if err != nil {
		h.t.Fatal(err)
	}
	h.box = boxmain.New(boxmain.Options{
		Config: cfg, Log: h.log.Logger(), Staff: h.staff, Clock: sureClock{},
		Prepare: func(_ context.Context, d *desk.Desk, s *store.Store) error {
			h.desk, h.store = d, s
			return nil
		},
		Pause: func(wrong int) time.Duration {
			if wrong == 5 {
				return time.Duration(h.pause.Load())
			}
			return 0
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	box := h.box
	go func() { ended <- box.Run(ctx) }()
	stopped := false
	h.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			h.t.Errorf("box: %v", err)
		}
	}
	h.t.Cleanup(h.stop)
	select {
	case <-box.Ready():
	case err := <-ended:
		stopped = true
		h.t.Fatalf("the box does not start: %v", err)
	}
}

// restart is a box switched off and on again.
func (h *hostileBox) restart() {
	h.t.Helper()
	h.stop()
	h.start()
}

// soon waits for what another goroutine of the box does.
func (h *hostileBox) soon(what string, cond func() bool) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	testlog.Eventually(ctx, h.t, what, cond)
}

// visitor is a browser whose requests fail the test when they fail.
type visitor struct {
	*browser
	h *hostileBox
}

// comes is a browser of somebody who is not logged in.
func (h *hostileBox) comes() *visitor {
	return &visitor{newBrowser(h.t, strings.TrimSuffix(h.box.URL(), "/")), h}
}

// login is a browser of somebody of the staff.
func (h *hostileBox) login(who int) *visitor {
	h.t.Helper()
	v := h.comes()
	s := h.staff[who]
	if p := v.post("/login/"+s.ID.String(), url.Values{"pin": {s.PIN}, "next": {"/"}}); p.status != http.StatusSeeOther {
		h.t.Fatalf("log-in: %d %s", p.status, p.text())
	}
	return v
}

func (v *visitor) get(path string) page {
	v.h.t.Helper()
	p, err := v.browser.get(path)
	if err != nil {
		v.h.t.Fatalf("%s: %v", path, err)
	}
	return p
}

func (v *visitor) post(path string, f url.Values) page {
	v.h.t.Helper()
	p, err := v.browser.post(path, f)
	if err != nil {
		v.h.t.Fatalf("%s: %v", path, err)
	}
	return p
}

func (v *visitor) speaks(lang string) {
	v.h.t.Helper()
	v.post("/language", url.Values{"lang": {lang}, "next": {"/"}})
}

// form opens a page and returns its form with the values put in.
func (v *visitor) form(path string, with url.Values) url.Values {
	v.h.t.Helper()
	f, err := v.fill(path, with)
	if err != nil {
		v.h.t.Fatalf("%s: %v", path, err)
	}
	return f
}

// saves fails the test unless the form is saved, and returns where it leads.
func (v *visitor) saves(path string, with url.Values) string {
	v.h.t.Helper()
	to, err := v.saved(path, v.form(path, with))
	if err != nil {
		v.h.t.Fatal(err)
	}
	return to
}

// entries counts what was recorded, looks at records aside.
func (h *hostileBox) entries() (n int) {
	h.t.Helper()
	for _, r := range journal(h.t, h.store.Own()) {
		if r.Kind != clinic.KindLooked {
			n++
		}
	}
	return n
}

var (
	rawKey   = regexp.MustCompile(`\[[a-z]+(?:[.-][a-z0-9]+)+\]|%!|\bmap\[|<nil>|\{[a-z]+\}`)
	innards  = regexp.MustCompile(`(?i)\b(?:desk|web|store|clinic|barcode|staff): |\b(?:goroutine|panic|EOF|nil|bbolt|http2?|invalid)\b`)
	english  = regexp.MustCompile(`\b(?:the|is|was|are|not|wrong|save|saved|again|patient|nothing|failed|error)\b`)
	holes    = regexp.MustCompile(`\{[^}]*\}`)
	language = regexp.MustCompile(`<html lang="(..)"`)
)

// says is the longest piece of a message without its holes.
func (h *hostileBox) says(lang, key string) (piece string) {
	h.t.Helper()
	c, err := i18n.Load(lang)
	if err != nil || !c.Has(key) {
		h.t.Fatalf("no message %q in %s: %v", key, lang, err)
	}
	for _, s := range holes.Split(c.Text(key), -1) {
		if len(s) > len(piece) {
			piece = s
		}
	}
	return strings.Join(strings.Fields(piece), " ")
}

// inWords fails the test unless the page explains itself in its language, with the
// message of the key, and shows nothing of the program's inside.
func (h *hostileBox) inWords(name, lang string, p page, key string) {
	h.t.Helper()
	text, want := p.text(), h.says(lang, key)
	if m := language.FindStringSubmatch(p.body); m == nil || m[1] != lang {
		h.t.Errorf("%s: no page in %s: %d %.200s", name, lang, p.status, p.body)
	}
	if !strings.Contains(text, want) {
		h.t.Errorf("%s (%s): %d, the page does not say %q:\n%.900s", name, lang, p.status, want, text)
	}
	for _, r := range []*regexp.Regexp{rawKey, innards} {
		if m := r.FindString(text); m != "" {
			h.t.Errorf("%s (%s): the page shows %q", name, lang, m)
		}
	}
	if m := english.FindString(text); lang == "vi" && m != "" {
		h.t.Errorf("%s: English on the Vietnamese page: %q in %.900s", name, m, text)
	}
}

// errStill: the box stopped working after something hostile.
var errStill = errors.New("the box does not go on")

// goesOn fails the test unless an ordinary person can still work.
func (h *hostileBox) goesOn(v *visitor) {
	h.t.Helper()
	v.speaks("vi")
	if p := v.get("/"); p.status != http.StatusOK || !strings.Contains(p.text(), "Trạm Y tế xã Yến Xa") {
		h.t.Error(errStill, p.status)
	}
}

// person is a registration form.
func hostilePerson(name string) url.Values {
	return url.Values{
		"name": {name}, "birth.day": {"2"}, "birth.month": {"3"}, "birth.year": {"1961"}, "sex": {"2"},
		"address": {"Thôn Bãi Sau"}, "reason": {"ho khan"}, "do": {"queue"},
	}
}
