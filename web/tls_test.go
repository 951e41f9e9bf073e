package web

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

const boxHost = "tram-01.local"

// fleet is an invented fleet's web root with a box's certificate under it.
func fleet(t testing.TB) (root []byte, conf *tls.Config) {
	t.Helper()
	must := func(der []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	at := time.Now().Add(-48 * time.Hour)
	rootKey, err := cert.NewP256()
	must(nil, err)
	root = must(cert.WebRoot(rootKey, "Trung tâm thử nghiệm", at))
	parent, err := cert.NewParent(root, rootKey)
	must(nil, err)
	issuingKey, err := cert.NewP256()
	must(nil, err)
	issuing := must(cert.WebIssuing(parent, must(cert.SPKI(issuingKey)), at))
	parent, err = cert.NewParent(issuing, issuingKey)
	must(nil, err)
	ownKey, err := cert.NewP256()
	must(nil, err)
	own := must(cert.BoxAuthority(parent, "tram-01", cert.Names{}, must(cert.SPKI(ownKey))))
	parent, err = cert.NewParent(own, ownKey)
	must(nil, err)
	leafKey, err := cert.NewP256()
	must(nil, err)
	names := cert.OwnNames("tram-01", cert.Names{})
	leaf := must(cert.Leaf(parent, names, must(cert.SPKI(leafKey)), cert.LeafTime{Now: time.Now(), Trusted: true}))
	c := &tls.Certificate{Certificate: [][]byte{leaf, own, issuing}, PrivateKey: leafKey}
	return root, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c, nil }}
}

// doors is the station served on two real sockets, plain and TLS.
type doors struct {
	*world
	root          []byte
	plain, secure string // addresses
}

func newDoors(t *testing.T, plainTrustOnly bool) *doors {
	t.Helper()
	d := &doors{world: newWorld(t, time.Hour)}
	var conf *tls.Config
	d.root, conf = fleet(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	d.must(err)
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	d.must(err)
	d.plain, d.secure = plain.Addr().String(), secure.Addr().String()
	o := d.web.opts
	o.Listener, o.Secure, o.TLS, o.PlainTrustOnly = plain, secure, conf, plainTrustOnly
	o.Trust = func() Trust {
		return Trust{URL: d.url("/"), Plain: "http://" + d.plain + "/", Root: d.root}
	}
	d.web, err = New(o)
	d.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- d.web.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	<-d.web.Ready()
	return d
}

func (d *doors) url(path string) string {
	_, port, _ := net.SplitHostPort(d.secure)
	return "https://" + boxHost + ":" + port + path
}

// client is a browser that has the fleet's root and finds the box by its name.
func (d *doors) client(conf *tls.Config) *http.Client {
	pool := x509.NewCertPool()
	root, err := x509.ParseCertificate(d.root)
	d.must(err)
	pool.AddCert(root)
	conf.RootCAs = pool
	jar, err := cookiejar.New(nil)
	d.must(err)
	return &http.Client{Jar: jar, Transport: &http.Transport{
		TLSClientConfig: conf, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", d.secure)
		},
	}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func TestHTTPS(t *testing.T) {
	d := newDoors(t, true)
	c := d.client(&tls.Config{})
	login := d.url("/login/" + d.nurse.String())
	res, err := c.PostForm(login, url.Values{"pin": {nursePIN}})
	d.must(err)
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther || res.ProtoMajor != 2 || res.TLS.Version != tls.VersionTLS13 || len(res.TLS.VerifiedChains) == 0 {
		t.Fatalf("login: %d, HTTP/%d, TLS %x", res.StatusCode, res.ProtoMajor, res.TLS.Version)
	}
	token := res.Cookies()[1] // the first marks the browser as the nurse's
	if token.Name != "__Host-clinicbox_session" || !token.Secure || !token.HttpOnly || token.Path != "/" || token.Domain != "" || token.SameSite != http.SameSiteStrictMode {
		t.Errorf("cookie: %v", token)
	}
	if got := res.Header.Get("Strict-Transport-Security"); got != remembered {
		t.Errorf("HSTS: %q", got)
	}
	if res, err = c.Get(d.url("/")); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("first page: %v %v", res, err)
	}
	res.Body.Close()
	if res, err = c.Get(d.url("/events")); err != nil || res.ProtoMajor != 2 {
		t.Fatalf("live events: %v", err)
	}
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if res.Body.Close(); err != nil || line != "event: strip\n" {
		t.Errorf("live events: %q %v", line, err)
	}
	for version, want := range map[uint16]bool{tls.VersionTLS12: true, tls.VersionTLS11: false, tls.VersionTLS10: false} {
		res, err := d.client(&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: version}).Get(d.url("/login"))
		if (err == nil) != want {
			t.Errorf("TLS %x: %v", version, err)
		}
		if err == nil {
			res.Body.Close()
		}
	}
	stranger := d.client(&tls.Config{})
	stranger.Transport.(*http.Transport).TLSClientConfig.RootCAs = x509.NewCertPool()
	if _, err := stranger.Get(d.url("/login")); err == nil {
		t.Error("a browser without the root believes the box")
	}
}

// TestPlainTellsHowToTrust: nothing else is there, and nothing of the station.
func TestPlainTellsHowToTrust(t *testing.T) {
	d := newDoors(t, true)
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	get := func(path string) (int, http.Header, string) {
		t.Helper()
		res, err := c.Get("http://" + d.plain + path)
		d.must(err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		d.must(err)
		return res.StatusCode, res.Header, string(body)
	}
	var routes []string
	for _, m := range []map[string]handler{d.web.publicRoutes(), d.web.staffRoutes(), d.web.recordRoutes()} {
		routes = slices.AppendSeq(routes, maps.Keys(m))
	}
	for _, pattern := range routes {
		method, path := address(pattern)
		if strings.HasPrefix(path, "/trust") || path == "/healthz" || path == "/language" || path == "/assets/" || path == "/favicon.ico" {
			continue
		}
		req, err := http.NewRequestWithContext(t.Context(), method, "http://"+d.plain+path, nil)
		d.must(err)
		res, err := c.Do(req)
		d.must(err)
		res.Body.Close()
		if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/trust" || len(res.Cookies()) != 0 {
			t.Errorf("%s: %d %s", pattern, res.StatusCode, res.Header.Get("Location"))
		}
	}
	_, header, page := get("/trust")
	print := printOf(d.root)
	for _, want := range []string{d.url("/"), print[0][0], print[3][3], "/trust/qr.png", "clinicbox-root.crt", "<h2>Cài vào thiết bị"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if header.Get("Strict-Transport-Security") != "" {
		t.Error("HSTS over plain HTTP")
	}
	if strings.Contains(page, "Nguyễn Thị Hoa") || strings.Contains(page, `type="password"`) || strings.Contains(page, `id="strip"`) {
		t.Error("the page shows or asks too much")
	}
	_, header, der := get("/trust/clinicbox-root.crt")
	if der != string(d.root) || header.Get("Content-Type") != "application/x-x509-ca-cert" {
		t.Errorf("certificate: %q, %d bytes", header.Get("Content-Type"), len(der))
	}
	_, _, text := get("/trust/clinicbox-root.pem")
	if block, _ := pem.Decode([]byte(text)); block == nil || string(block.Bytes) != string(d.root) {
		t.Error("the PEM is not the root")
	}
	if status, _, img := get("/trust/qr.png"); status != 200 || !strings.HasPrefix(img, "\x89PNG") {
		t.Errorf("QR: %d", status)
	}
	if status, _, body := get("/healthz"); status != 200 || body != "ok\n" {
		t.Errorf("health: %d %q", status, body)
	}
}

// TestOnePortSpeaksBoth: a silent connection and garbage keep nobody waiting.
func TestOnePortSpeaksBoth(t *testing.T) {
	d := newDoors(t, true)
	for _, first := range []string{"", "\x16\x03\x01\xff\xffgarbage", "\x00\x00\x00", "GET"} {
		c, err := net.Dial("tcp", d.plain)
		d.must(err)
		defer c.Close()
		_, err = c.Write([]byte(first))
		d.must(err)
	}
	d.secure = d.plain // the client finds the box there
	res, err := d.client(&tls.Config{}).Get(d.url("/login"))
	d.must(err)
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.TLS == nil {
		t.Errorf("TLS on the plain port: %d", res.StatusCode)
	}
	res, err = http.Get("http://" + d.plain + "/login")
	d.must(err)
	res.Body.Close()
	if res.Request.URL.Path != "/trust" {
		t.Errorf("plain: %s", res.Request.URL)
	}
}

// TestTrustBeforeEnrolment: there is nothing to download yet, and the page says so.
func TestTrustBeforeEnrolment(t *testing.T) {
	w := newWorld(t, 0)
	h, err := NewTrust(TrustOpts{Log: w.log.Logger(), Facility: "Trạm"})
	w.must(err)
	b := w.at(h)
	if a := b.get("/trust"); a.status != 200 || !strings.Contains(a.text(), "chưa có chứng thư") || strings.Contains(a.body, "qr.png") {
		t.Errorf("%d %s", a.status, a.text())
	}
	for _, path := range []string{"/trust/qr.png", "/trust/clinicbox-root.crt", "/healthz"} {
		if a := b.get(path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}

// TestHeadersOnEveryRoute: over TLS and plain, with a login and without.
func TestHeadersOnEveryRoute(t *testing.T) {
	w := newWorld(t, 0)
	trust, err := NewTrust(TrustOpts{Log: w.log.Logger()})
	w.must(err)
	in := w.browser().secured()
	in.post("/login/"+w.admin.String(), url.Values{"pin": {adminPIN}})
	browsers := map[string]*browser{"plain": w.browser(), "TLS": w.browser().secured(), "logged in": in, "trust": w.at(trust), "locked": w.lockedBox(nil).secured()}
	var routes []string
	for _, m := range []map[string]handler{w.web.publicRoutes(), w.web.staffRoutes(), w.web.recordRoutes()} {
		routes = slices.AppendSeq(routes, maps.Keys(m))
	}
	for name, b := range browsers {
		for _, pattern := range append(routes, "GET /nothing", "DELETE /", "GET "+w.web.assets.path["app.js"]) {
			method, path := address(pattern)
			if path == "/events" || path == "/logout" {
				continue // a stream; the end of the session
			}
			a := b.request(method, path)
			for header, value := range strict() {
				if a.header.Get(header) != value && (header != "Cache-Control" || !strings.Contains(path, "/assets/")) {
					t.Errorf("%s %s: %s is %q", name, pattern, header, a.header.Get(header))
				}
			}
			if got := a.header.Get("Strict-Transport-Security") != ""; got != (b.scheme == "https") {
				t.Errorf("%s %s: HSTS %v", name, pattern, got)
			}
		}
	}
}

func (b *browser) request(method, path string) answer {
	b.w.t.Helper()
	req, err := http.NewRequestWithContext(b.w.t.Context(), method, b.scheme+"://box.test"+path, nil)
	b.w.must(err)
	return b.do(req)
}

func TestOtherSitesAreRefusedOverTLS(t *testing.T) {
	w := newWorld(t, 0)
	b := w.browser().secured()
	b.post("/login/"+w.nurse.String(), url.Values{"pin": {nursePIN}})
	for name, h := range map[string]http.Header{
		"its own plain side": {"Origin": {"http://box.test"}},
		"another port":       {"Origin": {"https://box.test:8443"}},
		"another box":        {"Origin": {"https://tram-02.local"}, "Sec-Fetch-Site": {"cross-site"}},
		"nobody":             {"Origin": {"null"}},
	} {
		v := person("Người Lạ", "")
		v.Set("act", clinic.NewID().String())
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://box.test/register", strings.NewReader(v.Encode()))
		w.must(err)
		req.Header = h
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if a := b.do(req); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

// TestSessionKeepsToItsScheme: a token of HTTPS says nothing over plain HTTP, and
// the other way round, whatever the cookie is called.
func TestSessionKeepsToItsScheme(t *testing.T) {
	w := newWorld(t, 0)
	for _, scheme := range []string{"http", "https"} {
		b := w.browser()
		b.scheme = scheme
		b.post("/login/"+w.nurse.String(), url.Values{"pin": {nursePIN}})
		if a := b.get("/"); a.status != http.StatusOK {
			t.Fatalf("%s: %d", scheme, a.status)
		}
		u := mustURL(t)
		u.Scheme = scheme
		for _, c := range b.client.Jar.Cookies(u) {
			for _, name := range []string{sessionCookie, hostPrefix + sessionCookie} {
				other := w.browser()
				if scheme == "http" {
					other.secured()
				}
				other.addr = b.addr
				req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, other.scheme+"://box.test/", nil)
				w.must(err)
				req.AddCookie(&http.Cookie{Name: name, Value: c.Value})
				if a := other.do(req); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/login") {
					t.Errorf("session of %s as %s over %s: %d %s", scheme, name, other.scheme, a.status, a.location)
				}
			}
		}
		if a := b.get("/"); a.status != http.StatusOK {
			t.Errorf("%s: the session was lost: %d", scheme, a.status)
		}
	}
}

// TestSessionIsBoundToItsPlace: the token alone opens nothing elsewhere; the PIN
// makes the new place its own, and neither place is lost.
func TestSessionIsBoundToItsPlace(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	home, agent := b.addr, b.agent
	move := func(addr, agent string) { b.addr, b.agent = addr, agent }
	for name, at := range map[string][2]string{
		"another address": {"192.168.4.200:1", agent}, "another browser": {home, "curl/8"}, "IPv6": {"[2001:db8:1::7]:1", agent}, "no address": {"", agent},
	} {
		move(at[0], at[1])
		a := b.get(visit)
		if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/lock?next=") || strings.Contains(a.body, "Sương") {
			t.Fatalf("%s: %d %s", name, a.status, a.location)
		}
		if a := b.post("/unlock", url.Values{"pin": {nursePIN}, "next": {visit}}); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: another's PIN: %d", name, a.status)
		}
		if a := b.post("/unlock", url.Values{"pin": {doctorPIN}, "next": {visit}}); a.location != visit {
			t.Fatalf("%s: unlock: %d %s", name, a.status, a.location)
		}
		if a := b.get(visit); a.status != http.StatusOK {
			t.Errorf("%s: after the PIN: %d", name, a.status)
		}
	}
	move("192.168.4.77:1", agent)
	b.post("/logout", nil)
	move(home, agent)
	b.w.must(nil)
	if len(w.web.sessions.live) != 1 {
		t.Error("somebody elsewhere ended the session")
	}
	for _, x := range w.web.sessions.live {
		if len(x.places) > placesMax {
			t.Errorf("%d places", len(x.places))
		}
	}
}

func TestNeighbours(t *testing.T) {
	for addr, want := range map[string]string{
		"192.168.4.7": "192.168.4.7", "::ffff:192.168.4.7": "192.168.4.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		r := &http.Request{RemoteAddr: netip.AddrPortFrom(netip.MustParseAddr(addr), 9).String()}
		if got := neighbour(remote(r)); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}
