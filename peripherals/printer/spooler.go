package printer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"clinicbox/clinic/paper"
)

// Errors of Submit and Drop.
var (
	ErrFull = errors.New("print queue is full")
	ErrBusy = errors.New("slip is being printed")
	ErrGone = errors.New("no such print job")
)

// State tells what a Spooler does.
type State string

// The states; they are message keys.
const (
	Idle     State = "printer.state.idle"
	Asking   State = "printer.state.asking" // nothing to print; how the printer is, is not known yet
	Printing State = "printer.state.printing"
	Waiting  State = "printer.state.waiting" // tries again by itself when the cause is gone
	Holding  State = "printer.state.held"    // needs a person: Retry or Drop
)

// SpoolStatus is what pages and health show.
type SpoolStatus struct {
	State     State
	Cause     Cause         // why it waits or holds, or what keeps an idle printer from printing; "" for nothing
	Since     time.Time     // of the cause
	Jobs      int           // not printed yet
	Bad       []string      // ids of jobs that cannot be read or drawn; Drop them
	OldestAge time.Duration // of the jobs not printed yet
	NearEnd   bool          // change the roll soon
	Unproven  bool          // the last slip was sent; this printer cannot tell whether it is out
	Blind     bool          // configured as one that never answers: nothing is known beyond the connection
}

// SpoolOpts tells how a Spooler behaves.
type SpoolOpts struct {
	Width    Width
	Log      *slog.Logger  // nil = none; no patient data is ever logged
	MinWait  time.Duration // between tries, doubling …
	MaxWait  time.Duration // … up to this
	Person   time.Duration // at most this when a hand can mend it (paper, cover): it shall print when the cover shuts
	MaxTries int           // tries that may have used paper before a person is needed
	MaxJobs  int
	Ask      time.Duration // between questions to an idle printer; 0 = never ask
	AskSoon  time.Duration // the same while it says that something is wrong
}

// DefaultSpoolOpts suits a desk.
func DefaultSpoolOpts(w Width) SpoolOpts {
	return SpoolOpts{
		Width: w, MinWait: time.Second, MaxWait: time.Minute, Person: 3 * time.Second,
		MaxTries: 5, MaxJobs: 500, Ask: 30 * time.Second, AskSoon: 5 * time.Second,
	}
}

// Spooler prints jobs in their order and keeps each until the paper is known to
// be out. A slip is never lost, and never printed a second time without the mark
// "BẢN IN LẠI". It is a task: Run, Ready, String.
type Spooler struct {
	queue   Queue
	printer Printer
	opts    SpoolOpts
	log     *slog.Logger
	ready   chan struct{}
	wake    chan struct{} // of capacity 1

	storage sync.Mutex // one caller of queue at a time; taken before mu

	mu      sync.Mutex
	jobs    []*job   // in order
	done    []string // ids of the last jobs that are out, oldest first
	next    uint64
	current *job // being printed
	state   SpoolStatus
	asked   time.Time          // when the printer last said how it is; zero = ask now
	hush    context.CancelFunc // ends the question that is under way
}

// NewSpooler makes a Spooler; Run starts it.
func NewSpooler(q Queue, p Printer, opts SpoolOpts) *Spooler {
	log := opts.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Spooler{
		queue: q, printer: p, opts: opts, log: log, next: 1,
		ready: make(chan struct{}), wake: make(chan struct{}, 1),
		state: SpoolStatus{State: Idle},
	}
	if a := s.asker(); a != nil {
		s.state.State, s.state.Blind = Asking, !a.Tells()
	}
	return s
}

// String names the task.
func (s *Spooler) String() string { return "print queue of " + s.printer.String() }

// Ready is closed when the stored jobs are loaded.
func (s *Spooler) Ready() <-chan struct{} { return s.ready }

// keepDone is how many finished jobs are remembered by their id.
const keepDone = 500

// Submit stores a slip for printing and returns when it is durable; it does not
// wait for paper. The id must be new for every paper, a wanted reprint too, and
// free of personal data. The same id again does nothing while it is queued and
// long after it is out, so an error is answered by calling again, after a restart
// too. copy marks the slip as a reprint from the start.
func (s *Spooler) Submit(ctx context.Context, id string, doc paper.Doc, copy bool) error {
	select {
	case <-s.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := Render(doc, s.opts.Width); err != nil {
		return fmt.Errorf("slip: %w", err) // better now, where somebody sees it
	}
	s.storage.Lock()
	defer s.storage.Unlock()
	j, err := s.admit(id)
	if err != nil || j == nil {
		return err
	}
	j.Doc, j.Copy = doc, copy
	if err := s.store(j); err != nil {
		return err
	}
	s.mu.Lock()
	s.jobs = append(s.jobs, j)
	s.mu.Unlock()
	s.poke()
	return nil
}

// admit numbers a new job; nil for one that is queued or out already.
func (s *Spooler) admit(id string) (*job, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.done, id) || slices.ContainsFunc(s.jobs, func(j *job) bool { return j.id == id }) {
		return nil, nil
	}
	if len(s.jobs) >= s.opts.MaxJobs {
		return nil, ErrFull
	}
	j := &job{Version: jobVersion, Seq: s.next, At: time.Now(), id: id}
	s.next++
	return j, nil
}

// store writes a job; the caller holds storage.
func (s *Spooler) store(j *job) error {
	b, err := j.encode()
	if err != nil {
		return err
	}
	if err := s.queue.Put(j.id, b); err != nil {
		return fmt.Errorf("print queue: %w", err)
	}
	return nil
}

// Retry tries at once: the person at the printer says that it is mended. Jobs that
// were held get their tries back.
func (s *Spooler) Retry() {
	s.mu.Lock()
	for _, j := range s.jobs {
		if j != s.current {
			j.Tries = 0
		}
	}
	s.asked = time.Time{}
	s.mu.Unlock()
	s.poke()
}

// Drop takes a job out of the queue unprinted, because a person said so.
func (s *Spooler) Drop(id string) error {
	s.storage.Lock()
	defer s.storage.Unlock()
	s.mu.Lock()
	i := slices.IndexFunc(s.jobs, func(j *job) bool { return j.id == id })
	var err error
	switch {
	case i < 0:
		err = ErrGone
	case s.jobs[i] == s.current:
		err = ErrBusy
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := s.queue.Delete(id); err != nil {
		return fmt.Errorf("print queue: %w", err)
	}
	s.remove(id)
	s.poke()
	return nil
}

// Status is what the queue does now.
func (s *Spooler) Status() SpoolStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	for _, j := range s.jobs {
		switch {
		case j.bad:
			st.Bad = append(st.Bad, j.id)
		case !j.printed:
			st.Jobs++
			st.OldestAge = max(st.OldestAge, time.Since(j.At))
		}
	}
	if st.Cause == "" && len(st.Bad) > 0 {
		st.Cause = BadJob
	}
	return st
}

// poke wakes Run; a question to the printer ends, for there is something to do.
func (s *Spooler) poke() {
	s.mu.Lock()
	hush := s.hush
	s.mu.Unlock()
	if hush != nil {
		hush()
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *Spooler) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = slices.DeleteFunc(s.jobs, func(j *job) bool { return j.id == id })
}

// load reads the stored jobs. One that cannot be read stays stored and is told.
func (s *Spooler) load() error {
	s.storage.Lock()
	defer s.storage.Unlock()
	var jobs []*job
	bad := 0
	err := s.queue.Each(func(id string, b []byte) error {
		j, err := decodeJob(id, b)
		if err != nil {
			j = &job{id: id, bad: true}
			bad++
		}
		jobs = append(jobs, j)
		return nil
	})
	if err != nil {
		return fmt.Errorf("print queue: %w", err)
	}
	if bad > 0 {
		s.log.Warn("stored slips cannot be read", "cause", string(BadJob), "jobs", bad)
	}
	slices.SortFunc(jobs, func(a, b *job) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.id, b.id))
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs, s.done, s.next = nil, nil, 1
	for _, j := range jobs {
		s.next = max(s.next, j.Seq+1)
		if j.Done {
			s.done = append(s.done, j.id)
		} else {
			s.jobs = append(s.jobs, j)
		}
	}
	return nil
}
