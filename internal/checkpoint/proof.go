package checkpoint

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Extension is how files with a proof end (C2SP tlog-proof).
const Extension = ".tlog-proof"

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	maxExtra    = 64 << 10
)

// MaxPath bounds the hashes of a path: the height of a tree whose size is an int64.
const MaxPath = 63

// Proof shows that a log holds an entry at an index: RFC 6962 section 2.1.1, with the
// checkpoint that it leads to.
type Proof struct {
	Index      uint64
	Extra      []byte // of the application's; nothing of the proof covers it
	Hashes     [][32]byte
	Checkpoint []byte // signed
}

// Prove makes the proof of an entry below the checkpoint's size.
func Prove(index uint64, signed []byte, hashes tlog.HashReader) (*Proof, error) {
	c, err := Unverified(signed)
	if err != nil {
		return nil, err
	}
	path, err := Path(index, c.Size, hashes)
	if err != nil {
		return nil, err
	}
	return &Proof{Index: index, Checkpoint: signed, Hashes: path}, nil
}

// Path returns the hashes from an entry's leaf up to the root at a size (RFC 6962
// section 2.1.1).
func Path(index, size uint64, hashes tlog.HashReader) ([][32]byte, error) {
	if index >= size || size > math.MaxInt64 {
		return nil, fmt.Errorf("%w: entry %d of %d", ErrProof, index, size)
	}
	path, err := tlog.ProveRecord(int64(size), int64(index), hashes)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: prove: %w", err)
	}
	return fromHashes(path), nil
}

// Encode writes the proof as text.
func (p *Proof) Encode() []byte {
	b := []byte(proofHeader + "\n")
	if len(p.Extra) > 0 {
		b = fmt.Appendf(b, "extra %s\n", base64.StdEncoding.EncodeToString(p.Extra))
	}
	b = fmt.Appendf(b, "index %d\n", p.Index)
	for _, h := range p.Hashes {
		b = fmt.Appendf(b, "%s\n", base64.StdEncoding.EncodeToString(h[:]))
	}
	return append(append(b, '\n'), p.Checkpoint...)
}

// ParseProof reads what Encode wrote. It verifies nothing.
func ParseProof(b []byte) (*Proof, error) {
	head, signed, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok || len(b) > MaxSize+maxExtra*2+MaxPath*64 {
		return nil, fmt.Errorf("%w: no proof", ErrFormat)
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != proofHeader {
		return nil, fmt.Errorf("%w: no proof of a version that is known", ErrFormat)
	}
	p, lines := &Proof{Checkpoint: signed}, lines[1:]
	var err error
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		p.Extra, err = base64.StdEncoding.Strict().DecodeString(lines[0][len("extra "):])
		if err != nil || len(p.Extra) == 0 || len(p.Extra) > maxExtra {
			return nil, fmt.Errorf("%w: extra", ErrFormat)
		}
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") || len(lines) > 1+MaxPath {
		return nil, fmt.Errorf("%w: index", ErrFormat)
	}
	n := lines[0][len("index "):]
	if p.Index, err = strconv.ParseUint(n, 10, 63); err != nil || strconv.FormatUint(p.Index, 10) != n {
		return nil, fmt.Errorf("%w: index", ErrFormat)
	}
	for _, l := range lines[1:] {
		h, err := parseHash(l)
		if err != nil {
			return nil, err
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// Verify shows that the log whose key it is holds the leaf (RFC 6962 leaf hash).
func (p *Proof) Verify(leaf [32]byte, key ed25519.PublicKey) (Checkpoint, error) {
	c, err := Open(p.Checkpoint, key)
	if err != nil {
		return c, err
	}
	return c, c.Holds(p.Index, leaf, p.Hashes)
}

// Holds verifies the path from an entry's leaf hash to the root. It is the caller's
// duty to have verified the checkpoint.
func (c Checkpoint) Holds(index uint64, leaf [32]byte, path [][32]byte) error {
	if index >= c.Size || c.Size > math.MaxInt64 {
		return fmt.Errorf("%w: entry %d of %d", ErrProof, index, c.Size)
	}
	if err := tlog.CheckRecord(toHashes(path), int64(c.Size), tlog.Hash(c.Root), int64(index), leaf); err != nil {
		return fmt.Errorf("%w: entry %d", ErrProof, index)
	}
	return nil
}

// Grow makes the proof that the log at a later size still begins with what it was at
// an earlier one (RFC 6962 section 2.1.2): 0 < from ≤ to.
func Grow(from, to uint64, hashes tlog.HashReader) ([][32]byte, error) {
	if from == 0 || from > to {
		return nil, fmt.Errorf("%w: from %d to %d", ErrProof, from, to)
	}
	path, err := tlog.ProveTree(int64(to), int64(from), hashes)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: prove: %w", err)
	}
	return fromHashes(path), nil
}

// Grew verifies what Grow made: both checkpoints are of one log that only grew.
func Grew(from, to Checkpoint, proof [][32]byte) error {
	if from.Origin != to.Origin || from.Size > to.Size {
		return fmt.Errorf("%w: %s %d to %s %d", ErrProof, from.Origin, from.Size, to.Origin, to.Size)
	}
	if from.Size == 0 {
		return nil // everything begins with nothing
	}
	if err := tlog.CheckTree(toHashes(proof), int64(to.Size), tlog.Hash(to.Root), int64(from.Size), tlog.Hash(from.Root)); err != nil {
		return fmt.Errorf("%w: %d does not begin with %d", ErrProof, to.Size, from.Size)
	}
	return nil
}

func fromHashes(in []tlog.Hash) [][32]byte {
	out := make([][32]byte, len(in))
	for i, h := range in {
		out[i] = h
	}
	return out
}

func toHashes(in [][32]byte) []tlog.Hash {
	out := make([]tlog.Hash, len(in))
	for i, h := range in {
		out[i] = h
	}
	return out
}
