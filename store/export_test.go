package store

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
)

// StopState lets the file of the state be read only, as a disk does that has no room.
func (s *Store) StopState() error {
	if err := s.state.db.Close(); err != nil {
		return err
	}
	db, err := bbolt.Open(statePath(s.o.Dir), 0, &bbolt.Options{ReadOnly: true})
	s.state.db = db
	return err
}

// SetCommit replaces the commit of the views.
func (s *Store) SetCommit(f func(*bbolt.Tx) error) { s.commit = f }

// PutLook writes a row of looks, as damage of the file might: it says that the entry
// at ref is about somebody else.
func (s *Store) PutLook(id clinic.ID, r *clinic.Record) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		st := stampOf(r)
		return tx.Bucket(tLook.name()).Put(join(id[:], st[:]), join(appendRef(nil, r.Ref), make([]byte, lookTime)))
	})
}

// OpenViews tells how many read transactions hold pages of the views.
func (s *Store) OpenViews() int { return s.db.Stats().OpenTxN }

// Waiting tells how many jobs wait for the committer.
func (s *Store) Waiting() int { return len(s.jobs) }

// Dump lists all rows of the views. With names, refs are replaced by the entry's
// leaf, so that stores with the same set in another order have the same dump.
func (s *Store) Dump(names bool) (out []string) {
	err := s.db.View(func(tx *bbolt.Tx) error {
		for t := tMeta + 1; t < tables; t++ {
			if names && (t == tAct || t == tLeaf) {
				continue // places in the journal, for which the order is the meaning
			}
			err := tx.Bucket(t.name()).ForEach(func(k, v []byte) error {
				if at, ok := map[table]int{tRecord: 0, tLook: 0, tGuard: 0, tLink: 0, tSlip: 16, tCatalog: 0, tStock: 21}[t]; ok && names {
					v = s.named(v, at)
				}
				if t == tCurrent && names {
					v = s.namedTips(v)
				}
				out = append(out, fmt.Sprintf("%s %s %s", t.name(), hex.EncodeToString(k), hex.EncodeToString(v)))
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	return out
}

func (s *Store) named(v []byte, at int) []byte {
	ref := refFrom(v[at:])
	if ref == (clinic.Ref{}) {
		return v // a slip that is known by its arrival only
	}
	j := s.own
	if ref.Journal == clinic.In {
		j = s.in
	}
	r, err := j.Get(ref.Index)
	if err != nil {
		panic(err)
	}
	return join(v[:at], r.Leaf[:], v[at+refLen:])
}

func (s *Store) namedTips(v []byte) (out []byte) {
	for _, tip := range tipsOf(v) {
		out = append(out, s.named(tip, len(stamp{}))...)
	}
	return out
}

// Meta returns the cursors of the views.
func (s *Store) Meta() (own, in uint64) {
	m, _ := s.cursors()
	return m.own, m.in
}

// ReadIn returns all entries of the in journal.
func (s *Store) ReadIn() []Raw {
	raws, err := s.in.Read(0, 1<<20, 1<<30)
	if err != nil {
		panic(err)
	}
	return raws
}

// Witnessed asks Holds, and returns its words.
func (s *Store) Witnessed(size uint64, root string) string {
	b, err := hex.DecodeString(root)
	if err != nil {
		panic(err)
	}
	if err := s.Holds(size, b); err != nil {
		return err.Error()
	}
	return ""
}

// OpenBlob is for the fuzz test: the decoder of a blob's file.
func (b *Blobs) OpenBlob(name [16]byte, file []byte) ([]byte, error) { return b.open(name, file) }

// TrySlot reads any bytes as a slot of own/checkpoint: what it takes has one form.
func TrySlot(t testing.TB, b []byte) {
	if seq, note, ok := parseSlot(b); ok && !bytes.HasPrefix(b, bytes.TrimRight(encodeSlot(seq, note), "\x00")) {
		t.Fatalf("%x is another form of %d %q", b, seq, note)
	}
}
