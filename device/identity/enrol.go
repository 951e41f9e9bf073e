package identity

import (
	"crypto/x509"
	"fmt"
	"net/netip"
	"time"

	"clinicbox/internal/cert"
)

// Request asks the centre to certify this box, with a one-time code. It is kept
// until its answer comes, also over a restart; another request takes its place, the
// same code gives the same request again.
func (n *Keys) Request(code cert.Code, facts []cert.Fact) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file.Enrolment != nil {
		return nil, ErrEnrolled
	}
	if p := n.file.Pending; p != nil && p.Code == code.String() {
		return p.Request, nil
	}
	b := n.box
	raw, err := cert.SealRequest(n.Private.Identity, cert.Request{
		ID: cert.NewRequestID(), Identity: n.Private.Public().Identity, HPKE: n.Private.HPKE.PublicKey().Bytes(),
		TLS: spki(b.tls), Web: spki(n.web), Beat: publicOf(b), Hardware: facts,
	}, code)
	if err != nil {
		return nil, fmt.Errorf("identity: request: %w", err)
	}
	before := n.file.Pending
	n.file.Pending = &pending{raw, code.String()}
	if err := n.save(); err != nil {
		n.file.Pending = before
		return nil, err
	}
	return raw, nil
}

// Pending returns the request that waits for an answer.
func (n *Keys) Pending() ([]byte, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file.Pending == nil {
		return nil, false
	}
	return n.file.Pending.Request, true
}

// Accept verifies the centre's answer and makes the box a member of the fleet. What
// does not verify changes nothing. It is durable when it returns nil. A member takes
// no answer: ErrEnrolled.
func (n *Keys) Accept(answer []byte) (*Enrolment, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.file.Pending
	switch {
	case p == nil && n.file.Enrolment != nil:
		return nil, ErrEnrolled
	case p == nil:
		return nil, ErrPending
	}
	code, err := cert.ParseCode(p.Code)
	if err != nil {
		return nil, err
	}
	got, err := cert.OpenAnswer(answer, cert.Expect{Request: p.Request, Code: code})
	if err != nil {
		return nil, err
	}
	a := &got.Answer
	n.file.Enrolment = &Enrolment{
		Root: a.Root, Box: a.Box, HPKE: a.HPKE, Link: a.Link, Client: a.Client, Web: a.Web, Broker: a.Broker,
		Facility: a.Facility, Statements: got.Trust.Statements(), History: a.History, serial: got.Box.Serial,
		Numbers: a.Numbers, Joined: a.Time,
	}
	n.file.Pending = nil
	if err := n.save(); err != nil {
		n.file.Enrolment, n.file.Pending = nil, p
		return nil, err
	}
	n.Private.Name = a.Facility.Box
	if err := n.publish(); err != nil { // made good at the next unlock
		return nil, err
	}
	return n.file.Enrolment, n.box.Raise(time.UnixMilli(a.Time))
}

// Renew makes the certificate of the pages when there is none, when it ends soon,
// or when it begins in the future of a trusted clock. It reports whether it did.
func (n *Keys) Renew(t cert.LeafTime) (bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p, err := n.webParent()
	if err != nil {
		return false, err
	}
	b := n.box
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, err := x509.ParseCertificate(b.open.Cert); err == nil && old.CheckSignatureFrom(p.Cert) == nil && !cert.Renew(old, t) {
		return false, nil
	}
	der, err := cert.Leaf(p, namesOf(p.Cert), spki(b.leaf), t)
	if err != nil {
		return false, fmt.Errorf("identity: certificate of the pages: %w", err)
	}
	next := b.open
	next.Cert = der
	if err := b.f.save(fileOpen, next); err != nil {
		return false, err
	}
	b.open = next
	return true, nil
}

// namesOf returns the names and addresses that the box's own authority allows.
func namesOf(c *x509.Certificate) (n cert.Names) {
	n.DNS = c.PermittedDNSDomains
	for _, r := range c.PermittedIPRanges {
		if ip, ok := netip.AddrFromSlice(r.IP); ok {
			n.IPs = append(n.IPs, ip.Unmap())
		}
	}
	return n
}

// Names returns the names and addresses under which tablets reach the pages over
// HTTPS; none before enrolment.
func (b *Box) Names() cert.Names {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enrol == nil {
		return cert.Names{}
	}
	c, err := x509.ParseCertificate(b.enrol.Web[0])
	if err != nil {
		return cert.Names{}
	}
	return namesOf(c)
}

// NewCode notes that a recovery code was made; CodeMade tells when.
func (n *Keys) NewCode(at time.Time) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	before := n.file.Code
	n.file.Code = at.Unix()
	if err := n.save(); err != nil {
		n.file.Code = before
		return err
	}
	return nil
}

// CodeMade returns when the recovery code was made, zero when nobody noted it.
func (n *Keys) CodeMade() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file.Code == 0 {
		return time.Time{}
	}
	return time.Unix(n.file.Code, 0)
}
