package web

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
)

func stickStates() []string {
	return []string{StickNew, StickBusy, StickDone, StickFull, StickReadOnly, StickDamaged, StickGone, StickFailed}
}

func stickKeys() (keys []string) {
	for _, s := range stickStates() {
		keys = append(keys, "sticks."+s, "sticks."+s+".do")
	}
	return keys
}

// fakeCourier has the sticks that a test plugs in.
type fakeCourier struct {
	mu     sync.Mutex
	sticks []Stick
	used   []string
}

func (c *fakeCourier) Sticks() []Stick {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.sticks)
}

func (c *fakeCourier) Use(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.used = append(c.used, id)
	return slices.ContainsFunc(c.sticks, func(s Stick) bool { return s.ID == id })
}

// plugged are sticks in every state.
func plugged() (out []Stick) {
	for i, s := range stickStates() {
		out = append(out, Stick{
			ID: fmt.Sprint("id", i), Name: fmt.Sprint("USB", i), State: s, Entries: uint64(1000 * i), Bytes: int64(i) << 18,
			Confirmed: uint64(i), Arrived: 2 * i, Missing: i == 3, Bad: i / 5, At: time.Date(2026, 11, 22, 8, 12, 0, 0, clinic.ICT),
		})
	}
	return out
}

// TestSticks: the page says in simple words what is on a stick and when it may be pulled
// out; a new stick is used only when somebody says so.
func TestSticks(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	if a := b.get("/status"); !strings.Contains(a.body, `href="/sticks"`) {
		t.Error("the status page does not lead there")
	}
	if a := b.get("/sticks"); !strings.Contains(a.text(), "Chưa thấy thẻ nhớ") || !strings.Contains(a.text(), "12 mục") {
		t.Errorf("no stick: %s", a.text())
	}
	w.sticks.sticks = plugged()
	a := b.get("/sticks")
	if got := a.header.Get("Refresh"); !strings.HasSuffix(got, "/sticks?watch=1") {
		t.Errorf("the page that looks by itself keeps the session awake: %q", got)
	}
	for _, want := range []string{"Thẻ mới", "Đang đọc và ghi", "Xong. Có thể rút thẻ ra", "Thẻ đầy", "2.000 mục, 512 KB", "không cho ghi", "Thẻ hỏng", "rút ra giữa chừng"} {
		if !strings.Contains(a.text(), want) {
			t.Errorf("the page lacks %q: %s", want, a.text())
		}
	}
	if !strings.Contains(a.body, `action="/sticks/id0"`) || strings.Contains(a.body, `action="/sticks/id1"`) || strings.Contains(a.body, `action="/sticks/id2"`) {
		t.Error("the buttons are not where they help")
	}
	if got := b.post("/sticks/id0", nil); got.location != "/sticks" || !slices.Equal(w.sticks.used, []string{"id0"}) {
		t.Errorf("%d %s %v", got.status, got.location, w.sticks.used)
	}
	b.post("/sticks/gone", nil)
	if a := b.get("/sticks"); !strings.Contains(a.text(), "không còn cắm") {
		t.Error("a stick that is gone is not told")
	}
}
