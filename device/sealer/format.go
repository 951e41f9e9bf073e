package sealer

import (
	"bytes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"

	"golang.org/x/crypto/chacha20poly1305"

	"clinicbox/clinic"
	"clinicbox/internal/strictcbor"
)

// Limits of the file; a station has a dozen people.
const (
	version    = 1
	rekeyed    = 2 // after a change of the storage key
	maxFile    = 256 << 10
	maxSlots   = 256
	maxParams  = 4 << 10
	wrappedLen = chacha20poly1305.NonceSizeX + len(Key{}) + chacha20poly1305.Overhead
)

var (
	encMode = strictcbor.Encoding()
	decMode = strictcbor.Decoding(strictcbor.Limits{Nested: 8, Elements: 1024, Pairs: 1024, Known: true})
)

// envelope is the outer form of both files, the same in all versions: an older
// program can tell a newer file from a damaged one.
type envelope struct {
	V    uint   `cbor:"1,keyasint"`
	Body []byte `cbor:"2,keyasint"`
	Mac  []byte `cbor:"3,keyasint"` // HMAC of Body under the storage key; empty for tries
	Sum  []byte `cbor:"4,keyasint"` // SHA-256 over the three: finds damage before any secret is asked
}

func (e *envelope) sum() []byte {
	b, err := encMode.Marshal([]any{e.V, e.Body, e.Mac})
	if err != nil {
		panic(err) // numbers and bytes: cannot fail
	}
	s := sha256.Sum256(b)
	return s[:]
}

func (e *envelope) encode() []byte {
	if e.Sum = nil; e.V == 0 {
		e.V = version
	}
	e.Sum = e.sum()
	return must(encMode.Marshal(e))
}

// parseEnvelope opens the outer form and the body into v. Bytes that this program
// would not have written so are damage, but for a newer version.
func parseEnvelope(b []byte, v any) (*envelope, error) {
	var e envelope
	if len(b) > maxFile || decMode.Unmarshal(b, &e) != nil {
		return nil, ErrDamaged
	}
	if subtle.ConstantTimeCompare(e.Sum, e.sum()) != 1 {
		return nil, ErrDamaged
	}
	if e.V > rekeyed {
		return nil, ErrVersion
	}
	if e.V < version || decMode.Unmarshal(e.Body, v) != nil {
		return nil, ErrDamaged
	}
	if !bytes.Equal(must(encMode.Marshal(&e)), b) || !bytes.Equal(must(encMode.Marshal(v)), e.Body) {
		return nil, ErrDamaged
	}
	return &e, nil
}

func must(b []byte, err error) []byte {
	if err != nil {
		panic(err) // plain structs of ours: cannot fail
	}
	return b
}

// image is the content of the slots file. Key numbers are frozen.
type image struct {
	File  FileID `cbor:"1,keyasint"`
	Gen   uint64 `cbor:"2,keyasint"` // counts writes: the higher of two copies is the newer
	Next  uint32 `cbor:"3,keyasint"` // number of the next slot
	Floor uint64 `cbor:"4,keyasint"` // tries file: an older one was rolled back
	Slots []slot `cbor:"5,keyasint"` // by number
	// After a change of the storage key: the word, under the key before, that it is over,
	// and that key, sealed under this one.
	Past   []byte `cbor:"6,keyasint,omitempty"`
	Before []byte `cbor:"7,keyasint,omitempty"`

	mac []byte
}

type slot struct {
	Number  uint32    `cbor:"1,keyasint"`
	Kind    Kind      `cbor:"2,keyasint"`
	Owner   clinic.ID `cbor:"3,keyasint"`
	Params  []byte    `cbor:"4,keyasint"`
	Wrapped []byte    `cbor:"5,keyasint"` // nonce and sealed storage key
	Note    []byte    `cbor:"6,keyasint"`
}

func parseImage(b []byte) (*image, error) {
	var im image
	e, err := parseEnvelope(b, &im)
	if err != nil {
		return nil, err
	}
	if len(im.Slots) > maxSlots || len(e.Mac) != sha256.Size || e.V != im.version() {
		return nil, ErrDamaged
	}
	if e.V == rekeyed && (len(im.Past) != sha256.Size || len(im.Before) != wrappedLen) {
		return nil, ErrDamaged
	}
	last := uint32(0)
	for _, s := range im.Slots {
		if s.Number <= last || s.Number >= im.Next || len(s.Wrapped) != wrappedLen || len(s.Params) > maxParams || len(s.Note) > maxParams {
			return nil, ErrDamaged
		}
		last = s.Number
	}
	im.mac = e.Mac
	return &im, nil
}

// encode writes the image for who has the storage key.
func (im *image) encode(k *Key) []byte {
	body := must(encMode.Marshal(im))
	im.mac = bodyMac(k, body)
	e := envelope{V: im.version(), Body: body, Mac: im.mac}
	return e.encode()
}

func (im *image) version() uint {
	if len(im.Past) > 0 || len(im.Before) > 0 {
		return rekeyed
	}
	return version
}

// ends reports whether the image says, as who had the key, that the key is over.
func (im *image) ends(k *Key) bool {
	return len(im.Past) > 0 && hmac.Equal(im.Past, pastWord(im.File, k))
}

func pastWord(f FileID, k *Key) []byte {
	sub := derive("past", Place{File: f}, k[:])
	defer sub.Wipe()
	m := hmac.New(sha256.New, sub[:])
	m.Write([]byte("clinicbox storage key is over"))
	return m.Sum(nil)
}

// follow notes that next comes after old.
func (im *image) follow(old, next *Key) {
	im.Past = pastWord(im.File, old)
	s := slot{Kind: Vacant} // of no number
	sub := derive("before", Place{File: im.File}, next[:])
	defer sub.Wipe()
	s.wrap(im.File, sub, old)
	im.Before = s.Wrapped
}

// before returns the storage key before this one, nil for none.
func (im *image) before(k *Key) *Key {
	if len(im.Before) != wrappedLen {
		return nil
	}
	s := slot{Kind: Vacant, Wrapped: im.Before}
	sub := derive("before", Place{File: im.File}, k[:])
	defer sub.Wipe()
	return s.unwrap(im.File, sub)
}

// genuine reports whether the image was written by who had the storage key.
func (im *image) genuine(k *Key) bool {
	return hmac.Equal(im.mac, bodyMac(k, must(encMode.Marshal(im))))
}

func bodyMac(k *Key, body []byte) []byte {
	sub := derive("file", Place{}, k[:])
	defer sub.Wipe()
	m := hmac.New(sha256.New, sub[:])
	m.Write(body)
	return m.Sum(nil)
}

// bound is what a slot's seal covers besides the storage key: everything that
// says what the slot is, so that nothing of it can be exchanged.
func (s *slot) bound(f FileID) []byte {
	return must(encMode.Marshal([]any{"clinicbox slot", version, f[:], s.Number, s.Kind, s.Owner[:], s.Params}))
}

func (s *slot) wrap(f FileID, kek, k *Key) {
	a := aead(f, s.Number, kek)
	nonce := make([]byte, chacha20poly1305.NonceSizeX, wrappedLen)
	rand.Read(nonce)
	s.Wrapped = a.Seal(nonce, nonce, k[:], s.bound(f))
}

// unwrap returns nil for whatever does not open.
func (s *slot) unwrap(f FileID, kek *Key) *Key {
	n := chacha20poly1305.NonceSizeX
	b, err := aead(f, s.Number, kek).Open(make([]byte, 0, len(Key{})), s.Wrapped[:n], s.Wrapped[n:], s.bound(f))
	if err != nil {
		return nil
	}
	return (*Key)(b)
}

func aead(f FileID, number uint32, kek *Key) cipher.AEAD {
	sub := derive("wrap", Place{f, number}, kek[:])
	defer sub.Wipe()
	a, err := chacha20poly1305.NewX(sub[:])
	if err != nil {
		panic(err) // only for a wrong key length: cannot happen
	}
	return a
}
