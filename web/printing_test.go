package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
)

// TestSlipsThatNeedAPerson: every page says it, the page of the box's state offers
// what can be done, and dropping is asked about.
func TestSlipsThatNeedAPerson(t *testing.T) {
	w := newWorld(t, 0)
	w.box.devices[1] = Device{Name: "printer.name", State: "printer.held", Person: true, Waiting: 2}
	b := w.login(w.tech, techPIN) // who looks after the printer
	if a := b.get("/status"); strings.Contains(a.body, "/printing/retry") || !strings.Contains(a.body, "/printing/test") {
		t.Fatalf("an empty queue: %s", a.text())
	}
	w.queue.jobs = waiting()
	page := b.get("/status")
	for _, want := range []string{"cần người xem (2 phiếu chờ)", "xem và chọn", "Phiếu chưa in xong (4)", "H22736A000012", "Phiếu không đọc được", "đã thử nhiều lần, máy in vẫn lỗi", "bấm in lúc 08:12"} {
		if !strings.Contains(page.text(), want) {
			t.Errorf("the page lacks %q: %s", want, page.text())
		}
	}
	if strings.Contains(page.body, "/printing/a1/drop") {
		t.Error("offers to drop what is being printed")
	}
	if a := w.login(w.nurse, nursePIN).get("/"); !strings.Contains(a.body, `href="/status">xem và chọn`) {
		t.Error("the strip does not lead there")
	}
	if a := b.post("/printing/retry", nil); a.location != "/status" || w.queue.retries != 1 {
		t.Errorf("retry: %d %s", a.status, a.location)
	}
	if a := b.get("/status"); !strings.Contains(a.text(), "Máy đang thử in lại") {
		t.Error("the retry is not told")
	}
	ask := b.get("/printing/b2/drop")
	if ask.status != http.StatusOK || !strings.Contains(ask.text(), "ngày hẹn vẫn còn nguyên") || len(w.queue.dropped) != 0 {
		t.Fatalf("question: %d %s", ask.status, ask.text())
	}
	for range 2 {
		if a := b.post("/printing/b2/drop", nil); a.location != "/status" {
			t.Fatalf("drop: %d %s", a.status, a.text())
		}
	}
	b.post("/printing/damaged-04/drop", nil)
	if !slices.Equal(w.queue.dropped, []string{"b2", "damaged-04"}) {
		t.Errorf("dropped: %v", w.queue.dropped)
	}
	if a := b.post("/printing/a1/drop", nil); a.location != "/status" {
		t.Errorf("too late: %d", a.status)
	}
	if a := b.get("/printing/b2/drop"); a.location != "/status" {
		t.Errorf("gone: %d", a.status)
	}
	if a := b.get("/status"); !strings.Contains(a.text(), "không còn trong hàng chờ") {
		t.Errorf("gone is not told: %s", a.text())
	}
}

// TestPrinterThatTellsNothing: sent is not printed, and that is said in words.
func TestPrinterThatTellsNothing(t *testing.T) {
	w := newWorld(t, 0)
	w.box.devices[1] = Device{Name: "printer.name", State: "printer.unconfirmed", OK: true, Unsure: true, More: "printer.unconfirmed.do"}
	a := w.login(w.nurse, nursePIN).get("/status")
	if !strings.Contains(a.text(), "Nhìn xem phiếu đã ra chưa") || strings.Contains(main(a.body), "cb-tag--done\">") && strings.Contains(main(a.body), "cb-tag--done\">"+string(icon("check"))+"Máy in") {
		t.Errorf("%s", a.text())
	}
}

func TestTestSlip(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.tech, techPIN)
	v := url.Values{"act": {clinic.NewID().String()}}
	for range 2 {
		if a := b.post("/printing/test", v); a.location != "/status" {
			t.Fatalf("%d %s", a.status, a.text())
		}
	}
	if len(w.papers.Docs) != 1 || w.papers.Docs[0].Form != "test" {
		t.Errorf("%d slips", len(w.papers.Docs))
	}
	w.papers.Err = errors.New("full")
	b.post("/printing/test", url.Values{"act": {clinic.NewID().String()}})
	if a := b.get("/status"); !strings.Contains(a.text(), "không nhận phiếu thử") {
		t.Errorf("%s", a.text())
	}
	w.web.opts.Printer = nil
	if a := b.get("/status"); strings.Contains(a.body, "/printing/") {
		t.Error("a box without a printer offers to print")
	}
	for _, path := range []string{"/printing/test", "/printing/retry", "/printing/x/drop"} {
		if a := b.post(path, v); a.status != http.StatusNotFound {
			t.Errorf("%s without a printer: %d", path, a.status)
		}
	}
}
