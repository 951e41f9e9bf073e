package modem_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/internal/redact"
	"clinicbox/internal/sms"
	"clinicbox/peripherals/modem"
	"clinicbox/peripherals/sim"
)

const long = secret + " sáng thứ Tư, mang theo sổ tiêm của cháu. Trạm y tế mở cửa từ 7 giờ, nghỉ trưa từ 11 giờ 30."

func TestSendAndReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		b := newBox(t)
		d, stop := start(t, m, modem.Opts{Outbox: b, Inbox: b})
		defer stop()
		time.Sleep(time.Minute)
		b.write("a", long)
		d.Poke()
		time.Sleep(5 * time.Second)
		var text strings.Builder
		for _, s := range m.Sent() {
			text.WriteString(s.Text.Reveal())
			if s.To.Reveal() != number || !s.Report {
				t.Error("to, report:", s.Report)
			}
		}
		if text.String() != long || len(m.Sent()) != 2 || b.step("a") != modem.Sent {
			t.Fatal(len(m.Sent()), b.step("a"))
		}
		now := time.Now()
		for _, c := range []struct {
			r    sms.Report
			want modem.Step
		}{
			{sms.Report{Reference: 1, To: redact.Wrap("0912000017"), Status: 0x30}, modem.Sent},
			{sms.Report{Reference: 1, To: redact.Wrap("0912000017")}, modem.Sent},
			{sms.Report{Reference: 2, To: redact.Wrap("+84912000099")}, modem.Sent}, // somebody else's
			{sms.Report{Reference: 2, To: redact.Wrap(number), Status: 0x46}, modem.Failed},
			{sms.Report{Reference: 2, To: redact.Wrap("84912000017")}, modem.Arrived}, // late, yet there
			{sms.Report{Reference: 2, To: redact.Wrap(number), Status: 0x46}, modem.Arrived},
		} {
			c.r.Sent, c.r.Done = now, now
			if err := m.Report(c.r); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			if got := b.step("a"); got != c.want {
				t.Errorf("after report %d with %#x: %s, want %s", c.r.Reference, c.r.Status, got, c.want)
			}
		}
	})
}

// Each row is one mishap while a message is sent. None sends it twice, and none that
// may have gone is taken for waiting.
func TestSendFaults(t *testing.T) {
	for name, c := range map[string]struct {
		fault sim.ModemFault
		lose  modem.Step
		want  modem.Step
		after modem.Step // when the fault is over
		sent  int
	}{
		"no prompt":                    {fault: sim.ModemFault{NoPrompt: true}, want: modem.Waiting, after: modem.Sent, sent: 1},
		"refused":                      {fault: sim.ModemFault{RefuseSMS: 38}, want: modem.Refused, after: modem.Refused},
		"network timeout":              {fault: sim.ModemFault{RefuseSMS: 332}, want: modem.Unsure, after: modem.Unsure},
		"sent, the answer lost":        {fault: sim.ModemFault{LoseSent: true}, want: modem.Unsure, after: modem.Unsure, sent: 1},
		"trying not stored":            {lose: modem.Trying, want: modem.Sent, after: modem.Sent, sent: 1},
		"sent, and that is not stored": {lose: modem.Sent, want: modem.Trying, after: modem.Unsure, sent: 1},
		"no network":                   {fault: sim.ModemFault{NoNetwork: true}, want: modem.Waiting, after: modem.Sent, sent: 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := sim.NewModem(sim.ModemOpts{})
			defer m.Close()
			b := newBox(t)
			_, stop := start(t, m, modem.Opts{Outbox: b, Inbox: b})
			time.Sleep(time.Minute)
			m.SetFault(c.fault)
			b.lose = c.lose
			b.write("a", "Moi ba con")
			time.Sleep(100 * time.Second)
			if got := b.step("a"); got != c.want && !(c.want == modem.Waiting && got == modem.Trying) {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
			time.Sleep(time.Minute)
			stop() // the program ends, and starts again
			b.restart()
			m.SetFault(sim.ModemFault{})
			m.Plug()
			_, stop = start(t, m, modem.Opts{Outbox: b, Inbox: b})
			defer stop()
			time.Sleep(10 * time.Minute)
			if got := b.step("a"); got != c.after || len(m.Sent()) != c.sent {
				t.Errorf("%s: in the end %s, sent %d times; want %s, %d", name, got, len(m.Sent()), c.after, c.sent)
			}
		})
	}
}

// cut is a cable whose writes fail after some bytes: with applied, the modem gets the
// failing write all the same.
type cut struct {
	net.Conn
	left    *int
	applied bool
}

func (c *cut) Write(b []byte) (int, error) {
	if *c.left >= len(b) {
		*c.left -= len(b)
		return c.Conn.Write(b)
	}
	if *c.left < 0 {
		return c.Conn.Write(b) // the fault is over
	}
	n := *c.left
	*c.left = -1
	if c.applied {
		_, _ = c.Conn.Write(b)
		synctest.Wait() // it has heard it
	} else {
		_, _ = c.Conn.Write(b[:n])
	}
	return n, errors.New("cable")
}

// A cable that fails at any byte that the driver writes, in both ways of failing: the
// message goes once at most, and what is said of it is true or unsure.
func TestSendOverABrokenCable(t *testing.T) {
	every := 1
	if testing.Short() {
		every = 7
	}
	for _, applied := range []bool{false, true} {
		said := map[modem.Step]int{}
		for at := 0; at < 500; at += every {
			synctest.Test(t, func(t *testing.T) {
				m := sim.NewModem(sim.ModemOpts{})
				defer m.Close()
				b := newBox(t)
				b.write("a", "Moi ba con")
				left := at
				_, stop := startOn(t, func() (io.ReadWriteCloser, error) {
					c, err := m.Open()
					return &cut{c, &left, applied}, err
				}, modem.Opts{Outbox: b, Inbox: b})
				defer stop()
				time.Sleep(2 * time.Minute)
				step, sent := b.step("a"), len(m.Sent())
				said[step]++
				if sent > 1 || step == modem.Sent && sent != 1 || step != modem.Sent && step != modem.Unsure {
					t.Errorf("applied %v, cut after %d bytes: %s, sent %d times", applied, at, step, sent)
				}
			})
		}
		if said[modem.Sent] == 0 || said[modem.Unsure] == 0 {
			t.Errorf("applied %v: %v", applied, said)
		}
	}
}

func TestReceive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		b := newBox(t)
		_, stop := start(t, m, modem.Opts{Inbox: b})
		defer stop()
		put := func(from, text string, at time.Time) {
			pieces, err := sms.Split(text, sms.Place{Ref: 77, Wide: true})
			if err != nil {
				t.Fatal(err)
			}
			for i := range pieces { // the last part first
				p := pieces[len(pieces)-1-i]
				if err := m.Deliver(sms.Deliver{From: redact.Wrap(from), Text: redact.Wrap(p.Text), Place: p.Place, At: at}); err != nil {
					t.Fatal(err)
				}
			}
		}
		at := time.Date(2026, 12, 1, 8, 0, 0, 0, time.FixedZone("", 7*3600))
		put("VIETTEL", "Quy khach con 10 MB", at) // on the card before the box started
		time.Sleep(time.Minute)
		put(number, long, at.Add(time.Hour))
		time.Sleep(5 * time.Second)
		got := b.received()
		if len(got) != 2 || m.Stored() != 0 {
			t.Fatal(len(got), m.Stored())
		}
		if got[0].From.Reveal() != "VIETTEL" || got[1].From.Reveal() != number || got[1].Text.Reveal() != long || !got[1].At.Equal(at.Add(time.Hour)) || got[1].Missing != 0 {
			t.Error(len(got[1].Text.Reveal()), got[1].At, got[1].Missing)
		}
		// While it cannot be kept, the card keeps it.
		b.deny = errors.New("disk full")
		put(number, "Xin doi lich", at.Add(2*time.Hour))
		time.Sleep(20 * time.Minute)
		if m.Stored() != 1 || len(b.received()) != 2 {
			t.Error("deleted before it was kept", m.Stored())
		}
		b.mu.Lock()
		b.deny = nil
		b.mu.Unlock()
		time.Sleep(10 * time.Minute)
		if m.Stored() != 0 || len(b.received()) != 3 {
			t.Error(m.Stored(), len(b.received()))
		}
		// Garbage is handed over as that, and does not fill the card.
		if err := m.Put([]byte{0, 4, 200, 1}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if got := b.received(); len(got) != 4 || !got[0].Garbled || m.Stored() != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// References come again: two messages of one sender under the same one, with their parts
// among each other, are two. A part that the network gave twice is one.
func TestTwoMessagesUnderOneReference(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		at := time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC)
		texts := []string{long, strings.ToUpper(long)}
		for _, c := range []struct{ message, part int }{{0, 0}, {1, 0}, {0, 0}, {0, 1}, {1, 1}} {
			pieces, err := sms.Split(texts[c.message], sms.Place{Ref: 5})
			if err != nil || len(pieces) != 2 {
				t.Fatal(len(pieces), err)
			}
			p := pieces[c.part]
			if err := m.Deliver(sms.Deliver{
				From: redact.Wrap(number), Text: redact.Wrap(p.Text), Place: p.Place, At: at.Add(time.Duration(c.message) * time.Hour),
			}); err != nil {
				t.Fatal(err)
			}
		}
		b := newBox(t)
		_, stop := start(t, m, modem.Opts{Inbox: b})
		defer stop()
		time.Sleep(time.Minute)
		got := b.received()
		if len(got) != 2 || m.Stored() != 0 {
			t.Fatal(len(got), m.Stored())
		}
		for i, r := range got {
			if r.Text.Reveal() != texts[i] {
				t.Errorf("message %d is mixed up", i)
			}
		}
	})
}

// A part that never comes holds up the rest for an hour, not for ever.
func TestPartThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		b := newBox(t)
		_, stop := start(t, m, modem.Opts{Inbox: b})
		defer stop()
		pieces, err := sms.Split(strings.Repeat(long, 2), sms.Place{Ref: 5})
		if err != nil || len(pieces) < 3 {
			t.Fatal(err)
		}
		for i, p := range pieces {
			if i == 1 {
				continue
			}
			if err := m.Deliver(sms.Deliver{From: redact.Wrap(number), Text: redact.Wrap(p.Text), Place: p.Place, At: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(50 * time.Minute)
		if len(b.received()) != 0 || m.Stored() != len(pieces)-1 {
			t.Error("handed over too early")
		}
		time.Sleep(time.Hour)
		got := b.received()
		if len(got) != 1 || got[0].Missing != 1 || !strings.Contains(got[0].Text.Reveal(), " […] ") || m.Stored() != 0 {
			t.Error(len(got), m.Stored())
		}
	})
}

// A line that the modem tells between a list's header and its PDU does not cost the
// message, and a message that comes while one is sent is not lost.
func TestMessagesAmongUnaskedLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		m.SetFault(sim.ModemFault{Between: []string{`+CMTI: "SM",3`, "RING", "+CREG: 1"}, Chunk: 5, Delay: time.Second})
		b := newBox(t)
		_, stop := start(t, m, modem.Opts{Inbox: b, Outbox: b})
		defer stop()
		for i := range 5 {
			if err := m.Deliver(sms.Deliver{From: redact.Wrap(number), Text: redact.Wrap(strings.Repeat("ô", i+1)), At: time.Now().Add(time.Duration(i) * time.Second)}); err != nil {
				t.Fatal(err)
			}
		}
		b.write("a", long)
		time.Sleep(5 * time.Minute)
		if got := b.received(); len(got) != 5 || m.Stored() != 0 || got[4].Text.Reveal() != "ôôôôô" {
			t.Error(len(got), m.Stored())
		}
		if b.step("a") != modem.Sent || len(m.Sent()) != 2 {
			t.Error(b.step("a"), len(m.Sent()))
		}
	})
}

// A report that the modem tells in the middle of a list is a report, and costs no
// message of the list.
func TestReportInsideAList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		m.SetFault(sim.ModemFault{Between: []string{"+CDS: 25", "0006D60B911326880736F4111011719551401110117195714000"}})
		b := newBox(t)
		_, stop := start(t, m, modem.Opts{Inbox: b})
		defer stop()
		if err := m.Deliver(sms.Deliver{From: redact.Wrap(number), Text: redact.Wrap("mot"), At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.mu.Lock()
		reports := len(b.reports)
		b.mu.Unlock()
		if got := b.received(); len(got) != 1 || got[0].Text.Reveal() != "mot" || reports == 0 {
			t.Error(len(got), reports)
		}
	})
}

// A modem that goes away while a message is deleted costs no report: the card has none.
func TestReportOutlivesTheCable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		b := newBox(t)
		command := "AT+CMGD="
		_, stop := startOn(t, func() (io.ReadWriteCloser, error) {
			c, err := m.Open()
			if command == "" {
				return c, err
			}
			d := &deaf{Conn: c, command: command}
			command = ""
			return d, err
		}, modem.Opts{Inbox: b})
		defer stop()
		time.Sleep(time.Minute)
		now := time.Now()
		err := errors.Join(m.Deliver(sms.Deliver{From: redact.Wrap(number), Text: redact.Wrap("mot"), At: now}),
			m.Report(sms.Report{Reference: 1, To: redact.Wrap(number), Sent: now, Done: now}))
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Minute)
		b.mu.Lock()
		defer b.mu.Unlock()
		if command != "" || len(b.got) != 1 || len(b.reports) != 1 || m.Stored() != 0 {
			t.Error(len(b.got), len(b.reports), m.Stored())
		}
	})
}

// An announcement that nothing follows does not keep the driver asking.
func TestAnnouncedAndNotTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := sim.NewModem(sim.ModemOpts{})
		defer m.Close()
		b := newBox(t)
		_, stop := start(t, m, modem.Opts{Inbox: b})
		defer stop()
		time.Sleep(time.Minute)
		before := m.Count("AT+CPIN?")
		m.Say("+CDS: 25")
		time.Sleep(time.Minute)
		if n := m.Count("AT+CPIN?") - before; n > 12 {
			t.Errorf("looked %d times in a minute", n)
		}
	})
}

func TestLetterSteps(t *testing.T) {
	l := modem.NewLetter(redact.Wrap(number), 2)
	now := time.Now()
	mark := func(i int, s modem.Step) error {
		return l.Mark(i, modem.Mark{Step: s, At: now, Reference: byte(7 + i)})
	}
	for i, c := range []struct {
		part int
		step modem.Step
		ok   bool
		next int
	}{
		{0, modem.Sent, false, 0},
		{0, modem.Trying, true, -1},
		{0, modem.Trying, false, -1},
		{0, modem.Waiting, true, 0},
		{0, modem.Trying, true, -1},
		{0, modem.Sent, true, 1},
		{0, modem.Trying, false, 1},
		{1, modem.Trying, true, -1},
		{1, modem.Unsure, true, -1},
		{1, modem.Trying, false, -1},
		{2, modem.Trying, false, -1},
	} {
		if err := mark(c.part, c.step); (err == nil) != c.ok || l.Next() != c.next {
			t.Errorf("%d: %v, next %d", i, err, l.Next())
		}
	}
	if l.Step() != modem.Unsure || l.Again(0, now) == nil || l.Again(1, now) != nil || l.Next() != 1 {
		t.Error(l.Step(), l.Next())
	}
	r := sms.Report{Reference: 7, To: redact.Wrap(number)}
	if l.Report(r, now.Add(8*24*time.Hour)) {
		t.Error("a report of a later message with the same reference")
	}
	if !l.Report(r, now.Add(time.Hour)) || l.Parts[0].Step != modem.Arrived {
		t.Error(l.Parts)
	}
}
