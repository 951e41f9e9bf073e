package cert

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"math"

	"clinicbox/clinic"
)

// The tables of fields below are frozen: a change adds a key.

// Issuer lets a key issue for the fleet. Signed by the root. A later number does
// not end the earlier key: what that one signed stays good until withdrawn.
type Issuer struct {
	Name      string            `cbor:"1,keyasint"`
	Key       ed25519.PublicKey `cbor:"2,keyasint"`
	Seq       uint64            `cbor:"3,keyasint"`           // from 1, one more each time
	Withdraws []KeyID           `cbor:"4,keyasint,omitempty"` // stolen keys: nothing they signed holds
}

// IssuerRequest asks the root to certify an issuing key, which signs it, and the
// key of the web authority below the offline one.
type IssuerRequest struct {
	Name string            `cbor:"1,keyasint"`
	Key  ed25519.PublicKey `cbor:"2,keyasint"`
	Web  []byte            `cbor:"3,keyasint"` // SubjectPublicKeyInfo
}

// Hub names the keys that the centre works with. The larger things travel beside
// it, where there is room, and are compared with the digests.
type Hub struct {
	Issuer  KeyID             `cbor:"1,keyasint"`
	Name    string            `cbor:"2,keyasint"`
	Seq     uint64            `cbor:"3,keyasint"`
	Receipt ed25519.PublicKey `cbor:"4,keyasint"` // identity: receipts, down data
	Command ed25519.PublicKey `cbor:"5,keyasint"` // commands, time
	HPKE    Digest            `cbor:"6,keyasint"` // of the key's bytes
	Link    Digest            `cbor:"7,keyasint"` // of the X.509 authority of the link
}

// Box certifies a box. It has no expiry.
type Box struct {
	Issuer   KeyID             `cbor:"1,keyasint"`
	Serial   Serial            `cbor:"2,keyasint"`
	Name     string            `cbor:"3,keyasint"` // as in topics
	Facility string            `cbor:"4,keyasint"` // MA_CSKCB
	Identity ed25519.PublicKey `cbor:"5,keyasint"`
	HPKE     Digest            `cbor:"6,keyasint"` // of the key's bytes
	TLS      Digest            `cbor:"7,keyasint"` // of the client key's SubjectPublicKeyInfo
	Replaces *Serial           `cbor:"8,keyasint,omitempty"`
	Beat     ed25519.PublicKey `cbor:"9,keyasint,omitempty"` // signs heartbeats
}

// PersonRequest asks for a certificate. Signed by the person's own new key, which
// proves that it is theirs.
type PersonRequest struct {
	Person   clinic.ID         `cbor:"1,keyasint"`
	Role     clinic.Role       `cbor:"2,keyasint"`
	Facility string            `cbor:"3,keyasint"`
	Key      ed25519.PublicKey `cbor:"4,keyasint"`
	Nonce    Nonce             `cbor:"5,keyasint"`
}

// Person certifies a person's signing key. Names are in staff entries only.
type Person struct {
	Issuer   KeyID             `cbor:"1,keyasint"`
	Serial   Serial            `cbor:"2,keyasint"`
	Person   clinic.ID         `cbor:"3,keyasint"`
	Role     clinic.Role       `cbor:"4,keyasint"`
	Facility string            `cbor:"5,keyasint"`
	Key      ed25519.PublicKey `cbor:"6,keyasint"`
}

// Provisional lets a person sign until the centre decides. Signed by an
// administrator of the facility, or by the box itself for an administrator whom
// the recovery code authorised.
type Provisional struct {
	Serial  Serial `cbor:"1,keyasint"`
	Request []byte `cbor:"2,keyasint"` // the PersonRequest as signed
	Voucher Serial `cbor:"3,keyasint"` // certificate of who vouches
	HLC     uint64 `cbor:"4,keyasint"` // when, by the box's log
}

// Ratification is the centre's word on a provisional certificate.
type Ratification struct {
	Issuer   KeyID  `cbor:"1,keyasint"`
	Serial   Serial `cbor:"2,keyasint"` // of the provisional certificate
	Digest   Digest `cbor:"3,keyasint"` // of its bytes
	Accepted bool   `cbor:"4,keyasint"`
	Facility string `cbor:"5,keyasint"`
}

// Reason tells why something was revoked. Numbers are frozen.
type Reason uint8

// The reasons.
const (
	ReasonReplaced Reason = 1 // box or key was replaced
	ReasonStolen   Reason = 2 // box or key is in wrong hands
	ReasonLeft     Reason = 3 // the person works there no more
	ReasonLost     Reason = 4 // PIN or key lost
	ReasonError    Reason = 5 // should never have been issued
)

// Revoked is one certificate that is no longer good. What it signed before From
// stays good.
type Revoked struct {
	Serial Serial `cbor:"1,keyasint"`
	Reason Reason `cbor:"2,keyasint"`
	From   uint64 `cbor:"3,keyasint,omitempty"` // HLC; 0 = was never good
	Size   uint64 `cbor:"4,keyasint,omitempty"` // of a box's log as the centre held it then
}

// Revocations lists all that is revoked of one facility, or of the centre
// (Facility empty). One list a facility keeps each list small for good.
type Revocations struct {
	Issuer   KeyID     `cbor:"1,keyasint"`
	Facility string    `cbor:"2,keyasint"`
	Seq      uint64    `cbor:"3,keyasint"` // one more each time; older lists are refused
	Items    []Revoked `cbor:"4,keyasint"`
	History  *Head     `cbor:"5,keyasint,omitempty"`
}

// Op is what a command asks. Numbers are frozen.
type Op uint8

// The operations. Each may be done twice without harm.
const (
	OpLock        Op = 1 // forget the storage key; any person's unlock opens again
	OpBlock       Op = 2 // lock, and refuse unlocking until OpAllow
	OpAllow       Op = 3
	OpErase       Op = 4 // destroy the sealed storage key, for good
	OpRevocations Op = 5 // Args is a revocation list
)

// Command is an order to one box. It names the certificate, not only the box: the
// successor of a stolen box has its name and must not obey what was meant for it.
type Command struct {
	Box    string `cbor:"1,keyasint"`
	Serial Serial `cbor:"2,keyasint"`
	Seq    uint64 `cbor:"3,keyasint"` // one more each time for this serial
	Op     Op     `cbor:"4,keyasint"`
	Args   []byte `cbor:"5,keyasint,omitempty"`
	Time   int64  `cbor:"6,keyasint"` // hub time, Unix milliseconds; shown, never checked
}

// Time is the hub's time in answer to a nonce of this boot.
type Time struct {
	Box   string `cbor:"1,keyasint"`
	Nonce Nonce  `cbor:"2,keyasint"`
	Time  int64  `cbor:"3,keyasint"` // Unix milliseconds
}

// State is how a box is, in its heartbeats. Numbers are frozen.
type State uint8

// The states of a box.
const (
	StateOpen    State = 1 // records can be made
	StateLocked  State = 2 // waits for an unlock
	StateBlocked State = 3 // locked, and refuses to be unlocked: OpBlock
	StateErased  State = 4 // OpErase was obeyed
)

// Beat says that a box is there. It is signed by the heartbeat key, which is open
// while the box is locked, and travels in clear: no patient data, no names. A beat
// that is repeated says nothing new: N grows within one Boot, Obeyed never falls.
type Beat struct {
	Box    string `cbor:"1,keyasint"`
	Serial Serial `cbor:"2,keyasint"`
	Boot   Nonce  `cbor:"3,keyasint"` // of this start; the hub's Time echoes it
	N      uint64 `cbor:"4,keyasint"` // from 1
	State  State  `cbor:"5,keyasint"`
	Obeyed uint64 `cbor:"6,keyasint"` // number of the last order obeyed
	Agent  string `cbor:"7,keyasint,omitempty"`
}

// NewSerial returns a fresh random serial.
func NewSerial() (s Serial) {
	rand.Read(s[:]) // never fails since Go 1.24
	return s
}

// Kind implements Body.
func (Issuer) Kind() Kind { return KindIssuer }

// Kind implements Body.
func (IssuerRequest) Kind() Kind { return KindIssuerRequest }

// Kind implements Body.
func (Hub) Kind() Kind { return KindHub }

// Kind implements Body.
func (Box) Kind() Kind { return KindBox }

// Kind implements Body.
func (PersonRequest) Kind() Kind { return KindPersonRequest }

// Kind implements Body.
func (Person) Kind() Kind { return KindPerson }

// Kind implements Body.
func (Provisional) Kind() Kind { return KindProvisional }

// Kind implements Body.
func (Ratification) Kind() Kind { return KindRatification }

// Kind implements Body.
func (Revocations) Kind() Kind { return KindRevocations }

// Kind implements Body.
func (Command) Kind() Kind { return KindCommand }

// Kind implements Body.
func (Time) Kind() Kind { return KindTime }

// Kind implements Body.
func (Beat) Kind() Kind { return KindBeat }

func (v Beat) check() error {
	return form(ValidBox(v.Box), v.Serial != Serial{}, isSeq(v.N), v.State != 0, len(v.Agent) <= maxText)
}

func (v Issuer) check() error {
	return form(isText(v.Name), isKey(v.Key), isSeq(v.Seq), len(v.Withdraws) <= 64)
}

func (v IssuerRequest) check() error { return form(isText(v.Name), isKey(v.Key), isSPKI(v.Web)) }

func (v Hub) check() error {
	return form(isText(v.Name), isSeq(v.Seq), isKey(v.Receipt), isKey(v.Command))
}

func (v Box) check() error {
	return form(ValidBox(v.Name), ValidFacility(v.Facility), isKey(v.Identity), v.Serial != Serial{}, v.Beat == nil || isKey(v.Beat))
}

func (v PersonRequest) check() error {
	return form(!v.Person.IsZero(), isRole(v.Role), ValidFacility(v.Facility), isKey(v.Key))
}

func (v Person) check() error {
	return form(!v.Person.IsZero(), isRole(v.Role), ValidFacility(v.Facility), isKey(v.Key), v.Serial != Serial{})
}

func (v Provisional) check() error {
	return form(v.Serial != Serial{}, v.Voucher != v.Serial, len(v.Request) <= MaxStatement/4)
}

func (v Ratification) check() error { return form(v.Serial != Serial{}, ValidFacility(v.Facility)) }

func (v Revocations) check() error {
	return form(v.Facility == "" || ValidFacility(v.Facility), isSeq(v.Seq), len(v.Items) <= MaxRevoked)
}

func (v Command) check() error { return form(ValidBox(v.Box), v.Serial != Serial{}, isSeq(v.Seq)) }

func (v Time) check() error { return form(ValidBox(v.Box)) }

// form is ErrForm unless all hold.
func form(all ...bool) error {
	for _, ok := range all {
		if !ok {
			return ErrForm
		}
	}
	return nil
}

func isText(s string) bool { return s != "" && len(s) <= maxText }
func isSeq(n uint64) bool  { return n > 0 && n < math.MaxUint64 }

// isRole lets roles of later programs through: who does not know one grants
// nothing to it.
func isRole(r clinic.Role) bool { return r != 0 }

func isKey(k ed25519.PublicKey) bool { return len(k) == ed25519.PublicKeySize }

func isSPKI(der []byte) bool {
	_, err := x509.ParsePKIXPublicKey(der)
	return err == nil && len(der) <= 256
}

// ValidFacility reports whether s is a MA_CSKCB: 5 characters 0-9 or A-Z.
func ValidFacility(s string) bool {
	if len(s) != 5 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// ValidBox reports whether s may name a box: it stands in topics and host names.
func ValidBox(s string) bool {
	if len(s) < 1 || len(s) > maxBox || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
