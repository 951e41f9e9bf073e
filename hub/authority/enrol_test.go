package authority_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/authority"
	"clinicbox/hub/authority/authoritytest"
	"clinicbox/internal/cert"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	var last *authoritytest.Memory
	authoritytest.Run(t, func(*testing.T) authority.Store {
		last = authoritytest.NewMemory()
		return last
	}, func(*testing.T) authority.Store { return last })
}

// TestEnrolEndToEnd brings boxes in by each carrier, with clocks of 1970 and 2045,
// up to a TLS handshake on the link and one for the pages.
func TestEnrolEndToEnd(t *testing.T) {
	online := func(t *testing.T, raw []byte) []byte { return raw }
	text := func(t *testing.T, raw []byte) []byte {
		return must[[]byte](t)(cert.ParseText(strings.ToLower(must[string](t)(cert.Text(raw)))))
	}
	qr := func(t *testing.T, raw []byte) []byte {
		var p cert.Parts
		for _, c := range must[[]string](t)(cert.QR(raw)) {
			if err := p.Add(c); err != nil {
				t.Fatal(err)
			}
		}
		return must[[]byte](t)(p.Bytes())
	}
	for name, carry := range map[string]func(*testing.T, []byte) []byte{"online": online, "text": text, "QR": qr} {
		for _, clock := range []time.Time{time.Unix(60, 0), time.Date(2045, 6, 1, 0, 0, 0, 0, time.UTC)} {
			t.Run(name+" "+clock.Format("2006"), func(t *testing.T) {
				w := newWorld(t)
				c := must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-01")))
				b := newBox(t, must[cert.Code](t)(cert.ParseCode(c.String())))
				b.clock = clock
				answer := must[[]byte](t)(w.Enrol(t.Context(), w.by, carry(t, b.request)))
				e := must[*cert.Enrolled](t)(b.open(carry(t, answer)))
				if e.Box.Name != "tram-01" || !e.Trust.Root().Equal(w.Root()) || e.Answer.Broker == "" {
					t.Errorf("%+v", e.Box)
				}
				handshake(t, w, b, e)
				servePages(t, b, e)
				if _, err := w.Audit(t.Context(), e.Answer.History); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// handshake connects the box to the centre's broker as its own clock believes.
func handshake(t *testing.T, w *world, b *box, e *cert.Enrolled) {
	t.Helper()
	der := must[[]byte](t)
	key := must2(cert.NewP256())
	parent := must[cert.Parent](t)(cert.NewParent(w.keys.LinkCert, w.keys.Link))
	broker := tlsPair(der(cert.Broker(parent, cert.Names{DNS: []string{"hub.mau.internal"}}, der(cert.SPKI(key)))), key)
	roots := x509.NewCertPool()
	roots.AddCert(parent.Cert)
	conf := cert.LinkTLS(tlsPair(e.Answer.Client, b.tls), e.Answer.Link, "hub.mau.internal", func() (time.Time, bool) { return b.clock, false })
	srv := &tls.Config{Certificates: []tls.Certificate{broker}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots, Time: func() time.Time { return w.now }}
	here, there := net.Pipe()
	defer here.Close()
	said := make(chan string, 1)
	go func() {
		defer there.Close()
		s := tls.Server(there, srv)
		if err := s.Handshake(); err != nil {
			said <- err.Error()
			return
		}
		said <- s.ConnectionState().PeerCertificates[0].Subject.CommonName
	}()
	if err := tls.Client(here, conf).Handshake(); err != nil {
		t.Error(err)
	}
	if name := <-said; name != "tram-01" {
		t.Errorf("the broker sees %q", name)
	}
}

// servePages makes the leaf offline; a tablet with the right time takes it.
func servePages(t *testing.T, b *box, e *cert.Enrolled) {
	t.Helper()
	own := must[cert.Parent](t)(cert.NewParent(e.Answer.Web[0], b.web))
	der := must[[]byte](t)
	floor := time.UnixMilli(e.Answer.Time)
	leaf := der(cert.Leaf(own, cert.OwnNames(e.Box.Name, cert.Names{}), der(cert.SPKI(b.tls)), cert.LeafTime{Now: b.clock, Floor: floor}))
	var chain []*x509.Certificate
	for _, d := range [][]byte{leaf, e.Answer.Web[0], e.Answer.Web[1]} {
		chain = append(chain, must[*x509.Certificate](t)(x509.ParseCertificate(d)))
	}
	want := cert.Want{Roots: [][]byte{e.Answer.Web[2]}, Name: "tram-01.local", Now: floor.Add(time.Hour), Trusted: true}
	if err := cert.VerifyX509(chain, want); err != nil {
		t.Error(err)
	}
	want.Name = "tram-02.local"
	wants(t, cert.VerifyX509(chain, want), cert.ErrX509)
}

func must2[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestCodeGuessedUsedTwiceExpired(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	c := must[cert.Code](t)(w.Invite(ctx, w.by, w.invitation("tram-01")))
	before := w.store.Rows()
	for range 50 {
		_, err := w.Enrol(ctx, w.by, newBox(t, cert.NewCode()).request)
		wants(t, err, cert.ErrCode)
	}
	// Who saw a request knows the code's name, not the code.
	seen := must[cert.Request](t)(cert.OpenRequest(newBox(t, c).request))
	forged := newBox(t, cert.NewCode())
	r := must[cert.Request](t)(cert.OpenRequest(forged.request))
	r.Code = seen.Code
	raw := must[[]byte](t)(cert.Sign(forged.keys.Identity, r))
	_, err := w.Enrol(ctx, w.by, append(raw, forged.request[len(forged.request)-32:]...))
	wants(t, err, cert.ErrCode)
	if !equalRows(before, w.store.Rows()) {
		t.Error("guesses left something behind")
	}
	b := newBox(t, c)
	first := must[[]byte](t)(w.Enrol(ctx, w.by, b.request))
	again := must[[]byte](t)(w.Enrol(ctx, w.by, b.request))
	if !bytes.Equal(first, again) {
		t.Error("the answer sent again is another")
	}
	_, err = w.Enrol(ctx, w.by, newBox(t, c).request)
	wants(t, err, authority.ErrUsed)
	b.ask(t)
	_, err = w.Enrol(ctx, w.by, b.request)
	wants(t, err, authority.ErrUsed)

	late := must[cert.Code](t)(w.Invite(ctx, w.by, w.invitation("tram-02")))
	lateBox := newBox(t, late)
	w.now = w.now.Add(authority.CodeLife + time.Second)
	_, err = w.Enrol(ctx, w.by, lateBox.request)
	wants(t, err, authority.ErrExpired)
	if len(must[[]authority.Box](t)(w.Boxes(ctx))) != 1 {
		t.Error("more boxes than answers")
	}
}

func TestAnswerIsGoodAfterTheCodesEnd(t *testing.T) {
	w := newWorld(t)
	b := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-01"))))
	first := must[[]byte](t)(w.Enrol(t.Context(), w.by, b.request))
	w.now = w.now.Add(10 * authority.CodeLife)
	if again := must[[]byte](t)(w.Enrol(t.Context(), w.by, b.request)); !bytes.Equal(first, again) {
		t.Error("the boat came late and the answer is another")
	}
}

func TestInviteAgainEndsTheOlderCode(t *testing.T) {
	w := newWorld(t)
	old := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-01"))))
	fresh := newBox(t, must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-01"))))
	_, err := w.Enrol(t.Context(), w.by, old.request)
	wants(t, err, authority.ErrExpired)
	_, err = w.Enrol(t.Context(), w.by, fresh.request)
	wants(t, err, nil)
	_, err = w.Invite(t.Context(), w.by, w.invitation("tram-01"))
	wants(t, err, authority.ErrExists)
	for name, inv := range map[string]authority.Invitation{
		"slash": w.invitation("tram/01"), "none": w.invitation(""), "too long": {Facility: w.invitation("a").Facility, Life: 1000 * 24 * time.Hour},
	} {
		if _, err := w.Invite(t.Context(), w.by, inv); err == nil {
			t.Errorf("%s: invited", name)
		}
	}
	_, err = w.Invite(t.Context(), authority.By{}, w.invitation("tram-03"))
	wants(t, err, authority.ErrOperator)
}

func TestOneKeyOneBox(t *testing.T) {
	w := newWorld(t)
	b, _ := w.enrol(t, w.invitation("tram-01"))
	b.code = must[cert.Code](t)(w.Invite(t.Context(), w.by, w.invitation("tram-02")))
	b.ask(t)
	_, err := w.Enrol(t.Context(), w.by, b.request)
	wants(t, err, authority.ErrKey)
}

func TestReplaceAndTheft(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, old := w.enrol(t, w.invitation("tram-01"))
	order := must[[]byte](t)(w.Stolen(ctx, w.by, "tram-01", 120))
	if again := must[[]byte](t)(w.Stolen(ctx, w.by, "tram-01", 120)); !bytes.Equal(order, again) {
		t.Error("reported twice, ordered twice")
	}
	c, err := old.Trust.Command(order, old.Box, 0)
	if err != nil || c.Op != cert.OpErase {
		t.Errorf("%+v, %v", c, err)
	}
	_, err = old.Trust.Command(order, old.Box, c.Seq)
	wants(t, err, cert.ErrReplayed)
	w.update(t, old.Trust)
	_, err = old.Trust.Box(old.Answer.Box, cert.WantBox{})
	wants(t, err, cert.ErrRevoked)

	inv := w.invitation("tram-01")
	inv.Replaces = "tram-01"
	b, successor := w.enrol(t, inv)
	if successor.Box.Replaces == nil || *successor.Box.Replaces != old.Box.Serial {
		t.Error("the successor does not say whom it replaces")
	}
	_, err = successor.Trust.Command(order, successor.Box, 0)
	wants(t, err, cert.ErrOtherBox)
	_, err = b.open(must[[]byte](t)(w.Enrol(ctx, w.by, b.request)))
	wants(t, err, nil)
	if r, _ := successor.Trust.Revoked(code, old.Box.Serial); r.Reason != cert.ReasonStolen || r.Size != 120 {
		t.Errorf("replacing hides the theft: %+v", r)
	}
	crl := must[*x509.RevocationList](t)(x509.ParseRevocationList(must[[]byte](t)(w.LinkCRL(ctx))))
	client := must[*x509.Certificate](t)(x509.ParseCertificate(old.Answer.Client))
	if len(crl.RevokedCertificateEntries) != 1 || crl.RevokedCertificateEntries[0].SerialNumber.Cmp(client.SerialNumber) != 0 {
		t.Errorf("brokers let the stolen box in: %+v", crl.RevokedCertificateEntries)
	}
	far := w.invitation("tram-09")
	far.Facility.Code, far.Replaces = "00001", "tram-01"
	_, err = w.Invite(ctx, w.by, far)
	wants(t, err, cert.ErrOtherFacility)
	far.Replaces = "tram-77"
	_, err = w.Invite(ctx, w.by, far)
	wants(t, err, authority.ErrMissing)
}

// A working box stays in service until its successor has come in.
func TestReplaceEndsTheOldOnlyWithTheNew(t *testing.T) {
	w := newWorld(t)
	_, old := w.enrol(t, w.invitation("tram-01"))
	inv := w.invitation("tram-01b")
	inv.Replaces = "tram-01"
	c := must[cert.Code](t)(w.Invite(t.Context(), w.by, inv))
	w.update(t, old.Trust)
	_, err := old.Trust.Box(old.Answer.Box, cert.WantBox{})
	wants(t, err, nil)
	if _, err := w.Enrol(t.Context(), w.by, newBox(t, c).request); err != nil {
		t.Fatal(err)
	}
	w.update(t, old.Trust)
	_, err = old.Trust.Box(old.Answer.Box, cert.WantBox{})
	wants(t, err, cert.ErrRevoked)
}

// A box that was replaced and lies in a cupboard can be stolen too: its serial
// reaches it, its successor is left alone.
func TestTheftOfAReplacedBox(t *testing.T) {
	w := newWorld(t)
	_, old := w.enrol(t, w.invitation("tram-01"))
	inv := w.invitation("tram-01")
	inv.Replaces = "tram-01"
	_, next := w.enrol(t, inv)
	order := must[[]byte](t)(w.Stolen(t.Context(), w.by, old.Box.Serial.String(), 0))
	_, err := old.Trust.Command(order, old.Box, 0)
	wants(t, err, nil)
	_, err = next.Trust.Command(order, next.Box, 0)
	wants(t, err, cert.ErrOtherBox)
	w.update(t, next.Trust)
	if r, _ := next.Trust.Revoked(code, old.Box.Serial); r.Reason != cert.ReasonStolen || r.From != 0 {
		t.Errorf("%+v", r)
	}
	_, err = next.Trust.Box(next.Answer.Box, cert.WantBox{})
	wants(t, err, nil)
}

// TestNumbersOfEarlierMachines: the first machine of a place numbers nothing anew; each
// later one hears since when others did, and a third has the second's first day, too.
func TestNumbersOfEarlierMachines(t *testing.T) {
	w := newWorld(t)
	began := w.now
	var got []int64
	for n := range 3 {
		inv := w.invitation("tram-01")
		if n > 0 {
			inv.Replaces = "tram-01"
		}
		_, e := w.enrol(t, inv)
		got = append(got, e.Answer.Numbers)
	}
	first := clinic.FreshSince(began, 1)
	if got[0] != 0 || got[1] == 0 || time.UnixMilli(got[1]).After(first) {
		t.Errorf("%v", got)
	}
	if more := time.Duration(got[1]-got[2]) * time.Millisecond; more != first.Sub(clinic.FreshSince(began, 2)) || more <= 0 {
		t.Errorf("the third machine hears of %v more than the second", more)
	}
}

func equalRows(a, b map[string][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		if !bytes.Equal(v, b[k]) {
			return false
		}
	}
	return true
}
