package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"

	"clinicbox/clinic"
)

// Beside each segment stands a file that saves work and holds a second copy of
// what damage must not take: magic "CBXIDX01" | segment u32 | count u32 | end of
// frames u64 | header block of the segment | offset u32 each | CRC-32C u32 | leaf
// hash [32] each | CRC-32C u32. While the segment grows, the count is 0. All of it
// can be made again from a sound segment.
const (
	offsetsMagic = "CBXIDX01"
	offsetsHead  = 24 + headerSize
)

var errOffsets = errors.New("journal: offsets file unusable")

func encodeOffsets(g *segment, leaves []clinic.Leaf) []byte {
	b := make([]byte, 0, offsetsHead+(4+hashSize)*len(g.offsets)+8)
	b = append(b, offsetsMagic...)
	b = binary.BigEndian.AppendUint32(b, g.segment)
	b = binary.BigEndian.AppendUint32(b, uint32(len(g.offsets)))
	b = binary.BigEndian.AppendUint64(b, uint64(g.end))
	b = append(b, g.block...)
	for _, o := range g.offsets {
		b = binary.BigEndian.AppendUint32(b, o)
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	from := len(b)
	for i := range leaves {
		b = append(b, leaves[i][:]...)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b[from:], castagnoli))
}

// decodeOffsets reads the part up to the first sum.
func decodeOffsets(b []byte, segment uint32) (offsets []uint32, end int64, head []byte, err error) {
	if len(b) < offsetsHead+4 || string(b[:8]) != offsetsMagic || binary.BigEndian.Uint32(b[8:]) != segment {
		return nil, 0, nil, errOffsets
	}
	n := int(binary.BigEndian.Uint32(b[12:]))
	if len(b) != offsetsHead+4*n+4 || !summed(b) {
		return nil, 0, nil, errOffsets
	}
	end = int64(binary.BigEndian.Uint64(b[16:]))
	offsets = make([]uint32, n)
	for i := range offsets {
		offsets[i] = binary.BigEndian.Uint32(b[offsetsHead+4*i:])
		if int64(offsets[i]) >= end && offsets[i] != 0 {
			return nil, 0, nil, errOffsets
		}
	}
	return offsets, end, b[24:offsetsHead], nil
}

// summed tells whether bytes end in their own sum.
func summed(b []byte) bool {
	n := len(b) - 4
	return n >= 0 && crc32.Checksum(b[:n], castagnoli) == binary.BigEndian.Uint32(b[n:])
}

// loadOffsets reads the part up to the first sum only: opening needs no leaves.
func loadOffsets(path string, segment uint32) (offsets []uint32, end int64, head []byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, 0, nil, err
	}
	n, ok := countIn(fi.Size())
	if !ok {
		return nil, 0, nil, errOffsets
	}
	b := make([]byte, offsetsHead+4*n+4)
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, 0, nil, err
	}
	return decodeOffsets(b, segment)
}

// countIn tells how many entries a file of the size is of.
func countIn(size int64) (n int, ok bool) {
	rest := size - offsetsHead - 8
	return int(rest / (4 + hashSize)), rest >= 0 && rest%(4+hashSize) == 0
}

// loadLeaves reads the leaf hashes of a finished segment; nil when there are none.
func loadLeaves(path string) []clinic.Leaf {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	n, ok := countIn(int64(len(b)))
	if !ok || !summed(b[offsetsHead+4*n+4:]) {
		return nil
	}
	leaves := make([]clinic.Leaf, n)
	for i := range leaves {
		copy(leaves[i][:], b[offsetsHead+4*n+4+i*hashSize:])
	}
	return leaves
}
