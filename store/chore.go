package store

import (
	"context"
	"errors"
)

// chore is work on the journals that must not run beside a commit.
type chore struct {
	do   func() error
	done chan error // has room for the answer
}

func (c *chore) failed(err error) { c.done <- err }

// between runs do between two commits.
func (s *Store) between(ctx context.Context, do func() error) error {
	c := &chore{do: do, done: make(chan error, 1)}
	if err := s.submit(ctx, c); err != nil {
		return err
	}
	select {
	case err := <-c.done:
		return err
	case <-s.dead:
		s.running.Lock() // Run has ended
		s.drain()
		s.running.Unlock()
		return <-c.done
	}
}

// run does the work and answers. An error is fatal.
func (c *chore) run() error {
	err := guardFault(c.do)
	c.done <- err
	if errors.Is(err, ErrFatal) {
		return err
	}
	return nil
}
