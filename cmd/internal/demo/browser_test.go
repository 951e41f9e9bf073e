package demo

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
)

// browser is one tab of a headless Chromium, as wide as the clinic's tablet.
type browser struct {
	t    *testing.T
	ctx  context.Context
	name string // of its pictures
	n    int
}

func newBrowser(t *testing.T, name string, scripts bool) *browser {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(testpeer.Need(t, "chromium")),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(800, 1280), chromedp.WSURLReadTimeout(60*time.Second))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	ctx, cancelTab := chromedp.NewContext(alloc)
	ctx, cancelTime := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(func() {
		cancelTime()
		cancelTab()
		cancelAlloc()
	})
	b := &browser{t: t, ctx: ctx, name: name}
	b.run("start", chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !scripts})
		return err
	}))
	return b
}

func (b *browser) run(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.shot("failed")
		b.t.Fatalf("%s: %s: %v\n%s", b.name, what, err, b.text())
	}
}

// open goes to an address and waits for the page.
func (b *browser) open(url string) {
	b.t.Helper()
	b.run("open "+url, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body")))
}

// follow clicks what leads to another page, and waits for that page.
func (b *browser) follow(selector string) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.shot("failed")
		b.t.Fatalf("%s: click %s: %v\n%s", b.name, selector, err, b.text())
	}
	b.run("page after "+selector, chromedp.WaitReady(chromedp.CSS("body")))
}

// fill puts text into a field as if it were empty.
func (b *browser) fill(selector, text string) {
	b.t.Helper()
	b.run("fill "+selector, chromedp.Focus(chromedp.CSS(selector)), chromedp.SetValue(chromedp.CSS(selector), text))
}

// choose clicks what stays on the page.
func (b *browser) choose(selector string) {
	b.t.Helper()
	b.run("choose "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// text is what a person reads on the page.
func (b *browser) text() string {
	s, _ := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS("body")))
	return s
}

// url is where the tab is.
func (b *browser) url() string {
	s, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
	return s
}

// sees fails unless the page shows every text.
func (b *browser) sees(wants ...string) {
	b.t.Helper()
	page := b.text()
	for _, w := range wants {
		if !strings.Contains(page, w) {
			b.shot("failed")
			b.t.Fatalf("%s at %s: page lacks %q:\n%s", b.name, b.url(), w, page)
		}
	}
}

// comes waits until the page, loaded anew each time, shows a text.
func (b *browser) comes(url, want string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	testlog.Eventually(ctx, b.t, "page shows "+want, func() bool {
		b.open(url)
		return strings.Contains(b.text(), want)
	})
	b.sees(want)
}

// shot keeps a picture of the whole page where CLINICBOX_SHOTS names a folder.
func (b *browser) shot(what string) {
	dir := os.Getenv("CLINICBOX_SHOTS")
	if dir == "" {
		return
	}
	b.n++
	if png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100)); err == nil {
		name := b.name + "-" + string(rune('a'+b.n/10)) + string(rune('0'+b.n%10)) + "-" + what + ".png"
		_ = os.WriteFile(filepath.Join(dir, name), png, 0o600)
	}
}
