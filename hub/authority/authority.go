// Package authority issues for the fleet: certificates of boxes and people,
// revocations, commands, and the one-time codes by which new boxes come in. The
// root stays offline (ceremony.go); what runs here holds the issuing key, in a
// file or behind any crypto.Signer that a token or HSM fills.
//
// Each operation is one transaction of the Store, together with its line in the
// signed history of operators: all of it is kept or nothing. Each may be asked
// again after a failure and then gives the same answer, so that a lost reply or a
// power cut never burns a code.
package authority

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"clinicbox/internal/cert"
)

// Sentinels that callers decide on, beside those of internal/cert.
var (
	ErrMissing  = errors.New("authority: not known")
	ErrUsed     = errors.New("authority: one-time code was used by another box")
	ErrExpired  = errors.New("authority: one-time code has expired")
	ErrExists   = errors.New("authority: a box of that name is in service")
	ErrKey      = errors.New("authority: key belongs to another box or person")
	ErrKeys     = errors.New("authority: keys and certificates do not fit together")
	ErrOperator = errors.New("authority: an operation needs an operator's name")
	// ErrInvitation: a value that could not be certified later. It wraps cert.ErrForm.
	ErrInvitation = fmt.Errorf("authority: an invitation that nobody could join by: %w", cert.ErrForm)
)

// Keys are what the centre signs with. Each Signer may be a file (LoadKey), a
// token or an HSM; Issuing and Command are Ed25519, Web and Link P-256.
type Keys struct {
	Grant    Grant // from the root's ceremony
	Issuing  crypto.Signer
	Command  crypto.Signer
	Web      crypto.Signer
	Link     crypto.Signer
	LinkCert []byte // cert.LinkRoot of Link
}

// Centre is what boxes are told of it.
type Centre struct {
	Name    string
	Receipt ed25519.PublicKey // identity of the ingest: receipts, down data
	HPKE    []byte
	Broker  string // address that boxes dial
}

// Options of an Authority. All are needed.
type Options struct {
	Store  Store
	Keys   Keys
	Centre Centre
	Now    func() time.Time // the centre's clock is trusted
}

// By says who does something, for the history.
type By struct {
	Operator string
	Reason   string // as given; no patient data
}

// Authority issues. It is safe for concurrent use as far as its Store is.
type Authority struct {
	o         Options
	issuer    cert.KeyID
	web, link cert.Parent
	broker    atomic.Pointer[string]
}

// Open checks that keys and certificates fit together, and enters a new issuing
// key or changed keys of the centre into the history.
func Open(ctx context.Context, o Options) (*Authority, error) {
	a := &Authority{o: o}
	v, err := cert.Open[cert.Issuer](o.Keys.Grant.Root, o.Keys.Grant.Issuer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrKeys, err)
	}
	pub, ok := o.Keys.Issuing.Public().(ed25519.PublicKey)
	if !ok || !pub.Equal(v.Key) {
		return nil, fmt.Errorf("%w: issuing key", ErrKeys)
	}
	a.issuer = cert.IDOf(pub)
	if len(o.Keys.Grant.Web) != 2 {
		return nil, fmt.Errorf("%w: web authority", ErrKeys)
	}
	if a.web, err = cert.NewParent(o.Keys.Grant.Web[0], o.Keys.Web); err != nil {
		return nil, fmt.Errorf("%w: web authority", ErrKeys)
	}
	if a.link, err = cert.NewParent(o.Keys.LinkCert, o.Keys.Link); err != nil {
		return nil, fmt.Errorf("%w: link authority", ErrKeys)
	}
	return a, o.Store.Update(ctx, a.enter)
}

// enter writes what is new about the authority itself.
func (a *Authority) enter(tx Tx) error {
	by := By{Operator: "root"}
	last, err := a.chain(tx)
	if err != nil {
		return err
	}
	if n := len(last); n == 0 || !bytes.Equal(last[n-1], a.o.Keys.Grant.Issuer) {
		if err := a.takeIssuer(tx, last); err != nil {
			return err
		}
		if err := a.note(tx, by, event{"issuer", a.issuer.String(), a.o.Keys.Grant.Issuer}); err != nil {
			return err
		}
	}
	var hub record[cert.Hub]
	err = get(tx, tableMeta, "hub", &hub)
	if err != nil && !errors.Is(err, ErrMissing) {
		return err
	}
	want := a.hubNow(hub.V.Seq)
	if err == nil && sameHub(hub.V, want) {
		return nil
	}
	want.Seq++
	if hub.Raw, err = cert.Sign(a.o.Keys.Issuing, want); err != nil {
		return err
	}
	hub.V = want
	if err := put(tx, tableMeta, "hub", hub); err != nil {
		return err
	}
	return a.note(tx, by, event{what: "hub", object: want.Name})
}

// takeIssuer adds the grant's issuing key to the chain that boxes get. Only the
// latest grant issues: one that was replaced, maybe for theft, never again.
func (a *Authority) takeIssuer(tx Tx, chain [][]byte) error {
	raw := a.o.Keys.Grant.Issuer
	for _, old := range chain {
		if seqOf(old) >= seqOf(raw) {
			return fmt.Errorf("%w: a later grant was in use", ErrKeys)
		}
	}
	chain = append(chain, raw)
	if _, err := cert.LoadTrust(a.o.Keys.Grant.Root, chain); err != nil {
		return fmt.Errorf("%w: %w", ErrKeys, err)
	}
	return put(tx, tableMeta, "issuers", chain)
}

func seqOf(issuer []byte) uint64 {
	v, _ := cert.Unverified[cert.Issuer](issuer) // Open has verified the grant, the chain is our own
	return v.Seq
}

func (a *Authority) hubNow(seq uint64) cert.Hub {
	command, _ := a.o.Keys.Command.Public().(ed25519.PublicKey) // nil is refused when signing
	return cert.Hub{
		Issuer: a.issuer, Name: a.o.Centre.Name, Seq: seq, Receipt: a.o.Centre.Receipt, Command: command,
		HPKE: cert.DigestOf(a.o.Centre.HPKE), Link: cert.DigestOf(a.o.Keys.LinkCert),
	}
}

func sameHub(x, y cert.Hub) bool {
	return x.Issuer == y.Issuer && x.Name == y.Name && x.Receipt.Equal(y.Receipt) && x.Command.Equal(y.Command) &&
		x.HPKE == y.HPKE && x.Link == y.Link
}

// chain returns the Issuer statements so far, oldest first.
func (a *Authority) chain(tx Tx) (out [][]byte, err error) {
	if err := get(tx, tableMeta, "issuers", &out); err != nil && !errors.Is(err, ErrMissing) {
		return nil, err
	}
	return out, nil
}

// trust is what a box of the facility should hold.
func (a *Authority) trust(tx Tx, facility string) (*cert.Trust, error) {
	all, err := a.chain(tx)
	if err != nil {
		return nil, err
	}
	var hub record[cert.Hub]
	if err := get(tx, tableMeta, "hub", &hub); err != nil {
		return nil, err
	}
	all = append(all, hub.Raw)
	t, err := cert.LoadTrust(a.o.Keys.Grant.Root, all)
	if err != nil {
		return nil, err
	}
	var list record[cert.Revocations]
	switch err := get(tx, tableLists, facility, &list); {
	case errors.Is(err, ErrMissing):
	case err != nil:
		return nil, err
	case t.Withdrawn(list.V.Issuer): // renewed at the next revocation, or by Reissue
	default:
		return t, t.Add(list.Raw)
	}
	return t, nil
}

// Statements returns what a box of the facility must hold: issuing keys, the
// centre's keys, revocations. Send them down whenever they change; the same again
// does no harm.
func (a *Authority) Statements(ctx context.Context, facility string) (out [][]byte, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) error {
		t, err := a.trust(tx, facility)
		if err != nil {
			return err
		}
		out = t.Statements()
		return nil
	})
	return out, err
}

// SetBroker changes the address that boxes are told from now on, for a broker whose
// port is known late.
func (a *Authority) SetBroker(address string) { a.broker.Store(&address) }

func (a *Authority) brokerNow() string {
	if p := a.broker.Load(); p != nil {
		return *p
	}
	return a.o.Centre.Broker
}

// Link is the authority of the link, for brokers' certificates and the centre's own.
func (a *Authority) Link() cert.Parent { return a.link }

// Root returns the public key that boxes pin.
func (a *Authority) Root() ed25519.PublicKey { return a.o.Keys.Grant.Root }

// WebRoot returns the X.509 certificate, as DER, that browsers install to trust boxes.
func (a *Authority) WebRoot() []byte { return a.o.Keys.Grant.Web[1] }
