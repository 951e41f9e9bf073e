package store

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrSound refuses to drop a value as damaged that opens.
var ErrSound = errors.New("store: state value is not damaged")

// Damaged names the values of a bucket that do not open, so that a person can be
// told of them and drop them. A name is no key: that is sealed in the value.
func (s *State) Damaged(bucket string) (names []string, err error) {
	err = s.View(func(tx *StateTx) error {
		b := tx.tx.Bucket([]byte(bucket))
		if b == nil {
			return nil
		}
		return b.ForEach(func(k, sealed []byte) error {
			if _, _, err := s.open1(bucket, k, sealed); err != nil {
				names = append(names, hex.EncodeToString(k))
			}
			return nil
		})
	})
	return names, err
}

// DropDamaged removes a value that Damaged named; one that is gone is no error.
func (s *State) DropDamaged(bucket, name string) error {
	return s.Update(func(tx *StateTx) error {
		k, err := hex.DecodeString(name)
		b := tx.tx.Bucket([]byte(bucket))
		if err != nil || len(k) == 0 || b == nil {
			return nil
		}
		sealed := b.Get(k)
		if sealed == nil {
			return nil
		}
		if _, _, err := s.open1(bucket, k, sealed); err == nil {
			return ErrSound
		}
		if err := b.Delete(k); err != nil {
			return fmt.Errorf("store: state: %w", err)
		}
		return nil
	})
}
