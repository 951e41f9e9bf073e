package pcsc

import (
	"context"
	"errors"
	"io"
	"net"
	"reflect"
	"testing"
	"time"
)

func state(name string, fields ...uint32) []byte {
	b := make([]byte, sizeState)
	copy(b, name)
	copy(b[nameLen:], words(fields[0], fields[1], 0))
	copy(b[nameLen+12:], "\x3b\x01\x02")
	copy(b[nameLen+12+atrField:], words(fields[2], 2))
	return b
}

func TestDecodeStates(t *testing.T) {
	all := func(first []byte) []byte { return append(first, make([]byte, sizeStates-len(first))...) }
	for _, tt := range []struct {
		name string
		in   []byte
		want []slot
		err  error
	}{
		{"none", make([]byte, sizeStates), nil, nil},
		{"short", make([]byte, sizeStates-1), nil, ErrProtocol},
		{"long", make([]byte, sizeStates+1), nil, ErrProtocol},
		{"no card", all(state("a", 2, 0x02, 3)), []slot{{"a", 2, false, nil}}, nil},
		{"card", all(state("a", 3, 0x34, 3)), []slot{{"a", 3, true, []byte{0x3b, 1, 2}}}, nil},
		{"mute", all(state("a", 3, 0x0C, 0)), []slot{{"a", 3, true, []byte{}}}, nil},
		{"longest ATR", all(state("a", 3, 4, 33)), []slot{{"a", 3, true, append([]byte{0x3b, 1, 2}, make([]byte, 30)...)}}, nil},
		{"ATR too long", all(state("a", 3, 4, 34)), nil, ErrProtocol},
		{"huge ATR", all(state("a", 3, 4, 0xFFFFFFFF)), nil, ErrProtocol},
		{"name without end", all(state(string(make128()), 3, 4, 3)), nil, ErrProtocol},
		{"the same name twice", all(append(state("a", 3, 2, 0), state("a", 4, 2, 0)...)), []slot{{"a", 3, false, nil}}, nil},
		{"hole in the list", all(append(make([]byte, sizeState), state("b", 4, 2, 0)...)), []slot{{"b", 4, false, nil}}, nil},
	} {
		if got, err := decodeStates(tt.in); !errors.Is(err, tt.err) || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

func make128() []byte {
	b := make([]byte, nameLen)
	for i := range b {
		b[i] = 'x'
	}
	return b
}

// TestSizes: the structures as a C compiler lays them out.
func TestSizes(t *testing.T) {
	if sizeState != 184 || sizeStates != 2944 || sizeConnect != 152 || len(connectBody(1, "a")) != sizeConnect {
		t.Error(sizeState, sizeStates, sizeConnect, len(connectBody(1, "a")))
	}
	if len(transmitBody(1, T0, 5)) != sizeTransmit {
		t.Error(len(transmitBody(1, T0, 5)))
	}
}

func TestDecodeTransmit(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		n    int
		err  error
	}{
		{"good", words(7, 2, 16, 5, 2, 16, 9, 0), 9, nil},
		{"another card's", words(8, 2, 16, 5, 2, 16, 9, 0), 0, ErrProtocol},
		{"short", words(7, 2, 16, 5, 2, 16, 9), 0, ErrProtocol},
		{"longest", words(7, 2, 16, 5, 2, 16, maxMessage, 0), maxMessage, nil},
		{"too long", words(7, 2, 16, 5, 2, 16, maxMessage+1, 0), 0, ErrProtocol},
		{"huge", words(7, 2, 16, 5, 2, 16, 0xFFFFFFFF, 0), 0, ErrProtocol},
		{"code", words(7, 2, 16, 5, 2, 16, 9, uint32(codeRemoved)), 0, codeRemoved},
	} {
		if n, err := decodeTransmit(tt.in, 7); n != tt.n || !errors.Is(err, tt.err) {
			t.Errorf("%s: %d, %v", tt.name, n, err)
		}
	}
}

func TestCodes(t *testing.T) {
	for _, tt := range []struct {
		in            error
		open, reading error
	}{
		{codeRemoved, ErrNoCard, ErrRemoved},
		{codeReset, codeReset, ErrRemoved},
		{codeNotTransacted, ErrMute, ErrRemoved},
		{codeUnavailable, ErrNoReader, ErrRemoved},
		{codeSharing, ErrBusy, codeSharing},
		{Code(0x80100004), Code(0x80100004), Code(0x80100004)},
		{ErrDaemon, ErrDaemon, ErrDaemon},
	} {
		if got := opening(tt.in); !errors.Is(got, tt.open) || !errors.Is(got, tt.in) {
			t.Errorf("opening %v: %v", tt.in, got)
		}
		if got := reading(tt.in); !errors.Is(got, tt.reading) || !errors.Is(got, tt.in) {
			t.Errorf("reading %v: %v", tt.in, got)
		}
	}
}

func FuzzStates(f *testing.F) {
	f.Add(append(state("a", 3, 4, 3), make([]byte, 15*sizeState)...))
	f.Add(append(state("a", 3, 4, 34), make([]byte, 15*sizeState)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := decodeStates(b)
		if err != nil && got != nil {
			t.Error("states with an error")
		}
		for i, s := range got {
			if s.name == "" || len(s.name) >= nameLen || len(s.atr) > maxATR || (!s.card && s.atr != nil) || find(got[:i], s.name) != nil {
				t.Errorf("%+v", s)
			}
		}
		_ = changes(nil, got)
	})
}

// FuzzDaemon plays any bytes as a daemon's answers: every call ends, and an answer
// has its status word.
func FuzzDaemon(f *testing.F) {
	good := append(words(4, 4, 0, 2, 7, 0), make([]byte, sizeConnect)...)
	copy(good[24+nameLen+12:], words(9, 2))
	good = append(good, words(9, 0)...)
	good = append(append(good, state(left, 1, 4, 3)...), make([]byte, 15*sizeState)...)
	good = append(append(good, words(9, 2, 16, 5, 2, 16, 2, 0)...), 0x90, 0)
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(append(words(4, 5, uint32(codeServiceStopped), 4, 5, 0), good[12:]...))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := New(Opts{Answer: time.Minute, Dial: func(context.Context) (net.Conn, error) {
			ours, theirs := net.Pipe()
			go func() { _, _ = io.Copy(io.Discard, theirs) }()
			go func() {
				_, _ = theirs.Write(b)
				theirs.Close()
			}()
			return ours, nil
		}})
		if card, err := d.Open(t.Context(), left); err == nil {
			if a, err := card.Transmit(t.Context(), read()); err == nil && len(a) < 2 {
				t.Errorf("an answer of %d bytes", len(a))
			}
			card.Close()
		}
		if err := d.watch(t.Context(), func(Event) {}, func() {}); err == nil {
			t.Error("watching ended without an error")
		}
	})
}
