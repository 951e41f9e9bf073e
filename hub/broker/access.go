package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"clinicbox/hub"
)

// Access is what the owner of a client certificate may do.
type Access struct {
	Name    string   // of the box, as in its topics
	Serial  string   // of its certificate
	Clients []string // MQTT client IDs that it may use: an ID throws out who has it
	Ended   bool     // revoked: heartbeats and orders only, so that an order to erase arrives
	Hub     bool     // everything
}

// level names the rights; it changes when they do.
func (a *Access) level() string {
	switch {
	case a.Hub:
		return a.Name + "/hub"
	case a.Ended:
		return a.Name + "/" + a.Serial + "/ended"
	}
	return a.Name + "/" + a.Serial
}

func (a *Access) may(client string) bool {
	return a.Hub || hub.ValidBoxName(a.Name) && slices.Contains(a.Clients, client)
}

// permissions are by topic. The broker's subjects have dots where topics have
// slashes; "$MQTT.sub.>" is its own delivery path for QoS 1.
func (a *Access) permissions() *server.Permissions {
	if a.Hub {
		return nil
	}
	own := "cb.1." + a.Name + "."
	p := &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: []string{own + "beat"}},
		Subscribe: &server.SubjectPermission{Allow: []string{own + "cmd", "$MQTT.sub.>"}},
	}
	if !a.Ended {
		p.Publish.Allow = append(p.Publish.Allow, own+"up")
		p.Subscribe.Allow = append(p.Subscribe.Allow, own+"down", "cb.1.fleet.>")
	}
	return p
}

// TLS makes the broker ask for client certificates.
type TLS struct {
	Own  tls.Certificate
	Link *x509.Certificate // authority of the clients' certificates
	// Who says what a certificate of the authority may do; false for one that
	// nobody knows. It is asked at every connection and again at every Recheck.
	Who func(client *x509.Certificate) (Access, bool)
}

func (t *TLS) config() *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(t.Link)
	return &tls.Config{
		Certificates: []tls.Certificate{t.Own}, MinVersion: tls.VersionTLS13,
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
		// A session that is taken up again would keep the certificate of before.
		SessionTicketsDisabled: true,
	}
}

// gate lets clients in by certificate. It implements server.Authentication.
type gate struct{ b *Broker }

// Check implements server.Authentication.
func (g gate) Check(c server.ClientAuthentication) bool {
	state := c.GetTLSConnectionState()
	if state == nil || len(state.PeerCertificates) == 0 {
		return false
	}
	a, ok := g.b.opts.TLS.Who(state.PeerCertificates[0])
	if !ok || !a.may(g.b.clientID(c.GetID())) {
		return false
	}
	c.RegisterUser(&server.User{Username: a.level(), Permissions: a.permissions()})
	g.b.certs.Store(c.GetID(), state.PeerCertificates[0])
	return true
}

// clientID returns the MQTT client ID of a connection.
func (b *Broker) clientID(id uint64) string {
	z, err := b.server.Load().Connz(&server.ConnzOptions{CID: id})
	if err != nil || len(z.Conns) != 1 {
		return ""
	}
	return z.Conns[0].MQTTClient
}

// recheckEvery bounds how long a connection that was made while its certificate
// ended keeps its rights.
const recheckEvery = 10 * time.Second

// Recheck cuts the connections whose rights have changed since they were made. They
// come back with those of now. It is called when something ended, and by itself
// every ten seconds.
func (b *Broker) Recheck() {
	s := b.server.Load()
	if s == nil || b.opts.TLS == nil {
		return
	}
	live := map[uint64]bool{}
	for offset := 0; ; {
		z, err := s.Connz(&server.ConnzOptions{Username: true, Offset: offset, Limit: 4096})
		if err != nil || len(z.Conns) == 0 {
			break
		}
		offset += len(z.Conns)
		for _, c := range z.Conns {
			live[c.Cid] = true
			b.recheck(s, c)
		}
	}
	b.certs.Range(func(id, _ any) bool {
		if !live[id.(uint64)] {
			b.certs.Delete(id)
		}
		return true
	})
}

func (b *Broker) recheck(s *server.Server, c *server.ConnInfo) {
	cert, ok := b.certs.Load(c.Cid)
	if !ok {
		return // still in its handshake
	}
	if a, ok := b.opts.TLS.Who(cert.(*x509.Certificate)); ok && a.level() == c.AuthorizedUser {
		return
	}
	name, _, _ := strings.Cut(c.AuthorizedUser, "/")
	b.opts.Log.Info("connection cut: its rights have changed", "box", name)
	_ = s.DisconnectClientByID(c.Cid) // gone meanwhile is as good
}

func (b *Broker) keepChecking(ctx context.Context) {
	t := time.NewTicker(recheckEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			b.Recheck()
		}
	}
}

// errTLS: certificates and users are two ways, and one is chosen.
var errTLS = errors.New("broker: users with passwords and client certificates exclude each other")
