package card

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/hex"
	"errors"
	"math/big"
	"testing"
)

// echo gives recorded answers, whatever is asked.
type echo struct{ answers []string }

func (e *echo) Transmit(context.Context, []byte) ([]byte, error) {
	if len(e.answers) == 0 {
		return nil, ErrRemoved
	}
	out := unhex(e.answers[0])
	e.answers = e.answers[1:]
	return out, nil
}

// TestReplayedChips: a recording of a chip that was opened once opens nothing: the
// terminal's numbers are others. The recordings are the examples of 9303-11.
func TestReplayedChips(t *testing.T) {
	bac := &line{card: &echo{[]string{
		"4608F91988702212 9000", "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F 2F2D235D074D7449 9000",
	}}}
	err := bac.bac(t.Context(), Key{byMRZ, "L898902C<369080619406236"}, rand.Reader)
	if f, _ := errors.AsType[*Fault](err); f == nil || f.Cause != Channel || bac.sm != nil {
		t.Errorf("BAC: %v", err)
	}
	info, _ := choosePACE(unhex("3114 3012060A04007F0007020204020202010202010D"))
	pace := &line{card: &echo{[]string{
		"9000", "7C12 8010 95A3A016522EE98D01E76CB6B98B42C3 9000",
		"7C43 8241 04 824FBA91C9CBE26BEF53A0EBE7342A3BF178CEA9F45DE0B70AA601651FBA3F57" +
			"30D8C879AAA9C9F73991E61B58F4D52EB87A0A0C709A49DC63719363CCD13C54 9000",
		"7C43 8441 04 9E880F842905B8B3181F7AF7CAA9F0EFB743847F44A306D2D28C1D9EC65DF6DB" +
			"7764B22277A2EDDC3C265A9F018F9CB852E111B768B326904B59A0193776F094 9000",
		"7C0A 8608 3ABB9674BCE93C08 9000",
	}}}
	err = pace.pace(t.Context(), Key{byMRZ, "T22000129364081251010318"}, info, rand.Reader)
	if f, _ := errors.AsType[*Fault](err); f == nil || f.Cause != Channel || pace.sm != nil {
		t.Errorf("PACE: %v", err)
	}
}

// TestChipsHalfIsAuthentic: of the chip's half of BAC no bit may change.
func TestChipsHalfIsAuthentic(t *testing.T) {
	half := unhex("46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F2F2D235D074D7449")
	for at := range half {
		half[at] ^= 1
		l := &line{card: &echo{[]string{"4608F919887022129000", hex.EncodeToString(half) + "9000"}}}
		random := bytes.NewReader(unhex("781723860C06C226 0B795240CB7049B01C19B33E32804F0B"))
		err := l.bac(t.Context(), Key{byMRZ, "L898902C<369080619406236"}, random)
		if f, _ := errors.AsType[*Fault](err); f == nil || f.Cause != Channel || l.sm != nil {
			t.Errorf("byte %d: %v", at, err)
		}
		half[at] ^= 1
	}
}

// TestRecovery: signatures of ISO 9796-2 hold for their challenge only, with each
// trailer, and when the chip sends the smaller one of a number and its complement.
func TestRecovery(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	challenge, other := []byte("12345678"), []byte("12345679")
	for end, hash := range map[string]crypto.Hash{
		"BC": crypto.SHA1, "38CC": crypto.SHA224, "34CC": crypto.SHA256, "36CC": crypto.SHA384, "35CC": crypto.SHA512,
	} {
		m1 := make([]byte, 128-1-hash.Size()-len(end)/2)
		h := hash.New()
		h.Write(m1)
		h.Write(challenge)
		m := new(big.Int).SetBytes(concat([]byte{0x6A}, m1, h.Sum(nil), unhex(end)))
		s := m.Exp(m, key.D, key.N)
		for _, sig := range [][]byte{s.Bytes(), new(big.Int).Sub(key.N, s).Bytes()} {
			if !recovers(key.N, key.E, sig, challenge) || recovers(key.N, key.E, sig, other) || recovers(key.N, key.E, sig[1:], challenge) {
				t.Errorf("%s: does not hold, or holds for another", end)
			}
		}
	}
}

// drip gives a file byte by byte, or nothing but more to fetch.
type drip struct {
	n    int
	more bool
}

func (d *drip) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	switch d.n++; {
	case d.more:
		return unhex("6110"), nil
	case apdu[1] == 0xA4:
		return unhex("9000"), nil
	case bytes.Equal(apdu[:4], unhex("00B00000")):
		return unhex("3182FFF0 9000"), nil
	}
	return unhex("00 9000"), nil
}

// TestSlowCards: a card that gives its bytes one by one, or announces bytes for ever, is
// sent away after a bounded number of commands.
func TestSlowCards(t *testing.T) {
	for _, more := range []bool{false, true} {
		d := &drip{more: more}
		_, err := Read(t.Context(), d, Key{byCAN, "123456"}, Opts{})
		if f, _ := errors.AsType[*Fault](err); f == nil || f.Cause != Protocol || d.n != maxCommands {
			t.Errorf("%v after %d commands", err, d.n)
		}
	}
}

// mirror sends the terminal's own key back.
type mirror struct{ n int }

func (m *mirror) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	switch m.n++; m.n {
	case 1:
		return unhex("9000"), nil
	case 2:
		return unhex("7C12 8010 95A3A016522EE98D01E76CB6B98B42C3 9000"), nil
	}
	out := bytes.Clone(apdu[5 : len(apdu)-1])
	out[2]++
	return append(out, 0x90, 0), nil
}

// TestMirroredKey: a chip that has no key but ours is none (9303-11 section 4.4.1).
func TestMirroredKey(t *testing.T) {
	info, _ := choosePACE(unhex("3114 3012060A04007F0007020204020202010202010D"))
	m := &mirror{}
	err := (&line{card: m}).pace(t.Context(), Key{byCAN, "123456"}, info, rand.Reader)
	if f, _ := errors.AsType[*Fault](err); f == nil || f.Cause != Protocol || m.n != 3 {
		t.Errorf("%v after %d commands", err, m.n)
	}
}

// TestAnswersCountOnce: an answer that was right once is refused the second time, and
// after it nothing is taken any more.
func TestAnswersCountOnce(t *testing.T) {
	secret, counter := unhex("0036D272F5C350ACAC50C3F572D23600"), unhex("887022120C06C226")
	s := newSession(tripleDES, secret, counter)
	good := answer{unhex("990290008E08FA855A5D4C50A8ED"), swOK}
	send := func() {
		if _, err := s.protect(command{ins: 0xA4, p1: 2, p2: 0x0C, data: unhex("011E")}); err != nil {
			t.Fatal(err)
		}
	}
	send()
	if _, err := s.open("x", good); err != nil {
		t.Fatal(err)
	}
	send()
	if _, err := s.open("x", good); err == nil {
		t.Error("an old answer was taken")
	}
	fresh := newSession(tripleDES, secret, counter)
	fresh.dead = true
	if _, err := fresh.protect(command{ins: 0xA4, p1: 2, p2: 0x0C, data: unhex("011E")}); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.open("x", good); err == nil {
		t.Error("a broken session goes on")
	}
}
