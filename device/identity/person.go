package identity

import (
	"crypto/ed25519"
	"errors"
	"slices"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
)

// PersonKey is a signing key that somebody of the staff has or had, with every
// certificate of it that was found.
type PersonKey struct {
	Person   clinic.ID
	Key      ed25519.PublicKey
	Role     clinic.Role
	Facility string
	Request  []byte     // as its owner signed it; nil when only the centre tells of it
	Chains   [][][]byte // certificate first, then those of who vouched
}

// PersonKeys finds the keys of a person: those that its credentials carry, in order,
// and those that the centre certified. One key with another role is another
// PersonKey. What is malformed, or about somebody else, is left out; whether a
// certificate holds is Standing's matter.
func PersonKeys(person clinic.ID, credentials []*clinic.Credential, statements [][]byte) (out []PersonKey) {
	add := func(k PersonKey, chain [][]byte) {
		i := slices.IndexFunc(out, func(o PersonKey) bool {
			return o.Key.Equal(k.Key) && o.Role == k.Role && o.Facility == k.Facility
		})
		if i < 0 {
			i = len(out)
			out = append(out, k)
		}
		if out[i].Request == nil {
			out[i].Request = k.Request
		}
		if len(chain) > 0 {
			out[i].Chains = append(out[i].Chains, chain)
		}
	}
	for _, c := range credentials {
		if r, err := cert.OpenPersonRequest(c.Request); err == nil && r.Person == person {
			add(PersonKey{Person: person, Key: r.Key, Role: r.Role, Facility: r.Facility, Request: c.Request}, c.Chain)
		}
	}
	for _, raw := range statements {
		if v, err := cert.Unverified[cert.Person](raw); err == nil && v.Person == person {
			add(PersonKey{Person: person, Key: v.Key, Role: v.Role, Facility: v.Facility}, [][]byte{raw})
		}
	}
	return out
}

// Standing returns what the best certificate of the key says at a hybrid time, and
// its chain. Without one the error is cert.ErrRevoked when one was revoked, or
// ErrStranger. What was revoked is not mended by an older word of the facility: only
// the centre's outweighs it.
func (b *Box) Standing(k *PersonKey, at uint64) (best cert.Member, chain [][]byte, err error) {
	revoked := false
	for _, c := range k.Chains {
		m, merr := b.Member(cert.WantMember{Facility: k.Facility, At: at}, c...)
		switch {
		case errors.Is(merr, cert.ErrRevoked) && k.named(c[0]):
			revoked = true
		case merr == nil && m.Person == k.Person && m.Key.Equal(k.Key) && m.Role == k.Role && (chain == nil || best.Provisional && !m.Provisional):
			best, chain = m, c
		}
	}
	switch {
	case chain != nil && !(revoked && best.Provisional):
		return best, chain, nil
	case revoked:
		return cert.Member{}, nil, cert.ErrRevoked
	}
	return cert.Member{}, nil, ErrStranger
}

// named reports whether a certificate, good or not, is about this key. A revoked one
// of somebody else, laid beside it, takes nothing away.
func (k *PersonKey) named(raw []byte) bool {
	if v, err := cert.Unverified[cert.Person](raw); err == nil {
		return v.Person == k.Person && v.Key.Equal(k.Key) && v.Role == k.Role
	}
	_, r, err := cert.ReadProvisional(raw)
	return err == nil && r.Person == k.Person && r.Key.Equal(k.Key) && r.Role == k.Role
}

// Vouch certifies a person's request in the box's own name until the centre decides:
// the word of the box counts for administrators (cert.Provisional). hlc is now, by
// the box's log.
func (k *Keys) Vouch(request []byte, hlc uint64) (chain [][]byte, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.box.Enrolment()
	if !ok {
		return nil, ErrStranger
	}
	raw, err := cert.Sign(k.Private.Identity, cert.Provisional{Serial: cert.NewSerial(), Request: request, Voucher: e.Serial(), HLC: hlc})
	if err != nil {
		return nil, err
	}
	return [][]byte{raw, e.Box}, nil
}
