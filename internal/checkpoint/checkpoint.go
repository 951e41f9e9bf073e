// Package checkpoint writes and reads signed tree heads and cosignatures of a Merkle
// log, in the formats that public logs use (C2SP tlog-checkpoint, tlog-cosignature,
// signed-note), so that tools which are not ours verify what a box handed out, and
// makes and verifies the log's proofs (RFC 6962 section 2.1).
//
// A checkpoint is a signed note of three lines: the origin, which names the log; its
// size; the RFC 6962 root at that size. The log's own key has the origin as name.
package checkpoint

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Sentinels for callers that decide on them.
var (
	// ErrFormat tells that bytes are no checkpoint.
	ErrFormat = errors.New("checkpoint: malformed")
	// ErrSignature tells that the log's key did not sign the checkpoint.
	ErrSignature = errors.New("checkpoint: not signed by the log's key")
	// ErrProof tells that a proof does not lead to the checkpoint's root.
	ErrProof = errors.New("checkpoint: proof does not fit")
)

// MaxSize bounds a signed checkpoint in bytes.
const MaxSize = 8 << 10

// Checkpoint says what a log holds.
type Checkpoint struct {
	Origin string // names the log: no blanks, no plus sign
	Size   uint64 // entries
	Root   [32]byte
}

// Origin names the own journal of a box in an epoch.
func Origin(box string, epoch [8]byte) string { return fmt.Sprintf("cb/%s/%x", box, epoch) }

// String is the text that is signed (C2SP tlog-checkpoint, "Note text").
func (c Checkpoint) String() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

// parse reads the text. Lines behind the third are extensions and are ignored.
func parse(text string) (c Checkpoint, err error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || !validName(lines[0]) {
		return c, fmt.Errorf("%w: lines", ErrFormat)
	}
	c.Origin = lines[0]
	if c.Size, err = strconv.ParseUint(lines[1], 10, 63); err != nil || strconv.FormatUint(c.Size, 10) != lines[1] {
		return c, fmt.Errorf("%w: size", ErrFormat)
	}
	if c.Root, err = parseHash(lines[2]); err != nil {
		return c, err
	}
	return c, nil
}

func parseHash(s string) (h [32]byte, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("%w: hash", ErrFormat)
	}
	return [32]byte(b), nil
}

// validName is that of package note: what it could not sign nobody reads.
func validName(s string) bool {
	return s != "" && strings.ToValidUTF8(s, "") == s && len(strings.Fields(s)) == 1 && strings.TrimSpace(s) == s &&
		!strings.ContainsAny(s, "+")
}

// Sign returns the checkpoint as a note signed by the log's Ed25519 key.
func Sign(c Checkpoint, key crypto.Signer) ([]byte, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || !validName(c.Origin) {
		return nil, fmt.Errorf("%w: origin %q, key of type %T", ErrFormat, c.Origin, key.Public())
	}
	return note.Sign(&note.Note{Text: c.String()}, signer{c.Origin, keyHash(c.Origin, algEd25519, public), func(m []byte) ([]byte, error) {
		return key.Sign(rand.Reader, m, crypto.Hash(0))
	}})
}

// Open verifies the log's signature and returns what the checkpoint says. Other
// signatures in it are not looked at.
func Open(msg []byte, key ed25519.PublicKey) (Checkpoint, error) {
	c, err := Unverified(msg)
	if err != nil {
		return c, err
	}
	v := verifier{c.Origin, keyHash(c.Origin, algEd25519, key), func(m, sig []byte) bool {
		return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, m, sig)
	}}
	if _, err := open(msg, v); err != nil {
		return Checkpoint{}, fmt.Errorf("%w (%s)", ErrSignature, c.Origin)
	}
	return c, nil
}

// Unverified returns what a checkpoint says without looking at its signatures: to
// learn which key must have signed it.
func Unverified(msg []byte) (Checkpoint, error) {
	if len(msg) > MaxSize {
		return Checkpoint{}, fmt.Errorf("%w: %d bytes", ErrFormat, len(msg))
	}
	text, _, ok := strings.Cut(string(msg), "\n\n")
	if !ok {
		return Checkpoint{}, fmt.Errorf("%w: no signature", ErrFormat)
	}
	return parse(text + "\n")
}

// open verifies one signature; others are unknown to it.
func open(msg []byte, v verifier) (*note.Note, error) {
	return note.Open(msg, note.VerifierList(v))
}

// Algorithms of signed notes (C2SP signed-note, "Signature types").
const (
	algEd25519     = 1
	algCosignature = 4
)

// keyHash is the key ID of signed-note: SHA-256(name, newline, algorithm, key)[:4].
func keyHash(name string, alg byte, key ed25519.PublicKey) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write([]byte{alg})
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

type signer struct {
	name string
	hash uint32
	sign func([]byte) ([]byte, error)
}

func (s signer) Name() string                    { return s.name }
func (s signer) KeyHash() uint32                 { return s.hash }
func (s signer) Sign(msg []byte) ([]byte, error) { return s.sign(msg) }

type verifier struct {
	name   string
	hash   uint32
	verify func(msg, sig []byte) bool
}

func (v verifier) Name() string                { return v.name }
func (v verifier) KeyHash() uint32             { return v.hash }
func (v verifier) Verify(msg, sig []byte) bool { return v.verify(msg, sig) }
