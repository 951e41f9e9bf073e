package legal

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cms"
	"clinicbox/internal/durable"
)

// Demonstration is a Signer for tests and the demonstration. It makes an authority of
// its own whose name says that it is worth nothing, and certificates as they are
// asked for: it cannot be given a real key, so no facility's key becomes a file.
type Demonstration struct {
	ca  *cms.Invented
	now func() time.Time

	mu     sync.Mutex
	signed map[string]Result // by request: a repeat is not signed again while we run
}

// ErrDemonstration is returned for a key file that is not one of ours.
var ErrDemonstration = errors.New("hub/legal: not a demonstration's own key file")

// DemonstrationFacility is the identifier in the certificates that a Demonstration
// gives to a facility, for legal.facility of a box.
func DemonstrationFacility(code string) string { return "MST:DEMO-" + code }

// NewDemonstration loads the authority from a file, or makes it.
func NewDemonstration(path string, now func() time.Time) (*Demonstration, error) {
	if now == nil {
		now = time.Now
	}
	d := &Demonstration{now: now, signed: map[string]Result{}}
	b, err := os.ReadFile(path)
	if err == nil {
		d.ca, err = parseDemonstration(b)
		return d, err
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("hub/legal: %w", err)
	}
	if d.ca, err = cms.NewInvented("trình diễn", now().Add(-24*time.Hour)); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(d.ca.Key)
	if err != nil {
		return nil, fmt.Errorf("hub/legal: %w", err)
	}
	text := append(d.ca.PEM(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...)
	return d, durable.WriteFile(path, text, 0o600)
}

func parseDemonstration(b []byte) (*cms.Invented, error) {
	cert, rest := pem.Decode(b)
	key, _ := pem.Decode(rest)
	if cert == nil || key == nil {
		return nil, ErrDemonstration
	}
	c, err := x509.ParseCertificate(cert.Bytes)
	if err != nil || !strings.HasPrefix(c.Subject.CommonName, cms.InventedMark) {
		return nil, ErrDemonstration
	}
	k, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	ec, ok := k.(*ecdsa.PrivateKey)
	if err != nil || !ok || !ec.PublicKey.Equal(c.PublicKey) || !bytes.Equal(c.RawIssuer, c.RawSubject) {
		return nil, ErrDemonstration
	}
	return &cms.Invented{Certificate: c, Key: ec}, nil
}

// Roots are the demonstration's own; RootsPEM is the same for boxes' legal.roots.
func (d *Demonstration) Roots() *cms.Roots { return d.ca.Roots() }

// RootsPEM returns the authority's certificate.
func (d *Demonstration) RootsPEM() []byte { return d.ca.PEM() }

// Sign implements Signer.
func (d *Demonstration) Sign(_ context.Context, rs []Request) ([]Result, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := make([]Result, 0, len(rs))
	for _, r := range rs {
		if _, ok := d.signed[r.ID]; !ok {
			x, err := d.sign(r)
			if err != nil {
				return out, err
			}
			d.signed[r.ID] = x
		}
		out = append(out, d.signed[r.ID])
	}
	return out, nil
}

func (d *Demonstration) sign(r Request) (Result, error) {
	who := cms.Organisation("Cơ sở "+r.Facility+" (trình diễn)", strings.TrimPrefix(DemonstrationFacility(r.Facility), "MST:"))
	if r.Role == clinic.LegalPractitioner {
		who = practitioner(r.Licence)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Result{}, fmt.Errorf("hub/legal: %w", err)
	}
	cert, err := d.ca.Issue(who, key.Public(), nil)
	if err != nil {
		return Result{}, err
	}
	at := d.now().Truncate(time.Second)
	sig, err := cms.Sign(r.Content, key, []*x509.Certificate{cert}, at)
	return Result{ID: r.ID, Sig: sig, At: at}, err
}

func practitioner(licence string) pkix.Name {
	return cms.Person(strings.TrimSpace("Người hành nghề "+licence)+" (trình diễn)", "DEMO")
}
