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
	if err != nil || len(old) == 0 {
		return 0, err
	}
	// Between two commits: no act can name a blob while it is removed.
	err = b.s.between(ctx, func() error {
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
				return err
			}
			b.reserveBack(fi.Size())
			removed++
		}
		return nil
	})
	return removed, err
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

// list returns the files in the data directory, with slashes.
func (b *Blobs) list() (out []string, err error) {
	err = b.each(func(path string, _ int64) error {
		if _, ok := tokenOf(path); ok {
			rel, err := filepath.Rel(b.s.o.Dir, path)
			if err != nil {
				return err
			}
			out = append(out, filepath.ToSlash(rel))
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
	names, err := b.list()
	if err != nil {
		return f, err
	}
	f.Mended = true
	for _, name := range names {
		path := filepath.Join(c.s.o.Dir, filepath.FromSlash(name))
		t, _ := tokenOf(path)
		file, _, err := c.o.Cold.Read(ctx, path, 0)
		if err == nil {
			_, err = b.open(t, file)
		}
		if ctx.Err() != nil {
			return f, ctx.Err()
		}
		if err == nil {
			continue
		}
		f.Err = errors.Join(f.Err, fmt.Errorf("%s: %w", name, err))
		if !c.mendBlob(ctx, name, t) {
			f.Mended = false
		}
	}
	missing, err := b.missing()
	if err != nil { // damaged views, which have a step of their own
		f.Err, f.Mended = errors.Join(f.Err, err), false
	}
	for _, t := range missing {
		name := filepath.ToSlash(filepath.Join("blobs", hex.EncodeToString(t[:1]), hex.EncodeToString(t[:])))
		f.Err = errors.Join(f.Err, fmt.Errorf("%s: %w", name, ErrNoBlob))
		f.Mended = c.mendBlob(ctx, name, t) && f.Mended
	}
	return f, nil
}

func (c *Scrubber) mendBlob(ctx context.Context, name string, t token) bool {
	if c.o.Copies == nil {
		return false
	}
	file, err := c.o.Copies(ctx, name)
	if err == nil {
		_, err = c.s.blobs.open(t, file)
	}
	if err == nil {
		err = durable.MkdirAll(filepath.Dir(c.s.blobs.file(t)), 0o700)
	}
	if err == nil {
		err = durable.WriteFileFS(c.s.o.Files, c.s.blobs.file(t), file, 0o600)
	}
	return err == nil
}

// missing lists the blobs that own entries name and that are not here.
func (b *Blobs) missing() (out []token, err error) {
	err = b.s.peek(func(tx *bbolt.Tx) error {
		return tx.Bucket(tBlob.name()).ForEach(func(k, v []byte) error {
			if t := token(k); number64(v) == 1 && !exists(b.file(t)) {
				out = append(out, t)
			}
			return nil
		})
	})
	return out, err
}

// checkBlobs opens every blob, and misses those that own entries name.
func (s *Store) checkBlobs(ctx context.Context, rep *Report) error {
	b := newBlobs(s)
	names, err := b.list()
	if err != nil {
		return err
	}
	rep.Blobs = uint64(len(names))
	for _, name := range names {
		path := filepath.Join(s.o.Dir, filepath.FromSlash(name))
		t, _ := tokenOf(path)
		file, err := readBlob(path)
		if err == nil {
			_, err = b.open(t, file)
		}
		if err != nil {
			rep.problem("%s: %v", name, err)
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
