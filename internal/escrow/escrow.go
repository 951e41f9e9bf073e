// Package escrow is the form in which a box leaves a secret with the centre, so
// that the centre can later answer a telephone call: the caller reads a challenge,
// the centre reads the answer. The answer opens one slot of one box once.
//
// The seal is HPKE in base mode, which does not say who sent it: the centre takes
// a blob only over a channel that names its box (the box's signed stream, or its
// enrolment).
package escrow

import (
	"crypto/hpke"
	"errors"
	"fmt"
	"log/slog"

	"github.com/fxamacker/cbor/v2"

	"clinicbox/internal/keyfile"
	"clinicbox/internal/spoken"
)

const (
	version = 1
	maxBlob = 4 << 10
	info    = "clinicbox/1/escrow"

	// ChallengeGroups and AnswerGroups are the lengths of the two codes. One
	// character of each is the round; 29 of the answer carry 131 bits, because who
	// has the card can try answers without asking anybody.
	ChallengeGroups, AnswerGroups = 2, 6
)

// Sentinels for callers that decide on them.
var (
	ErrBlob      = errors.New("escrow: does not open: damaged, of another centre, or of another box")
	ErrVersion   = errors.New("escrow: written by a newer program")
	ErrChallenge = errors.New("escrow: the challenge is not of this ticket")
)

// Ticket is one answer left with the centre.
type Ticket struct {
	Box       string      // name of the box, as in topics
	Slots     [16]byte    // which slots file
	Round     uint32      // number of the slot
	Challenge spoken.Code // public, short: the caller reads it aloud
	Secret    [32]byte    // the answer is derived from it
}

// String names the ticket without its secret.
func (t *Ticket) String() string { return fmt.Sprintf("ticket %d of %s", t.Round, t.Box) }

// GoString is String.
func (t *Ticket) GoString() string { return t.String() }

// LogValue is String, for logs.
func (t *Ticket) LogValue() slog.Value { return slog.StringValue(t.String()) }

// NewChallenge returns the challenge of a round.
func NewChallenge(round uint32) spoken.Code { return spoken.New(ChallengeGroups).Prefixed(round) }

// Answer is the code that opens the slot.
func (t *Ticket) Answer() spoken.Code {
	purpose := fmt.Sprintf("answer %x %d %s", t.Slots, t.Round, t.Challenge.Reveal())
	return spoken.Derive(t.Secret[:], purpose, AnswerGroups).Prefixed(t.Round)
}

// AnswerTo is Answer for the challenge as the caller read it. A mistyped one is a
// *spoken.Error, one of another ticket ErrChallenge.
func (t *Ticket) AnswerTo(challenge string) (spoken.Code, error) {
	c, err := spoken.Parse(challenge, ChallengeGroups)
	if err != nil {
		return spoken.Code{}, fmt.Errorf("escrow: challenge: %w", err)
	}
	if c.Reveal() != t.Challenge.Reveal() {
		return spoken.Code{}, ErrChallenge
	}
	return t.Answer(), nil
}

// blob is what travels; its key numbers are frozen.
type blob struct {
	V          uint   `cbor:"1,keyasint"`
	Box        string `cbor:"2,keyasint"`
	Encap      []byte `cbor:"3,keyasint"`
	Ciphertext []byte `cbor:"4,keyasint"`
}

type inner struct {
	Slots     []byte `cbor:"1,keyasint"`
	Round     uint32 `cbor:"2,keyasint"`
	Challenge string `cbor:"3,keyasint"`
	Secret    []byte `cbor:"4,keyasint"`
}

// Centre is whom an escrow is for, and the box it comes from.
type Centre struct {
	HPKE hpke.PublicKey // the centre's, pinned
	Box  string         // name of this box
}

// Seal closes the ticket to the centre.
func Seal(c Centre, t *Ticket) ([]byte, error) {
	if c.HPKE == nil || !keyfile.ValidName(c.Box) {
		return nil, errors.New("escrow: no key of the centre, or no name of the box")
	}
	plain, err := cbor.Marshal(inner{t.Slots[:], t.Round, t.Challenge.Reveal(), t.Secret[:]})
	if err != nil {
		return nil, fmt.Errorf("escrow: %w", err)
	}
	defer clear(plain)
	enc, s, err := hpke.NewSender(c.HPKE, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info))
	if err != nil {
		return nil, fmt.Errorf("escrow: %w", err)
	}
	ct, err := s.Seal([]byte(c.Box), plain)
	if err != nil {
		return nil, fmt.Errorf("escrow: %w", err)
	}
	return cbor.Marshal(blob{version, c.Box, enc, ct})
}

// Open opens a blob with the centre's key. The box is the one whose channel
// brought it; a blob that names another one does not open.
func Open(k hpke.PrivateKey, box string, b []byte) (*Ticket, error) {
	var w blob
	if len(b) > maxBlob || cbor.Unmarshal(b, &w) != nil {
		return nil, ErrBlob
	}
	if w.V > version {
		return nil, ErrVersion
	}
	if w.V != version || w.Box != box {
		return nil, ErrBlob
	}
	r, err := hpke.NewRecipient(w.Encap, k, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), []byte(info))
	if err != nil {
		return nil, ErrBlob // flat on purpose
	}
	plain, err := r.Open([]byte(box), w.Ciphertext)
	if err != nil {
		return nil, ErrBlob
	}
	defer clear(plain)
	return ticket(box, plain)
}

func ticket(box string, plain []byte) (*Ticket, error) {
	var in inner
	if cbor.Unmarshal(plain, &in) != nil {
		return nil, ErrBlob
	}
	defer clear(in.Secret)
	t := &Ticket{Box: box, Round: in.Round}
	c, err := spoken.Parse(in.Challenge, ChallengeGroups)
	if err != nil || len(in.Slots) != len(t.Slots) || len(in.Secret) != len(t.Secret) {
		return nil, ErrBlob
	}
	t.Challenge = c
	copy(t.Slots[:], in.Slots)
	copy(t.Secret[:], in.Secret)
	return t, nil
}
