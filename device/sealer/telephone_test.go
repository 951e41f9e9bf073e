package sealer_test

import (
	"errors"
	"strings"
	"testing"

	"clinicbox/device/sealer"
	"clinicbox/internal/escrow"
	"clinicbox/internal/spoken"
)

// The whole call: escrow to the centre, challenge read out, answer typed, once.
func TestTelephone(t *testing.T) {
	hubKey, _ := hub(t)
	s := newStation(t, hubKey).setUp()
	ctx, centre := t.Context(), sealer.NewTelephone(s.centre)
	if err := s.file.Restock(ctx, &s.key, centre); err != nil {
		t.Fatal(err)
	}
	box, err := s.file.Escrows()
	if err != nil || len(box) != sealer.TelephoneStock {
		t.Fatal(len(box), err)
	}
	tickets := map[uint32]*escrow.Ticket{} // what the centre stores
	for n, blob := range box {
		if tickets[n], err = escrow.Open(hubKey.HPKE, "tram-01", blob); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.file.Delivered(ctx, &s.key, 6); err != nil {
		t.Fatal(err)
	}
	if left, _ := s.file.Escrows(); len(left) != 2 {
		t.Fatalf("%d escrows still to deliver", len(left))
	}
	spare := s.reboot(true) // no other secret is at hand
	challenge, err := spare.open().Challenge()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := tickets[6].AnswerTo(strings.ToLower(challenge.Reveal())) // the one that the centre has
	if err != nil {
		t.Fatal(err)
	}
	typed, err := sealer.EnterAnswer(strings.ReplaceAll(answer.Reveal(), "-", " "), s.centre)
	if err != nil {
		t.Fatal(err)
	}
	s.opens(s.file, typed)
	for _, f := range []*sealer.File{s.file, s.open()} {
		if err := s.refuses(f, typed); !errors.Is(err, sealer.ErrExpired) {
			t.Fatalf("a replayed answer: %v", err)
		}
	}
	if next, err := s.file.Challenge(); err != nil || next.Reveal() == challenge.Reveal() {
		t.Fatal("the challenge stays", err)
	}
	if fresh, _ := s.file.Escrows(); len(fresh) != 3 { // two as before, one new
		t.Fatalf("%d escrows to deliver", len(fresh))
	}
	s.opens(spare.open(), typed) // what it cannot stop: a copy from before the call
	wrongAnswer, _ := sealer.EnterAnswer(spoken.New(escrow.AnswerGroups).Prefixed(4).Reveal(), s.centre)
	if err := s.refuses(s.file, wrongAnswer); !errors.Is(err, sealer.ErrWrong) {
		t.Fatal(err)
	}
	if _, err := sealer.EnterAnswer("2"+answer.Reveal()[1:]+"2", s.centre); !errors.Is(err, spoken.ErrCode) {
		t.Fatal(err)
	}
}

// Without the centre's key a used answer could not be replaced: it is not taken.
func TestTelephoneWithoutCentre(t *testing.T) {
	hubKey, _ := hub(t)
	s := newStation(t, hubKey).setUp()
	good := s.centre
	s.centre = escrow.Centre{}
	if m := s.answer(); s.refuses(s.file, m) == nil {
		t.Fatal("taken")
	}
	s.centre = good
	s.opens(s.file, s.answer())
	none := newStation(t, nil).setUp()
	if _, err := none.file.Challenge(); !errors.Is(err, sealer.ErrNoSlot) {
		t.Fatal(err)
	}
	if err := none.file.Restock(t.Context(), &none.key, none.paper); !errors.Is(err, sealer.ErrNoSlot) {
		t.Fatal(err)
	}
}
