package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
	"clinicbox/store/journal"
	"clinicbox/store/seal"
	"clinicbox/store/search"
)

// Store is an open record store. All methods may be called at the same time.
// Acts and Receive wait until Run runs.
type Store struct {
	o      Options
	log    *slog.Logger
	lock   *lock
	own    *journal.Journal
	in     *journal.Journal
	db     *bbolt.DB
	state  *State
	ring   seal.Ring
	tokens tokens
	epochs sync.Mutex
	epoch  epoch // guarded by epochs once the store is open
	heads  *heads
	holes  holes
	blobs  *Blobs

	positions positions
	names     *search.Names
	catalogs  *search.Catalogs
	batches   batchNames

	jobs    chan job
	ready   chan struct{} // closed when Run takes jobs
	dead    chan struct{} // closed when no job will be taken any more
	deadErr error         // why; set before dead closes
	once    sync.Once
	running sync.Mutex // held by Run
	views   sync.RWMutex
	closed  bool // guarded by views
	frozen  bool // the disk is read-only; set before Open returns
	blind   bool // set before Open returns: see Blind
	stuck   bool // a write transaction of the views cannot be ended

	// Of Run only.
	hlc   uint64
	crowd crowd
	// commit ends the write transaction of the views; a test puts faults here.
	commit func(*bbolt.Tx) error
}

var _ desk.Store = (*Store)(nil)

// Open opens the store of a data directory, or makes an empty one. It takes the
// lock, recovers and returns when everything that was saved can be read. A full
// disk does not stop it once there is something to read: what cannot be written
// (views, tree hashes) stays in memory, and acts are answered with ErrFull until
// there is room. A read-only disk is treated likewise, with ErrReadOnly.
func Open(ctx context.Context, o Options) (*Store, error) {
	o.defaults()
	s := &Store{
		o: o, log: o.Log, jobs: make(chan job, maxBatch), ready: make(chan struct{}), dead: make(chan struct{}),
		commit: func(tx *bbolt.Tx) error { return tx.Commit() },
		names:  search.NewNames(o.Fold), catalogs: search.NewCatalogs(o.Fold, o.Catalog),
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.release(false))
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) (err error) {
	if err := durable.MkdirAll(s.o.Dir, 0o700); err != nil {
		return err
	}
	if s.lock, err = takeLock(s.o.Dir, s.o.Frozen); err != nil {
		return err
	}
	if s.frozen = s.lock.frozen; s.frozen {
		s.log.Error("the disk is read-only: records can be read, nothing can be saved")
	}
	if err := unfinished(s.o.Dir); err != nil {
		return err
	}
	unclean := !s.lock.clean
	if err := s.lock.mark(); err != nil { // on a full disk; the mark only asks for a probe
		s.log.Warn("LOCK not marked", "err", err)
	}
	ring, err := s.openRing()
	if err != nil {
		return err
	}
	if err := s.openUnder(ctx, unclean); err != nil {
		if ring.lost != nil && errors.Is(err, ErrKey) {
			return ring.lost
		}
		return err
	}
	s.settleRing(ring)
	return nil
}

// openUnder opens everything that lies under the ring, and brings it under the newest
// key.
func (s *Store) openUnder(ctx context.Context, unclean bool) error {
	if err := s.openEpoch(); err != nil {
		return err
	}
	m, err := s.openViews(ctx, unclean)
	if err != nil {
		return err
	}
	if err := s.openJournals(m); err != nil {
		return err
	}
	if s.state, err = openState(s.o.Dir, s.ring, s.log, s.frozen); err != nil {
		return err
	}
	s.blobs = openBlobs(s)
	if n := s.Lost(); n > 0 && s.o.Lost != nil { // of what views knew that are about to forget it
		if err := s.o.Lost(s.state, n); err != nil {
			s.log.Error("what the disk lost is not kept", "entries", n, "err", err)
		}
	}
	s.rememberHoles() // of views that recover may build anew
	if err := s.openCheckpoints(s.own.Root, s.frozen); err != nil {
		return err
	}
	if err := s.recover(ctx, m); err != nil {
		return err
	}
	if err := s.loadIndexes(); err != nil {
		return err
	}
	return s.begin()
}

// begin starts the incarnation of this open. When the disk takes none, the one on
// the disk goes on: it has added nothing that anybody else could know otherwise.
func (s *Store) begin() error {
	if s.frozen {
		return nil
	}
	err := s.epoch.begin(s.o.Dir, s.own.Size())
	if err == nil {
		return nil
	}
	there, lerr := loadEpoch(s.o.Dir)
	if lerr != nil {
		return errors.Join(err, lerr)
	}
	s.log.Error("no new incarnation, the last one goes on", "err", err)
	s.epoch = there
	return nil
}

// openEpoch reads the epoch file. Without one, the journal's own header knows the
// epoch (openJournals), and in an empty directory a new one begins.
func (s *Store) openEpoch() (err error) {
	if s.epoch, err = loadEpoch(s.o.Dir); err == nil {
		return nil
	}
	if !isMissing(err) {
		s.log.Error("epoch file is damaged; its incarnation is lost", "err", err)
	}
	found, ok, err := journal.Epoch(s.journal(clinic.Own, meta{}))
	if err != nil {
		return err
	}
	if s.epoch = newEpoch(); ok {
		s.epoch.Epoch = found
	}
	return nil
}

func (s *Store) journal(kind clinic.Journal, m meta) journal.Config {
	c := journal.Config{
		Dir: filepath.Join(s.o.Dir, "own"), Kind: kind, Keys: s.ring, Epoch: s.epoch.Epoch,
		FS: s.o.Files, SegmentSize: s.o.SegmentSize, Known: m.own, Tree: true, Log: s.log,
	}
	c.ReadOnly, c.Frozen = s.frozen, s.frozen
	if kind == clinic.In {
		c.Dir, c.Known, c.Epoch = filepath.Join(s.o.Dir, "in"), m.in, [8]byte{}
	}
	return c
}

func (s *Store) openJournals(m meta) (err error) {
	if s.own, err = journal.Open(s.journal(clinic.Own, m)); err != nil {
		return fmt.Errorf("store: own: %w", err)
	}
	if s.in, err = journal.Open(s.journal(clinic.In, m)); err != nil {
		return fmt.Errorf("store: in: %w", err)
	}
	return nil
}

// Close stops taking acts, waits for the one in hand and lets go of the files.
// What was answered as saved needs no Close.
func (s *Store) Close() error {
	s.stop(ErrClosed)
	s.running.Lock() // Run has returned
	defer s.running.Unlock()
	return s.release(errors.Is(s.deadErr, ErrClosed))
}

func (s *Store) release(clean bool) error {
	s.views.Lock() // no View is on its way
	defer s.views.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	var errs []error
	if s.db != nil && !s.stuck {
		errs = append(errs, guard(s.db.Close))
	}
	if s.state != nil {
		errs = append(errs, s.state.close())
	}
	errs = append(errs, s.heads.close())
	for _, j := range []*journal.Journal{s.own, s.in} {
		if j != nil {
			errs = append(errs, j.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, s.lock.release(clean && errors.Join(errs...) == nil))
	}
	return errors.Join(errs...)
}

// stop ends the taking of jobs; the first reason counts.
func (s *Store) stop(why error) {
	s.once.Do(func() {
		s.deadErr = why
		close(s.dead)
	})
}

// Ready is closed when Run takes acts.
func (s *Store) Ready() <-chan struct{} { return s.ready }

// String names the task.
func (s *Store) String() string { return "store" }

// State returns the small state that no rebuild touches.
func (s *Store) State() *State { return s.state }

// ReadOnly reports that the disk took nothing when the store was opened: what is in it
// can be read, every act is answered with ErrReadOnly, and what State is given lasts
// until the store closes.
func (s *Store) ReadOnly() bool { return s.frozen }

// Epoch names the line of history of the own journal.
func (s *Store) Epoch() [8]byte { return s.line().Epoch }

// Incarnation names this open, the one before it, and the size of the own journal
// when this one began.
func (s *Store) Incarnation() (incarnation, parent [8]byte, tip uint64) {
	e := s.line()
	return e.Incarnation, e.Parent, e.Tip
}
