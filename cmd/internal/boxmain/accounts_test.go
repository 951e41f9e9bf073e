package boxmain

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/device/identity"
)

// TestNoDefaultAccounts: a box that nobody set up has nobody to log in as, no number
// to unlock by, and no key that a PIN could open.
func TestNoDefaultAccounts(t *testing.T) {
	b := New(Options{Config: board(t), Log: quiet()})
	runs(t, "sealed box", b)
	v := visit(t, b)
	if _, body := v.get("/"); strings.Contains(body, `href="/pin/`) {
		t.Errorf("a box that nobody set up offers numbers: %s", body)
	}
	for _, pin := range []string{"123456", "000000", "582903", ""} {
		if code, _ := v.post("/pin/1", url.Values{"pin": {pin}}); code == http.StatusSeeOther {
			t.Errorf("%q opens a box that nobody set up", pin)
		}
	}
	if b.vault.open() || b.vault.isSetUp() {
		t.Error("the box has keys that nobody made")
	}
	if id, err := identity.Load(keysDir(b.cfg)); err != nil || id.Exists() {
		t.Error("the box has an identity that nobody made", err)
	}

	cfg := must[*Box](t)(developed(t))
	runs(t, "development box", cfg)
	staff, err := cfg.desk.Staff(t.Context())
	if err != nil || len(staff) != 0 {
		t.Errorf("a new box knows people: %v %v", staff, err)
	}
	d := visit(t, cfg)
	if code, _ := d.post("/login/"+clinic.ID{}.String(), url.Values{"pin": {"123456"}}); code == http.StatusSeeOther {
		t.Error("nobody logs in")
	}
}

func developed(t *testing.T) (*Box, error) {
	cfg, err := Load(write(t, ""))
	return New(Options{Config: cfg, Log: quiet()}), err
}
