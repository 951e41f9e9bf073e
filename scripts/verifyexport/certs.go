package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"slices"
)

// certificates reads who is said to vouch for the box's key. What the entries tell of
// issuing keys counts, too: certified verifies it after them.
func (v *verifier) certificates() error {
	if v.files["certificates.json"] == nil {
		if len(v.root) > 0 {
			return refuse("nobody vouches for the box's key")
		}
		return nil
	}
	b, err := v.small("certificates.json")
	if err != nil {
		return err
	}
	var c struct {
		Root       []byte   `json:"root"`
		Statements [][]byte `json:"statements"`
		Box        []byte   `json:"box"`
	}
	if json.Unmarshal(b, &c) != nil || len(c.Root) != ed25519.PublicKeySize || len(v.root) > 0 && !bytes.Equal(c.Root, v.root) {
		return refuse("certificates.json is not of this root")
	}
	v.vouch, v.cert, v.said = c.Root, c.Box, c.Statements
	return nil
}

// certified verifies that the root vouches for the box's key: the root signs which keys
// may issue and which were stolen, one of these signs the box's certificate.
func (v *verifier) certified() error {
	if v.vouch == nil {
		return nil
	}
	box, err := statement(v.cert, 3) // 1 issuer, 3 name of the box, 5 its key
	if err != nil || string(box.at(3).bytes) != v.m.Box || !bytes.Equal(box.at(5).bytes, v.m.Key) {
		return refuse("certificates.json is of another box")
	}
	for _, raw := range v.said {
		issuer, err := statement(raw, 1)
		if err != nil || !vouched(raw, "issuer", v.vouch) {
			continue
		}
		v.issue = append(v.issue, issuer.at(2).bytes)
		for _, id := range issuer.at(4).list {
			v.gone = append(v.gone, id.bytes)
		}
	}
	if !v.issued(v.cert, "box", box) {
		return refuse("the certificate of the box is signed by nobody whom the root names")
	}
	return nil
}

// issued reports whether one of the issuing keys, named by its id under 1, signed.
func (v *verifier) issued(raw []byte, kind string, it item) bool {
	return slices.ContainsFunc(v.issue, func(key []byte) bool {
		id := sha256.Sum256(slices.Concat([]byte("clinicbox key id\x00"), key))
		gone := slices.ContainsFunc(v.gone, func(g []byte) bool { return bytes.Equal(g, id[:16]) })
		return !gone && bytes.Equal(id[:16], it.at(1).bytes) && vouched(raw, kind, key)
	})
}

// vouched verifies a statement's signature: over a label with its kind, the head (3
// bytes) and the CBOR.
func vouched(b []byte, kind string, public []byte) bool {
	m := slices.Concat([]byte("clinicbox statement "+kind+"\x00"), b[:3], b[67:])
	return len(public) == ed25519.PublicKeySize && ed25519.Verify(public, m, b[3:67])
}
