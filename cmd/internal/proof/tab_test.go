package proof

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
)

// tab is one person at a screen: a tab of a headless Chromium that shares no cookies
// with the others.
type tab struct {
	t   *testing.T
	ctx context.Context
}

// patience is how long a person waits for a page or for something on it.
const patience = 30 * time.Second

// chromium starts one browser; its tabs are people's.
func chromium(t *testing.T) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(testpeer.Need(t, "chromium")),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()),
		chromedp.WindowSize(800, 1280), chromedp.WSURLReadTimeout(60*time.Second))
	alloc, cancelAlloc := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(func() { cancel(); cancelAlloc() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

// sit gives a person a tab that is so wide.
func sit(t *testing.T, browser context.Context, width int64) *tab {
	t.Helper()
	ctx, cancelTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancelTab)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 1000)); err != nil { // a timeout here would end the tab
		t.Fatal(err)
	}
	return &tab{t, ctx}
}

func (b *tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fail(what, err)
	}
}

func (b *tab) fail(what string, err error) {
	b.t.Helper()
	b.shot("failed")
	b.t.Fatalf("%s: %v\n%s", what, err, b.text())
}

// open goes to an address and waits for the page.
func (b *tab) open(url string) {
	b.t.Helper()
	b.do("open "+url, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("#main")))
}

// tries goes to an address, also where nobody answers at the moment.
func (b *tab) tries(url string) string {
	ctx, cancel := context.WithTimeout(b.ctx, patience/3)
	defer cancel()
	_ = chromedp.Do(ctx, chromedp.Navigate(url)) // the text tells
	return b.text()
}

// follow clicks what leads to another page, and waits for that page.
func (b *tab) follow(selector string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.fail("click "+selector, err)
	}
	b.do("page after "+selector, chromedp.WaitReady(chromedp.CSS("body")))
}

// fill puts text into fields, each named by a selector, as if they were empty.
func (b *tab) fill(fields ...string) {
	b.t.Helper()
	for i := 0; i < len(fields); i += 2 {
		b.do("fill "+fields[i], chromedp.SetValue(chromedp.CSS(fields[i]), fields[i+1]))
	}
}

// text is what a person reads on the page.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience/3)
	defer cancel()
	s, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	return s
}

// reads returns what an element holds, however it is folded away.
func (b *tab) reads(selector string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		b.fail("read "+selector, err)
	}
	return s
}

// evaluates returns what the page computes.
func (b *tab) evaluates(js string) string {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Evaluate[string](js))
	if err != nil {
		b.fail(js, err)
	}
	return s
}

// sees fails unless the page shows every text.
func (b *tab) sees(wants ...string) {
	b.t.Helper()
	page := b.text()
	for _, w := range wants {
		if !strings.Contains(page, w) {
			b.shot("failed")
			b.t.Fatalf("the page lacks %q:\n%s", w, page)
		}
	}
}

// soon waits until a page, loaded anew each time, is as wanted.
func (b *tab) soon(url, what string, is func(text string) bool) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	defer func() {
		if b.t.Failed() {
			b.shot("failed")
			b.t.Log(b.text())
		}
	}()
	testlog.Eventually(ctx, b.t, what, func() bool { return is(b.tries(url)) })
}

// photo is the whole page as a picture.
func (b *tab) photo() []byte {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	return png
}

// shot keeps a picture of the whole page where CLINICBOX_SHOTS names a folder.
func (b *tab) shot(name string) {
	b.t.Helper()
	if dir := os.Getenv("CLINICBOX_SHOTS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "enrol-"+name+".png"), b.photo(), 0o600); err != nil {
			b.t.Error(err)
		}
	}
}
