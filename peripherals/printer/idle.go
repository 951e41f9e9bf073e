package printer

import (
	"context"
	"slices"
	"time"

	"clinicbox/clinic/paper"
)

// asker is the printer as one that can be asked, or nil.
func (s *Spooler) asker() Asker {
	if a, ok := s.printer.(Asker); ok && s.opts.Ask > 0 {
		return a
	}
	return nil
}

// rest is what Run does when nothing is to be printed: it asks the printer how it
// is, when the last answer is old, and returns how long to sleep. "Ready" is said
// only of a printer that said so itself.
func (s *Spooler) rest(ctx context.Context) time.Duration {
	a := s.asker()
	s.mu.Lock()
	if st := &s.state; a == nil {
		st.State, st.Cause, st.Since = Idle, "", time.Time{}
	} else if st.State != Idle && st.State != Asking { // the job that it waited for was dropped
		st.State, st.Cause, st.Since, s.asked = Asking, "", time.Time{}, time.Time{}
	}
	s.mu.Unlock()
	if a == nil {
		return 0
	}
	if left := s.untilAsked(); left > 0 {
		return left
	}
	s.ask(ctx, a)
	return max(s.untilAsked(), time.Millisecond) // hushed: the wake is there already
}

// untilAsked is the time to the next question.
func (s *Spooler) untilAsked() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	every := s.opts.Ask
	if s.state.Cause != "" {
		every = s.opts.AskSoon
	}
	return time.Until(s.asked.Add(every))
}

// ask books what the printer says of itself. A slip or Retry ends the question
// unanswered: a printer that is switched off must not hold up what can be done.
func (s *Spooler) ask(ctx context.Context, a Asker) {
	asking, hush := context.WithCancel(ctx)
	defer hush()
	s.mu.Lock()
	s.hush = hush
	s.mu.Unlock()
	if len(s.wake) > 0 { // it came before it could hush
		hush()
	}
	st, err := a.Status(asking)
	s.mu.Lock()
	s.hush = nil
	if asking.Err() != nil {
		s.mu.Unlock()
		return
	}
	c := CauseOf(err)
	if err != nil && c == "" {
		c = Unknown
	}
	news := s.state.Cause != c
	s.asked, s.state.State, s.state.NearEnd = time.Now(), Idle, st.NearEnd
	if s.state.Cause = c; news {
		s.state.Since = time.Now()
	}
	if c == "" {
		s.state.Since = time.Time{}
	}
	s.mu.Unlock()
	if news && c != "" {
		s.log.Warn("printer is not ready", "cause", string(c), "err", err)
	}
}

// WaitingJob is a slip that is not out yet, as pages list it. It names nobody.
type WaitingJob struct {
	ID      string
	Form    string    // paper.Doc.Form; "" when it cannot be read
	Code    string    // what its bar code says: the slip's own number
	At      time.Time // when it was asked for; zero when it cannot be read
	Bad     bool      // cannot be read or drawn: Retry does nothing for it
	Held    bool      // tried too often: Retry or Drop it; those behind it wait
	Started bool      // dots of it may be on paper: it will carry the mark
	Now     bool      // is being printed
}

func code(doc paper.Doc) string {
	for _, b := range doc.Blocks {
		if b.Kind == paper.KindCode128 {
			return b.Text
		}
	}
	return ""
}

// Jobs lists what is not out yet, in the order of printing.
func (s *Spooler) Jobs() (out []WaitingJob) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		if j.printed {
			continue
		}
		out = append(out, WaitingJob{
			ID: j.id, Form: j.Doc.Form, Code: code(j.Doc), At: j.At, Bad: j.bad, Started: j.Started,
			Held: !j.bad && j != s.current && j.Tries >= s.opts.MaxTries, Now: j == s.current,
		})
	}
	return slices.Clip(out)
}
