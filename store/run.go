package store

import (
	"context"
	"errors"
	"runtime/debug"
	"sync"
	"time"
)

// maxBatch and maxBatchBytes bound what one sync carries.
const (
	maxBatch      = 64
	maxBatchBytes = 1 << 20
)

// job is an act or a Receive on its way to the committer.
type job interface {
	// failed answers with an error; nothing of the job was saved.
	failed(err error)
}

// Run commits acts until ctx ends or a write fails; then the store takes no more
// acts and a failure is returned as ErrFatal: the process shall end, and the next
// open recovers.
func (s *Store) Run(ctx context.Context) error {
	s.running.Lock()
	defer s.running.Unlock()
	defer s.drain()
	defer s.signHeads()()
	defer s.stop(ErrClosed)
	// A fault in mapped views becomes a panic, and guard makes it an error.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	select {
	case <-s.dead:
		return s.ended()
	default:
		close(s.ready)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.dead:
			return s.ended()
		case j := <-s.jobs:
			if err := s.serve(s.gather(j)); err != nil {
				s.log.Error("the store must be opened anew", "err", err)
				s.stop(err)
				return err
			}
		}
	}
}

// signHeads begins to sign checkpoints; what it returns ends that.
func (s *Store) signHeads() func() {
	done := make(chan bool)
	var wg sync.WaitGroup
	wg.Go(func() { s.heads.run(done) })
	return func() {
		done <- !errors.Is(s.deadErr, ErrFatal)
		wg.Wait()
	}
}

func (s *Store) ended() error {
	if errors.Is(s.deadErr, ErrClosed) {
		return nil
	}
	return s.deadErr
}

// gather collects the jobs that wait, and those that are about to come.
func (s *Store) gather(first job) []job {
	batch := []job{first}
	want, wait := s.crowd.expect()
	var timeout <-chan time.Time
	for len(batch) < maxBatch {
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
			continue
		default:
		}
		if len(batch) >= want {
			return batch
		}
		if timeout == nil {
			timeout = time.After(wait)
		}
		select {
		case j := <-s.jobs:
			batch = append(batch, j)
		case <-timeout:
			return batch
		}
	}
	return batch
}

// serve commits the acts of a batch together and each Receive alone. An error is
// fatal; everything that was not answered yet is answered with it.
func (s *Store) serve(batch []job) error {
	start := time.Now()
	var acts []*act
	var err error
	for _, j := range batch {
		if a, ok := j.(*act); ok {
			acts = append(acts, a)
		}
	}
	if len(acts) > 0 {
		err = s.commitActs(acts)
		s.crowd.note(len(acts), time.Since(start))
	}
	for _, j := range batch {
		if _, ok := j.(*act); ok {
			continue
		}
		if err != nil {
			j.failed(err)
			continue
		}
		switch j := j.(type) {
		case *receipt:
			err = s.commitReceived(j)
		case *chore:
			err = j.run()
		}
	}
	return err
}

// submit hands a job to the committer.
func (s *Store) submit(ctx context.Context, j job) error {
	select {
	case <-s.dead:
		return s.deadErr
	default:
	}
	select {
	case s.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.dead:
		return s.deadErr
	}
}

// drain answers what still waits when Run ends.
func (s *Store) drain() {
	for {
		select {
		case j := <-s.jobs:
			j.failed(s.deadErr)
		default:
			return
		}
	}
}
