package journal

import (
	"encoding/binary"
	"hash/crc32"

	"clinicbox/internal/entry"
	"clinicbox/store/seal"
)

const (
	frameMagic = "CBF"
	frameHead  = 16
	maxSealed  = len(entry.Salt{}) + entry.MaxSize + seal.Overhead
	maxEntries = 1<<16 - 1 // of a batch

	flagSalt  = 1 << 0 // the payload begins with its salt
	flagMore  = 1 << 1 // the next frame belongs to the same act
	flagsKnow = flagSalt | flagMore
)

// frame is a frame whose sum is right; its payload is still sealed.
type frame struct {
	flags  byte
	before uint16 // how many frames of its batch stand before it
	place  uint32
	sealed []byte
}

func (f *frame) len() int { return frameHead + len(f.sealed) }

// appendFrame adds a frame to b.
func appendFrame(b []byte, f frame) []byte {
	at := len(b)
	b = append(b, frameMagic...)
	b = append(b, f.flags)
	b = binary.BigEndian.AppendUint16(b, f.before)
	b = binary.BigEndian.AppendUint16(b, uint16(len(f.sealed)))
	b = binary.BigEndian.AppendUint32(b, f.place)
	b = binary.BigEndian.AppendUint32(b, frameSum(b[at:at+12], f.sealed))
	return append(b, f.sealed...)
}

// parseFrame reads the frame at the beginning of b. want is how many bytes b must
// have for a frame with a sound head, so that a caller can read more.
func parseFrame(b []byte) (f frame, want int, ok bool) {
	if len(b) < frameHead || string(b[:3]) != frameMagic {
		return f, 0, false
	}
	n := int(binary.BigEndian.Uint16(b[6:]))
	if n < seal.Overhead || n > maxSealed {
		return f, 0, false
	}
	want = frameHead + n
	if len(b) < want {
		return f, want, false
	}
	f = frame{
		flags: b[3], before: binary.BigEndian.Uint16(b[4:]), place: binary.BigEndian.Uint32(b[8:]), sealed: b[frameHead:want],
	}
	ok = uint32(f.before) <= f.place && frameSum(b[:12], f.sealed) == binary.BigEndian.Uint32(b[12:])
	return f, want, ok
}

func frameSum(head, sealed []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, sealed)
}

// aad says where a frame belongs.
func (h *header) aad(b []byte, f *frame) []byte {
	b = append(b, byte(h.kind))
	b = append(b, h.epoch[:]...)
	b = binary.BigEndian.AppendUint32(b, h.segment)
	b = binary.BigEndian.AppendUint32(b, f.place)
	b = append(b, f.flags)
	return binary.BigEndian.AppendUint16(b, f.before)
}

// opener unseals frames of one segment, one after the other, in memory that it
// uses again.
type opener struct {
	*header
	salts *entry.Salts
	place []byte // associated data
	plain []byte
}

func (h *header) opener() *opener {
	return &opener{header: h, salts: h.seed.Salts()}
}

// open unseals a frame of the segment. ok is false when it does not belong there
// or carries flags that this program does not know. Bytes hold until the next one.
func (o *opener) open(f frame) (r Raw, ok bool) {
	if f.flags&^flagsKnow != 0 {
		return r, false
	}
	o.place = o.aad(o.place[:0], &f)
	plain, err := o.seal.Open(o.plain[:0], f.sealed, o.place)
	if err != nil {
		return r, false
	}
	o.plain = plain
	r = Raw{
		Index: o.first + uint64(f.place), Segment: o.segment, Place: f.place, Seed: o.seed,
		Explicit: f.flags&flagSalt != 0, more: f.flags&flagMore != 0,
	}
	if r.Explicit {
		if len(plain) < len(r.Salt) {
			return r, false
		}
		plain = plain[copy(r.Salt[:], plain):]
	} else {
		r.Salt = o.salts.At(f.place)
	}
	if r.Bytes = plain; plain == nil {
		r.Bytes = []byte{} // nil is a hole
	}
	r.Leaf = entry.LeafHash(r.Salt, r.Bytes)
	return r, true
}

// sealFrame is the inverse of open: it appends the frame of r to b.
func (h *header) sealFrame(b []byte, r *Raw, before int) []byte {
	f := frame{place: r.Place, before: uint16(before)}
	plain := r.Bytes
	if r.more {
		f.flags |= flagMore
	}
	if r.Explicit {
		f.flags |= flagSalt
		plain = append(append(make([]byte, 0, len(r.Salt)+len(plain)), r.Salt[:]...), plain...)
	}
	f.sealed = h.seal.Seal(make([]byte, 0, len(plain)+seal.Overhead), plain, h.aad(nil, &f))
	return appendFrame(b, f)
}
