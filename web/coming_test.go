package web

import (
	"net/url"
	"strings"
	"testing"
)

// TestPagesTellWhatIsStillToCome: a box that is being refilled says so where somebody
// looks for a patient, and how much is missing; any other box says nothing.
func TestPagesTellWhatIsStillToCome(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	find := func() string { return b.post("/find", url.Values{"q": {"khong co ai"}}).body }
	if strings.Contains(b.get("/status").body, "đang nhận từ trung tâm") || strings.Contains(find(), "còn đang nhận hồ sơ cũ") {
		t.Error("a box that has everything waits for records")
	}
	w.box.mu.Lock()
	w.box.truths.Coming = 417
	w.box.mu.Unlock()
	if page := b.get("/status").body; !strings.Contains(page, "Còn đang nhận từ trung tâm</dt><dd>417<") {
		t.Error("the status page does not say how much is to come")
	}
	if page := find(); !strings.Contains(page, "còn 417 mục") {
		t.Error("who looks for a patient is not told that some are missing")
	}
}
