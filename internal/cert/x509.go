package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// ErrX509: an X.509 certificate does not fit its chain, name or purpose.
var ErrX509 = errors.New("cert: X.509 certificate does not fit")

// All X.509 keys are ECDSA on P-256: the browsers of old tablets know no Ed25519
// in certificates, and all know P-256. Two authorities keep two worlds apart: the
// web authority, which tablets install (offline root, constrained to local names;
// issuing authority at the centre; one authority in each box for its own names
// only), and the link authority for TLS between boxes and brokers, which no
// browser ever trusts.

// LeafLife is the life of what a box issues to itself: browsers refuse more than 825 days even
// from authorities that a person installed.
const LeafLife = 800 * 24 * time.Hour

// forever is RFC 5280 section 4.1.2.5: no well-defined expiration date.
func forever() time.Time { return time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC) }

// NewP256 makes a key for X.509.
func NewP256() (*ecdsa.PrivateKey, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

// SPKI returns the SubjectPublicKeyInfo of a key, as requests carry it.
func SPKI(key crypto.Signer) ([]byte, error) { return x509.MarshalPKIXPublicKey(key.Public()) }

// Parent is an authority with its key.
type Parent struct {
	Cert *x509.Certificate // nil: the new certificate signs itself
	Key  crypto.Signer
}

// NewParent reads an authority's certificate.
func NewParent(der []byte, key crypto.Signer) (Parent, error) {
	c, err := x509.ParseCertificate(der)
	if err != nil || !c.IsCA || len(c.Subject.Organization) == 0 {
		return Parent{}, ErrX509
	}
	if pub, ok := key.Public().(*ecdsa.PublicKey); !ok || !pub.Equal(c.PublicKey) {
		return Parent{}, ErrX509
	}
	return Parent{c, key}, nil
}

// Names are the names and addresses under which a box serves its pages.
type Names struct {
	DNS []string
	IPs []netip.Addr
}

// Local reports whether the fleet's web authority, which is constrained to local names
// and private addresses, may certify all of them.
func (n Names) Local() bool {
	return !slices.ContainsFunc(n.DNS, func(s string) bool { return !localName(s) }) &&
		!slices.ContainsFunc(n.IPs, func(a netip.Addr) bool { return !localAddr(a) })
}

// localName takes NAME.local and the like; each label is as a box's name.
func localName(s string) bool {
	for _, under := range localNames() {
		if rest, ok := strings.CutSuffix(s, "."+under); ok {
			return !slices.ContainsFunc(strings.Split(rest, "."), func(l string) bool { return !ValidBox(l) })
		}
	}
	return false
}

func localAddr(a netip.Addr) bool {
	return a.Zone() == "" && slices.ContainsFunc(privateRanges(), func(n *net.IPNet) bool { return n.Contains(a.AsSlice()) })
}

// OwnNames are those of a box: its mDNS name and what its facility configured.
func OwnNames(box string, n Names) Names {
	return Names{DNS: append([]string{box + ".local"}, n.DNS...), IPs: n.IPs}
}

// WebRoot makes the offline root that tablets install. It is constrained to local
// names and private addresses, so that who steals it cannot play a bank.
func WebRoot(key crypto.Signer, org string, at time.Time) ([]byte, error) {
	c := authority(org, "web root", at, 2)
	c.PermittedDNSDomains, c.PermittedIPRanges = localNames(), privateRanges()
	c.PermittedDNSDomainsCritical = true
	return issue(c, Parent{Key: key}, key.Public())
}

// WebIssuing makes the authority that the centre issues with.
func WebIssuing(root Parent, spki []byte, at time.Time) ([]byte, error) {
	pub, err := p256(spki)
	if err != nil {
		return nil, err
	}
	c := authority(root.Cert.Subject.CommonName, "issuing", at, 1)
	c.PermittedDNSDomains, c.PermittedIPRanges = localNames(), privateRanges()
	c.PermittedDNSDomainsCritical = true
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return issue(c, root, pub)
}

// BoxAuthority makes a box's own authority, good for its own names only: the box
// renews its leaf by itself, also offline.
func BoxAuthority(issuing Parent, box string, n Names, spki []byte) ([]byte, error) {
	pub, err := p256(spki)
	if err != nil {
		return nil, err
	}
	own := OwnNames(box, n)
	c := authority(box, "pages", issuing.Cert.NotBefore.Add(time.Hour), 0)
	c.PermittedDNSDomains, c.PermittedDNSDomainsCritical = own.DNS, true
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, ip := range own.IPs {
		c.PermittedIPRanges = append(c.PermittedIPRanges, &net.IPNet{IP: ip.AsSlice(), Mask: net.CIDRMask(ip.BitLen(), ip.BitLen())})
	}
	// A family that is not permitted must be excluded: RFC 5280 section 4.2.1.10
	// leaves alone what no constraint names.
	if len(own.IPs) == 0 {
		c.ExcludedIPRanges = allAddresses()
	}
	return issue(c, issuing, pub)
}

// LeafTime is what a box knows of the time when it makes a leaf.
type LeafTime struct {
	Now     time.Time
	Trusted bool
	Floor   time.Time // the latest moment that is surely past
}

// Leaf makes the certificate of a box's pages. With an untrusted clock it starts
// at the floor: a clock of 2045 must not make a certificate that no tablet takes.
func Leaf(own Parent, n Names, spki []byte, t LeafTime) ([]byte, error) {
	pub, err := p256(spki)
	if err != nil {
		return nil, err
	}
	from := t.Now.Add(-24 * time.Hour) // tablets' clocks differ
	if !t.Trusted {
		from = t.Floor
	}
	if from.Before(own.Cert.NotBefore) {
		from = own.Cert.NotBefore
	}
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: own.Cert.Subject.Organization[0]}, NotBefore: from, NotAfter: from.Add(LeafLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: n.DNS,
	}
	for _, ip := range n.IPs {
		c.IPAddresses = append(c.IPAddresses, ip.AsSlice())
	}
	return issue(c, own, pub)
}

// Renew reports whether a leaf should be made anew: less than a quarter of its
// life is left, or it begins in what a trusted clock calls the future.
func Renew(leaf *x509.Certificate, t LeafTime) bool {
	now := t.Now
	if !t.Trusted {
		now = t.Floor
	}
	return now.After(leaf.NotAfter.Add(-LeafLife/4)) || t.Trusted && now.Before(leaf.NotBefore)
}

// LinkRoot makes the authority of the link. Boxes pin it by Hub.Link.
func LinkRoot(key crypto.Signer, org string, at time.Time) ([]byte, error) {
	return issue(authority(org, "link", at, 0), Parent{Key: key}, key.Public())
}

// Client makes a box's certificate for the link. It does not expire; brokers look
// at the name, and at the revocation list of the link authority.
func Client(link Parent, box string, spki []byte) ([]byte, error) {
	pub, err := p256(spki)
	if err != nil {
		return nil, err
	}
	return issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: box}, NotBefore: link.Cert.NotBefore, NotAfter: forever(),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}, link, pub)
}

// Broker makes a broker's certificate for the link.
func Broker(link Parent, n Names, spki []byte) ([]byte, error) {
	pub, err := p256(spki)
	if err != nil {
		return nil, err
	}
	c := &x509.Certificate{
		Subject: pkix.Name{CommonName: "broker"}, NotBefore: link.Cert.NotBefore, NotAfter: forever(),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, DNSNames: n.DNS,
	}
	for _, ip := range n.IPs {
		c.IPAddresses = append(c.IPAddresses, ip.AsSlice())
	}
	return issue(c, link, pub)
}

func authority(org, what string, at time.Time, below int) *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: org + " " + what, Organization: []string{org}},
		NotBefore: at.Add(-time.Hour).UTC().Truncate(time.Second), NotAfter: forever(),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: below, MaxPathLenZero: below == 0,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func issue(c *x509.Certificate, p Parent, pub crypto.PublicKey) ([]byte, error) {
	parent := p.Cert
	if parent == nil {
		parent = c
	}
	return x509.CreateCertificate(rand.Reader, c, parent, pub, p.Key)
}

// p256 reads a key and refuses all but the one curve.
func p256(spki []byte) (*ecdsa.PublicKey, error) {
	k, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, ErrX509
	}
	pub, ok := k.(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, ErrX509
	}
	return pub, nil
}

func localNames() []string { return []string{"local", "lan", "internal", "home.arpa"} }

// privateRanges are RFC 1918, RFC 3927, RFC 4193 and RFC 4291 link-local, and
// loopback for the demonstration.
func privateRanges() []*net.IPNet {
	return ranges("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "fe80::/10", "::1/128")
}

func allAddresses() []*net.IPNet { return ranges("0.0.0.0/0", "::/0") }

func ranges(all ...string) (out []*net.IPNet) {
	for _, s := range all {
		p := netip.MustParsePrefix(s)
		out = append(out, &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
	return out
}
