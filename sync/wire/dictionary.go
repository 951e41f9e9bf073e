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

//go:embed dictionaries/2.zstd
var dictionary2 []byte

// newest is the dictionary that this program compresses with, where the other side
// can read it. From firstOfTwo on data is in form 2.
const (
	newest     = 2
	firstOfTwo = 2
)

// Dictionaries returns the IDs of those that this program reads: what a Start says.
func Dictionaries() []uint32 { return []uint32{1, newest} }

// common returns the newest dictionary that both sides know, 0 for none.
func common(theirs []uint32) uint32 {
	for d := uint32(newest); d > 0; d-- {
		if slices.Contains(theirs, d) {
			return d
		}
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

// The tables of an encoder are made when it is first used: of most, never.
var dictEncoders = func() [newest]*zstd.Encoder {
	return [newest]*zstd.Encoder{
		newEncoder(zstd.WithEncoderDict(dictionary1)), newEncoder(zstd.WithEncoderDict(dictionary2)),
	}
}()

// withDictionary returns the encoder of a dictionary that common chose.
func withDictionary(d uint32) *zstd.Encoder { return dictEncoders[d-1] }

var zstdDecoder = func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxMemory(MaxInner), zstd.WithDecoderMaxWindow(MaxInner), zstd.WithDecoderDicts(dictionary1, dictionary2))
	if err != nil {
		panic(err) // constant options: cannot fail
	}
	return d
}()
