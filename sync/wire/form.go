package wire

import (
	"crypto"
	"crypto/ed25519"

	"github.com/fxamacker/cbor/v2"
)

// Epoch names a run of a log's numbering, or one opening of it (incarnation).
type Epoch [8]byte

// Hash is a root or leaf of the RFC 6962 tree.
type Hash [32]byte

var encMode = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return m
}()

var decMode = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		MaxNestedLevels: 8, MaxArrayElements: 8192, MaxMapPairs: 256,
		IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden,
		DupMapKey: cbor.DupMapKeyEnforcedAPF,
	}.DecMode()
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return m
}()

// MarshalCBOR writes a byte string.
func (e Epoch) MarshalCBOR() ([]byte, error) { return encMode.Marshal(e[:]) }

// UnmarshalCBOR takes the exact length only; the library would fill the array
// from a shorter or longer string.
func (e *Epoch) UnmarshalCBOR(b []byte) error { return exact(e[:], b) }

// MarshalCBOR writes a byte string.
func (n Nonce) MarshalCBOR() ([]byte, error) { return encMode.Marshal(n[:]) }

// UnmarshalCBOR takes the exact length only.
func (n *Nonce) UnmarshalCBOR(b []byte) error { return exact(n[:], b) }

// MarshalCBOR writes a byte string.
func (h Hash) MarshalCBOR() ([]byte, error) { return encMode.Marshal(h[:]) }

// UnmarshalCBOR takes the exact length only.
func (h *Hash) UnmarshalCBOR(b []byte) error { return exact(h[:], b) }

// MarshalCBOR writes a byte string.
func (s Salt) MarshalCBOR() ([]byte, error) { return encMode.Marshal(s[:]) }

// UnmarshalCBOR takes the exact length only.
func (s *Salt) UnmarshalCBOR(b []byte) error { return exact(s[:], b) }

func exact(dst, b []byte) error {
	if len(b) == 0 || b[0]>>5 != 2 { // a byte string, not an array of numbers
		return ErrForm
	}
	var s []byte
	if err := decMode.Unmarshal(b, &s); err != nil || len(s) != len(dst) {
		return ErrForm
	}
	copy(dst, s)
	return nil
}

// pad appends 0x80 and zeros up to a multiple of the bucket (ISO/IEC 7816-4).
func pad(b []byte) []byte {
	b = append(b, 0x80)
	if over := len(b) % bucket; over != 0 {
		b = append(b, make([]byte, bucket-over)...)
	}
	return b
}

func unpad(b []byte) ([]byte, error) {
	for i := len(b) - 1; i >= 0; i-- {
		switch b[i] {
		case 0x80:
			return b[:i], nil
		case 0:
		default:
			return nil, ErrForm
		}
	}
	return nil, ErrForm
}

// signCtx signs prefix and body under a context of its own (Ed25519ctx, RFC 8032
// section 5.1), so that no signature made for one purpose serves another.
func signCtx(key ed25519.PrivateKey, context string, parts ...[]byte) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize {
		return nil, ErrSignature
	}
	sig, err := key.Sign(nil, join(parts), &ed25519.Options{Hash: crypto.Hash(0), Context: context})
	if err != nil {
		return nil, ErrSignature
	}
	return sig, nil
}

func verifyCtx(key ed25519.PublicKey, context string, sig []byte, parts ...[]byte) bool {
	if len(key) != ed25519.PublicKeySize {
		return false
	}
	opts := &ed25519.Options{Hash: crypto.Hash(0), Context: context}
	return ed25519.VerifyWithOptions(key, join(parts), sig, opts) == nil
}

func join(parts [][]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// sign returns signature and body of a signed message: sig(64) body.
func sign(key ed25519.PrivateKey, context string, v any) ([]byte, error) {
	body, err := encMode.Marshal(v)
	if err != nil {
		return nil, ErrForm
	}
	sig, err := signCtx(key, context, body)
	if err != nil {
		return nil, err
	}
	return append(sig, body...), nil
}

// verify checks what sign made and decodes the body into v.
func verify(key ed25519.PublicKey, context string, b []byte, v any) error {
	if len(b) < ed25519.SignatureSize {
		return ErrForm
	}
	sig, body := b[:ed25519.SignatureSize], b[ed25519.SignatureSize:]
	if !verifyCtx(key, context, sig, body) {
		return ErrSignature
	}
	if err := decMode.Unmarshal(body, v); err != nil {
		return ErrForm
	}
	return nil
}
