package authority

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// CodeLife is how long a one-time code is good when nobody says otherwise: long
// enough for a boat to an island.
const CodeLife = 30 * 24 * time.Hour

const (
	maxCodeLife = 400 * 24 * time.Hour
	roomForList = 4 << 10 // of an answer
)

// Invitation says which box may come in.
type Invitation struct {
	Facility clinic.Facility // with Box and Book: the centre names boxes
	Names    cert.Names      // further names and addresses of its pages
	Life     time.Duration   // 0 = CodeLife
	Replaces string          // box in service that it takes over from; may have the same name
}

// Ticket is an invitation as kept. The code itself is not kept.
type Ticket struct {
	Invitation Invitation
	Secret     cert.Secret `json:"secret"`
	Created    time.Time
	Expires    time.Time
	By         string
	Ended      bool        // another invitation of the same box took its place
	Request    cert.Digest // which request used it; zero = unused
	Serial     cert.Serial // of the certificate issued
	Answer     []byte
}

// Used reports whether a box came in by it.
func (t *Ticket) Used() bool { return t.Request != cert.Digest{} }

// Box is a certified box.
type Box struct {
	Cert     []byte
	Serial   cert.Serial
	Facility clinic.Facility
	Identity []byte
	HPKE     []byte
	Client   []byte // X.509
	Issued   time.Time
	Revoked  *cert.Revoked
	Orders   uint64 // commands so far
}

// ValidBook reports whether s may be a box's book: one character 0-9 or a-z.
func ValidBook(s string) bool {
	return len(s) == 1 && strings.Contains("0123456789abcdefghijklmnopqrstuvwxyz", s)
}

// check refuses here, with the operator, what would fail with the technician.
func (inv *Invitation) check() error {
	for _, c := range []struct {
		ok    bool
		field string
	}{
		{cert.ValidFacility(inv.Facility.Code), "facility code"},
		{cert.ValidBox(inv.Facility.Box), "box name"},
		{ValidBook(inv.Facility.Book), "book"},
		{inv.Names.Local(), "names and addresses of the pages"},
		{inv.Life >= 0 && inv.Life <= maxCodeLife, "days"},
	} {
		if !c.ok {
			return fmt.Errorf("%w (%s)", ErrInvitation, c.field)
		}
	}
	return nil
}

// Invite makes a one-time code, to be told once and never kept. An unused code for
// the same box ends.
func (a *Authority) Invite(ctx context.Context, by By, inv Invitation) (cert.Code, error) {
	if err := inv.check(); err != nil {
		return cert.Code{}, err
	}
	if inv.Life == 0 {
		inv.Life = CodeLife
	}
	code := cert.NewCode()
	s, now := code.Secret(), a.o.Now()
	err := a.o.Store.Update(ctx, func(tx Tx) error {
		if err := a.mayTake(tx, inv); err != nil {
			return err
		}
		if err := endTicket(tx, inv.Facility.Box); err != nil {
			return err
		}
		if err := put(tx, tableMeta, invited(inv.Facility.Box), ticketKey(s)); err != nil {
			return err
		}
		t := Ticket{Invitation: inv, Secret: s, Created: now, Expires: now.Add(inv.Life), By: by.Operator}
		if err := put(tx, tableTickets, ticketKey(s), t); err != nil {
			return err
		}
		return a.note(tx, by, event{what: "invite", object: inv.Facility.Box})
	})
	if err != nil {
		return cert.Code{}, err
	}
	return code, nil
}

// mayTake checks that the box's name is free, or is being taken over.
func (a *Authority) mayTake(tx Tx, inv Invitation) error {
	for _, name := range []string{inv.Facility.Box, inv.Replaces} {
		if name == "" {
			continue
		}
		b, err := boxNamed(tx, name)
		switch {
		case errors.Is(err, ErrMissing) && name != inv.Replaces:
		case err != nil:
			return err
		case b.Revoked == nil && name != inv.Replaces:
			return ErrExists
		case name == inv.Replaces && b.Facility.Code != inv.Facility.Code:
			return cert.ErrOtherFacility
		}
	}
	return nil
}

// endTicket ends the unused invitation of a box. There is at most one: each ends the
// one before, so it is found by the box's name and not among thousands.
func endTicket(tx Tx, box string) error {
	var key string
	var t Ticket
	switch err := get(tx, tableMeta, invited(box), &key); {
	case errors.Is(err, ErrMissing):
		return nil
	case err != nil:
		return err
	}
	if err := get(tx, tableTickets, key, &t); err != nil || t.Used() || t.Ended {
		return err
	}
	t.Ended = true
	return put(tx, tableTickets, key, t)
}

// invited is where the key of a box's last ticket is kept.
func invited(box string) string { return "invited/" + box }

func ticketKey(s cert.Secret) string { return hex.EncodeToString(s.ID[:]) }

// Enrol answers a new box. The code is used in the same transaction that keeps the
// answer; the same request again gets the same bytes, also after the code's end.
func (a *Authority) Enrol(ctx context.Context, by By, raw []byte) (answer []byte, err error) {
	r, err := cert.OpenRequest(raw)
	if err != nil {
		return nil, err
	}
	err = a.o.Store.Update(ctx, func(tx Tx) error {
		answer = nil
		var t Ticket
		err := get(tx, tableTickets, hex.EncodeToString(r.Code[:]), &t)
		if errors.Is(err, ErrMissing) {
			return cert.ErrCode
		} else if err != nil {
			return err
		}
		if err := r.Proves(raw, t.Secret); err != nil {
			return err
		}
		digest := cert.DigestOf(raw)
		switch {
		case t.Used() && t.Request == digest:
			answer = t.Answer
			return nil
		case t.Used():
			return ErrUsed
		case t.Ended || a.o.Now().After(t.Expires):
			return ErrExpired
		}
		t.Request = digest
		if err := a.admit(tx, by, &t, r); err != nil {
			return err
		}
		answer = t.Answer
		return put(tx, tableTickets, ticketKey(t.Secret), t)
	})
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// admit certifies the box and fills the ticket's answer.
func (a *Authority) admit(tx Tx, by By, t *Ticket, r cert.Request) error {
	inv := t.Invitation
	if err := a.mayTake(tx, inv); err != nil {
		return err
	}
	if err := claimKey(tx, cert.IDOf(r.Identity), cert.Serial{}); err != nil {
		return err
	}
	t.Serial = cert.NewSerial()
	v := cert.Box{
		Issuer: a.issuer, Serial: t.Serial, Name: inv.Facility.Box, Facility: inv.Facility.Code,
		Identity: r.Identity, HPKE: cert.DigestOf(r.HPKE), TLS: cert.DigestOf(r.TLS), Beat: r.Beat,
	}
	if inv.Replaces != "" {
		old, err := boxNamed(tx, inv.Replaces)
		if err != nil {
			return err
		}
		v.Replaces = &old.Serial
		if err := a.end(tx, cert.Revoked{Serial: old.Serial, Reason: cert.ReasonReplaced, From: a.hlc()}); err != nil {
			return err
		}
	}
	b, err := a.certify(v, inv, r)
	if err != nil {
		return err
	}
	if err := a.register(tx, b); err != nil {
		return err
	}
	if err := a.note(tx, by, event{what: "enrol", object: v.Name + " " + v.Serial.String()}); err != nil {
		return err
	}
	t.Answer, err = a.answer(tx, t, b, r)
	return err
}

// alone is how long a box may have numbered papers before it joined.
const alone = 180 * 24 * time.Hour

// numbersSince returns since when other machines may have printed numbers of the box's
// book, in Unix milliseconds; 0 when none has had it.
func numbersSince(tx Tx, b *Box) (since int64, err error) {
	all, err := list[Box](tx, tableBoxes, "")
	var first time.Time
	machines := 0
	for i := range all {
		o := &all[i]
		if o.Serial == b.Serial || o.Facility.Code != b.Facility.Code || !strings.EqualFold(o.Facility.Book, b.Facility.Book) {
			continue
		}
		if machines++; machines == 1 || o.Issued.Before(first) {
			first = o.Issued
		}
	}
	if err != nil || machines == 0 {
		return 0, err
	}
	return clinic.FreshSince(first.Add(-alone), machines).UnixMilli(), nil
}

// certify signs what the box gets. It touches no row.
func (a *Authority) certify(v cert.Box, inv Invitation, r cert.Request) (Box, error) {
	raw, err := cert.Sign(a.o.Keys.Issuing, v)
	if err != nil {
		return Box{}, err
	}
	client, err := cert.Client(a.link, v.Name, r.TLS)
	if err != nil {
		return Box{}, err
	}
	return Box{
		Cert: raw, Serial: v.Serial, Facility: inv.Facility, Identity: r.Identity, HPKE: r.HPKE,
		Client: client, Issued: a.o.Now(),
	}, nil
}

func (a *Authority) register(tx Tx, b Box) error {
	if err := put(tx, tableBoxes, b.Serial.String(), b); err != nil {
		return err
	}
	if err := put(tx, tableNames, b.Facility.Box, b.Serial.String()); err != nil {
		return err
	}
	if err := put(tx, tableSerials, b.Serial.String(), b.Facility.Code); err != nil {
		return err
	}
	return claimKey(tx, cert.IDOf(b.Identity), b.Serial)
}

// claimKey refuses a key that has another certificate; a zero serial only looks.
func claimKey(tx Tx, id cert.KeyID, s cert.Serial) error {
	var old string
	switch err := get(tx, tableKeys, id.String(), &old); {
	case errors.Is(err, ErrMissing) && s == cert.Serial{}:
		return nil
	case errors.Is(err, ErrMissing):
		return put(tx, tableKeys, id.String(), s.String())
	case err != nil:
		return err
	case old == s.String():
		return nil
	}
	return ErrKey
}

func (a *Authority) answer(tx Tx, t *Ticket, b Box, r cert.Request) ([]byte, error) {
	inv := t.Invitation
	own, err := cert.BoxAuthority(a.web, inv.Facility.Box, inv.Names, r.Web)
	if err != nil {
		return nil, err
	}
	trust, err := a.trust(tx, inv.Facility.Code)
	if err != nil {
		return nil, err
	}
	head, err := a.head(tx)
	if err != nil {
		return nil, err
	}
	ans := cert.Answer{
		Issuer: a.issuer, Request: r.ID, Digest: t.Request, Root: a.Root(), Box: b.Cert,
		HPKE: a.o.Centre.HPKE, Link: a.o.Keys.LinkCert, Client: b.Client,
		Web: append([][]byte{own}, a.o.Keys.Grant.Web...), Broker: a.brokerNow(),
		Facility: inv.Facility, Time: a.o.Now().UnixMilli(), History: head,
	}
	if ans.Numbers, err = numbersSince(tx, &b); err != nil {
		return nil, err
	}
	for _, raw := range trust.Statements() {
		switch k, _ := cert.KindOf(raw); {
		case k == cert.KindIssuer:
			ans.Chain = append(ans.Chain, raw)
		case k == cert.KindHub:
			ans.Hub = raw
		case len(raw) <= roomForList:
			ans.Lists = append(ans.Lists, raw)
		}
	}
	return cert.SealAnswer(a.o.Keys.Issuing, ans, t.Secret)
}

// hlc is the centre's clock as logs count it: milliseconds, 16 bits of counter.
func (a *Authority) hlc() uint64 { return clinic.HLCAt(a.o.Now()) }

// boxFor finds a box by name, the one that has it now, or by serial, also an ended one.
func boxFor(tx Tx, ref string) (b Box, err error) {
	b, err = boxNamed(tx, ref)
	if !errors.Is(err, ErrMissing) {
		return b, err
	}
	s, err := cert.ParseSerial(ref)
	if err != nil {
		return b, ErrMissing
	}
	return b, get(tx, tableBoxes, s.String(), &b)
}

// boxNamed returns the box that last had the name.
func boxNamed(tx Tx, name string) (b Box, err error) {
	var serial string
	if err := get(tx, tableNames, name, &serial); err != nil {
		return b, err
	}
	return b, get(tx, tableBoxes, serial, &b)
}

// Box returns the box that last had the name, or that has the serial, or
// ErrMissing.
func (a *Authority) Box(ctx context.Context, ref string) (b Box, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) (err error) {
		b, err = boxFor(tx, ref)
		return err
	})
	return b, err
}

// Boxes returns every box that was ever certified, ended ones too.
func (a *Authority) Boxes(ctx context.Context) (out []Box, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) (err error) {
		out, err = list[Box](tx, tableBoxes, "")
		return err
	})
	return out, err
}

// Tickets returns all invitations.
func (a *Authority) Tickets(ctx context.Context) (out []Ticket, err error) {
	err = a.o.Store.View(ctx, func(tx Tx) (err error) {
		out, err = list[Ticket](tx, tableTickets, "")
		return err
	})
	return out, err
}

// LinkCRL is the X.509 revocation list for brokers: client certificates of boxes
// that ended.
func (a *Authority) LinkCRL(ctx context.Context) ([]byte, error) {
	boxes, err := a.Boxes(ctx)
	if err != nil {
		return nil, err
	}
	crl := &x509.RevocationList{Number: big.NewInt(a.o.Now().UnixMilli()), ThisUpdate: a.o.Now(), NextUpdate: a.link.Cert.NotAfter}
	for _, b := range boxes {
		if b.Revoked == nil {
			continue
		}
		c, err := x509.ParseCertificate(b.Client)
		if err != nil {
			return nil, fmt.Errorf("authority: client certificate of %s: %w", b.Serial, err)
		}
		crl.RevokedCertificateEntries = append(crl.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: a.o.Now()})
	}
	return x509.CreateRevocationList(rand.Reader, crl, a.link.Cert, a.o.Keys.Link)
}
