package web

import (
	"net/http"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/clinic/desk/desktest"
	"clinicbox/internal/fold"
)

// keyed gives the world's people keys.
func (w *world) keyed() {
	w.t.Helper()
	d, err := desk.New(desk.Options{
		Store: w.store, Clock: w.clock, Pins: w.pins, Papers: w.papers, Scans: w.scans, Witness: w.store,
		Fold: fold.String, Site: w.desk.Site(), Keys: &desktest.Keys{},
	})
	w.must(err)
	w.desk, w.web.opts.Desk = d, d
}

// TestSignaturesInWords: the visit says by whom, when, and what it is worth; what does
// not count is loud and leaves the documents to be signed.
func TestSignaturesInWords(t *testing.T) {
	w := newWorld(t, 0)
	w.keyed()
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "")
	doctor.examined(visit)
	doctor.sign(visit)
	if a := nurse.get(visit); !strings.Contains(a.text(), "trung tâm chưa xác nhận khóa ký") || strings.Contains(a.text(), "không được tính") {
		t.Error(a.text())
	}
	p, _ := clinic.ParseID(visit[10:42])
	v, _ := clinic.ParseID(visit[50:])
	page, err := w.desk.VisitPage(t.Context(), w.doctor, p, v)
	w.must(err)
	spoilt := *page.Visit.Signed[0].Record.Body.(*clinic.Signed)
	spoilt.Sig = append([]byte{spoilt.Sig[0] ^ 1}, spoilt.Sig[1:]...)
	w.must(w.store.Receive(w.doctor, clinic.Draft{Kind: clinic.KindSigned, Subject: p, Visit: v, Body: &spoilt}))
	for _, at := range []string{visit, visit + "/check", visit + "/versions/exam"} {
		if a := nurse.get(at); !strings.Contains(a.text(), "không khớp hồ sơ, người ký hoặc khóa") {
			t.Errorf("%s: %s", at, a.text())
		}
	}
	if a := nurse.get(visit); !strings.Contains(a.body, `role="alert"`) || !strings.Contains(a.text(), "Có chữ ký không được tính") {
		t.Error(a.text())
	}
	if a := doctor.get("/staff/" + w.doctor.String()); !strings.Contains(a.text(), "chưa ai xác nhận") || !strings.Contains(a.text(), "Dấu nhận khóa") {
		t.Error(a.text())
	}
}

// TestTwinIsAsked: the second person of a name and role is added on purpose; who gives
// them a PIN types their own.
func TestTwinIsAsked(t *testing.T) {
	w := newWorld(t, 0)
	w.keyed()
	admin := w.login(w.admin, adminPIN)
	v := newcomer()
	if a := admin.send("/staff/new", v); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `id="own-error"`) {
		t.Fatalf("without the own PIN: %d %s", a.status, a.text())
	}
	v.Set("own", adminPIN)
	at := admin.add(v)
	if a := admin.get(at); !strings.Contains(a.text(), "trạm đã xác nhận") {
		t.Error(a.text())
	}
	a := admin.send("/staff/new", v)
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `name="twin"`) || strings.Contains(a.body, adminPIN) {
		t.Fatalf("a twin: %d %s", a.status, a.text())
	}
	v.Set("twin", "yes")
	if other := admin.add(v); other == at {
		t.Error("no second person was added")
	}
}
