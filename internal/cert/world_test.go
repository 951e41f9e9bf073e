package cert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/keyfile"
)

// key makes the same key for the same number, for golden files.
func key(n byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, 32)) }

func pub(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

const (
	rootKey, issuerKey, commandKey, boxKey, adminKey, doctorKey, nurseKey, thiefKey = 1, 2, 3, 4, 5, 6, 7, 66

	facility = "22736"
)

func person(n byte) clinic.ID { return clinic.ID{0xbe, n} }
func serial(n byte) Serial    { return Serial{0x5e, n} }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func hpke(t testing.TB, n byte) []byte {
	return must[*keyfile.Private](t)(func() (*keyfile.Private, error) {
		h, err := keyfile.KEM().DeriveKeyPair(bytes.Repeat([]byte{n}, 32))
		return &keyfile.Private{Name: "x", Identity: key(n), HPKE: h}, err
	}()).Public().HPKE.Bytes()
}

// statements are one of each kind that needs no X.509.
func statements(t testing.TB) map[string][]byte {
	sign := func(n byte, v Body) []byte { t.Helper(); return must[[]byte](t)(Sign(key(n), v)) }
	issuer := IDOf(pub(issuerKey))
	out := map[string][]byte{
		"beat":   sign(9, Beat{Box: "tram-01", Serial: serial(1), Boot: Nonce{2}, N: 1, State: StateLocked, Obeyed: 3, Agent: "v1"}),
		"issuer": sign(rootKey, Issuer{Name: "Mẫu", Key: pub(issuerKey), Seq: 1}),
		"hub": sign(issuerKey, Hub{
			Issuer: issuer, Name: "hub", Seq: 1, Receipt: pub(9), Command: pub(commandKey),
			HPKE: Digest{1}, Link: Digest{2},
		}),
		"box": sign(issuerKey, Box{
			Issuer: issuer, Serial: serial(1), Name: "tram-01", Facility: facility, Identity: pub(boxKey),
			HPKE: Digest{3}, TLS: Digest{4},
		}),
		"admin": sign(issuerKey, Person{
			Issuer: issuer, Serial: serial(2), Person: person(adminKey), Role: clinic.RoleAdministrator,
			Facility: facility, Key: pub(adminKey),
		}),
		"request": sign(doctorKey, PersonRequest{
			Person: person(doctorKey), Role: clinic.RoleDoctor, Facility: facility, Key: pub(doctorKey), Nonce: Nonce{7},
		}),
		"command": sign(commandKey, Command{Box: "tram-01", Serial: serial(1), Seq: 4, Op: OpBlock, Time: 1_790_000_000_000}),
		"time":    sign(commandKey, Time{Box: "tram-01", Nonce: Nonce{8}, Time: 1_790_000_000_000}),
		"list": sign(issuerKey, Revocations{Issuer: issuer, Facility: facility, Seq: 3, Items: []Revoked{
			{Serial: serial(77), Reason: ReasonLeft, From: 1000},
		}}),
		"history":        sign(issuerKey, History{Issuer: issuer, Seq: 2, Prev: Digest{1}, Operator: "Vận hành Mẫu", Action: "invite", Object: "tram-01", Time: 5}),
		"issuer-request": sign(issuerKey, IssuerRequest{Name: "Mẫu", Key: pub(issuerKey), Web: must[[]byte](t)(SPKI(key(issuerKey)))}),
	}
	out["provisional"] = sign(adminKey, Provisional{Serial: serial(3), Request: out["request"], Voucher: serial(2), HLC: 500})
	out["ratification"] = sign(issuerKey, Ratification{
		Issuer: issuer, Serial: serial(3), Digest: DigestOf(out["provisional"]), Accepted: true, Facility: facility,
	})
	return out
}

// trusting is a box that holds the issuer, the hub and the list.
func trusting(t testing.TB) *Trust {
	t.Helper()
	s := statements(t)
	return must[*Trust](t)(LoadTrust(pub(rootKey), [][]byte{s["issuer"], s["hub"], s["list"]}))
}

// x world: both X.509 authorities and a box's keys.
type xworld struct {
	webRoot, webIssuing, link Parent
	tls, web                  *ecdsa.PrivateKey
	at                        time.Time
}

func newX(t testing.TB) *xworld {
	t.Helper()
	w := &xworld{at: time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)}
	k := func() *ecdsa.PrivateKey { return must[*ecdsa.PrivateKey](t)(NewP256()) }
	der := must[[]byte](t)
	rk, ik, lk := k(), k(), k()
	w.tls, w.web = k(), k()
	w.webRoot = must[Parent](t)(NewParent(der(WebRoot(rk, "Mẫu", w.at)), rk))
	w.webIssuing = must[Parent](t)(NewParent(der(WebIssuing(w.webRoot, der(SPKI(ik)), w.at)), ik))
	w.link = must[Parent](t)(NewParent(der(LinkRoot(lk, "Mẫu", w.at)), lk))
	return w
}

// enrolment is one that works; tests change what they like before seal.
type enrolment struct {
	code    Code
	request []byte
	answer  Answer
}

func newEnrolment(t testing.TB) *enrolment {
	t.Helper()
	w, der, s := newX(t), must[[]byte](t), statements(t)
	e := &enrolment{code: must[Code](t)(ParseCode("0123 4567 89AB CDE" + string(alphabet[checkSymbol([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14})])))}
	r := Request{
		ID: Nonce{1}, Identity: pub(boxKey), HPKE: hpke(t, boxKey), TLS: der(SPKI(w.tls)), Web: der(SPKI(w.web)),
		Hardware: []Fact{{Name: "model", Value: "Raspberry Pi 4 Model B"}},
	}
	e.request = der(SealRequest(key(boxKey), r, e.code))
	link := w.link.Cert.Raw
	hub := must[Hub](t)(Unverified[Hub](s["hub"]))
	hub.HPKE, hub.Link = DigestOf(hpke(t, 9)), DigestOf(link)
	box := must[Box](t)(Unverified[Box](s["box"]))
	box.HPKE, box.TLS = DigestOf(r.HPKE), DigestOf(r.TLS)
	e.answer = Answer{
		Issuer: IDOf(pub(issuerKey)), Request: r.ID, Digest: DigestOf(e.request), Root: pub(rootKey),
		Chain: [][]byte{s["issuer"]}, Hub: der(Sign(key(issuerKey), hub)), Box: der(Sign(key(issuerKey), box)),
		HPKE: hpke(t, 9), Link: link, Client: der(Client(w.link, "tram-01", r.TLS)),
		Web:      [][]byte{der(BoxAuthority(w.webIssuing, "tram-01", Names{}, r.Web)), w.webIssuing.Cert.Raw, w.webRoot.Cert.Raw},
		Broker:   "ssl://hub.mau.internal:8883",
		Facility: clinic.Facility{Code: facility, Name: "Trạm Y tế xã Mẫu", Box: "tram-01", Book: "a"},
		Time:     w.at.UnixMilli(), History: Head{Seq: 3, Hash: Digest{9}},
	}
	return e
}

func (e *enrolment) seal(t testing.TB) []byte {
	t.Helper()
	return must[[]byte](t)(SealAnswer(key(issuerKey), e.answer, e.code.Secret()))
}

func (e *enrolment) expect() Expect { return Expect{Request: e.request, Code: e.code} }
