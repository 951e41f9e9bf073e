package wire

import (
	_ "embed"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Dictionaries are made of invented records by cmd/internal/demo/dictionary. One that
// was ever sent with stays here for ever: a courier's stick may come years later.
// A new training gets a new ID, and the old one is only read from then on.

//go:embed dictionaries/1.zstd
var dictionary1 []byte

// newest is the dictionary that this program compresses with, where the other side
// can read it.
const newest = 1

// Dictionaries returns the IDs of those that this program reads: what a Start says.
func Dictionaries() []uint32 { return []uint32{newest} }

// common returns the newest dictionary that both sides know, 0 for none.
func common(theirs []uint32) uint32 {
	if slices.Contains(theirs, newest) {
		return newest
	}
	return 0
}

// Better is measured (facts: bytes within 5% of the best level at 1/50 of its
// time); the frame's own authentication makes zstd's checksum needless.
func newEncoder(more ...zstd.EOption) *zstd.Encoder {
	e, err := zstd.NewWriter(nil, append(more, zstd.WithEncoderLevel(zstd.SpeedBetterCompression),
		zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(256<<10),
		zstd.WithSingleSegment(true), zstd.WithEncoderCRC(false))...)
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	// The encoder makes its channel on first use; made in one test's synctest
	// bubble, it would be of no use in another's.
	e.EncodeAll(nil, nil)
	return e
}

var zstdEncoder = func() *zstd.Encoder { return newEncoder() }()

var dictEncoder = func() *zstd.Encoder { return newEncoder(zstd.WithEncoderDict(dictionary1)) }()

// withDictionary returns the encoder of a dictionary that common chose.
func withDictionary(uint32) *zstd.Encoder { return dictEncoder }

var zstdDecoder = func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxInner), zstd.WithDecoderMaxWindow(MaxInner), zstd.WithDecoderDicts(dictionary1))
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return d
}()
