package pcsc

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/testlog"
	"clinicbox/peripherals/sim"
)

// Names as pcscd gives them.
const (
	left  = "ACS ACR1252 Dual Reader [PICC] 00 00"
	right = "ACS ACR1252 Dual Reader [SAM] 01 00"
)

func atr() []byte { return []byte{0x3B, 0x80, 0x80, 0x01, 0x01} }

func echo() sim.PCSCCard {
	return sim.PCSCCard{ATR: atr(), Protocol: 2, Answer: func(a []byte) []byte {
		return append(bytes.Clone(a), 0x90, 0x00)
	}}
}

// watched runs a Dev over a simulated daemon and collects what it tells. Both end
// with the test; synctest then fails over any goroutine that is left.
type watched struct {
	*Dev
	sim  *sim.PCSC
	told []Event
	end  func()
}

func watch(t *testing.T, minor uint32) *watched {
	t.Helper()
	w := &watched{sim: sim.NewPCSC(minor)}
	w.Dev = New(Opts{Dial: w.sim.Dial, Log: testlog.Logger(t)})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx, func(e Event) { w.told = append(w.told, e) }) }()
	w.end = func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		w.sim.Stop()
	}
	return w
}

// expect waits until all is quiet and compares what was told since the last time.
func (w *watched) expect(t *testing.T, what string, want ...Event) {
	t.Helper()
	synctest.Wait()
	if !slices.EqualFunc(w.told, want, func(a, b Event) bool { return reflect.DeepEqual(a, b) }) {
		t.Errorf("%s: %v, want %v", what, w.told, want)
	}
	w.told = nil
}

func TestReadersComeAndGo(t *testing.T) {
	for _, minor := range []uint32{4, 5} {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, minor)
			defer w.end()
			w.expect(t, "start")
			if s := w.State(); s.Cause != CauseNoReader {
				t.Errorf("%+v", s)
			}
			w.sim.Plug(left)
			w.expect(t, "plug", Event{ReaderCame, left, nil})
			w.sim.Insert(left, echo())
			w.expect(t, "insert", Event{CardIn, left, atr()})
			w.sim.Plug(right)
			w.expect(t, "plug another", Event{ReaderCame, right, nil})
			w.sim.Insert(right, sim.PCSCCard{})
			w.expect(t, "upside down", Event{CardIn, right, []byte{}})
			if s := w.State(); s.Cause != CauseConnected || s.Readers != 2 || s.Err != nil {
				t.Errorf("%+v", s)
			}
			got, err := w.Readers(t.Context())
			if want := []Reader{{left, true, atr()}, {right, true, []byte{}}}; err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%+v, %v", got, err)
			}
			w.sim.Insert(left, echo())
			w.expect(t, "another card between two looks", Event{CardOut, left, nil}, Event{CardIn, left, atr()})
			w.sim.Remove(left)
			w.expect(t, "remove", Event{CardOut, left, nil})
			w.sim.Unplug(right)
			w.expect(t, "unplug with a card", Event{CardOut, right, nil}, Event{ReaderWent, right, nil})
		})
	}
}

// TestSlowHandler: what happens while an event is being handled is told afterwards.
func TestSlowHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sim.NewPCSC(4)
		defer p.Stop()
		p.Plug(left)
		d, goOn := New(Opts{Dial: p.Dial}), make(chan bool)
		var told []Kind
		done := make(chan error, 1)
		go func() {
			done <- d.Run(t.Context(), func(e Event) {
				told = append(told, e.Kind)
				<-goOn
			})
		}()
		synctest.Wait()
		p.Insert(left, echo())
		p.Remove(left)
		p.Insert(left, echo())
		close(goOn)
		synctest.Wait()
		if want := []Kind{ReaderCame, CardIn}; !slices.Equal(told, want) {
			t.Errorf("%v, want %v", told, want)
		}
		if err := errors.Join(d.Halt(), d.Halt(), <-done); err != nil {
			t.Error(err)
		}
	})
}

// TestRestart: with the daemon its readers go and come; pauses grow and begin anew.
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := watch(t, 4)
		defer w.end()
		w.sim.Plug(left)
		w.sim.Insert(left, echo())
		w.expect(t, "start", Event{ReaderCame, left, nil}, Event{CardIn, left, atr()})
		for _, away := range []time.Duration{time.Minute, time.Millisecond} {
			w.sim.Stop()
			w.expect(t, "stop", Event{CardOut, left, nil}, Event{ReaderWent, left, nil})
			if s := w.State(); s.Cause != CauseLost || s.Readers != 0 || !errors.Is(s.Err, ErrDaemon) {
				t.Errorf("%+v", s)
			}
			time.Sleep(away)
			w.expect(t, "away")
			w.sim.Start()
			time.Sleep(min(DefaultOpts().RetryMax, away+DefaultOpts().Retry))
			w.expect(t, "start again", Event{ReaderCame, left, nil}, Event{CardIn, left, atr()})
		}
	})
}

// TestBackOff counts how often an absent daemon is called: 250 ms doubled up to 5 s.
func TestBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		begin := time.Now()
		d := New(Opts{Dial: func(context.Context) (net.Conn, error) {
			at = append(at, time.Since(begin))
			return nil, io.EOF
		}})
		ctx, cancel := context.WithTimeout(t.Context(), 18*time.Second)
		defer cancel()
		if err := d.Run(ctx, nil); err != nil {
			t.Error(err)
		}
		ms := time.Millisecond
		want := []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms, 7750 * ms, 12750 * ms, 17750 * ms}
		if !slices.Equal(at, want) {
			t.Errorf("%v, want %v", at, want)
		}
		if s := d.State(); s.Cause != CauseStopped {
			t.Errorf("%+v", s)
		}
	})
}

func TestCauses(t *testing.T) {
	for _, tt := range []struct {
		name  string
		minor uint32
		set   func(*sim.PCSC)
		want  Cause
		err   error
	}{
		{"Debian 12", 4, func(p *sim.PCSC) { p.Plug(left) }, CauseConnected, nil},
		{"Debian 13", 5, func(p *sim.PCSC) { p.Plug(left) }, CauseConnected, nil},
		{"too old", 3, func(*sim.PCSC) {}, CauseVersion, ErrVersion},
		{"not running", 4, (*sim.PCSC).Stop, CauseNoDaemon, ErrDaemon},
		{"not let in", 4, func(p *sim.PCSC) { p.Refuse(true) }, CausePermission, ErrRefused},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := watch(t, tt.minor)
			defer w.end()
			tt.set(w.sim)
			time.Sleep(10 * time.Second)
			if s := w.State(); s.Cause != tt.want || !errors.Is(s.Err, tt.err) {
				t.Errorf("%s: %+v", tt.name, s)
			}
			<-w.Ready()
			if _, err := w.Readers(t.Context()); !errors.Is(err, tt.err) {
				t.Errorf("%s: Readers: %v", tt.name, err)
			}
		})
	}
}

// TestHalfStates: the connection that waits breaks off anywhere and comes back.
func TestHalfStates(t *testing.T) {
	for _, cmd := range []uint32{cmdVersion, cmdEstablish, cmdWait, 0} {
		for _, n := range []int{0, 1, 7, 11, 183, sizeStates - 1} {
			synctest.Test(t, func(t *testing.T) {
				w := watch(t, 5)
				defer w.end()
				w.sim.Plug(left)
				w.expect(t, "start", Event{ReaderCame, left, nil})
				w.sim.Cut(cmd, n)
				if cmd != 0 {
					w.sim.Stop()
					w.sim.Start()
				}
				w.sim.Insert(left, echo()) // a change, told of with half a message
				time.Sleep(5 * time.Second)
				synctest.Wait()
				if len(w.told) == 0 || w.told[len(w.told)-1].Kind != CardIn {
					t.Errorf("command %#x cut after %d: %v", cmd, n, w.told)
				}
				if s := w.State(); s.Cause != CauseConnected {
					t.Errorf("command %#x cut after %d: %+v", cmd, n, s)
				}
			})
		}
	}
}

// TestSocket goes through a real socket.
func TestSocket(t *testing.T) {
	p := sim.NewPCSC(5)
	defer p.Stop()
	path := filepath.Join(t.TempDir(), "pcscd.comm")
	d := New(Opts{Socket: path})
	if _, err := d.Readers(t.Context()); !errors.Is(err, ErrDaemon) {
		t.Errorf("no socket: %v", err)
	}
	if err := p.Listen(path); err != nil {
		t.Fatal(err)
	}
	p.Plug(left)
	p.Insert(left, echo())
	if got, err := d.Readers(t.Context()); err != nil || len(got) != 1 || !got[0].Card {
		t.Errorf("%+v, %v", got, err)
	}
	card, err := d.Open(t.Context(), left)
	if err != nil {
		t.Fatal(err)
	}
	defer card.Close()
	apdu := append([]byte{0, 0xD6, 0, 0, 0, 0xFF, 0xF0}, make([]byte, 0xFFF0)...)
	if a, err := card.Transmit(t.Context(), apdu); err != nil || len(a) != len(apdu)+2 {
		t.Errorf("%d bytes, %v", len(a), err)
	}
}
