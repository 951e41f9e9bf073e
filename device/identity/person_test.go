package identity

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// fleet signs what a facility and its centre say of people.
type fleet struct {
	testing.TB
	box    *Box
	issuer ed25519.PrivateKey
	seq    uint64
}

const facility = "22736"

func newFleet(t testing.TB) *fleet {
	t.Helper()
	root, issuer := newPrivate(t), newPrivate(t)
	f := &fleet{TB: t, box: &Box{trust: cert.NewTrust(root.Public().(ed25519.PublicKey))}, issuer: issuer}
	f.add(f.sign(root, cert.Issuer{Name: "Trung tâm Mẫu", Key: issuer.Public().(ed25519.PublicKey), Seq: 1}))
	return f
}

func newPrivate(t testing.TB) ed25519.PrivateKey {
	t.Helper()
	_, k, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (f *fleet) sign(key ed25519.PrivateKey, v cert.Body) []byte {
	f.Helper()
	raw, err := cert.Sign(key, v)
	if err != nil {
		f.Fatal(err)
	}
	return raw
}

func (f *fleet) add(raw []byte) {
	f.Helper()
	if err := f.box.trust.Add(raw); err != nil {
		f.Fatal(err)
	}
}

func (f *fleet) by() cert.KeyID { return cert.IDOf(f.issuer.Public().(ed25519.PublicKey)) }

// revoke adds to what is revoked; each list holds all.
func (f *fleet) revoke(items ...cert.Revoked) {
	f.Helper()
	f.seq++
	f.add(f.sign(f.issuer, cert.Revocations{Issuer: f.by(), Facility: facility, Seq: f.seq, Items: items}))
}

func (f *fleet) request(id clinic.ID, role clinic.Role, key ed25519.PrivateKey) []byte {
	f.Helper()
	return f.sign(key, cert.PersonRequest{Person: id, Role: role, Facility: facility, Key: key.Public().(ed25519.PublicKey)})
}

func (f *fleet) person(id clinic.ID, role clinic.Role, key ed25519.PrivateKey) (raw []byte, s cert.Serial) {
	f.Helper()
	s = cert.NewSerial()
	return f.sign(f.issuer, cert.Person{Issuer: f.by(), Serial: s, Person: id, Role: role, Facility: facility, Key: key.Public().(ed25519.PublicKey)}), s
}

func (f *fleet) vouch(by ed25519.PrivateKey, voucher cert.Serial, request []byte) (raw []byte, s cert.Serial) {
	f.Helper()
	s = cert.NewSerial()
	return f.sign(by, cert.Provisional{Serial: s, Request: request, Voucher: voucher, HLC: 500}), s
}

// TestStanding: who may say what of a person's key, at which time.
func TestStanding(t *testing.T) {
	f := newFleet(t)
	doctor, admin := clinic.ID{1}, clinic.ID{2}
	dk, ak, thief := newPrivate(t), newPrivate(t), newPrivate(t)
	request := f.request(doctor, clinic.RoleDoctor, dk)
	adminCert, adminSerial := f.person(admin, clinic.RoleAdministrator, ak)
	prov, provSerial := f.vouch(ak, adminSerial, request)
	again, againSerial := f.vouch(ak, adminSerial, request)
	own, ownSerial := f.person(doctor, clinic.RoleDoctor, dk)
	forged, _ := f.vouch(thief, adminSerial, request)
	forger, _ := f.person(clinic.ID{3}, clinic.RoleAdministrator, thief)
	other, otherSerial := f.person(clinic.ID{3}, clinic.RoleDoctor, thief)
	nurse, _ := f.person(doctor, clinic.RoleNurse, dk)
	revoked := func(s cert.Serial, from uint64) cert.Revoked {
		return cert.Revoked{Serial: s, Reason: cert.ReasonLost, From: from}
	}
	chains := func(cs ...[][]byte) [][][]byte { return cs }
	for name, tt := range map[string]struct {
		chains      [][][]byte
		revoked     []cert.Revoked
		err         error
		provisional bool
	}{
		"nobody":                               {nil, nil, ErrStranger, false},
		"an administrator":                     {chains([][]byte{prov, adminCert}), nil, nil, true},
		"the centre":                           {chains([][]byte{prov, adminCert}, [][]byte{own}), nil, nil, false},
		"a thief in the administrator's name":  {chains([][]byte{forged, adminCert}), nil, ErrStranger, false},
		"a thief with a paper of his own":      {chains([][]byte{forged, forger}), nil, ErrStranger, false},
		"somebody else's certificate":          {chains([][]byte{other}), nil, ErrStranger, false},
		"of another role":                      {chains([][]byte{nurse}), nil, ErrStranger, false},
		"rubbish":                              {chains([][]byte{{1, 2, 3}}, [][]byte{}), nil, ErrStranger, false},
		"revoked before":                       {chains([][]byte{own}), []cert.Revoked{revoked(ownSerial, 600)}, cert.ErrRevoked, false},
		"revoked afterwards":                   {chains([][]byte{own}), []cert.Revoked{revoked(ownSerial, 800)}, nil, false},
		"revoked, an older word beside":        {chains([][]byte{prov, adminCert}, [][]byte{own}), []cert.Revoked{revoked(ownSerial, 600)}, cert.ErrRevoked, false},
		"one word revoked, another left":       {chains([][]byte{prov, adminCert}, [][]byte{again, adminCert}), []cert.Revoked{revoked(provSerial, 600)}, cert.ErrRevoked, false},
		"words revoked, then the centre's":     {chains([][]byte{prov, adminCert}, [][]byte{own}), []cert.Revoked{revoked(provSerial, 600), revoked(againSerial, 600)}, nil, false},
		"somebody else's revoked one":          {chains([][]byte{prov, adminCert}, [][]byte{other}), []cert.Revoked{revoked(otherSerial, 0)}, nil, true},
		"the voucher was revoked before":       {chains([][]byte{prov, adminCert}), []cert.Revoked{revoked(adminSerial, 400)}, ErrStranger, false},
		"a revoked voucher takes nothing away": {chains([][]byte{own}, [][]byte{forged, adminCert}), []cert.Revoked{revoked(adminSerial, 400)}, nil, false},
		"the voucher was revoked afterwards":   {chains([][]byte{prov, adminCert}), []cert.Revoked{revoked(adminSerial, 510)}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			f.TB = t
			f.revoke(tt.revoked...)
			k := cert.PersonKey{Person: doctor, Key: dk.Public().(ed25519.PublicKey), Role: clinic.RoleDoctor, Facility: facility, Request: request, Chains: tt.chains}
			m, chain, err := f.box.Standing(&k, 700)
			if !errors.Is(err, tt.err) || (err == nil) != (tt.err == nil) || m.Provisional != tt.provisional || (chain == nil) != (tt.err != nil) {
				t.Errorf("%+v, %v, %d certificates", m, err, len(chain))
			}
		})
	}
}

// FuzzPersonKeys: whatever entries hold, nothing of another person comes out.
func FuzzPersonKeys(f *testing.F) {
	t := newFleet(f)
	id, k := clinic.ID{1}, newPrivate(f)
	request := t.request(id, clinic.RoleDoctor, k)
	own, s := t.person(id, clinic.RoleDoctor, k)
	prov, _ := t.vouch(k, s, request)
	f.Add(request, prov, own)
	f.Add([]byte{}, []byte{1}, request)
	f.Fuzz(func(tt *testing.T, request, chain, statement []byte) {
		c := &clinic.Credential{Request: request, Chain: [][]byte{chain, statement}}
		for _, k := range cert.PersonKeys(id, []*clinic.Credential{c, {Request: statement}}, [][]byte{statement, chain}) {
			if k.Person != id || len(k.Key) != ed25519.PublicKeySize {
				tt.Fatalf("%+v", k)
			}
			if _, _, err := t.box.Standing(&k, cert.Now); err != nil && !errors.Is(err, ErrStranger) && !errors.Is(err, cert.ErrRevoked) {
				tt.Fatal(err)
			}
		}
	})
}
