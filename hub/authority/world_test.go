package authority_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/internal/cert"
	"clinicbox/internal/keyfile"
)

const code = "22736"

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newKey() ed25519.PrivateKey {
	_, k, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	return k
}

func pubOf(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// world is a centre after its ceremony. now is the centre's clock.
type world struct {
	*authority.Authority
	store *authoritytest.Memory
	root  *authority.Root
	keys  authority.Keys
	opts  authority.Options
	now   time.Time
	by    authority.By
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{
		store: authoritytest.NewMemory(), now: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC),
		by: authority.By{Operator: "Vận hành Mẫu", Reason: "thử"},
	}
	w.root = must[*authority.Root](t)(authority.NewRoot("Tỉnh Mẫu", w.now))
	p := must[*ecdsa.PrivateKey](t)
	web, link := p(cert.NewP256()), p(cert.NewP256())
	w.keys = authority.Keys{Issuing: newKey(), Command: newKey(), Web: web, Link: link}
	w.keys.LinkCert = must[[]byte](t)(cert.LinkRoot(link, "Tỉnh Mẫu", w.now))
	w.keys.Grant = w.grant(t, w.keys, authority.Terms{Seq: 1, At: w.now})
	hub := must[*keyfile.Private](t)(keyfile.Generate("hub"))
	w.opts = authority.Options{
		Store: w.store, Keys: w.keys, Now: func() time.Time { return w.now },
		Centre: authority.Centre{Name: "hub", Receipt: hub.Public().Identity, HPKE: hub.Public().HPKE.Bytes(), Broker: "ssl://hub.mau.internal:8883"},
	}
	w.Authority = must[*authority.Authority](t)(authority.Open(t.Context(), w.opts))
	t.Cleanup(func() { w.check(t) })
	return w
}

func (w *world) grant(t testing.TB, k authority.Keys, terms authority.Terms) authority.Grant {
	t.Helper()
	q := must[[]byte](t)(authority.Request("Tỉnh Mẫu", k.Issuing, k.Web))
	return must[authority.Grant](t)(w.root.Grant(q, terms))
}

// check verifies the whole history after every test.
func (w *world) check(t testing.TB) {
	t.Helper()
	if _, err := w.Audit(t.Context()); err != nil && t.Context().Err() == nil {
		t.Errorf("history: %v", err)
	}
}

func (w *world) invitation(box string) authority.Invitation {
	return authority.Invitation{Facility: clinic.Facility{Code: code, Name: "Trạm Y tế xã Mẫu", Box: box, Book: "a"}}
}

// box is a new box: keys made on it, a clock that nobody should believe.
type box struct {
	keys     *keyfile.Private
	tls, web *ecdsa.PrivateKey
	code     cert.Code
	request  []byte
	clock    time.Time
}

func newBox(t testing.TB, c cert.Code) *box {
	t.Helper()
	p := must[*ecdsa.PrivateKey](t)
	b := &box{
		keys: must[*keyfile.Private](t)(keyfile.Generate("new")), tls: p(cert.NewP256()), web: p(cert.NewP256()),
		code: c, clock: time.Unix(60, 0),
	}
	b.ask(t)
	return b
}

// ask makes a fresh request of the same keys.
func (b *box) ask(t testing.TB) {
	t.Helper()
	der := must[[]byte](t)
	b.request = der(cert.SealRequest(b.keys.Identity, cert.Request{
		ID: cert.NewRequestID(), Identity: b.keys.Public().Identity, HPKE: b.keys.Public().HPKE.Bytes(),
		TLS: der(cert.SPKI(b.tls)), Web: der(cert.SPKI(b.web)), Hardware: []cert.Fact{{Name: "model", Value: "thử"}},
	}, b.code))
}

func (b *box) open(answer []byte) (*cert.Enrolled, error) {
	return cert.OpenAnswer(answer, cert.Expect{Request: b.request, Code: b.code})
}

// enrol brings a box in, without faults.
func (w *world) enrol(t testing.TB, inv authority.Invitation) (*box, *cert.Enrolled) {
	t.Helper()
	b := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, inv)))
	raw := must[[]byte](t)(w.Enrol(t.Context(), w.by, b.request))
	return b, must[*cert.Enrolled](t)(b.open(raw))
}

// update hands a box what the centre says now.
func (w *world) update(t testing.TB, tr *cert.Trust) {
	t.Helper()
	for _, raw := range must[[][]byte](t)(w.Statements(t.Context(), code)) {
		if err := tr.Add(raw); err != nil {
			t.Fatal(err)
		}
	}
}

func personRequest(t testing.TB, k ed25519.PrivateKey, role clinic.Role) (clinic.ID, []byte) {
	t.Helper()
	id := clinic.NewID()
	return id, must[[]byte](t)(cert.Sign(k, cert.PersonRequest{Person: id, Role: role, Facility: code, Key: pubOf(k), Nonce: cert.NewRequestID()}))
}

func wants(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

func tlsPair(der []byte, k *ecdsa.PrivateKey) tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: k}
}
