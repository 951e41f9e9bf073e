package boxmain

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/config"
	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/internal/cert"
	"clinicbox/internal/keyfile"
)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fleet is a centre's authority without the centre.
type fleet struct {
	*authority.Authority
	t      testing.TB
	hub    *keyfile.Private
	keys   authority.Keys
	broker string
}

func newFleet(t testing.TB) *fleet {
	t.Helper()
	f := &fleet{t: t, hub: must[*keyfile.Private](t)(keyfile.Generate("hub")), broker: "ssl://127.0.0.1:8883"}
	now := time.Now()
	root := must[*authority.Root](t)(authority.NewRoot("Tỉnh Mẫu", now))
	web, err := cert.NewP256()
	if err != nil {
		t.Fatal(err)
	}
	link, err := cert.NewP256()
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() ed25519.PrivateKey { _, k, _ := ed25519.GenerateKey(rand.Reader); return k }
	f.keys = authority.Keys{Issuing: fresh(), Command: fresh(), Web: web, Link: link}
	f.keys.LinkCert = must[[]byte](t)(cert.LinkRoot(link, "Tỉnh Mẫu", now))
	q := must[[]byte](t)(authority.Request("Tỉnh Mẫu", f.keys.Issuing, web))
	f.keys.Grant = must[authority.Grant](t)(root.Grant(q, authority.Terms{Seq: 1, At: now}))
	f.Authority = must[*authority.Authority](t)(authority.Open(t.Context(), authority.Options{
		Store: authoritytest.NewMemory(), Keys: f.keys, Now: time.Now,
		Centre: authority.Centre{Name: "hub", Receipt: f.hub.Public().Identity, HPKE: f.hub.Public().HPKE.Bytes(), Broker: f.broker},
	}))
	return f
}

func operator() authority.By { return authority.By{Operator: "Vận hành Mẫu", Reason: "thử"} }

// invite makes a one-time code for a box of the test station.
func (f *fleet) invite(box string) string {
	f.t.Helper()
	c, err := f.Invite(f.t.Context(), operator(), invitation(box))
	if err != nil {
		f.t.Fatal(err)
	}
	return c.String()
}

func invitation(box string) authority.Invitation {
	return authority.Invitation{Facility: clinic.Facility{Code: "22736", Name: "Trạm Y tế xã Đảo Mẫu", Box: box, Book: "a"}}
}

// ask is the way to the centre.
func (f *fleet) ask(ctx context.Context, request []byte) ([]byte, error) {
	return f.Enrol(ctx, operator(), request)
}

// joinBox makes the box of a configuration a member of the fleet.
func (f *fleet) joinBox(cfg config.Box) {
	f.t.Helper()
	if err := Join(f.t.Context(), cfg, func(context.Context) (string, error) { return f.invite(cfg.Box.Name), nil }, f.ask); err != nil {
		f.t.Fatal(err)
	}
}

// parse reads a chain of certificates.
func parse(t testing.TB, ders [][]byte) (out []*x509.Certificate) {
	t.Helper()
	for _, der := range ders {
		out = append(out, must[*x509.Certificate](t)(x509.ParseCertificate(der)))
	}
	return out
}
