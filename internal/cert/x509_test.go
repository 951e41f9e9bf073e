package cert

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"clinicbox/internal/testpeer"
)

func parse(t testing.TB, der ...[]byte) []*x509.Certificate {
	t.Helper()
	return must[[]*x509.Certificate](t)(parseAll(der))
}

// pages makes a box's authority and a leaf below it, as the box does.
func pages(t *testing.T, w *xworld, box string, own, leaf Names) []*x509.Certificate {
	t.Helper()
	der := must[[]byte](t)
	ca := der(BoxAuthority(w.webIssuing, box, own, der(SPKI(w.web))))
	p := must[Parent](t)(NewParent(ca, w.web))
	l := der(Leaf(p, leaf, der(SPKI(w.tls)), LeafTime{Now: w.at, Trusted: true}))
	return parse(t, l, ca, w.webIssuing.Cert.Raw)
}

// A box's authority is worth nothing for any name but the box's own.
func TestBoxAuthorityIsConstrained(t *testing.T) {
	w := newX(t)
	ip := netip.MustParseAddr("192.168.8.20")
	plain, withIP := OwnNames("tram-01", Names{}), Names{IPs: []netip.Addr{ip}}
	tests := []struct {
		name      string
		own, leaf Names
		host      string
		want      error
	}{
		{"own name", Names{}, plain, "tram-01.local", nil},
		{"configured address", withIP, OwnNames("tram-01", withIP), "192.168.8.20", nil},
		{"another box", Names{}, Names{DNS: []string{"tram-02.local"}}, "tram-02.local", ErrX509},
		{"a bank", Names{}, Names{DNS: []string{"bank.example"}}, "bank.example", ErrX509},
		{"own name with the bank's hidden behind", Names{}, Names{DNS: []string{"tram-01.local", "bank.example"}}, "tram-01.local", ErrX509},
		{"an address not configured", Names{}, withIP, "192.168.8.20", ErrX509},
		{"an address of its neighbour", withIP, Names{IPs: []netip.Addr{ip.Next()}}, ip.Next().String(), ErrX509},
		{"another family", withIP, Names{IPs: []netip.Addr{netip.MustParseAddr("fe80::1")}}, "fe80::1", ErrX509},
		{"a public name that the centre allowed by mistake", Names{DNS: []string{"bank.example"}}, Names{DNS: []string{"bank.example"}}, "bank.example", ErrX509},
		{"a public address that the centre allowed by mistake", Names{IPs: []netip.Addr{netip.MustParseAddr("203.0.113.7")}}, Names{IPs: []netip.Addr{netip.MustParseAddr("203.0.113.7")}}, "203.0.113.7", ErrX509},
		{"the name of nobody", Names{}, plain, "", ErrX509},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			chain := pages(t, w, "tram-01", tt.own, tt.leaf)
			err := VerifyX509(chain, Want{Roots: [][]byte{w.webRoot.Cert.Raw}, Name: tt.host, Now: w.at, Trusted: true})
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	chain := pages(t, w, "tram-01", Names{}, plain)
	if err := VerifyX509(chain, Want{Roots: [][]byte{newX(t).webRoot.Cert.Raw}, Name: "tram-01.local", Now: w.at, Trusted: true}); err == nil {
		t.Error("another fleet's root passes")
	}
	if err := VerifyX509(chain, Want{Roots: [][]byte{w.webRoot.Cert.Raw}, Name: "tram-01", Client: true, Now: w.at, Trusted: true}); err == nil {
		t.Error("a page's certificate opens the link")
	}
}

// What a box's own authority signs for another authority or for a client is no good.
func TestBoxAuthorityMakesNoOthers(t *testing.T) {
	w := newX(t)
	der := must[[]byte](t)
	ca := must[Parent](t)(NewParent(der(BoxAuthority(w.webIssuing, "tram-01", Names{}, der(SPKI(w.web)))), w.web))
	k := must[*ecdsa.PrivateKey](t)(NewP256())
	sub := authority("tram-01", "sub", w.at, 0)
	subDER := der(issue(sub, ca, k.Public()))
	leaf := der(Leaf(must[Parent](t)(NewParent(subDER, k)), OwnNames("tram-01", Names{}), der(SPKI(w.tls)), LeafTime{Now: w.at, Trusted: true}))
	want := Want{Roots: [][]byte{w.webRoot.Cert.Raw}, Name: "tram-01.local", Now: w.at, Trusted: true}
	if VerifyX509(parse(t, leaf, subDER, ca.Cert.Raw, w.webIssuing.Cert.Raw), want) == nil {
		t.Error("an authority below a box's passes")
	}
	client := der(Client(ca, "tram-01", der(SPKI(w.tls))))
	want.Client, want.Name = true, "tram-01"
	if VerifyX509(parse(t, client, ca.Cert.Raw, w.webIssuing.Cert.Raw), want) == nil {
		t.Error("a client certificate by a box passes")
	}
	if _, err := NewParent(ca.Cert.Raw, k); err == nil {
		t.Error("a certificate goes with another key")
	}
	if _, err := NewParent(client, w.tls); err == nil {
		t.Error("a leaf is an authority")
	}
	if _, err := Client(w.link, "tram-01", der(SPKI(key(1)))); !errors.Is(err, ErrX509) {
		t.Errorf("an Ed25519 key in X.509: %v", err)
	}
}

func TestLeafLife(t *testing.T) {
	w := newX(t)
	der := must[[]byte](t)
	ca := must[Parent](t)(NewParent(der(BoxAuthority(w.webIssuing, "tram-01", Names{}, der(SPKI(w.web)))), w.web))
	floor := w.at.Add(10 * 24 * time.Hour)
	for name, lt := range map[string]LeafTime{
		"1970":     {Now: time.Unix(3600, 0), Floor: floor},
		"2045":     {Now: time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC), Floor: floor},
		"trusted":  {Now: floor, Trusted: true},
		"no floor": {Now: time.Unix(0, 0)},
	} {
		leaf := parse(t, der(Leaf(ca, OwnNames("tram-01", Names{}), der(SPKI(w.tls)), lt)))[0]
		if leaf.NotBefore.After(floor) || leaf.NotBefore.Before(ca.Cert.NotBefore) || leaf.NotAfter.Sub(leaf.NotBefore) > 800*24*time.Hour {
			t.Errorf("%s: %v to %v", name, leaf.NotBefore, leaf.NotAfter)
		}
		if Renew(leaf, lt) {
			t.Errorf("%s: to be renewed at once", name)
		}
		if old := (LeafTime{Now: leaf.NotAfter.Add(-100 * 24 * time.Hour), Trusted: true}); !Renew(leaf, old) {
			t.Errorf("%s: not renewed in its last quarter", name)
		}
	}
}

// TestLinkWithAWrongClock runs real handshakes: a box of 1970 or 2045 reaches its
// centre, and no other.
func TestLinkWithAWrongClock(t *testing.T) {
	w, other := newX(t), newX(t)
	der := must[[]byte](t)
	pair := func(c []byte, k *ecdsa.PrivateKey) tls.Certificate {
		return tls.Certificate{Certificate: [][]byte{c}, PrivateKey: k}
	}
	client := pair(der(Client(w.link, "tram-01", der(SPKI(w.tls)))), w.tls)
	hub := Names{DNS: []string{"hub.mau.internal"}}
	broker := pair(der(Broker(w.link, hub, der(SPKI(w.web)))), w.web)
	wrongName := pair(der(Broker(w.link, Names{DNS: []string{"other.internal"}}, der(SPKI(w.web)))), w.web)
	foreign := pair(der(Broker(other.link, hub, der(SPKI(w.web)))), w.web)
	tests := []struct {
		name    string
		broker  tls.Certificate
		now     time.Time
		trusted bool
		ok      bool
	}{
		{"right clock", broker, w.at, true, true},
		{"1970", broker, time.Unix(0, 0), false, true},
		{"2045", broker, time.Date(2045, 1, 1, 0, 0, 0, 0, time.UTC), false, true},
		{"1970 believed", broker, time.Unix(0, 0), true, false},
		{"1970, another name", wrongName, time.Unix(0, 0), false, false},
		{"1970, another fleet", foreign, time.Unix(0, 0), false, false},
		{"1970, a client in the broker's place", client, time.Unix(0, 0), false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, b := net.Pipe()
			defer a.Close()
			defer b.Close()
			go func() {
				roots := x509.NewCertPool()
				roots.AddCert(w.link.Cert)
				s := tls.Server(b, &tls.Config{
					Certificates: []tls.Certificate{tt.broker}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots,
					Time: func() time.Time { return w.at },
				})
				_ = s.Handshake()
				_, _ = s.Write([]byte("x"))
				_ = b.Close()
			}()
			c := tls.Client(a, LinkTLS(client, w.link.Cert.Raw, "hub.mau.internal", func() (time.Time, bool) { return tt.now, tt.trusted }))
			_, err := c.Read(make([]byte, 1))
			if (err == nil) != tt.ok {
				t.Errorf("handshake: %v", err)
			}
		})
	}
}

// TestOpenSSLAgrees asks another implementation about the same chains: tablets do
// not run Go.
func TestOpenSSLAgrees(t *testing.T) {
	testpeer.Need(t, "openssl")
	w, dir := newX(t), t.TempDir()
	file := func(name string, all ...*x509.Certificate) string {
		var b []byte
		for _, c := range all {
			b = append(b, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	root := file("root.pem", w.webRoot.Cert)
	ip := netip.MustParseAddr("192.168.8.20")
	verify := func(chain []*x509.Certificate, check ...string) error {
		args := append([]string{"verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", root, "-untrusted", file("mid.pem", chain[1:]...), "-attime", strconv.FormatInt(w.at.Unix(), 10)}, check...)
		out, err := exec.CommandContext(t.Context(), "openssl", append(args, file("leaf.pem", chain[0]))...).CombinedOutput()
		t.Logf("%s", out)
		return err
	}
	own := OwnNames("tram-01", Names{IPs: []netip.Addr{ip}})
	if err := verify(pages(t, w, "tram-01", Names{IPs: own.IPs}, own), "-verify_hostname", "tram-01.local"); err != nil {
		t.Error("own name:", err)
	}
	if err := verify(pages(t, w, "tram-01", Names{IPs: own.IPs}, own), "-verify_ip", ip.String()); err != nil {
		t.Error("own address:", err)
	}
	if verify(pages(t, w, "tram-01", Names{}, Names{DNS: []string{"tram-02.local"}}), "-verify_hostname", "tram-02.local") == nil {
		t.Error("another box's name passes")
	}
	if verify(pages(t, w, "tram-01", Names{}, own), "-verify_hostname", "tram-01.local") == nil {
		t.Error("an address not configured passes")
	}
}
