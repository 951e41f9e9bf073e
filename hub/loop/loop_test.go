package loop_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/hub/loop"
)

// TestLoop: a step at once, after each pause, soon when woken, and sooner after a failure.
func TestLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		var fail atomic.Bool
		began := time.Now()
		l := loop.New(loop.Loop{
			Name: "test", Every: time.Minute, Retry: time.Second, Log: slog.New(slog.DiscardHandler),
			Step: func(context.Context) error {
				at = append(at, time.Since(began))
				if fail.Load() {
					return errors.New("planned fault")
				}
				return nil
			},
		})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- l.Run(ctx) }()
		<-l.Ready()
		time.Sleep(90 * time.Second)
		l.Wake()
		synctest.Wait()
		fail.Store(true)
		time.Sleep(61500 * time.Millisecond)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		want := []time.Duration{0, time.Minute, 90 * time.Second, 150 * time.Second, 151 * time.Second}
		if len(at) < len(want) {
			t.Fatal(at)
		}
		for i, w := range want {
			if at[i] != w {
				t.Errorf("steps at %v, want %v", at, want)
				break
			}
		}
	})
}
