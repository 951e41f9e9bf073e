package clinic

import (
	"encoding/base32"
	"strconv"
	"strings"
)

// SlipQR is what the QR on a slip says. Leaf and Root make the patient a witness
// of the journal: the paper names the entry and a tree that holds it.
type SlipQR struct {
	Slip   string // code of the slip
	Leaf   []byte // first 16–32 bytes of the entry's leaf hash
	Size   uint64 // size of the box's own journal when the paper was made
	Root   []byte // first 16–32 bytes of the tree's root at that size
	Record ID     // the patient's record; zero when the paper does not say it
}

const qrPrefix = "CB1"

// base32 in upper case keeps the payload within the alphanumeric characters of a
// QR symbol (ISO/IEC 18004 table 5), 5.5 bits each instead of 8.
var qrBase32 = base32.StdEncoding.WithPadding(base32.NoPadding)

// String writes the payload: CB1/slip/leaf/size/root, then /record when known.
// Hashes are cut to 128 bits.
func (q *SlipQR) String() string {
	parts := []string{
		qrPrefix, q.Slip, qrBase32.EncodeToString(q.Leaf[:min(16, len(q.Leaf))]),
		strconv.FormatUint(q.Size, 10), qrBase32.EncodeToString(q.Root[:min(16, len(q.Root))]),
	}
	if !q.Record.IsZero() {
		parts = append(parts, qrBase32.EncodeToString(q.Record[:]))
	}
	return strings.Join(parts, "/")
}

// ParseSlipQR reads a payload written by String, in either case. Parts after the
// ones it knows are ignored: a later version may add some.
func ParseSlipQR(s string) (*SlipQR, error) {
	if len(s) > 512 {
		return nil, ErrSlip
	}
	parts := strings.Split(strings.ToUpper(strings.TrimSpace(s)), "/")
	if len(parts) < 5 || parts[0] != qrPrefix {
		return nil, ErrSlip
	}
	slip, _, err := ParseSlip(parts[1])
	if err != nil {
		return nil, err
	}
	leaf, leafOK := hashPart(parts[2])
	root, rootOK := hashPart(parts[4])
	size, err := strconv.ParseUint(parts[3], 10, 63)
	if err != nil || !leafOK || !rootOK || strconv.FormatUint(size, 10) != parts[3] {
		return nil, ErrSlip
	}
	q := &SlipQR{Slip: slip, Leaf: leaf, Size: size, Root: root}
	if len(parts) > 5 {
		if b, ok := hashPart(parts[5]); ok && len(b) == len(q.Record) {
			q.Record = ID(b)
		}
	}
	return q, nil
}

// hashPart decodes 16–32 bytes; the encoding of a value must be the only one.
func hashPart(s string) ([]byte, bool) {
	b, err := qrBase32.DecodeString(s)
	ok := err == nil && len(b) >= 16 && len(b) <= 32 && qrBase32.EncodeToString(b) == s
	return b, ok
}
