package hubtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
	"clinicbox/internal/keyfile"
)

// must is for keys and certificates in memory, which only a mistake of the test
// keeps from being made.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Centre is an authority after its ceremony, with keys in memory.
type Centre struct {
	*authority.Authority
	Keys *keyfile.Private // of the ingest
	Link cert.Parent
	Root *authority.Root
	By   authority.By
	opts authority.Options
}

// NewCentre holds the ceremony and opens the authority over the store.
func NewCentre(ctx context.Context, s authority.Store, now func() time.Time) *Centre {
	c := &Centre{
		Keys: must(keyfile.Generate("hub")), Root: must(authority.NewRoot("Tỉnh Mẫu", now())),
		By: authority.By{Operator: "Vận hành Mẫu", Reason: "thử"},
	}
	_, issuing, _ := ed25519.GenerateKey(rand.Reader) // never fails since Go 1.24
	_, command, _ := ed25519.GenerateKey(rand.Reader)
	link := must(cert.NewP256())
	k := authority.Keys{Issuing: issuing, Command: command, Web: must(cert.NewP256()), Link: link}
	k.LinkCert = must(cert.LinkRoot(link, "Tỉnh Mẫu", now()))
	k.Grant = must(c.Root.Grant(must(authority.Request("Tỉnh Mẫu", k.Issuing, k.Web)), authority.Terms{Seq: 1, At: now()}))
	c.Link = must(cert.NewParent(k.LinkCert, link))
	c.opts = authority.Options{Store: s, Keys: k, Now: now, Centre: authority.Centre{
		Name: "hub", Receipt: c.Keys.Public().Identity, HPKE: c.Keys.Public().HPKE.Bytes(), Broker: "ssl://hub.mau.internal:8883",
	}}
	c.Reopen(ctx)
	return c
}

// Reopen opens the authority again, as a restarted centre does.
func (c *Centre) Reopen(ctx context.Context) { c.Authority = must(authority.Open(ctx, c.opts)) }

// Machine is a new box before and after it has joined: its keys and what it was
// answered.
type Machine struct {
	Keys     *keyfile.Private
	Beat     ed25519.PrivateKey
	tls, web *ecdsa.PrivateKey
	code     cert.Code
	Request  []byte
	Enrolled *cert.Enrolled // after Accept
	boot     cert.Nonce
	n        uint64
}

// NewMachine makes keys and a request for the code.
func NewMachine(code cert.Code) *Machine {
	m := &Machine{Keys: must(keyfile.Generate("new")), tls: must(cert.NewP256()), web: must(cert.NewP256()), code: code}
	_, m.Beat, _ = ed25519.GenerateKey(rand.Reader)
	pub := m.Keys.Public()
	m.Request = must(cert.SealRequest(m.Keys.Identity, cert.Request{
		ID: cert.NewRequestID(), Identity: pub.Identity, HPKE: pub.HPKE.Bytes(), TLS: must(cert.SPKI(m.tls)), Web: must(cert.SPKI(m.web)),
		Beat: m.Beat.Public().(ed25519.PublicKey), Hardware: []cert.Fact{{Name: "model", Value: "thử"}},
	}, code))
	m.Reboot()
	return m
}

// Accept takes the centre's answer.
func (m *Machine) Accept(answer []byte) error {
	e, err := cert.OpenAnswer(answer, cert.Expect{Request: m.Request, Code: m.code})
	if err != nil {
		return err
	}
	m.Enrolled, m.Keys.Name = e, e.Box.Name
	return nil
}

// Serial is that of its certificate.
func (m *Machine) Serial() cert.Serial { return m.Enrolled.Box.Serial }

// Reboot begins another start of the machine.
func (m *Machine) Reboot() { m.boot, m.n = cert.NewRequestID(), 0 }

// Boot is the nonce of this start.
func (m *Machine) Boot() cert.Nonce { return m.boot }

// NextBeat signs a heartbeat.
func (m *Machine) NextBeat(s cert.State, obeyed uint64) []byte {
	m.n++
	return must(cert.Sign(m.Beat, cert.Beat{
		Box: m.Enrolled.Box.Name, Serial: m.Serial(), Boot: m.boot, N: m.n, State: s, Obeyed: obeyed, Agent: "test",
	}))
}

// LinkTLS is its end of the link, on a machine that believes in 1970.
func (m *Machine) LinkTLS(host string) *tls.Config {
	own := tls.Certificate{Certificate: [][]byte{m.Enrolled.Answer.Client}, PrivateKey: m.tls}
	return cert.LinkTLS(own, m.Enrolled.Answer.Link, host, func() (time.Time, bool) { return time.Unix(60, 0), false })
}

// Box is the machine as a box that syncs. It shares the keys.
func (m *Machine) Box(hub keyfile.Public) *Box {
	b := NewBox(m.Keys.Name, hub)
	b.Keys = m.Keys
	b.Epoch[7] = m.Keys.Public().Identity[0] // a new machine starts a journal of its own
	b.Epoch[6] = m.Keys.Public().Identity[1]
	b.Incarnation = b.Epoch
	return b
}

// Invitation is one for a box of the facility with the code.
func Invitation(facility, box string) authority.Invitation {
	return authority.Invitation{Facility: clinic.Facility{Code: facility, Name: "Trạm Y tế xã Mẫu", Box: box, Book: "a"}}
}

// Join brings a new machine in.
func (c *Centre) Join(ctx context.Context, inv authority.Invitation) *Machine {
	m := NewMachine(must(c.Invite(ctx, c.By, inv)))
	if err := m.Accept(must(c.Enrol(ctx, c.By, m.Request))); err != nil {
		panic(err)
	}
	return m
}

// Person is somebody of a facility with a new key.
type Person struct {
	ID      clinic.ID
	Key     ed25519.PrivateKey
	Request []byte
}

// NewPerson makes a key and its request.
func NewPerson(facility string, role clinic.Role) *Person {
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	p := &Person{ID: clinic.NewID(), Key: key}
	p.Request = must(cert.Sign(key, cert.PersonRequest{
		Person: p.ID, Role: role, Facility: facility, Key: key.Public().(ed25519.PublicKey), Nonce: cert.NewRequestID(),
	}))
	return p
}

// Vouch makes a provisional certificate: voucher is the certificate of who signs.
func (p *Person) Vouch(by ed25519.PrivateKey, voucher cert.Serial, hlc uint64) []byte {
	return must(cert.Sign(by, cert.Provisional{Serial: cert.NewSerial(), Request: p.Request, Voucher: voucher, HLC: hlc}))
}
