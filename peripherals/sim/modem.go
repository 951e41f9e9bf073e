package sim

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"sync"
	"time"

	"github.com/creack/pty"

	"clinicbox/internal/sms"
)

// ModemOpts describes a modem and its card. The zero value has a card of an operator
// of Viet Nam without a PIN.
type ModemOpts struct {
	IMEI, ICCID, IMSI string
	Operator          string // the network that it finds, "45204"
	PIN               string // "" = the card asks for none
	Slots             int    // messages that the card holds; 0 = 20
	// Boot is how long it is away after a reset.
	Boot time.Duration
}

// ModemFault is what is wrong with a modem. Counts begin when it is set.
type ModemFault struct {
	NoSIM     bool
	NoNetwork bool
	Denied    bool
	NoAddress bool
	Silent    bool          // answers nothing
	Delay     time.Duration // before each answer
	Chunk     int           // bytes in a piece of an answer; 0 = all at once
	Between   []string      // told unasked before each line of an answer
	Garbage   string        // bytes before each answer
	CutAfter  int           // unplugged after so many bytes of answers; 0 = never
	NoPrompt  bool          // does not ask for the message
	LoseSent  bool          // sends the next message, and is unplugged before it says so
	RefuseSMS int           // refuses messages with this code
	NoCESQ    bool          // does not know the signal of LTE
	LateICCID bool          // does not tell the card's number while that is locked
}

// Modem is a 4G modem at the level of bytes. All methods may be called from several
// goroutines.
type Modem struct {
	opts ModemOpts

	mu       sync.Mutex
	fault    ModemFault
	line     *modemLine // nil = nobody has the port open
	gone     bool
	said     int // bytes of answers since the fault was set
	echo     bool
	radio    bool
	opened   bool // the card's PIN was given
	left     int  // tries
	apn      string
	active   bool
	store    map[int][]byte
	sent     []sms.Submit
	refs     byte
	wait     bool // for the PDU of a message
	wrongs   []string
	count    map[string]int
	boot     *time.Timer
	terminal []func()
}

// modemLine is one opening of the port.
type modemLine struct {
	conn  io.ReadWriteCloser
	out   chan []byte
	ended chan struct{}
}

// NewModem plugs a modem in and powers it.
func NewModem(opts ModemOpts) *Modem {
	for _, f := range []struct {
		have *string
		def  string
	}{
		{&opts.IMEI, "860000000000017"}, {&opts.ICCID, "8984040000000000019"}, {&opts.IMSI, "452040000000017"}, {&opts.Operator, "45204"},
	} {
		if *f.have == "" {
			*f.have = f.def
		}
	}
	if opts.Slots == 0 {
		opts.Slots = 20
	}
	m := &Modem{opts: opts, store: map[int][]byte{}, left: 3, count: map[string]int{}}
	m.powerUp()
	return m
}

func (m *Modem) powerUp() {
	m.echo, m.radio, m.opened, m.active, m.wait = true, true, m.opts.PIN == "", false, false
}

// SetFault makes something go wrong, or right again with the zero value.
func (m *Modem) SetFault(f ModemFault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault, m.said = f, 0
}

// Open is the driver's end of the cable; fs.ErrNotExist while the modem is away.
func (m *Modem) Open() (net.Conn, error) {
	m.mu.Lock()
	gone := m.gone
	m.mu.Unlock()
	if gone {
		return nil, fs.ErrNotExist
	}
	near, far := net.Pipe()
	go m.Attach(far)()
	return near, nil
}

// OpenTerminal serves a pseudo-terminal and returns its path. Close ends it.
func (m *Modem) OpenTerminal() (string, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return "", fmt.Errorf("sim: modem: %w", err)
	}
	if err := raw(slave); err != nil {
		return "", fmt.Errorf("sim: modem: %w", err)
	}
	m.mu.Lock()
	m.terminal = append(m.terminal, func() { _ = master.Close(); _ = slave.Close() })
	m.mu.Unlock()
	go m.Attach(master)()
	return slave.Name(), nil
}

// Close unplugs it for good.
func (m *Modem) Close() error {
	m.Unplug()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, end := range m.terminal {
		end()
	}
	m.terminal = nil
	if m.boot != nil {
		m.boot.Stop()
	}
	return nil
}

// Unplug pulls the cable.
func (m *Modem) Unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unplug()
}

func (m *Modem) unplug() {
	m.gone = true
	if m.line != nil {
		_ = m.line.conn.Close()
		m.line = nil
	}
}

// Plug puts it back; it starts anew and asks for its PIN again.
func (m *Modem) Plug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plug()
}

func (m *Modem) plug() {
	if m.gone {
		m.gone = false
		m.powerUp()
	}
}

// Attach plugs a cable in. The returned function serves it until it ends.
func (m *Modem) Attach(conn io.ReadWriteCloser) (serve func()) {
	line := &modemLine{conn: conn, out: make(chan []byte, 1024), ended: make(chan struct{})}
	m.mu.Lock()
	old := m.line
	m.line = line
	m.mu.Unlock()
	if old != nil {
		_ = old.conn.Close()
	}
	return func() {
		var writer sync.WaitGroup
		writer.Go(func() { m.speak(line) })
		m.listen(line)
		_ = conn.Close()
		m.mu.Lock()
		if m.line == line {
			m.line = nil
		}
		m.mu.Unlock()
		close(line.ended)
		writer.Wait()
	}
}

// speak writes answers in the shape that the fault asks for.
func (m *Modem) speak(line *modemLine) {
	for {
		var b []byte
		select {
		case <-line.ended:
			return
		case b = <-line.out:
		}
		m.mu.Lock()
		f := m.fault
		m.mu.Unlock()
		if f.Delay > 0 {
			select {
			case <-line.ended:
				return
			case <-time.After(f.Delay):
			}
		}
		for len(b) > 0 {
			n := len(b)
			if f.Chunk > 0 {
				n = min(n, f.Chunk)
			}
			n, cut := m.spoken(n)
			if _, err := line.conn.Write(b[:n]); err != nil {
				break
			}
			b = b[n:]
			if cut {
				m.Unplug()
				break
			}
		}
	}
}

// spoken counts bytes; cut tells that the cable is pulled behind them.
func (m *Modem) spoken(n int) (_ int, cut bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at := m.fault.CutAfter; at > 0 && m.said+n >= at {
		n, cut = max(at-m.said, 0), true
	}
	m.said += n
	return n, cut
}

// listen takes commands.
func (m *Modem) listen(line *modemLine) {
	buf, b := []byte(nil), make([]byte, 256)
	for {
		n, err := line.conn.Read(b)
		for _, c := range b[:n] {
			if c == '\r' || c == 0x1A || c == 0x1B {
				m.heard(line, string(buf), c)
				buf = nil
			} else if c >= ' ' && len(buf) < 2048 {
				buf = append(buf, c)
			}
		}
		if err != nil {
			return
		}
	}
}

// Say tells a line unasked.
func (m *Modem) Say(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.say("\r\n" + text + "\r\n")
}

func (m *Modem) say(text string) {
	if m.line == nil {
		return
	}
	select {
	case m.line.out <- []byte(text):
	default: // nobody reads
	}
}

// ErrFull is returned by Deliver when the card has no room.
var ErrFull = errors.New("sim: card is full")

// Deliver is a message that comes in: it is stored on the card and announced.
func (m *Modem) Deliver(d sms.Deliver) error {
	pdu, _, err := d.Encode()
	if err != nil {
		return err
	}
	return m.Put(pdu)
}

// Put stores a PDU on the card, right or wrong, and announces it.
func (m *Modem) Put(pdu []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := 1; i <= m.opts.Slots; i++ {
		if _, ok := m.store[i]; !ok {
			m.store[i] = pdu
			m.say(fmt.Sprintf("\r\n+CMTI: \"SM\",%d\r\n", i))
			return nil
		}
	}
	return ErrFull
}

// Report tells what became of a message that was sent.
func (m *Modem) Report(r sms.Report) error {
	pdu, n, err := r.Encode()
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.say(fmt.Sprintf("\r\n+CDS: %d\r\n%X\r\n", n, pdu))
	return nil
}

// Sent returns what it sent. The references count from 1.
func (m *Modem) Sent() []sms.Submit {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]sms.Submit(nil), m.sent...)
}

// Stored is the number of messages on the card.
func (m *Modem) Stored() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.store)
}

// WrongPINs returns the wrong PINs that were tried.
func (m *Modem) WrongPINs() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.wrongs...)
}

// Count is how often a command came, such as "AT+CFUN=1,1".
func (m *Modem) Count(command string) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count[command]
}

// APN is the access point that was set.
func (m *Modem) APN() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.apn
}

// TryPIN gives the card a PIN, as somebody does who puts it into a telephone.
func (m *Modem) TryPIN(pin string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.givePIN(pin)
}
