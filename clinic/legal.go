package clinic

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"
)

// LegalRole tells in which capacity a document is signed by X.509. Values are
// frozen.
type LegalRole uint8

// The roles of legal signatures.
const (
	LegalPractitioner LegalRole = 1 // who examined and prescribed: token or remote service
	LegalFacility     LegalRole = 2 // takes the place of the stamp (Circular 06/2026/TT-BYT art. 5)
)

// Where a legal signature is to come from. Values are frozen.
const (
	LegalAtStation uint8 = 1 // a token at the station's PC
	LegalAtCentre  uint8 = 2 // the centre's signing service
)

// LegalRoles returns whose X.509 signatures the law wants on a document of the
// kind; none for a kind that needs none. A PIN confirmation is something else.
func (k Kind) LegalRoles() []LegalRole {
	switch k {
	case KindPrescribe: // Circular 26/2025/TT-BYT: the prescriber's
		return []LegalRole{LegalPractitioner}
	case KindAppointment: // Circular 01/2025/TT-BYT annex V, 06/2026 art. 5
		return []LegalRole{LegalPractitioner, LegalFacility}
	}
	return nil
}

// LegalAsked is the body of KindLegalAsked: X.509 signatures of these documents are
// wanted.
type LegalAsked struct {
	Leaves  [][]byte    `cbor:"1,keyasint"` // 32 bytes each
	Roles   []LegalRole `cbor:"2,keyasint"`
	Where   uint8       `cbor:"3,keyasint"`           // LegalAtStation, LegalAtCentre
	Person  []byte      `cbor:"4,keyasint,omitempty"` // of the staff: whose signature the practitioner's is
	Licence string      `cbor:"5,keyasint,omitempty"` // that person's, for the signing service
}

// LegalSigned is the body of KindLegalSigned: one X.509 signature over LegalContent
// of one version. It counts only as far as a LegalJudge finds it good.
type LegalSigned struct {
	Leaf   []byte    `cbor:"1,keyasint"` // 32 bytes
	Role   LegalRole `cbor:"2,keyasint"`
	Format string    `cbor:"3,keyasint"`           // LegalCMS
	Sig    []byte    `cbor:"4,keyasint"`           // at most LegalSigSize
	Chain  [][]byte  `cbor:"5,keyasint,omitempty"` // DER certificates that Sig lacks, the signer's first
	At     int64     `cbor:"6,keyasint"`           // Unix seconds, as the signature states
}

// LegalCMS is the format of a detached CMS SignedData (RFC 5652).
const LegalCMS = "cms"

// LegalSigSize is how large signature and certificates together may be: the entry
// around them has 16 KiB.
const LegalSigSize = 14 << 10

// ErrLegal is returned for a record that is no legal document, or has no number.
var ErrLegal = errors.New("clinic: no numbered legal document")

// LegalContent returns the bytes that a legal signature of the record covers.
// Whoever has the entry can build them again: the leaf hash binds everything that
// the document says. Version 1 is frozen.
func LegalContent(r *Record) ([]byte, error) {
	name, facility, code := legalCode(r.Body)
	if name == "" || len(r.Kind.LegalRoles()) == 0 || r.Subject.IsZero() || r.Visit.IsZero() {
		return nil, ErrLegal
	}
	return fmt.Appendf(nil, "clinicbox legal document v1\nkind: %s\nleaf: %s\nfacility: %s\ncode: %s\npatient: %v\nvisit: %v\n",
		name, hex.EncodeToString(r.Leaf[:]), facility, code, r.Subject, r.Visit), nil
}

// LegalCode returns the number of a legal document, "" for anything else.
func LegalCode(body any) string {
	_, _, code := legalCode(body)
	return code
}

// LegalFacilityOf returns the code of the facility that a legal document's number
// names, "" for anything else.
func LegalFacilityOf(body any) string {
	_, facility, _ := legalCode(body)
	return facility
}

func legalCode(body any) (name, facility, code string) {
	switch b := body.(type) {
	case *Prescription:
		if c, err := ParsePrescriptionCode(b.Code); err == nil {
			return "prescription", c.Facility, b.Code
		}
	case *Appointment:
		if s, c, err := ParseSlip(b.Slip); err == nil {
			return "appointment", c.Facility, s
		}
	}
	return "", "", ""
}

// LegalClaim is a signature to be judged.
type LegalClaim struct {
	Content  []byte
	Signed   *LegalSigned
	Recorded time.Time // when the signature was recorded; zero = by a clock that was not trusted
	Document time.Time // when the document was; the same
}

// LegalVerdict is what a judge finds.
type LegalVerdict struct {
	Valid   bool
	Problem string    // one of the LegalBad words when not valid
	Subject string    // who signed, as the certificate names them
	Serial  string    // of the certificate, hexadecimal
	Issuer  string    // who vouches for it
	At      time.Time // as the signature states
	Checked bool      // whether revocation was checked
}

// The problems of legal signatures. Words are frozen: entries do not hold them, but
// catalogues of messages do.
const (
	LegalBadUnchecked = "unchecked" // nobody here can judge: no authority is configured
	LegalBadForm      = "form"      // no CMS signature of one signer with its certificate
	LegalBadContent   = "content"   // signs something else
	LegalBadAlgorithm = "algorithm" // broken or unknown algorithm, key too short
	LegalBadForged    = "forged"    // the signature does not hold
	LegalBadTrust     = "trust"     // no configured authority vouches for the certificate
	LegalBadExpired   = "expired"   // the certificate was not valid when it signed
	LegalBadUsage     = "usage"     // the certificate is not for signing documents
	LegalBadRole      = "role"      // a facility's certificate for a person, or the other way round
	LegalBadFacility  = "facility"  // another facility's certificate, or ours is not configured
	LegalBadTime      = "time"      // signed before the document existed, or in the future
	LegalBadRevoked   = "revoked"
)

// LegalProblems lists all of them.
func LegalProblems() []string {
	return []string{
		LegalBadUnchecked, LegalBadForm, LegalBadContent, LegalBadAlgorithm, LegalBadForged, LegalBadTrust,
		LegalBadExpired, LegalBadUsage, LegalBadRole, LegalBadFacility, LegalBadTime, LegalBadRevoked,
	}
}

// LegalJudge judges a signature. It must be quick: pages call it.
type LegalJudge func(LegalClaim) LegalVerdict

// LegalState tells how far a version is signed by X.509.
type LegalState uint8

// The states of legal signatures.
const (
	LegalNone    LegalState = 1 // nobody asked, nobody signed
	LegalPending LegalState = 2 // asked for, or signed by some of those who must
	LegalDone    LegalState = 3 // every signature that the law wants holds
)

// Legal is where the legal signatures of one version of a document stand. A
// correction is another version and begins at none.
type Legal struct {
	State      LegalState
	Asked      []Record         // KindLegalAsked, oldest first
	Signatures []LegalSignature // oldest first, also those that do not hold
	Roles      []LegalRole      // that the law wants
	Broken     bool             // a signature was judged and does not hold: everybody shall see it
}

// LegalSignature is one signature with what the judge found.
type LegalSignature struct {
	Role   LegalRole
	Record Record // the KindLegalSigned entry
	LegalVerdict
}

// Of returns the oldest signature in the role that holds, or nil.
func (l *Legal) Of(role LegalRole) *LegalSignature {
	for i := range l.Signatures {
		if s := &l.Signatures[i]; s.Role == role && s.Valid {
			return s
		}
	}
	return nil
}

// Waits reports whether a signature in the role was asked for and does not hold yet.
func (l *Legal) Waits(role LegalRole) bool {
	return l.Of(role) == nil && slices.ContainsFunc(l.Asked, func(r Record) bool {
		return slices.Contains(r.Body.(*LegalAsked).Roles, role)
	})
}

// Asks reports whether the signature in the role was asked for there.
func (l *Legal) Asks(role LegalRole, where uint8) bool {
	return slices.ContainsFunc(l.Asked, func(r Record) bool {
		b := r.Body.(*LegalAsked)
		return b.Where == where && slices.Contains(b.Roles, role)
	})
}
