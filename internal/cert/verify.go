package cert

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"time"
)

// Want says what an X.509 chain must be good for.
type Want struct {
	Roots   [][]byte // DER
	Name    string   // host name or address; for clients the box's name
	Client  bool     // a box that connects, not a server
	Now     time.Time
	Trusted bool // false: chain, name and purpose are checked, dates are not
}

// VerifyX509 checks a chain, leaf first. While the clock is not trusted the dates
// are left alone, for a box that believes in 1970 or 2045 must reach the centre to
// learn the time; then the chain must only have been good at one moment.
func VerifyX509(chain []*x509.Certificate, w Want) error {
	if len(chain) == 0 || len(chain) > 5 {
		return ErrX509
	}
	opts := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: w.Now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, der := range w.Roots {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return ErrX509
		}
		opts.Roots.AddCert(c)
	}
	if !w.Trusted {
		opts.CurrentTime = latestStart(chain)
	}
	for _, c := range chain[1:] {
		opts.Intermediates.AddCert(c)
	}
	if w.Client {
		opts.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	} else {
		opts.DNSName = w.Name
	}
	if _, err := chain[0].Verify(opts); err != nil {
		return ErrX509 // which rule is for nobody at the other end
	}
	if w.Name == "" || w.Client && chain[0].Subject.CommonName != w.Name {
		return ErrX509
	}
	return nil
}

// latestStart is a moment at which all of a chain had begun. Authorities never
// begin after what they sign.
func latestStart(chain []*x509.Certificate) (at time.Time) {
	for _, c := range chain {
		if c.NotBefore.After(at) {
			at = c.NotBefore
		}
	}
	return at
}

// LinkTLS is a box's end of the link: its client certificate, and a check of the
// broker by the link authority instead of the system's. now tells the time and
// whether it is trusted, at each handshake.
func LinkTLS(own tls.Certificate, link []byte, host string, now func() (time.Time, bool)) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{own}, ServerName: host, MinVersion: tls.VersionTLS13,
		// The library's own check knows no clock that may be wrong; VerifyConnection
		// below replaces it and also runs on resumed sessions.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			at, trusted := now()
			return VerifyX509(s.PeerCertificates, Want{Roots: [][]byte{link}, Name: host, Now: at, Trusted: trusted})
		},
	}
}

// checkX509 checks that the answer's X.509 certificates are for the box's keys and
// hang together. Dates are not asked.
func (a *Answer) checkX509(box string, mine Request) error {
	client, err := x509.ParseCertificate(a.Client)
	if err != nil || !bytes.Equal(client.RawSubjectPublicKeyInfo, mine.TLS) {
		return ErrOtherBox
	}
	if err := VerifyX509([]*x509.Certificate{client}, Want{Roots: [][]byte{a.Link}, Name: box, Client: true}); err != nil {
		return err
	}
	if len(a.Web) != 3 {
		return ErrX509
	}
	chain, err := parseAll(a.Web)
	if err != nil {
		return err
	}
	if !bytes.Equal(chain[0].RawSubjectPublicKeyInfo, mine.Web) {
		return ErrOtherBox
	}
	for i, c := range chain[:2] {
		if c.CheckSignatureFrom(chain[i+1]) != nil {
			return ErrX509
		}
	}
	if len(chain[0].PermittedDNSDomains) == 0 || chain[0].PermittedDNSDomains[0] != box+".local" {
		return ErrX509
	}
	return nil
}

func parseAll(ders [][]byte) (out []*x509.Certificate, err error) {
	for _, der := range ders {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, ErrX509
		}
		out = append(out, c)
	}
	return out, nil
}
