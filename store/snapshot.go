package store

import (
	"bytes"
	"context"
	"os"
	"path"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/store/journal"
	"clinicbox/store/seal"
)

// Head is the size of a journal and its tree's root there.
type Head struct {
	Size uint64
	Root [32]byte
}

// Snapshot is what a copy of the store consists of. The files may grow meanwhile;
// what counts of each stays as it is.
type Snapshot struct {
	Own, In Head
	Newest  time.Time // when the newest own record was made; zero for none
	Files   []SnapshotFile
}

// SnapshotFile is a file of the data directory, or what it would hold.
type SnapshotFile struct {
	Path  string // with slashes
	Data  []byte // not nil: the content itself
	Size  int64  // how many bytes count; -1 = all there are
	Mod   int64  // in Unix nanoseconds
	Final bool   // with the same size and Mod it is the same file
	Lost  bool   // it is named and cannot be found here: what a copy has of it stays
	// Check tells why what was read is not what was written; nil = nobody can tell.
	Check func(content []byte) error
}

// Snapshot returns what a copy consists of now: state, epoch, journals, key ring and
// blobs, in this order, so that the state knows nothing of what the copied journals
// lack. Views are left out: they are made from the journals.
func (s *Store) Snapshot(ctx context.Context) (out Snapshot, err error) {
	if err := ctx.Err(); err != nil {
		return out, err
	}
	state, err := s.state.snapshot()
	if err != nil {
		return out, err
	}
	line := s.line()
	out.Files = append(
		out.Files,
		SnapshotFile{Path: "state.db", Data: state, Check: func([]byte) error { return s.state.walks(ctx) }},
		SnapshotFile{Path: "epoch", Data: line.encode()}, // as in memory, where it cannot rot
	)
	for _, kind := range []clinic.Journal{clinic.Own, clinic.In} {
		j := s.logOf(kind)
		h := &out.Own
		if kind == clinic.In {
			h = &out.In
		}
		var parts []journal.Extent
		if h.Size, parts = j.Extents(); h.Size > 0 || kind == clinic.Own {
			if h.Root, err = j.Root(h.Size); err != nil {
				return out, err
			}
		}
		for _, p := range parts {
			f := SnapshotFile{Path: path.Join(folderOf(kind), p.Name), Size: p.Size, Final: p.Final, Check: p.Check}
			if fi, err := os.Stat(filepath.Join(s.o.Dir, folderOf(kind), p.Name)); err == nil {
				f.Mod = fi.ModTime().UnixNano()
			} else if p.Size < 0 {
				continue // the offsets save work only
			}
			out.Files = append(out.Files, f)
		}
	}
	for _, path := range s.o.ringPaths() { // after the journals, whose newest key it has
		if exists(path) {
			out.Files = append(out.Files, SnapshotFile{Path: filepath.Base(path), Size: -1, Check: s.ringIs})
		}
	}
	if err := s.snapshotBlobs(&out); err != nil {
		return out, err
	}
	out.Newest, err = s.Newest()
	return out, err
}

// snapshotBlobs lists the blobs, after the journals that name them: one that is not
// named yet does no harm, one that is missing would. Those that entries name are listed
// though the folder does not show them: their copies must stay.
func (s *Store) snapshotBlobs(out *Snapshot) error {
	add := func(t token, named bool) {
		fi, err := os.Stat(s.blobs.file(t))
		switch {
		case err == nil:
			out.Files = append(out.Files, SnapshotFile{Path: blobPath(t), Size: fi.Size(), Mod: fi.ModTime().UnixNano(), Final: true})
		case named:
			out.Files = append(out.Files, SnapshotFile{Path: blobPath(t), Lost: true})
		}
	}
	all, hidden := s.blobs.list()
	if hidden != nil {
		s.log.Error("not all blobs can be reached", "err", hidden)
	}
	listed := make(map[token]bool, len(all))
	for _, t := range all {
		listed[t] = true
		add(t, false)
	}
	var more []token
	err := s.blobs.eachNamed(func(t token, own bool) {
		if !listed[t] && (own || hidden != nil) {
			more = append(more, t)
		}
	})
	for _, t := range more {
		add(t, true)
	}
	return err
}

// Newest is when the newest own record was made; zero when there is none.
func (s *Store) Newest() (t time.Time, err error) {
	m, err := s.cursors()
	if m.hlc > 0 {
		r := clinic.Record{HLC: m.hlc}
		t = r.Recorded()
	}
	return t, err
}

// cursors reads the row of tMeta.
func (s *Store) cursors() (m meta, err error) {
	err = s.peek(func(tx *bbolt.Tx) error {
		m.decode(tx.Bucket(tMeta.name()).Get(metaKey()))
		return nil
	})
	return m, err
}

// peek reads rows of the views that no use case asks for. Damaged views are an error.
func (s *Store) peek(f func(tx *bbolt.Tx) error) error {
	s.views.RLock()
	defer s.views.RUnlock()
	if s.closed {
		return ErrClosed
	}
	return guard(func() error { return s.db.View(f) })
}

// CopyKey is the key that proves whose a copy is. It stays when others are changed.
func (s *Store) CopyKey() seal.Key { return s.ring.Oldest().Sub("copy") }

// CopyKey is Store.CopyKey of a directory that is not open.
func CopyKey(o Options) (seal.Key, error) {
	f, err := o.loadRing()
	if err != nil {
		return seal.Key{}, err
	}
	return f.ring.Oldest().Sub("copy"), nil
}

// Extends tells whether the journals go on from two heads.
func (s *Store) Extends(own, in Head) bool {
	for kind, h := range map[clinic.Journal]Head{clinic.Own: own, clinic.In: in} {
		if h.Size == 0 {
			continue
		}
		if root, err := s.logOf(kind).Root(h.Size); err != nil || root != h.Root {
			return false
		}
	}
	return true
}

// ringIs tells why a copy of the key ring is not what it was when it was written.
func (s *Store) ringIs(content []byte) error {
	r, _, err := seal.DecodeRing(content, s.o.Key)
	if err == nil && r.Len() < s.ring.Len() {
		err = ErrRing
	}
	return err
}

// snapshot returns the file as it is at one moment. It is small: a medium is written
// to when no transaction is open any more.
func (s *State) snapshot() (b []byte, err error) {
	var buf bytes.Buffer
	err = s.db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(&buf)
		return err
	})
	return buf.Bytes(), err
}
