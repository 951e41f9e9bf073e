// Package proven is the form in which one entry of a log leaves the box together with
// what an outsider needs to check it without us: the entry's bytes and salt, its place
// in the log, and the path from its leaf hash to the root of a signed checkpoint
// (RFC 6962 section 2.1.1).
//
// There are two writings of the same thing. Alone, it is a C2SP tlog-proof file whose
// extra line holds salt || entry bytes: exactly the leaf data of RFC 6962, so that any
// tool that reads such proofs hashes it and needs to know nothing else of us. In an
// export of many entries it is a JSON object a line (Entry's JSON form), and the
// checkpoint stands once for all of them.
package proven

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/entry"
)

// Sentinels for callers that decide on them.
var (
	// ErrForm tells that bytes are no proven entry.
	ErrForm = errors.New("proven: malformed")
	// ErrLeaf tells that bytes and salt are not those of the leaf hash.
	ErrLeaf = errors.New("proven: the bytes are not those that were recorded")
	// ErrHole tells that the bytes are lost: only the leaf hash can be shown.
	ErrHole = errors.New("proven: the entry can no longer be read")
)

const saltLen = len(entry.Salt{})

// Entry is an entry and its way to a root. One that can no longer be read has nil
// Bytes and its leaf hash all the same.
type Entry struct {
	Index uint64
	Leaf  clinic.Leaf
	Salt  entry.Salt
	Bytes []byte
	Path  [][32]byte // from the leaf up; its length follows from index and size
}

// Under shows that the log held the entry when it had the checkpoint's root. It is the
// caller's duty to have verified the checkpoint (checkpoint.Open). ErrLeaf,
// checkpoint.ErrProof.
func (e *Entry) Under(c checkpoint.Checkpoint) error {
	if e.Bytes != nil && entry.LeafHash(e.Salt, e.Bytes) != e.Leaf {
		return fmt.Errorf("%w (entry %d)", ErrLeaf, e.Index)
	}
	return c.Holds(e.Index, e.Leaf, e.Path)
}

// Record reads the entry, whose place on this box nobody knows: the reference is zero.
func (e *Entry) Record() (clinic.Record, error) {
	if e.Bytes == nil {
		return clinic.Record{Leaf: e.Leaf}, ErrHole
	}
	return entry.Decode(e.Bytes, clinic.Ref{}, e.Leaf)
}

// File writes the entry with the signed checkpoint that it leads to as a C2SP
// tlog-proof.
func (e *Entry) File(signed []byte) ([]byte, error) {
	if e.Bytes == nil {
		return nil, ErrHole
	}
	p := checkpoint.Proof{Index: e.Index, Hashes: e.Path, Checkpoint: signed, Extra: append(e.Salt[:], e.Bytes...)}
	return p.Encode(), nil
}

// ParseFile reads what File wrote. It verifies nothing but the form: the leaf hash is
// that of the bytes in the file.
func ParseFile(b []byte) (e Entry, signed []byte, err error) {
	p, err := checkpoint.ParseProof(b)
	if err != nil {
		return e, nil, err
	}
	if len(p.Extra) <= saltLen || len(p.Extra) > saltLen+entry.MaxSize {
		return e, nil, fmt.Errorf("%w: extra of %d bytes", ErrForm, len(p.Extra))
	}
	e = Entry{Index: p.Index, Salt: entry.Salt(p.Extra[:saltLen]), Bytes: p.Extra[saltLen:], Path: p.Hashes}
	e.Leaf = entry.LeafHash(e.Salt, e.Bytes)
	return e, p.Checkpoint, nil
}

// Open reads a file and verifies all of it: the log's signature under its checkpoint,
// and that the log holds the entry.
func Open(file []byte, key ed25519.PublicKey) (Entry, checkpoint.Checkpoint, error) {
	e, signed, err := ParseFile(file)
	if err != nil {
		return e, checkpoint.Checkpoint{}, err
	}
	c, err := checkpoint.Open(signed, key)
	if err != nil {
		return e, c, err
	}
	return e, c, e.Under(c)
}

// line is the JSON form. Names are frozen; byte strings are base64 (RFC 4648 section
// 4) with padding, as encoding/json writes them.
type line struct {
	Index uint64   `json:"index"`
	Leaf  []byte   `json:"leaf"`
	Salt  []byte   `json:"salt,omitempty"`
	Entry []byte   `json:"entry,omitempty"`
	Path  [][]byte `json:"path,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (e Entry) MarshalJSON() ([]byte, error) {
	l := line{Index: e.Index, Leaf: e.Leaf[:]}
	if e.Bytes != nil {
		l.Salt, l.Entry = e.Salt[:], e.Bytes
	}
	for i := range e.Path {
		l.Path = append(l.Path, e.Path[i][:])
	}
	return json.Marshal(l)
}

// UnmarshalJSON implements json.Unmarshaler. It verifies nothing but the form.
func (e *Entry) UnmarshalJSON(b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return fmt.Errorf("%w: JSON", ErrForm) // the cause may quote the entry
	}
	hole := len(l.Entry) == 0 && len(l.Salt) == 0
	if len(l.Leaf) != len(e.Leaf) || len(l.Entry) > entry.MaxSize || len(l.Path) > checkpoint.MaxPath ||
		!hole && (len(l.Salt) != saltLen || len(l.Entry) == 0) {
		return fmt.Errorf("%w: lengths", ErrForm)
	}
	out := Entry{Index: l.Index, Leaf: clinic.Leaf(l.Leaf)}
	if !hole {
		out.Salt, out.Bytes = entry.Salt(l.Salt), l.Entry
	}
	for _, h := range l.Path {
		if len(h) != 32 {
			return fmt.Errorf("%w: path", ErrForm)
		}
		out.Path = append(out.Path, [32]byte(h))
	}
	*e = out
	return nil
}
