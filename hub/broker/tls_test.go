package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/eclipse/paho.mqtt.golang/packets"

	"clinicbox/hub/broker"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
)

// fleet is a link authority, its broker and what each certificate may do.
type fleet struct {
	t      *testing.T
	link   cert.Parent
	broker *broker.Broker
	addr   string

	mu  sync.Mutex
	may map[cert.Digest]broker.Access
}

func newFleet(t *testing.T) *fleet {
	f := &fleet{t: t, may: map[cert.Digest]broker.Access{}, link: newLink(t)}
	own := f.pair(func(spki []byte) ([]byte, error) {
		return cert.Broker(f.link, cert.Names{IPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}, spki)
	})
	f.broker = broker.New(broker.Options{
		Listen: "127.0.0.1:0", Dir: t.TempDir(), Log: testlog.Logger(t),
		TLS: &broker.TLS{Own: own, Link: f.link.Cert, Who: f.who},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.broker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-f.broker.Ready():
	case err := <-done:
		done <- nil
		t.Fatal(err)
	}
	f.addr = f.broker.Addr()
	return f
}

func newLink(t *testing.T) cert.Parent {
	t.Helper()
	key, err := cert.NewP256()
	if err != nil {
		t.Fatal(err)
	}
	der, err := cert.LinkRoot(key, "Tỉnh Mẫu", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p, err := cert.NewParent(der, key)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (f *fleet) who(c *x509.Certificate) (broker.Access, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	a, ok := f.may[cert.DigestOf(c.Raw)]
	return a, ok
}

func (f *fleet) set(pair tls.Certificate, a broker.Access) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.may[cert.DigestOf(pair.Certificate[0])] = a
}

func (f *fleet) pair(issue func(spki []byte) ([]byte, error)) tls.Certificate {
	f.t.Helper()
	key, err := cert.NewP256()
	if err != nil {
		f.t.Fatal(err)
	}
	spki, err := cert.SPKI(key)
	if err != nil {
		f.t.Fatal(err)
	}
	der, err := issue(spki)
	if err != nil {
		f.t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func (f *fleet) client(link cert.Parent, name string) tls.Certificate {
	return f.pair(func(spki []byte) ([]byte, error) { return cert.Client(link, name, spki) })
}

func (f *fleet) dial(pair *tls.Certificate, id string) (mqtt.Client, error) {
	f.t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true}
	if pair != nil {
		cfg = cert.LinkTLS(*pair, f.link.Cert.Raw, "127.0.0.1", func() (time.Time, bool) { return time.Unix(0, 0), false })
	}
	c := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("ssl://" + f.addr).SetClientID(id).SetTLSConfig(cfg).
		SetAutoReconnect(false).SetProtocolVersion(4).SetConnectTimeout(5 * time.Second))
	tok := c.Connect()
	tok.Wait()
	if tok.Error() == nil {
		f.t.Cleanup(func() { c.Disconnect(0) })
	}
	return c, tok.Error()
}

func (f *fleet) mustDial(pair tls.Certificate, id string) mqtt.Client {
	f.t.Helper()
	c, err := f.dial(&pair, id)
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// subscribed reports whether the broker grants a filter.
func subscribed(c mqtt.Client, filter string, got chan<- string) bool {
	tok := c.Subscribe(filter, 0, func(_ mqtt.Client, m mqtt.Message) { got <- m.Topic() + " " + string(m.Payload()) })
	return tok.WaitTimeout(5*time.Second) && tok.Error() == nil && tok.(*mqtt.SubscribeToken).Result()[filter] == 0
}

func TestCertificatesLetIn(t *testing.T) {
	f := newFleet(t)
	good := f.client(f.link, "tram-01")
	f.set(good, broker.Access{Name: "tram-01", Serial: "s1", Clients: []string{"tram-01", "s1"}})
	stranger := f.client(f.link, "tram-09") // issued, but in no registry
	forged := f.client(newLink(t), "tram-01")
	f.set(forged, broker.Access{Name: "tram-01", Serial: "s1", Clients: []string{"tram-01"}})
	server := f.pair(func(spki []byte) ([]byte, error) { return cert.Broker(f.link, cert.Names{DNS: []string{"x"}}, spki) })
	f.set(server, broker.Access{Name: "tram-02", Clients: []string{"tram-02"}})
	for name, c := range map[string]struct {
		pair *tls.Certificate
		id   string
	}{
		"no certificate": {nil, "tram-01"}, "nobody's": {&stranger, "tram-09"}, "another authority's": {&forged, "tram-01"},
		"another box's client ID": {&good, "tram-02"}, "no client ID": {&good, ""}, "a broker's": {&server, "tram-02"},
	} {
		if _, err := f.dial(c.pair, c.id); err == nil {
			t.Errorf("%s: got in", name)
		}
	}
	if _, err := f.dial(&good, "tram-01"); err != nil {
		t.Error(err)
	}
	if _, err := f.dial(&good, "s1"); err != nil {
		t.Error(err)
	}
	plain := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + f.addr).SetClientID("tram-01").SetAutoReconnect(false).SetConnectTimeout(2 * time.Second))
	if tok := plain.Connect(); tok.WaitTimeout(5*time.Second) && tok.Error() == nil {
		t.Error("plain TCP got in")
	}
}

func TestRightsByCertificate(t *testing.T) {
	f := newFleet(t)
	own := f.client(f.link, "clinichub.centre")
	f.set(own, broker.Access{Name: "clinichub.centre", Hub: true})
	hub := f.mustDial(own, "clinichub-1")
	got := make(chan string, 50)
	for _, s := range []string{"up", "beat"} {
		if !subscribed(hub, "cb/1/+/"+s, got) {
			t.Fatal(s)
		}
	}
	a := f.client(f.link, "a")
	access := broker.Access{Name: "a", Serial: "s1", Clients: []string{"a"}}
	f.set(a, access)
	box := f.mustDial(a, "a")
	heard := make(chan string, 50)
	for filter, want := range map[string]bool{
		"cb/1/a/down": true, "cb/1/a/cmd": true, "cb/1/b/down": false, "cb/1/b/cmd": false, "cb/1/+/down": false, "cb/1/a/up": false, "#": false,
	} {
		if subscribed(box, filter, heard) != want {
			t.Errorf("in service, %s: granted %v", filter, !want)
		}
	}
	for _, topic := range []string{"cb/1/b/up", "cb/1/b/beat", "cb/1/a/down", "cb/1/a/cmd", "cb/1/a/up", "cb/1/a/beat"} {
		box.Publish(topic, 0, false, "1").Wait()
	}
	for _, want := range []string{"cb/1/a/up 1", "cb/1/a/beat 1"} {
		if g := receive(t, got); g != want {
			t.Fatalf("the hub got %q, want %q", g, want)
		}
	}
	hub.Publish("cb/1/a/down", 0, false, "2").Wait()
	if g := receive(t, heard); g != "cb/1/a/down 2" {
		t.Fatal(g)
	}

	access.Ended = true
	f.set(a, access)
	f.broker.Recheck()
	wait(t, "the cut", func() bool { return !box.IsConnectionOpen() })
	if !hub.IsConnectionOpen() {
		t.Fatal("the hub was cut")
	}
	box = f.mustDial(a, "a")
	heard = make(chan string, 50) // the client library also hands refused filters what matches them
	for filter, want := range map[string]bool{"cb/1/a/down": false, "cb/1/fleet/x": false, "cb/1/a/cmd": true} {
		if subscribed(box, filter, heard) != want {
			t.Errorf("ended, %s: granted %v", filter, !want)
		}
	}
	box.Publish("cb/1/a/up", 0, false, "3").Wait()
	box.Publish("cb/1/a/beat", 0, false, "3").Wait()
	if g := receive(t, got); g != "cb/1/a/beat 3" {
		t.Fatal(g)
	}
	hub.Publish("cb/1/a/down", 0, false, "4").Wait()
	hub.Publish("cb/1/a/cmd", 0, false, "4").Wait()
	if g := receive(t, heard); g != "cb/1/a/cmd 4" {
		t.Fatal(g)
	}
}

// TestWill: what the broker says for a client that went away is bound by its rights.
func TestWill(t *testing.T) {
	f := newFleet(t)
	own := f.client(f.link, "clinichub.centre")
	f.set(own, broker.Access{Name: "clinichub.centre", Hub: true})
	hub, got := f.mustDial(own, "clinichub-1"), make(chan string, 9)
	if !subscribed(hub, "cb/1/#", got) {
		t.Fatal("not subscribed")
	}
	a := f.client(f.link, "a")
	f.set(a, broker.Access{Name: "a", Serial: "s1", Clients: []string{"a"}})
	cfg := cert.LinkTLS(a, f.link.Cert.Raw, "127.0.0.1", func() (time.Time, bool) { return time.Time{}, false })
	for _, topic := range []string{"cb/1/b/up", "cb/1/b/cmd", "cb/1/a/up"} {
		conn, err := tls.Dial("tcp", f.addr, cfg)
		if err != nil {
			t.Fatal(err)
		}
		p := packets.NewControlPacket(packets.Connect).(*packets.ConnectPacket)
		p.ProtocolName, p.ProtocolVersion, p.CleanSession, p.ClientIdentifier, p.Keepalive = "MQTT", 4, true, "a", 60
		p.WillFlag, p.WillTopic, p.WillMessage = true, topic, []byte("gone")
		if err := p.Write(conn); err != nil {
			t.Fatal(err)
		}
		_, _ = packets.ReadPacket(conn) // accepted or not
		_ = conn.Close()
	}
	if g := receive(t, got); g != "cb/1/a/up gone" {
		t.Fatalf("said for a: %q", g)
	}
}

// TestRevocationMeetsConnecting revokes while clients come and go: none keeps its
// rights after the next check.
func TestRevocationMeetsConnecting(t *testing.T) {
	f := newFleet(t)
	var boxes []mqtt.Client
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 8 {
		name := fmt.Sprintf("b%d", i)
		pair := f.client(f.link, name)
		a := broker.Access{Name: name, Serial: "s", Clients: []string{name}}
		f.set(pair, a)
		wg.Go(func() {
			if c, err := f.dial(&pair, name); err == nil {
				mu.Lock()
				boxes = append(boxes, c)
				mu.Unlock()
			}
		})
		wg.Go(func() {
			a.Ended = true
			f.set(pair, a)
			f.broker.Recheck()
		})
	}
	wg.Wait()
	f.broker.Recheck()
	for _, c := range boxes {
		if !c.IsConnectionOpen() {
			continue // cut, or about to be
		}
		var name string
		r := c.OptionsReader()
		name = r.ClientID()
		if subscribed(c, "cb/1/"+name+"/down", make(chan string, 9)) {
			t.Errorf("%s kept its rights", name)
		}
	}
}

func receive(t *testing.T, c <-chan string) string {
	t.Helper()
	select {
	case s := <-c:
		return s
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
		return ""
	}
}

func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	testlog.Eventually(ctx, t, what, f)
}
