package cms_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cms"
	"clinicbox/internal/testpeer"
)

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 8, 0, 0, 0, time.UTC) }

// world is an invented authority with a practitioner and a facility.
type world struct {
	*testing.T
	ca  *cms.Invented
	key crypto.Signer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ca, err := cms.NewInvented("thử", day(2020, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &world{t, ca, key}
}

func (w *world) cert(change func(*x509.Certificate)) *x509.Certificate {
	w.Helper()
	c, err := w.ca.Issue(cms.Person("Trần Văn Thử", "001090000001"), w.key.Public(), change)
	if err != nil {
		w.Fatal(err)
	}
	return c
}

func (w *world) sign(content string, at time.Time, chain ...*x509.Certificate) []byte {
	w.Helper()
	b, err := cms.Sign([]byte(content), w.key, chain, at)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

var now = day(2026, 11, 2)

func TestSignAndVerify(t *testing.T) {
	w := newWorld(t)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{w.key, rsaKey} {
		w.key = key
		cert := w.cert(nil)
		sig := w.sign("nội dung", now, cert)
		s, err := cms.Verify([]byte("nội dung"), sig, cms.Trust{Roots: w.ca.Roots()})
		if err != nil || !s.Certificate.Equal(cert) || !s.At.Equal(now) || len(s.Chain) != 2 {
			t.Fatalf("%T: %+v, %v", key, s, err)
		}
		if len(sig) > 2000 {
			t.Errorf("%d bytes", len(sig))
		}
	}
	if _, err := cms.Sign(nil, ed25519.NewKeyFromSeed(make([]byte, 32)), []*x509.Certificate{w.cert(nil)}, now); !errors.Is(err, cms.ErrAlgorithm) {
		t.Errorf("Ed25519: %v", err)
	}
	if _, err := cms.Sign(nil, w.key, nil, now); err == nil {
		t.Error("signed without a certificate")
	}
}

// What openssl makes is taken, and openssl takes what we make.
func TestOpenSSLAgrees(t *testing.T) {
	tool := testpeer.Need(t, "openssl")
	w := newWorld(t)
	cert := w.cert(nil)
	dir := t.TempDir()
	der, _ := x509.MarshalPKCS8PrivateKey(w.key)
	put := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	block := func(kind string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: b}) }
	content, ca := put("content", []byte("a\nb\n")), put("ca", w.ca.PEM())
	signer, key := put("signer", block("CERTIFICATE", cert.Raw)), put("key", block("PRIVATE KEY", der))
	ours := put("ours", w.sign("a\nb\n", time.Now(), cert))
	run := func(args ...string) []byte {
		t.Helper()
		c := exec.CommandContext(t.Context(), tool, args...)
		var errs bytes.Buffer
		c.Stderr = &errs
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%v: %v %s", args, err, &errs)
		}
		return out
	}
	run("cms", "-verify", "-binary", "-inform", "DER", "-in", ours, "-content", content, "-CAfile", ca, "-purpose", "any")
	for _, form := range [][]string{{}, {"-stream"}, {"-nodetach"}, {"-noattr"}} {
		theirs := run(append([]string{"cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", "-in", content, "-signer", signer, "-inkey", key}, form...)...)
		if _, err := cms.Verify([]byte("a\nb\n"), theirs, cms.Trust{Roots: w.ca.Roots(), At: now}); err != nil {
			t.Errorf("%v: %v", form, err)
		}
		if _, err := cms.Verify([]byte("a\nc\n"), theirs, cms.Trust{Roots: w.ca.Roots(), At: now}); err == nil {
			t.Errorf("%v: other content is taken", form)
		}
	}
	weak := run("cms", "-sign", "-binary", "-md", "sha1", "-outform", "DER", "-in", content, "-signer", signer, "-inkey", key)
	if _, err := cms.Verify([]byte("a\nb\n"), weak, cms.Trust{Roots: w.ca.Roots(), At: now}); !errors.Is(err, cms.ErrAlgorithm) {
		t.Errorf("SHA-1: %v", err)
	}
	bare := run("cms", "-sign", "-binary", "-nocerts", "-outform", "DER", "-in", content, "-signer", signer, "-inkey", key)
	if _, err := cms.Verify([]byte("a\nb\n"), bare, cms.Trust{Roots: w.ca.Roots(), At: now}); !errors.Is(err, cms.ErrForm) {
		t.Errorf("without its certificate: %v", err)
	}
	if _, err := cms.Verify([]byte("a\nb\n"), bare, cms.Trust{Roots: w.ca.Roots(), At: now, More: []*x509.Certificate{cert}}); err != nil {
		t.Errorf("with its certificate beside it: %v", err)
	}
}

func TestTamperings(t *testing.T) {
	w := newWorld(t)
	other := newWorld(t)
	good := w.cert(nil)
	sig := w.sign("x", now, good)
	small, _ := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	flipped := bytes.Clone(sig)
	flipped[len(flipped)-3] ^= 1
	changed := func(f func(*x509.Certificate)) []byte { return w.sign("x", now, w.cert(f)) }
	self := func() []byte {
		ca, _ := cms.NewInvented("tự ký", day(2020, 1, 1))
		b, err := cms.Sign([]byte("x"), ca.Key, []*x509.Certificate{ca.Certificate}, now)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	weak := func() []byte {
		c, err := w.ca.Issue(cms.Person("A", "1"), small.Public(), nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := cms.Sign([]byte("x"), small, []*x509.Certificate{c}, now)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	stranger := other.sign("x", now, other.cert(nil))
	for name, c := range map[string]struct {
		content string
		sig     []byte
		want    error
	}{
		"other content":         {"y", sig, cms.ErrContent},
		"no content":            {"", sig, cms.ErrContent},
		"a bit of it":           {"x", flipped, cms.ErrForged},
		"truncated":             {"x", sig[:len(sig)-20], cms.ErrForm},
		"half":                  {"x", sig[:len(sig)/2], cms.ErrForm},
		"something behind":      {"x", append(bytes.Clone(sig), 0), cms.ErrForm},
		"empty":                 {"x", nil, cms.ErrForm},
		"too large":             {"x", make([]byte, cms.MaxSize+1), cms.ErrForm},
		"no CMS":                {"x", w.ca.Certificate.Raw, cms.ErrForm},
		"another authority":     {"x", stranger, cms.ErrTrust},
		"another's key":         {"x", w.sign("x", now, other.cert(nil)), cms.ErrForged},
		"self-signed authority": {"x", self(), cms.ErrUsage},
		"small key":             {"x", weak(), cms.ErrAlgorithm},
		"expired":               {"x", changed(func(c *x509.Certificate) { c.NotAfter = day(2026, 11, 1) }), cms.ErrExpired},
		"not yet":               {"x", changed(func(c *x509.Certificate) { c.NotBefore = day(2026, 11, 3) }), cms.ErrExpired},
		"authority not yet": {"x", w.sign("x", day(2019, 1, 1), w.cert(func(c *x509.Certificate) {
			c.NotBefore = day(2018, 1, 1)
		})), cms.ErrExpired},
		"for keys only":   {"x", changed(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), cms.ErrUsage},
		"of a web server": {"x", changed(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), cms.ErrUsage},
	} {
		if _, err := cms.Verify([]byte(c.content), c.sig, cms.Trust{Roots: w.ca.Roots(), At: now}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if _, err := cms.Verify([]byte("x"), sig, cms.Trust{}); !errors.Is(err, cms.ErrTrust) {
		t.Errorf("without roots: %v", err)
	}
	mail := changed(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} })
	if _, err := cms.Verify([]byte("x"), mail, cms.Trust{Roots: w.ca.Roots()}); err != nil {
		t.Errorf("an e-mail certificate, as providers issue: %v", err)
	}
}

func TestDecode(t *testing.T) {
	w := newWorld(t)
	sig := w.sign("x", now, w.cert(nil))
	base := base64.StdEncoding.EncodeToString(sig)
	for name, in := range map[string][]byte{
		"DER": sig, "base64": []byte(base), "lines": []byte(base[:60] + "\r\n" + base[60:] + "\r\n"),
		"PEM": pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: sig}),
	} {
		if got, err := cms.Decode(in); err != nil || !bytes.Equal(got, sig) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, in := range []string{"", "   ", "không phải", "AAAA", "=" + base} {
		if _, err := cms.Decode([]byte(in)); err == nil {
			t.Errorf("%q is taken", in)
		}
	}
	if _, err := cms.Decode(make([]byte, 1<<20)); err == nil {
		t.Error("a megabyte is taken")
	}
}

func TestRoots(t *testing.T) {
	w := newWorld(t)
	if _, err := cms.ParseRoots(); !errors.Is(err, cms.ErrNoRoots) {
		t.Errorf("nothing: %v", err)
	}
	leaf := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: w.cert(nil).Raw})
	if _, err := cms.ParseRoots(leaf); !errors.Is(err, cms.ErrNoRoots) {
		t.Errorf("a signer's certificate became a root: %v", err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte{1}})
	if _, err := cms.ParseRoots(w.ca.PEM(), key); !errors.Is(err, cms.ErrNoRoots) {
		t.Errorf("a private key is taken: %v", err)
	}
	if _, err := cms.LoadRoots(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	path := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(path, append(w.ca.PEM(), leaf...), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := cms.LoadRoots(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cms.Verify([]byte("x"), w.sign("x", now, w.cert(nil)), cms.Trust{Roots: r}); err != nil {
		t.Error(err)
	}
}

func TestJudge(t *testing.T) {
	w := newWorld(t)
	person := w.cert(nil)
	issue := func(name, tax string) *x509.Certificate {
		c, err := w.ca.Issue(cms.Organisation(name, tax), w.key.Public(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	ours, theirs := issue("Trạm Y tế Mẫu", "0100000001"), issue("Công ty Bịa", "0100000002")
	nameless := w.cert(func(c *x509.Certificate) { c.Subject = cms.Organisation("Trạm", "1"); c.Subject.ExtraNames = nil })
	judge := cms.Judge{Roots: w.ca.Roots(), Facility: "mst:0100000001"}
	claim := func(role clinic.LegalRole, c *x509.Certificate, at time.Time) clinic.LegalClaim {
		s := &clinic.LegalSigned{Role: role, Format: clinic.LegalCMS, Sig: w.sign("x", at, c), At: at.Unix()}
		return clinic.LegalClaim{Content: []byte("x"), Signed: s, Recorded: now.Add(time.Minute), Document: now.Add(-time.Minute)}
	}
	const doctor, facility = clinic.LegalPractitioner, clinic.LegalFacility
	for name, c := range map[string]struct {
		judge cms.Judge
		claim clinic.LegalClaim
		want  string
	}{
		"practitioner":              {judge, claim(doctor, person, now), ""},
		"facility":                  {judge, claim(facility, ours, now), ""},
		"facility as practitioner":  {judge, claim(doctor, ours, now), clinic.LegalBadRole},
		"company as practitioner":   {judge, claim(doctor, nameless, now), clinic.LegalBadRole},
		"practitioner as facility":  {judge, claim(facility, person, now), clinic.LegalBadRole},
		"another facility":          {judge, claim(facility, theirs, now), clinic.LegalBadFacility},
		"facility not configured":   {cms.Judge{Roots: w.ca.Roots()}, claim(facility, ours, now), clinic.LegalBadFacility},
		"no such role":              {judge, claim(7, person, now), clinic.LegalBadRole},
		"no roots":                  {cms.Judge{}, claim(doctor, person, now), clinic.LegalBadUnchecked},
		"of last year":              {judge, claim(doctor, person, now.AddDate(-1, 0, 0)), clinic.LegalBadTime},
		"of tomorrow":               {judge, claim(doctor, person, now.AddDate(0, 0, 1)), clinic.LegalBadTime},
		"a PC that is minutes late": {judge, claim(doctor, person, now.Add(-30*time.Minute)), ""},
	} {
		v := c.judge.Judge(c.claim)
		if v.Problem != c.want || v.Valid != (c.want == "") {
			t.Errorf("%s: %+v", name, v)
		}
		if v.Valid && (v.Subject == "" || v.Serial == "" || v.Issuer == "" || v.At.IsZero()) {
			t.Errorf("%s: who signed is not told: %+v", name, v)
		}
	}
	odd := claim(doctor, person, now)
	odd.Signed.Format = "xades"
	if v := judge.Judge(odd); v.Problem != clinic.LegalBadForm {
		t.Errorf("%+v", v)
	}
}

func FuzzVerify(f *testing.F) {
	ca, err := cms.NewInvented("thử", day(2020, 1, 1))
	if err != nil {
		f.Fatal(err)
	}
	c, err := ca.Issue(cms.Person("A", "1"), ca.Key.Public(), nil)
	if err != nil {
		f.Fatal(err)
	}
	sig, err := cms.Sign([]byte("x"), ca.Key, []*x509.Certificate{c}, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sig)
	f.Add(sig[:40])
	f.Add([]byte{0x30, 0x80, 0, 0})
	roots := ca.Roots()
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := cms.Decode(b); err == nil {
			b = d
		}
		// The key is random and used once: nothing but that signature may hold.
		if s, err := cms.Verify([]byte("y"), b, cms.Trust{Roots: roots, At: now}); err == nil {
			t.Fatalf("forged: %v", s.Certificate.Subject)
		}
	})
}
