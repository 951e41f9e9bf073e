package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"slices"
)

// certificates verifies that the root vouches for the box's key: the root signs which
// keys may issue, one of these signs the box's certificate.
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
	box, err := statement(c.Box, 3) // 1 issuer, 3 name of the box, 5 its key
	if err != nil || string(box.at(3).bytes) != v.m.Box || !bytes.Equal(box.at(5).bytes, v.m.Key) {
		return refuse("certificates.json is of another box")
	}
	for _, raw := range c.Statements {
		if issuer, err := statement(raw, 1); err == nil && vouched(raw, "issuer", c.Root) {
			v.issue = append(v.issue, issuer.at(2).bytes)
			for _, id := range issuer.at(4).list { // of stolen keys
				v.gone = append(v.gone, id.bytes)
			}
		}
		v.hubs = append(v.hubs, raw)
	}
	if v.issued(c.Box, "box", box) {
		return nil
	}
	return refuse("the certificate of the box is signed by nobody whom the root names")
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
