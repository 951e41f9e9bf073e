package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"clinicbox/internal/durable"
	"clinicbox/store/boltcheck"
	"clinicbox/store/seal"
)

// ErrState tells that a value of the state does not open.
var ErrState = errors.New("store: state value is damaged")

// State keeps what is in no journal: PIN counters, print queue, drafts, cursors.
// No rebuild of the views touches it. Names of buckets stand in clear; keys are
// keyed hashes, keys and values are sealed. All methods may be called at the same
// time; what a call wrote is durable when it returns.
type State struct {
	db     *bbolt.DB
	frozen bool // the disk takes nothing: a copy in memory serves
	stateKey
}

// stateKey is what a state is sealed under.
type stateKey struct {
	id   seal.KeyID
	key  seal.Key // of the keyed hashes
	seal *seal.Sealer
}

func newStateKey(k *seal.Key) stateKey {
	return stateKey{k.ID(), k.Sub("state index"), seal.NewSealer(k.Sub("state"))}
}

func statePath(dir string) string { return filepath.Join(dir, "state.db") }

// openState opens state.db. A damaged file is set aside, never deleted: what
// depends on it must be safe without it (a missing PIN counter means locked).
//
// A state of an older key is sealed anew; when that fails, it goes on under its own,
// and the next open tries again. One of an unknown key is left alone.
func openState(dir string, ring seal.Ring, log *slog.Logger, frozen bool) (*State, error) {
	s := &State{stateKey: newStateKey(ring.Newest()), frozen: frozen}
	path := statePath(dir)
	err := guard(func() error { return s.openAs(path, ring, log) })
	if err == nil {
		return s, nil
	}
	if frozen || !errors.Is(err, errFault) && !isDamage(err) {
		return nil, fmt.Errorf("store: state: %w", err)
	}
	aside := fmt.Sprintf("%s.damaged-%d", path, time.Now().Unix())
	log.Error("state is damaged and set aside", "as", filepath.Base(aside), "err", err)
	if err := durable.Rename(path, aside); err != nil {
		return nil, err
	}
	s = &State{stateKey: newStateKey(ring.Newest())}
	if err := s.open(path, log); err != nil {
		return nil, fmt.Errorf("store: state: %w", err)
	}
	return s, nil
}

func isDamage(err error) bool {
	for _, d := range []error{boltcheck.ErrDamaged, berrors.ErrInvalid, berrors.ErrChecksum, berrors.ErrVersionMismatch} {
		if errors.Is(err, d) {
			return true
		}
	}
	return false
}

// open opens the file, or makes it: beside its place and renamed, because bbolt's
// first pages are not safe against a power cut.
func (s *State) open(path string, log *slog.Logger) (err error) {
	if s.frozen {
		return s.openCopy(path, log)
	}
	o := stateOptions()
	if !exists(path) {
		tmp := path + durable.TempSuffix
		if err := durable.Remove(tmp); err != nil {
			return err
		}
		db, err := bbolt.Open(tmp, 0o600, o)
		if err != nil {
			return err
		}
		// bbolt begins with a freelist page; the first commit leaves it out.
		err = db.Update(s.mark)
		if err := errors.Join(err, db.Sync(), db.Close()); err != nil {
			return err
		}
		if err := durable.Rename(tmp, path); err != nil {
			return err
		}
	}
	if err := checkRows(path, nil); err != nil {
		return err
	}
	if err := durable.Allocate(path, stateRoom); err != nil {
		log.Warn("no room is set aside for the state", "err", err)
	}
	s.db, err = bbolt.Open(path, 0o600, o)
	return err
}

// openCopy opens a copy in memory, for a disk that takes nothing: what is written
// lasts until the process ends. Without a sound file it is empty.
func (s *State) openCopy(path string, log *slog.Logger) (err error) {
	var data []byte
	if err = checkRows(path, nil); err == nil {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		log.Error("no state can be read; people's PINs are locked", "err", err)
	}
	o := stateOptions()
	o.OpenFile = func(name string, flag int, perm os.FileMode) (*os.File, error) {
		f, err := openMemory(name, flag, perm)
		if err == nil && len(data) > 0 {
			_, err = f.Write(data)
		}
		return f, err
	}
	if s.db, err = bbolt.Open("state", 0o600, o); err != nil || len(data) > 0 {
		return err
	}
	return s.db.Update(s.mark)
}

func stateOptions() *bbolt.Options {
	return &bbolt.Options{Timeout: 2 * time.Second, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true}
}

// stateRoom is set aside on the disk: on a full one people still log in, which
// counts tries, and what they did is remembered.
const stateRoom = 1 << 20

func (s *State) close() error { return guard(s.db.Close) }

// StateTx is a transaction on the state. It is dead when its function returns.
type StateTx struct {
	s  *State
	tx *bbolt.Tx
}

// View runs f over one snapshot.
func (s *State) View(f func(*StateTx) error) error {
	return s.db.View(func(tx *bbolt.Tx) error { return f(&StateTx{s, tx}) })
}

// Update runs f alone and saves all it wrote, or nothing when it fails.
func (s *State) Update(f func(*StateTx) error) error {
	return s.db.Update(func(tx *bbolt.Tx) error { return f(&StateTx{s, tx}) })
}

// buckets names the callers' buckets.
func (t *StateTx) buckets() (names []string) {
	_ = t.tx.ForEach(func(name []byte, _ *bbolt.Bucket) error {
		if string(name) != bucketKey {
			names = append(names, string(name))
		}
		return nil
	})
	return names
}

// Get returns a value, or nil when there is none.
func (s *State) Get(bucket, key string) (v []byte, err error) {
	err = s.View(func(tx *StateTx) error {
		v, err = tx.Get(bucket, key)
		return err
	})
	return v, err
}

// Put sets a value.
func (s *State) Put(bucket, key string, value []byte) error {
	return s.Update(func(tx *StateTx) error { return tx.Put(bucket, key, value) })
}

// Delete removes a value; a missing one is no error.
func (s *State) Delete(bucket, key string) error {
	return s.Update(func(tx *StateTx) error { return tx.Delete(bucket, key) })
}

// ForEach calls f with every key and value of a bucket, in no order of meaning.
func (s *State) ForEach(bucket string, f func(key string, value []byte) error) error {
	return s.View(func(tx *StateTx) error { return tx.ForEach(bucket, f) })
}

// Get returns a value, or nil when there is none.
func (t *StateTx) Get(bucket, key string) ([]byte, error) {
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil, nil
	}
	k := t.s.token(bucket, key)
	sealed := b.Get(k)
	if sealed == nil {
		return nil, nil
	}
	_, v, err := t.s.open1(bucket, k, sealed)
	return v, err
}

// Put sets a value.
func (t *StateTx) Put(bucket, key string, value []byte) error {
	b, err := t.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return fmt.Errorf("store: state: %w", err)
	}
	k := t.s.token(bucket, key)
	if err := b.Put(k, t.s.seal1(bucket, key, value)); err != nil {
		return fmt.Errorf("store: state: %w", err)
	}
	return nil
}

// Delete removes a value; a missing one is no error.
func (t *StateTx) Delete(bucket, key string) error {
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	if err := b.Delete(t.s.token(bucket, key)); err != nil {
		return fmt.Errorf("store: state: %w", err)
	}
	return nil
}

// ForEach calls f with every key and value of a bucket, in no order of meaning. It
// must not change the bucket. Values that do not open come last, as ErrState.
func (t *StateTx) ForEach(bucket string, f func(key string, value []byte) error) error {
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	var bad error
	err := b.ForEach(func(k, sealed []byte) error {
		key, v, err := t.s.open1(bucket, k, sealed)
		if err != nil {
			bad = err
			return nil
		}
		return f(key, v)
	})
	if err != nil {
		return err
	}
	return bad
}

func (s *stateKey) token(bucket, key string) []byte {
	m := s.key.Mac(bucket, key)
	return m[:]
}

func (s *stateKey) open1(bucket string, k, sealed []byte) (key string, value []byte, err error) {
	plain, err := s.seal.Open(nil, sealed, aad(bucket, k))
	if err != nil || len(plain) < 4 || len(plain)-4 < int(binary.BigEndian.Uint32(plain)) {
		return "", nil, ErrState
	}
	n := 4 + int(binary.BigEndian.Uint32(plain))
	return string(plain[4:n]), append([]byte{}, plain[n:]...), nil
}

// seal1 is the inverse of open1.
func (s *stateKey) seal1(bucket, key string, value []byte) []byte {
	plain := append(binary.BigEndian.AppendUint32(nil, uint32(len(key))), key...)
	return s.seal.Seal(nil, append(plain, value...), aad(bucket, s.token(bucket, key)))
}

func aad(bucket string, k []byte) []byte { return append([]byte(bucket+"\x00"), k...) }
