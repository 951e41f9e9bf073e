package courier

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"clinicbox/internal/keyfile"
	"clinicbox/sync/wire"
)

// MaxPiece is the largest piece: what pulling out a stick may cost.
const MaxPiece = 1 << 20

const (
	pieceMagic   = "CBCF"
	pieceVersion = 1
	sumSize      = sha256.Size
	maxNote      = 255
	fixedHead    = len(pieceMagic) + 4 + 3 // and the box's name
)

// Piece is one file on the stick. Numbers are big-endian:
//
//	"CBCF" length(4) version(1) direction(1) name(1) box
//	file(16) number(4) made(8, Unix seconds)
//	start(2) bytes, frames(4) {size(uvarint) bytes}…
//	note(1) bytes, SHA-256 of all before
type Piece struct {
	Dir    wire.Direction
	Box    string
	File   wire.FileID
	Number uint32
	Made   time.Time // by the writer's clock, which may be wrong by years
	Start  []byte    // of the session, the same in each piece of the file
	Frames [][]byte

	sealed []byte // note of the writer to itself
}

// overhead is what a piece takes beside start and frames, at most.
const overhead = fixedHead + wire.MaxBox + 16 + 4 + 8 + 2 + 4 + 1 + maxNote + sumSize

// costs returns what a frame takes in a piece, at most.
func costs(frame []byte) int { return len(frame) + 3 }

// body encodes all that stands before the note.
func (p *Piece) body() []byte {
	b := append([]byte(pieceMagic), 0, 0, 0, 0, pieceVersion, byte(p.Dir), byte(len(p.Box)))
	b = append(append(b, p.Box...), p.File[:]...)
	b = binary.BigEndian.AppendUint32(b, p.Number)
	b = binary.BigEndian.AppendUint64(b, uint64(p.Made.Unix()))
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(p.Start))), p.Start...)
	size := 0
	for _, f := range p.Frames {
		size += len(binary.AppendUvarint(nil, uint64(len(f)))) + len(f)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(size))
	for _, f := range p.Frames {
		b = append(binary.AppendUvarint(b, uint64(len(f))), f...)
	}
	return b
}

// encode writes the piece with a note to its writer.
func (p *Piece) encode(k *NoteKey, e Extent) ([]byte, error) {
	b := p.body()
	binary.BigEndian.PutUint32(b[len(pieceMagic):], uint32(len(b)+1+e.size()+sumSize))
	note, err := k.seal(b, e)
	if err != nil {
		return nil, err
	}
	b = append(append(b, byte(len(note))), note...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...), nil
}

// DecodePiece reads a piece. ErrTorn is one that was cut or has rotted.
func DecodePiece(b []byte) (*Piece, error) {
	if len(b) < fixedHead+sumSize || string(b[:len(pieceMagic)]) != pieceMagic {
		return nil, torn(b)
	}
	body, sum := b[:len(b)-sumSize], b[len(b)-sumSize:]
	if size := binary.BigEndian.Uint32(b[len(pieceMagic):]); uint64(size) != uint64(len(b)) {
		return nil, ErrTorn
	}
	if got := sha256.Sum256(body); !bytes.Equal(got[:], sum) {
		return nil, ErrTorn
	}
	if len(b) > MaxPiece {
		return nil, ErrForm
	}
	if b[len(pieceMagic)+4] != pieceVersion {
		return nil, ErrVersion
	}
	r := reader{b: body[len(pieceMagic)+5:]}
	p := &Piece{Dir: wire.Direction(r.number(1))}
	p.Box = string(r.take(r.number(1)))
	copy(p.File[:], r.take(16))
	p.Number = uint32(r.number(4))
	p.Made = time.Unix(int64(r.number(8)), 0)
	p.Start = r.take(r.number(2))
	frames := reader{b: r.take(r.number(4))}
	p.sealed = r.take(r.number(1))
	for len(frames.b) > 0 && !frames.bad {
		p.Frames = append(p.Frames, frames.take(frames.uvarint()))
	}
	if r.bad || frames.bad || len(r.b) > 0 || !p.valid() {
		return nil, ErrForm
	}
	return p, nil
}

// torn tells what begins like a piece, or is all zeros as a file is whose data never
// reached the stick, from what never was one.
func torn(b []byte) error {
	n := min(len(b), len(pieceMagic))
	if string(b[:n]) == pieceMagic[:n] || len(bytes.Trim(b, "\x00")) == 0 {
		return ErrTorn
	}
	return ErrForm
}

func (p *Piece) valid() bool {
	for _, f := range p.Frames {
		if len(f) == 0 || len(f) > wire.MaxFrame {
			return false
		}
	}
	return (p.Dir == wire.DirUp || p.Dir == wire.DirDown) && keyfile.ValidName(p.Box) &&
		len(p.Start) > 0 && len(p.Start) <= wire.MaxFrame
}

// reader takes fields off a byte string; one that is too short makes it bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad = true
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) number(size uint64) (n uint64) {
	for _, c := range r.take(size) {
		n = n<<8 | uint64(c)
	}
	return n
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad = true
		return 0
	}
	r.b = r.b[n:]
	return v
}
