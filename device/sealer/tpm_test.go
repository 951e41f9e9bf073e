package sealer_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2/transport"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
	"clinicbox/internal/redact"
)

func (b *bench) tpm(s *sealertest.SWTPM, person clinic.ID, pin string) sealer.Method {
	return sealer.NewTPM(sealer.TPMOpts{Bus: s.Bus(), Person: person, PIN: redact.Wrap(pin), Costs: cheap()})
}

func provision(t *testing.T, s *sealertest.SWTPM, tries uint32) *sealer.Key {
	t.Helper()
	owner := sealer.NewKey()
	l := sealer.Lockout{MaxTries: tries, Recovery: time.Hour, Owner: 24 * time.Hour}
	if err := sealer.ProvisionTPM(t.Context(), s.Bus(), &owner, l); err != nil {
		t.Fatal(err)
	}
	return &owner
}

func TestTPM(t *testing.T) {
	s, b, p := sealertest.StartTPM(t), newBench(t), clinic.NewID()
	_, paper := sealer.NewRecovery()
	f := b.create(paper)
	if _, err := f.AddSlot(t.Context(), &b.key, b.tpm(s, p, right)); !errors.Is(err, sealer.ErrTPMOpen) {
		t.Fatalf("sealed without a lock-out: %v", err)
	}
	provision(t, s, 5)
	if _, err := f.AddSlot(t.Context(), &b.key, b.tpm(s, p, right)); err != nil {
		t.Fatal(err)
	}
	for range 20 { // more than a chip has room for, were anything left loaded
		b.opens(f, b.tpm(s, p, right))
	}
	if err := b.refuses(f, b.tpm(s, p, wrong)); !errors.Is(err, sealer.ErrWrong) || s.Tries() != 1 {
		t.Fatalf("%v, the TPM counts %d", err, s.Tries())
	}
	s.Cut()
	if err := b.refuses(f, b.tpm(s, p, right)); !errors.Is(err, sealer.ErrTPMMissing) {
		t.Fatalf("no TPM: %v", err)
	}
	s.Power()
	b.opens(b.open(), b.tpm(s, p, right))
}

// The library takes an authorisation with a zero byte in it for a shorter one, so
// that one slot in nine would never open again; and one lock-out key in nine.
func TestTPMEverySlotOpens(t *testing.T) {
	s, b := sealertest.StartTPM(t), newBench(t)
	owner := provision(t, s, 5)
	owner[7], owner[31] = 0, 0
	if err := sealer.ClearTPM(t.Context(), s.Bus(), owner); !errors.Is(err, sealer.ErrTPMOwned) {
		t.Fatalf("cleared with another key: %v", err)
	}
	s.PlatformClear()
	if err := sealer.ProvisionTPM(t.Context(), s.Bus(), owner, sealer.DefaultLockout()); err != nil {
		t.Fatal(err)
	}
	if err := sealer.ResetTPM(t.Context(), s.Bus(), owner); err != nil {
		t.Fatal(err)
	}
	_, paper := sealer.NewRecovery()
	f := b.create(paper)
	for i := range 40 { // 0.9 to the 40th: 1 in 70 would pass by luck
		m := b.tpm(s, clinic.NewID(), right)
		if _, err := f.AddSlot(t.Context(), &b.key, m); err != nil {
			t.Fatal(err)
		}
		if k, err := f.Unlock(t.Context(), m); err != nil || *k != b.key {
			t.Fatalf("slot %d: %v", i, err)
		}
	}
}

// The TPM counts for itself: neither a power cut nor an old counter file of ours
// gives a thief more tries.
func TestTPMLockOut(t *testing.T) {
	s, b, p := sealertest.StartTPM(t), newBench(t), clinic.NewID()
	owner := provision(t, s, 3)
	f := b.create(b.tpm(s, p, right))
	old := read(t, b.o.Tries)
	for i := range 3 {
		err := b.refuses(f, b.tpm(s, p, wrong))
		if i > 0 && errors.Is(err, sealer.ErrTPMLocked) {
			break // the TPM counts a power cut after a wrong try as one more
		}
		if !errors.Is(err, sealer.ErrWrong) {
			t.Fatalf("try %d: %v", i, err)
		}
		write(t, b.o.Tries, string(old))
		s.Cut()
		s.Power()
		f = b.open()
	}
	err := b.refuses(f, b.tpm(s, p, right))
	w, ok := errors.AsType[*sealer.WaitError](err)
	if !ok || !errors.Is(err, sealer.ErrTPMLocked) || w.Wait != time.Hour {
		t.Fatalf("locked: %v", err)
	}
	t.Log(err)
	other := sealer.NewKey()
	if err := sealer.ResetTPM(t.Context(), s.Bus(), owner); err != nil {
		t.Fatal(err)
	}
	b.opens(f, b.tpm(s, p, right))
	if err := sealer.ResetTPM(t.Context(), s.Bus(), &other); !errors.Is(err, sealer.ErrTPMOwned) {
		t.Fatalf("reset with another key: %v", err)
	}
}

// A power cut after a right PIN is an ordinary day: it must not count as a guess.
func TestTPMPowerCuts(t *testing.T) {
	s, b, p := sealertest.StartTPM(t), newBench(t), clinic.NewID()
	provision(t, s, 5)
	f := b.create(b.tpm(s, p, right))
	for range 8 {
		b.opens(f, b.tpm(s, p, right))
		s.Cut()
		s.Power()
	}
	if n := s.Tries(); n != 0 {
		t.Fatalf("power cuts counted as %d wrong tries", n)
	}
}

func TestTPMResetAndCleared(t *testing.T) {
	s, b, p := sealertest.StartTPM(t), newBench(t), clinic.NewID()
	owner := provision(t, s, 5)
	code, paper := sealer.NewRecovery()
	f := b.create(paper, b.tpm(s, p, right))
	if err := sealer.ProvisionTPM(t.Context(), s.Bus(), owner, sealer.DefaultLockout()); err != nil {
		t.Fatalf("the same key again: %v", err)
	}
	other := sealertest.StartTPM(t)
	if err := b.refuses(f, b.tpm(other, p, right)); !errors.Is(err, sealer.ErrTPMReset) {
		t.Fatalf("another TPM: %v", err)
	}
	var seen []byte
	tap := func() (transport.TPMCloser, error) {
		c, err := other.Bus()()
		return tapped{c, &seen}, err
	}
	m := sealer.NewTPM(sealer.TPMOpts{Bus: tap, Person: p, PIN: redact.Wrap(right), Costs: cheap()})
	if _ = b.refuses(f, m); len(seen) == 0 || contains(seen, []byte{0, 0, 1, 0x76}) {
		t.Fatal("something else on the bus was told a proof of the PIN (TPM2_StartAuthSession)")
	}
	s.PlatformClear()
	if err := b.refuses(f, b.tpm(s, p, right)); !errors.Is(err, sealer.ErrTPMReset) {
		t.Fatalf("cleared: %v", err)
	}
	typed, err := sealer.EnterRecovery(code.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	b.opens(f, typed) // nothing is lost
	if err := f.Replace(t.Context(), &b.key, b.tpm(s, p, right)); !errors.Is(err, sealer.ErrTPMOpen) {
		t.Fatalf("cleared, so its lock-out is open: %v", err)
	}
	owner = provision(t, s, 5)
	if err := f.Replace(t.Context(), &b.key, b.tpm(s, p, right)); err != nil {
		t.Fatal(err)
	}
	b.opens(f, b.tpm(s, p, right))
	if err := sealer.ClearTPM(t.Context(), s.Bus(), owner); err != nil {
		t.Fatal(err)
	}
	if err := b.refuses(f, b.tpm(s, p, right)); !errors.Is(err, sealer.ErrTPMReset) {
		t.Fatalf("erased: %v", err)
	}
}

// sick is a TPM that fails in the ways of a bus.
type sick struct {
	transport.TPMCloser
	answer []byte
	err    error
}

func (s sick) Send([]byte) ([]byte, error) { return s.answer, s.err }
func (s sick) Close() error                { return nil }

// What does not look at the PIN spends no try.
func TestTPMFaults(t *testing.T) {
	s, b, p := sealertest.StartTPM(t), newBench(t), clinic.NewID()
	provision(t, s, 5)
	f := b.create(b.tpm(s, p, right))
	for _, c := range []struct {
		bus  sealer.Bus
		want error
	}{
		{nil, sealer.ErrTPMMissing},
		{func() (transport.TPMCloser, error) { return nil, os.ErrNotExist }, sealer.ErrTPMMissing},
		{func() (transport.TPMCloser, error) { return nil, os.ErrPermission }, sealer.ErrTPM},
		{sealer.DeviceTPM(b.board), sealer.ErrTPMMissing},
		{func() (transport.TPMCloser, error) { return sick{err: os.ErrDeadlineExceeded}, nil }, sealer.ErrTPM},
		{func() (transport.TPMCloser, error) { return sick{answer: []byte{1}}, nil }, sealer.ErrTPM},
		{func() (transport.TPMCloser, error) { return sick{answer: make([]byte, 4096)}, nil }, sealer.ErrTPM},
		{func() (transport.TPMCloser, error) {
			return sick{answer: []byte{0x80, 1, 0, 0, 0, 10, 0, 0, 1, 1}}, nil // TPM_RC_FAILURE
		}, sealer.ErrTPM},
	} {
		for range sealer.MaxWrong + 1 {
			m := sealer.NewTPM(sealer.TPMOpts{Bus: c.bus, Person: p, PIN: redact.Wrap(right), Costs: cheap()})
			if err := b.refuses(f, m); !errors.Is(err, c.want) {
				t.Fatalf("%v, want %v", err, c.want)
			}
		}
	}
	b.opens(f, b.tpm(s, p, right))
}

// Nothing of PIN, storage key or sealed key crosses the bus in clear.
func TestTPMBusIsEncrypted(t *testing.T) {
	s, b, p := sealertest.StartTPM(t), newBench(t), clinic.NewID()
	owner := provision(t, s, 5)
	var seen []byte
	tap := func() (transport.TPMCloser, error) {
		c, err := s.Bus()()
		return tapped{c, &seen}, err
	}
	m := sealer.NewTPM(sealer.TPMOpts{Bus: tap, Person: p, PIN: redact.Wrap(right), Costs: cheap()})
	f := b.create(m)
	b.opens(f, m)
	if err := sealer.ResetTPM(t.Context(), tap, owner); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 1000 {
		t.Fatal("nothing was tapped")
	}
	for _, secret := range [][]byte{b.key[:8], owner[:8], []byte(right)} {
		if string(secret) != "" && contains(seen, secret) {
			t.Error("a secret crossed the bus")
		}
	}
}

type tapped struct {
	transport.TPMCloser
	seen *[]byte
}

func (t tapped) Send(b []byte) ([]byte, error) {
	a, err := t.TPMCloser.Send(b)
	*t.seen = append(append(*t.seen, b...), a...)
	return a, err
}

// FuzzTPMAnswers lets something on the bus answer as it likes.
func FuzzTPMAnswers(f *testing.F) {
	f.Add([]byte{0x80, 1, 0, 0, 0, 10, 0, 0, 0, 0})
	f.Add([]byte{0x80, 2, 0, 0, 0, 20, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		bus := func() (transport.TPMCloser, error) { return sick{answer: b}, nil }
		m := sealer.NewTPM(sealer.TPMOpts{Bus: bus, Person: clinic.ID{1}, PIN: redact.Wrap(right), Costs: cheap()})
		if _, err := m.Make(t.Context(), sealer.Place{}); err == nil {
			t.Fatal("sealed by noise")
		}
		k := sealer.NewKey()
		if err := sealer.ProvisionTPM(t.Context(), bus, &k, sealer.DefaultLockout()); err == nil {
			t.Fatal("provisioned by noise")
		}
	})
}
