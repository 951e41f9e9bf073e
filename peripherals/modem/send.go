package modem

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"clinicbox/internal/sms"
)

// Outbox is where messages wait to be sent, kept durably by whoever made them. Calls
// come from one goroutine.
type Outbox interface {
	// Next returns the part to be sent now; ok is false when none is to be. Parts whose
	// last mark is Trying, Sent or Unsure are never returned: they may have been sent.
	Next(ctx context.Context) (out Outgoing, ok bool, err error)
	// Mark is durable when it returns nil. When it fails for Trying, the part is not
	// sent; when it fails later, the part stays Trying, which people read as Unsure.
	Mark(ctx context.Context, id string, m Mark) error
}

// Outgoing is one part of a message.
type Outgoing struct {
	ID     string // of the part; names nobody
	Submit sms.Submit
}

// Step is how far a part came.
type Step string

// The steps.
const (
	Waiting Step = "waiting" // not sent: surely not
	Trying  Step = "trying"  // handed to the modem from now on
	Sent    Step = "sent"    // the network took it
	Refused Step = "refused" // the network or the modem refused it, or it cannot be written
	Unsure  Step = "unsure"  // it may have been sent: the answer was lost
	Arrived Step = "arrived" // a report says that the telephone has it
	Failed  Step = "failed"  // a report says that the network gave up
)

// Mark is what became of a part.
type Mark struct {
	Step      Step
	Reference byte // with Sent: the network's reports name it
	Code      int  // with Refused: TS 27.005 §3.2.5, -1 = none
	At        time.Time
}

// unsureCode reports whether the network may have taken the message after this refusal.
func unsureCode(code int) bool { return code == 332 || code == 500 || code == -1 }

// send sends what waits, and returns when nothing does.
func (s *session) send(ctx context.Context) error {
	for {
		out, ok, err := s.dev.opts.Outbox.Next(ctx)
		if err != nil {
			s.dev.opts.Log.Warn("modem: outbox", "err", err)
			return nil
		}
		if !ok {
			return nil
		}
		more, err := s.sendOne(ctx, out)
		if err != nil || !more {
			return err
		}
	}
}

// sendOne sends one part. A stop of this program between the marks leaves Trying; an
// error of the modem leaves Waiting before the PDU began to go out, and Unsure after.
func (s *session) sendOne(ctx context.Context, out Outgoing) (more bool, err error) {
	pdu, n, err := out.Submit.Encode()
	if err != nil {
		return s.mark(ctx, out.ID, Mark{Step: Refused, Code: -1}), nil
	}
	if !s.mark(ctx, out.ID, Mark{Step: Trying}) {
		return false, nil
	}
	begun := false
	answer, err := s.ask(ctx, command{
		text: fmt.Sprintf("AT+CMGS=%d", n), takes: shaped("+CMGS:", 1), wait: max(s.dev.opts.Slow, 2*time.Minute),
		body: strings.ToUpper(hex.EncodeToString(pdu)) + "\x1a", begun: func() { begun = true },
	})
	m, err := verdict(answer, err, begun)
	kept := s.mark(context.WithoutCancel(ctx), out.ID, m)
	return kept && err == nil && m.Step == Sent, err
}

// verdict says what an answer to AT+CMGS means. The error ends the session.
func verdict(answer []string, err error, begun bool) (Mark, error) {
	if e, ok := errors.AsType[*atError](err); ok {
		if begun && unsureCode(e.code) {
			return Mark{Step: Unsure}, nil
		}
		return Mark{Step: Refused, Code: e.code}, nil
	}
	if err != nil {
		if begun {
			return Mark{Step: Unsure}, err
		}
		return Mark{Step: Waiting}, err
	}
	fs := last(answer, "+CMGS:")
	if len(fs) == 0 {
		return Mark{Step: Unsure}, nil // OK, and no reference
	}
	ref, _ := fs[0].number()
	return Mark{Step: Sent, Reference: byte(ref)}, nil
}

func (s *session) mark(ctx context.Context, id string, m Mark) bool {
	m.At = time.Now()
	if err := s.dev.opts.Outbox.Mark(ctx, id, m); err != nil {
		s.dev.opts.Log.Error("modem: a message's state could not be stored", "message", id, "step", string(m.Step), "err", err)
		return false
	}
	return true
}
