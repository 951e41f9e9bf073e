package boxmain

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
	"clinicbox/internal/testlog"
	"clinicbox/sync/wire"
)

// TestForgedStaffEntries: what makes or unmakes staff and is signed by another key
// than the centre's, or an administrator's, changes nothing, whether it came down or
// was written here.
func TestForgedStaffEntries(t *testing.T) {
	f, evil, cfg := newFleet(t), newFleet(t), board(t)
	v, person := opened1(t, cfg), clinic.NewID()
	if _, err := v.setUp(t.Context(), person, rightPIN); err != nil {
		t.Fatal(err)
	}
	if _, err := v.join(t.Context(), f.invite("tram-01"), f.ask); err != nil {
		t.Fatal(err)
	}
	log := testlog.New(t)
	b := New(Options{Config: cfg, Log: log.Logger()})
	b.vault = v
	_, key, _ := ed25519.GenerateKey(rand.Reader)
	public := key.Public().(ed25519.PublicKey)
	id := func(k crypto.Signer) cert.KeyID { return cert.IDOf(k.Public().(ed25519.PublicKey)) }
	sign := func(by crypto.Signer, body cert.Body) []byte { return must[[]byte](t)(cert.Sign(by, body)) }
	doctor := func(by, issuer crypto.Signer, serial cert.Serial) []byte {
		return sign(by, cert.Person{Issuer: id(issuer), Serial: serial, Person: person, Role: clinic.RoleDoctor, Facility: cfg.Facility.Code, Key: public})
	}
	request := sign(key, cert.PersonRequest{Person: person, Role: clinic.RoleDoctor, Facility: cfg.Facility.Code, Key: public})
	state := func(chain [][]byte, statements ...[]byte) desk.KeyState {
		records := []clinic.Record{{Kind: clinic.KindCredential, Body: &clinic.Credential{Request: request, Chain: chain}}}
		for _, raw := range statements {
			records = append(records, clinic.Record{Kind: clinic.KindStatement, Body: &clinic.Statement{Raw: raw}})
		}
		best := desk.KeyOwn
		for _, k := range (staffKeys{b}).Of(person, records) {
			best = max(best, k.State(cert.Now))
		}
		return best
	}
	serial := cert.NewSerial()
	true1 := doctor(f.keys.Issuing, f.keys.Issuing, serial)
	bent := append([]byte(nil), true1...)
	bent[len(bent)-1] ^= 1
	vouched := sign(key, cert.Provisional{Serial: cert.NewSerial(), Request: request, Voucher: serial, HLC: 1})
	for name, got := range map[string]desk.KeyState{
		"another centre's":                 state(nil, doctor(evil.keys.Issuing, evil.keys.Issuing, serial)),
		"in the centre's name":             state(nil, doctor(key, f.keys.Issuing, serial)),
		"by the key for orders":            state(nil, doctor(f.keys.Command, f.keys.Issuing, serial)),
		"a bit is another":                 state(nil, bent),
		"vouched for by oneself":           state([][]byte{vouched}),
		"vouched for by a forged one":      state([][]byte{vouched, doctor(key, f.keys.Issuing, serial)}),
		"vouched for by oneself, a doctor": state([][]byte{vouched, true1}),
	} {
		if got != desk.KeyOwn {
			t.Errorf("%s: the key is %d", name, got)
		}
	}
	if got := state(nil, true1); got != desk.KeyConfirmed {
		t.Fatalf("the centre's own word: %d", got)
	}

	// Who is staff is not ended by another key either.
	list := func(by, issuer crypto.Signer, seq uint64) []byte {
		return sign(by, cert.Revocations{Issuer: id(issuer), Facility: cfg.Facility.Code, Seq: seq, Items: []cert.Revoked{{Serial: serial, Reason: cert.ReasonLeft}}})
	}
	down := func(raw []byte) {
		t.Helper()
		d := clinic.Draft{Kind: clinic.KindStatement, Subject: clinic.StatementSubject(), Body: &clinic.Statement{Raw: raw}}
		b.statements([]wire.Salted{{Bytes: must[[]byte](t)(entry.Encode(d, clinic.NewID(), clinic.ID{}, 1, true))}})
	}
	down(list(evil.keys.Issuing, evil.keys.Issuing, 99))
	down(list(key, f.keys.Issuing, 99))
	if got := state(nil, true1); got != desk.KeyConfirmed {
		t.Errorf("after forged lists the key is %d", got)
	}
	if n := strings.Count(log.String(), "not the authority's"); n != 2 {
		t.Errorf("%d of two forged lists are in the log", n)
	}
	down(list(f.keys.Issuing, f.keys.Issuing, 99))
	if got := state(nil, true1); got != desk.KeyRevoked {
		t.Errorf("after the centre's list the key is %d", got)
	}
}
