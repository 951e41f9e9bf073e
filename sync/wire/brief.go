package wire

import (
	"crypto/ed25519"
	"encoding/binary"
)

// BriefReceipt is a receipt for everything up to a size, without what its reader knows: its
// own name, epoch and root. The signature is that of the whole receipt, which is made
// again of these: a box keeps the same proof, and one whose tree is another finds a
// signature that does not verify.
type BriefReceipt struct {
	Signature [ed25519.SignatureSize]byte
	Size      uint64
	Time      int64 // hub time, Unix milliseconds
}

func (b BriefReceipt) kind() uint8 { return kindBrief }

func (b BriefReceipt) body() ([]byte, bool, error) {
	out := binary.AppendUvarint(b.Signature[:], b.Size)
	return binary.AppendUvarint(out, uint64(b.Time)), false, nil
}

func decodeBrief(body []byte) (Message, error) {
	var b BriefReceipt
	if len(body) < len(b.Signature) {
		return nil, ErrForm
	}
	rest := body[copy(b.Signature[:], body):]
	size, n := binary.Uvarint(rest)
	if n <= 0 {
		return nil, ErrForm
	}
	at, k := binary.Uvarint(rest[n:])
	if k <= 0 || n+k != len(rest) {
		return nil, ErrForm
	}
	b.Size, b.Time = size, int64(at)
	return b, nil
}

// Brief returns the signed receipt's brief form; false for one that says more than size,
// root and time.
func (s SignedReceipt) Brief(r *Receipt) (b BriefReceipt, ok bool) {
	if r.Echo != nil || len(r.Parked)+len(r.Holes)+len(r.Cosigned)+len(r.Ahead) > 0 || r.Time < 0 || len(s) < len(b.Signature) {
		return b, false
	}
	copy(b.Signature[:], s)
	b.Size, b.Time = r.Size, r.Time
	return b, true
}

// Whole makes the receipt again. Nothing is verified.
func (b BriefReceipt) Whole(box string, epoch Epoch, root Hash) (SignedReceipt, error) {
	body, err := encMode.Marshal(Receipt{Box: box, Epoch: epoch, Size: b.Size, Root: root, Time: b.Time})
	if err != nil {
		return nil, ErrForm
	}
	return append(append(SignedReceipt(nil), b.Signature[:]...), body...), nil
}
