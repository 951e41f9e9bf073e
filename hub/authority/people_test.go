package authority_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/internal/cert"
)

func TestCertifyPerson(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, e := w.enrol(t, w.invitation("tram-01"))
	k := newKey()
	id, request := personRequest(t, k, clinic.RoleDoctor)
	raw := must[[]byte](t)(w.Certify(ctx, w.by, request))
	if again := must[[]byte](t)(w.Certify(ctx, w.by, request)); !bytes.Equal(raw, again) {
		t.Error("asked twice, certified twice")
	}
	m := must[cert.Member](t)(e.Trust.Member(cert.WantMember{Facility: code, At: cert.Now}, raw))
	if m.Person != id || m.Role != clinic.RoleDoctor || m.Provisional || !m.Key.Equal(pubOf(k)) {
		t.Errorf("%+v", m)
	}
	_, other := personRequest(t, k, clinic.RoleAdministrator)
	_, err := w.Certify(ctx, w.by, other)
	wants(t, err, authority.ErrKey)
	forged := must[[]byte](t)(cert.Sign(newKey(), cert.PersonRequest{Person: id, Role: clinic.RoleDoctor, Facility: code, Key: pubOf(k)}))
	_, err = w.Certify(ctx, w.by, forged)
	wants(t, err, cert.ErrSignature)

	if err := w.Revoke(ctx, w.by, cert.Revoked{Serial: m.Serial, Reason: cert.ReasonLeft, From: 5000}); err != nil {
		t.Fatal(err)
	}
	w.update(t, e.Trust)
	_, err = e.Trust.Member(cert.WantMember{Facility: code, At: 4999}, raw)
	wants(t, err, nil)
	_, err = e.Trust.Member(cert.WantMember{Facility: code, At: cert.Now}, raw)
	wants(t, err, cert.ErrRevoked)
	// A later word may reach further back, never less far.
	for _, from := range []uint64{9000, 1000, 3000} {
		if err := w.Revoke(ctx, w.by, cert.Revoked{Serial: m.Serial, Reason: cert.ReasonStolen, From: from}); err != nil {
			t.Fatal(err)
		}
	}
	w.update(t, e.Trust)
	if r, _ := e.Trust.Revoked(code, m.Serial); r.From != 1000 {
		t.Errorf("revoked from %d", r.From)
	}
	wants(t, w.Revoke(ctx, w.by, cert.Revoked{Serial: cert.NewSerial()}), authority.ErrMissing)
}

// lost is a doctor who lost the PIN: a new key, vouched for by the administrator.
type lost struct {
	admin  []byte
	doctor []byte
	serial cert.Serial
}

func newLost(t *testing.T, w *world) lost {
	t.Helper()
	ak := newKey()
	_, ar := personRequest(t, ak, clinic.RoleAdministrator)
	l := lost{admin: must[[]byte](t)(w.Certify(t.Context(), w.by, ar)), serial: cert.NewSerial()}
	admin := must[cert.Person](t)(cert.Unverified[cert.Person](l.admin))
	l.doctor = provisional(t, ak, admin.Serial, l.serial, clinic.RoleDoctor)
	return l
}

func provisional(t *testing.T, by ed25519.PrivateKey, voucher, serial cert.Serial, role clinic.Role) []byte {
	t.Helper()
	_, r := personRequest(t, newKey(), role)
	return must[[]byte](t)(cert.Sign(by, cert.Provisional{Serial: serial, Request: r, Voucher: voucher, HLC: 700}))
}

func TestRatifyAndReject(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, e := w.enrol(t, w.invitation("tram-01"))
	a, b := newLost(t, w), newLost(t, w)
	now := cert.WantMember{Facility: code, At: cert.Now}
	m := must[cert.Member](t)(e.Trust.Member(now, a.doctor, a.admin))
	if !m.Provisional {
		t.Error("not said to be provisional")
	}
	yes := must[[]byte](t)(w.Ratify(ctx, w.by, a.doctor, a.admin))
	if again := must[[]byte](t)(w.Ratify(ctx, w.by, a.doctor, a.admin)); !bytes.Equal(yes, again) {
		t.Error("ratified twice")
	}
	_, err := w.Reject(ctx, w.by, a.doctor)
	wants(t, err, cert.ErrNotProvisional)
	no := must[[]byte](t)(w.Reject(ctx, w.by, b.doctor))
	_, err = w.Ratify(ctx, w.by, b.doctor, b.admin)
	wants(t, err, cert.ErrNotProvisional)
	for _, raw := range [][]byte{yes, no} {
		if err := e.Trust.Add(raw); err != nil {
			t.Fatal(err)
		}
	}
	m = must[cert.Member](t)(e.Trust.Member(now, a.doctor))
	if m.Provisional || m.Serial != a.serial {
		t.Errorf("%+v", m)
	}
	_, err = e.Trust.Member(now, b.doctor, b.admin)
	wants(t, err, cert.ErrRevoked)
	if err := w.Revoke(ctx, w.by, cert.Revoked{Serial: a.serial, Reason: cert.ReasonLeft}); err != nil {
		t.Errorf("a ratified certificate cannot be revoked: %v", err)
	}
	people := must[[]authority.Person](t)(w.People(ctx, code))
	if len(people) != 4 {
		t.Errorf("%d people", len(people))
	}
}

func TestRatifyRefuses(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, e := w.enrol(t, w.invitation("tram-01"))
	l := newLost(t, w)
	admin := must[cert.Person](t)(cert.Unverified[cert.Person](l.admin))
	thief := provisional(t, newKey(), admin.Serial, cert.NewSerial(), clinic.RoleDoctor)
	boxKey, err := w.Box(ctx, "tram-01")
	wants(t, err, nil)
	for name, tt := range map[string]struct {
		chain [][]byte
		want  error
	}{
		"a thief in the administrator's name": {[][]byte{thief, l.admin}, cert.ErrVoucher},
		"nobody":                              {[][]byte{l.doctor}, cert.ErrVoucher},
		"a certificate of the centre":         {[][]byte{l.admin}, cert.ErrKind},
		"nothing":                             {nil, cert.ErrForm},
		"a box that did not sign":             {[][]byte{l.doctor, boxKey.Cert}, cert.ErrVoucher},
	} {
		before := w.store.Rows()
		_, err := w.Ratify(ctx, w.by, tt.chain...)
		if !equalRows(before, w.store.Rows()) {
			t.Errorf("%s left something behind", name)
		}
		t.Run(name, func(t *testing.T) { wants(t, err, tt.want) })
	}
	if err := w.Revoke(ctx, w.by, cert.Revoked{Serial: admin.Serial, Reason: cert.ReasonStolen, From: 600}); err != nil {
		t.Fatal(err)
	}
	_, err = w.Ratify(ctx, w.by, l.doctor, l.admin)
	wants(t, err, cert.ErrVoucher)
	_ = e
}

// TestRecoveryAdministrator: after the recovery code the box makes an
// administrator, who vouches for others; the centre ratifies from the top.
func TestRecoveryAdministrator(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	b, e := w.enrol(t, w.invitation("tram-01"))
	ak, serial := newKey(), cert.NewSerial()
	_, r := personRequest(t, ak, clinic.RoleAdministrator)
	admin := must[[]byte](t)(cert.Sign(b.keys.Identity, cert.Provisional{Serial: serial, Request: r, Voucher: e.Box.Serial, HLC: 9}))
	doctor := provisional(t, ak, serial, cert.NewSerial(), clinic.RoleDoctor)
	want := cert.WantMember{Facility: code, At: cert.Now}
	m := must[cert.Member](t)(e.Trust.Member(want, doctor, admin, e.Answer.Box))
	if !m.Provisional || m.Role != clinic.RoleDoctor {
		t.Errorf("%+v", m)
	}
	must[[]byte](t)(w.Ratify(ctx, w.by, admin, e.Answer.Box))
	must[[]byte](t)(w.Ratify(ctx, w.by, doctor, admin)) // the box's word is no longer needed
}

// TestStolenIssuingKey: the root ends it, the successor signs everything anew, a
// box that gets the new statements goes on with its old keys.
func TestStolenIssuingKey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, e := w.enrol(t, w.invitation("tram-01"))
	w.enrol(t, w.invitation("tram-02"))
	l := newLost(t, w)
	yes := must[[]byte](t)(w.Ratify(ctx, w.by, l.doctor, l.admin))
	wants(t, e.Trust.Add(yes), nil)
	must[[]byte](t)(w.Stolen(ctx, w.by, "tram-02", 0))
	w.update(t, e.Trust)

	keys := w.keys
	keys.Issuing = newKey()
	keys.Grant = w.grant(t, keys, authority.Terms{Seq: 2, At: w.now, Withdraws: []cert.KeyID{cert.IDOf(pubOf(w.keys.Issuing.(ed25519.PrivateKey)))}})
	opts := w.opts
	opts.Keys = keys
	next := must[*authority.Authority](t)(authority.Open(ctx, opts))
	wants(t, next.Reissue(ctx, w.by), nil)
	w.Authority = next
	for _, raw := range must[[][]byte](t)(next.Statements(ctx, code)) {
		if err := e.Trust.Add(raw); err != nil {
			t.Fatal(err)
		}
	}
	_, err := e.Trust.Box(e.Answer.Box, cert.WantBox{})
	wants(t, err, cert.ErrIssuer)
	fresh := must[authority.Box](t)(next.Box(ctx, "tram-01"))
	v := must[cert.Box](t)(e.Trust.Box(fresh.Cert, cert.WantBox{Name: "tram-01", Identity: e.Box.Identity}))
	if v.Serial != e.Box.Serial {
		t.Error("the serial changed")
	}
	stolen := must[authority.Box](t)(next.Box(ctx, "tram-02"))
	_, err = e.Trust.Box(stolen.Cert, cert.WantBox{})
	wants(t, err, cert.ErrRevoked)
	for _, p := range must[[]authority.Person](t)(next.People(ctx, code)) {
		if p.Decision != nil {
			wants(t, e.Trust.Add(p.Decision), nil)
		}
		_, err := e.Trust.Member(cert.WantMember{Facility: code, At: cert.Now}, p.Cert)
		wants(t, err, nil)
	}
	if _, err := authority.Open(ctx, w.opts); err == nil {
		t.Error("the stolen key opens the authority again")
	}
}

func TestCommands(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, e := w.enrol(t, w.invitation("tram-01"))
	for i, op := range []cert.Op{cert.OpLock, cert.OpBlock, cert.OpAllow} {
		raw := must[[]byte](t)(w.Command(ctx, w.by, "tram-01", authority.Order{Op: op}))
		c := must[cert.Command](t)(e.Trust.Command(raw, e.Box, uint64(i)))
		if c.Op != op || c.Seq != uint64(i+1) {
			t.Errorf("%+v", c)
		}
	}
	if open := must[[][]byte](t)(w.Orders(ctx, e.Box.Serial, 1)); len(open) != 2 {
		t.Errorf("%d orders after the first", len(open))
	}
	_, err := w.Command(ctx, w.by, "tram-77", authority.Order{Op: cert.OpLock})
	wants(t, err, authority.ErrMissing)
	n := cert.NewRequestID()
	v := must[cert.Time](t)(e.Trust.Time(must[[]byte](t)(w.Time("tram-01", n)), "tram-01", n))
	if v.Time != w.now.UnixMilli() {
		t.Error("time is not the centre's")
	}
}

func TestHistoryIsReadable(t *testing.T) {
	w := newWorld(t)
	w.enrol(t, w.invitation("tram-01"))
	must[[]byte](t)(w.Command(t.Context(), w.by, "tram-01", authority.Order{Op: cert.OpLock}))
	var lines []string
	for raw, err := range w.History(t.Context()) {
		v := must[cert.History](t)(cert.Unverified[cert.History](raw))
		wants(t, err, nil)
		lines = append(lines, fmt.Sprintf("%s: %.12s", v.Operator, v.Action+" "+v.Object))
	}
	if len(lines) != 5 || lines[2] != "Vận hành Mẫu: invite tram-" {
		t.Errorf("%q", lines)
	}
}
