package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// key is a person's signing key, as keys.json has it.
type key struct {
	ID       string `json:"id"`
	Person   string `json:"person"`
	Key      []byte `json:"key"`
	Role     uint64 `json:"role"`
	Facility string `json:"facility"`
	Request  []byte `json:"request"`
}

func (k key) equal(o key) bool {
	return k.ID == o.ID && k.Person == o.Person && bytes.Equal(k.Key, o.Key) && k.Role == o.Role &&
		k.Facility == o.Facility && bytes.Equal(k.Request, o.Request)
}

func (v *verifier) loadKeys() error {
	b, err := v.small("keys.json")
	if err != nil {
		return err
	}
	if json.Unmarshal(b, &v.keys) != nil {
		return refuse("keys.json cannot be read")
	}
	return nil
}

// people looks at an entry for a key and for a signature.
func (v *verifier) people(e item) {
	subject, body := e.at(8), e.at(12)
	switch kind := e.at(2).n; {
	case e.kind != 5:
	case kind == 4: // a credential: 1 is the person's request
		request := body.at(1).bytes
		said, public := statement(request, 12)
		if k := keyOf(said, 1); public == nil && len(k.Key) == 32 && vouched(request, "person request", k.Key) && k.Person == hex.EncodeToString(subject.bytes) {
			k.Request = request
			v.note(k)
		}
	case kind == 5: // a statement of the centre; 4 is a person's certificate
		v.said = append(v.said, bytes.Clone(body.at(1).bytes))
		if said, public := statement(body.at(1).bytes, 4); public == nil {
			v.note(keyOf(said, 3))
		}
	case kind == 27:
		v.signature(e, body)
	}
}

// note keeps a key of which the entries tell, once.
func (v *verifier) note(k key) {
	if len(k.Key) != 32 || len(k.Person) != 32 {
		return
	}
	id := sha256.Sum256(slices.Concat([]byte("clinicbox key id\x00"), k.Key))
	k.ID = hex.EncodeToString(id[:16])
	if !slices.ContainsFunc(v.seen, func(o key) bool { return o.Person == k.Person && bytes.Equal(o.Key, k.Key) }) {
		v.seen = append(v.seen, k)
	}
}

// statement reads a statement: 0xC5, version 1, kind, signature (64 bytes), CBOR. The
// error is told by the second value.
func statement(b []byte, kind byte) (item, error) {
	if len(b) < 67 || b[0] != 0xC5 || b[1] != 1 || b[2] != kind {
		return item{}, errPlain
	}
	it, rest, err := parse(b[67:], 0)
	if err != nil || len(rest) > 0 || it.kind != 5 {
		return item{}, errPlain
	}
	return it, nil
}

// keyOf reads person, role, facility and key, which follow each other from a key on. In
// a certificate they are 3 person, 4 role, 5 facility, 6 key; in a request 1 to 4.
func keyOf(it item, from uint64) key {
	person, role, facility, public := it.at(from), it.at(from+1), it.at(from+2), it.at(from+3)
	return key{Person: hex.EncodeToString(person.bytes), Role: role.n, Facility: string(facility.bytes), Key: public.bytes}
}

// signature verifies a clinician's signature of documents.
func (v *verifier) signature(e, body item) {
	author, subject, visit := e.at(7).bytes, e.at(8).bytes, e.at(9).bytes
	leaves, id, sig := body.at(1).list, body.at(3).bytes, body.at(4).bytes
	if len(id) == 0 && len(sig) == 0 {
		v.other++
		return
	}
	m := slices.Concat(pad(subject), pad(visit), binary.BigEndian.AppendUint32(nil, uint32(len(leaves))))
	fits := true
	for _, l := range leaves {
		fits = fits && len(l.bytes) == 32
		m = append(m, l.bytes...)
	}
	known := false
	for _, k := range v.keys {
		if k.ID != hex.EncodeToString(id) {
			continue
		}
		known = true
		o := &ed25519.Options{Context: "clinicbox signed documents v1"}
		if k.Person == hex.EncodeToString(pad(author)) && fits && len(k.Key) == 32 && ed25519.VerifyWithOptions(k.Key, m, sig, o) == nil {
			v.good++
			return
		}
	}
	if known {
		v.broken++
	} else {
		v.other++
	}
}

// pad makes an identifier of 16 bytes; one that is left out is zero.
func pad(b []byte) []byte { return append(bytes.Clone(b), make([]byte, 16)...)[:16] }
