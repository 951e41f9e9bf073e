package cert

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
)

// Version is the form written by this program.
const Version = 1

const (
	magic    = 0xC5
	headSize = 3
	bodyAt   = headSize + ed25519.SignatureSize
)

// Kind tells what a statement says. Numbers are frozen.
type Kind uint8

// The kinds of statements.
const (
	KindIssuer        Kind = 1
	KindHub           Kind = 2
	KindBox           Kind = 3
	KindPerson        Kind = 4
	KindProvisional   Kind = 5
	KindRatification  Kind = 6
	KindRevocations   Kind = 7
	KindCommand       Kind = 8
	KindTime          Kind = 9
	KindRequest       Kind = 10
	KindAnswer        Kind = 11
	KindPersonRequest Kind = 12
	KindIssuerRequest Kind = 13
	KindHistory       Kind = 14
	KindBeat          Kind = 15
)

// String returns the word that stands in the signed label.
func (k Kind) String() string {
	switch k {
	case KindIssuer:
		return "issuer"
	case KindHub:
		return "hub"
	case KindBox:
		return "box"
	case KindPerson:
		return "person"
	case KindProvisional:
		return "provisional"
	case KindRatification:
		return "ratification"
	case KindRevocations:
		return "revocations"
	case KindCommand:
		return "command"
	case KindTime:
		return "time"
	case KindRequest:
		return "request"
	case KindAnswer:
		return "answer"
	case KindPersonRequest:
		return "person request"
	case KindIssuerRequest:
		return "issuer request"
	case KindHistory:
		return "history"
	case KindBeat:
		return "beat"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Body is what a statement says: one of the types of this package.
type Body interface {
	// Kind returns the kind that the type has, also for its zero value.
	Kind() Kind
	check() error
}

// message is what is signed. The label holds a zero byte, which no checkpoint
// note can (golang.org/x/mod/sumdb/note), the other thing signed plainly by a
// box's identity.
func message(head, body []byte) []byte {
	label := "clinicbox statement " + Kind(head[2]).String() + "\x00"
	return append(append([]byte(label), head...), body...)
}

// Sign makes a statement. The key may be in a file, a token or an HSM: any
// crypto.Signer with an Ed25519 key.
func Sign(key crypto.Signer, v Body) ([]byte, error) {
	if err := v.check(); err != nil {
		return nil, err
	}
	body, err := encMode.Marshal(v)
	if err != nil {
		return nil, ErrForm
	}
	if len(body)+bodyAt > limit(v.Kind()) {
		return nil, fmt.Errorf("%w: %v larger than %d bytes", ErrForm, v.Kind(), limit(v.Kind()))
	}
	head := []byte{magic, Version, byte(v.Kind())}
	m := message(head, body)
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("%w: not an Ed25519 key", ErrSignature)
	}
	sig, err := key.Sign(rand.Reader, m, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("cert: sign %v: %w", v.Kind(), err)
	}
	if !ed25519.Verify(pub, m, sig) { // a token with another key in the slot
		return nil, ErrSignature
	}
	return bytes.Join([][]byte{head, sig, body}, nil), nil
}

// Open checks a statement's signature and returns what it says. Whether the key
// may say it is for the caller, mostly Trust.
func Open[T Body](key ed25519.PublicKey, raw []byte) (v T, err error) {
	v, err = read[T](raw)
	if err != nil {
		return v, err
	}
	if !signed(key, raw) {
		var zero T
		return zero, ErrSignature
	}
	return v, nil
}

// Unverified reads a statement without its signature, for who keeps statements in
// a place that he trusts anyway.
func Unverified[T Body](raw []byte) (T, error) { return read[T](raw) }

// signed reports whether the key signed the statement, whose head read checked.
func signed(key ed25519.PublicKey, raw []byte) bool {
	return len(key) == ed25519.PublicKeySize &&
		ed25519.Verify(key, message(raw[:headSize], raw[bodyAt:]), raw[headSize:bodyAt])
}

// KindOf returns the kind that a statement claims. Nothing is verified.
func KindOf(raw []byte) (Kind, error) {
	switch {
	case len(raw) <= bodyAt || raw[0] != magic:
		return 0, ErrForm
	case raw[1] != Version:
		return 0, ErrVersion
	case len(raw) > limit(Kind(raw[2])):
		return 0, ErrForm
	}
	return Kind(raw[2]), nil
}

// read decodes a statement of one kind without looking at the signature.
func read[T Body](raw []byte) (v T, err error) {
	k, err := KindOf(raw)
	if err != nil {
		return v, err
	}
	var got T
	if k != got.Kind() {
		return v, ErrKind
	}
	if err := decMode.Unmarshal(raw[bodyAt:], &got); err != nil {
		return v, ErrForm
	}
	if err := got.check(); err != nil {
		return v, err
	}
	return got, nil
}

func limit(k Kind) int {
	if k == KindRevocations || k == KindCommand { // a command may carry a list
		return MaxList
	}
	return MaxStatement
}
