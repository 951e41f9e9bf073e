package modem

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
)

// PINState is what is known of one PIN on one card. The zero value: never tried.
type PINState struct {
	Open  int  // tries whose answer is not known
	Right bool // it opened the card before
	Wrong bool // the card refused it
}

// may reports whether the PIN may be tried. A card allows three wrong tries: one that
// was never right is tried once; one that was right, and whose answer a power cut took,
// a second time.
func (p PINState) may() bool {
	return !p.Wrong && (p.Open == 0 || p.Right && p.Open == 1)
}

// PINs remembers PINs that were tried. Save returns when it is durable: a try begins
// only after that. A key tells card and PIN together, as a hash; it is no secret from
// whoever has the configuration, and must not be shown.
type PINs interface {
	Load(key string) (PINState, error)
	Save(key string, s PINState) error
}

func pinKey(card, pin string) string {
	h := sha256.Sum256([]byte("clinicbox SIM PIN v1\x00" + card + "\x00" + pin))
	return hex.EncodeToString(h[:16])
}

// Codes of TS 27.007 §9.2.1.
const (
	cmeNoSIM     = 10
	cmePIN       = 11
	cmePUK       = 12
	cmeSIMFailed = 13
	cmeSIMBusy   = 14
	cmeSIMWrong  = 15
	cmePassword  = 16
)

// card brings the card to where it can be used. "" = it can.
func (s *session) card(ctx context.Context) (Cause, error) {
	answer, err := s.ask(ctx, command{text: "AT+CPIN?", takes: hasPrefix("+CPIN:")})
	if err != nil {
		return cardRefused(err)
	}
	state := ""
	if fs := last(answer, "+CPIN:"); len(fs) > 0 {
		state = strings.TrimSpace(fs[0].text)
	}
	switch {
	case state == "READY":
		return s.opened(ctx)
	case state == "SIM PIN":
		return s.unlock(ctx)
	case state == "SIM PUK":
		return PUK, nil
	case strings.HasPrefix(state, "PH-"):
		return SIMOther, nil
	}
	return Starting, nil
}

func cardRefused(err error) (Cause, error) {
	switch codeOf(err) {
	case cmeNoSIM:
		return NoSIM, nil
	case cmePIN:
		return Starting, nil
	case cmePUK:
		return PUK, nil
	case cmeSIMFailed, cmeSIMWrong:
		return SIMFailed, nil
	case cmeSIMBusy:
		return Starting, nil
	}
	if refused(err) {
		return SIMFailed, nil
	}
	return "", err
}

// opened is called when the card needs no PIN. A try whose answer was lost, in this
// run or an earlier one, was right then, or the card asks for none any more.
func (s *session) opened(ctx context.Context) (Cause, error) {
	pin := s.dev.opts.PIN.Reveal()
	if s.noted || pin == "" || s.dev.opts.PINs == nil {
		return "", nil
	}
	iccid, err := s.iccid(ctx)
	if err != nil {
		return "", err
	}
	s.right(pinKey(iccid, pin))
	return "", nil
}

// right notes that the PIN of a try was right.
func (s *session) right(key string) {
	s.noted = true
	pins := s.dev.opts.PINs
	st, err := pins.Load(key)
	if err == nil && st.Open > 0 && !st.Wrong {
		err = pins.Save(key, PINState{Right: true})
	}
	if err != nil {
		s.dev.opts.Log.Warn("modem: a right PIN could not be noted", "err", err)
	}
}

// unlock tries the configured PIN, if it may.
func (s *session) unlock(ctx context.Context) (Cause, error) {
	d := s.dev
	pin := d.opts.PIN.Reveal()
	if pin == "" || d.opts.PINs == nil {
		return PINNeeded, nil
	}
	iccid, err := s.iccid(ctx)
	if err != nil {
		return "", err
	}
	key := pinKey(iccid, pin)
	st, err := d.opts.PINs.Load(key)
	if err != nil {
		return PINStorage, nil
	}
	if !st.may() {
		if st.Wrong {
			return PINWrong, nil
		}
		return PINUnsure, nil
	}
	if one, err := s.lastTry(ctx); err != nil || one {
		return PINUnsure, err
	}
	st.Open++
	if err := d.opts.PINs.Save(key, st); err != nil {
		return PINStorage, nil
	}
	s.noted = false
	_, err = s.ask(ctx, command{text: `AT+CPIN="` + pin + `"`, wait: s.dev.opts.Slow})
	switch code := codeOf(err); {
	case err == nil:
		s.right(key)         // the number of an open card may be told where the locked one's was not
		return Starting, nil // the card takes some seconds to be ready
	case code == cmePassword || code == cmePUK || code == cmePIN:
		st.Wrong = true
		if err := d.opts.PINs.Save(key, st); err != nil {
			return PINStorage, nil
		}
		if code == cmePUK {
			return PUK, nil
		}
		return PINWrong, nil
	case refused(err):
		return PINUnsure, nil
	}
	return "", err
}

// lastTry reports whether the card says that it has one try left: that one is for
// people. Many modems cannot tell. After an error the PIN must not go out: a late answer
// would pass for its own.
func (s *session) lastTry(ctx context.Context) (bool, error) {
	answer, err := s.ask(ctx, command{text: `AT+CPINR="SIM PIN"`, takes: hasPrefix("+CPINR:")})
	if err != nil && !refused(err) {
		return false, err
	}
	fs := last(answer, "+CPINR:")
	if len(fs) < 2 {
		return false, nil
	}
	n, ok := fs[1].number()
	return ok && n <= 1, nil
}

// iccid is the number of the card; "" when the modem does not tell it.
func (s *session) iccid(ctx context.Context) (string, error) {
	for _, c := range []string{"+CCID", "+CICCID"} {
		prefix := c + ":"
		if c == "+CICCID" {
			prefix = "+ICCID:"
		}
		answer, err := s.ask(ctx, command{text: "AT" + c, takes: digits(prefix, 18, 20)})
		if err != nil && !refused(err) {
			return "", err
		}
		if len(answer) > 0 {
			return bare(answer[len(answer)-1], prefix), nil
		}
	}
	return "", nil
}

// refused reports whether the modem answered, with no.
func refused(err error) bool {
	_, ok := errors.AsType[*atError](err)
	return ok
}

func hasPrefix(p string) func(string) bool {
	return func(line string) bool { return strings.HasPrefix(line, p) }
}
