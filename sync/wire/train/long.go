package train

import "encoding/binary"

// long tells whether well-formed CBOR holds a byte string that no skeleton shortens.
func long(b []byte) bool {
	for i := 0; i < len(b); {
		head, n := 1, uint64(b[i]&31)
		switch rest := b[i+1:]; n {
		case 24:
			head, n = 2, uint64(rest[0])
		case 25:
			head, n = 3, uint64(binary.BigEndian.Uint16(rest))
		case 26:
			head, n = 5, uint64(binary.BigEndian.Uint32(rest))
		case 27:
			head, n = 9, binary.BigEndian.Uint64(rest)
		}
		major := b[i] >> 5
		i += head
		if major == 2 && n > 64 {
			return true
		}
		if major == 2 || major == 3 {
			i += int(n)
		}
	}
	return false
}
