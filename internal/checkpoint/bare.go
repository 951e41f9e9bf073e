package checkpoint

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Where both sides know origin, size and root already, as between a box and its centre,
// a signature travels bare: without the note around it, which follows from them.

// CosignatureSize is the size of a bare cosignature in bytes: time and signature.
const CosignatureSize = 8 + ed25519.SignatureSize

// SignBare returns the log's signature alone, as it stands in Sign's note.
func SignBare(c Checkpoint, key crypto.Signer) ([]byte, error) {
	if !validName(c.Origin) {
		return nil, fmt.Errorf("%w: origin %q", ErrFormat, c.Origin)
	}
	return key.Sign(rand.Reader, []byte(c.String()), crypto.Hash(0))
}

// VerifyBare tells whether the signature is the log's of the checkpoint.
func VerifyBare(c Checkpoint, key ed25519.PublicKey, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, []byte(c.String()), sig)
}

// CosignBare returns a witness's cosignature alone: Unix seconds and signature. The
// duties are Cosign's.
func CosignBare(c Checkpoint, key crypto.Signer, at time.Time) ([]byte, error) {
	if !validName(c.Origin) || at.Unix() <= 0 {
		return nil, fmt.Errorf("%w: origin %q, time", ErrFormat, c.Origin)
	}
	sig, err := key.Sign(rand.Reader, cosigned(at.Unix(), []byte(c.String())), crypto.Hash(0))
	return append(binary.BigEndian.AppendUint64(nil, uint64(at.Unix())), sig...), err
}

// Join makes the note of a checkpoint, signed by the log's key, with a bare cosignature
// of the witness; ErrSignature when that is not the witness's of this checkpoint.
func Join(c Checkpoint, key crypto.Signer, by Cosigner, cosignature []byte) ([]byte, error) {
	msg, err := Sign(c, key)
	if err != nil {
		return nil, err
	}
	n := &note.Note{Text: c.String()}
	if n.UnverifiedSigs, err = signatures(msg); err != nil {
		return nil, err
	}
	msg, err = note.Sign(n, signer{by.Name, keyHash(by.Name, algCosignature, by.Key), func([]byte) ([]byte, error) {
		return cosignature, nil
	}})
	if err != nil {
		return nil, fmt.Errorf("%w: cosigner %q", ErrFormat, by.Name)
	}
	if _, ok := Cosigned(msg, by); !ok {
		return nil, fmt.Errorf("%w: not cosigned by %s", ErrSignature, by.Name)
	}
	return msg, nil
}

// signatures reads the signature lines of a note without looking at them.
func signatures(msg []byte) ([]note.Signature, error) {
	_, err := note.Open(msg, note.VerifierList())
	if u, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return u.Note.UnverifiedSigs, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrFormat, err)
}

// CosignedBare tells when a witness cosigned the checkpoint; ok is false when it did not.
func CosignedBare(c Checkpoint, key ed25519.PublicKey, cosignature []byte) (at time.Time, ok bool) {
	return cosignedText([]byte(c.String()), key, cosignature)
}

func cosignedText(text []byte, key ed25519.PublicKey, cosignature []byte) (at time.Time, ok bool) {
	if len(cosignature) != CosignatureSize || len(key) != ed25519.PublicKeySize {
		return at, false
	}
	unix := int64(binary.BigEndian.Uint64(cosignature))
	return time.Unix(unix, 0), unix > 0 && ed25519.Verify(key, cosigned(unix, text), cosignature[8:])
}
