package broker_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/broker"
	"clinicbox/hub/db"
	"clinicbox/hub/hubtest"
	"clinicbox/hub/ingest"
	"clinicbox/internal/cert"
	"clinicbox/internal/keyfile"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
	"clinicbox/sync/mqttlink"
)

const centreName = "clinichub.centre"

// brokers is a broker, or several that are one: where the centre and a box connect,
// and what fails in the middle.
type brokers struct {
	hub, box string
	middle   func()
}

// TestEveryBroker: one box and one centre over each kind of broker, with TLS 1.3 and
// client certificates only. Records go up and are receipted, rows come down, and a box
// can neither read nor write another's topics.
func TestEveryBroker(t *testing.T) {
	for name, open := range map[string]func(*testing.T, *fleet) brokers{
		"embedded": embedded, "mosquitto": mosquitto, "cluster of three": cluster,
	} {
		t.Run(name, func(t *testing.T) {
			f := &fleet{t: t, may: map[cert.Digest]broker.Access{}, link: newLink(t)}
			accept(t, f, open(t, f))
		})
	}
}

func (f *fleet) own() tls.Certificate {
	return f.pair(func(spki []byte) ([]byte, error) {
		return cert.Broker(f.link, cert.Names{IPs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}, spki)
	})
}

// files writes what `clinichub authority broker` writes, into a new directory.
func (f *fleet) files() (dir string) {
	f.t.Helper()
	own := f.own()
	key, err := x509.MarshalPKCS8PrivateKey(own.PrivateKey)
	if err != nil {
		f.t.Fatal(err)
	}
	dir = f.t.TempDir()
	for name, b := range map[string]*pem.Block{
		"link.crt": {Type: "CERTIFICATE", Bytes: f.link.Cert.Raw}, "broker.crt": {Type: "CERTIFICATE", Bytes: own.Certificate[0]},
		"broker.key": {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(b), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	return dir
}

func embedded(t *testing.T, f *fleet) brokers {
	b := broker.New(broker.Options{
		Listen: "127.0.0.1:0", Dir: t.TempDir(), Log: testlog.Logger(t),
		TLS: &broker.TLS{Own: f.own(), Link: f.link.Cert, Who: func(c *x509.Certificate) (broker.Access, bool) {
			n := c.Subject.CommonName
			return broker.Access{Name: n, Clients: []string{n}, Hub: n == centreName}, true
		}},
	})
	background(t, b.Run)
	<-b.Ready()
	return brokers{hub: b.Addr(), box: b.Addr(), middle: func() {}}
}

// mosquitto is Debian's, with the rules that docs/operator.md gives.
func mosquitto(t *testing.T, f *fleet) brokers {
	bin, dir := testpeer.Need(t, "mosquitto"), f.files()
	acl := "pattern write cb/1/%u/up\npattern write cb/1/%u/beat\npattern read cb/1/%u/down\npattern read cb/1/%u/cmd\n" +
		"pattern read cb/1/fleet/#\nuser " + centreName + "\ntopic readwrite cb/1/#\n"
	port := freePort(t)
	conf := fmt.Sprintf("listener %d 127.0.0.1\npersistence false\nuser root\ncafile %[2]s/link.crt\ncertfile %[2]s/broker.crt\nkeyfile %[2]s/broker.key\n"+
		"acl_file %[2]s/acl\nrequire_certificate true\nuse_identity_as_username true\nallow_anonymous false\ntls_version tlsv1.3\n", port, dir)
	for name, text := range map[string]string{"acl": acl, "conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c, log := exec.CommandContext(ctx, bin, "-c", filepath.Join(dir, "conf"), "-v"), testlog.New(t)
	c.Stdout, c.Stderr = log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = c.Wait() })
	wait(t, "mosquitto", func() bool { return strings.Contains(log.String(), "running") })
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	return brokers{hub: addr, box: addr, middle: func() {}}
}

// natsConf is the one in docs/operator.md, for one node of a cluster.
const natsConf = `
server_name: %s
listen: 127.0.0.1:-1
jetstream { store_dir: %q }
cluster { name: centre, listen: %q, routes: [%s] }
mqtt {
  listen: %q
  tls { cert_file: "%s/broker.crt", key_file: "%[6]s/broker.key", ca_file: "%[6]s/link.crt", verify_and_map: true, min_version: "1.3", timeout: 20 }
}
authorization {
  users: [
    { user: "CN=clinichub.centre" }
    { user: "CN=tram-01", permissions: {
      publish: ["cb.1.tram-01.up", "cb.1.tram-01.beat"]
      subscribe: ["cb.1.tram-01.down", "cb.1.tram-01.cmd", "cb.1.fleet.>", "$MQTT.sub.>"] } }
    { user: "CN=tram-02", permissions: {
      publish: ["cb.1.tram-02.up", "cb.1.tram-02.beat"]
      subscribe: ["cb.1.tram-02.down", "cb.1.tram-02.cmd", "cb.1.fleet.>", "$MQTT.sub.>"] } }
  ]
}
`

// cluster is three nats-servers as an operator sets them up: routes between them, MQTT
// with certificates that are mapped to users. The third one is killed in the middle.
func cluster(t *testing.T, f *fleet) brokers {
	var routes, listen, at []string
	for range 3 {
		listen = append(listen, fmt.Sprintf("127.0.0.1:%d", freePort(t)))
		routes = append(routes, strconv.Quote("nats://"+listen[len(listen)-1]))
		at = append(at, fmt.Sprintf("127.0.0.1:%d", freePort(t)))
	}
	var nodes []*server.Server
	for i := range 3 {
		dir := f.files()
		path := filepath.Join(dir, "nats.conf")
		text := fmt.Sprintf(natsConf, fmt.Sprintf("node-%d", i), dir, listen[i], strings.Join(routes, ", "), at[i], dir)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o, err := server.ProcessConfigFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o.NoSigs = true
		s, err := server.NewServer(o)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		nodes = append(nodes, s)
	}
	patient(t, "the three to be one", func() bool {
		leaders := 0
		for _, s := range nodes {
			if s.NumRoutes() == 0 || !s.ReadyForConnections(time.Millisecond) {
				return false
			}
			if s.JetStreamIsLeader() {
				leaders++
			}
		}
		return leaders == 1
	})
	return brokers{hub: at[0], box: at[1], middle: func() {
		nodes[2].Shutdown()
		nodes[2].WaitForShutdown()
	}}
}

// freePort finds a port below those that the system gives out by itself, so that
// nobody takes it before its owner listens.
func freePort(t *testing.T) int {
	t.Helper()
	for range 200 {
		port := 20_000 + rand.IntN(10_000)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// patient is wait for what three servers must agree on first.
func patient(t *testing.T, what string, f func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, what, f)
}

// background runs a task until the test ends.
func background(t *testing.T, run func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (f *fleet) linkTo(addr, name string) *mqttlink.Link {
	f.t.Helper()
	o := mqttlink.DefaultOpts()
	o.Broker, o.ClientID, o.Logger = "ssl://"+addr, strings.ReplaceAll(name, ".", "-"), testlog.Logger(f.t)
	o.MinBackoff, o.MaxBackoff = 50*time.Millisecond, time.Second
	o.TLS = cert.LinkTLS(f.client(f.link, name), f.link.Cert.Raw, "127.0.0.1", func() (time.Time, bool) { return time.Now(), true })
	l, err := mqttlink.New(o)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

// accept is the test that every broker passes.
func accept(t *testing.T, f *fleet, at brokers) {
	keys, err := keyfile.Generate("hub")
	if err != nil {
		t.Fatal(err)
	}
	d, err := db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	box := hubtest.NewBox("tram-01", keys.Public())
	box.Signs = true
	p := box.Keys.Public()
	if err := d.AddBox(t.Context(), "tram-01", hub.Keys{Identity: [32]byte(p.Identity), HPKE: p.HPKE.Bytes()}, time.Now()); err != nil {
		t.Fatal(err)
	}
	centre, up, spy := f.linkTo(at.hub, centreName), f.linkTo(at.box, "tram-01"), f.linkTo(at.box, "tram-02")
	in := ingest.New(ingest.Options{DB: d, Link: centre, Identity: keys.Identity, HPKE: keys.HPKE, Log: testlog.Logger(t)})
	centre.Handle(ingest.Filter, in.Handle)
	box.Send = func(b []byte) { _ = up.Publish("cb/1/tram-01/up", b) }
	up.Handle("cb/1/tram-01/down", func(_ string, b []byte) { box.Handle(b) })
	var heard, own atomic.Int64
	for _, topic := range []string{"cb/1/tram-01/up", "cb/1/tram-01/down", "cb/1/+/down", "cb/#", "#"} {
		spy.Handle(topic, func(topic string, _ []byte) {
			if topic != "cb/1/tram-02/down" { // a broad filter may bring what is its own
				heard.Add(1)
			}
		})
	}
	spy.Handle("cb/1/tram-02/down", func(string, []byte) { own.Add(1) })
	for _, run := range []func(context.Context) error{in.Run, centre.Run, up.Run, spy.Run} {
		background(t, run)
	}
	patient(t, "everybody to be connected", func() bool { return centre.Up() && up.Up() && spy.Up() })
	synced := func() {
		t.Helper()
		box.Record(40)
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		box.Connect()
		patient(t, "the receipt", func() bool {
			select {
			case <-tick.C:
				box.Tick()
			default:
			}
			return box.Synced()
		})
	}
	synced()
	_ = spy.Publish("cb/1/tram-01/up", []byte("in another's name"))
	_ = spy.Publish("cb/1/tram-01/down", []byte("in the centre's name"))
	at.middle()
	synced()
	row := clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{Catalog: clinic.CatalogICD10, Code: "J00", Name: "Thử"}}
	if _, err := in.Push(t.Context(), "tram-01", []clinic.Draft{row}); err != nil {
		t.Fatal(err)
	}
	patient(t, "the row", func() bool { return len(box.State().Down) == 1 })
	if err := centre.Publish("cb/1/tram-02/down", []byte("its own")); err != nil {
		t.Fatal(err)
	}
	wait(t, "what is its own", func() bool { return own.Load() > 0 })
	if heard.Load() > 0 {
		t.Errorf("a box heard %d messages of others", heard.Load())
	}
	if c := &in.Counts; c.Garbage.Load() > 0 || c.Foreign.Load() > 0 {
		t.Errorf("a box spoke in another's name: %d, %d", c.Garbage.Load(), c.Foreign.Load())
	}
	if st := box.State(); len(st.Bad) > 0 {
		t.Errorf("%v", st.Bad)
	}
}
