package hubmain_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/hub/hubtest"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
	"clinicbox/sync/mqttlink"
)

// mosquittoACL is the one in docs/operator.md.
const mosquittoACL = `pattern write cb/1/%u/up
pattern write cb/1/%u/beat
pattern read cb/1/%u/down
pattern read cb/1/%u/cmd
pattern read cb/1/fleet/#
user clinichub.centre
topic readwrite cb/1/#
`

// TestMosquittoWithCertificates runs the centre on Debian's broker, which knows boxes
// by our certificates and our revocation list.
func TestMosquittoWithCertificates(t *testing.T) {
	bin := testpeer.Need(t, "mosquitto")
	dir := t.TempDir()
	cfg := trusted(t, dir)
	at := func(name string) string { return filepath.Join(dir, "broker", name) }
	revoked := carry(t, dir, invite(t, dir, "tram-02"))
	run(t, dir, "stolen", "-operator", "Mẫu", "tram-02")
	run(t, dir, "authority", "broker", filepath.Join(dir, "broker"), "127.0.0.1", "localhost")
	run(t, dir, "crl", at("link.crl"))
	if err := os.WriteFile(at("acl"), []byte(mosquittoACL), 0o644); err != nil {
		t.Fatal(err)
	}
	addr := mosquitto(
		t, bin, dir, "cafile "+at("link.crt"), "certfile "+at("broker.crt"), "keyfile "+at("broker.key"), "crlfile "+at("link.crl"),
		"require_certificate true", "use_identity_as_username true", "allow_anonymous false", "acl_file "+at("acl"), "tls_version tlsv1.3", "user root",
	)
	cfg.Broker.URL = "ssl://" + addr
	h := start(t, cfg)
	code := h.invite(t, "tram-01")
	m := connect(t, h, join(t, h, code), "tram-01")
	m.box.Record(300)
	m.box.Connect()
	synced(t, m.box)
	held(t, h, m.box)
	m.beat(0)
	m.eventually("the centre's time", m.heard)
	run(t, dir, "order", "-operator", "Mẫu", "tram-01", "block")
	m.eventually("the order", func() bool { return m.ordered(cert.OpBlock) })

	if up(t, revoked, "ssl://"+addr) {
		t.Error("the broker lets a revoked box in")
	}
	stranger := hubtest.NewMachine(code)
	stranger.Enrolled = revoked.Enrolled // somebody else's certificate without its key
	stranger.Keys.Name = "tram-02"
	if up(t, stranger, "ssl://"+addr) {
		t.Error("the broker lets somebody in without the key")
	}
}

// up reports whether the machine gets onto a broker.
func up(t *testing.T, m *hubtest.Machine, address string) bool {
	t.Helper()
	l, err := mqttlink.New(mqttlink.Opts{
		Broker: address, TLS: m.LinkTLS("127.0.0.1"), ClientID: "x", Logger: testlog.Logger(t),
		MinBackoff: 10 * time.Millisecond, MaxBackoff: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	l.Handle("cb/1/"+m.Keys.Name+"/cmd", func(string, []byte) {})
	return tries(t, l)
}

// tries runs a link until it is up, or has failed a few times.
func tries(t *testing.T, l *mqttlink.Link) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- l.Run(ctx) }()
	testlog.Eventually(ctx, t, "an attempt", func() bool { return l.Up() || l.State().Tries > 2 })
	was := l.Up()
	cancel()
	<-done
	return was
}
