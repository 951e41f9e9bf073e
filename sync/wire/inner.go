package wire

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"
)

// Message is what a sealed frame holds: *Data, SignedReceipt, SignedDown,
// DownAck, Ping, SignedPong or Unknown.
type Message interface {
	kind() uint8
	// body returns the encoded body and whether trying to compress it pays.
	body() (b []byte, compress bool, err error)
}

// The inner types. Values are frozen.
const (
	kindData    = 1
	kindReceipt = 2
	kindDown    = 3
	kindDownAck = 4
	kindPing    = 5
	kindPong    = 6
)

// codecPlain is a body as it is; codecZstd+d is zstd with dictionary d, where 0
// is none. Dictionaries come later and keep their IDs for ever.
const (
	codecPlain = 0
	codecZstd  = 1
)

// Unknown is a message of a type that this program does not know.
type Unknown struct {
	Kind uint8
	Body []byte
}

func (u Unknown) kind() uint8                 { return u.Kind }
func (u Unknown) body() ([]byte, bool, error) { return u.Body, false, nil }

// Better is measured (facts: bytes within 5% of the best level at 1/50 of its
// time); the frame's own authentication makes zstd's checksum needless.
var zstdEncoder = func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(256<<10),
		zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	// The encoder makes its channel on first use; made in one test's synctest
	// bubble, it would be of no use in another's.
	e.EncodeAll(nil, nil)
	return e
}()

var zstdDecoder = func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxInner), zstd.WithDecoderMaxWindow(MaxInner))
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return d
}()

func encodeInner(m Message) ([]byte, error) {
	body, compress, err := m.body()
	if err != nil {
		return nil, err
	}
	if len(body) > MaxInner {
		return nil, ErrTooLarge
	}
	out := []byte{m.kind()}
	if compress {
		if z := zstdEncoder.EncodeAll(body, nil); len(z) < len(body) {
			return pad(append(binary.AppendUvarint(out, codecZstd), z...)), nil
		}
	}
	return pad(append(binary.AppendUvarint(out, codecPlain), body...)), nil
}

func decodeInner(plain []byte) (Message, error) {
	plain, err := unpad(plain)
	if err != nil || len(plain) < 2 {
		return nil, ErrForm
	}
	kind := plain[0]
	codec, n := binary.Uvarint(plain[1:])
	if n <= 0 {
		return nil, ErrForm
	}
	body := plain[1+n:]
	switch codec {
	case codecPlain:
	case codecZstd:
		if body, err = zstdDecoder.DecodeAll(body, nil); err != nil || len(body) > MaxInner {
			return nil, ErrForm
		}
	default:
		return nil, ErrForm
	}
	return decodeBody(kind, body)
}

func decodeBody(kind uint8, body []byte) (Message, error) {
	switch kind {
	case kindData:
		d, err := decodeData(body)
		if err != nil {
			return nil, err
		}
		return d, nil
	case kindReceipt:
		return SignedReceipt(body), nil
	case kindDown:
		return SignedDown(body), nil
	case kindPong:
		return SignedPong(body), nil
	case kindDownAck:
		return decodeControl[DownAck](body)
	case kindPing:
		return decodeControl[Ping](body)
	}
	return Unknown{Kind: kind, Body: body}, nil
}

func decodeControl[M Message](body []byte) (Message, error) {
	var m M
	if err := decMode.Unmarshal(body, &m); err != nil {
		return nil, ErrForm
	}
	return m, nil
}
