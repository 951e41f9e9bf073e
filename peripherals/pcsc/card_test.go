package pcsc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/peripherals/sim"
)

// desk is a simulated daemon with a card in its reader, and a client without Run.
func desk(t *testing.T, test func(t *testing.T, p *sim.PCSC, d *Dev)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := sim.NewPCSC(4)
		defer p.Stop()
		p.Plug(left)
		p.Insert(left, echo())
		test(t, p, New(Opts{Dial: p.Dial}))
	})
}

func open(t *testing.T, d *Dev) *Card {
	t.Helper()
	card, err := d.Open(t.Context(), left)
	if err != nil {
		t.Fatal(err)
	}
	return card
}

func read() []byte { return []byte{0x00, 0xB0, 0x00, 0x00, 0x00} }

func TestTransmit(t *testing.T) {
	desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
		card := open(t, d)
		if !bytes.Equal(card.ATR(), atr()) || card.Protocol() != T1 {
			t.Errorf("ATR %x, %v", card.ATR(), card.Protocol())
		}
		for _, n := range []int{4, 5, 261, 65535, maxMessage - 2} {
			if a, err := card.Transmit(t.Context(), make([]byte, n)); err != nil || len(a) != n+2 {
				t.Errorf("%d bytes: %d, %v", n, len(a), err)
			}
		}
		for _, n := range []int{0, 3, maxMessage + 1} {
			if _, err := card.Transmit(t.Context(), make([]byte, n)); !errors.Is(err, ErrAPDU) {
				t.Errorf("%d bytes: %v", n, err)
			}
		}
		if _, err := d.Open(t.Context(), left); !errors.Is(err, ErrBusy) {
			t.Errorf("a second Open: %v", err)
		}
		if a, err := card.Transmit(t.Context(), read()); err != nil || len(a) != 7 {
			t.Errorf("afterwards: %x, %v", a, err)
		}
		if err := errors.Join(card.Close(), card.Close()); err != nil {
			t.Error(err)
		}
		if _, err := card.Transmit(t.Context(), read()); !errors.Is(err, ErrClosed) {
			t.Errorf("closed: %v", err)
		}
		synctest.Wait()
		if n := p.Clients(); n != 0 {
			t.Errorf("%d connections left", n)
		}
		open(t, d).Close()
	})
}

// TestPulledAtEveryAPDU: however a daemon tells of it, it is one error, it stays,
// and the next card reads.
func TestPulledAtEveryAPDU(t *testing.T) {
	for _, how := range []sim.Pull{sim.PullEmpty, sim.PullOneByte, sim.PullComm, sim.PullRemoved, sim.PullReader} {
		for at := range 8 {
			desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
				p.PullAt(left, at, how)
				card := open(t, d)
				defer card.Close()
				for n := range 10 {
					a, err := card.Transmit(t.Context(), read())
					if n < at && (err != nil || len(a) != 7) || n >= at && !errors.Is(err, ErrRemoved) {
						t.Errorf("way %d, pulled at %d: APDU %d: %x, %v", how, at, n, a, err)
					}
				}
				want := ErrNoCard
				if how == sim.PullReader {
					want = ErrNoReader
					p.Plug(right)
				}
				if _, err := d.Open(t.Context(), left); !errors.Is(err, want) {
					t.Errorf("way %d: open after it: %v", how, err)
				}
				if how == sim.PullReader {
					p.Plug(left)
				}
				p.Insert(left, echo())
				again := open(t, d)
				defer again.Close()
				if _, err := again.Transmit(t.Context(), read()); err != nil {
					t.Errorf("way %d: the next card: %v", how, err)
				}
				if _, err := card.Transmit(t.Context(), read()); !errors.Is(err, ErrRemoved) {
					t.Errorf("way %d: the old card speaks for the new one: %v", how, err)
				}
			})
		}
	}
}

// TestChangedBetween: a card put in place of another between two APDUs is not it.
func TestChangedBetween(t *testing.T) {
	desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
		card := open(t, d)
		defer card.Close()
		p.Insert(left, echo())
		if _, err := card.Transmit(t.Context(), read()); !errors.Is(err, ErrRemoved) {
			t.Error(err)
		}
	})
}

// TestHalfAnswers: a connection that breaks off anywhere is an error at once, and
// the next one works.
func TestHalfAnswers(t *testing.T) {
	for cmd, size := range map[uint32]int{
		cmdVersion: sizeVersion, cmdEstablish: sizeEstablish, cmdConnect: sizeConnect, cmdBegin: sizeBegin,
		cmdStates: sizeStates, cmdTransmit: sizeTransmit + 7, cmdEnd: sizeEnd, cmdDisconnect: sizeDisconnect,
	} {
		for _, n := range []int{0, 1, size / 2, size - 1} {
			desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
				begin := time.Now()
				p.Cut(cmd, n)
				err := session(t.Context(), d)
				polite := cmd == cmdEnd || cmd == cmdDisconnect
				if !errors.Is(err, ErrDaemon) && !errors.Is(err, ErrRefused) && !polite {
					t.Errorf("command %#x cut after %d: %v", cmd, n, err)
				}
				if took := time.Since(begin); took != 0 {
					t.Errorf("command %#x cut after %d: took %v", cmd, n, took)
				}
				if err := session(t.Context(), d); err != nil {
					t.Errorf("command %#x cut after %d: the next: %v", cmd, n, err)
				}
			})
		}
	}
}

// session opens a card, asks it once and closes it.
func session(ctx context.Context, d *Dev) error {
	card, err := d.Open(ctx, left)
	if err != nil {
		return err
	}
	defer card.Close()
	_, err = card.Transmit(ctx, read())
	return err
}

// TestSilence: no answer ends each step after its own time, and a cancelled
// context each at once.
func TestSilence(t *testing.T) {
	o := DefaultOpts()
	for cmd, want := range map[uint32]struct {
		after time.Duration
		err   error
	}{
		cmdVersion:    {o.Answer, ErrDaemon},
		cmdEstablish:  {o.Answer, ErrDaemon},
		cmdConnect:    {o.Busy, ErrBusy},
		cmdBegin:      {o.Busy, ErrBusy},
		cmdStates:     {o.Answer, ErrDaemon},
		cmdTransmit:   {o.Transmit, ErrDaemon},
		cmdEnd:        {closing, nil},
		cmdDisconnect: {closing, nil},
	} {
		desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
			begin := time.Now()
			p.Cut(cmd, -1)
			if err := session(t.Context(), d); !errors.Is(err, want.err) || time.Since(begin) != want.after {
				t.Errorf("command %#x: %v after %v", cmd, err, time.Since(begin))
			}
			if want.err == nil {
				return
			}
			p.Cut(cmd, -1)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			begin = time.Now()
			if err := session(ctx, d); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
				t.Errorf("command %#x: %v after %v", cmd, err, time.Since(begin))
			}
		})
	}
}

// TestBrokenOff: a command is broken off by its context or by Close, at once, also
// while it waits for another's turn; the card is not used any further.
func TestBrokenOff(t *testing.T) {
	for _, byClose := range []bool{true, false} {
		desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
			asked, goOn := make(chan bool, 9), make(chan bool)
			p.Insert(left, sim.PCSCCard{ATR: atr(), Protocol: 1, Answer: func([]byte) []byte {
				asked <- true
				<-goOn
				return []byte{0x90, 0}
			}})
			card := open(t, d)
			ctx, cancel := context.WithCancel(t.Context())
			got := make(chan error, 2)
			for range 2 {
				go func() {
					_, err := card.Transmit(ctx, read())
					got <- err
				}()
			}
			<-asked
			synctest.Wait()
			begin, want := time.Now(), context.Canceled
			if byClose {
				want = ErrClosed
				card.Close()
			} else {
				cancel()
			}
			for range 2 {
				if err := <-got; !errors.Is(err, want) {
					t.Errorf("%v, want %v", err, want)
				}
			}
			if _, err := card.Transmit(t.Context(), read()); !errors.Is(err, want) {
				t.Errorf("afterwards: %v", err)
			}
			card.Close()
			if took := time.Since(begin); took != 0 {
				t.Errorf("took %v", took)
			}
			cancel()
			close(goOn)
			if len(asked) != 0 {
				t.Error("a command reached the card after the end")
			}
		})
	}
}

// TestEarlyCancel: a context that has ended before harms nothing.
func TestEarlyCancel(t *testing.T) {
	desk(t, func(t *testing.T, _ *sim.PCSC, d *Dev) {
		card := open(t, d)
		defer card.Close()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := card.Transmit(ctx, read()); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if _, err := card.Transmit(t.Context(), read()); err != nil {
			t.Error(err)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	for _, tt := range []struct {
		name   string
		reader string
		set    func(*sim.PCSC)
		want   error
	}{
		{"other reader", right, func(*sim.PCSC) {}, ErrNoReader},
		{"no name", "", func(*sim.PCSC) {}, ErrNoReader},
		{"name too long", fmt.Sprintf("%128d", 1), func(*sim.PCSC) {}, ErrNoReader},
		{"no card", left, func(p *sim.PCSC) { p.Remove(left) }, ErrNoCard},
		{"upside down", left, func(p *sim.PCSC) { p.Insert(left, sim.PCSCCard{}) }, ErrMute},
		{"held", left, func(p *sim.PCSC) { p.Hold(left, false) }, ErrBusy},
		{"held by a silent daemon", left, func(p *sim.PCSC) { p.Hold(left, true) }, ErrBusy},
		{"no daemon", left, (*sim.PCSC).Stop, ErrDaemon},
		{"not let in", left, func(p *sim.PCSC) { p.Refuse(true) }, ErrRefused},
	} {
		desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
			tt.set(p)
			if _, err := d.Open(t.Context(), tt.reader); !errors.Is(err, tt.want) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if tt.want == ErrBusy {
				p.Free(left)
				open(t, d).Close()
			}
			synctest.Wait()
			if n := p.Clients(); n != 0 {
				t.Errorf("%s: %d connections left", tt.name, n)
			}
		})
	}
}

// TestRestartInTheMiddle: a card of the old daemon is dead, not the new one's.
func TestRestartInTheMiddle(t *testing.T) {
	desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
		card := open(t, d)
		p.Stop()
		p.Start()
		for range 2 {
			if _, err := card.Transmit(t.Context(), read()); !errors.Is(err, ErrDaemon) {
				t.Error(err)
			}
		}
		card.Close()
		open(t, d).Close()
	})
}

// TestManyReaders: two cards are read at the same time, each by its own.
func TestManyReaders(t *testing.T) {
	desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
		p.Plug(right)
		other := echo()
		other.Answer = func([]byte) []byte { return []byte{0x6A, 0x82} }
		p.Insert(right, other)
		a := open(t, d)
		defer a.Close()
		b, err := d.Open(t.Context(), right)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		for range 3 {
			x, err := a.Transmit(t.Context(), read())
			y, err2 := b.Transmit(t.Context(), read())
			if err != nil || err2 != nil || len(x) != 7 || len(y) != 2 {
				t.Errorf("%x %x %v %v", x, y, err, err2)
			}
		}
		p.Remove(right)
		if _, err := b.Transmit(t.Context(), read()); !errors.Is(err, ErrRemoved) {
			t.Error(err)
		}
		if _, err := a.Transmit(t.Context(), read()); err != nil {
			t.Error(err)
		}
	})
}

// TestLateAnswer: an answer that comes after its time is never taken for the next.
func TestLateAnswer(t *testing.T) {
	desk(t, func(t *testing.T, p *sim.PCSC, d *Dev) {
		goOn := make(chan bool)
		p.Insert(left, sim.PCSCCard{ATR: atr(), Protocol: 1, Answer: func([]byte) []byte {
			<-goOn
			return []byte{0x90, 0}
		}})
		card := open(t, d)
		defer card.Close()
		if _, err := card.Transmit(t.Context(), read()); !errors.Is(err, ErrDaemon) {
			t.Error(err)
		}
		close(goOn)
		if a, err := card.Transmit(t.Context(), read()); !errors.Is(err, ErrDaemon) {
			t.Errorf("%x, %v", a, err)
		}
	})
}
