package panel

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Opts says where the parts are. An empty path is a part that the box does not have.
type Opts struct {
	Light  string // folder of a led, such as /sys/class/leds/ACT
	Red    string // a second one that only calls for help
	Buzzer string // folder of a pwm channel, a gpio or a led
	Button Source // nil = none

	Supplies string // the classes' folders
	Thermal  string
	RTC      string

	Bounce time.Duration // a level of the button counts after this
	Long   time.Duration // a press this long is a long one
	Retry  time.Duration // first pause before opening the button again; doubles up to RetryMax
	// RetryMax bounds the time from plugging in to the first press.
	RetryMax time.Duration
	Poll     time.Duration // between readings of power and temperature: a power cut shows within it
	Check    time.Duration // between looks whether the lights are still as they were written
	Again    time.Duration // between two alarms for help
	Low      Percent       // charge at which a battery that empties is low
	Hot      MilliCelsius  // temperature at which the board is hot

	Files Files        // nil = Sys
	Log   *slog.Logger // nil logs nothing
}

// DefaultOpts are the kernel's usual folders and times that hands and eyes are at
// ease with. It names no part: boards differ.
func DefaultOpts() Opts {
	return Opts{
		Supplies: "/sys/class/power_supply", Thermal: "/sys/class/thermal", RTC: "/sys/class/rtc",
		Bounce: 30 * time.Millisecond, Long: 3 * time.Second,
		Retry: 250 * time.Millisecond, RetryMax: 5 * time.Second,
		Poll: 5 * time.Second, Check: 30 * time.Second, Again: 10 * time.Minute,
		Low: 20, Hot: 80_000, // a Raspberry Pi slows down at 80 °C
	}
}

// Box is what the panel shows and serves. The methods are called from different
// goroutines, each from one at a time, and return soon: work is started elsewhere.
type Box interface {
	// State is asked up to four times a second.
	State() State
	// Pressed is told once for each press.
	Pressed(Press)
	// Power is told the first reading and each one that differs from the one before.
	Power(Power)
}

// Status is how the parts are, for the health page.
type Status struct {
	Light, Red, Button, Buzzer Cause

	Power Power
	Heat  Heat
	RTC   RTC
}

// The parts in the log.
const (
	partLight  = "light"
	partRed    = "red light"
	partButton = "button"
	partBuzzer = "buzzer"
)

// Dev is the panel.
type Dev struct {
	opts  Opts
	box   Box
	files kernel
	log   *slog.Logger
	tones chan Tone
	ready chan struct{}
	halt  chan struct{}
	once  sync.Once

	called time.Time // when the last alarm for help was; of lights

	mu     sync.Mutex
	status Status
}

// New prepares the panel. Options that are zero and must not be take their default.
// Nothing needs to be there yet.
func New(opts Opts, box Box) *Dev {
	def := DefaultOpts()
	for _, f := range []struct {
		have *time.Duration
		def  time.Duration
	}{
		{&opts.Bounce, def.Bounce},
		{&opts.Long, def.Long},
		{&opts.Retry, def.Retry},
		{&opts.Poll, def.Poll},
		{&opts.Check, def.Check},
		{&opts.Again, def.Again},
	} {
		if *f.have <= 0 {
			*f.have = f.def
		}
	}
	opts.RetryMax = max(opts.RetryMax, opts.Retry)
	if opts.Low <= 0 {
		opts.Low = def.Low
	}
	if opts.Hot == 0 {
		opts.Hot = def.Hot
	}
	if opts.Files == nil {
		opts.Files = Sys{}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	return &Dev{
		opts: opts, box: box, files: kernel{opts.Files}, log: opts.Log,
		tones: make(chan Tone, 1), ready: make(chan struct{}), halt: make(chan struct{}),
		status: Status{Light: Off, Red: Off, Button: Off, Buzzer: Off, Power: Power{Charge: Uncharted}},
	}
}

// String names the panel in logs and task lists.
func (d *Dev) String() string { return "panel" }

// Ready is closed when the lights were first told the state, whether there are any
// or not.
func (d *Dev) Ready() <-chan struct{} { return d.ready }

// Status returns how the parts are now.
func (d *Dev) Status() Status {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.status
}

// Halt ends Run, which returns nil. It may be called twice.
func (d *Dev) Halt() error {
	d.once.Do(func() { close(d.halt) })
	return nil
}

// Run serves until ctx ends or Halt and returns nil, with the lights dark and the
// buzzer off. Each part has its own goroutine: one that hangs in the kernel does
// not stop the others. Run may be called once.
func (d *Dev) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var parts sync.WaitGroup
	parts.Go(func() {
		select {
		case <-d.halt:
			cancel()
		case <-ctx.Done():
		}
	})
	parts.Go(func() { d.lights(ctx, sync.OnceFunc(func() { close(d.ready) })) })
	parts.Go(func() { d.buzz(ctx) })
	parts.Go(func() { d.senses(ctx) })
	if d.opts.Button != nil {
		edges := make(chan heard, 64)
		parts.Go(func() { d.listen(ctx, edges) })
		parts.Go(func() { d.hands(ctx, edges) })
	}
	parts.Wait()
	return nil
}

// note keeps the state of a part and logs a change once.
func (d *Dev) note(part string, err error) {
	cause := causeOf(err)
	d.mu.Lock()
	have := map[string]*Cause{
		partLight: &d.status.Light, partRed: &d.status.Red, partButton: &d.status.Button, partBuzzer: &d.status.Buzzer,
	}[part]
	changed := *have != cause
	*have = cause
	d.mu.Unlock()
	if changed {
		d.log.Info("panel part", "part", part, "state", string(cause), "err", err)
	}
}

// pause waits and reports whether ctx goes on.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
