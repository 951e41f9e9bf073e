package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"clinicbox/internal/durable"
)

// orphanAge is how long an entry may take to name a blob.
const orphanAge = 24 * time.Hour

// Collect removes the blobs that no entry names and that are older than a day, and
// returns how many. With a clock that went back they stay longer.
func (b *Blobs) Collect(ctx context.Context) (removed int, err error) {
	now, _ := b.s.o.Clock.Now()
	var old []token
	err = b.each(func(path string, _ int64) error {
		fi, err := os.Stat(path)
		if t, ok := tokenOf(path); ok && err == nil && now.Sub(fi.ModTime()) > orphanAge {
			old = append(old, t)
		}
		return ctx.Err()
	})
	if ctx.Err() != nil || len(old) == 0 {
		return 0, err
	}
	// Between two commits: no act can name a blob while it is removed.
	berr := b.s.between(ctx, func() error {
		var errs []error
		for _, t := range old {
			named, err := b.named(t)
			if err != nil {
				return err
			}
			if named {
				continue
			}
			fi, err := os.Stat(b.file(t))
			if err == nil {
				err = durable.Remove(b.file(t))
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			b.reserveBack(fi.Size())
			removed++
		}
		return errors.Join(errs...)
	})
	return removed, errors.Join(err, berr)
}

// named tells whether an entry of either journal names a blob.
func (b *Blobs) named(t token) (yes bool, err error) {
	err = b.s.peek(func(tx *bbolt.Tx) error {
		yes = tx.Bucket(tBlob.name()).Get(t[:]) != nil
		return nil
	})
	return yes, err
}

// tokenOf reads the name of a blob's file.
func tokenOf(path string) (t token, ok bool) {
	b, err := hex.DecodeString(filepath.Base(path))
	return token(append(b, make([]byte, 16)...)), err == nil && len(b) == len(t)
}

// list returns the blobs that are there; with an error, those that can be found.
func (b *Blobs) list() (out []token, err error) {
	err = b.each(func(path string, _ int64) error {
		if t, ok := tokenOf(path); ok {
			out = append(out, t)
		}
		return nil
	})
	return out, err
}

// blobs reads every blob; one that does not open is taken from the copy.
func (c *Scrubber) blobs(ctx context.Context) (f Finding, err error) {
	b := c.s.blobs
	n, err := b.Collect(ctx)
	if err != nil && (ctx.Err() != nil || errors.Is(err, ErrFatal)) {
		return f, err
	}
	if n > 0 || err != nil {
		c.s.log.Info("blobs that no entry names are removed", "count", n, "err", err)
	}
	all, err := b.list()
	f.Err, f.Mended = err, err == nil
	for _, t := range all {
		file, _, err := c.o.Cold.Read(ctx, b.file(t), 0)
		if err == nil {
			_, err = b.open(t, file)
		}
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		if err == nil {
			continue
		}
		f.Err = errors.Join(f.Err, fmt.Errorf("%s: %w", blobPath(t), err))
		f.Mended = c.mendBlob(ctx, t) && f.Mended
	}
	missing, err := b.missing()
	if err != nil { // damaged views, which have a step of their own
		f.Err, f.Mended = errors.Join(f.Err, err), false
	}
	for _, t := range missing {
		f.Err = errors.Join(f.Err, fmt.Errorf("%s: %w", blobPath(t), ErrNoBlob))
		f.Mended = c.mendBlob(ctx, t) && f.Mended
	}
	b.setTrouble(nil)
	if f.Err != nil && !f.Mended {
		b.setTrouble(f.Err)
	}
	return f, nil
}

func (c *Scrubber) mendBlob(ctx context.Context, t token) bool {
	if c.o.Copies == nil {
		return false
	}
	file, err := c.o.Copies(ctx, blobPath(t))
	if err == nil {
		_, err = c.s.blobs.open(t, file)
	}
	if err == nil {
		err = c.s.blobs.place(t, file)
	}
	return err == nil
}

// missing lists the blobs that own entries name and that are not here.
func (b *Blobs) missing() (out []token, err error) {
	err = b.eachNamed(func(t token, own bool) {
		if own && !exists(b.file(t)) {
			out = append(out, t)
		}
	})
	return out, err
}

// eachNamed passes every blob that an entry names, and whether one of own does.
func (b *Blobs) eachNamed(fn func(t token, own bool)) error {
	return b.s.peek(func(tx *bbolt.Tx) error {
		return tx.Bucket(tBlob.name()).ForEach(func(k, v []byte) error {
			fn(token(k), number64(v) == 1)
			return nil
		})
	})
}

// checkBlobs opens every blob, and misses those that own entries name.
func (s *Store) checkBlobs(ctx context.Context, rep *Report) error {
	b := newBlobs(s)
	all, err := b.list()
	if err != nil {
		rep.problem("blobs: %v", err)
	}
	rep.Blobs = uint64(len(all))
	for _, t := range all {
		file, err := readBlob(b.file(t))
		if err == nil {
			_, err = b.open(t, file)
		}
		if err != nil {
			rep.problem("%s: %v", blobPath(t), err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if s.db == nil {
		return nil
	}
	missing, err := b.missing()
	if len(missing) > 0 {
		rep.problem("%d blobs that entries name are missing", len(missing))
	}
	return err
}
