package web

import (
	"context"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/internal/testpeer"
)

// trustingBrowser starts Chromium in a home of its own, whose store of certificates
// holds what trust says.
func trustingBrowser(t *testing.T, trust ...[]byte) context.Context {
	t.Helper()
	home := t.TempDir()
	db := filepath.Join(home, ".pki", "nssdb")
	if err := os.MkdirAll(db, 0o700); err != nil {
		t.Fatal(err)
	}
	certutil := func(args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), testpeer.Need(t, "certutil"), append([]string{"-d", "sql:" + db}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v: %s", err, out)
		}
	}
	certutil("-N", "--empty-password")
	for _, der := range trust {
		file := filepath.Join(home, "root.pem")
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		certutil("-A", "-n", "fleet", "-t", "C,,", "-i", file)
	}
	alloc, stop := chromedp.NewExecAllocator(t.Context(), chromedp.Headless, chromedp.NoSandbox, chromedp.Env("HOME="+home),
		chromedp.Flag("host-resolver-rules", "MAP "+boxHost+" 127.0.0.1"), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	ctx, late := context.WithTimeout(ctx, 30*time.Second)
	t.Cleanup(late)
	return ctx
}

// TestBrowserTrustsTheBox installs the fleet's root as a person does, and logs in
// over HTTPS: a real browser accepts the chain with its constraints. Without the
// root it refuses.
func TestBrowserTrustsTheBox(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser is slow")
	}
	testpeer.Need(t, "chromium")
	testpeer.Need(t, "certutil")
	d := newDoors(t, true)
	ctx := trustingBrowser(t, d.root)
	do := func(actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatal(err)
		}
	}
	do(chromedp.Navigate(d.url("/login/"+d.nurse.String())), wait("#pin"))
	secure, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`isSecureContext && location.protocol === "https:"`))
	if err != nil || !secure {
		t.Errorf("secure context: %v %v", secure, err)
	}
	do(typing("#pin", nursePIN), press("main button"), wait(".cb-tiles"))
	// The cookie is out of reach of scripts, and the plain side has none.
	if seen, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.cookie`)); err != nil || seen != "" {
		t.Errorf("cookies that a script sees: %q %v", seen, err)
	}
	// Who comes to the plain port by the name is brought to HTTPS by the browser, and
	// the box understands it there.
	_, port, _ := strings.Cut(d.plain, ":")
	do(chromedp.Navigate("http://"+boxHost+":"+port+"/find"), wait("#q"))

	stranger := trustingBrowser(t)
	if err := chromedp.Do(stranger, chromedp.Navigate(d.url("/login"))); err == nil || !strings.Contains(err.Error(), "ERR_CERT_AUTHORITY_INVALID") {
		t.Errorf("without the root: %v", err)
	}
}
