package wire

import (
	"crypto/cipher"
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"

	"golang.org/x/crypto/chacha20poly1305"

	"clinicbox/internal/entry"
	"clinicbox/internal/names"
)

// Suite 1.0: ML-KEM-768 with X25519 (X-Wing, draft-ietf-hpke-pq), HKDF-SHA256,
// ChaCha20-Poly1305. Its identifiers travel, for the draft's may still move.
const (
	suiteKEM  = 0x647a
	suiteKDF  = 0x0001
	suiteAEAD = 0x0003

	encSize   = 1120 // ciphertext of ML-KEM-768 and an X25519 share
	startHead = 3 + 6 + 8

	maxReads  = 32 // dictionaries
	maxCommon = 32 // strings

	exportLabel = "clinicbox frame key v1"
)

// carriage is what keeps sessions of one way of carrying frames apart from those of
// another: a start of one is never a start of the other.
type carriage struct {
	magic   byte
	info    string // of the HPKE context, and with it of every key
	context string // of the signature
}

// onLink is a session over a link, answering the receiver's nonce.
func onLink() carriage {
	return carriage{magic, "clinicbox session v1", "clinicbox session start v1"}
}

// Start is what a session's first frame says. Key numbers are frozen.
type Start struct {
	Dir         Direction `cbor:"1,keyasint"`
	Box         string    `cbor:"2,keyasint"`
	Epoch       Epoch     `cbor:"3,keyasint"`            // of the log that this direction sends
	Incarnation Epoch     `cbor:"4,keyasint"`            // this opening of the box's log
	Parent      Epoch     `cbor:"5,keyasint"`            // the opening before it
	Tip         uint64    `cbor:"6,keyasint"`            // entries when this opening began
	Nonce       Nonce     `cbor:"7,keyasint"`            // the receiver's, from its Who
	Agent       string    `cbor:"8,keyasint,omitempty"`  // program version, for the fleet's list
	Reads       []uint32  `cbor:"9,keyasint,omitempty"`  // dictionaries that the sender can read
	Made        int64     `cbor:"10,keyasint,omitempty"` // of a courier's file: the sender's time, Unix milliseconds

	Features Features `cbor:"11,keyasint,omitempty"` // what the sender of this start understands
	Branch   *Branch  `cbor:"12,keyasint,omitempty"` // where the epoch comes from; nil = it begins at nothing
	Received uint64   `cbor:"13,keyasint,omitempty"` // entries that a box received and has

	// For frames in form 2 (form2.go), what both sides know from here on.
	Naming *Naming  `cbor:"14,keyasint,omitempty"` // how the box draws identifiers
	Common [][]byte `cbor:"15,keyasint,omitempty"` // strings to come again: segments' seeds (32 bytes), people, keys
}

// Naming is how a box draws identifiers (package names), and where it is.
type Naming struct {
	_    struct{} `cbor:",toarray"`
	Key  Hash     // secret
	From uint64
}

// Features are what a side may be sent beyond the messages of the beginning: an older
// one would not answer. Bits are frozen.
type Features uint64

// The features.
const (
	FeatureAlign  Features = 1 << 0 // Align, Branch, and the Last of a DownAck
	FeatureBudget Features = 1 << 1 // Budget
	FeatureSets   Features = 1 << 2 // sets and their acknowledgements, and what a box Received
	FeatureBrief  Features = 1 << 3 // brief receipts
)

// Has reports whether all bits of f are there.
func (s Features) Has(f Features) bool { return s&f == f }

// Sealer seals the frames of one session. It may be used by several goroutines.
type Sealer struct {
	mu   sync.Mutex
	next uint64
	dict uint32
	key  sessionKey
}

// Opener opens the frames of one session. It may be used by several goroutines.
type Opener struct{ key sessionKey }

type sessionKey struct {
	id   SessionID
	aead cipher.AEAD
	bind []byte // direction and box, after the header in every AAD
	know *shared
}

// StartSession makes a session to the holder of the key and its first frame,
// signed by the sender's identity. The frame may be sent more than once.
func StartSession(to hpke.PublicKey, identity ed25519.PrivateKey, s Start) ([]byte, *Sealer, error) {
	return onLink().start(to, identity, s)
}

func (c carriage) start(to hpke.PublicKey, identity ed25519.PrivateKey, s Start) ([]byte, *Sealer, error) {
	if err := s.check(); err != nil {
		return nil, nil, err
	}
	enc, sender, err := hpke.NewSender(to, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), c.bind(s.Dir, s.Box))
	if err != nil || len(enc) != encSize {
		return nil, nil, fmt.Errorf("%w: the receiver's key", ErrSuite)
	}
	frame := append(c.header(to), enc...)
	body, err := encMode.Marshal(s)
	if err != nil {
		return nil, nil, fmt.Errorf("wire: encode start: %w", err)
	}
	sig, err := signCtx(identity, c.context, frame, body)
	if err != nil {
		return nil, nil, err
	}
	ct, err := sender.Seal(frame, pad(append(sig, body...)))
	if err != nil {
		return nil, nil, ErrStart
	}
	secret, err := sender.Export(exportLabel, chacha20poly1305.KeySize)
	if err != nil {
		return nil, nil, ErrStart
	}
	key, err := newSessionKey(secret, enc, &s)
	if err != nil {
		return nil, nil, err
	}
	return append(frame, ct...), &Sealer{key: key}, nil
}

// Expect is what the receiver of a session start knows already.
type Expect struct {
	Dir   Direction
	Box   string            // from the topic, or from the courier file's name
	From  ed25519.PublicKey // identity of the sender
	Nonce Nonce             // the receiver's own, from its last Who
}

// AcceptSession verifies a session's first frame. ErrSuite says that the frame
// is not for this key; ErrStart covers everything else that does not verify.
// ErrStale, one of these, is a start that the sender did sign, over a nonce that
// is not the expected one: it came late or again. Answer it with a Who.
func AcceptSession(frame []byte, key hpke.PrivateKey, want Expect) (Start, *Opener, error) {
	h, err := Parse(frame)
	if err != nil {
		return Start{}, nil, err
	}
	if h.Type != TypeStart {
		return Start{}, nil, ErrFrame
	}
	return onLink().accept(frame, key, want)
}

// accept is AcceptSession for a frame that is long enough to be a start.
func (c carriage) accept(frame []byte, key hpke.PrivateKey, want Expect) (Start, *Opener, error) {
	const size = startHead + encSize
	if string(frame[:startHead]) != string(c.header(key.PublicKey())) {
		return Start{}, nil, ErrSuite
	}
	head, enc := frame[:size], frame[startHead:size]
	r, err := hpke.NewRecipient(enc, key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), c.bind(want.Dir, want.Box))
	if err != nil {
		return Start{}, nil, ErrStart
	}
	plain, err := r.Open(head, frame[size:])
	if err != nil {
		return Start{}, nil, ErrStart
	}
	s, err := c.openStart(head, plain, want)
	if errors.Is(err, ErrStale) {
		return Start{}, nil, ErrStale
	} else if err != nil {
		return Start{}, nil, ErrStart
	}
	secret, err := r.Export(exportLabel, chacha20poly1305.KeySize)
	if err != nil {
		return Start{}, nil, ErrStart
	}
	k, err := newSessionKey(secret, enc, &s)
	if err != nil {
		return Start{}, nil, err
	}
	return s, &Opener{key: k}, nil
}

func (c carriage) openStart(head, plain []byte, want Expect) (s Start, err error) {
	if plain, err = unpad(plain); err != nil {
		return s, err
	}
	if len(plain) < ed25519.SignatureSize {
		return s, ErrForm
	}
	sig, body := plain[:ed25519.SignatureSize], plain[ed25519.SignatureSize:]
	if !verifyCtx(want.From, c.context, sig, head, body) {
		return s, ErrSignature
	}
	if err := decMode.Unmarshal(body, &s); err != nil {
		return s, ErrForm
	}
	if s.Dir != want.Dir || s.Box != want.Box {
		return s, ErrStart
	}
	if s.Nonce != want.Nonce {
		return s, ErrStale
	}
	return s, s.check()
}

func (s *Start) check() error {
	if s.Dir != DirUp && s.Dir != DirDown || s.Box == "" || len(s.Box) > MaxBox || len(s.Agent) > MaxBox || len(s.Reads) > maxReads {
		return ErrForm
	}
	if len(s.Common) > maxCommon {
		return ErrForm
	}
	for _, c := range s.Common {
		if len(c) < leastCut || len(c) > mostCut {
			return ErrForm
		}
	}
	return nil
}

// shared is what the start tells of strings.
func (s *Start) shared() *shared {
	out := &shared{epoch: s.Epoch}
	if s.Naming != nil {
		out.names, out.from = names.New(names.Key(s.Naming.Key)), s.Naming.From
	}
	for _, c := range s.Common {
		if len(c) == len(entry.Seed{}) {
			out.seeds = append(out.seeds, c)
		} else {
			out.list = append(out.list, c)
		}
	}
	return out
}

// ID names the session.
func (s *Sealer) ID() SessionID { return s.key.id }

// Compress has frames compressed with a dictionary that the other side said, in the
// Start of its own session, that it can read; without one in common, with none.
func (s *Sealer) Compress(theirs []uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dict = common(theirs)
}

// Seal makes a frame of the message under the next counter.
func (s *Sealer) Seal(m Message) ([]byte, error) {
	s.mu.Lock()
	dict := s.dict
	s.mu.Unlock()
	plain, err := encodeInner(m, dict, s.key.know)
	if err != nil {
		return nil, err
	}
	counter, err := s.count()
	if err != nil {
		return nil, err
	}
	frame := append(head(TypeSealed), s.key.id[:]...)
	frame = binary.AppendUvarint(frame, counter)
	if len(frame)+len(plain)+s.key.aead.Overhead() > MaxFrame {
		return nil, ErrTooLarge
	}
	nonce := frameNonce(counter)
	return s.key.aead.Seal(frame, nonce[:], plain, s.key.aad(frame)), nil
}

// count gives out a counter, before sealing: a failure wastes one, and none is used
// twice. The last one is never given out.
func (s *Sealer) count() (uint64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == math.MaxUint64 {
		return 0, ErrSpent
	}
	s.next++
	return s.next - 1, nil
}

// ID names the session.
func (o *Opener) ID() SessionID { return o.key.id }

// Open opens a sealed frame of the session and decodes its message. Frames open
// in any order and any number of times. ErrForm means that an authentic frame
// holds a message that this program cannot read.
func (o *Opener) Open(frame []byte) (Message, error) {
	h, err := Parse(frame)
	if err != nil {
		return nil, err
	}
	if h.Type != TypeSealed || h.Session != o.key.id {
		return nil, ErrSession
	}
	nonce := frameNonce(h.Counter)
	plain, err := o.key.aead.Open(nil, nonce[:], frame[h.size:], o.key.aad(frame[:h.size]))
	if err != nil {
		return nil, ErrOpen
	}
	return decodeInner(plain, o.key.know)
}

func newSessionKey(secret, enc []byte, s *Start) (sessionKey, error) {
	aead, err := chacha20poly1305.New(secret)
	if err != nil {
		return sessionKey{}, ErrStart
	}
	return sessionKey{id: sessionID(enc), aead: aead, bind: append([]byte{byte(s.Dir)}, s.Box...), know: s.shared()}, nil
}

func (k *sessionKey) aad(head []byte) []byte {
	return append(append(make([]byte, 0, len(head)+len(k.bind)), head...), k.bind...)
}

func sessionID(enc []byte) SessionID {
	sum := sha256.Sum256(enc)
	return SessionID(sum[:8])
}

func frameNonce(counter uint64) (n [chacha20poly1305.NonceSize]byte) {
	binary.BigEndian.PutUint64(n[4:], counter)
	return n
}

// bind is the info of the HPKE context.
func (c carriage) bind(d Direction, box string) []byte {
	return append(append([]byte(c.info), 0, byte(d)), box...)
}

// header is what stands before enc: the suite and the name of the key that
// it was made for, so that a receiver with several keys need not try them all.
func (c carriage) header(to hpke.PublicKey) []byte {
	b := []byte{c.magic, Version, byte(TypeStart)}
	for _, id := range [...]uint16{suiteKEM, suiteKDF, suiteAEAD} {
		b = binary.BigEndian.AppendUint16(b, id)
	}
	sum := sha256.Sum256(to.Bytes())
	return append(b, sum[:8]...)
}
