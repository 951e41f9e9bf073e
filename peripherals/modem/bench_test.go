package modem_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/sms"
	"clinicbox/internal/testlog"
	"clinicbox/peripherals/modem"
	"clinicbox/peripherals/sim"
)

const (
	number = "+84912000017"
	secret = "Hẹn bà con tiêm chủng"
)

// pins is a durable memory of PINs that can fail.
type pins struct {
	mu   sync.Mutex
	all  map[string]modem.PINState
	fail error
}

func (p *pins) Load(key string) (modem.PINState, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.all[key], nil
}

func (p *pins) Save(key string, s modem.PINState) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		return p.fail
	}
	if p.all == nil {
		p.all = map[string]modem.PINState{}
	}
	p.all[key] = s
	return nil
}

// box keeps letters and takes messages, as a store would. It checks that nothing is
// handed to the modem twice.
type box struct {
	t       *testing.T
	mu      sync.Mutex
	letters map[string]*modem.Letter
	texts   map[string][]sms.Submit
	order   []string
	got     map[string]modem.Received
	reports []sms.Report
	deny    error      // of Message
	lose    modem.Step // a mark that fails once
}

func newBox(t *testing.T) *box {
	return &box{t: t, letters: map[string]*modem.Letter{}, texts: map[string][]sms.Submit{}, got: map[string]modem.Received{}}
}

func (b *box) write(id, text string) {
	pieces, err := sms.Split(text, sms.Place{Ref: 9})
	if err != nil {
		b.t.Error(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	to := redact.Wrap(number)
	b.letters[id], b.order = modem.NewLetter(to, len(pieces)), append(b.order, id)
	for _, p := range pieces {
		b.texts[id] = append(b.texts[id], sms.Submit{To: to, Text: redact.Wrap(p.Text), Place: p.Place, Report: true})
	}
}

func (b *box) Next(context.Context) (modem.Outgoing, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range b.order {
		if i := b.letters[id].Next(); i >= 0 {
			return modem.Outgoing{ID: id + string(rune('0'+i)), Submit: b.texts[id][i]}, true, nil
		}
	}
	return modem.Outgoing{}, false, nil
}

func (b *box) Mark(_ context.Context, id string, m modem.Mark) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.lose != "" && m.Step == b.lose {
		b.lose = ""
		return errors.New("disk")
	}
	if err := b.letters[id[:len(id)-1]].Mark(int(id[len(id)-1]-'0'), m); err != nil {
		b.t.Errorf("mark %s of %s: %v", m.Step, id, err)
	}
	return nil
}

func (b *box) Message(_ context.Context, m modem.Received) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.deny != nil {
		return b.deny
	}
	b.got[m.ID] = m
	return nil
}

func (b *box) Report(_ context.Context, r sms.Report) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.reports = append(b.reports, r)
	for _, l := range b.letters {
		if l.Report(r, time.Now()) {
			break
		}
	}
	return nil
}

func (b *box) step(id string) modem.Step {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.letters[id].Step()
}

func (b *box) restart() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.letters {
		l.Recover()
	}
}

func (b *box) received() (out []modem.Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range b.got {
		out = append(out, m)
	}
	slices.SortFunc(out, func(x, y modem.Received) int { return x.At.Compare(y.At) })
	return out
}

// start runs a driver on the modem in a bubble; stop ends it. Nothing that it logs may
// show numbers or texts.
func start(t *testing.T, m *sim.Modem, o modem.Opts) (d *modem.Dev, stop func()) {
	t.Helper()
	return startOn(t, func() (io.ReadWriteCloser, error) {
		c, err := m.Open()
		if err != nil {
			return nil, err
		}
		return c, nil
	}, o)
}

// startOn is start with a cable of the test.
func startOn(t *testing.T, open func() (io.ReadWriteCloser, error), o modem.Opts) (d *modem.Dev, stop func()) {
	t.Helper()
	log := testlog.New(t)
	o.Device, o.Log = "sim", log.Logger()
	d, err := modem.New(func(context.Context) (io.ReadWriteCloser, error) { return open() }, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	return d, func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Error("Run:", err)
		}
		if c := d.State().Cause; c != modem.Stopped {
			t.Error("state after the end:", c)
		}
		log.Absent("912000017", "tiêm chủng", "1234", "4321", "8984040", "86000000")
	}
}
