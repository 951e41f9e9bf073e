package cert

import (
	"crypto/ed25519"
	"errors"
	"slices"
	"sync"

	"clinicbox/clinic"
)

// ErrNobody: no certificate of the key holds.
var ErrNobody = errors.New("cert: nobody's word holds for the key")

// Asker verifies a person's certificate as Trust.Member does.
type Asker func(WantMember, ...[]byte) (Member, error)

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
		if r, err := OpenPersonRequest(c.Request); err == nil && r.Person == person {
			add(PersonKey{Person: person, Key: r.Key, Role: r.Role, Facility: r.Facility, Request: c.Request}, c.Chain)
		}
	}
	for _, raw := range statements {
		if v, err := Unverified[Person](raw); err == nil && v.Person == person {
			add(PersonKey{Person: person, Key: v.Key, Role: v.Role, Facility: v.Facility}, [][]byte{raw})
		}
	}
	return out
}

// Standing returns what the best certificate of the key says at a hybrid time, and
// its chain. Without one the error is ErrRevoked when one was revoked, or
// ErrNobody. What was revoked is not mended by an older word of the facility: only
// the centre's outweighs it.
func (k *PersonKey) Standing(ask Asker, at uint64) (best Member, chain [][]byte, err error) {
	revoked := false
	for _, c := range k.Chains {
		m, merr := ask(WantMember{Facility: k.Facility, At: at}, c...)
		switch {
		case errors.Is(merr, ErrRevoked) && k.named(c[0]):
			revoked = true
		case merr == nil && m.Person == k.Person && m.Key.Equal(k.Key) && m.Role == k.Role && (chain == nil || best.Provisional && !m.Provisional):
			best, chain = m, c
		}
	}
	switch {
	case chain != nil && !(revoked && best.Provisional):
		return best, chain, nil
	case revoked:
		return Member{}, nil, ErrRevoked
	}
	return Member{}, nil, ErrNobody
}

// named reports whether a certificate, good or not, is about this key. A revoked one
// of somebody else, laid beside it, takes nothing away.
func (k *PersonKey) named(raw []byte) bool {
	if v, err := Unverified[Person](raw); err == nil {
		return v.Person == k.Person && v.Key.Equal(k.Key) && v.Role == k.Role
	}
	_, r, err := ReadProvisional(raw)
	return err == nil && r.Person == k.Person && r.Key.Equal(k.Key) && r.Role == k.Role
}

// SigningKeys are the keys of a person that the records tell of, those of entries that
// came from elsewhere first. here tells the entries of the box on which the person
// used a key. What State answered it remembers.
func SigningKeys(person clinic.ID, records []clinic.Record, here func(*clinic.Record) bool, ask Asker) []clinic.SigningKey {
	var credentials []*clinic.Credential
	var statements [][]byte
	for i := range records {
		switch b := records[i].Body.(type) {
		case *clinic.Credential:
			credentials = append(credentials, b)
		case *clinic.Statement:
			statements = append(statements, b.Raw)
		}
	}
	var out []clinic.SigningKey
	for _, k := range PersonKeys(person, credentials, statements) {
		_, chain, _ := k.Standing(ask, Now)
		out = append(out, clinic.SigningKey{
			Key: k.Key, Role: k.Role, Facility: k.Facility, Request: k.Request, Chain: chain, Print: Fingerprint(k.Key),
			State: remembered(func(hlc uint64) clinic.KeyState { return k.state(ask, hlc) }),
		})
	}
	for i := range records {
		c, ok := records[i].Body.(*clinic.Credential)
		if !ok || !here(&records[i]) {
			continue
		}
		if r, err := OpenPersonRequest(c.Request); err == nil {
			usedHere(out, &r, records[i].HLC)
		}
	}
	return out
}

// usedHere marks the key that its owner used on the box; calls come oldest first.
func usedHere(keys []clinic.SigningKey, r *PersonRequest, hlc uint64) {
	for i := range keys {
		if k := &keys[i]; k.Key.Equal(r.Key) && k.Role == r.Role && k.Facility == r.Facility && !k.Own {
			k.Own, k.Since = true, hlc
		}
	}
}

func (k *PersonKey) state(ask Asker, hlc uint64) clinic.KeyState {
	m, _, err := k.Standing(ask, hlc)
	switch {
	case errors.Is(err, ErrRevoked):
		return clinic.KeyRevoked
	case err != nil:
		return clinic.KeyOwn
	case m.Provisional:
		return clinic.KeyVouched
	}
	return clinic.KeyConfirmed
}

// rememberedTimes bounds how many answers are kept of a key.
const rememberedTimes = 4096

// remembered asks once for each time.
func remembered(ask func(uint64) clinic.KeyState) func(uint64) clinic.KeyState {
	var mu sync.Mutex
	known := map[uint64]clinic.KeyState{}
	return func(hlc uint64) clinic.KeyState {
		mu.Lock()
		defer mu.Unlock()
		state, ok := known[hlc]
		if !ok {
			if len(known) >= rememberedTimes {
				clear(known)
			}
			state = ask(hlc)
			known[hlc] = state
		}
		return state
	}
}
