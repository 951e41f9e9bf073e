package hubmain

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"net/netip"
	"net/url"
	"slices"
	"sync"

	"clinicbox/hub/authority"
	"clinicbox/hub/broker"
	"clinicbox/hub/registrar"
	"clinicbox/internal/cert"
)

// hubName is in the centre's own client certificate. No box can have it: a box's name
// has no dot.
const hubName = "clinichub.centre"

// roster tells the broker what each client certificate may do. Certificates are known
// by their bytes: a name in one proves nothing about which machine has it.
type roster struct {
	mu  sync.RWMutex
	hub cert.Digest
	may map[cert.Digest]broker.Access
}

// set takes the boxes as the authority has them now.
func (r *roster) set(boxes []authority.Box) {
	may := make(map[cert.Digest]broker.Access, len(boxes))
	holds := map[cert.Serial]bool{}
	for _, b := range registrar.Holders(boxes) {
		holds[b.Serial] = true
	}
	for i := range boxes {
		b := &boxes[i]
		a := broker.Access{Name: b.Facility.Box, Serial: b.Serial.String(), Clients: []string{b.Serial.String()}, Ended: b.Revoked != nil}
		if holds[b.Serial] { // a stolen machine must not throw its successor out
			a.Clients = append(a.Clients, b.Facility.Box)
		}
		may[cert.DigestOf(b.Client)] = a
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.may = may
}

func (r *roster) who(c *x509.Certificate) (broker.Access, bool) {
	d := cert.DigestOf(c.Raw)
	r.mu.RLock()
	defer r.mu.RUnlock()
	if d == r.hub {
		return broker.Access{Name: hubName, Hub: true}, true
	}
	a, ok := r.may[d]
	return a, ok
}

// own makes the centre's client certificate, anew at each start.
func (r *roster) own(link cert.Parent) (tls.Certificate, error) {
	pair, err := issued(func(spki []byte) ([]byte, error) { return cert.Client(link, hubName, spki) })
	if err != nil {
		return pair, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hub = cert.DigestOf(pair.Certificate[0])
	return pair, nil
}

// issued makes a key and has it certified.
func issued(certify func(spki []byte) ([]byte, error)) (tls.Certificate, error) {
	key, err := cert.NewP256()
	if err != nil {
		return tls.Certificate{}, err
	}
	der, err := certifyKey(key, certify)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

func certifyKey(key *ecdsa.PrivateKey, certify func(spki []byte) ([]byte, error)) ([]byte, error) {
	spki, err := cert.SPKI(key)
	if err != nil {
		return nil, err
	}
	return certify(spki)
}

// namesOf sorts host names from addresses.
func namesOf(hosts []string) (n cert.Names) {
	for _, h := range hosts {
		if ip, err := netip.ParseAddr(h); err == nil {
			if !ip.IsUnspecified() && !slices.Contains(n.IPs, ip) {
				n.IPs = append(n.IPs, ip)
			}
		} else if h != "" && !slices.Contains(n.DNS, h) {
			n.DNS = append(n.DNS, h)
		}
	}
	return n
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
