package printer

import (
	"context"
	"time"
)

// print is one job on a fresh connection: ask, begin, send, confirm.
func (s *session) print(ctx context.Context, job Slip) (Result, error) {
	pieces := parts(job.Bitmap, s.limit())
	if job.Again {
		if err := s.write(ctx, cmdClear()); err != nil {
			return Result{}, err
		}
	}
	canQueue, err := s.ready(ctx)
	if err != nil {
		return Result{}, err
	}
	sent, err := s.send(ctx, pieces, job.Begin, canQueue)
	if err != nil {
		return Result{}, err
	}
	rows := time.Duration(job.Bitmap.Height) * time.Second / time.Duration(max(s.opts.RowsPerSecond, 1))
	r := Result{Proof: ProofPaper}
	switch {
	case s.opts.Status == StatusNone:
		r.Proof = ProofSent
		err = s.finish(ctx, sent)
	case canQueue:
		err = s.confirm(ctx, rows+s.line(sent)+5*s.opts.Settle)
	default:
		r.Proof = ProofTime
		err = s.watch(ctx, rows+s.line(sent)+s.opts.Settle)
	}
	r.NearEnd = s.seen.NearEnd
	return r, err
}

// limit is the largest band in bytes. Half of a small buffer: the other half
// takes commands while the printer works.
func (s *session) limit() int {
	if s.opts.Buffer > 0 {
		return min(bandBytes, s.opts.Buffer/2)
	}
	return bandBytes
}

// line is the time that bytes need on a slow line.
func (s *session) line(bytes int) time.Duration {
	if s.opts.BytesPerSecond <= 0 {
		return 0
	}
	return time.Duration(bytes) * time.Second / time.Duration(s.opts.BytesPerSecond)
}

// ready asks whether the printer can print, and whether it knows GS r: its buffer
// is empty now, so one that knows it answers at once.
func (s *session) ready(ctx context.Context) (canQueue bool, err error) {
	if s.opts.Status == StatusNone {
		return false, s.sensor()
	}
	if err := s.check(ctx); err != nil {
		return false, err
	}
	if err := s.queuedQuestion(ctx); err != nil {
		return false, err
	}
	err = s.await(ctx, s.opts.Answer, func() bool { return s.answered == s.queued })
	if CauseOf(err) == Unknown {
		return false, nil
	}
	if err == nil {
		err = s.trouble()
	}
	return true, err
}

func (s *session) queuedQuestion(ctx context.Context) error {
	s.queued++
	return s.write(ctx, cmdPaperSensor())
}

// send sends the pieces and returns the number of bytes.
func (s *session) send(ctx context.Context, pieces []part, begin func() error, canQueue bool) (sent int, err error) {
	for _, p := range pieces {
		first := p.rows > 0 && !s.touched
		if first {
			if begin != nil {
				if err := begin(); err != nil {
					return sent, err
				}
			}
			s.touched = true
		}
		if err := s.write(ctx, p.bytes); err != nil {
			return sent, err
		}
		sent += len(p.bytes)
		if first && s.opts.Status != StatusNone {
			if err := s.begun(ctx, p); err != nil {
				return sent, err
			}
		}
		if p.rows > 0 {
			if err := s.between(ctx, p, canQueue); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// begun looks at the paper once the first rows must be on it: what ended there is told
// before the buffer is full, when nothing could be asked any more.
func (s *session) begun(ctx context.Context, p part) error {
	if err := s.sleep(ctx, s.line(len(p.bytes))+time.Duration(p.rows)*time.Second/time.Duration(max(s.opts.RowsPerSecond, 1))); err != nil {
		return err
	}
	if err := s.catchUp(ctx); err != nil {
		return err
	}
	if err := s.question(ctx, 4); err != nil {
		return err
	}
	if err := s.await(ctx, s.opts.Answer, func() bool { return len(s.asked) == 0 }); err != nil && CauseOf(err) != Unknown {
		return err
	}
	return s.trouble()
}

// between looks at the printer after a band: a question is under way at any time,
// so that paper that ends midway is known before the printer stops reading.
func (s *session) between(ctx context.Context, p part, canQueue bool) error {
	if s.opts.Status == StatusNone {
		if s.opts.Buffer > 0 {
			return s.sleep(ctx, s.line(len(p.bytes))+time.Duration(p.rows)*time.Second/time.Duration(max(s.opts.RowsPerSecond, 1)))
		}
		return nil
	}
	if err := s.poll(ctx); err != nil {
		return err
	}
	if s.opts.Buffer > 0 && canQueue {
		return s.worked(ctx, s.opts.Write)
	}
	return s.catchUp(ctx)
}

// confirm waits until all is printed and asks at last for the faults that GS r
// does not tell (knife, cover).
func (s *session) confirm(ctx context.Context, patience time.Duration) error {
	if err := s.worked(ctx, patience); err != nil {
		return err
	}
	return s.last(ctx)
}

// worked asks GS r, whose answer comes when everything before it is printed, and
// watches the printer until then.
func (s *session) worked(ctx context.Context, patience time.Duration) error {
	if err := s.queuedQuestion(ctx); err != nil {
		return err
	}
	done := func() bool { return s.answered == s.queued }
	if err := s.watchUntil(ctx, patience, done); err != nil {
		return err
	}
	if !done() {
		return s.fault(Unknown, nil)
	}
	return nil
}

// watch looks at the printer for as long as the paper needs.
func (s *session) watch(ctx context.Context, patience time.Duration) error {
	if err := s.watchUntil(ctx, patience, func() bool { return false }); err != nil {
		return err
	}
	return s.last(ctx)
}

func (s *session) last(ctx context.Context) error {
	if err := s.await(ctx, s.opts.Answer, func() bool { return len(s.asked) == 0 }); err != nil {
		return err
	}
	return s.check(ctx)
}

// watchUntil asks for the paper every Poll until done, a fault, or the end of
// patience, which is no error.
func (s *session) watchUntil(ctx context.Context, patience time.Duration, done func() bool) error {
	end := time.Now().Add(patience)
	for !done() {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		err := s.await(ctx, min(left, s.opts.Poll), func() bool { return done() || s.seen.Cause() != "" })
		if err == nil {
			err = s.trouble()
		}
		if err != nil && (CauseOf(err) != Unknown || s.seen.Cause() != "") {
			return err
		}
		if !done() {
			if err := s.poll(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *session) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return s.fault(Stopped, ctx.Err())
	}
}

// finish lets a printer that never answers take what is still on the way: closing
// a socket early may throw it away.
func (s *session) finish(ctx context.Context, sent int) error {
	if half, ok := s.conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
		// Its end of the connection, or the time: both are fine.
		err := s.await(ctx, s.opts.Settle, func() bool { return false })
		if CauseOf(err) == Stopped {
			return err
		}
	} else if err := s.sleep(ctx, s.line(sent)); err != nil {
		return err
	}
	return s.sensor()
}

// sensor asks the port itself for paper, where it can tell.
func (s *session) sensor() error {
	if p, ok := s.conn.(interface{ PaperOut() (out, known bool) }); ok {
		if out, known := p.PaperOut(); known && out {
			return s.fault(PaperOut, nil)
		}
	}
	return nil
}
