// Package journal keeps entries in append-only segment files, sealed, with the
// hashes of their Merkle tree beside them. A journal is the truth of the store;
// everything else can be computed from it.
//
// A segment is a header of 1,024 bytes (two copies of 512) and frames:
//
//	header  magic "CBXJRNL1" | version u16 | kind u8 | 0 u8 | segment u32 | first index u64
//	        | epoch [8] | key ID [8] | tree root at the first index [32] | sealed seed [72] | CRC-32C u32
//	frame   "CBF" | flags u8 | before u16 | length u16 | place u32 | CRC-32C u32 | sealed payload
//	payload [salt, when flagged] | entry bytes
//
// Numbers are big-endian. The place counts from 0 in each segment; before counts
// the frames of the same batch that stand before. Sealing is XChaCha20-Poly1305;
// the associated data are kind, epoch, segment, place, flags and before, so that a
// frame opens in its place only. The seed is sealed with the header before it as
// associated data.
//
// A batch is written at once and synced before the next begins, and a disk may
// write its sectors in any order. So a damaged frame in the last batch is a write
// that a power cut tore: nobody was told of it, and the batch is cut. A damaged
// frame that has a later batch behind it, or that the views knew, is damage: it is
// set aside and reads as a hole.
//
// The file behind the last frame may be filled with zeros: writing into space
// that exists needs no change of the file's size at each sync.
package journal

import (
	"errors"
	"log/slog"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
	"clinicbox/store/seal"
)

// Sentinels for callers that decide on them.
var (
	// ErrFull tells that the disk is full: nothing of the call was saved, what
	// was saved before can be read, and the call may be repeated later.
	ErrFull = errors.New("journal: disk full")
	// ErrReadOnly tells that the disk takes nothing at all: nothing was saved, what was
	// saved before can be read.
	ErrReadOnly = errors.New("journal: disk is read-only")
	// ErrFatal tells that a write or sync failed and nobody knows what is on the
	// disk. The process must end; the next open recovers.
	ErrFatal = errors.New("journal: write failed, restart needed")
	// ErrKey tells that a segment is sealed under a key that is not in the ring.
	ErrKey = errors.New("journal: sealed under an unknown key")
	// ErrVersion tells that a newer program wrote the segment.
	ErrVersion = errors.New("journal: written by a newer program")
	// ErrCorrupt tells that a segment cannot be read at all.
	ErrCorrupt = errors.New("journal: damaged")
	// ErrClosed tells that the journal is closed; it says nothing about the entry.
	ErrClosed = errors.New("journal: closed")
	// ErrRange tells that an index is not in the journal.
	ErrRange = errors.New("journal: no such entry")
)

// DefaultSegmentSize is where a new segment begins when Config has none.
const DefaultSegmentSize = 8 << 20

// Config says where a journal is and how it opens.
type Config struct {
	Dir         string
	Kind        clinic.Journal
	Keys        seal.Ring // the newest seals new segments
	Epoch       [8]byte   // for new segments
	FS          durable.FS
	SegmentSize int64
	// Known is how many entries are known from elsewhere (the views) to have been
	// durable: damage below it is damage, not an unfinished write.
	Known    uint64
	Tree     bool // keep the Merkle tree's hashes
	ReadOnly bool // repair nothing, create nothing
	// Frozen, with ReadOnly, completes the tree in memory: for a disk that takes
	// nothing, and people who must read all the same.
	Frozen bool
	Log    *slog.Logger
}

// Raw is an entry as it is kept. A hole (an entry that can no longer be read) has
// nil Bytes; its Leaf is what the tree holds.
type Raw struct {
	Index    uint64
	Leaf     clinic.Leaf
	Segment  uint32
	Place    uint32
	Seed     entry.Seed
	Salt     entry.Salt
	Explicit bool // the salt does not derive from Seed and Place
	Bytes    []byte
	more     bool // the next entry belongs to the same act
}

// Hole reports whether the entry can no longer be read.
func (r *Raw) Hole() bool { return r.Bytes == nil }

// More reports whether the next entry belongs to the same act.
func (r *Raw) More() bool { return r.more }
