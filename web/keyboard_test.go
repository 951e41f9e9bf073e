package web

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"clinicbox/clinic"
	"clinicbox/internal/testpeer"
)

// seen tells whether the focus can be seen where it is: what has it looks other than
// without it, and is not beneath the strip. A choice shows it on its label.
const seen = `(() => {
  const e = document.activeElement;
  if (!e || e === document.body) return "";
  const at = e.type === "radio" || e.type === "checkbox" ? e.labels[0] : e;
  const looks = () => ["", "::before"].map((p) => {
    const s = getComputedStyle(at, p || null);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.backgroundColor].join();
  }).join();
  const r = at.getBoundingClientRect(), strip = document.querySelector("#strip");
  const name = e.tagName + "#" + e.id + " " + e.textContent.trim().slice(0, 30);
  const under = strip && !strip.contains(e) && r.top > strip.getBoundingClientRect().top;
  if (r.bottom < 0 || r.top > innerHeight || under) return "out of sight: " + name;
  const on = looks();
  e.blur();
  const off = looks();
  e.focus({ preventScroll: true });
  return on === off ? "looks the same without the focus: " + name : "";
})()`

// hands are somebody who has no mouse.
type hands struct {
	t     *testing.T
	ctx   context.Context
	stops int
}

func (h *hands) do(actions ...chromedp.Action[chromedp.Void]) {
	h.t.Helper()
	step, late := context.WithTimeout(h.ctx, 15*time.Second)
	defer late()
	if err := chromedp.Do(step, actions...); err != nil {
		h.t.Fatal(err)
	}
}

// reach presses Tab until the focus is on what the selector says; at every stop
// the focus must be seen.
func (h *hands) reach(sel string) {
	h.t.Helper()
	for range 80 {
		on, err := chromedp.Run(h.ctx, chromedp.Evaluate[bool](fmt.Sprintf("document.activeElement.matches(%q)", sel)))
		if err != nil {
			h.t.Fatal(err)
		}
		bad, err := chromedp.Run(h.ctx, chromedp.Evaluate[string](seen))
		if err != nil {
			h.t.Fatal(err)
		}
		if bad != "" {
			h.t.Errorf("on the way to %s: %s", sel, bad)
		}
		if h.stops++; on {
			return
		}
		h.do(chromedp.KeyEvent(kb.Tab))
	}
	h.t.Fatalf("Tab does not lead to %s", sel)
}

func (h *hands) fill(sel, text string) { h.t.Helper(); h.reach(sel); h.do(chromedp.KeyEvent(text)) }

// press goes to a button or link, presses Enter, and waits for the next page.
func (h *hands) press(sel, next string) {
	h.t.Helper()
	h.reach(sel)
	h.enter(next)
}

// enter presses Enter and waits for something on the page after this one.
func (h *hands) enter(next string) {
	h.t.Helper()
	if _, err := chromedp.Run(h.ctx, chromedp.Evaluate[string](`document.documentElement.dataset.old = "1"`)); err != nil {
		h.t.Fatal(err)
	}
	h.do(chromedp.KeyEvent(kb.Enter), wait("html:not([data-old]) "+next))
}

// TestVisitByKeyboard takes somebody from the login to the printed slip with Tab,
// Enter and letters only, and watches the focus all the way.
func TestVisitByKeyboard(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is slow")
	}
	testpeer.Need(t, "chromium")
	w := newWorld(t, time.Hour).serve()
	ctx, cancel := newBrowser(t)
	t.Cleanup(cancel)
	h := &hands{t: t, ctx: ctx}
	h.do(chromedp.Navigate(w.http.URL + "/login"))
	h.press(`a[href="/login/`+w.doctor.String()+`"]`, "#pin")
	h.do(chromedp.KeyEvent(doctorPIN))
	h.enter(".cb-tiles")
	h.press(`.cb-tile[href="/register"]`, "#name")
	h.fill("#name", "Phạm Thị Sương")
	h.fill("#birth\\.day", "02") // the next fields come by themselves
	h.do(chromedp.KeyEvent("031961"))
	h.reach("[name=sex]")
	h.do(chromedp.KeyEvent(" "), chromedp.KeyEvent(kb.ArrowRight))
	h.press("[value=queue]", ".cb-steps")
	h.press(`main a.govuk-button`, "#pulse")
	h.fill("#pulse", "84")
	h.fill("#temperature", "37,2")
	h.press("[value=save]", "#finding")
	h.fill("#reason", "Ho, sốt 3 ngày")
	h.fill("#finding", "Họng đỏ")
	h.press("[value=save]", "#q")
	h.fill("#q", "viem hong")
	h.do(wait("#found button"), chromedp.KeyEvent(kb.ArrowDown))
	h.enter(".cb-lines")
	h.press("[value=save]", "#advice")
	h.fill("#q", "paracetamol")
	h.do(wait("#found button"), chromedp.KeyEvent(kb.ArrowDown))
	h.enter("#dose\\.0")
	h.fill("#dose\\.0", "1")
	h.fill("#times\\.0", "2")
	h.fill("#days\\.0", "5")
	h.press("[value=save]", `a[href$="/appointment"]`)
	h.press(`main a.cb-link`, "#in")
	h.reach("[name=in]")
	h.do(chromedp.KeyEvent(" "))
	h.press("[value=save]", "#pin")
	h.fill("#pin", doctorPIN)
	h.press(`main button[type=submit]`, `form[action$="/print"]`)
	h.press(`form[action$="/print"] button`, ".cb-note--good")
	if len(w.papers.Docs) != 1 {
		t.Errorf("%d slips", len(w.papers.Docs))
	}
	due, err := w.desk.Due(t.Context(), w.nurse, clinic.Date{Year: 2026, Month: 11, Day: 1}, clinic.Date{Year: 2027, Month: 11, Day: 1})
	if err != nil || len(due) != 1 {
		t.Errorf("%d appointments, %v", len(due), err)
	}
	t.Logf("%d stops of the focus", h.stops)
}
