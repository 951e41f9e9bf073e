package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clinicbox/clinic"
)

// TestTechnicianReachesNoRecord asks every route of the pages as a technician, about a
// patient who is protected and one who is not: no answer holds a word of either, and
// nothing is recorded of them.
func TestTechnicianReachesNoRecord(t *testing.T) {
	oneByOne(t)
	g := newGuarded(t)
	other := g.nurses.opened("Hoàng Văn Cát", "056061054321")
	g.doctor.examined(other)
	words := append(hiddenWords(), "Phạm Thị Sương", "Hoàng Văn Cát", "056061054321", "Thôn Bãi Sau", g.patient[10:], other[10:42])
	all := map[string]handler{}
	for _, m := range []map[string]handler{g.web.recordRoutes(), g.web.staffRoutes(), g.web.publicRoutes()} {
		maps.Copy(all, m)
	}
	before := g.store.Len()
	asked := 0
	for _, visit := range []string{g.visit, other} {
		g.visit, g.patient = visit, visit[:42]
		for pattern := range all {
			method, path := g.at(pattern)
			tech := g.login(g.tech, techPIN) // some routes end the session
			a := tech.get(path)
			if method == http.MethodPost {
				v := formOf(path)
				for name, value := range map[string]string{
					"act": clinic.NewID().String(), "q": "cat", "pin": techPIN, "own": techPIN, "why": "x", "reason": "1", "words": "x", "code": "card", "do": "save",
				} {
					v.Set(name, value)
				}
				a = tech.post(path, v)
			}
			asked++
			echo := g.web.recordRoutes()[pattern] != nil // the address of a refused page is no news to who typed it
			if echo && a.status < 300 {
				t.Errorf("%s answers a technician: %d", pattern, a.status)
			}
			for _, w := range words {
				if strings.Contains(a.body, w) && !(echo && strings.Contains(path, w)) {
					t.Errorf("%s shows %q to a technician: %d", pattern, w, a.status)
				}
			}
		}
	}
	if asked < 150 {
		t.Errorf("%d questions", asked)
	}
	for _, visit := range []string{g.visit, other} {
		if a := g.login(g.tech, techPIN).post(visit+"/sign", url.Values{"pin": {techPIN}}); a.status != http.StatusForbidden {
			t.Errorf("a technician signs: %d", a.status)
		}
	}
	if n := g.store.Len(); n != before {
		t.Errorf("%d entries by a technician", n-before)
	}
}
