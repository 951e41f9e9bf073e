// Package testlog gives tests a logger that writes to the test's output through
// the guard of the real programs, remembers what was written, and can be searched
// for names that must never appear; and a way to wait for a real process.
package testlog

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/internal/redact"
)

// Log captures what is logged in a test. It may be used by several goroutines.
type Log struct {
	t   testing.TB
	mu  sync.Mutex
	buf bytes.Buffer
	out io.Writer // nil after the test: goroutines may outlive it
}

// New returns a log for the test.
func New(t testing.TB) *Log {
	l := &Log{t: t, out: t.Output()}
	t.Cleanup(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.out = nil
	})
	return l
}

// Logger is short for New(t).Logger().
func Logger(t testing.TB) *slog.Logger { return New(t).Logger() }

// Logger writes every level to the log, redacted as in the real programs.
func (l *Log) Logger() *slog.Logger { return slog.New(redact.NewHandler(l, slog.LevelDebug)) }

// Write implements io.Writer, for child processes and libraries.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out != nil {
		_, _ = l.out.Write(b)
	}
	return l.buf.Write(b)
}

// String returns everything that was written so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// Absent fails the test when one of the words was logged: names and numbers that
// the test had seeded. Case does not matter.
func (l *Log) Absent(words ...string) {
	l.t.Helper()
	text := strings.ToLower(l.String())
	for _, w := range words {
		if w == "" {
			l.t.Error("testlog: an empty word would be found nowhere")
		} else if strings.Contains(text, strings.ToLower(w)) {
			l.t.Errorf("the log holds %q", w)
		}
	}
}

// Eventually asks cond every few milliseconds until it holds, and fails the test
// when ctx ends first. It is for real processes and devices; whatever runs inside
// the test belongs into testing/synctest.
func Eventually(ctx context.Context, t testing.TB, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-ctx.Done():
			t.Fatalf("gave up waiting for %s: %v", what, context.Cause(ctx))
		case <-tick.C:
		}
	}
}
