package panel_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/testlog"
	"clinicbox/peripherals/panel"
)

// bench is a box with a panel whose files are in a folder of the test. It keeps
// what is written and when, and can spoil a write.
type bench struct {
	panel.Sys
	t    *testing.T
	root string
	opts panel.Opts

	mu      sync.Mutex
	start   time.Time
	writes  []string // "1.25s light/brightness=1"
	spoil   func(name string) (err error, applied bool)
	state   panel.State
	presses []string // "3s long"
	powers  []panel.Power
	busy    time.Duration // how long Pressed takes
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, root: t.TempDir(), start: time.Now(), opts: panel.DefaultOpts()}
	b.opts.Supplies, b.opts.Thermal, b.opts.RTC = b.path("power"), b.path("thermal"), b.path("rtc")
	b.opts.Files, b.opts.Log = b, testlog.Logger(t)
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.root, name) }

// put makes files: "light/brightness", "0".
func (b *bench) put(namesAndTexts ...string) {
	b.t.Helper()
	for i := 0; i < len(namesAndTexts); i += 2 {
		path := b.path(namesAndTexts[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(namesAndTexts[i+1]), 0o644); err != nil {
			b.t.Fatal(err)
		}
	}
}

func (b *bench) unplug(name string) {
	b.t.Helper()
	if err := os.RemoveAll(b.path(name)); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) text(name string) string {
	text, err := os.ReadFile(b.path(name))
	if err != nil {
		return "-"
	}
	return strings.TrimSpace(string(text))
}

// Write implements panel.Files.
func (b *bench) Write(path, text string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	name := strings.TrimPrefix(path, b.root+"/")
	if b.spoil != nil {
		if err, applied := b.spoil(name); err != nil {
			if applied {
				_ = b.Sys.Write(path, text)
			}
			return err
		}
	}
	err := b.Sys.Write(path, text)
	if err == nil {
		b.writes = append(b.writes, fmt.Sprintf("%v %s=%s", time.Since(b.start), name, text))
	}
	return err
}

// State implements panel.Box.
func (b *bench) State() panel.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state
}

// Pressed implements panel.Box.
func (b *bench) Pressed(p panel.Press) {
	b.mu.Lock()
	b.presses = append(b.presses, fmt.Sprintf("%v %v", time.Since(b.start), p))
	b.mu.Unlock()
	time.Sleep(b.busy)
}

// Power implements panel.Box.
func (b *bench) Power(p panel.Power) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.powers = append(b.powers, p)
}

func (b *bench) show(s panel.State) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state = s
}

// taken returns and forgets what was written to files with the part in their name.
func (b *bench) taken(part string) (out []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.writes {
		if strings.Contains(w, part) {
			out = append(out, w)
		}
	}
	b.writes, b.start = nil, time.Now()
	return out
}

func (b *bench) pressed() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.presses)
}

// run has the panel running while do is at work, in a bubble, and then sees it end.
func run(t *testing.T, prepare func(*bench), do func(*bench, *panel.Dev)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		prepare(b)
		d := panel.New(b.opts, b)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		done := make(chan error, 1)
		go func() { done <- d.Run(ctx) }()
		<-d.Ready()
		synctest.Wait()
		do(b, d)
		if err := d.Halt(); err != nil {
			t.Error(err)
		}
		_ = d.Halt()
		synctest.Wait()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("ended with %v", err)
			}
		default:
			t.Error("does not end after Halt")
		}
	})
}

// after lets a time pass in a bubble.
func after(wait time.Duration) {
	time.Sleep(wait)
	synctest.Wait()
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
