package cert

import (
	"crypto/ed25519"
	"errors"
	"math"

	"clinicbox/clinic"
)

// Member is a person whose key is good.
type Member struct {
	Person      clinic.ID
	Role        clinic.Role
	Facility    string
	Key         ed25519.PublicKey
	Serial      Serial
	Provisional bool // the centre has not decided yet
}

// Now asks for a certificate that is good today: any revocation ends it.
const Now = math.MaxUint64

// WantMember says where and when a person's certificate must hold. At is the HLC
// of the signature to check, so that old signatures stay valid; Now for a login.
type WantMember struct {
	Facility string // empty = any
	At       uint64
}

// maxChain: a person, vouched for by an administrator, vouched for by the box.
const maxChain = 3

// Member verifies a person's certificate. chain begins with it; a provisional one
// is followed by the certificate of who vouched for it, and so on, until one that
// the centre issued or ratified.
func (t *Trust) Member(want WantMember, chain ...[]byte) (Member, error) {
	if len(chain) == 0 || len(chain) > maxChain {
		return Member{}, ErrForm
	}
	kind, err := KindOf(chain[0])
	if err != nil {
		return Member{}, err
	}
	var m Member
	switch kind {
	case KindPerson:
		m, err = t.person(chain[0])
	case KindProvisional:
		m, err = t.provisional(chain)
	default:
		err = ErrKind
	}
	if err != nil {
		return Member{}, err
	}
	if want.Facility != "" && m.Facility != want.Facility {
		return Member{}, ErrOtherFacility
	}
	if t.ended(m.Facility, m.Serial, want.At) {
		return Member{}, ErrRevoked
	}
	return m, nil
}

func (t *Trust) ended(facility string, s Serial, at uint64) bool {
	r, gone := t.Revoked(facility, s)
	return gone && r.From <= at
}

func (t *Trust) person(raw []byte) (Member, error) {
	v, err := read[Person](raw)
	if err != nil {
		return Member{}, err
	}
	if err := t.issued(v.Issuer, raw); err != nil {
		return Member{}, err
	}
	return Member{v.Person, v.Role, v.Facility, v.Key, v.Serial, false}, nil
}

func (t *Trust) provisional(chain [][]byte) (Member, error) {
	v, r, err := ReadProvisional(chain[0])
	if err != nil {
		return Member{}, err
	}
	m := Member{r.Person, r.Role, r.Facility, r.Key, v.Serial, true}
	if k, ok := t.ratified[v.Serial]; ok && k.v.Digest == DigestOf(chain[0]) {
		if !k.v.Accepted {
			return Member{}, ErrRevoked
		}
		m.Provisional = false
		return m, nil // the centre vouches now, whatever became of who did
	}
	if len(chain) < 2 {
		return Member{}, ErrVoucher
	}
	return m, t.vouched(chain, v, r)
}

// vouched checks who signed a provisional certificate.
func (t *Trust) vouched(chain [][]byte, v Provisional, r PersonRequest) error {
	kind, err := KindOf(chain[1])
	if err != nil {
		return err
	}
	if kind == KindBox { // the recovery code makes an administrator, nobody else
		b, err := t.boxAt(chain[1], r.Facility, v.HLC)
		if err != nil {
			return ofVoucher(err)
		}
		if r.Role != clinic.RoleAdministrator || b.Serial != v.Voucher || !signed(b.Identity, chain[0]) {
			return ErrVoucher
		}
		return nil
	}
	by, err := t.Member(WantMember{r.Facility, v.HLC}, chain[1:]...)
	if err != nil {
		return ofVoucher(err)
	}
	if by.Role != clinic.RoleAdministrator || by.Serial != v.Voucher || by.Person == r.Person || !signed(by.Key, chain[0]) {
		return ErrVoucher
	}
	return nil
}

// ofVoucher keeps apart that who vouched was revoked, which makes their word
// worthless, from that the certificate itself was, which ends its key: the first can
// be brought about by anybody who wraps a request of somebody else.
func ofVoucher(err error) error {
	if errors.Is(err, ErrRevoked) {
		return ErrVoucher
	}
	return err
}

// boxAt verifies a box for what it signed then; it may have been replaced since.
func (t *Trust) boxAt(raw []byte, facility string, at uint64) (Box, error) {
	b, err := t.box(raw, WantBox{Facility: facility})
	if err != nil {
		return Box{}, err
	}
	if t.ended(b.Facility, b.Serial, at) {
		return Box{}, ErrRevoked
	}
	return b, nil
}

// ReadProvisional takes a provisional certificate apart. The person's own
// signature is verified, who vouched is not: that needs Trust.Member.
func ReadProvisional(raw []byte) (Provisional, PersonRequest, error) {
	v, err := read[Provisional](raw)
	if err != nil {
		return Provisional{}, PersonRequest{}, err
	}
	r, err := OpenPersonRequest(v.Request)
	return v, r, err
}

// OpenPersonRequest checks that the request is signed by the key that it names.
func OpenPersonRequest(raw []byte) (PersonRequest, error) {
	r, err := read[PersonRequest](raw)
	if err != nil {
		return PersonRequest{}, err
	}
	if !signed(r.Key, raw) {
		return PersonRequest{}, ErrSignature
	}
	return r, nil
}

// OpenIssuerRequest checks that the request is signed by the key that it names.
func OpenIssuerRequest(raw []byte) (IssuerRequest, error) {
	r, err := read[IssuerRequest](raw)
	if err != nil {
		return IssuerRequest{}, err
	}
	if !signed(r.Key, raw) {
		return IssuerRequest{}, ErrSignature
	}
	return r, nil
}
