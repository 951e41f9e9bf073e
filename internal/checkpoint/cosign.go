package checkpoint

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Cosigner is a witness: it saw that the log only ever grew up to a checkpoint.
type Cosigner struct {
	Name string
	Key  ed25519.PublicKey
}

// Cosign adds the witness's signature to a signed checkpoint, for which it is the
// caller's duty to have verified the log's signature and consistency (C2SP
// tlog-cosignature, cosignature/v1). One of the same witness that is there is
// replaced.
func Cosign(msg []byte, name string, key crypto.Signer, at time.Time) ([]byte, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || !validName(name) || at.Unix() <= 0 {
		return nil, fmt.Errorf("%w: cosigner %q, key of type %T, time", ErrFormat, name, key.Public())
	}
	if _, err := Unverified(msg); err != nil {
		return nil, err
	}
	hash := keyHash(name, algCosignature, public)
	text, _, _ := bytes.Cut(msg, []byte("\n\n"))
	n := &note.Note{Text: string(text) + "\n"}
	sigs, err := signatures(msg)
	if err != nil {
		return nil, err
	}
	n.UnverifiedSigs = sigs
	n.UnverifiedSigs = slices.DeleteFunc(n.UnverifiedSigs, func(s note.Signature) bool { return s.Name == name && s.Hash == hash })
	return note.Sign(n, signer{name, hash, func(m []byte) ([]byte, error) {
		sig, err := key.Sign(rand.Reader, cosigned(at.Unix(), m), crypto.Hash(0))
		return append(binary.BigEndian.AppendUint64(nil, uint64(at.Unix())), sig...), err
	}})
}

// Cosigned tells when a witness cosigned the checkpoint; ok is false when it did not.
func Cosigned(msg []byte, by Cosigner) (at time.Time, ok bool) {
	v := verifier{by.Name, keyHash(by.Name, algCosignature, by.Key), func(m, sig []byte) bool {
		at, ok = cosignedText(m, by.Key, sig)
		return ok
	}}
	if len(msg) > MaxSize || !validName(by.Name) {
		return time.Time{}, false
	}
	if _, err := open(msg, v); err != nil {
		return time.Time{}, false
	}
	return at, true
}

// Names reports whether a signature line is the witness's by its name and key; Cosigned
// tells whether it fits.
func Names(msg []byte, by Cosigner) bool {
	sigs, err := signatures(msg)
	return err == nil && slices.ContainsFunc(sigs, func(s note.Signature) bool {
		return s.Name == by.Name && s.Hash == keyHash(by.Name, algCosignature, by.Key)
	})
}

// cosigned is what a witness signs.
func cosigned(unix int64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", unix), text...)
}

// Witnesses returns the names in a checkpoint's signature lines beside the log's own,
// not verified.
func Witnesses(msg []byte) (names []string) {
	c, err := Unverified(msg)
	if err != nil {
		return nil
	}
	_, sigs, _ := bytes.Cut(msg, []byte("\n\n"))
	for line := range strings.Lines(string(sigs)) {
		if f := strings.Fields(line); len(f) == 3 && f[1] != c.Origin {
			names = append(names, f[1])
		}
	}
	return names
}
