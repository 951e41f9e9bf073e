package journal

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
)

// A finished segment has a file of its frames' offsets, so that opening needs no
// scan: magic "CBXIDX01" | segment u32 | count u32 | end of frames u64 | header
// block of the segment (a third copy) | offset u32 each | CRC-32C u32. It can be
// made again from the segment at any time.
const (
	offsetsMagic = "CBXIDX01"
	offsetsHead  = 24 + headerSize
)

var errOffsets = errors.New("journal: offsets file unusable")

func encodeOffsets(segment uint32, end int64, head []byte, offsets []uint32) []byte {
	b := make([]byte, 0, offsetsHead+4*len(offsets)+4)
	b = append(b, offsetsMagic...)
	b = binary.BigEndian.AppendUint32(b, segment)
	b = binary.BigEndian.AppendUint32(b, uint32(len(offsets)))
	b = binary.BigEndian.AppendUint64(b, uint64(end))
	b = append(b, head...)
	for _, o := range offsets {
		b = binary.BigEndian.AppendUint32(b, o)
	}
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeOffsets(b []byte, segment uint32) (offsets []uint32, end int64, head []byte, err error) {
	if len(b) < offsetsHead+4 || string(b[:8]) != offsetsMagic || binary.BigEndian.Uint32(b[8:]) != segment {
		return nil, 0, nil, errOffsets
	}
	n := int(binary.BigEndian.Uint32(b[12:]))
	if len(b) != offsetsHead+4*n+4 || crc32.Checksum(b[:len(b)-4], castagnoli) != binary.BigEndian.Uint32(b[len(b)-4:]) {
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

func loadOffsets(path string, segment uint32) (offsets []uint32, end int64, head []byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, nil, err
	}
	return decodeOffsets(b, segment)
}
