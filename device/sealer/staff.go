package sealer

import (
	"bytes"
	"context"
	"fmt"

	"clinicbox/clinic"
	"clinicbox/internal/redact"
)

// minBoard is the least length of a board's secret in bytes.
const minBoard = 8

// StaffOpts describe a person's unlock on a board.
type StaffOpts struct {
	Board  string // file with the board's secret
	Person clinic.ID
	PIN    redact.Text
	Costs  Costs // of a new slot; zero: DefaultCosts
}

type staff struct {
	personal
	board string
}

// NewStaff wraps by the board's secret together with the person's PIN stretched by
// argon2id. It stops who has only the card: he has to guess the secret and the PIN
// at once. It does not stop who starts his own system on the stolen board: that
// reads the secret and tries all PINs in hours. At the unlock page the counted
// tries stop him.
//
// The secret should be a key in one-time-programmable memory. A Raspberry Pi's
// serial number is no secret to who ever saw the board's log, and 32 bits at best;
// nothing in the file lets it be guessed without the PIN, so no hint tells a wrong
// board from a wrong PIN.
func NewStaff(o StaffOpts) Method {
	if o.Costs == (Costs{}) {
		o.Costs = DefaultCosts()
	}
	return staff{personal{o.Person, o.PIN, o.Costs}, o.Board}
}

func (s staff) Slot() (Kind, clinic.ID) { return Staff, s.person }

func (s staff) Make(_ context.Context, at Place) (Sealed, error) {
	if err := s.check(); err != nil {
		return Sealed{}, err
	}
	p := newStretched(s.costs)
	k, err := s.key(at, p)
	return Sealed{Key: k, Params: must(encMode.Marshal(p))}, err
}

func (s staff) Open(_ context.Context, at Place, params []byte) (*Key, error) {
	var p stretched
	if decMode.Unmarshal(params, &p) != nil || !p.ok() {
		return nil, ErrDamaged
	}
	return s.key(at, p)
}

func (s staff) key(at Place, p stretched) (*Key, error) {
	secret, err := boardSecret(s.board)
	if err != nil {
		return nil, err
	}
	defer clear(secret)
	pin := p.run(s.pin, 32)
	defer clear(pin)
	return derive("board and PIN", at, secret, pin), nil
}

// boardSecret reads the secret without the line's end or the zero byte that device
// trees put there. Memory that was never programmed is all zeros or all ones.
func boardSecret(path string) ([]byte, error) {
	b, err := readSmall(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrBoard, path)
	}
	b = bytes.TrimRight(b, "\x00\r\n")
	if len(b) < minBoard || bytes.Count(b, b[:1]) == len(b) {
		clear(b)
		return nil, fmt.Errorf("%w: %s is too short, or was never programmed", ErrBoard, path)
	}
	return b, nil
}
