package seal

import (
	"encoding/binary"
	"hash/crc32"
)

// Summed appends the sum of a ring's bytes.
func Summed(b []byte) []byte {
	return binary.BigEndian.AppendUint32(b[:len(b):len(b)], crc32.Checksum(b, castagnoli))
}
