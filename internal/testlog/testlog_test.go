package testlog_test

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/testlog"
)

// spy is a test that records its failures.
type spy struct {
	testing.TB
	failed  int
	cleanup []func()
	out     strings.Builder
}

func (s *spy) Helper()               {}
func (s *spy) Error(...any)          { s.failed++ }
func (s *spy) Errorf(string, ...any) { s.failed++ }
func (s *spy) Fatalf(string, ...any) { s.failed++; panic(s) }
func (s *spy) Cleanup(f func())      { s.cleanup = append(s.cleanup, f) }
func (s *spy) Output() io.Writer     { return &s.out }

func TestAbsent(t *testing.T) {
	s := &spy{}
	l := testlog.New(s)
	l.Logger().Info("registered", "who", "NGUYỄN THỊ Mẫu")
	l.Absent("Trần Văn Khác", "register it")
	if s.failed != 0 {
		t.Fatal("failed for words that are not there")
	}
	l.Absent("nguyễn thị mẫu")
	l.Absent("")
	if s.failed != 2 {
		t.Fatalf("%d failures, want 2", s.failed)
	}
	if !strings.Contains(s.out.String(), "registered") {
		t.Fatal("the test's output misses the line")
	}
	for _, f := range s.cleanup {
		f()
	}
	before := s.out.Len()
	l.Logger().Info("too late")
	if s.out.Len() != before || !strings.Contains(l.String(), "too late") {
		t.Fatal("a goroutine that outlives its test would panic")
	}
}

func TestEventually(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		testlog.Eventually(t.Context(), t, "a second", func() bool { return time.Since(begin) > time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		s := &spy{}
		func() {
			defer func() { _ = recover() }()
			testlog.Eventually(ctx, s, "never", func() bool { return false })
		}()
		if s.failed != 1 || time.Since(begin) < time.Minute {
			t.Fatal("did not give up at the deadline")
		}
	})
}
