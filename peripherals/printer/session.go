package printer

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"
)

// session is one connection: it sends, and sorts what comes back. Its methods are
// for one goroutine; a second one only reads bytes into answers.
type session struct {
	conn    Conn
	opts    Opts
	answers chan answer   // closed when the printer's side ended
	quit    chan struct{} // closed by close
	reader  sync.WaitGroup

	asked    []byte // real-time questions without an answer yet, oldest first
	queued   int    // GS r sent
	answered int    // GS r answered
	seen     Status // all that was said since reset
	polls    int    // questions asked while printing
	touched  bool   // dots may be on paper
}

func newSession(conn Conn, opts Opts) *session {
	s := &session{conn: conn, opts: opts, answers: make(chan answer, 64), quit: make(chan struct{})}
	s.reader.Go(s.read)
	return s
}

func (s *session) close() {
	close(s.quit)
	_ = s.conn.Close()
	s.reader.Wait()
}

func (s *session) read() {
	defer close(s.answers)
	var split splitter
	buf := make([]byte, 64)
	for {
		n, err := s.conn.Read(buf)
		for _, b := range buf[:n] {
			a, ok := split.feed(b)
			if !ok {
				continue
			}
			select {
			case s.answers <- a:
			case <-s.quit:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// take books an answer.
func (s *session) take(a answer) {
	switch a.kind {
	case answerRealTime:
		if len(s.asked) == 0 {
			return
		}
		n := s.asked[0]
		s.asked = s.asked[1:]
		if st, err := RealTimeStatus(n, a.byte); err == nil {
			s.seen = s.seen.Or(st)
		}
	case answerQueued:
		if s.answered == s.queued {
			return // unasked: proves nothing
		}
		s.answered++
		if st, err := QueuedStatus(a.byte); err == nil {
			s.seen = s.seen.Or(st)
		}
	case answerASB:
		if st, err := ASBStatus(a.asb); err == nil {
			s.seen = s.seen.Or(st)
		}
	}
}

func (s *session) fault(c Cause, err error) *Fault {
	if c != Stopped {
		if told := s.seen.Cause(); told != "" {
			c = told // what the printer said explains a stall better
		}
	}
	return &Fault{Cause: c, Touched: s.touched, Err: err}
}

// await books answers until done, a fault told by the printer, or the time.
func (s *session) await(ctx context.Context, patience time.Duration, done func() bool) error {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for !done() {
		select {
		case a, ok := <-s.answers:
			if !ok {
				return s.ended(ctx, io.ErrUnexpectedEOF)
			}
			s.take(a)
		case <-timer.C:
			return s.fault(Unknown, nil)
		case <-ctx.Done():
			return s.fault(Stopped, ctx.Err())
		}
	}
	return nil
}

// catchUp books what has arrived, without waiting, and tells a fault.
func (s *session) catchUp(ctx context.Context) error {
	for {
		select {
		case a, ok := <-s.answers:
			if !ok {
				return s.ended(ctx, io.ErrUnexpectedEOF)
			}
			s.take(a)
		default:
			return s.trouble()
		}
	}
}

func (s *session) trouble() error {
	if c := s.seen.Cause(); c != "" {
		return s.fault(c, nil)
	}
	return nil
}

func (s *session) ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return s.fault(Stopped, ctx.Err())
	}
	return s.fault(Broken, err)
}

// write sends in chunks, each under its deadline.
func (s *session) write(ctx context.Context, b []byte) error {
	for len(b) > 0 {
		n := min(len(b), max(s.opts.Chunk, 1))
		if err := s.conn.SetWriteDeadline(time.Now().Add(s.opts.Write)); err != nil {
			return s.ended(ctx, err)
		}
		_, err := s.conn.Write(b[:n])
		switch {
		case err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded):
			_ = s.catchUp(ctx) // the reason may have come while we waited
			if err := s.sensor(); err != nil {
				return err
			}
			return s.fault(Stalled, nil)
		default:
			_ = s.catchUp(ctx)
			return s.ended(ctx, err)
		}
		b = b[n:]
	}
	return nil
}

// question sends DLE EOT n and does not wait.
func (s *session) question(ctx context.Context, n byte) error {
	s.asked = append(s.asked, n)
	return s.write(ctx, cmdStatus(n))
}

// poll asks the next of paper, cover and knife, unless an answer is still due.
func (s *session) poll(ctx context.Context) error {
	if len(s.asked) > 0 {
		return nil
	}
	n := [...]byte{4, 2, 3}[s.polls%3]
	s.polls++
	return s.question(ctx, n)
}

// check asks all four real-time questions, one at a time. No answer is a fault:
// Unknown. Neither is an answer to a question that was not asked taken for one.
func (s *session) check(ctx context.Context) error {
	for n := byte(1); n <= 4; n++ {
		if err := s.question(ctx, n); err != nil {
			return err
		}
		if err := s.await(ctx, s.opts.Answer, func() bool { return len(s.asked) == 0 }); err != nil {
			return err
		}
	}
	return s.trouble()
}
