package ingest

import (
	"context"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
)

// DB is what ingest asks of the database. Every method that changes something is
// durable when it returns nil; when it returns an error it may have been applied
// or not, and calling it again is harmless. hub/db/dbtest holds that.
type DB interface {
	Registry
	Ledger
	Notes
	Downs
	Shares
}

// Shares keeps what boxes of one facility have of each other.
type Shares interface {
	// Owed returns the first entries that a box shall get, without those of held ranks.
	Owed(ctx context.Context, box string, held hub.Ranks, n int) ([]hub.Owed, error)
	OwedCount(ctx context.Context, box string) (int, error)
	// Delivered notes that a box has them, and how many it had received with them.
	Delivered(ctx context.Context, box string, es []hub.Owed, received uint64) error
	// Receded queues again what the box acknowledged when it had received more.
	Receded(ctx context.Context, box string, received uint64) (int64, error)
}

// Registry knows the boxes.
type Registry interface {
	Seen(ctx context.Context, name string, at time.Time) error
	Boxes(ctx context.Context) ([]hub.Box, error)
	// Probe writes something, to find out whether that works.
	Probe(ctx context.Context, at time.Time) error
	// Pending returns the boxes that have not acknowledged all of their downs, or shares.
	Pending(ctx context.Context) ([]string, error)
}

// Ledger keeps what boxes upload.
type Ledger interface {
	// Stream returns an empty one for a stream that never was.
	Stream(ctx context.Context, box string, e hub.Epoch) (hub.Stream, error)
	// Streams returns all of a box, the newest first.
	Streams(ctx context.Context, box string) ([]hub.Stream, error)
	// Append stores the batch whole or not at all; hub.ErrMoved when the stream is
	// not at b.From.
	Append(ctx context.Context, b *hub.Batch) error
	// Branch copies the entries from had up to s.Size of the stream from into s, which
	// is made when had is 0 and shall have base in the end.
	Branch(ctx context.Context, s hub.Stream, from hub.Epoch, had, base uint64) error
	// Elsewhere counts the box's entries that stand in other streams and not in e.
	Elsewhere(ctx context.Context, box string, e hub.Epoch) (uint64, error)
	Entries(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]hub.Entry, error)
	Leaves(ctx context.Context, box string, e hub.Epoch, from uint64, n int) ([]clinic.Leaf, error)
	Hashes(ctx context.Context, box string, e hub.Epoch, pos []int64) ([][32]byte, error)
}

// Notes keeps what is known of streams beside their entries.
type Notes interface {
	Flagged(ctx context.Context, box string, e hub.Epoch, n int) (parked, holes []uint64, err error)
	Parking
	Touch(ctx context.Context, box string, e hub.Epoch, stated uint64, at time.Time) error
	// Incarnation returns the incarnation that superseded the stream's, or its
	// parent's line, and raises hub.AlarmClone with it; zero when all is well.
	Incarnation(ctx context.Context, s hub.Stream) (by hub.Epoch, err error)
	// Incarnations returns those of a box, the latest first.
	Incarnations(ctx context.Context, box string, limit int) ([]hub.Incarnation, error)
	Alarms
}

// Parking keeps entries that cannot be read yet, or that are not there.
type Parking interface {
	// Fill gives holes their bytes; what is no hole with that leaf is left alone.
	Fill(ctx context.Context, box string, e hub.Epoch, es []hub.Entry) error
	// ParkedEntries returns up to n, those after the given place, of all streams.
	ParkedEntries(ctx context.Context, stream, after int64, n int) ([]hub.Found, error)
	// Release takes entries out; one that is out already is no error.
	Release(ctx context.Context, found []hub.Found) error
}

// Alarms keeps what a person must see.
type Alarms interface {
	Raise(ctx context.Context, a hub.Alarm) error
	// Conflict raises the alarm and keeps the entries that came under it, as far as
	// there is room.
	Conflict(ctx context.Context, a hub.Alarm, e hub.Epoch, es []hub.Entry) error
}

// Downs keeps what goes down to boxes, numbered from 1 in each box's epoch.
type Downs interface {
	Push(ctx context.Context, box string, es []hub.Down) (last uint64, err error)
	Downs(ctx context.Context, box string, after uint64, n int) ([]hub.Down, error)
	// Acked never steps back; hub.ErrMoved for more than was queued.
	Acked(ctx context.Context, box string, e hub.Epoch, seq uint64, at time.Time) error
	// RestartDowns begins a new epoch of the stream and raises the alarm with it.
	RestartDowns(ctx context.Context, a hub.Alarm, at time.Time) error
	DownState(ctx context.Context, box string) (hub.DownState, error)
}

// Link sends frames to boxes. It does not wait for them to arrive, and losing
// one is normal. Safe for concurrent use.
type Link interface {
	Publish(topic string, payload []byte) error
}
