package cms

import (
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"strings"
	"time"

	"clinicbox/clinic"
)

// Judge judges legal signatures of clinic's documents.
type Judge struct {
	Roots *Roots
	// Facility is the identifier in the subject of the facility's certificate, such
	// as MST:0100000000. Empty = no facility signature counts: any company's
	// certificate would do.
	Facility string
}

// skew is how far the clock of a station's PC may be off.
const skew = time.Hour

// Judge implements clinic.LegalJudge.
func (j Judge) Judge(c clinic.LegalClaim) clinic.LegalVerdict {
	if j.Roots == nil {
		return clinic.LegalVerdict{Problem: clinic.LegalBadUnchecked}
	}
	v, _ := j.Look(c)
	return v
}

// Look is Judge that also returns the chain, for a look at revocation; nil when the
// signature does not hold.
func (j Judge) Look(c clinic.LegalClaim) (clinic.LegalVerdict, []*x509.Certificate) {
	at := time.Unix(c.Signed.At, 0)
	if c.Signed.Format != clinic.LegalCMS {
		return clinic.LegalVerdict{Problem: clinic.LegalBadForm}, nil
	}
	var more []*x509.Certificate
	for _, der := range c.Signed.Chain {
		if x, err := x509.ParseCertificate(der); err == nil {
			more = append(more, x)
		}
	}
	s, err := Verify(c.Content, c.Signed.Sig, Trust{Roots: j.Roots, At: at, More: more})
	v := verdict(s)
	switch {
	case err != nil:
		v.Problem = problem(err)
	default:
		v.Problem = j.role(c.Signed.Role, s.Certificate)
	}
	if v.Problem == "" && !timely(c, s.At) {
		v.Problem = clinic.LegalBadTime
	}
	if v.Valid = v.Problem == ""; !v.Valid {
		return v, nil
	}
	return v, s.Chain
}

func verdict(s *Signed) (v clinic.LegalVerdict) {
	if s == nil || s.Certificate == nil {
		return v
	}
	c := s.Certificate
	v.Subject, v.Issuer, v.At = c.Subject.CommonName, c.Issuer.CommonName, s.At.In(clinic.ICT)
	v.Serial = c.SerialNumber.Text(16)
	return v
}

func problem(err error) string {
	for _, p := range []struct {
		err  error
		word string
	}{
		{ErrContent, clinic.LegalBadContent},
		{ErrAlgorithm, clinic.LegalBadAlgorithm},
		{ErrForged, clinic.LegalBadForged},
		{ErrTrust, clinic.LegalBadTrust},
		{ErrExpired, clinic.LegalBadExpired},
		{ErrUsage, clinic.LegalBadUsage},
	} {
		if errors.Is(err, p.err) {
			return p.word
		}
	}
	return clinic.LegalBadForm
}

// role tells whether the certificate fits the role: a person's for the
// practitioner, exactly the facility's for the facility.
func (j Judge) role(role clinic.LegalRole, c *x509.Certificate) string {
	ids := Identifiers(c)
	ours := false
	for _, id := range ids {
		ours = ours || j.Facility != "" && strings.EqualFold(id, j.Facility)
	}
	switch {
	case role == clinic.LegalPractitioner && (organisation(c, ids) || ours && !person(ids)):
		return clinic.LegalBadRole
	case role == clinic.LegalPractitioner:
		return ""
	case role != clinic.LegalFacility, person(ids):
		return clinic.LegalBadRole
	case !ours:
		return clinic.LegalBadFacility
	}
	return ""
}

// Identifiers returns the numbers in the subject: providers write UID=CCCD:… for a
// person and UID=MST:… for an organisation.
func Identifiers(c *x509.Certificate) (out []string) {
	for _, n := range c.Subject.Names {
		if s, ok := n.Value.(string); ok && (n.Type.Equal(uid()) || n.Type.Equal(asn1.ObjectIdentifier{2, 5, 4, 97})) {
			out = append(out, strings.TrimSpace(s))
		}
	}
	return out
}

func uid() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}
}

func person(ids []string) bool { return begins(ids, "CCCD:", "CMND:", "CC:", "HC:") }

func organisation(c *x509.Certificate, ids []string) bool {
	named := c.Subject.CommonName != "" && len(c.Subject.Organization) > 0 && c.Subject.CommonName == c.Subject.Organization[0]
	return !person(ids) && (begins(ids, "MST:", "MNS:", "VATVN-") || named)
}

func begins(ids []string, with ...string) bool {
	for _, id := range ids {
		for _, w := range with {
			if strings.HasPrefix(strings.ToUpper(id), w) {
				return true
			}
		}
	}
	return false
}

// timely tells whether the stated time can be: a document is signed after it was
// written and before the signature is recorded.
func timely(c clinic.LegalClaim, at time.Time) bool {
	return (c.Recorded.IsZero() || !at.After(c.Recorded.Add(skew))) &&
		(c.Document.IsZero() || !at.Before(c.Document.Add(-skew)))
}
