package printer

import (
	"context"
	"errors"
	"slices"
	"time"
)

// Run loads the queue and prints until ctx ends, which is no error. A slip that is
// on its way then stays queued and comes out marked at the next start.
func (s *Spooler) Run(ctx context.Context) error {
	if err := s.load(); err != nil {
		return err
	}
	close(s.ready)
	wait := s.opts.MinWait
	for ctx.Err() == nil {
		j := s.pick()
		if j == nil {
			s.sleep(ctx, s.rest(ctx))
			continue
		}
		cause := s.try(ctx, j)
		if cause == "" {
			wait = s.opts.MinWait
			continue
		}
		if cause == BadJob { // the others may pass
			continue
		}
		if cause == Held {
			s.sleep(ctx, 0)
			continue
		}
		pause := wait
		if byHand(cause) {
			pause = min(wait, s.opts.Person)
		}
		if s.sleep(ctx, pause) {
			wait = s.opts.MinWait
		} else {
			wait = min(2*wait, s.opts.MaxWait)
		}
	}
	return nil
}

// byHand tells causes that a hand at the printer takes away in a moment.
func byHand(c Cause) bool { return c == PaperOut || c == CoverOpen || c == Offline }

// sleep waits for a job, Retry or the time (0 = none) and reports whether
// something woke it.
func (s *Spooler) sleep(ctx context.Context, d time.Duration) (woken bool) {
	var late <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-s.wake:
		return true
	case <-late:
	case <-ctx.Done():
	}
	return false
}

// pick is the oldest job that can be worked on.
func (s *Spooler) pick() *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if !j.bad {
			s.current = j
			return j
		}
	}
	return nil
}

// try takes the job as far as it goes and returns what stopped it, "" for nothing.
//
// What a power cut leaves behind: before begin's Put the job is as new; after it,
// the job is printed whole and marked, even if no dot reached paper; after
// finish's Put it is done, and the printer had confirmed it.
func (s *Spooler) try(ctx context.Context, j *job) Cause {
	defer s.release()
	if !j.printed {
		if cause := s.print(ctx, j); cause != "" {
			return cause
		}
		s.mu.Lock()
		j.printed = true
		s.mu.Unlock()
	}
	if err := s.finish(j); err != nil {
		// It is out: only noting it is tried again. A restart before that prints a
		// marked copy, which is the lesser evil.
		return s.stop(Storage, err)
	}
	return ""
}

// finish notes durably that a job is out and forgets its words. The bare note
// stays for a while: who asked for the slip may ask again after a restart.
func (s *Spooler) finish(j *job) error {
	s.storage.Lock()
	defer s.storage.Unlock()
	note := &job{Version: jobVersion, Seq: j.Seq, At: j.At, Done: true, id: j.id}
	if err := s.store(note); err != nil {
		return err
	}
	s.remove(j.id)
	s.mu.Lock()
	s.done = append(s.done, j.id)
	var old []string
	if n := len(s.done) - keepDone; n > 0 {
		old = slices.Clone(s.done[:n])
	}
	s.mu.Unlock()
	for _, id := range old {
		if s.queue.Delete(id) != nil {
			break // the next job tries again
		}
		s.mu.Lock()
		s.done = s.done[1:]
		s.mu.Unlock()
	}
	return nil
}

func (s *Spooler) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = nil
}

func (s *Spooler) print(ctx context.Context, j *job) Cause {
	if j.Tries >= s.opts.MaxTries {
		return s.stop(Held, nil)
	}
	bitmap, err := Render(j.sheet(), s.opts.Width)
	if err != nil {
		s.mu.Lock()
		j.bad = true
		s.mu.Unlock()
		return s.stop(BadJob, err)
	}
	s.mu.Lock()
	s.state.State = Printing
	s.mu.Unlock()
	before := *j
	r, err := s.printer.PrintSlip(ctx, Slip{Bitmap: bitmap, Again: j.Started, Begin: func() error { return s.begin(j) }})
	if err != nil {
		return s.failed(j, before, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state = SpoolStatus{State: Idle, NearEnd: r.NearEnd, Unproven: r.Proof == ProofSent, Blind: s.state.Blind}
	s.asked = time.Now()
	return ""
}

// begin makes durable that dots may be on paper from now on.
func (s *Spooler) begin(j *job) error {
	marked := *j
	marked.Started = true
	marked.Tries++
	s.storage.Lock()
	err := s.store(&marked)
	s.storage.Unlock()
	if err != nil {
		return &Fault{Cause: Storage, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j.Started, j.Tries = true, marked.Tries
	return nil
}

// failed decides what a failed print means for the next try.
func (s *Spooler) failed(j *job, before job, err error) Cause {
	fault, ok := errors.AsType[*Fault](err)
	if !ok {
		fault = &Fault{Cause: Failed, Touched: true, Err: err}
	}
	s.mu.Lock()
	if !fault.Touched { // nothing reached paper: the mark would be a lie
		j.Started, j.Tries = before.Started, before.Tries
	}
	if byHand(fault.Cause) || fault.Cause == Stopped {
		j.Tries = before.Tries // it will not fail for ever: somebody mends it
	}
	s.mu.Unlock()
	return s.stop(fault.Cause, fault)
}

// stop makes a cause visible, once in the log for as long as it lasts.
func (s *Spooler) stop(c Cause, err error) Cause {
	s.mu.Lock()
	news := s.state.Cause != c
	if c != BadJob {
		s.state.State = Waiting
		if c == Held {
			s.state.State = Holding
		}
		if news {
			s.state.Cause, s.state.Since = c, time.Now()
		}
	}
	jobs := len(s.jobs)
	s.mu.Unlock()
	if news && c != Stopped {
		s.log.Warn("slip not printed", "cause", string(c), "jobs", jobs, "err", err)
	}
	return c
}
