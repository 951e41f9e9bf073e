package boxmain

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/testlog"
)

// TestPagesOverHTTPS: a tablet that installed the fleet's root reaches the locked
// page and the staff's pages of an enrolled box by its name; another root, or another
// name, does not do.
func TestPagesOverHTTPS(t *testing.T) {
	f, cfg, boss := newFleet(t), board(t), admin()
	cfg.Web.Secure = "127.0.0.1:0"
	v, _ := clinicOf(t, cfg, boss)
	if err := v.unlock(t.Context(), v.method(boss.ID, boss.PIN)); err != nil {
		t.Fatal(err)
	}
	if _, err := v.join(t.Context(), f.invite("tram-01"), f.ask); err != nil {
		t.Fatal(err)
	}
	v.lock()
	b := New(Options{Config: cfg, Log: testlog.Logger(t)})
	runs(t, "box", b)
	get := func(root []byte, name string) (string, error) {
		pool := x509.NewCertPool()
		c, err := x509.ParseCertificate(root)
		if err != nil {
			t.Fatal(err)
		}
		pool.AddCert(c)
		tr := &http.Transport{
			DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "tcp", b.SecureAddr().String())
			},
		}
		r, err := (&http.Client{Transport: tr, Timeout: time.Minute}).Get("https://" + name + "/")
		if err != nil {
			return "", err
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		return string(body), err
	}
	root := b.vault.id.WebRoot()
	body, err := get(root, "tram-01.local")
	if err != nil || !strings.Contains(body, "/pin/1") {
		t.Fatal("locked page:", err, body)
	}
	if _, err := get(newFleet(t).keys.Grant.Web[1], "tram-01.local"); err == nil {
		t.Error("another fleet's root is as good")
	}
	if _, err := get(root, "tram-02.local"); err == nil {
		t.Error("the box passes for another one")
	}
	visit(t, b).post("/pin/1", url.Values{"pin": {boss.PIN}})
	within(t, "the staff's pages over HTTPS", func() bool {
		body, err := get(root, "tram-01.local")
		return err == nil && strings.Contains(body, boss.Name)
	})
}

func TestPlainIsForLoopback(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1": false, "::1": false, "0.0.0.0": true, "::": true, "192.168.1.5": true} {
		b := &Box{plain: &door{ln: &at{net.ParseIP(addr)}}}
		if b.trustOnly() != want {
			t.Errorf("%s: only trust over plain HTTP: %v", addr, !want)
		}
	}
}

// at is a listener that stands at an address.
type at struct{ ip net.IP }

func (a *at) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (a *at) Close() error              { return nil }
func (a *at) Addr() net.Addr            { return &net.TCPAddr{IP: a.ip, Port: 80} }
