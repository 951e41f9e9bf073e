package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"clinicbox/clinic"
	"clinicbox/internal/entry"
	"clinicbox/store/seal"
)

const (
	headerMagic   = "CBXJRNL1"
	formatVersion = 1
	headerCopy    = 512            // one sector each: a torn sector leaves the other
	headerSize    = 2 * headerCopy // where frames begin
	headerLen     = 8 + 2 + 1 + 1 + 4 + 8 + 8 + 8 + 32 + sealedSeedLen + 4
	sealedSeedLen = 32 + seal.Overhead
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sealers open what each key of the ring sealed.
type sealers map[seal.KeyID]*seal.Sealer

func newSealers(r seal.Ring) sealers {
	out := sealers{}
	for k := range r.All() {
		out[k.ID()] = seal.NewSealer(k.Sub("journal"))
	}
	return out
}

// header says which segment a file is.
type header struct {
	kind    clinic.Journal
	segment uint32
	first   uint64
	epoch   [8]byte
	keyID   seal.KeyID
	root    [32]byte // of the tree at first; zero without a tree
	seed    entry.Seed
	seal    *seal.Sealer // of the key
}

// encode writes both copies.
func (h *header) encode() []byte {
	b := make([]byte, 0, headerSize)
	b = append(b, headerMagic...)
	b = binary.BigEndian.AppendUint16(b, formatVersion)
	b = append(b, byte(h.kind), 0)
	b = binary.BigEndian.AppendUint32(b, h.segment)
	b = binary.BigEndian.AppendUint64(b, h.first)
	b = append(b, h.epoch[:]...)
	b = append(b, h.keyID[:]...)
	b = append(b, h.root[:]...)
	b = h.seal.Seal(b, h.seed[:], bytes.Clone(b))
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	out := make([]byte, headerSize)
	copy(out, b)
	copy(out[headerCopy:], b)
	return out
}

// parseHeader reads the first good copy of the header block.
func parseHeader(block []byte, keys sealers) (header, error) {
	err := fmt.Errorf("%w: file shorter than its header", ErrCorrupt)
	for at := 0; at+headerLen <= len(block); at += headerCopy {
		var h header
		if h, err = parseCopy(block[at:at+headerLen], keys); err == nil {
			return h, nil
		}
	}
	return header{}, err
}

func parseCopy(b []byte, keys sealers) (h header, err error) {
	if string(b[:8]) != headerMagic {
		return h, fmt.Errorf("%w: no journal header", ErrCorrupt)
	}
	// The version comes before the sum: a newer header may have another length.
	if v := binary.BigEndian.Uint16(b[8:]); v > formatVersion {
		return h, fmt.Errorf("%w: format %d, this program knows %d", ErrVersion, v, formatVersion)
	}
	sum := len(b) - 4
	if crc32.Checksum(b[:sum], castagnoli) != binary.BigEndian.Uint32(b[sum:]) {
		return h, fmt.Errorf("%w: header sum differs", ErrCorrupt)
	}
	h.kind = clinic.Journal(b[10])
	h.segment = binary.BigEndian.Uint32(b[12:])
	h.first = binary.BigEndian.Uint64(b[16:])
	copy(h.epoch[:], b[24:])
	copy(h.keyID[:], b[32:])
	copy(h.root[:], b[40:])
	if h.seal = keys[h.keyID]; h.seal == nil {
		return h, fmt.Errorf("%w: key %x is not among the %d known", ErrKey, h.keyID, len(keys))
	}
	seed, err := h.seal.Open(nil, b[72:72+sealedSeedLen], b[:72])
	if err != nil {
		return h, fmt.Errorf("%w: header does not open", ErrCorrupt)
	}
	copy(h.seed[:], seed)
	return h, nil
}
