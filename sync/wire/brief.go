package wire

import (
	"crypto/ed25519"
	"encoding/binary"
)

// cosignedSize is that of a cosignature without what its reader knows.
const cosignedSize = 8 + ed25519.SignatureSize

// BriefReceipt is a receipt for everything up to a size, without what its reader knows: its
// own name, epoch and root. The signature is that of the whole receipt, which is made
// again of these: a box keeps the same proof, and one whose tree is another finds a
// signature that does not verify.
type BriefReceipt struct {
	Signature [ed25519.SignatureSize]byte
	Size      uint64
	Time      int64 // hub time, Unix milliseconds
	// Cosigned is the receipt's, 72 bytes, or empty.
	Cosigned []byte
}

func (b BriefReceipt) kind() uint8 { return kindBrief }

func (b BriefReceipt) body() ([]byte, bool, error) {
	out := binary.AppendUvarint(b.Signature[:], b.Size)
	return append(binary.AppendUvarint(out, uint64(b.Time)), b.Cosigned...), false, nil
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
	if k <= 0 || len(rest)-n-k != 0 && len(rest)-n-k != cosignedSize {
		return nil, ErrForm
	}
	b.Size, b.Time = size, int64(at)
	b.Cosigned = append(b.Cosigned, rest[n+k:]...)
	return b, nil
}

// Brief returns the signed receipt's brief form; false for one that says more than size,
// root, time and the cosignature.
func (s SignedReceipt) Brief(r *Receipt) (b BriefReceipt, ok bool) {
	if r.Echo != nil || len(r.Parked)+len(r.Holes)+len(r.Ahead) > 0 || r.Time < 0 || len(r.Cosigned) != 0 && len(r.Cosigned) != cosignedSize || len(s) < len(b.Signature) {
		return b, false
	}
	copy(b.Signature[:], s)
	b.Size, b.Time, b.Cosigned = r.Size, r.Time, r.Cosigned
	return b, true
}

// Whole makes the receipt again. Nothing is verified.
func (b BriefReceipt) Whole(box string, epoch Epoch, root Hash) (SignedReceipt, error) {
	body, err := encMode.Marshal(Receipt{Box: box, Epoch: epoch, Size: b.Size, Root: root, Time: b.Time, Cosigned: b.Cosigned})
	if err != nil {
		return nil, ErrForm
	}
	return append(append(SignedReceipt(nil), b.Signature[:]...), body...), nil
}
