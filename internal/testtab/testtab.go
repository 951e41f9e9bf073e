// Package testtab lets tests use pages as people do: in tabs of a headless Chromium.
package testtab

import (
	"context"
	"fmt"
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

// patience is how long a person waits for a page or for something on it.
const patience = 30 * time.Second

// Browser starts a Chromium for the time of the test; its tabs are people's.
func Browser(t testing.TB) context.Context {
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

// Opts says who sits at a tab.
type Opts struct {
	Name      string // of the pictures
	Width     int64  // of the screen
	NoScripts bool   // JavaScript is off
}

// Tab is one person at a screen; it shares no cookies with other tabs. Whatever does
// not go as a test asks fails the test with the page's text. A Tab is used by one
// goroutine at a time.
type Tab struct {
	T    testing.TB
	ctx  context.Context
	name string
	n    int // pictures so far
}

// New opens a tab for the time of the test.
func New(t testing.TB, browser context.Context, o Opts) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	noScripts := chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: o.NoScripts})
		return err
	})
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(o.Width, 1000), noScripts); err != nil { // a timeout here would end the tab
		t.Fatal(err)
	}
	return &Tab{T: t, ctx: ctx, name: o.Name}
}

// For returns the same tab for a subtest.
func (b *Tab) For(t testing.TB) *Tab {
	c := *b
	c.T = t
	return &c
}

func (b *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		b.fail(what, err)
	}
}

func (b *Tab) fail(what string, err error) {
	b.T.Helper()
	b.Shot("failed")
	b.T.Fatalf("%s: %s: %v\n%s", b.name, what, err, b.Text())
}

// Open goes to an address and waits for the page.
func (b *Tab) Open(url string) {
	b.T.Helper()
	b.do("open "+url, chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("body")))
}

// Tries goes to an address, also where nobody answers at the moment, and returns what
// is on the screen then.
func (b *Tab) Tries(url string) string {
	ctx, cancel := context.WithTimeout(b.ctx, patience/3)
	defer cancel()
	_ = chromedp.Do(ctx, chromedp.Navigate(url)) // the text tells
	return b.Text()
}

// Follow clicks what leads to another page, and waits for that page.
func (b *Tab) Follow(selector string) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		b.fail("click "+selector, err)
	}
	b.do("page after "+selector, chromedp.WaitReady(chromedp.CSS("body")))
}

// Fill puts texts into fields, each pair a selector and a text, as if they were empty.
func (b *Tab) Fill(fields ...string) {
	b.T.Helper()
	for i := 0; i < len(fields); i += 2 {
		b.do("fill "+fields[i], chromedp.Focus(chromedp.CSS(fields[i])), chromedp.SetValue(chromedp.CSS(fields[i]), fields[i+1]))
	}
}

// Upload chooses a file for a field.
func (b *Tab) Upload(selector, path string) {
	b.T.Helper()
	b.do("choose a file for "+selector, chromedp.SetUploadFiles(chromedp.CSS(selector), []string{path}))
}

// Choose clicks what stays on the page.
func (b *Tab) Choose(selector string) {
	b.T.Helper()
	b.do("choose "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// Text is what a person reads on the page.
func (b *Tab) Text() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience/3)
	defer cancel()
	s, _ := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("body")))
	return s
}

// URL is where the tab is.
func (b *Tab) URL() string { return answer(b, "location", chromedp.Location()) }

// Reads returns what an element holds, however it is folded away.
func (b *Tab) Reads(selector string) string {
	b.T.Helper()
	return answer(b, "read "+selector, chromedp.TextContent(chromedp.CSS(selector)))
}

// Evaluates returns what the page computes.
func (b *Tab) Evaluates(js string) string {
	b.T.Helper()
	return answer(b, js, chromedp.Evaluate[string](js))
}

// Photo is the whole page as a PNG.
func (b *Tab) Photo() []byte {
	b.T.Helper()
	return answer(b, "picture", chromedp.FullScreenshot(100))
}

func answer[T any](b *Tab, what string, ask chromedp.Action[T]) T {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	v, err := chromedp.Run(ctx, ask)
	if err != nil {
		b.T.Fatalf("%s: %s: %v", b.name, what, err)
	}
	return v
}

// Sees fails unless the page shows every text.
func (b *Tab) Sees(wants ...string) {
	b.T.Helper()
	page := b.Text()
	for _, w := range wants {
		if !strings.Contains(page, w) {
			b.Shot("failed")
			b.T.Fatalf("%s at %s: the page lacks %q:\n%s", b.name, b.URL(), w, page)
		}
	}
}

// Soon waits until a page, loaded anew each time, is as wanted.
func (b *Tab) Soon(url, what string, is func(text string) bool) {
	b.T.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	defer func() {
		if b.T.Failed() {
			b.Shot("failed")
			b.T.Log(b.Text())
		}
	}()
	testlog.Eventually(ctx, b.T, what, func() bool { return is(b.Tries(url)) })
}

// Comes waits until a page, loaded anew each time, shows a text.
func (b *Tab) Comes(url, want string) {
	b.T.Helper()
	b.Soon(url, "page shows "+want, func(text string) bool { return strings.Contains(text, want) })
}

// Shot keeps a picture of the whole page where CLINICBOX_SHOTS names a folder.
func (b *Tab) Shot(what string) {
	b.T.Helper()
	dir := os.Getenv("CLINICBOX_SHOTS")
	if dir == "" {
		return
	}
	b.n++
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	// Not Photo, which ends the test: a picture is taken of failures, too.
	png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%02d-%s.png", b.name, b.n, what)), png, 0o600)
	}
	if err != nil {
		b.T.Errorf("%s: picture %s: %v", b.name, what, err)
	}
}
