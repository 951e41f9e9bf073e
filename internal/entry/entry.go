// Package entry is the form in which everything that happens is kept and sent:
// deterministic CBOR (RFC 8949 section 4.2.1) with integer keys, its salt, and
// its leaf hash in the Merkle tree of the journal (RFC 6962 section 2.1).
//
// The bytes of an entry are kept for ever as they were first written, so keys
// that this version does not know survive storage, sync and re-issue.
package entry

import (
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"clinicbox/clinic"
	"clinicbox/internal/strictcbor"
)

// MaxSize is the largest entry in bytes; anything larger is a blob.
const MaxSize = 16 << 10

// Version is the form written by this program.
const Version = 1

// Sentinels for callers that decide on them.
var (
	ErrTooLarge = errors.New("entry: larger than 16 KiB")
	ErrForm     = errors.New("entry: malformed")
)

// Entry is the head of an entry and its undecoded body. Key numbers are frozen. IDs
// and leaf hashes are slices here because arrays are decoded byte by byte.
type Entry struct {
	V        uint8           `cbor:"1,keyasint"`
	Kind     clinic.Kind     `cbor:"2,keyasint"`
	Act      []byte          `cbor:"3,keyasint"`
	HLC      uint64          `cbor:"4,keyasint"` // ms since 1970 << 16 | counter
	Event    int64           `cbor:"5,keyasint"` // Unix seconds
	Trusted  bool            `cbor:"6,keyasint,omitempty"`
	Author   []byte          `cbor:"7,keyasint,omitempty"`
	Subject  []byte          `cbor:"8,keyasint,omitempty"`
	Visit    []byte          `cbor:"9,keyasint,omitempty"`
	Corrects []byte          `cbor:"10,keyasint,omitempty"`
	Why      string          `cbor:"11,keyasint,omitempty"`
	Body     cbor.RawMessage `cbor:"12,keyasint"`
}

var (
	encMode = strictcbor.Encoding()
	decMode = strictcbor.Decoding(strictcbor.Limits{Nested: 16, Elements: 4096, Pairs: 4096})
)

// Encode writes the draft as entry bytes, at most MaxSize.
func Encode(d clinic.Draft, act, author clinic.ID, hlc uint64, trusted bool) ([]byte, error) {
	body, err := encMode.Marshal(d.Body)
	if err != nil {
		return nil, fmt.Errorf("entry: body of %v: %w", d.Kind, err)
	}
	e := Entry{
		V: Version, Kind: d.Kind, Act: act[:], HLC: hlc, Event: d.Event.Unix(), Trusted: trusted,
		Author: optional(author[:]), Subject: optional(d.Subject[:]), Visit: optional(d.Visit[:]),
		Corrects: optional(d.Corrects[:]), Why: d.Why, Body: body,
	}
	b, err := encMode.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("entry: %v: %w", d.Kind, err)
	}
	if len(b) > MaxSize {
		return nil, ErrTooLarge
	}
	return b, nil
}

// Decode reads entry bytes. An unknown kind, key or version is no error: the
// body is nil, or lacks what this program does not know.
func Decode(b []byte, ref clinic.Ref, leaf clinic.Leaf) (clinic.Record, error) {
	return DecodeIf(b, ref, leaf, func(clinic.Kind) bool { return true })
}

// DecodeIf is Decode that reads the body of wanted kinds only; others have none.
func DecodeIf(b []byte, ref clinic.Ref, leaf clinic.Leaf, want func(clinic.Kind) bool) (clinic.Record, error) {
	if len(b) > MaxSize {
		return clinic.Record{}, ErrTooLarge
	}
	var e Entry
	if err := decMode.Unmarshal(b, &e); err != nil {
		return clinic.Record{}, fmt.Errorf("%w: head", ErrForm) // no content in errors
	}
	var body any
	if want(e.Kind) {
		body = clinic.NewBody(e.Kind)
	}
	if body != nil {
		if err := decMode.Unmarshal(e.Body, body); err != nil {
			return clinic.Record{}, fmt.Errorf("%w: body of %v", ErrForm, e.Kind)
		}
	}
	rec := clinic.Record{
		Ref: ref, Leaf: leaf, Kind: e.Kind, HLC: e.HLC,
		Event: time.Unix(e.Event, 0).In(clinic.ICT), Trusted: e.Trusted, Why: e.Why, Body: body,
	}
	copy(rec.Act[:], e.Act)
	copy(rec.Author[:], e.Author)
	copy(rec.Subject[:], e.Subject)
	copy(rec.Visit[:], e.Visit)
	copy(rec.Corrects[:], e.Corrects)
	return rec, nil
}

// optional leaves zeros out.
func optional(b []byte) []byte {
	for _, c := range b {
		if c != 0 {
			return b
		}
	}
	return nil
}
