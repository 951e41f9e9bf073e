package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"go.etcd.io/bbolt"

	"clinicbox/store/journal"
)

// Report is what Check found. It names no patient.
type Report struct {
	Own, In   uint64 // entries
	Holes     uint64 // that can no longer be read
	Unknown   uint64 // that this program cannot decode
	Blobs     uint64 // files
	Rows      uint64 // of the views, compared
	Unapplied uint64 // entries that the views miss: the next open applies them
	Unturned  int    // files that a change of keys has not reached: the next open finishes it
	Unhashed  int    // tree hashes that are missing at the end: the next open completes them
	OwnRoot   [32]byte
	Signed    uint64   // entries under the newest signed checkpoint of the own journal
	Cosigned  uint64   // entries under the newest that the centre cosigned
	Problems  []string // in words; none = all is well
}

func (r *Report) problem(format string, args ...any) {
	const most = 100
	if len(r.Problems) < most {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	} else if len(r.Problems) == most {
		r.Problems = append(r.Problems, "more problems than can be listed")
	}
}

// Check verifies the journals frame by frame, computes their trees anew, and
// compares the views with a fresh computation. It changes nothing, and needs the
// store to be closed. An error means that checking itself was not possible; what
// is wrong with the data stands in the report.
func Check(ctx context.Context, o Options) (Report, error) {
	a, err := audit(ctx, o, (*Store).checkRest)
	return a.Report, err
}

// checkRest compares the views, which opened with verr, and the blobs.
func (s *Store) checkRest(ctx context.Context, rep *Report, m meta, verr error) (err error) {
	switch {
	case errors.Is(verr, fs.ErrNotExist):
		rep.Unapplied = rep.Own + rep.In
	case verr != nil:
		rep.problem("views: %v; the next open builds them anew", verr)
	default:
		k := s.ring.Find(m.key)
		if k == nil {
			rep.problem("views: hashed under an unknown key; the next open builds them anew")
			break
		}
		rep.unturned(k == s.ring.Newest())
		s.tokens = s.tokensUnder(k)
		err = s.compare(ctx, rep, m)
	}
	if err == nil {
		err = s.checkBlobs(ctx, rep)
	}
	return err
}

// checkRing reads the key ring and says what is wrong with its copies.
func (s *Store) checkRing(rep *Report) error {
	f, err := s.o.loadRing()
	if err != nil {
		return err
	}
	for _, d := range f.damaged {
		rep.problem("key ring: %s; the next open mends it", d)
	}
	rep.unturned(f.sound || len(f.damaged) > 0)
	s.ring = f.ring
	return nil
}

func (rep *Report) unturned(done ...bool) {
	for _, ok := range done {
		if !ok {
			rep.Unturned++
		}
	}
}

func readOnly(c journal.Config) journal.Config {
	c.ReadOnly = true
	return c
}

// checkFailed puts damage into the report; other errors stop the check.
func checkFailed(rep *Report, name string, err error) error {
	if errors.Is(err, journal.ErrCorrupt) {
		rep.problem("%s: %v", name, err)
		return nil
	}
	return fmt.Errorf("store: %s: %w", name, err)
}

// compare computes the views up to their own cursors and walks both side by side.
func (s *Store) compare(ctx context.Context, rep *Report, m meta) error {
	if m.own > rep.Own || m.in > rep.In {
		rep.problem("views: they have %d and %d entries, the journals %d and %d: saved entries are missing", m.own, m.in, rep.Own, rep.In)
		return nil
	}
	rep.Unapplied = rep.Own - m.own + rep.In - m.in
	if s.epoch.Epoch != m.epoch {
		rep.problem("views: they belong to epoch %x, the journal to %x", m.epoch, s.epoch.Epoch)
	}
	if rep.Holes == 0 && rep.Unhashed == 0 && !agree(m, s.own, s.in) {
		rep.problem("views: their roots are not those of the journals")
	}
	src := source{own: s.own, in: s.in, tokens: s.tokens, upTo: m, done: s.o.Progress}
	b, hlc, err := src.compute(ctx)
	if err != nil {
		return err
	}
	if hlc != m.hlc {
		rep.problem("views: highest time is %d, in the journal %d", m.hlc, hlc)
	}
	return guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error {
			for err := range tx.Check() {
				rep.problem("views: %v", err)
			}
			for t := tMeta + 1; t < tables; t++ {
				rep.compareTable(tx, t, b)
			}
			return nil
		})
	})
}

func (rep *Report) compareTable(tx *bbolt.Tx, t table, b *bulk) {
	c := tx.Bucket(t.name()).Cursor()
	k, v := c.First()
	var missing, extra, differs int
	_ = b.each(t, func(key, value []byte) error {
		for ; k != nil && bytes.Compare(k, key) < 0; k, v = c.Next() {
			extra++
		}
		switch {
		case !bytes.Equal(k, key):
			missing++
			return nil
		case !bytes.Equal(v, value):
			differs++
		}
		rep.Rows++
		k, v = c.Next()
		return nil
	})
	for ; k != nil; k, _ = c.Next() {
		extra++
	}
	if missing+extra+differs > 0 {
		rep.problem("views: table %s: %d rows missing, %d too many, %d different", t.name(), missing, extra, differs)
	}
}
