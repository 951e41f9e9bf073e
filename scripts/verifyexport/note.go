package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// centreName is the name under which a centre cosigns.
const centreName = "cb/centre"

// sigLine is a signature of a signed note (C2SP signed-note): who, and the bytes, of which
// the first four name the key.
type sigLine struct {
	name string
	sig  []byte
}

// by reports whether the line names a key: 1 is Ed25519, 4 a cosignature.
func (l sigLine) by(name string, kind byte, public []byte) bool {
	id := sha256.Sum256(slices.Concat([]byte(name), []byte{'\n', kind}, public))
	return l.name == name && string(l.sig[:4]) == string(id[:4])
}

// noteLines takes a signed note apart.
func noteLines(b []byte) (text string, out []sigLine) {
	text, sigs, _ := strings.Cut(string(b), "\n\n")
	for line := range strings.Lines(sigs) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), " ")
		if len(f) != 3 || f[0] != "—" {
			continue
		}
		if s, err := base64.StdEncoding.Strict().DecodeString(f[2]); err == nil && len(s) > 4 {
			out = append(out, sigLine{f[1], s})
		}
	}
	return text + "\n", out
}

// note reads a signed checkpoint (C2SP tlog-checkpoint) and verifies the signature of
// the log's key in it.
func note(b []byte, public ed25519.PublicKey) (origin string, size uint64, root [32]byte, err error) {
	text, sigs := noteLines(b)
	lines := strings.Split(text, "\n")
	if len(lines) < 4 {
		return "", 0, root, fmt.Errorf("no signed note")
	}
	origin = lines[0]
	size, err = strconv.ParseUint(lines[1], 10, 63)
	r, err2 := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || err2 != nil || len(r) != 32 {
		return "", 0, root, fmt.Errorf("no checkpoint")
	}
	for _, l := range sigs {
		if l.by(origin, 1, public) && len(l.sig) == 4+ed25519.SignatureSize && ed25519.Verify(public, []byte(text), l.sig[4:]) {
			return origin, size, [32]byte(r), nil
		}
	}
	return "", 0, root, fmt.Errorf("not signed by the box")
}

// cosigned verifies the centre's cosignature (C2SP tlog-cosignature) by the key that
// somebody knows, or by those of the centre's certificates.
func (v *verifier) cosigned() error {
	keys := [][]byte{v.centre}
	if len(v.centre) == 0 {
		keys = v.centreKeys()
	}
	for _, key := range keys {
		for _, l := range v.sigs {
			if !l.by(centreName, 4, key) {
				continue
			}
			if len(l.sig) != 4+8+ed25519.SignatureSize {
				return refuse("the cosignature of %s is broken", centreName)
			}
			at := int64(binary.BigEndian.Uint64(l.sig[4:]))
			m := fmt.Sprintf("cosignature/v1\ntime %d\n%s", at, v.wtext)
			if at <= 0 || len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, []byte(m), l.sig[12:]) {
				return refuse("the cosignature of %s is broken", centreName)
			}
			v.when = at
		}
		if v.when > 0 {
			return nil
		}
	}
	if len(v.centre) > 0 {
		return refuse("that centre cosigned nothing in it")
	}
	return nil
}

// centreKeys are those for receipts, 4 of a statement of kind 2, that an issuing key signed.
func (v *verifier) centreKeys() (out [][]byte) {
	for _, raw := range v.said {
		if hub, err := statement(raw, 2); err == nil && v.issued(raw, "hub", hub) {
			out = append(out, hub.at(4).bytes)
		}
	}
	return out
}
