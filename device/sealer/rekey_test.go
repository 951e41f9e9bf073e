package sealer_test

import (
	"errors"
	"testing"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
)

// TestRekey: with the new storage key the person who changed it and the new paper
// open; the old paper, colleagues and answers do not, until they get slots again.
func TestRekey(t *testing.T) {
	centre, _ := hub(t)
	s := newStation(t, centre).setUp()
	if k, err := s.file.Before(&s.key); k != nil || err != nil {
		t.Fatal(k, err)
	}
	answer, before := s.answer(), numbers(must(t, s.file.Slots))
	next := sealer.NewKey()
	_, paper := sealer.NewRecovery()
	if err := s.file.Rekey(t.Context(), &next, &s.key, s.ann); !errors.Is(err, sealer.ErrNotOurs) {
		t.Fatal("changed by who has not the key:", err)
	}
	if err := s.file.Rekey(t.Context(), &s.key, &next); !errors.Is(err, sealer.ErrLastSlot) {
		t.Fatal("changed for nobody:", err)
	}
	if err := s.file.Rekey(t.Context(), &s.key, &next, s.ann, paper); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for _, m := range []sealer.Method{s.ann, paper} {
			if k, err := s.file.Unlock(t.Context(), m); err != nil || *k != next {
				t.Fatal(err)
			}
		}
		for _, m := range []sealer.Method{s.paper, s.b, answer} {
			if _, err := s.file.Unlock(t.Context(), m); err == nil {
				t.Fatal("what opened the box before still does")
			}
		}
		if _, err := s.file.AddSlot(t.Context(), &s.key, s.staff(clinic.NewID(), right)); !errors.Is(err, sealer.ErrNotOurs) {
			t.Fatal("the old key changes slots:", err)
		}
		if k, err := s.file.Before(&next); err != nil || *k != s.key {
			t.Fatal("the key before is not there:", err)
		}
		if k, err := s.file.Before(&s.key); !errors.Is(err, sealer.ErrNotOurs) {
			t.Fatal("the old key opens the new file:", k, err)
		}
		s = s.reboot(false)
		s.file = s.open()
	}
	vacant := 0
	for _, v := range must(t, s.file.Slots) {
		if v.Kind == sealer.Vacant {
			vacant++
		}
	}
	back, err := s.file.AddSlot(t.Context(), &next, s.b)
	if err != nil || vacant != 1 {
		t.Fatal(vacant, err)
	}
	now := numbers(must(t, s.file.Slots))
	for owner, n := range before {
		if now[owner] != n {
			t.Errorf("number %d became %d", n, now[owner])
		}
	}
	if len(now) != 2 || now[back.Owner] != back.Number {
		t.Error(before, now, back)
	}
	if k, err := s.file.Unlock(t.Context(), s.b); err != nil || *k != next {
		t.Fatal("a colleague who logged in:", err)
	}
}

// numbers are those that people type.
func numbers(slots []sealer.Slot) map[clinic.ID]uint32 {
	out := map[clinic.ID]uint32{}
	for _, s := range slots {
		if s.Kind == sealer.Staff {
			out[s.Owner] = s.Number
		}
	}
	return out
}

func must(t *testing.T, f func() ([]sealer.Slot, error)) []sealer.Slot {
	t.Helper()
	out, err := f()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestVacantNumbers: what keeps a number opens nothing, goes with its person, and is
// no reason to take the last slot away.
func TestVacantNumbers(t *testing.T) {
	s := newStation(t, nil).setUp()
	next, again := sealer.NewKey(), sealer.NewKey()
	if err := s.file.Rekey(t.Context(), &s.key, &next, s.ann); err != nil {
		t.Fatal(err)
	}
	if err := s.file.Rekey(t.Context(), &next, &again, s.ann); err != nil { // it stays vacant
		t.Fatal(err)
	}
	if k, err := s.file.Before(&again); err != nil || *k != next {
		t.Fatal("the last key before is not there:", err)
	}
	_, bob := s.b.Slot()
	for _, v := range must(t, s.file.Slots) {
		if v.Kind == sealer.Vacant && v.Owner != bob {
			t.Error(v)
		}
	}
	if _, err := s.file.Unlock(t.Context(), s.b); !errors.Is(err, sealer.ErrNoSlot) {
		t.Fatal(err)
	}
	if err := s.file.RemoveOwner(t.Context(), &again, s.annID); !errors.Is(err, sealer.ErrLastSlot) {
		t.Fatal("a number that opens nothing counts as a slot:", err)
	}
	if err := s.file.RemoveOwner(t.Context(), &again, bob); err != nil || len(must(t, s.file.Slots)) != 1 {
		t.Fatal(err)
	}
	if _, err := s.file.AddSlot(t.Context(), &again, s.b); err != nil {
		t.Fatal(err)
	}
	if n := numbers(must(t, s.file.Slots)); n[bob] != 4 {
		t.Error("a number was given twice:", n)
	}
}

// TestRekeyCutAnywhere: a cut leaves a box that opens by all that opened it before, or
// by what opens it now, never by both, and never by nothing.
func TestRekeyCutAnywhere(t *testing.T) {
	next := sealer.NewKey()
	_, paper := sealer.NewRecovery()
	everyFault(t, func(t *testing.T) *station { return newStation(t, nil).setUp() }, func(s *station) error {
		return s.file.Rekey(s.t.Context(), &s.key, &next, s.ann, paper)
	}, func(s *station, err error) {
		s.file = s.open()
		for range 2 { // the first may mend copies
			old, oerr := s.file.Unlock(s.t.Context(), s.paper)
			now, nerr := s.file.Unlock(s.t.Context(), paper)
			switch {
			case (oerr == nil) == (nerr == nil):
				s.t.Errorf("old paper: %v, new paper: %v", oerr, nerr)
				return
			case err == nil && nerr != nil:
				s.t.Error("told as done, and it is not:", nerr)
			case oerr == nil && *old != s.key, nerr == nil && *now != next:
				s.t.Error("another key")
			}
			k, aerr := s.file.Unlock(s.t.Context(), s.ann)
			if aerr != nil || (*k == next) != (nerr == nil) {
				s.t.Error("the person who changed it:", aerr)
			}
		}
	})
}
