package web

import (
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
)

func budgetKeys() (keys []string) {
	for _, o := range nearlyUsed().Of[1:] {
		keys = append(keys, "budget."+o.Class)
	}
	return append(keys, "budget.link.class")
}

// fakeBudget is what a test says that the link has cost.
type fakeBudget struct {
	mu    sync.Mutex
	spent Spent
}

func (b *fakeBudget) Spent() Spent {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.spent
}

// nearlyUsed is a month in which catalogues and what comes after them wait.
func nearlyUsed() Spent {
	since := time.Date(2026, 11, 20, 7, 5, 0, 0, clinic.ICT)
	return Spent{Month: "2026-11", Cap: 500_000_000, Used: 462_400_000, Of: []SpentOn{
		{Class: "link", Bytes: 41_000_000},
		{Class: "safety", Bytes: 40_000},
		{Class: "records", Bytes: 9_440_000},
		{Class: "commands", Bytes: 300_000},
		{Class: "catalogues", Bytes: 411_620_000, Waits: true, Since: since},
		{Class: "updates", Waits: true, Since: since.Add(-time.Hour)},
		{Class: "images", Waits: true},
	}}
}

// TestBudget: the page says how much of the month's bytes is used and by what; the status
// page says what waits, since when.
func TestBudget(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.tech, techPIN)
	if a := b.get("/budget"); !strings.Contains(a.text(), "Chưa biết tháng") {
		t.Errorf("no month: %s", a.text())
	}
	w.budget.spent = nearlyUsed()
	a := b.get("/budget")
	for _, want := range []string{"Tháng 11/2026", "Đã dùng 462 trong 500 MB (92%)", "9,4 MB", "0,1 MB", "412 MB", "chờ từ", "Gần hết dung lượng"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the page lacks %q: %s", want, a.text())
		}
	}
	if a := b.get("/status"); !strings.Contains(a.text(), "Danh mục: chờ từ") || strings.Contains(a.text(), "Hồ sơ: chờ") || !strings.Contains(a.body, `href="/budget"`) {
		t.Errorf("the status page: %s", a.text())
	}
	w.budget.spent.Cap = 0
	if a := b.get("/budget"); !strings.Contains(a.text(), "không giới hạn") {
		t.Errorf("no cap: %s", a.text())
	}
}
