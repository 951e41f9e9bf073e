package cert

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"clinicbox/clinic"
	"clinicbox/internal/keyfile"
)

const (
	requestPurpose = "clinicbox enrolment request v1"
	answerPurpose  = "clinicbox enrolment answer v1"
	macSize        = sha256.Size
)

// Fact is something about the hardware: model, memory, version of the program.
// Never anything about a person or a place.
type Fact struct {
	_     struct{} `cbor:",toarray"`
	Name  string
	Value string
}

// Request is what a new box asks. It is signed by the identity that it names, and
// carries a proof of the one-time code behind the statement.
type Request struct {
	ID       Nonce             `cbor:"1,keyasint"`           // random, kept until the answer came
	Name     string            `cbor:"2,keyasint,omitempty"` // a wish; the centre decides
	Identity ed25519.PublicKey `cbor:"3,keyasint"`
	HPKE     []byte            `cbor:"4,keyasint"`
	TLS      []byte            `cbor:"5,keyasint"` // SubjectPublicKeyInfo of the link's client key
	Web      []byte            `cbor:"6,keyasint"` // of the key that will sign the box's own pages' certificates
	Code     [8]byte           `cbor:"7,keyasint"` // which one-time code; filled by SealRequest
	Hardware []Fact            `cbor:"8,keyasint,omitempty"`
	Beat     ed25519.PublicKey `cbor:"9,keyasint,omitempty"` // signs heartbeats, also while the box is locked
}

// Kind implements Body.
func (Request) Kind() Kind { return KindRequest }

func (v Request) check() error {
	_, err := keyfile.KEM().NewPublicKey(v.HPKE)
	ok := len(v.Hardware) <= 16
	for _, f := range v.Hardware {
		ok = ok && isText(f.Name) && len(f.Value) <= maxText
	}
	return form(ok, err == nil, v.Name == "" || ValidBox(v.Name), isKey(v.Identity), isSPKI(v.TLS), isSPKI(v.Web), v.Beat == nil || isKey(v.Beat))
}

// NewRequestID returns a fresh random ID.
func NewRequestID() (n Nonce) {
	rand.Read(n[:]) // never fails since Go 1.24
	return n
}

// SealRequest signs a request and proves that the box was told the code.
func SealRequest(identity crypto.Signer, r Request, code Code) ([]byte, error) {
	s := code.Secret()
	r.Code = s.ID
	raw, err := Sign(identity, r)
	if err != nil {
		return nil, err
	}
	return append(raw, s.mac(requestPurpose, r.ID, raw)...), nil
}

// OpenRequest checks the box's signature. Whether the code fits shows Proves.
func OpenRequest(raw []byte) (Request, error) {
	statement, _, err := cutMAC(raw)
	if err != nil {
		return Request{}, err
	}
	r, err := read[Request](statement)
	if err != nil {
		return Request{}, err
	}
	if !signed(r.Identity, statement) {
		return Request{}, ErrSignature
	}
	return r, nil
}

// Proves checks the proof of a request that OpenRequest took.
func (r *Request) Proves(raw []byte, s Secret) error {
	statement, mac, err := cutMAC(raw)
	if err != nil {
		return err
	}
	if r.Code != s.ID || !hmac.Equal(mac, s.mac(requestPurpose, r.ID, statement)) {
		return ErrCode
	}
	return nil
}

// Answer makes a box a member of the fleet. It holds the certificates and all that
// the box needs to reach the centre, and proves knowledge of the one-time code:
// who does not know it cannot name another root.
type Answer struct {
	Issuer   KeyID             `cbor:"1,keyasint"`
	Request  Nonce             `cbor:"2,keyasint"`
	Digest   Digest            `cbor:"3,keyasint"` // of the request as it arrived
	Root     ed25519.PublicKey `cbor:"4,keyasint"`
	Chain    [][]byte          `cbor:"5,keyasint"` // Issuer statements, oldest first
	Hub      []byte            `cbor:"6,keyasint"`
	Box      []byte            `cbor:"7,keyasint"`
	HPKE     []byte            `cbor:"8,keyasint"`  // the hub's
	Link     []byte            `cbor:"9,keyasint"`  // X.509 authority of the link
	Client   []byte            `cbor:"10,keyasint"` // X.509 for the link, of the request's TLS key
	Web      [][]byte          `cbor:"11,keyasint"` // X.509: box's own authority, issuing, root
	Broker   string            `cbor:"12,keyasint"`
	Facility clinic.Facility   `cbor:"13,keyasint"`
	Lists    [][]byte          `cbor:"14,keyasint,omitempty"` // revocations, when there is room
	Time     int64             `cbor:"15,keyasint"`           // hub time, Unix milliseconds; raises the clock's floor
	History  Head              `cbor:"16,keyasint"`
	// Numbers is since when another machine may have printed numbers of the box's book,
	// Unix milliseconds; 0 = nobody has.
	Numbers int64 `cbor:"17,keyasint,omitempty"`
}

// Kind implements Body.
func (Answer) Kind() Kind { return KindAnswer }

func (v Answer) check() error {
	return form(isKey(v.Root), len(v.Chain) > 0, len(v.Chain) <= 16, len(v.Web) <= 4, len(v.Lists) <= 4, isText(v.Broker))
}

// SealAnswer signs an answer and binds it to the code.
func SealAnswer(issuer crypto.Signer, a Answer, s Secret) ([]byte, error) {
	raw, err := Sign(issuer, a)
	if err != nil {
		return nil, err
	}
	return append(raw, s.mac(answerPurpose, a.Request, raw)...), nil
}

// Expect is what a box knows before it reads an answer.
type Expect struct {
	Request []byte            // as SealRequest made it
	Code    Code              // as the technician typed it
	Root    ed25519.PublicKey // nil: learn it from the answer, which the code vouches for
}

// Enrolled is what an answer gives: keep Trust.Statements and the certificates.
type Enrolled struct {
	Answer Answer
	Trust  *Trust
	Box    Box
	Hub    Hub
}

// OpenAnswer verifies an answer. Nothing in it is believed before its proof of the
// code; no clock is asked.
func OpenAnswer(raw []byte, e Expect) (*Enrolled, error) {
	mine, err := OpenRequest(e.Request)
	if err != nil {
		return nil, err
	}
	statement, mac, err := cutMAC(raw)
	if err != nil {
		return nil, err
	}
	a, err := read[Answer](statement)
	switch {
	case err != nil:
		return nil, err
	case a.Request != mine.ID: // no secret: a clear word for a file from yesterday
		return nil, ErrOtherRequest
	case !hmac.Equal(mac, e.Code.Secret().mac(answerPurpose, mine.ID, statement)):
		return nil, ErrCode
	case a.Digest != DigestOf(e.Request):
		return nil, ErrOtherRequest
	case e.Root != nil && !a.Root.Equal(e.Root):
		return nil, ErrRoot
	}
	t, err := a.trust(statement)
	if err != nil {
		return nil, err
	}
	return a.enrolled(t, mine)
}

// trust builds what the box will trust from the answer's statements.
func (a *Answer) trust(statement []byte) (*Trust, error) {
	t := NewTrust(a.Root)
	for _, list := range [][][]byte{a.Chain, {a.Hub}, a.Lists} {
		for _, raw := range list {
			if err := t.Add(raw); err != nil {
				return nil, err
			}
		}
	}
	return t, t.issued(a.Issuer, statement)
}

// enrolled compares what the answer says about the box with what the box asked.
func (a *Answer) enrolled(t *Trust, mine Request) (*Enrolled, error) {
	b, err := t.Box(a.Box, WantBox{Facility: a.Facility.Code, Identity: mine.Identity})
	if err != nil {
		return nil, err
	}
	if b.HPKE != DigestOf(mine.HPKE) || b.TLS != DigestOf(mine.TLS) || !bytes.Equal(b.Beat, mine.Beat) || b.Name != a.Facility.Box {
		return nil, ErrOtherBox
	}
	h, ok := t.Hub()
	if !ok || h.HPKE != DigestOf(a.HPKE) || h.Link != DigestOf(a.Link) {
		return nil, ErrForm
	}
	if err := a.checkX509(b.Name, mine); err != nil {
		return nil, err
	}
	return &Enrolled{Answer: *a, Trust: t, Box: b, Hub: h}, nil
}

func cutMAC(raw []byte) (statement, mac []byte, err error) {
	n := len(raw) - macSize
	if n <= bodyAt {
		return nil, nil, ErrForm
	}
	return bytes.Clone(raw[:n]), raw[n:], nil
}
