package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clinicbox/clinic"
	"clinicbox/internal/durable"
	"clinicbox/store/seal"
)

// The ring lies in two copies: one unreadable sector must not cost all records. A new
// generation goes to the main file; the copy keeps the one before until the open behind
// it is done, a dozen flushes later. A medium that loses what it had said to be written
// so loses the new generation, under which nothing was saved, and not both.
const (
	ringName = "ring"
	ringCopy = "ring.copy"
)

// ErrRing tells that the ring of data keys is damaged in both copies.
var ErrRing = errors.New("store: key ring is damaged")

// ringFile is what the two copies hold.
type ringFile struct {
	ring    seal.Ring
	raw     []byte   // of the newer copy; nil without any
	sound   bool     // both copies are alike, and of this root alone
	older   bool     // the root before this one opens it
	damaged []string // copies that cannot be read
	lost    error    // both are damaged: the root itself is tried
}

func (o *Options) ringPaths() [2]string {
	return [2]string{filepath.Join(o.Dir, ringName), filepath.Join(o.Dir, ringCopy)}
}

// KeyFiles are the files of a data directory that hold keys, sealed under the root: to
// be erased with what opens that.
func KeyFiles(dir string) []string {
	p := (&Options{Dir: dir}).ringPaths()
	return p[:]
}

// loadRing reads the newer copy that the root opens. Without any, the root itself
// seals the data: the directory has changed no key yet.
func (o *Options) loadRing() (f ringFile, err error) {
	var found, good int
	var worst error
	for _, path := range o.ringPaths() {
		b, err := os.ReadFile(path)
		if isMissing(err) {
			continue
		}
		found++
		var r seal.Ring
		var alone, older bool
		if err == nil {
			r, alone, older, err = o.decodeRing(b)
		}
		switch {
		case err != nil:
			worst = worseRing(worst, err)
			f.damaged = append(f.damaged, fmt.Sprintf("%s: %v", filepath.Base(path), err))
			continue
		case good == 0 || r.Generation() > f.ring.Generation():
			f.sound = false
			f.ring, f.older, f.raw = r, older, b
		default:
			f.sound = alone && !older && bytes.Equal(b, f.raw)
		}
		good++
	}
	switch {
	case found == 0 && o.Before != nil:
		return ringFile{ring: seal.NewRing(*o.Before), older: true}, nil
	case found == 0:
		return ringFile{ring: seal.NewRing(o.Key), sound: true}, nil
	case errors.Is(worst, seal.ErrVersion): // a newer program was here: what it wrote counts
		return f, fmt.Errorf("%w: %w", ErrVersion, worst)
	case good > 0:
		return f, nil
	case errors.Is(worst, seal.ErrRoot):
		return f, fmt.Errorf("%w: %w", ErrKey, worst)
	}
	return f, fmt.Errorf("%w: %w", ErrRing, worst)
}

// decodeRing opens a copy under the root, or else under the one before it.
func (o *Options) decodeRing(b []byte) (r seal.Ring, alone, older bool, err error) {
	r, alone, err = seal.DecodeRing(b, o.Key)
	if errors.Is(err, seal.ErrRoot) && o.Before != nil {
		r, alone, err = seal.DecodeRing(b, *o.Before)
		older = err == nil
	}
	return r, alone, older, err
}

// renew writes the ring under the root, with a new data key: a root that it lay under
// before never opens what is written from now on. Only the main file is written: see
// even.
func (o *Options) renew(f ringFile) (ringFile, error) {
	now, _ := o.Clock.Now()
	r, err := f.ring.With(clinic.HLCAt(now))
	if err == nil {
		err = o.even(f) // the copy may lack a key that is in use
	}
	if err == nil {
		err = durable.WriteFileFS(o.Files, o.ringPaths()[0], r.Encode(o.Key), 0o600)
	}
	if err != nil {
		return f, fmt.Errorf("store: key ring: %w", err)
	}
	return o.loadRing()
}

// even makes the copies alike.
func (o *Options) even(f ringFile) error {
	if f.sound || f.raw == nil {
		return nil
	}
	for _, path := range o.ringPaths() {
		if b, err := os.ReadFile(path); err == nil && bytes.Equal(b, f.raw) {
			continue
		}
		if err := durable.WriteFileFS(o.Files, path, f.raw, 0o600); err != nil {
			return fmt.Errorf("store: key ring: %w", err)
		}
	}
	return nil
}

// worseRing picks the error that decides.
func worseRing(a, b error) error {
	if a == nil || errors.Is(b, seal.ErrVersion) || errors.Is(b, seal.ErrRoot) && !errors.Is(a, seal.ErrVersion) {
		return b
	}
	return a
}

// saveRing writes both copies anew, from memory.
func (o *Options) saveRing(r seal.Ring) error {
	b := r.Encode(o.Key)
	for _, path := range o.ringPaths() {
		if err := durable.WriteFileFS(o.Files, path, b, 0o600); err != nil {
			return fmt.Errorf("store: key ring: %w", err)
		}
	}
	return nil
}

// openRing reads the ring, and gives it a new data key when it lies under the root
// before. settleRing follows when all is open.
func (s *Store) openRing() (f ringFile, err error) {
	f, err = s.o.loadRing()
	if errors.Is(err, ErrRing) { // what is not sealed under the root itself does not open, and says so
		f.lost, err = err, nil
		if f.ring = seal.NewRing(s.o.Key); s.o.Before != nil {
			f.ring = seal.NewRing(*s.o.Before)
		}
	}
	if err != nil {
		return f, err
	}
	if !s.frozen && f.lost == nil {
		if err := s.o.clearTemp(); err != nil {
			return f, err
		}
		if f.older {
			if f, err = s.o.renew(f); err != nil {
				s.log.Error("the records go on under the older data key", "err", err)
			}
		}
	}
	for _, d := range f.damaged {
		s.log.Error("a copy of the key ring is damaged", "file", d)
	}
	s.ring = f.ring
	s.tokens = s.tokensUnder(s.ring.Newest())
	return f, nil
}

// settleRing makes the ring's copies alike once everything is under its newest key. One
// whose copies were both damaged before anything was sealed under it is made anew. Where
// the disk takes nothing, the records are open all the same.
func (s *Store) settleRing(f ringFile) {
	var err error
	switch {
	case s.frozen:
	case f.lost != nil:
		_, err = s.o.renew(ringFile{ring: f.ring})
	default:
		err = s.o.even(f)
	}
	if err != nil {
		s.log.Error("the key ring's copies are not alike", "err", err)
	}
}

// clearTemp removes what a cut left of files that are written beside their place.
func (o *Options) clearTemp() error {
	paths := o.ringPaths()
	for _, path := range append(paths[:], viewsPath(o.Dir), statePath(o.Dir)) {
		if exists(path + durable.TempSuffix) {
			if err := durable.Remove(path + durable.TempSuffix); err != nil {
				return err
			}
		}
	}
	return nil
}

// keyOf is the key that a file names, or the ring's oldest for one that names none.
func keyOf(id seal.KeyID, r seal.Ring) seal.KeyID {
	if id == (seal.KeyID{}) {
		return r.Oldest().ID()
	}
	return id
}

// Rotate gives the records of a closed directory a new data key. It is one small
// write: the next Open seals new segments of both journals under it, builds the views
// anew with new keyed hashes, and seals the state anew. What is left undone by a power
// cut shows in the key that each file names, and the Open after it goes on. Older
// entries stay under their keys, readable. After an error the key is there or not.
func Rotate(ctx context.Context, o Options) (err error) {
	o.defaults()
	if err := ctx.Err(); err != nil {
		return err
	}
	l, err := takeLock(o.Dir, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.release(false)) }()
	f, err := o.loadRing()
	if err == nil {
		_, err = o.renew(f)
	}
	return err
}

// Settled tells why the storage key must not be replaced yet: the records of the closed
// directory lie under the one before it. nil when they do not.
func Settled(o Options) error {
	f, err := o.loadRing()
	if err == nil && f.older {
		err = fmt.Errorf("%w: not opened since the storage key was replaced", ErrKey)
	}
	return err
}
