package wire

import (
	"encoding/binary"

	"github.com/klauspost/compress/zstd"

	"clinicbox/internal/entry"
)

// Message is what a sealed frame holds: *Data, SignedReceipt, SignedDown,
// DownAck, Ping, SignedPong, SignedSet, SetAck, Align, Aligned, Budget, BriefReceipt or
// Unknown.
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
	kindSet     = 8
	kindSetAck  = 9
	kindAlign   = 10
	kindAligned = 11
	kindBudget  = 12
	kindBrief   = 13
)

// codecPlain is a body as it is; codecZstd+d is zstd with dictionary d, where 0
// is none. Dictionaries keep their IDs for ever. With one, data has a form of its own
// (column.go).
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

// encodeInner writes the body in the codec that makes it smallest: with the
// dictionary, unless that is 0, which the other side must be able to read.
func encodeInner(m Message, dict uint32, know *shared) ([]byte, error) {
	body, compress, err := m.body()
	if err != nil {
		return nil, err
	}
	if len(body) > MaxInner {
		return nil, ErrTooLarge
	}
	codec := uint64(codecPlain)
	better := func(b []byte, c uint64) {
		if b != nil && len(b) < len(body) {
			body, codec = b, c
		}
	}
	if plain := body; compress {
		if dict != 0 {
			better(withTheDictionary(m, plain, dict, know), codecZstd+uint64(dict))
		}
		better(zstdEncoder.EncodeAll(plain, nil), codecZstd)
	}
	out := binary.AppendUvarint([]byte{m.kind()}, codec)
	return pad(append(out, body...)), nil
}

func withTheDictionary(m Message, body []byte, dict uint32, know *shared) []byte {
	if d, ok := m.(*Data); ok {
		return d.pack(body, dict, know)
	}
	return compress(body, dict)
}

// zstdMagic begins every zstd frame (RFC 8878 section 3.1.1). With a dictionary, where
// frames are short, it does not travel.
const zstdMagic = "\x28\xb5\x2f\xfd"

func compress(b []byte, dict uint32) []byte {
	return withDictionary(dict).EncodeAll(b, nil)[len(zstdMagic):]
}

func decodeInner(plain []byte, know *shared) (Message, error) {
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
	switch {
	case kind == kindData && codec > codecZstd:
		d, err := unpack(body, codec-codecZstd, know)
		if err != nil {
			return nil, err
		}
		return d, nil
	case codec != codecPlain:
		if body, err = decompress(body, codec-codecZstd); err != nil {
			return nil, err
		}
	}
	return decodeBody(kind, body)
}

// decompress reads zstd with the dictionary of the ID, and no other.
func decompress(b []byte, dict uint64) ([]byte, error) {
	if dict != 0 {
		b = append([]byte(zstdMagic), b...)
	}
	var h zstd.Header
	if err := h.Decode(b); err != nil || uint64(h.DictionaryID) != dict {
		return nil, ErrForm
	}
	out, err := zstdDecoder.DecodeAll(b, nil)
	if err != nil || len(out) > MaxInner {
		return nil, ErrForm
	}
	return out, nil
}

func decodeBody(kind uint8, body []byte) (Message, error) {
	switch kind {
	case kindData:
		d, err := decodeData(body, entry.MaxSize)
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
	case kindSet:
		return SignedSet(body), nil
	case kindSetAck:
		return decodeControl[SetAck](body)
	case kindDownAck:
		return decodeControl[DownAck](body)
	case kindPing:
		return decodeControl[Ping](body)
	case kindAlign:
		return checked[Align](body)
	case kindAligned:
		return checked[Aligned](body)
	case kindBudget:
		return decodeControl[Budget](body)
	case kindBrief:
		return decodeBrief(body)
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
