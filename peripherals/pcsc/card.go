package pcsc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Card is a card in a reader, held alone until Close. Its methods may be called
// from several goroutines; APDUs go one at a time. After the first error every
// further one is the same: what the card holds of the session is not known.
type Card struct {
	c        *conn
	opts     *Opts
	handle   uint32
	protocol Protocol
	atr      []byte
	life     context.Context
	halt     context.CancelFunc
	turn     chan struct{} // holds one token: whoever has it may use what is below
	failed   error
}

// Open connects to the card in a reader and shuts other programs out. Errors:
// ErrNoReader, ErrNoCard, ErrMute, ErrBusy, ErrDaemon, ErrRefused, ErrVersion,
// ErrProtocol, a Code, or ctx's.
func (d *Dev) Open(ctx context.Context, reader string) (*Card, error) {
	if reader == "" || len(reader) >= nameLen {
		return nil, fmt.Errorf("%w: a name of %d bytes", ErrNoReader, len(reader))
	}
	c, number, err := d.opts.open(ctx)
	if err != nil {
		return nil, err
	}
	card := &Card{c: c, opts: &d.opts, turn: make(chan struct{}, 1)}
	if err := card.connect(ctx, number, reader); err != nil {
		c.nc.Close() // the daemon then frees the handle
		return nil, opening(err)
	}
	card.life, card.halt = context.WithCancel(context.Background())
	card.turn <- struct{}{}
	return card, nil
}

func (k *Card) connect(ctx context.Context, number uint32, reader string) error {
	a, err := k.claim(ctx, message(cmdConnect, connectBody(number, reader), nil), sizeConnect)
	if err != nil {
		return err
	}
	k.handle, k.protocol = word(a, nameLen+12), Protocol(word(a, nameLen+16))
	if _, err := k.claim(ctx, message(cmdBegin, words(k.handle, 0), nil), sizeBegin); err != nil {
		return err
	}
	slots, err := k.c.states(ctx, cmdStates)
	if err != nil {
		return err
	}
	s := find(slots, reader)
	if s == nil || !s.card {
		return codeNoCard
	}
	k.atr = s.atr
	return nil
}

// claim is a call that another program's card is in the way of: some daemons say
// so, others keep silent until it is our turn.
func (k *Card) claim(ctx context.Context, msg []byte, answer int) ([]byte, error) {
	a, err := k.c.within(ctx, k.opts.Busy, msg, answer)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, fmt.Errorf("%w: %w", ErrBusy, err)
	}
	if err != nil {
		return nil, err
	}
	return a, status(a)
}

// ATR is the card's answer to reset, at most 33 bytes.
func (k *Card) ATR() []byte { return k.atr }

// Protocol is what reader and card agreed on.
func (k *Card) Protocol() Protocol { return k.protocol }

// Transmit sends a command (4 to 65,548 bytes) and returns the card's answer, at
// least its two status bytes. It ends at once with ctx; the card is then lost to
// this Card, for nobody knows whether it did what it was told. Errors: ErrRemoved,
// ErrDaemon, ErrProtocol, ErrClosed, ErrAPDU (which harms nothing), a Code, or ctx's.
func (k *Card) Transmit(ctx context.Context, apdu []byte) ([]byte, error) {
	if len(apdu) < 4 || len(apdu) > maxMessage {
		return nil, fmt.Errorf("%w: %d bytes", ErrAPDU, len(apdu))
	}
	select {
	case <-k.turn:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { k.turn <- struct{}{} }()
	if k.failed != nil {
		return nil, k.failed
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	both, done := context.WithCancel(ctx)
	defer done()
	defer context.AfterFunc(k.life, done)()
	answer, err := k.c.transmit(both, k, apdu)
	if err == nil {
		return answer, nil
	}
	switch {
	case ctx.Err() != nil:
		k.failed = fmt.Errorf("pcsc: an earlier command was broken off: %w", ctx.Err())
		err = ctx.Err()
	case k.life.Err() != nil:
		k.failed, err = ErrClosed, ErrClosed
	default:
		err = reading(err)
		k.failed = err
	}
	return nil, err
}

// transmit is one exchange with the card. Fewer than two bytes are how a daemon
// tells of a card that was pulled while it worked.
func (c *conn) transmit(ctx context.Context, k *Card, apdu []byte) ([]byte, error) {
	msg := message(cmdTransmit, transmitBody(k.handle, k.protocol, len(apdu)), apdu)
	return c.exchange(ctx, k.opts.Transmit, func() ([]byte, error) {
		if err := c.write(msg); err != nil {
			return nil, err
		}
		head, err := c.read(sizeTransmit)
		if err != nil {
			return nil, err
		}
		n, err := decodeTransmit(head, k.handle)
		if err != nil {
			return nil, err
		}
		answer, err := c.read(n)
		if err == nil && n < 2 {
			return nil, ErrRemoved
		}
		return answer, err
	})
}

// Close breaks off a running command, resets the card, so that nothing of the
// session stays in it, and lets other programs in. It may be called twice.
func (k *Card) Close() error {
	k.halt()
	<-k.turn
	defer func() { k.turn <- struct{}{} }()
	if k.failed == nil {
		ctx, done := context.WithTimeout(context.Background(), closing)
		defer done()
		k.leave(ctx)
	}
	k.failed = ErrClosed
	_ = k.c.nc.Close() // closing twice is no error worth telling
	return nil
}

// closing bounds how long a polite goodbye may take.
const closing = 2 * time.Second

// leave ends the transaction and disconnects. What fails here the daemon does by
// itself when the connection ends.
func (k *Card) leave(ctx context.Context) {
	if _, err := k.c.call(ctx, message(cmdEnd, words(k.handle, leaveCard, 0), nil), sizeEnd); err != nil {
		return
	}
	_, _ = k.c.call(ctx, message(cmdDisconnect, words(k.handle, resetCard, 0), nil), sizeDisconnect)
}
