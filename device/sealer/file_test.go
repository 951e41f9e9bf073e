package sealer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/device/sealer"
	"clinicbox/device/sealer/sealertest"
	"clinicbox/internal/redact"
	"clinicbox/internal/spoken"
	"clinicbox/internal/testlog"
)

func TestEveryMethodOpens(t *testing.T) {
	b, ann, bob := newBench(t), clinic.NewID(), clinic.NewID()
	code, paper := sealer.NewRecovery()
	card := sealertest.NewCard("card 1")
	dev := sealer.NewKeyFile(filepath.Join(t.TempDir(), "kek"))
	f := b.create(paper, b.staff(ann, right))
	for _, m := range []sealer.Method{b.staff(bob, "739105"), sealer.NewStaffCard(ann, card), dev} {
		if _, err := f.AddSlot(t.Context(), &b.key, m); err != nil {
			t.Fatal(err)
		}
		if _, err := f.AddSlot(t.Context(), &b.key, m); !errors.Is(err, sealer.ErrSlot) {
			t.Fatalf("twice: %v", err)
		}
	}
	typed, err := sealer.EnterRecovery(strings.ToLower(code.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	f = b.open()
	for _, m := range []sealer.Method{typed, b.staff(ann, right), b.staff(bob, "739105"), sealer.NewStaffCard(ann, card), dev} {
		b.opens(f, m)
	}
	slots, err := f.Slots()
	if err != nil || len(slots) != 5 {
		t.Fatal(slots, err)
	}
	for i, want := range []sealer.Slot{
		{Number: 1, Kind: sealer.Recovery},
		{Number: 2, Kind: sealer.Staff, Owner: ann},
		{Number: 3, Kind: sealer.Staff, Owner: bob},
		{Number: 4, Kind: sealer.StaffCard, Owner: ann},
		{Number: 5, Kind: sealer.KeyFile},
	} {
		if slots[i] != want {
			t.Errorf("%+v, want %+v", slots[i], want)
		}
	}
	if err := f.RemoveOwner(t.Context(), &b.key, ann); err != nil {
		t.Fatal(err)
	}
	for _, m := range []sealer.Method{b.staff(ann, right), sealer.NewStaffCard(ann, card)} {
		if err := b.refuses(f, m); !errors.Is(err, sealer.ErrNoSlot) {
			t.Errorf("after leaving: %v", err)
		}
	}
	again, err := f.AddSlot(t.Context(), &b.key, b.staff(ann, right))
	if err != nil || again.Number != 6 {
		t.Fatalf("a number is used again: %+v, %v", again, err)
	}
}

func TestRefusals(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	_, paper := sealer.NewRecovery()
	_, otherPaper := sealer.NewRecovery()
	card := sealertest.NewCard("card 1")
	f := b.create(paper, b.staff(ann, right), sealer.NewStaffCard(ann, card))
	stranger := sealer.NewKey()
	ctx := t.Context()
	weak := func(pin string) error { _, err := f.AddSlot(ctx, &b.key, b.staff(clinic.NewID(), pin)); return err }
	dead := sealertest.NewCard("card 1")
	dead.Fail(os.ErrClosed)
	unlock := func(m sealer.Method) error { return b.refuses(f, m) }
	other := func(text string) error {
		write(t, b.board, text)
		defer write(t, b.board, "10000000a3f0c6d1\x00")
		return unlock(b.staff(ann, right))
	}
	for name, c := range map[string]struct{ got, want error }{
		"wrong PIN":              {unlock(b.staff(ann, wrong)), sealer.ErrWrong},
		"another board":          {other("10000000a3f0c6d2\x00"), sealer.ErrWrong},
		"no board secret":        {other(""), sealer.ErrBoard},
		"short board secret":     {other("1234567\n"), sealer.ErrBoard},
		"board never programmed": {other(strings.Repeat("0", 64)), sealer.ErrBoard},
		"nobody":                 {unlock(b.staff(clinic.NewID(), right)), sealer.ErrNoSlot},
		"another recovery code":  {unlock(otherPaper), sealer.ErrWrong},
		"another card":           {unlock(sealer.NewStaffCard(ann, sealertest.NewCard("card 2"))), sealer.ErrOtherCard},
		"a card that claims":     {unlock(sealer.NewStaffCard(ann, sealertest.NewCard("card 1"))), sealer.ErrWrong},
		"no card":                {unlock(sealer.NewStaffCard(ann, dead)), sealer.ErrNoCard},
		"weak PIN":               {weak("123456"), sealer.ErrPIN},
		"short PIN":              {weak("12"), sealer.ErrPIN},
		"remove by a stranger":   {f.RemoveSlot(ctx, &stranger, 1), sealer.ErrNotOurs},
		"forgive by a stranger":  {f.Forgive(ctx, &stranger, 2), sealer.ErrNotOurs},
		"replace by a stranger":  {f.Replace(ctx, &stranger, b.staff(ann, right)), sealer.ErrNotOurs},
		"replace nobody":         {f.Replace(ctx, &b.key, b.staff(clinic.NewID(), right)), sealer.ErrNoSlot},
		"remove nothing":         {f.RemoveSlot(ctx, &b.key, 77), sealer.ErrNoSlot},
		"forgive nothing":        {f.Forgive(ctx, &b.key, 77), sealer.ErrNoSlot},
		"remove nobody":          {f.RemoveOwner(ctx, &b.key, clinic.ID{}), sealer.ErrNoSlot},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	if _, err := sealer.Create(ctx, b.o, &b.key, paper); !errors.Is(err, fs.ErrExist) {
		t.Errorf("created over slots: %v", err)
	}
	for n := range uint32(2) {
		if err := f.RemoveSlot(ctx, &b.key, n+2); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.RemoveSlot(ctx, &b.key, 1); !errors.Is(err, sealer.ErrLastSlot) {
		t.Errorf("the last: %v", err)
	}
	b.opens(f, paper)
	if _, err := sealer.EnterRecovery("no code"); !errors.Is(err, spoken.ErrCode) {
		t.Error(err)
	}
}

// Every byte of the file flipped, and every cut, is damage when it hits both
// copies; one good copy is enough, and the next unlock repairs the other.
func TestDamage(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	_, paper := sealer.NewRecovery()
	f := b.create(paper, b.staff(ann, right))
	good := read(t, b.o.Path)
	both := func(x []byte) {
		write(t, b.o.Path, string(x))
		write(t, b.o.Path+".copy", string(x))
	}
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 1 << (i % 8)
		both(bad)
		if err := b.refuses(f, paper); !errors.Is(err, sealer.ErrDamaged) {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
		both(good[:i])
		if err := b.refuses(f, paper); !errors.Is(err, sealer.ErrDamaged) {
			t.Fatalf("cut to %d: %v", i, err)
		}
	}
	both(append(bytes.Clone(good), 0))
	if _, err := sealer.Open(b.o); !errors.Is(err, sealer.ErrDamaged) {
		t.Fatal("a byte more:", err)
	}
	for _, path := range []string{b.o.Path, b.o.Path + ".copy"} {
		for _, x := range []string{"", "gone", string(good[:50])} {
			both(good)
			write(t, path, x)
			if x == "gone" {
				_ = os.Remove(path)
			}
			b.opens(b.open(), paper)
			if !bytes.Equal(read(t, path), good) {
				t.Fatalf("%s was not repaired", filepath.Base(path))
			}
		}
	}
}

// A slot of another box, or of another person, opens nothing here.
func TestExchangedFiles(t *testing.T) {
	a, z, ann := newBench(t), newBench(t), clinic.NewID()
	_, paper := sealer.NewRecovery()
	fa := a.create(paper, a.staff(ann, right))
	z.create(paper, z.staff(ann, right))
	write(t, a.o.Path, string(read(t, z.o.Path)))
	write(t, a.o.Path+".copy", string(read(t, z.o.Path)))
	k, err := fa.Unlock(t.Context(), paper) // a whole file is another box's: its own key, which opens nothing here
	if err != nil || *k == a.key || *k != z.key {
		t.Fatal(err)
	}
	if err := fa.RemoveSlot(t.Context(), &a.key, 1); !errors.Is(err, sealer.ErrNotOurs) {
		t.Fatal(err)
	}
	if err := a.refuses(fa, a.staff(ann, wrong)); !errors.Is(err, sealer.ErrWrong) {
		t.Fatal(err)
	}
}

func TestFileHoldsNothingInClear(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	code, paper := sealer.NewRecovery()
	f := b.create(paper, b.staff(ann, right))
	_ = b.refuses(f, b.staff(ann, wrong))
	all := slices.Concat(read(t, b.o.Path), read(t, b.o.Path+".copy"), read(t, b.o.Tries))
	for _, s := range [][]byte{b.key[:8], []byte(right), []byte(wrong), []byte("a3f0c6d1"), []byte(code.Reveal()[:5]), code.Secret()[:5]} {
		if bytes.Contains(all, s) {
			t.Errorf("the files hold %q", s)
		}
	}
	for _, path := range []string{b.o.Path, b.o.Path + ".copy", b.o.Tries} {
		if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
			t.Error(path, fi.Mode(), err)
		}
	}
}

func TestNothingIsPrinted(t *testing.T) {
	b, ann, log := newBench(t), clinic.NewID(), testlog.New(t)
	code, paper := sealer.NewRecovery()
	card := sealertest.NewCard("card 1")
	f := b.create(paper, b.staff(ann, right))
	tpm := sealer.NewTPM(sealer.TPMOpts{Person: ann, PIN: redact.Wrap(right)})
	_, badCode := sealer.EnterRecovery("X" + code.Reveal()[1:])
	things := []any{
		b.key, &b.key, paper, b.staff(ann, right), sealer.NewStaffCard(ann, card), tpm, code, f, b.o,
		b.refuses(f, b.staff(ann, wrong)), b.refuses(f, sealer.NewStaffCard(ann, card)), badCode,
		struct{ m sealer.Method }{b.staff(ann, right)},
		[]sealer.Method{paper},
	}
	var all strings.Builder
	for _, x := range things {
		fmt.Fprintf(&all, "%v %+v %#v %s %q %x %d\n", x, x, x, x, x, x, x)
		log.Logger().Info("x", "x", x)
	}
	text := all.String() + log.String()
	for _, s := range []string{
		right, wrong, code.Reveal()[:5], string(code.Secret()), fmt.Sprintf("%x", b.key[:4]), fmt.Sprintf("%x", right),
		strings.Trim(fmt.Sprint(b.key[:4]), "[]"), strings.Trim(fmt.Sprint([]byte(right)), "[]"),
	} {
		if strings.Contains(text, s) {
			t.Errorf("a secret is printed: %.3s…", s)
		}
	}
}

// watched remembers the keys it handed out.
type watched struct {
	sealer.Method
	keys *[]*sealer.Key
}

func (w watched) Make(ctx context.Context, at sealer.Place) (sealer.Sealed, error) {
	s, err := w.Method.Make(ctx, at)
	*w.keys = append(*w.keys, s.Key)
	return s, err
}

func (w watched) Open(ctx context.Context, at sealer.Place, params []byte) (*sealer.Key, error) {
	k, err := w.Method.Open(ctx, at, params)
	*w.keys = append(*w.keys, k)
	return k, err
}

func TestKeysAreWiped(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	var keys []*sealer.Key
	f := b.create(watched{b.staff(ann, right), &keys})
	b.opens(f, watched{b.staff(ann, right), &keys})
	_ = b.refuses(f, watched{b.staff(ann, wrong), &keys})
	if len(keys) != 3 {
		t.Fatalf("%d keys", len(keys))
	}
	for i, k := range keys {
		if *k != (sealer.Key{}) {
			t.Errorf("wrapping key %d stays in memory", i)
		}
	}
}

func TestAtOnce(t *testing.T) {
	b := newBench(t)
	_, paper := sealer.NewRecovery()
	f := b.create(paper)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			p := clinic.NewID()
			if _, err := f.AddSlot(t.Context(), &b.key, b.staff(p, right)); err != nil {
				t.Error(err)
			}
			if k, err := f.Unlock(t.Context(), b.staff(p, right)); err != nil || *k != b.key {
				t.Error(err)
			}
			if _, err := f.Unlock(t.Context(), b.staff(p, wrong)); !errors.Is(err, sealer.ErrWrong) {
				t.Error(err)
			}
			if _, err := f.Slots(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if s, err := f.Slots(); err != nil || len(s) != 13 {
		t.Fatal(len(s), err)
	}
}

// Who waits for another's try can go away, and has spent none.
func TestWaitingIsCancelled(t *testing.T) {
	b, ann := newBench(t), clinic.NewID()
	f := b.create(b.staff(ann, right))
	inside, leave := make(chan struct{}), make(chan struct{})
	go func() {
		_, _ = f.Unlock(context.Background(), slow{b.staff(ann, right), inside, leave})
		close(inside)
	}()
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := f.Unlock(ctx, b.staff(ann, wrong)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	close(leave)
	<-inside
	b.opens(f, b.staff(ann, right))
}

type slow struct {
	sealer.Method
	inside, leave chan struct{}
}

func (s slow) Open(ctx context.Context, at sealer.Place, params []byte) (*sealer.Key, error) {
	s.inside <- struct{}{}
	<-s.leave
	return s.Method.Open(ctx, at, params)
}
