package web

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// diagnosed makes a visit with a diagnosis that must be reported.
func (b *browser) diagnosed(doctor *browser, name, icd string) string {
	visit := b.opened(name, "")
	doctor.send(visit+"/exam", url.Values{"reason": {"sốt 3 ngày"}, "do": {"save"}})
	if a := doctor.send(visit+"/diagnosis", url.Values{"main": {icd}, "do": {"save"}}); a.status != http.StatusSeeOther {
		b.w.t.Fatalf("%d %s", a.status, a.text())
	}
	return visit
}

// bookPages adds the registers in all their states.
func bookPages(w *world, nurse, doctor *browser, pages map[string]answer) {
	admin := w.login(w.admin, adminPIN)
	pages["books"], pages["month"] = nurse.get("/books"), nurse.get("/books/month")
	nurse.diagnosed(doctor, "Vũ Thị Báo", "A97.0")
	pages["books waits"], pages["books admin"] = nurse.get("/books"), admin.get("/books")
	form := hiddenIn(pages["books waits"].body)
	form.Set("how", "")
	pages["books refused"] = nurse.post("/books", form)
	form.Set("how", "gọi trung tâm")
	form.Set("act", clinic.NewID().String())
	nurse.post("/books", form)
	pages["books after"] = nurse.get("/books")
	for _, path := range []string{"/books/day", "/books/day?day=20200101", "/books/day?day=x", "/books/month?month=20261001"} {
		pages[path] = doctor.get(path)
	}
	pages["month refused"] = admin.post("/books/month", url.Values{"act": {clinic.NewID().String()}, "month": {doctor.month()}, "digest": {"x"}})
}

func (b *browser) month() string {
	return regexp.MustCompile(`name="month" value="(\d+)"|month.csv\?month=(\d+)`).FindStringSubmatch(b.get("/books/month").body)[2]
}

// hiddenIn reads the hidden fields of the page's last form.
func hiddenIn(body string) url.Values {
	v := url.Values{}
	at := strings.LastIndex(body, `<form method="post" action="/books"`)
	for _, m := range regexp.MustCompile(`type="hidden" name="([a-z]+)" value="([^"]*)"`).FindAllStringSubmatch(body[max(at, 0):], -1) {
		if !v.Has(m[1]) {
			v.Set(m[1], m[2])
		}
	}
	return v
}

// TestBooksStory: a case is diagnosed, shown without a name, told by telephone; the
// register and the month tell of it; next month the report is handed in, and what is
// written afterwards shows as a difference.
func TestBooksStory(t *testing.T) {
	w := newWorld(t, 24*time.Hour)
	nurse, doctor, admin := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN), w.login(w.admin, adminPIN)
	visit := nurse.diagnosed(doctor, "Vũ Thị Báo", "A97.0")
	page := nurse.get("/books")
	if !strings.Contains(page.text(), "trung tâm chưa nhận: 1") || strings.Contains(page.text(), "Vũ Thị Báo") || !strings.Contains(page.body, "BAO DICH: ") {
		t.Fatalf("%s", page.text())
	}
	form := hiddenIn(page.body)
	if a := nurse.post("/books", form); a.status != http.StatusUnprocessableEntity {
		t.Errorf("told nobody: %d", a.status)
	}
	form.Set("how", "gọi Trung tâm Y tế")
	if a := nurse.post("/books", form); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if page = nurse.get("/books"); !strings.Contains(page.text(), "Đã báo cách khác") || strings.Contains(page.text(), "chưa nhận: ") {
		t.Errorf("%s", page.text())
	}
	if page = admin.get("/books/day"); !strings.Contains(page.text(), "Vũ Thị Báo") || !strings.Contains(page.text(), "1 lượt khám") {
		t.Errorf("%s", page.text())
	}
	month := doctor.month()
	form = hiddenIn(admin.get("/books/month?month=" + month).body)
	if form.Get("digest") != "" {
		t.Error("a month that is not over can be handed in")
	}
	w.clock.Add(31 * 24 * time.Hour)
	admin, doctor = w.login(w.admin, adminPIN), w.login(w.doctor, doctorPIN)
	page = admin.get("/books/month?month=" + month)
	form = url.Values{"act": {clinic.NewID().String()}, "month": {month}, "digest": {regexp.MustCompile(`name="digest" value="([0-9a-f]+)"`).FindStringSubmatch(page.body)[1]}}
	if a := admin.post("/books/month", form); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.text())
	}
	if page = admin.get("/books/month?month=" + month); !strings.Contains(page.text(), "Đã nộp lúc") || strings.Contains(page.body, `name="digest"`) {
		t.Errorf("%s", page.text())
	}
	doctor.send(visit+"/diagnosis", url.Values{"main": {"J06.9"}, "do": {"save"}})
	if page = admin.get("/books/month?month=" + month); !strings.Contains(page.text(), "đã nộp 1, nay 0") {
		t.Errorf("%s", page.text())
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(admin.get("/books/month.csv?month="+month).body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) < 5 || rows[0][0] != "template" {
		t.Errorf("%v %v", rows, err)
	}
	w.log.Absent("Vũ Thị Báo", "sốt 3 ngày")
}
