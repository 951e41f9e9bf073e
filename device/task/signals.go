package task

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Signals is the task that waits for SIGINT or SIGTERM and asks the group to
// stop. The second signal ends the process at once, as without this task.
func Signals(log *slog.Logger) Task {
	ch := make(chan os.Signal, 1)
	return signals(log, ch, func() { signal.Notify(ch, syscall.SIGINT, syscall.SIGTERM) }, func() { signal.Stop(ch) })
}

func signals(log *slog.Logger, ch <-chan os.Signal, listen, unlisten func()) Task {
	return Func("signals", func(ctx context.Context, ready func()) error {
		listen()
		defer unlisten()
		ready()
		select {
		case s := <-ch:
			log.Info("stopping", "signal", s.String())
			return ErrStop
		case <-ctx.Done():
			return nil
		}
	})
}
