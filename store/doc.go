// Package store keeps the clinic's records: two journals of sealed entries are
// the truth, views in bbolt answer every question, small state lives beside them.
//
//	LOCK              held while open; not empty after an unclean stop
//	ring, ring.copy   data keys under the storage key; none before the first Rotate
//	epoch             epoch and incarnation of the own journal
//	own/, in/         journals (store/journal): NNNNNNNN.seg, .idx, hashes
//	own/checkpoint    the newest signed checkpoint of the own journal, and the newest
//	                  that the centre cosigned (see slots)
//	own/rewound-*     checkpoints that the journal did not agree with
//	views-<schema>.db positions and small projections, made from the journals at any time;
//	                  beside it .stale when the next open shall make them anew
//	blobs/            content too large for an entry, sealed: XX/NAME
//	state.db          what is in no journal: sealed values under keyed hashes;
//	                  state.db.damaged-* is one that was set aside
//	importing/        journals of an import that is not finished
//
// An act is saved when its entries are synced to the own journal. Views are a
// function of the set of entries in both journals; opening applies what their
// cursors miss, and builds them anew when they are missing, of another schema,
// damaged or in disagreement with the journals.
package store

import (
	"context"
	"crypto"
	"errors"
	"log/slog"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store/journal"
	"clinicbox/store/seal"
)

// Sentinels for callers that decide on them.
var (
	// ErrLocked tells that another process has the data directory open.
	ErrLocked = errors.New("store: data directory is in use by another process")
	// ErrFull tells that the disk is full: nothing of the call was saved, reading
	// goes on, the call may be repeated when there is room.
	ErrFull = journal.ErrFull
	// ErrReadOnly tells that the disk takes nothing at all: nothing of the call was
	// saved, reading goes on until the store is opened anew on a disk that does.
	ErrReadOnly = journal.ErrReadOnly
	// ErrFatal tells that the process must end and open the store anew. Whether the
	// act was saved shows when it is repeated with the same ID.
	ErrFatal = journal.ErrFatal
	// ErrKey tells that the records are sealed under another storage key, or under a
	// data key that this ring does not have: an older ring was put back.
	ErrKey = journal.ErrKey
	// ErrVersion tells that a newer program wrote the records.
	ErrVersion = journal.ErrVersion
	// ErrClosed tells that the store is closed or closing; nothing was saved.
	ErrClosed = errors.New("store: closed")
	// ErrDead tells that a Reader was used after its View or Act had returned.
	ErrDead = errors.New("store: reader used after its end")
	// ErrSlow tells that a View was so old that its transaction was ended: nothing
	// more can be read in it; the View may be repeated.
	ErrSlow = errors.New("store: view took too long and was ended")
	// ErrDraft tells that a use case returned a draft that cannot be an entry.
	ErrDraft = errors.New("store: draft is not an entry")
)

// Clock tells the time and whether something reliable set it.
type Clock interface {
	Now() (t time.Time, trusted bool)
}

// Options says where the store is and how it works.
type Options struct {
	Dir string
	Key seal.Key // the storage key: it opens the ring of data keys
	// Before is the storage key that this one has replaced, nil for none. What a cut left
	// under it is opened, and brought under Key with a new data key, which Before never
	// opens.
	Before  *seal.Key
	Log     *slog.Logger
	Clock   Clock
	Catalog func(catalog string) []clinic.CatalogRow // starting rows, asked for once each; entries overlay them; nil = none
	// Fold makes the search key of a name; nil means fold.String.
	Fold func(string) string
	// SegmentSize is where a journal begins a new file; 0 means 8 MiB.
	SegmentSize int64
	// Box and Identity are the name and the key that sign checkpoints of the own
	// journal; a nil key signs none. The key must hold until Close returns.
	Box      string
	Identity crypto.Signer
	// Reserve is the free space below which acts are refused with ErrFull, so that
	// the views always have room for what the journal took; 0 means 32 MiB.
	Reserve uint64
	// Frozen treats the disk as read-only, whatever it is: nothing in Dir changes.
	Frozen bool
	// BlobBudget bounds the bytes of all blobs; 0 means 1 GiB.
	BlobBudget int64
	// Progress is told how far opening came, of how many entries; may be nil.
	Progress func(done, total uint64)
	// Lost is told, once the state is open and before the views forget it, how many
	// entries they knew that the journals do not have any more; nil = nobody. What it
	// keeps in the state outlasts a cut; after one it may be told the same again.
	Lost func(s *State, entries uint64) error
	// Probe looks at a views file after an unclean stop, in another process, because
	// a damaged one can kill or hang the process that maps it. An error means the
	// views are built anew. See ProbeViews; nil skips it.
	Probe func(ctx context.Context, path string) error
	// Seen is passed every entry that Check and Audit decode, first of own, then of in; nil = nobody.
	Seen func(*clinic.Record)
	// SlowView is the age at which a read transaction is logged; 0 means 1 s.
	SlowView time.Duration
	// MaxView is the age at which a read transaction is ended; 0 means 10 s.
	MaxView time.Duration
	// Files is the file layer under the journals; nil means the real one.
	Files durable.FS
	// Free tells the free bytes of the directory's disk; nil asks the kernel.
	Free func(dir string) (uint64, error)
}

func (o *Options) defaults() {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = systemClock{}
	}
	if o.Reserve == 0 {
		o.Reserve = 32 << 20
	}
	if o.BlobBudget == 0 {
		o.BlobBudget = 1 << 30
	}
	if o.SlowView == 0 {
		o.SlowView = time.Second
	}
	if o.MaxView == 0 {
		o.MaxView = 10 * time.Second
	}
	if o.Files == nil {
		o.Files = durable.OS{}
	}
	if o.Free == nil {
		o.Free = freeBytes
	}
}

type systemClock struct{}

func (systemClock) Now() (time.Time, bool) { return time.Now(), false }
