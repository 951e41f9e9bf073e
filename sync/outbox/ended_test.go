package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"clinicbox/sync/outbox"
	"clinicbox/sync/outbox/outboxtest"
	"clinicbox/sync/wire"
)

// unreadable keeps what cannot be read any more.
type unreadable struct{ *outboxtest.Box }

var errUnreadable = errors.New("cursor is malformed")

func (unreadable) Load() (wire.SignedReceipt, outbox.Cursor, error) {
	return nil, outbox.Cursor{}, errUnreadable
}

// TestNobodyWaitsForAnEndedOutbox: who brings something by stick hears at once that the
// outbox did not start, or has stopped; a command would wait for ever.
func TestNobodyWaitsForAnEndedOutbox(t *testing.T) {
	for name, starts := range map[string]bool{"did not start": false, "stopped": true} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(t, 5)
				if !starts {
					r.opts.Keeper = unreadable{r.box}
				}
				out, err := outbox.New(r.opts)
				if err != nil {
					t.Fatal(err)
				}
				early := make(chan error, 1)
				ctx, cancel := context.WithCancel(t.Context())
				if !starts {
					go func() { early <- out.CarryReceipt(t.Context(), nil) }()
					synctest.Wait() // it waits for Run
				}
				done := make(chan error, 1)
				go func() { done <- out.Run(ctx) }()
				if starts {
					if _, err := out.Place(t.Context()); err != nil {
						t.Error(err)
					}
					cancel()
				} else if err := <-early; !errors.Is(err, outbox.ErrEnded) {
					t.Errorf("a receipt that waited: %v", err)
				}
				if err := <-done; !starts != errors.Is(err, errUnreadable) {
					t.Errorf("ended with %v", err)
				}
				_, perr := out.Place(t.Context())
				_, derr := out.CarryDown(t.Context(), wire.Start{}, nil)
				for _, err := range []error{perr, derr, out.CarryReceipt(t.Context(), nil)} {
					if !errors.Is(err, outbox.ErrEnded) {
						t.Errorf("%v", err)
					}
				}
				cancel()
			})
		})
	}
}
