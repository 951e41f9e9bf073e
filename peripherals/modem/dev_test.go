package modem_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
	"clinicbox/peripherals/modem"
	"clinicbox/peripherals/sim"
)

func TestModemOnline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		d, stop := start(t, m, modem.Opts{})
		defer stop()
		<-d.Ready()
		time.Sleep(30 * time.Second)
		st := d.State()
		if n := m.Count("AT+CPIN?"); n < 3 || n > 6 {
			t.Errorf("looked %d times in 30 s, not every 10 s", n)
		}
		want := modem.State{
			Cause: modem.Online, Since: st.Since, Bars: 3, DBm: -91, Operator: "Viettel", Technology: "4G", Address: "10.64.0.17",
			APN: "v-internet", IMEI: "860000000000017", ICCID: "8984040000000000019",
		}
		if st != want || !st.Online() {
			t.Errorf("%+v", st)
		}
		if err := d.SetAccess(modem.Access{APN: "trung-tam", User: "u", Password: "p"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if d.State().APN != "trung-tam" || m.APN() != "trung-tam" || m.Count(`AT+CGAUTH=1,1,"u","p"`) != 1 || m.Count("AT+CGACT=0,1") != 1 || !d.State().Online() {
			t.Errorf("%+v, %s", d.State(), m.APN())
		}
		before := m.Count("AT+CGAUTH=1,0")
		if err := d.SetAccess(modem.Access{APN: "v-internet"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Second)
		if m.APN() != "v-internet" || m.Count("AT+CGAUTH=1,0") != before+1 || !d.State().Online() {
			t.Errorf("the name and password of the access point before are kept: %+v", d.State())
		}
		if err := d.SetAccess(modem.Access{APN: "a\"\rAT"}); !errors.Is(err, modem.ErrAccess) {
			t.Error(err)
		}
	})
}

func TestModemCauses(t *testing.T) {
	for want, c := range map[modem.Cause]struct {
		opts  sim.ModemOpts
		fault sim.ModemFault
	}{
		modem.Online:    {sim.ModemOpts{IMSI: "452020000000017"}, sim.ModemFault{NoCESQ: true}},
		modem.NoSIM:     {fault: sim.ModemFault{NoSIM: true}},
		modem.Searching: {fault: sim.ModemFault{NoNetwork: true}},
		modem.Denied:    {fault: sim.ModemFault{Denied: true}},
		modem.NoAddress: {fault: sim.ModemFault{NoAddress: true}},
		modem.PINNeeded: {opts: sim.ModemOpts{PIN: "1234"}},
		modem.Silent:    {fault: sim.ModemFault{Silent: true}},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := sim.NewModem(c.opts)
			defer m.Close()
			m.SetFault(c.fault)
			d, stop := start(t, m, modem.Opts{})
			defer stop()
			time.Sleep(20 * time.Second)
			m.Say(`+CMTI: "SM",1`)
			time.Sleep(40 * time.Second)
			if st := d.State(); st.Cause != want {
				t.Errorf("%+v, want %s", st, want)
			}
			if n := m.Count("AT+CPIN?"); n > 12 {
				t.Errorf("%s: looked %d times in a minute", want, n)
			}
			if want == modem.Online && (!d.State().Roaming || d.State().APN != "m3-world" || d.State().Bars != 3) {
				t.Errorf("%+v", d.State())
			}
			m.SetFault(sim.ModemFault{})
			time.Sleep(5 * time.Minute)
			if st := d.State(); st.Cause != modem.Online && want != modem.PINNeeded {
				t.Errorf("does not come back from %s: %+v", want, st)
			}
			m.Unplug()
			time.Sleep(time.Minute)
			if st := d.State(); st.Cause != modem.Absent || st.Bars != -1 || st.Operator != "" {
				t.Errorf("unplugged: %+v", st)
			}
			m.Plug()
			time.Sleep(time.Minute)
			if st := d.State(); st.Cause == modem.Absent {
				t.Errorf("plugged in again: %+v", st)
			}
		})
	}
}

// The same answers, whatever shape they come in.
func TestModemShapes(t *testing.T) {
	unasked := []string{
		"RING", "+CEREG: 2", `+CEREG: 3,"00A1","01B2C3D4",7`, "+CSQ: 3,99", `+CMTI: "SM",9`,
		"^RSSI: 17", "+CMTI", "+CDS: 25", "zzzz", "+COPS: ", "+CESQ: 1", "+CCID: ", "*PSUTTZ: 1",
	}
	for name, f := range map[string]sim.ModemFault{
		"byte by byte": {Chunk: 1},
		"slow":         {Delay: 2 * time.Second},
		"unasked":      {Between: unasked},
		"garbage":      {Garbage: "\x00\xff\xfe%&\r\n\x80\r\n"},
		"long line":    {Garbage: strings.Repeat("x", 5000) + "\r\n"},
		"all of it":    {Chunk: 3, Between: unasked, Garbage: "\xff\xff\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
			defer m.Close()
			m.SetFault(f)
			d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("1234"), PINs: &pins{}})
			defer stop()
			time.Sleep(3 * time.Minute)
			if st := d.State(); st.Cause != modem.Online || st.Bars != 3 || st.Operator != "Viettel" || st.ICCID != "8984040000000000019" || st.IMEI != "860000000000017" {
				t.Errorf("%s: %+v", name, st)
			}
			if len(m.WrongPINs()) > 0 {
				t.Errorf("%s: wrong PINs", name)
			}
		})
	}
}

// A modem that is too slow while it starts does not leave the driver reading each
// answer as that to the next command.
func TestLateAnswers(t *testing.T) {
	for delay := time.Second; delay < 20*time.Second; delay += 500 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			m := sim.NewModem(sim.ModemOpts{})
			defer m.Close()
			m.SetFault(sim.ModemFault{Delay: delay})
			d, stop := start(t, m, modem.Opts{})
			defer stop()
			time.Sleep(21 * time.Second)
			m.SetFault(sim.ModemFault{})
			time.Sleep(4 * time.Minute)
			if st := d.State(); st.Cause != modem.Online || st.IMEI != "860000000000017" || st.ICCID != "8984040000000000019" || st.Bars != 3 {
				t.Errorf("late by %v: %+v", delay, st)
			}
		})
	}
}

// Pulled out after any byte of what it says, it is missed, and works again at once
// when it is back. Its PIN is given once each time, and never wrong.
func TestModemUnpluggedAtEveryByte(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{PIN: "1234"})
		defer m.Close()
		d, stop := start(t, m, modem.Opts{PIN: redact.Wrap("1234"), PINs: &pins{}})
		defer stop()
		unsure, every := 0, 1
		if testing.Short() {
			every = 13
		}
		for at := 1; at < 1200; at += every {
			m.Unplug()
			time.Sleep(time.Minute)
			m.SetFault(sim.ModemFault{CutAfter: at})
			m.Plug()
			time.Sleep(40 * time.Second)
			m.SetFault(sim.ModemFault{})
			m.Plug()
			time.Sleep(time.Minute)
			switch st := d.State(); st.Cause {
			case modem.Online:
			case modem.PINUnsure:
				unsure++
			default:
				t.Fatalf("cut after %d bytes: %+v", at, st)
			}
		}
		if unsure > 0 || len(m.WrongPINs()) > 0 {
			t.Errorf("%d times unsure, %d wrong PINs", unsure, len(m.WrongPINs()))
		}
	})
}

// The ladder goes up while nothing helps, waits longer each time, and begins anew once
// something did.
func TestModemLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{Boot: 15 * time.Second})
		defer m.Close()
		m.SetFault(sim.ModemFault{NoNetwork: true})
		powered := 0
		d, stop := start(t, m, modem.Opts{Poll: time.Minute, Power: func(context.Context) error { powered++; return nil }})
		defer stop()
		var log []string
		for range 3 * 60 {
			time.Sleep(time.Minute)
			log = append(log, fmt.Sprint(m.Count("AT+CGATT=0"), m.Count("AT+CFUN=4"), m.Count("AT+CFUN=1,1"), powered))
		}
		got := fmt.Sprint(log[2], ", ", log[4], ", ", log[12], ", ", log[26], ", ", log[50], ", ", log[120], ", ", log[179])
		if want := "0 0 0 0, 1 0 0 0, 1 1 0 0, 1 1 1 0, 1 1 1 1, 2 1 1 1, 2 2 1 1"; got != want {
			t.Errorf("%s\nwant %s", got, want)
		}
		if n := d.State().Mended; n != 6 {
			t.Errorf("%d tries", n)
		}
		m.SetFault(sim.ModemFault{})
		time.Sleep(time.Hour)
		if st := d.State(); st.Cause != modem.Online || st.Mended != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestSilentModemLosesItsPower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		m.SetFault(sim.ModemFault{Silent: true})
		d, stop := start(t, m, modem.Opts{Power: func(context.Context) error {
			m.SetFault(sim.ModemFault{})
			return errors.New("half a fault")
		}})
		defer stop()
		time.Sleep(10 * time.Minute)
		if st := d.State(); st.Cause != modem.Online {
			t.Errorf("%+v", st)
		}
	})
}

func TestPortCauses(t *testing.T) {
	for want, err := range map[modem.Cause]error{
		modem.Absent: fmt.Errorf("x: %w", fs.ErrNotExist), modem.Permission: fs.ErrPermission, modem.NotSerial: errors.New("ioctl"),
	} {
		synctest.Test(t, func(t *testing.T) {
			d, e := modem.New(func(context.Context) (io.ReadWriteCloser, error) { return nil, err }, modem.Opts{})
			if e != nil {
				t.Fatal(e)
			}
			done := make(chan error)
			go func() { done <- d.Run(t.Context()) }()
			<-d.Ready()
			if c := d.State().Cause; c != want {
				t.Errorf("%s, want %s", c, want)
			}
			_, _ = d.Halt(), d.Halt()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestModemOpts(t *testing.T) {
	for _, o := range []modem.Opts{
		{PIN: redact.Wrap("123")}, {PIN: redact.Wrap("123456789")}, {PIN: redact.Wrap("12\"4")}, {Access: modem.Access{User: "a b"}},
	} {
		if _, err := modem.New(nil, o); err == nil {
			t.Errorf("%+v passes", o)
		}
	}
}

// Counters begin anew with the interface; the sums go on.
func TestModemCounters(t *testing.T) {
	dir := t.TempDir()
	folder := filepath.Join(dir, "wwan0", "statistics")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	set := func(rx, tx string) {
		for name, v := range map[string]string{"rx_bytes": rx, "tx_bytes": tx} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(v+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	set("1000", "500")
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		d, stop := start(t, m, modem.Opts{NetDir: dir, Interface: "wwan0"})
		defer stop()
		for _, c := range []struct {
			rx, tx string
			want   modem.Counters
		}{
			{"1000", "500", modem.Counters{}},
			{"1500", "600", modem.Counters{Received: 500, Sent: 100}},
			{"70", "7", modem.Counters{Received: 570, Sent: 107}},
			{"x", "9", modem.Counters{Received: 570, Sent: 107}},
			{"80", "9", modem.Counters{Received: 580, Sent: 109}},
		} {
			set(c.rx, c.tx)
			time.Sleep(time.Minute)
			if got := d.State().Counters; got != c.want {
				t.Errorf("%s %s: %+v, want %+v", c.rx, c.tx, got, c.want)
			}
		}
	})
}

// TestModemOnTerminal drives the real port of tarm/serial on a pseudo-terminal.
func TestModemOnTerminal(t *testing.T) {
	m := sim.NewModem(sim.ModemOpts{})
	path, err := m.OpenTerminal()
	if err != nil {
		testpeer.Lacks(t, "no pseudo-terminals here: "+err.Error())
	}
	d, err := modem.NewSerial(path, 115200, modem.Opts{Log: testlog.Logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- d.Run(ctx) }()
	testlog.Eventually(t.Context(), t, "online", func() bool { return d.State().Online() || d.State().Cause == modem.NoAddress })
	_ = m.Close()
	testlog.Eventually(t.Context(), t, "unplugged", func() bool { return d.State().Cause == modem.Absent })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// The box's list of causes has words for each of the driver's, under the same key.
func TestHealthKnowsEachModemCause(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "device", "health", "modem.go"))
	if err != nil {
		t.Fatal(err)
	}
	passing := []modem.Cause{modem.Starting, modem.Online, modem.Restarting, modem.Stopped}
	for _, c := range modem.Codes() {
		if strings.Contains(string(text), `"`+string(c)+`"`) == slices.Contains(passing, c) {
			t.Errorf("%s: unknown to the box, or nothing to act on", c)
		}
	}
}
