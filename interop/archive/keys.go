package archive

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"

	"clinicbox/clinic"
	"clinicbox/internal/cert"
	"clinicbox/internal/entry"
)

// personKey is a signing key that the entries tell of: whoever verifies signatures
// finds it by the ID that a signature names. Whether anybody vouches for it the
// statements in the entries tell.
type personKey struct {
	ID       string `json:"id"`     // clinic.KeyIDOf, hexadecimal
	Person   string `json:"person"` // of the staff
	Key      []byte `json:"key"`    // Ed25519
	Role     uint8  `json:"role"`
	Facility string `json:"facility"`
	Request  []byte `json:"request,omitempty"` // as its owner signed it (cert.PersonRequest)
}

// keyList collects keys in the order in which entries tell of them.
type keyList struct {
	list []personKey
	seen map[string]bool
}

func (l *keyList) add(k personKey) {
	mark := k.Person + hex.EncodeToString(k.Key)
	if l.seen == nil {
		l.seen = map[string]bool{}
	}
	if !l.seen[mark] {
		l.seen[mark] = true
		k.ID = hex.EncodeToString(clinic.KeyIDOf(k.Key))
		l.list = append(l.list, k)
	}
}

// note looks for keys in an entry.
func (l *keyList) note(r *clinic.Record) {
	switch b := r.Body.(type) {
	case *clinic.Credential:
		if q, err := cert.OpenPersonRequest(b.Request); err == nil && q.Person == r.Subject {
			l.add(personKey{Person: q.Person.String(), Key: q.Key, Role: uint8(q.Role), Facility: q.Facility, Request: b.Request})
		}
	case *clinic.Statement:
		if q, err := cert.Unverified[cert.Person](b.Raw); err == nil {
			l.add(personKey{Person: q.Person.String(), Key: q.Key, Role: uint8(q.Role), Facility: q.Facility})
		}
	}
}

func (l *keyList) encode() ([]byte, error) {
	if l.list == nil {
		l.list = []personKey{}
	}
	b, err := json.MarshalIndent(l.list, "", " ")
	return append(b, '\n'), err
}

// parseKeys reads keys.json. That it says what the entries say is found at their end.
func parseKeys(b []byte) (map[string][]personKey, error) {
	var list []personKey
	if err := strict(b, &list); err != nil {
		return nil, tampered("%s cannot be read", fileKeys)
	}
	out := map[string][]personKey{}
	for _, k := range list {
		out[k.ID] = append(out[k.ID], k)
	}
	return out, nil
}

// Signatures counts confirmations by PIN (clinic.Signed) by what they are worth as far
// as an export alone tells.
type Signatures struct {
	Good    uint64 // fit a key of their author
	Keyless uint64 // from before people had keys
	Unknown uint64 // by a key of which no entry tells
	Broken  uint64 // do not fit
}

// judge verifies the signature of an entry, if it is one.
func (s *Signatures) judge(r *clinic.Record, keys map[string][]personKey) (broken bool) {
	b, ok := r.Body.(*clinic.Signed)
	if !ok {
		return false
	}
	if len(b.Sig) == 0 && len(b.Key) == 0 {
		s.Keyless++
		return false
	}
	known := keys[hex.EncodeToString(b.Key)]
	for _, k := range known {
		if k.Person == r.Author.String() && b.Fits(ed25519.PublicKey(k.Key), r.Subject, r.Visit) {
			s.Good++
			return false
		}
	}
	if len(known) == 0 {
		s.Unknown++
		return false
	}
	s.Broken++
	return true
}

// decode reads an entry as the domain does, with its body if that is of keys or a
// signature; nil for a hole and for what is none.
func decode(e *Entry) *clinic.Record {
	if e.Hole() {
		return nil
	}
	r, err := entry.DecodeIf(e.Bytes, clinic.Ref{Journal: e.Journal, Index: e.Index}, e.Leaf, func(k clinic.Kind) bool {
		return k == clinic.KindCredential || k == clinic.KindStatement || k == clinic.KindSigned
	})
	if err != nil {
		return nil
	}
	return &r
}

// strict reads JSON that has nothing more than v, and nothing behind it.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if again, err := json.MarshalIndent(v, "", " "); err != nil || !bytes.Equal(append(again, '\n'), b) {
		return ErrForm // a key twice, other blanks: other readers may see something else
	}
	return nil
}
