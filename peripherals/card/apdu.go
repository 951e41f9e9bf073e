package card

import (
	"context"
	"encoding/binary"
	"errors"
)

// Transmitter is a card in a reader. One call is one command APDU and its answer with
// the status word at the end; an answer of fewer than two bytes means that the card
// is gone, as does ErrRemoved. Calls are not concurrent. It must return soon after ctx
// ends, and must not repeat a command by itself.
type Transmitter interface {
	Transmit(ctx context.Context, apdu []byte) ([]byte, error)
}

// Sizes of ISO 7816-4.
const (
	shortData   = 255    // bytes of data in a short command
	shortLe     = 256    // bytes of an answer to a short command
	extended    = 65536  // the same of extended ones
	maxAnswer   = 80_000 // of one command with all its GET RESPONSE
	safeRead    = 223    // what one short, protected answer holds: 231 less a padding block
	maxCommands = 2048   // of one reading; a photo of 64 KB takes some 650 where each answer comes in halves
)

// Status words that are decided on.
const (
	swOK        = 0x9000
	swEndOfFile = 0x6282
	swWrong     = 0x6300
	swLength    = 0x6700
	swDenied    = 0x6982
	swBlocked   = 0x6983
	swNoSM      = 0x6987 // protected objects are missing
	swBadSM     = 0x6988 // protected objects are wrong
	swNotFound  = 0x6A82
	swNoCommand = 0x6D00
)

// command is a command APDU; le is the number of bytes wanted, 0 for none.
type command struct {
	cla, ins, p1, p2 byte
	data             []byte
	le               int
}

// bytes encodes the command, short when it fits (ISO 7816-3 section 12.1.3).
func (c command) bytes() []byte {
	b := []byte{c.cla, c.ins, c.p1, c.p2}
	if len(c.data) <= shortData && c.le <= shortLe {
		if len(c.data) > 0 {
			b = append(append(b, byte(len(c.data))), c.data...)
		}
		if c.le > 0 {
			b = append(b, byte(c.le))
		}
		return b
	}
	b = append(b, 0)
	if len(c.data) > 0 {
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(c.data))), c.data...)
	}
	if c.le > 0 {
		b = binary.BigEndian.AppendUint16(b, uint16(c.le))
	}
	return b
}

// answer is an answer APDU.
type answer struct {
	data []byte
	sw   uint16
}

// line is a conversation with one card.
type line struct {
	card     Transmitter
	long     bool     // reader and card take extended APDUs
	lastTry  bool     // a person wants the last try
	sm       *session // nil until the chip is open
	Commands int      // APDUs that were sent, GET RESPONSE included
}

// send is one command in clear or protected, with all that belongs to it: chaining
// of what does not fit, and GET RESPONSE.
func (l *line) send(ctx context.Context, step string, c command) (answer, error) {
	var err error
	if l.sm != nil {
		if c, err = l.sm.protect(c); err != nil {
			return answer{}, &Fault{Cause: Channel, Step: step, Left: -1, Err: err}
		}
	}
	for !l.long && len(c.data) > shortData {
		part := c
		part.cla, part.data, part.le = c.cla|0x10, c.data[:shortData], 0
		a, err := l.exchange(ctx, step, part)
		if err != nil {
			return answer{}, err
		}
		if a.sw != swOK {
			return answer{}, fault(Unsupported, step, a.sw)
		}
		c.data = c.data[shortData:]
	}
	if !l.long {
		c.le = min(c.le, shortLe)
	}
	a, err := l.exchange(ctx, step, c)
	if err != nil || l.sm == nil {
		return a, err
	}
	return l.sm.open(step, a)
}

// exchange sends one command and gathers its answer.
func (l *line) exchange(ctx context.Context, step string, c command) (answer, error) {
	a, err := l.once(ctx, step, c.bytes())
	if err == nil && a.sw>>8 == 0x6C && len(a.data) == 0 {
		c.le = int(a.sw & 0xFF) // the card says how much there is
		if c.le == 0 {
			c.le = shortLe
		}
		a, err = l.once(ctx, step, c.bytes())
	}
	all := a.data
	for err == nil && a.sw>>8 == 0x61 {
		more := command{cla: c.cla &^ 0x1C, ins: 0xC0, le: int(a.sw & 0xFF)}
		if more.le == 0 {
			more.le = shortLe
		}
		if a, err = l.once(ctx, step, more.bytes()); err != nil {
			break
		}
		all = append(all, a.data...)
		if len(all) > maxAnswer {
			return answer{}, fault(Protocol, step, a.sw)
		}
	}
	return answer{all, a.sw}, err
}

// once is one APDU on the wire. No card may keep the desk by giving its bytes one by one.
func (l *line) once(ctx context.Context, step string, apdu []byte) (answer, error) {
	if err := ctx.Err(); err != nil {
		return answer{}, &Fault{Cause: Stopped, Step: step, Left: -1, Err: err}
	}
	if l.Commands >= maxCommands {
		return answer{}, fault(Protocol, step, 0)
	}
	l.Commands++
	b, err := l.card.Transmit(ctx, apdu)
	f := &Fault{Step: step, Left: -1, Err: err}
	switch {
	case errors.Is(err, ErrRemoved), err == nil && len(b) < 2:
		f.Cause = Removed
	case err != nil && ctx.Err() != nil:
		f.Cause = Stopped
	case err != nil:
		f.Cause = Reader
	case len(b) > maxAnswer:
		f.Cause = Protocol
	default:
		n := len(b) - 2
		return answer{b[:n:n], binary.BigEndian.Uint16(b[n:])}, nil
	}
	return answer{}, f
}
