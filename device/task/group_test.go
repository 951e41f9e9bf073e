package task

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// journal records what tasks do, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(s string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, s)
}

func (j *journal) all() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, " ")
}

// part is a task that starts and stops after the given times.
func part(j *journal, name string, start, stop time.Duration, fail error) Task {
	return Func(name, func(ctx context.Context, ready func()) error {
		time.Sleep(start)
		j.add("+" + name)
		ready()
		if fail != nil {
			time.Sleep(time.Minute)
			return fail
		}
		<-ctx.Done()
		time.Sleep(stop)
		j.add("-" + name)
		return ctx.Err()
	})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		g := NewGroup(quiet(), 0,
			part(&j, "store", 30*time.Second, time.Second, nil),
			part(&j, "link", 0, 3*time.Second, nil),
			part(&j, "web", time.Second, time.Second, nil))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- g.Run(ctx) }()
		<-g.Ready()
		if got := j.all(); got != "+store +link +web" {
			t.Fatalf("started %s", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got, want := j.all(), "+store +link +web -web -link -store"; got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if got := g.Names(); !slices.Equal(got, []string{"store", "link", "web"}) {
			t.Fatal(got)
		}
	})
}

func TestFailures(t *testing.T) {
	boom := errors.New("boom")
	tests := []struct {
		name string
		run  func(ctx context.Context, ready func()) error
		want error
		text string
	}{
		{"error", func(_ context.Context, ready func()) error { ready(); return boom }, boom, "task bad: boom"},
		{"error before ready", func(context.Context, func()) error { return boom }, boom, "task bad: boom"},
		{"returned nil", func(_ context.Context, ready func()) error { ready(); return nil }, ErrEnded, "task bad: "},
		{"somebody else's cancel", func(_ context.Context, ready func()) error { ready(); return boom }, boom, "task bad"},
		{"ready then late", func(_ context.Context, ready func()) error {
			ready()
			time.Sleep(time.Hour)
			return boom
		}, boom, "task bad: boom"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var j journal
				g := NewGroup(quiet(), 0, part(&j, "store", 0, 0, nil), Func("bad", tt.run), part(&j, "web", 0, 0, nil))
				err := g.Run(t.Context())
				if !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), tt.text) {
					t.Fatalf("got %v", err)
				}
				if f, ok := errors.AsType[*Failure](err); !ok || f.Task != "bad" {
					t.Fatalf("no task's name in %#v", err)
				}
				if !strings.HasSuffix(j.all(), "-store") {
					t.Fatalf("the others were not stopped: %s", j.all())
				}
			})
		})
	}
}

func TestLaterTaskIsNotStartedAfterFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(quiet(), 0,
			Func("bad", func(context.Context, func()) error { return os.ErrPermission }),
			Func("web", func(context.Context, func()) error { t.Error("started"); return nil }))
		if err := g.Run(t.Context()); !errors.Is(err, os.ErrPermission) {
			t.Fatal(err)
		}
		select {
		case <-g.Ready():
			t.Fatal("a failed group says that it is ready")
		default:
		}
	})
}

func TestStuckTaskIsNamedAndOthersStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		release := make(chan struct{})
		g := NewGroup(quiet(), 5*time.Second,
			part(&j, "store", 0, time.Second, nil),
			Func("printer", func(_ context.Context, ready func()) error { ready(); <-release; return nil }),
			part(&j, "web", 0, 0, nil))
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-g.Ready(); cancel() }()
		begin := time.Now()
		err := g.Run(ctx)
		if !errors.Is(err, ErrStuck) || !strings.Contains(err.Error(), "task printer") {
			t.Fatalf("got %v", err)
		}
		if took := time.Since(begin); took != 6*time.Second {
			t.Fatalf("took %v", took)
		}
		if j.all() != "+store +web -web -store" {
			t.Fatal(j.all())
		}
		close(release)
	})
}

func TestErrorWhileStoppingIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(quiet(), 0, Func("store", func(ctx context.Context, ready func()) error {
			ready()
			<-ctx.Done()
			return os.ErrInvalid
		}))
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-g.Ready(); cancel() }()
		if err := g.Run(ctx); !errors.Is(err, os.ErrInvalid) {
			t.Fatalf("the failed close is lost: %v", err)
		}
	})
}

func TestErrorOfClosingSurvivesSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ch := make(chan os.Signal, 1)
		sig := signals(quiet(), ch, func() {}, func() {})
		g := NewGroup(quiet(), 0, sig, Func("store", func(ctx context.Context, ready func()) error {
			ready()
			<-ctx.Done()
			return os.ErrInvalid
		}))
		go func() { <-g.Ready(); ch <- syscall.SIGTERM }()
		if err := g.Run(t.Context()); !errors.Is(err, os.ErrInvalid) {
			t.Fatalf("the failed close is lost: %v", err)
		}
	})
}

func TestCancelWhileStarting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGroup(quiet(), 0, Func("store", func(ctx context.Context, _ func()) error {
			<-ctx.Done() // never ready
			return ctx.Err()
		}), Func("web", func(context.Context, func()) error { t.Error("started"); return nil }))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := g.Run(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSignalStopsInGoodOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var j journal
		ch := make(chan os.Signal, 1)
		sig := signals(quiet(), ch, func() { j.add("listen") }, func() { j.add("unlisten") })
		g := NewGroup(quiet(), 0, sig, part(&j, "store", 0, 0, nil))
		go func() { <-g.Ready(); ch <- syscall.SIGTERM }()
		if err := g.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if j.all() != "listen +store unlisten -store" {
			t.Fatal(j.all())
		}
	})
}

func TestRealSignal(t *testing.T) {
	g := NewGroup(quiet(), 0, Signals(quiet()))
	go func() { <-g.Ready(); _ = syscall.Kill(os.Getpid(), syscall.SIGTERM) }()
	if err := g.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestFlag(t *testing.T) {
	var f Flag
	f.Raise()
	f.Raise()
	<-f.Ready()
	p := Plain("x", func(context.Context) error { return nil })
	if err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-p.Ready()
}
