package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestStory takes an invented patient from the desk to the printed slip, as a
// browser without JavaScript does.
func TestStory(t *testing.T) {
	w := newWorld(t, 0)
	nurse := w.login(w.nurse, nursePIN)
	visit := nurse.opened("Phạm Thị Sương", "001161012345")
	doctor := w.login(w.doctor, doctorPIN)
	doctor.examined(visit)

	if a := doctor.get(visit + "/check"); !strings.Contains(a.text(), "128/78 mmHg") || !strings.Contains(a.text(), "J06.9") {
		t.Fatalf("check page lacks what was typed: %s", a.text())
	}
	sign := func(pin string) answer {
		v := doctor.get(visit + "/check").hidden()
		parts := strings.Split(visit, "/")
		v.Set("patient", parts[2])
		v.Set("visit", parts[4])
		v.Set("pin", pin)
		return doctor.post(visit+"/sign", v)
	}
	if a := sign("000001"); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "PIN không đúng") {
		t.Fatalf("wrong PIN: %d %s", a.status, a.text())
	}
	if a := sign(doctorPIN); a.status != http.StatusSeeOther || a.location != visit {
		t.Fatalf("sign: %d %s %s", a.status, a.location, a.text())
	}
	page := doctor.get(visit)
	if !strings.Contains(page.text(), "In phiếu hẹn") || !strings.Contains(page.text(), "Đã ký") {
		t.Fatalf("signed visit: %s", page.text())
	}
	printed := page.hidden()
	parts := strings.Split(visit, "/")
	printed.Set("patient", parts[2])
	printed.Set("visit", parts[4])
	for range 2 { // a double press prints once
		if a := doctor.post(visit+"/print", printed); a.status != http.StatusSeeOther {
			t.Fatalf("print: %d %s", a.status, a.text())
		}
	}
	if n := len(w.papers.Docs); n != 1 {
		t.Fatalf("%d papers queued, want 1", n)
	}

	// An amendment needs a reason, and the old version stays one tap away.
	amend := url.Values{"reason": {"Ho, sốt 4 ngày"}, "finding": {"Họng đỏ"}, "do": {"save"}}
	if a := doctor.send(visit+"/exam", amend); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Ghi lý do sửa") {
		t.Fatalf("amendment without reason: %d %s", a.status, a.text())
	}
	amend.Set("why", "hỏi lại người nhà")
	if a := doctor.send(visit+"/exam", amend); a.status != http.StatusSeeOther {
		t.Fatalf("amendment: %d %s", a.status, a.text())
	}
	if a := doctor.get(visit); !strings.Contains(a.text(), "Bản cũ (1)") || !strings.Contains(a.text(), "cần ký lại") {
		t.Fatalf("amended visit: %s", a.text())
	}
	old := doctor.get(visit + "/versions/exam")
	for _, want := range []string{"Ho, sốt 3 ngày", "Ho, sốt 4 ngày", "hỏi lại người nhà"} {
		if !strings.Contains(old.text(), want) {
			t.Errorf("versions lack %q: %s", want, old.text())
		}
	}
	w.log.Absent("Sương", "001161012345", "người nhà", doctorPIN)
}
