package store

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"

	"go.etcd.io/bbolt"

	"clinicbox/internal/durable"
	"clinicbox/store/seal"
)

// bucketKey holds, in clear, the ID of the key that a state is sealed under. A state
// without it is of the ring's oldest key. No caller's bucket begins with a zero.
const bucketKey = "\x00key"

// mark notes the key in a new file.
func (s *State) mark(tx *bbolt.Tx) error {
	b, err := tx.CreateBucketIfNotExists([]byte(bucketKey))
	if err != nil {
		return err
	}
	return b.Put([]byte("id"), s.id[:])
}

// openAs opens the state under the key that it names, and seals it anew when that is
// not the newest.
func (s *State) openAs(path string, ring seal.Ring, log *slog.Logger) error {
	if err := s.open(path, log); err != nil {
		return err
	}
	var id seal.KeyID
	err := s.db.View(func(tx *bbolt.Tx) error {
		if b := tx.Bucket([]byte(bucketKey)); b != nil {
			copy(id[:], b.Get([]byte("id")))
		}
		return nil
	})
	if err != nil {
		return err
	}
	id = keyOf(id, ring)
	if id == s.id {
		return nil
	}
	k := ring.Find(id)
	if k == nil {
		return errors.Join(fmt.Errorf("%w: state of key %x", ErrKey, id), s.close())
	}
	next := s.stateKey
	s.stateKey = newStateKey(k)
	if s.frozen {
		return nil
	}
	if err := s.turn(path, next, log); err != nil {
		if errors.Is(err, errFault) {
			return err
		}
		log.Error("the state goes on under an older key", "err", err)
	}
	return nil
}

// turn seals the state under another key: beside its place, then renamed. A crash
// leaves the old file, and something to remove, or the new one.
func (s *State) turn(path string, next stateKey, log *slog.Logger) error {
	tmp := path + durable.TempSuffix
	if err := durable.Remove(tmp); err != nil {
		return err
	}
	err := s.writeTurned(tmp, next)
	if err == nil {
		err = syncFile(tmp)
	}
	if err != nil { // what is left may be what fills the disk
		return errors.Join(err, durable.Remove(tmp))
	}
	if err := s.close(); err != nil {
		return err
	}
	if err := durable.Rename(tmp, path); err != nil {
		return errors.Join(err, s.open(path, log))
	}
	s.stateKey = next
	return s.open(path, log)
}

// writeTurned makes a file with everything that the state holds, under another key. A
// value that does not open goes over as it is: it stays damaged, and can be named.
func (s *State) writeTurned(path string, next stateKey) (err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, NoFreelistSync: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	to := &State{db: db, stateKey: next}
	return db.Update(func(tx *bbolt.Tx) error {
		if err := to.mark(tx); err != nil {
			return err
		}
		return s.db.View(func(from *bbolt.Tx) error {
			return from.ForEach(func(name []byte, b *bbolt.Bucket) error {
				if string(name) == bucketKey {
					return nil
				}
				return s.copyBucket(to, tx, name, b)
			})
		})
	})
}

func (s *State) copyBucket(to *State, tx *bbolt.Tx, name []byte, from *bbolt.Bucket) error {
	b, err := tx.CreateBucketIfNotExists(bytes.Clone(name))
	if err != nil {
		return err
	}
	bucket := string(name)
	return from.ForEach(func(k, sealed []byte) error {
		key, v, err := s.open1(bucket, k, sealed)
		if err != nil {
			return b.Put(bytes.Clone(k), bytes.Clone(sealed))
		}
		return b.Put(to.token(bucket, key), to.seal1(bucket, key, v))
	})
}
