package storetest

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"
)

// DamageState flips a bit in the first n values of a bucket of the state of a
// closed store, as a bad sector would that the file's own checks do not see.
func DamageState(t testing.TB, dir, bucket string, n int) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(dir, "state.db"), 0o600, &bbolt.Options{Timeout: time.Second, NoFreelistSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(bucket))
		if b == nil {
			return errors.New("no bucket " + bucket)
		}
		c := b.Cursor()
		for k, v := c.First(); k != nil && n > 0; k, v = c.Next() {
			v = append([]byte{}, v...)
			v[len(v)/2] ^= 1
			if err := b.Put(append([]byte{}, k...), v); err != nil {
				return err
			}
			n--
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if n > 0 {
		t.Fatalf("%d values too few in %s", n, bucket)
	}
}
