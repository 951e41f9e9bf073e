// Package summary answers boxes that ask what other facilities know of a patient. Who the
// patient is elsewhere says the patient index and nothing else: what it has not linked is
// not told, whatever the asking facility says, nor anything to one that never recorded the
// patient itself. An answer is built when it is asked for, from the entries of the person's
// other facilities, and goes down to the boxes of the facility that asked; who recorded
// the person hears who asked. Each step is durable, and may be done again.
package summary

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/loop"
	"clinicbox/internal/entry"
)

// Limits and pauses.
const (
	batch      = 64
	lookEvery  = time.Minute // a question that failed is looked at again
	afterError = 10 * time.Second
	// openFor is how long a question may still find somebody whom the index links later.
	// After that only an answer that turned out to be about somebody else is taken back.
	openFor = 30 * 24 * time.Hour
	// many questions of a box in a day are an alarm: a village has no more visitors.
	many = 100
	// most is the largest answer, in bytes of its entry.
	most = 12 << 10
)

// DB is what answering asks of the database. Every change is durable on return.
type DB interface {
	DueQuestions(ctx context.Context, n int) ([]hub.Question, error)
	// Question returns the entry of a question.
	Question(ctx context.Context, leaf clinic.Leaf) (hub.Found, bool, error)
	AnswerQuestion(ctx context.Context, a hub.Answer) error
	Asked(ctx context.Context, box string, since time.Time) (int, error)
	Asking(ctx context.Context, id clinic.ID) (bool, error)
	Patients
}

// Patients tells what is known of patients, and who holds them.
type Patients interface {
	Notes(ctx context.Context, id clinic.ID) ([]hub.Found, error)
	IndexEntries(ctx context.Context, id clinic.ID, k clinic.Kind) ([]hub.Found, error)
	HeldBy(ctx context.Context, ids []clinic.ID) ([]string, error)
	Homes(ctx context.Context, id clinic.ID) ([]hub.Home, error)
	// Beside returns the boxes of a box's facility: all that ever were, those in service.
	Beside(ctx context.Context, box string) (all, serving []string, err error)
	Boxes(ctx context.Context) ([]hub.Box, error)
	Tell(ctx context.Context, box string, digests [][32]byte, encode func(i int) (hub.Down, error)) (n int, err error)
	Raise(ctx context.Context, a hub.Alarm) error
}

// Options of New. DB, Who and Encode are needed.
type Options struct {
	DB DB
	// Who returns the person that an ID belongs to, without the word of some boxes that two
	// IDs are one (merge.Merge.Who).
	Who func(ctx context.Context, id clinic.ID, without []string) (clinic.Identity, error)
	// Encode makes entries of drafts (ingest.Encode).
	Encode func(now time.Time, drafts []clinic.Draft) ([]hub.Down, error)
	// Queued has sent what was queued for a box; nil = it goes when somebody looks.
	Queued func(box string)
	Now    func() time.Time
	Log    *slog.Logger
}

// Summary is a task; see the package comment.
type Summary struct {
	*loop.Loop
	o Options
}

// New prepares the task.
func New(o Options) *Summary {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Queued == nil {
		o.Queued = func(string) {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Summary{o: o}
	s.Loop = loop.New(loop.Loop{Name: "summaries", Every: lookEvery, Retry: afterError, Step: s.Step, Log: o.Log})
	return s
}

// Step answers every question that is due. One that fails does not stop the others.
func (s *Summary) Step(ctx context.Context) error {
	var errs []error
	failed := map[clinic.Leaf]bool{}
	for {
		due, err := s.o.DB.DueQuestions(ctx, batch+len(failed))
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		did := false
		for i := range due {
			if failed[due[i].Leaf] {
				continue
			}
			did = true
			if err := s.answer(ctx, &due[i]); err != nil {
				failed[due[i].Leaf], errs = true, append(errs, err)
			}
		}
		if !did || ctx.Err() != nil {
			return errors.Join(errs...)
		}
	}
}

// answer looks at one question, and answers when there is something new to say.
func (s *Summary) answer(ctx context.Context, q *hub.Question) error {
	if err := s.watch(ctx, q); err != nil {
		return err
	}
	p, err := s.person(ctx, q)
	if err != nil {
		return err
	}
	body := s.body(q, p)
	sent := mark(body.Outcome, p.who.IDs)
	a := hub.Answer{Question: *q}
	if string(sent) == string(q.Sent) {
		return s.o.DB.AnswerQuestion(ctx, a)
	}
	if s.o.Now().Sub(q.At) > openFor && len(q.Sent) > 0 {
		if q.State != clinic.SummaryFound {
			return s.o.DB.AnswerQuestion(ctx, a)
		}
		body, sent = &clinic.Summary{Asked: q.Leaf[:], Outcome: clinic.SummaryNobody}, []byte("taken back")
		if string(sent) == string(q.Sent) {
			return s.o.DB.AnswerQuestion(ctx, a)
		}
	}
	if a.Down, err = s.encode(q, body); err != nil {
		return err
	}
	if body.Outcome == clinic.SummaryFound { // first who asked, then what there is
		if err := s.tellHolders(ctx, q, p); err != nil {
			return err
		}
	}
	a.State, a.Sent, a.Answered, a.Boxes = body.Outcome, sent, s.o.Now(), p.serving
	if err := s.o.DB.AnswerQuestion(ctx, a); err != nil {
		return err
	}
	for _, box := range a.Boxes {
		s.o.Queued(box)
	}
	s.o.Log.Info("summary", "box", q.Box, "outcome", int(a.State), "bytes", len(a.Down.Bytes))
	return nil
}

// mark tells one answer from the next: what was found, and of whom.
func mark(o clinic.SummaryOutcome, ids []clinic.ID) []byte {
	if o != clinic.SummaryFound {
		ids = nil
	}
	ids = slices.Clone(ids)
	slices.SortFunc(ids, func(a, b clinic.ID) int { return slices.Compare(a[:], b[:]) })
	h := sha256.New()
	h.Write([]byte{byte(o)})
	for _, id := range ids {
		h.Write(id[:])
	}
	return h.Sum(nil)[:16]
}

// encode makes the entry of an answer, shortened until it fits.
func (s *Summary) encode(q *hub.Question, body *clinic.Summary) (*hub.Down, error) {
	now := s.o.Now()
	for {
		d := clinic.Draft{Kind: clinic.KindSummary, Subject: q.Patient, Event: now.Truncate(time.Second), Body: body}
		es, err := s.o.Encode(now, []clinic.Draft{d})
		if err == nil && len(es[0].Bytes) <= most {
			return &es[0], nil
		}
		if !body.Shorten() {
			if err == nil {
				err = entry.ErrForm
			}
			return nil, fmt.Errorf("hub/summary: %w", err)
		}
	}
}
