package web

import (
	"strings"
	"testing"
)

// TestStatusTellsOfParked: what the centre cannot read, or does not have whole, stands on
// the box's page with its number, and only then.
func TestStatusTellsOfParked(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	if page := b.get("/status").body; strings.Contains(page, "chưa đọc được") || strings.Contains(page, "dấu kiểm") {
		t.Error("a sound box tells of parked entries or holes")
	}
	w.box.mu.Lock()
	w.box.truths.Parked, w.box.truths.Holes = 17, 3
	w.box.mu.Unlock()
	page := b.get("/status").body
	for _, want := range []string{"Trung tâm đã giữ, chưa đọc được</dt><dd>17<", "trung tâm chỉ có dấu kiểm</dt><dd>3<"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
