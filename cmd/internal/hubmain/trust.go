package hubmain

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"time"

	"clinicbox/hub"
	"clinicbox/hub/authority"
	"clinicbox/hub/broker"
	"clinicbox/hub/enrol"
	"clinicbox/hub/heart"
	"clinicbox/hub/ingest"
	"clinicbox/hub/registrar"
	"clinicbox/hub/telephone"
	"clinicbox/internal/cert"
)

// trust is what the centre has once there is an authority.
type trust struct {
	authority *authority.Authority
	registrar *registrar.Registrar
	heart     *heart.Heart
	telephone *telephone.Telephone
	roster    roster
	own       tls.Certificate // the centre's at brokers
}

// openTrust joins the authority's parts; h.trust stays nil without one.
func (h *Hub) openTrust(ctx context.Context) error {
	a, err := openAuthority(ctx, &h.cfg, h.keys, h.db.Authority())
	if errors.Is(err, ErrNoAuthority) {
		h.log.Warn("no authority yet: boxes cannot join (clinichub authority request)")
		return nil
	} else if err != nil {
		return err
	}
	t := &trust{authority: a}
	if t.own, err = t.roster.own(a.Link()); err != nil {
		return err
	}
	t.registrar = registrar.New(registrar.Options{
		DB: h.db, Authority: a, Encode: ingest.Encode, Moved: h.moved, Log: h.log,
	})
	t.heart = heart.New(heart.Options{DB: h.db, Authority: a, Link: &h.link, Log: h.log})
	t.telephone = &telephone.Telephone{DB: h.db, Authority: a, HPKE: h.keys.HPKE}
	h.trust = t
	return nil
}

// moved brings everything that is in memory to what the authority has decided.
func (h *Hub) moved(ctx context.Context, boxes []authority.Box) error {
	h.trust.roster.set(boxes)
	if h.broker != nil {
		h.broker.Recheck()
	}
	h.share.Moved()
	return errors.Join(h.ingest.Refresh(ctx), h.trust.heart.Deliver(ctx))
}

// stored is told of what boxes sent.
func (h *Hub) stored(b *hub.Batch) {
	h.share.Stored(b)
	if h.trust != nil {
		h.trust.registrar.Stored(b)
	}
	if h.legal != nil {
		h.legal.Stored(b)
	}
	if h.merge != nil {
		h.merge.Stored(b)
	}
}

// brokerTLS is how the embedded broker knows its clients; nil without an authority.
func (h *Hub) brokerTLS() (*broker.TLS, error) {
	if h.trust == nil {
		return nil, nil
	}
	link := h.trust.authority.Link()
	own, err := issued(func(spki []byte) ([]byte, error) { return cert.Broker(link, h.cfg.brokerNames(), spki) })
	if err != nil {
		return nil, err
	}
	return &broker.TLS{Own: own, Link: link.Cert, Who: h.trust.roster.who}, nil
}

// linkTLS is the centre's end of its own connection.
func (h *Hub) linkTLS(address string) *tls.Config {
	link := h.trust.authority.Link()
	return cert.LinkTLS(h.trust.own, link.Cert.Raw, hostOf(address), func() (time.Time, bool) { return time.Now(), true })
}

// enrolPattern is where new boxes ask.
const enrolPattern = "POST /enrol"

// enrolment answers new boxes. Its limits count what comes at either address.
func (h *Hub) enrolment() http.Handler {
	o := enrol.Options{Log: h.log}
	if h.trust != nil {
		o.Authority = h.trust.authority
		o.Joined = func(ctx context.Context) error {
			_, err := h.trust.registrar.Follow(ctx)
			return err
		}
	}
	return enrol.New(o)
}

// Authority returns the authority, nil when there is none.
func (h *Hub) Authority() *authority.Authority {
	if h.trust == nil {
		return nil
	}
	return h.trust.authority
}

// Invite makes a one-time code for a new box, as 'clinichub invite' does.
func (h *Hub) Invite(ctx context.Context, by authority.By, inv authority.Invitation) (cert.Code, error) {
	if h.trust == nil {
		return cert.Code{}, ErrNoAuthority
	}
	return h.trust.authority.Invite(ctx, by, inv)
}

// Enrol answers a box's request, as POST /enrol does.
func (h *Hub) Enrol(ctx context.Context, by authority.By, request []byte) ([]byte, error) {
	if h.trust == nil {
		return nil, ErrNoAuthority
	}
	answer, err := h.trust.authority.Enrol(ctx, by, request)
	if err != nil {
		return nil, err
	}
	_, err = h.trust.registrar.Follow(ctx)
	return answer, err
}
