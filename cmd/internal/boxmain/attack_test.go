package boxmain

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/identity"
	"clinicbox/device/staff"
	"clinicbox/internal/testlog"
)

// tablet visits from an address of its own.
func tablet(t *testing.T, b *Box, addr string) *visitor {
	t.Helper()
	v := visit(t, b)
	from := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(addr)}}
	v.Transport = &http.Transport{DisableKeepAlives: true, DialContext: from.DialContext}
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return v
}

// powerCut is the box as the disk is at this moment: what comes later never was.
func powerCut(t *testing.T, cfg config.Box) config.Box {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(cfg.Data.Dir)); err != nil {
		t.Fatal(err)
	}
	cfg.Data.Dir = dir
	return cfg
}

// TestTenTabletsGuessThroughPowerCuts: ten unknown tablets guess at everybody, and the
// power is cut again and again, with the real counters in the real store and no pauses
// to help them. No more than ten PINs of a person are ever compared; then not even the
// right one opens, but from the tablet that the person uses.
func TestTenTabletsGuessThroughPowerCuts(t *testing.T) {
	people := []desk.StaffSeed{admin()}
	for i, pin := range []string{"739164", "284617"} {
		people = append(people, desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: fmt.Sprint("Người Mẫu ", i), Role: clinic.RoleNurse}, PIN: pin})
	}
	cfg := must[config.Box](t)(Load(write(t, "")))
	o := Options{Config: cfg, Log: quiet(), Staff: people, Pause: func(int) time.Duration { return 0 }}
	compared, entered := map[clinic.ID]int{}, 0
	guess := func(b *Box, addr string, s desk.StaffSeed, pin string) {
		code, body := tablet(t, b, addr).post("/login/"+s.ID.String(), url.Values{"pin": {pin}})
		switch {
		case code == http.StatusSeeOther:
			entered++
		case strings.Contains(body, "Mã PIN không đúng"):
			compared[s.ID]++
		}
	}
	var own *visitor // the nurse's tablet
	nurse := people[1]
	for cut := range 4 {
		b := New(o)
		stop := runs(t, "box", b)
		if cut == 0 {
			own = tablet(t, b, "127.0.0.200")
			if code, _ := own.post("/login/"+nurse.ID.String(), url.Values{"pin": {nurse.PIN}}); code != http.StatusSeeOther {
				t.Fatal(code)
			}
		}
		for i := range 10 {
			for n, s := range people {
				guess(b, fmt.Sprintf("127.0.0.%d", 10+i), s, fmt.Sprintf("00%d%02d%d", cut, i, n))
			}
			if i == 3 && cut == 0 { // in the middle of the first ten
				o.Config, o.Staff = powerCut(t, o.Config), nil
				break
			}
		}
		if cut > 0 {
			o.Config = powerCut(t, o.Config)
		}
		stop()
	}
	b := New(o)
	runs(t, "box", b)
	for _, s := range people {
		guess(b, "127.0.0.99", s, s.PIN)
		if n := compared[s.ID]; n != staff.MaxWrong {
			t.Errorf("%d PINs of one person were compared, want %d", n, staff.MaxWrong)
		}
	}
	if entered > 0 {
		t.Error("a guess came too late and was right all the same")
	}
	own.base = strings.TrimSuffix(b.URL(), "/")
	if code, body := own.post("/login/"+nurse.ID.String(), url.Values{"pin": {nurse.PIN}}); code != http.StatusSeeOther {
		t.Errorf("the nurse is locked out of the tablet that she uses: %d %.300s", code, body)
	}
}

// likely are PINs that a maker would have chosen.
func likely() []string {
	return []string{"", "000000", "111111", "123456", "654321", "123123", "1234", "0000", "999999", "888888", "admin", "password"}
}

// TestNoDefaultAccounts: a new box has nobody who may log in, and no PIN, number or
// code opens it or its records.
func TestNoDefaultAccounts(t *testing.T) {
	b := New(Options{Config: must[config.Box](t)(Load(write(t, ""))), Log: testlog.Logger(t)})
	runs(t, "box for development", b)
	if people, err := b.desk.Staff(t.Context()); err != nil || len(people) > 0 {
		t.Fatalf("%+v %v", people, err)
	}
	v := tablet(t, b, "127.0.0.1")
	if _, body := v.get("/login"); strings.Contains(body, `href="/login/`) {
		t.Error("somebody can be chosen on a new box")
	}
	for i, pin := range likely() {
		for _, id := range []clinic.ID{{}, {1}, clinic.NewID(), clinic.MachineSubject()} {
			v := tablet(t, b, fmt.Sprintf("127.0.1.%d", i))
			if code, _ := v.post("/login/"+id.String(), url.Values{"pin": {pin}}); code < 400 {
				t.Errorf("%q is let in: %d", pin, code)
			}
		}
	}

	fresh := New(Options{Config: board(t), Log: testlog.Logger(t)})
	runs(t, "box", fresh)
	if _, body := visit(t, fresh).get("/"); strings.Contains(body, `href="/pin/`) {
		t.Errorf("a box that nobody set up offers numbers: %s", body)
	}
	for i, pin := range likely() {
		v := tablet(t, fresh, fmt.Sprintf("127.0.2.%d", i))
		for _, n := range []string{"0", "1", "2"} {
			_, _ = v.post("/pin/"+n, url.Values{"pin": {pin}})
		}
		_, _ = v.post("/recover", url.Values{"code": {pin}, "name": {"Người Lạ"}, "pin": {"582903"}, "again": {"582903"}})
		if err := fresh.vault.unlock(t.Context(), fresh.vault.method(clinic.ID{}, pin)); !errors.Is(err, errNotSetUp) {
			t.Errorf("%q: %v", pin, err)
		}
	}
	if fresh.vault.open() || fresh.vault.isSetUp() {
		t.Fatal("a new box was opened")
	}
	if id, err := identity.Load(keysDir(fresh.cfg)); err != nil || id.Exists() {
		t.Error("the box has an identity that nobody made", err)
	}
}
