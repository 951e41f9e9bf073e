package modem_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/peripherals/modem"
	"clinicbox/peripherals/sim"
)

// A wrong PIN is tried once in a life, whatever happens: restarts of program and modem.
func TestWrongPINOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
		defer m.Close()
		memory := &pins{}
		for range 4 {
			d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("4321"), PINs: memory})
			time.Sleep(10 * time.Minute)
			if c := d.State().Cause; c != modem.PINWrong {
				t.Error(c)
			}
			stop()
			m.Unplug()
			m.Plug()
		}
		if n := len(m.WrongPINs()); n != 1 {
			t.Fatalf("tried %d times", n)
		}
		// The right one, corrected in the configuration, opens it; each start again.
		for range 5 {
			d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("1234"), PINs: memory})
			time.Sleep(time.Minute)
			if c := d.State().Cause; c != modem.Online {
				t.Error(c)
			}
			stop()
			m.Unplug()
			m.Plug()
		}
	})
}

// deaf is a cable that breaks when a command went through it: the modem has it, the
// answer is lost.
type deaf struct {
	net.Conn
	command string
	broken  atomic.Bool
}

func (c *deaf) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(c.command)) {
		c.broken.Store(true)
	}
	return c.Conn.Write(b)
}

func (c *deaf) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.broken.Load() {
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

// An answer that is lost each time: a PIN that was never right is tried once, one that
// was right twice. The card always keeps a try for people.
func TestLostAnswersNeverLockTheCard(t *testing.T) {
	for _, known := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
			defer m.Close()
			memory := &pins{}
			pin, want := redact.Wrap("4321"), 1
			if known {
				want = 2
				good := sim.NewModem(sim.ModemOpts{PIN: "4321"}) // the same card, before somebody changed its PIN
				d, stop := start(t, good, modem.Opts{PIN: pin, PINs: memory})
				time.Sleep(time.Minute)
				if !d.State().Online() {
					t.Error(d.State())
				}
				stop()
				_ = good.Close()
			}
			var last modem.Cause
			for range 6 {
				// The modem is pulled when the PIN reaches it: the answer never comes.
				d, stop := startOn(t, func() (io.ReadWriteCloser, error) {
					c, err := m.Open()
					return &deaf{Conn: c, command: "AT+CPIN="}, err
				}, modem.Opts{PIN: pin, PINs: memory})
				time.Sleep(10 * time.Second)
				last = d.State().Cause
				stop()
				m.Unplug()
				m.Plug()
			}
			if n := len(m.WrongPINs()); n != want || last != modem.PINUnsure {
				t.Errorf("known %v: tried %d times, want %d; %s", known, n, want, last)
			}
		})
	}
}

// A modem that names its card only once it is unlocked: the try is booked as right under
// the key that it was made with, and the next start may try again.
func TestPINOfACardWithoutANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
		defer m.Close()
		m.SetFault(sim.ModemFault{LateICCID: true})
		memory := &pins{}
		for range 3 {
			d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("1234"), PINs: memory})
			time.Sleep(time.Minute)
			if st := d.State(); st.Cause != modem.Online || st.ICCID == "" {
				t.Errorf("%+v", st)
			}
			stop()
			m.Unplug()
			m.Plug()
		}
	})
}

// slow is a cable whose modem takes its time with the answer that comes next after a
// command.
type slow struct {
	net.Conn
	modem   *sim.Modem
	command string
}

func (c *slow) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte(c.command)) {
		c.modem.SetFault(sim.ModemFault{Delay: 7 * time.Second})
	}
	return c.Conn.Write(b)
}

// A late answer about the tries that are left does not pass for a PIN's, which would
// then count as right and be tried again.
func TestLateAnswerAboutTries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
		defer m.Close()
		first := true
		d, stop := startOn(t, func() (io.ReadWriteCloser, error) {
			m.SetFault(sim.ModemFault{})
			c, err := m.Open()
			if !first || err != nil {
				return c, err
			}
			first = false
			return &slow{c, m, "AT+CPINR"}, nil
		}, modem.Opts{PIN: redact.Wrap("4321"), PINs: &pins{}})
		defer stop()
		time.Sleep(10 * time.Minute)
		if n := len(m.WrongPINs()); n != 1 || d.State().Cause != modem.PINWrong {
			t.Errorf("tried %d times: %+v", n, d.State())
		}
	})
}

func TestPINNotStoredIsNotTried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
		defer m.Close()
		d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("4321"), PINs: &pins{fail: errors.New("disk")}})
		defer stop()
		time.Sleep(time.Minute)
		if d.State().Cause != modem.PINStorage || len(m.WrongPINs()) > 0 {
			t.Error(d.State(), len(m.WrongPINs()))
		}
	})
}

// The last try is left to people, and a card that wants its PUK says so.
func TestLastTryAndPUK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
		defer m.Close()
		for _, c := range []struct {
			pin  string
			want modem.Cause
			n    int
		}{{"1111", modem.PINWrong, 1}, {"2222", modem.PINWrong, 2}, {"3333", modem.PINUnsure, 2}} {
			d, stop := start(t, m, modem.Opts{PIN: redact.Wrap(c.pin), PINs: &pins{}})
			time.Sleep(time.Minute)
			if d.State().Cause != c.want || len(m.WrongPINs()) != c.n {
				t.Error(c.pin, d.State().Cause, len(m.WrongPINs()))
			}
			stop()
		}
		m.TryPIN("9999") // in a telephone
		d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("1234"), PINs: &pins{}})
		defer stop()
		time.Sleep(time.Hour)
		if d.State().Cause != modem.PUK || m.Count("AT+CFUN=1,1") > 0 {
			t.Error(d.State())
		}
	})
}
