package wire

import (
	"crypto/ed25519"
	"math"
	"time"

	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
)

const (
	receiptContext = "clinicbox receipt v1"
	downContext    = "clinicbox down v1"
	pongContext    = "clinicbox hub time v1"

	maxRanges = 1024 // of a receipt, each kind
	maxAhead  = 64   // of what it holds ahead
)

// Range is a stretch of indices from From up to, not including, To.
type Range struct {
	_    struct{} `cbor:",toarray"`
	From uint64
	To   uint64
}

// Receipt is the hub's word that it stores the entries below Size, whose tree
// has Root. It alone marks records as safe. Key numbers are frozen.
type Receipt struct {
	Box    string  `cbor:"1,keyasint"`
	Epoch  Epoch   `cbor:"2,keyasint"`
	Size   uint64  `cbor:"3,keyasint"`
	Root   Hash    `cbor:"4,keyasint"`
	Parked []Range `cbor:"5,keyasint,omitempty"` // stored, but the hub cannot read them yet
	Holes  []Range `cbor:"6,keyasint,omitempty"` // of which the hub has the leaf hash only
	Time   int64   `cbor:"7,keyasint"`           // hub time, Unix milliseconds
	Echo   *Nonce  `cbor:"8,keyasint,omitempty"` // of the Ping that it answers
	// Cosigned is the centre's cosignature of exactly that tree (C2SP tlog-cosignature:
	// Unix seconds and signature): everything below it stands in a log that only ever
	// grew. None while the box did not sign a checkpoint of that size.
	Cosigned []byte `cbor:"9,keyasint,omitempty"`

	// Ahead is what came early and is kept in memory: not stored, and gone when the
	// hub restarts. What stands between Size and its end need not come again.
	Ahead []Range `cbor:"10,keyasint,omitempty"`
}

// At returns the hub's time in the receipt.
func (r *Receipt) At() time.Time { return time.UnixMilli(r.Time) }

// Answers reports whether the receipt was made after the Ping with the nonce.
func (r *Receipt) Answers(n Nonce) bool { return r.Echo != nil && *r.Echo == n }

// Witness is the name under which the centre cosigns.
const Witness = "cb/centre"

func (r *Receipt) head() checkpoint.Checkpoint {
	return checkpoint.Checkpoint{Origin: checkpoint.Origin(r.Box, r.Epoch), Size: r.Size, Root: r.Root}
}

// Cosign puts the centre's cosignature into a receipt that is not signed yet. It is for
// a tree whose checkpoint the box signed, and that grew from all that the centre holds.
func (r *Receipt) Cosign(hub ed25519.PrivateKey, at time.Time) (err error) {
	r.Cosigned, err = checkpoint.CosignBare(r.head(), hub, at)
	return err
}

// Note is the checkpoint of the receipt's tree as anybody can verify it: signed by the
// box's key, cosigned by the centre's. nil without a cosignature.
func (r *Receipt) Note(box ed25519.PrivateKey, hub ed25519.PublicKey) ([]byte, error) {
	if len(r.Cosigned) == 0 {
		return nil, nil
	}
	return checkpoint.Join(r.head(), box, checkpoint.Cosigner{Name: Witness, Key: hub}, r.Cosigned)
}

// SignedReceipt is a receipt and its signature: what travels, and what a box
// keeps as proof.
type SignedReceipt []byte

func (s SignedReceipt) kind() uint8                 { return kindReceipt }
func (s SignedReceipt) body() ([]byte, bool, error) { return s, false, nil }

// Sign makes the receipt proof. Lists beyond 1,024 ranges are cut: what is cut
// shows in a later receipt.
func (r Receipt) Sign(hub ed25519.PrivateKey) (SignedReceipt, error) {
	r.Parked = r.Parked[:min(len(r.Parked), maxRanges)]
	r.Holes = r.Holes[:min(len(r.Holes), maxRanges)]
	r.Ahead = r.Ahead[:min(len(r.Ahead), maxAhead)]
	return sign(hub, receiptContext, r)
}

// Verify checks the hub's signature, and its cosignature when there is one, and returns
// the receipt.
func (s SignedReceipt) Verify(hub ed25519.PublicKey) (Receipt, error) {
	var r Receipt
	if err := verify(hub, receiptContext, s, &r); err != nil {
		return Receipt{}, err
	}
	if _, ok := checkpoint.CosignedBare(r.head(), hub, r.Cosigned); !ok && len(r.Cosigned) > 0 {
		return Receipt{}, ErrSignature
	}
	if len(r.Box) > MaxBox || !ordered(r.Parked, r.Size) || !ordered(r.Holes, r.Size) ||
		!ordered(r.Ahead, math.MaxUint64) || len(r.Ahead) > 0 && r.Ahead[0].From <= r.Size {
		return Receipt{}, ErrForm
	}
	return r, nil
}

// ordered reports whether the ranges are apart, ascending and below size.
func ordered(rs []Range, size uint64) bool {
	last := uint64(0)
	for _, r := range rs {
		if r.From < last || r.From >= r.To || r.To > size {
			return false
		}
		last = r.To
	}
	return len(rs) <= maxRanges
}

// Down carries consecutive entries that the hub gives a box. Epoch is the hub's
// numbering for it; First counts from 0. Key numbers are frozen.
type Down struct {
	Box     string   `cbor:"1,keyasint"`
	Epoch   Epoch    `cbor:"2,keyasint"`
	First   uint64   `cbor:"3,keyasint"`
	Entries []Salted `cbor:"4,keyasint"`
}

// Salted is an entry with its salt: together they give its leaf hash.
type Salted struct {
	Salt  Salt   `cbor:"1,keyasint"`
	Bytes []byte `cbor:"2,keyasint"`
}

// Salt is entry.Salt in CBOR.
type Salt entry.Salt

// SignedDown is down data and its signature.
type SignedDown []byte

func (s SignedDown) kind() uint8                 { return kindDown }
func (s SignedDown) body() ([]byte, bool, error) { return s, true, nil }

// Sign makes the message. The hub keeps no signed form: it may pack entries
// differently when it sends them again.
func (d Down) Sign(hub ed25519.PrivateKey) (SignedDown, error) {
	if !d.valid() {
		return nil, ErrForm
	}
	return sign(hub, downContext, d)
}

// Verify checks the hub's signature and returns the entries.
func (s SignedDown) Verify(hub ed25519.PublicKey) (Down, error) {
	var d Down
	if err := verify(hub, downContext, s, &d); err != nil {
		return Down{}, err
	}
	if !d.valid() {
		return Down{}, ErrForm
	}
	return d, nil
}

// Next returns the number after the last entry.
func (d *Down) Next() uint64 { return d.First + uint64(len(d.Entries)) }

func (d *Down) valid() bool {
	if d.Box == "" || len(d.Box) > MaxBox || len(d.Entries) == 0 {
		return false
	}
	for _, e := range d.Entries {
		if len(e.Bytes) == 0 || len(e.Bytes) > entry.MaxSize {
			return false
		}
	}
	return d.First <= math.MaxUint64-uint64(len(d.Entries))
}

// Pong is the hub's signed time in answer to a Ping.
type Pong struct {
	Box   string `cbor:"1,keyasint"`
	Nonce Nonce  `cbor:"2,keyasint"` // the Ping's
	Time  int64  `cbor:"3,keyasint"` // Unix milliseconds
}

// SignedPong is a pong and its signature.
type SignedPong []byte

func (s SignedPong) kind() uint8                 { return kindPong }
func (s SignedPong) body() ([]byte, bool, error) { return s, false, nil }

// Sign makes the message.
func (p Pong) Sign(hub ed25519.PrivateKey) (SignedPong, error) { return sign(hub, pongContext, p) }

// Verify checks the hub's signature and returns the pong.
func (s SignedPong) Verify(hub ed25519.PublicKey) (Pong, error) {
	var p Pong
	if err := verify(hub, pongContext, s, &p); err != nil {
		return Pong{}, err
	}
	return p, nil
}
