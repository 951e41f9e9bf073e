package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/hpke"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/keyfile"
)

// Enrolment is what the centre's answer made of this box. Nothing in it is secret.
type Enrolment struct {
	Root       ed25519.PublicKey `json:"root"`
	Box        []byte            `json:"box"`  // cert.Box statement
	HPKE       []byte            `json:"hpke"` // the centre's
	Link       []byte            `json:"link"`
	Client     []byte            `json:"client"`
	Web        [][]byte          `json:"web"` // own authority, issuing, root
	Broker     string            `json:"broker"`
	Facility   clinic.Facility   `json:"facility"`
	Statements [][]byte          `json:"statements"`        // of the answer
	History    cert.Head         `json:"history"`           // of the centre's history, then
	Numbers    int64             `json:"numbers,omitempty"` // since when others may have printed numbers of the book, Unix milliseconds; 0 = nobody has
	Joined     int64             `json:"joined,omitempty"`  // by the centre's clock, Unix milliseconds

	serial cert.Serial
}

// Serial names the box's certificate.
func (e *Enrolment) Serial() cert.Serial { return e.serial }

// enrolFile is the public copy; its bytes are compared with the sealed ones.
type enrolFile struct {
	head
	Enrolment
}

// trustFile holds what came since.
type trustFile struct {
	head
	Statements [][]byte `json:"statements"`
}

func (b *Box) loadEnrolment() error {
	var e enrolFile
	found, err := b.f.load(fileEnrolment, &e)
	if err != nil || !found {
		return err
	}
	return b.take(&e.Enrolment)
}

// take verifies an enrolment and makes it this box's.
func (b *Box) take(e *Enrolment) error {
	t, err := cert.LoadTrust(e.Root, e.Statements)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, fileEnrolment, err)
	}
	// The certificate may have been signed by an issuing key that was withdrawn since:
	// who the box is does not change by that.
	v, err := cert.Unverified[cert.Box](e.Box)
	if err != nil || len(e.Web) != 3 {
		return fmt.Errorf("%w: %s", ErrDamaged, fileEnrolment)
	}
	e.serial = v.Serial
	var more trustFile
	found, err := b.f.load(fileTrust, &more)
	lacks := errors.Is(err, ErrDamaged) // the records hold what it said: who unlocks brings it back
	if err != nil && !lacks {
		return err
	}
	for _, raw := range more.Statements {
		// Overtaken since, or written by somebody else: it has no force. Or damaged.
		if err := t.Add(raw); err != nil && !overtaken(err) {
			lacks = true
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.enrol, b.trust, b.learnt, b.lacked = e, t, found, lacks
	b.gen++
	return nil
}

// Enrolment returns what the centre made of this box, false before.
func (b *Box) Enrolment() (Enrolment, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.enrol == nil {
		return Enrolment{}, false
	}
	return *b.enrol, true
}

// Hub returns the centre as the outbox pins it: the receipt key that the authority
// named last. false before enrolment, or when a withdrawn key named it.
func (b *Box) Hub() (keyfile.Public, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust == nil {
		return keyfile.Public{}, false
	}
	h, ok := b.trust.Hub()
	if !ok || h.HPKE != cert.DigestOf(b.enrol.HPKE) {
		return keyfile.Public{}, false
	}
	k, err := keyfile.KEM().NewPublicKey(b.enrol.HPKE)
	if err != nil || !keyfile.ValidName(h.Name) {
		return keyfile.Public{}, false
	}
	return keyfile.Public{Name: h.Name, Identity: h.Receipt, HPKE: k}, true
}

// HubKey returns the centre's HPKE key, nil before enrolment.
func (b *Box) HubKey() hpke.PublicKey {
	p, _ := b.Hub()
	return p.HPKE
}

// Learn takes in what the authority says: an issuing key, the centre's keys, a
// revocation list, a decision. It is durable when it returns nil. What is known
// already is no error; what does not verify changes nothing.
func (b *Box) Learn(raw []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust == nil {
		return ErrStranger
	}
	before := b.trust.Statements()
	if err := b.trust.Add(raw); err != nil {
		return err
	}
	after := b.trust.Statements()
	if same(before, after) {
		return nil
	}
	b.gen++
	b.learnt = true
	return b.f.save(fileTrust, trustFile{head{version}, after})
}

func same(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// Generation is another number whenever what is trusted has changed: what was judged
// before may be judged otherwise now.
func (b *Box) Generation() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gen
}

// Member verifies a person's certificate by what is trusted now (cert.Trust).
func (b *Box) Member(want cert.WantMember, chain ...[]byte) (cert.Member, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust == nil {
		return cert.Member{}, ErrStranger
	}
	return b.trust.Member(want, chain...)
}

// Asking is Member with statements that came since and were not learnt: what does not
// verify, or is known already, changes nothing. Nothing is kept.
func (b *Box) Asking(statements ...[]byte) cert.Asker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.trust == nil {
		return func(cert.WantMember, ...[]byte) (cert.Member, error) { return cert.Member{}, ErrStranger }
	}
	t, err := cert.LoadTrust(b.trust.Root(), b.trust.Statements())
	if err != nil { // it was loaded from them
		return b.Member
	}
	for _, raw := range statements {
		_ = t.Add(raw)
	}
	return t.Member
}
