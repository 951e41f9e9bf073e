package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"clinicbox/internal/durable"
)

// epoch compares the file with memory, which has the same: a damaged one is written
// anew.
func (c *Scrubber) epoch(context.Context) (f Finding, err error) {
	c.s.epochs.Lock() // the file does not change meanwhile
	defer c.s.epochs.Unlock()
	there, err := loadEpoch(c.s.o.Dir)
	if err == nil && there == c.s.epoch {
		return f, nil
	}
	if f.Err = err; err == nil {
		f.Err = errEpoch
	}
	err = durable.WriteFile(epochPath(c.s.o.Dir), c.s.epoch.encode(), 0o600)
	f.Mended = err == nil
	return f, nil
}

// ring compares both copies with memory, which has the same keys: a damaged one is
// written anew.
func (c *Scrubber) ring(context.Context) (f Finding, err error) {
	s := c.s
	if s.ring.Generation() == 0 {
		return f, nil // the storage key itself seals
	}
	there, err := s.o.loadRing()
	if err == nil && (there.sound || there.older) && there.ring.Len() == s.ring.Len() {
		return f, nil // an older one gets a new key at the next open
	}
	if f.Err = err; err == nil {
		f.Err = ErrRing
	}
	f.Mended = s.o.saveRing(s.ring) == nil
	return f, nil
}

// state reads the file's pages, and every value. There is no other copy that may
// take its place: one of an hour ago would give back wrong PINs that were counted.
func (c *Scrubber) state(ctx context.Context) (f Finding, err error) {
	if f.Err = c.pages(ctx, statePath(c.s.o.Dir), checkPages); f.Err != nil {
		return f, nil
	}
	if f.Err = c.s.state.sound(ctx); f.Err != nil && !errors.Is(f.Err, ErrState) {
		return Finding{}, f.Err
	}
	return f, nil
}

// sound opens every value; ErrState when one does not.
func (s *State) sound(ctx context.Context) error {
	return guard(func() error {
		return s.View(func(tx *StateTx) (bad error) {
			for _, name := range tx.buckets() {
				err := tx.ForEach(name, func(string, []byte) error { return ctx.Err() })
				if err != nil && !errors.Is(err, ErrState) {
					return err
				}
				bad = errors.Join(bad, err)
			}
			return bad
		})
	})
}

// walks tells why rows of the state cannot be found any more. One whose value does not
// open costs itself only: an older copy of all would cost more.
func (s *State) walks(ctx context.Context) error {
	if err := s.sound(ctx); err != nil && !errors.Is(err, ErrState) {
		return err
	}
	return nil
}

// views reads the pages of the views. Damaged ones are built anew at the next open.
func (c *Scrubber) views(ctx context.Context) (f Finding, err error) {
	path := viewsPath(c.s.o.Dir)
	if !exists(path) {
		return f, nil // in memory only, on a full disk
	}
	if f.Err = c.pages(ctx, path, c.sameRows); f.Err == nil {
		return f, nil
	}
	c.s.markStale()
	return f, nil
}

// markStale lets the next open build the views anew.
func (s *Store) markStale() {
	if err := durable.WriteFile(stalePath(s.o.Dir), nil, 0o600); err != nil {
		s.log.Error("views must be built anew and are not marked", "err", err)
	}
}

// sameRows compares the rows on the medium with the sum that was kept of them, if no
// commit comes between.
func (c *Scrubber) sameRows(path string) error {
	before, err := c.s.cursors()
	if err != nil {
		return err
	}
	sum, err := checkViews(path)
	if after, rerr := c.s.cursors(); err == nil && rerr == nil && before.rows == after.rows && sum != after.rows {
		err = errRows
	}
	return err
}

// errRows tells that rows of the views changed by themselves.
var errRows = errors.New("store: rows of the views are not those that were written")

// pages checks a bbolt file as it is on the medium. Somebody may be writing to it, so
// only what is wrong three times is wrong.
func (c *Scrubber) pages(ctx context.Context, path string, check func(string) error) (err error) {
	for range 3 {
		var f *os.File
		if f, err = os.Open(path); err != nil {
			return err
		}
		durable.Forget(f)
		if err = errors.Join(f.Close(), check(path), ctx.Err()); err == nil {
			return nil
		}
	}
	return err
}

// stalePath marks views that must be built anew.
func stalePath(dir string) string { return viewsPath(dir) + ".stale" }

// Stale tells that the views were found damaged: the next open builds them anew.
func (s *Store) Stale() bool { return exists(stalePath(s.o.Dir)) }

// notStale removes the mark, once the views are built anew.
func (s *Store) notStale() {
	if !s.Stale() {
		return
	}
	if err := durable.Remove(stalePath(s.o.Dir)); err != nil {
		s.log.Warn("views stay marked as damaged", "file", filepath.Base(stalePath("")), "err", err)
	}
}

func checkPages(path string) error { return checkRows(path, nil) }
