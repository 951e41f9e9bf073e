package sealer_test

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
	"clinicbox/internal/escrow"
	"clinicbox/internal/keyfile"
)

// station is a set-up box on a disk that can fail: paper, two people, and the
// centre with its answers.
type station struct {
	*bench
	disk   *sealertest.Disk
	file   *sealer.File
	paper  sealer.Method
	ann, b sealer.Method // two people's right PINs
	annID  clinic.ID
	hub    *keyfile.Private
	centre escrow.Centre
}

func newStation(t *testing.T, hubKey *keyfile.Private) *station {
	s := &station{bench: newBench(t), disk: sealertest.NewDisk(), annID: clinic.NewID(), hub: hubKey}
	s.o.FS = s.disk
	_, s.paper = sealer.NewRecovery()
	s.ann, s.b = s.staff(s.annID, right), s.staff(clinic.NewID(), right)
	if hubKey != nil {
		s.centre = escrow.Centre{HPKE: hubKey.HPKE.PublicKey(), Box: "tram-01"}
	}
	return s
}

func (s *station) setUp() *station {
	m := []sealer.Method{s.paper, s.ann, s.b}
	if s.hub != nil {
		m = append(m, sealer.NewTelephone(s.centre), sealer.NewTelephone(s.centre))
	}
	s.file = s.create(m...)
	return s
}

// reboot returns the box on what is left of its disk.
func (s *station) reboot(lucky bool) *station {
	n, board := *s, *s.bench
	n.bench = &board
	n.disk = s.disk.Reboot(lucky)
	n.o.FS = n.disk
	return &n
}

// answer is what the centre says to the box's challenge.
func (s *station) answer() sealer.Method {
	s.t.Helper()
	c, err := s.file.Challenge()
	if err != nil {
		s.t.Fatal(err)
	}
	blobs, err := s.file.Escrows()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, b := range blobs {
		tk, err := escrow.Open(s.hub.HPKE, "tram-01", b)
		if err != nil {
			s.t.Fatal(err)
		}
		if a, err := tk.AnswerTo(c.Reveal()); err == nil {
			m, err := sealer.EnterAnswer(a.Reveal(), s.centre)
			if err != nil {
				s.t.Fatal(err)
			}
			return m
		}
	}
	s.t.Fatal("the centre has no answer to the challenge")
	return nil
}

// everyFault runs do with each write failing in each way, and then check on the
// disk as it is, and as a cut leaves it.
func everyFault(t *testing.T, make func(t *testing.T) *station, do func(*station) error, check func(s *station, err error)) {
	t.Helper()
	runs := 0
	for step := 1; ; step++ {
		reached := false
		for i := range 8 {
			f := sealertest.Fault{Step: step, Applied: i&1 != 0, Once: i&2 != 0}
			s := make(t)
			s.disk.Arm(f)
			err := do(s)
			reached = s.disk.Reached()
			s.disk.Arm(sealertest.Fault{})
			if t.Failed() {
				t.Fatalf("%+v", f)
			}
			n := s
			if !f.Once {
				n = s.reboot(i&4 != 0)
			}
			check(n, err)
			if t.Failed() {
				t.Fatalf("%+v lucky %v: the call said %v", f, i&4 != 0, err)
			}
			runs++
		}
		if !reached {
			t.Logf("%d runs, %d writes", runs, step-1)
			return
		}
	}
}

// tryOpen opens the box by one of the methods.
func (s *station) tryOpen(m sealer.Method) bool {
	f, err := sealer.Open(s.o)
	if err != nil {
		s.t.Errorf("open: %v", err)
		return false
	}
	k, err := f.Unlock(s.t.Context(), m)
	if err == nil && *k != s.key {
		s.t.Error("another key")
	}
	return err == nil
}

func TestFaultsAtCreate(t *testing.T) {
	everyFault(t, func(t *testing.T) *station { return newStation(t, nil) },
		func(s *station) error {
			_, err := sealer.Create(s.t.Context(), s.o, &s.key, s.paper, s.ann)
			return err
		},
		func(s *station, err error) {
			if _, oerr := sealer.Open(s.o); errors.Is(oerr, fs.ErrNotExist) && err != nil {
				if _, err := sealer.Create(s.t.Context(), s.o, &s.key, s.paper, s.ann); err != nil {
					s.t.Errorf("create again: %v", err)
				}
			}
			if !s.tryOpen(s.paper) || !s.tryOpen(s.ann) {
				s.t.Error("a method of the set-up does not open")
			}
		})
}

func TestFaultsAtChanges(t *testing.T) {
	ctx := t.Context()
	full := func(t *testing.T) *station { return newStation(t, nil).setUp() }
	t.Run("add", func(t *testing.T) {
		newcomer := clinic.NewID()
		everyFault(t, full, func(s *station) error {
			_, err := s.file.AddSlot(ctx, &s.key, s.staff(newcomer, right))
			return err
		}, func(s *station, err error) {
			if !s.tryOpen(s.ann) || !s.tryOpen(s.paper) {
				s.t.Error("an older slot does not open")
			}
			if !s.tryOpen(s.staff(newcomer, right)) && err == nil {
				s.t.Error("the new slot does not open")
			}
		})
	})
	t.Run("replace", func(t *testing.T) {
		everyFault(t, full, func(s *station) error {
			return s.file.Replace(ctx, &s.key, s.staff(s.annID, "739105"))
		}, func(s *station, err error) {
			old, fresh := s.tryOpen(s.ann), s.tryOpen(s.staff(s.annID, "739105"))
			if old == fresh || old && err == nil {
				s.t.Errorf("old PIN opens %v, new PIN %v", old, fresh)
			}
			if !s.tryOpen(s.b) {
				s.t.Error("somebody else's slot does not open")
			}
		})
	})
	t.Run("remove", func(t *testing.T) {
		everyFault(t, full, func(s *station) error {
			return s.file.RemoveOwner(ctx, &s.key, s.annID)
		}, func(s *station, err error) {
			if !s.tryOpen(s.b) {
				s.t.Error("somebody else's slot does not open")
			}
			if s.tryOpen(s.ann) && err == nil {
				s.t.Error("a removed slot opens")
			}
		})
	})
}

// A try counts whatever happens after it, and an answer that was given was counted.
func TestFaultsAtUnlock(t *testing.T) {
	full := func(t *testing.T) *station { return newStation(t, nil).setUp() }
	for _, pin := range []string{right, wrong} {
		everyFault(t, full, func(s *station) error {
			_, err := s.file.Unlock(s.t.Context(), s.staff(s.annID, pin))
			return err
		}, func(s *station, err error) {
			if err == nil && pin == wrong {
				s.t.Error("a wrong PIN opens")
			}
			switch got := s.count(s.annID); {
			case errors.Is(err, sealer.ErrWrong) && got != 1, err == nil && got != 0, got < 0:
				s.t.Errorf("after the answer %v the count is %d", err, got)
			}
			if !s.tryOpen(s.ann) || !s.tryOpen(s.b) {
				s.t.Error("the right PIN does not open afterwards")
			}
		})
	}
}

// count is how many wrong tries the box remembers of a person.
func (s *station) count(p clinic.ID) int {
	var asked []int
	o := s.o
	o.Pause = func(n int) time.Duration { asked = append(asked, n); return 0 }
	f, err := sealer.Open(o)
	if err != nil {
		s.t.Error(err)
		return -1
	}
	_, _ = f.Unlock(s.t.Context(), s.staff(p, wrong))
	if len(asked) == 0 {
		return -1
	}
	return asked[0]
}

// An answer that gave the key never opens again; one that did not may, and if not
// the next one does.
func TestFaultsAtTelephone(t *testing.T) {
	hubKey, _ := hub(t)
	var used sealer.Method
	everyFault(t, func(t *testing.T) *station {
		s := newStation(t, hubKey).setUp()
		used = s.answer()
		return s
	}, func(s *station) error {
		_, err := s.file.Unlock(s.t.Context(), used)
		return err
	}, func(s *station, err error) {
		again := s.tryOpen(used)
		if again && err == nil {
			s.t.Error("a spent answer opens")
		}
		s.file = s.open()
		if !s.tryOpen(s.answer()) || !s.tryOpen(s.paper) {
			s.t.Error("the next answer does not open")
		}
	})
}

func TestFaultsAtErase(t *testing.T) {
	everyFault(t, func(t *testing.T) *station { return newStation(t, nil).setUp() },
		func(s *station) error { return sealer.Erase(s.o) },
		func(s *station, err error) {
			_, oerr := sealer.Open(s.o)
			switch {
			case oerr == nil && err == nil:
				s.t.Error("erased, and opens")
			case oerr == nil: // the order never reached the disk: it will come again
				if !s.tryOpen(s.paper) {
					s.t.Error("neither erased nor whole")
				}
			case !errors.Is(oerr, sealer.ErrErased):
				s.t.Error(oerr)
			default:
				for name := range s.disk.Files() {
					if name != s.o.Path+".erased" {
						s.t.Errorf("%s is left", name)
					}
				}
				s.file = s.create(s.paper) // set up anew
				if !s.tryOpen(s.paper) {
					s.t.Error("a new set-up does not open")
				}
			}
		})
}

// What is erased was overwritten before its name was removed.
func TestEraseOverwrites(t *testing.T) {
	s := newStation(t, nil).setUp()
	s.disk.Put("/d/key", bytes.Repeat([]byte("k"), 64))
	before := s.disk.Files()
	seen := &spy{Disk: s.disk, at: map[string][]byte{}}
	o := s.o
	o.FS = seen
	if err := sealer.Erase(o, "/d/key"); err != nil {
		t.Fatal(err)
	}
	for name, b := range before {
		got := seen.at[name]
		if len(got) != len(b) || slices.Equal(got, b) {
			t.Errorf("%s was removed without being overwritten", name)
		}
	}
	if len(before) != 4 {
		t.Fatalf("%d files", len(before))
	}
	if err := sealer.Erase(o); err != nil {
		t.Fatal("twice:", err)
	}
}

// spy notes what a file held when it was removed.
type spy struct {
	*sealertest.Disk
	at map[string][]byte
}

func (s *spy) Remove(name string) error {
	if b, ok := s.Files()[name]; ok {
		s.at[name] = b
	}
	return s.Disk.Remove(name)
}
