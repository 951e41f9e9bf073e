package boxmain

import (
	"encoding/binary"
	"errors"
	"strings"

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

// damaged begins the id of a job whose row does not open: its real one is sealed.
const damaged = "damaged-"

func (q queue) Put(id string, job []byte) error { return q.state.Put(bucketPrint, id, job) }

func (q queue) Delete(id string) error {
	if name, ok := strings.CutPrefix(id, damaged); ok {
		return q.state.DropDamaged(bucketPrint, name)
	}
	return q.state.Delete(bucketPrint, id)
}

// Each goes over all jobs. One whose row does not open comes without bytes: the
// spooler lists it as bad, until a person drops it, and prints the others.
func (q queue) Each(f func(id string, job []byte) error) error {
	if err := q.state.ForEach(bucketPrint, f); err != nil && !errors.Is(err, store.ErrState) {
		return err
	}
	names, err := q.state.Damaged(bucketPrint)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := f(damaged+name, nil); err != nil {
			return err
		}
	}
	return nil
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
		if b, err = tx.Get(bucketSync, keyLast); err != nil {
			return err
		}
		if len(b) == 24 && binary.BigEndian.Uint64(b) == c.Next {
			c.Last = wire.Nonce(b[8:])
		}
		again, err := tx.Get(bucketSync, keyAgain)
		if again != nil {
			c.Next = 0
		}
		return err
	})
	return r, c, err
}

// keyLast is the cursor's place and the leaf hash of the entry before it: beside the
// cursor, which older programs read.
const keyLast = "cursor last"

// keyAgain marks that the centre shall send everything down again: received entries
// cannot be read any more, and nothing here mends them.
const keyAgain = "again"

// keyAgainSets marks the same of what came without a sequence.
const keyAgainSets = "again sets"

// askAgain sets the marks, for the next start of the outbox.
func (k keeper) askAgain() error {
	return k.state.Update(func(tx *store.StateTx) error {
		if err := tx.Put(bucketSync, keyAgain, []byte{1}); err != nil {
			return err
		}
		return tx.Put(bucketSync, keyAgainSets, []byte{1})
	})
}

func (k keeper) SaveReceipt(r wire.SignedReceipt) error {
	return k.state.Put(bucketSync, "receipt", r)
}

// SaveCursor also ends askAgain once the stream was set back.
func (k keeper) SaveCursor(c outbox.Cursor) error {
	return k.state.Update(func(tx *store.StateTx) error {
		old, err := tx.Get(bucketSync, "cursor")
		if err == nil && len(old) == 16 && c.Next <= binary.BigEndian.Uint64(old[8:]) {
			err = tx.Delete(bucketSync, keyAgain)
		}
		if err == nil {
			err = tx.Put(bucketSync, keyLast, append(binary.BigEndian.AppendUint64(nil, c.Next), c.Last[:]...))
		}
		if err != nil {
			return err
		}
		return tx.Put(bucketSync, "cursor", binary.BigEndian.AppendUint64(append([]byte(nil), c.Epoch[:]...), c.Next))
	})
}

// intake is what was received beside the stream in sequence.
type intake struct{ store *store.Store }

var _ outbox.Intake = intake{}

// Size implements outbox.Intake.
func (i intake) Size() uint64 { return i.store.Received().Size() }

// Whole implements outbox.Intake. A mark that cannot be read asks for nothing: the row
// is found again by who reads state.db.
func (i intake) Whole() bool {
	b, err := i.store.State().Get(bucketSync, keyAgainSets)
	return err != nil || b == nil
}

const keyComing = "coming"

// LoadComing implements outbox.Intake.
func (i intake) LoadComing() (uint64, error) {
	b, err := i.store.State().Get(bucketSync, keyComing)
	if err != nil || len(b) != 8 {
		return 0, err
	}
	return binary.BigEndian.Uint64(b), nil
}

// keyUntold is the number of received entries of which the centre is told next, when that
// is not all of them.
const keyUntold = "untold"

// LoadUntold implements outbox.Intake.
func (i intake) LoadUntold() (n uint64, is bool, err error) {
	b, err := i.store.State().Get(bucketSync, keyUntold)
	if err != nil || len(b) != 8 {
		return 0, false, err
	}
	return binary.BigEndian.Uint64(b), true, nil
}

// SaveUntold implements outbox.Intake.
func (i intake) SaveUntold(n uint64, is bool) error {
	if !is {
		return i.store.State().Delete(bucketSync, keyUntold)
	}
	return i.store.State().Put(bucketSync, keyUntold, binary.BigEndian.AppendUint64(nil, n))
}

// SaveComing implements outbox.Intake.
func (i intake) SaveComing(n uint64, asked bool) error {
	return i.store.State().Update(func(tx *store.StateTx) error {
		if asked { // not a mark that was set since the session began
			if err := tx.Delete(bucketSync, keyAgainSets); err != nil {
				return err
			}
		}
		return tx.Put(bucketSync, keyComing, binary.BigEndian.AppendUint64(nil, n))
	})
}
