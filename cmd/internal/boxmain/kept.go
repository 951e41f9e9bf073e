package boxmain

import (
	"encoding/binary"
	"errors"

	"clinicbox/peripherals/printer"
	"clinicbox/store"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
)

// Buckets of state.db that are joined here.
const (
	bucketPrint = "print" // job ID → job
	bucketSync  = "sync"  // receipt, cursor
)

// queue keeps print jobs over power cuts.
type queue struct{ state *store.State }

var _ printer.Queue = queue{}

func (q queue) Put(id string, job []byte) error { return q.state.Put(bucketPrint, id, job) }
func (q queue) Delete(id string) error          { return q.state.Delete(bucketPrint, id) }

// Each goes over the jobs that can be read; one that cannot is left where it is.
func (q queue) Each(f func(id string, job []byte) error) error {
	err := q.state.ForEach(bucketPrint, f)
	if errors.Is(err, store.ErrState) {
		return nil // comes after all the others: printing goes on without it
	}
	return err
}

// keeper keeps what sync must remember.
type keeper struct{ state *store.State }

var _ outbox.Keeper = keeper{}

// errCursor is a kept cursor of a length that this program never wrote.
var errCursor = errors.New("sync: kept cursor is malformed")

func (k keeper) Load() (r wire.SignedReceipt, c outbox.Cursor, err error) {
	err = k.state.View(func(tx *store.StateTx) error {
		b, err := tx.Get(bucketSync, "receipt")
		if err != nil {
			return err
		}
		r = append(r, b...)
		if b, err = tx.Get(bucketSync, "cursor"); err != nil || b == nil {
			return err
		}
		if len(b) != 16 {
			return errCursor
		}
		c = outbox.Cursor{Epoch: wire.Epoch(b[:8]), Next: binary.BigEndian.Uint64(b[8:])}
		return nil
	})
	return r, c, err
}

func (k keeper) SaveReceipt(r wire.SignedReceipt) error {
	return k.state.Put(bucketSync, "receipt", r)
}

func (k keeper) SaveCursor(c outbox.Cursor) error {
	return k.state.Put(bucketSync, "cursor", binary.BigEndian.AppendUint64(append([]byte(nil), c.Epoch[:]...), c.Next))
}
