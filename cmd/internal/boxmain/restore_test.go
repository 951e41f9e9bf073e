package boxmain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/device/config"
	"clinicbox/device/health"
	"clinicbox/device/sealer"
	"clinicbox/device/task"
	"clinicbox/internal/durable"
	"clinicbox/internal/entry"
	"clinicbox/store"
	"clinicbox/store/medium"
	"clinicbox/store/storetest"
	"clinicbox/sync/outbox"
	"clinicbox/sync/wire"
	"clinicbox/web"
)

// program runs a command in this process, with what a person types.
func program(t *testing.T, typed string, args ...string) (out string, err error) {
	t.Helper()
	var stdout bytes.Buffer
	p := &Program{Stdin: strings.NewReader(typed), Stdout: &stdout, Stderr: t.Output()}
	if err := p.ParseFlags(args); err != nil {
		t.Fatal(err)
	}
	err = p.Run(t.Context())
	return stdout.String(), err
}

// sealed makes a board whose configuration lies at the path, with a stick.
func sealed(t *testing.T, secret string) (path string, cfg config.Box) {
	t.Helper()
	board := filepath.Join(t.TempDir(), "serial-number")
	if err := os.WriteFile(board, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	path = write(t, fmt.Sprintf("[seal]\nmethod = \"board\"\nboard = %q\n[copy]\ndir = %q\nsame_disk = true\n", board, t.TempDir()))
	return path, must[config.Box](t)(Load(path))
}

// working runs do with an open box whose committer and use cases run.
func working(t *testing.T, cfg config.Box, v *vault, do func(b *Box)) {
	t.Helper()
	b := New(Options{Config: cfg, Log: quiet()})
	b.vault = v
	if err := b.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer b.store.Close()
	setUp, err := b.buildDesk()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 2)
	go func() { ended <- b.store.Run(ctx) }()
	go func() { ended <- setUp.Run(ctx) }()
	select {
	case <-setUp.Ready():
	case err := <-ended:
		t.Fatal(err)
	}
	do(b)
	stop()
	if err := errors.Join(<-ended, <-ended); err != nil {
		t.Fatal(err)
	}
}

func slips(t *testing.T, b *Box) (last int) {
	t.Helper()
	err := b.store.View(t.Context(), func(r desk.Reader) (err error) {
		last, err = r.Last(clinic.SeriesSlip("a"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return last
}

func appointment(t *testing.T, n int) clinic.Draft {
	slip, err := clinic.NewSlip("22736", "a", n)
	if err != nil {
		t.Fatal(err)
	}
	return clinic.Draft{Kind: clinic.KindAppointment, Subject: clinic.NewID(), Visit: clinic.NewID(), Body: &clinic.Appointment{Slip: slip, Due: clinic.Date{Year: 2026, Month: 12, Day: 1}}}
}

// TestRestoreDrill: the board is destroyed. The stick and the paper are left, there is
// no link. On a spare board everything of the last copy is there, no number that was
// printed after it comes again, and a new administrator works.
func TestRestoreDrill(t *testing.T) {
	_, old := sealed(t, "10000000abcdef01\x00")
	person := clinic.NewID()
	v := opened1(t, old)
	code, err := v.setUp(t.Context(), person, rightPIN)
	if err != nil {
		t.Fatal(err)
	}
	var copied *medium.Manifest
	working(t, old, v, func(b *Box) {
		for i := range 30 {
			storetest.Save(t, b.store, appointment(t, i+1))
		}
		if copied, err = b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i := range 10 { // printed after the copy, and lost
			storetest.Save(t, b.store, appointment(t, i+31))
		}
	})
	v.lock()
	path, spare := sealed(t, "10000000fedcba98\x00")
	begin := time.Now()
	out, err := program(t, "0\n"+code.Reveal()+"\n", "restore", "-config", path, "-from", old.Copy.Dir)
	if err != nil {
		t.Fatal(err, out)
	}
	for _, want := range []string{"tram-01", fmt.Sprint(copied.Own.Size), fmt.Sprintf("%x", copied.Own.Root), "sạch / clean"} {
		if !strings.Contains(out, want) {
			t.Errorf("restore does not say %q:\n%s", want, out)
		}
	}
	if _, err := program(t, "", "restore", "-config", path, "-from", old.Copy.Dir); !errors.Is(err, medium.ErrInUse) {
		t.Errorf("a second time over it: %v", err)
	}
	v = opened1(t, spare)
	if err := v.unlock(t.Context(), v.method(person, rightPIN)); err == nil {
		t.Fatal("a PIN opens the copy on another board")
	}
	m, err := sealer.EnterRecovery(code.Reveal())
	if err == nil {
		err = v.unlock(t.Context(), m)
	}
	if err != nil {
		t.Fatal(err)
	}
	heir := desk.StaffSeed{ID: clinic.NewID(), Staff: clinic.Staff{Name: "Đỗ Thị Kế Nhiệm", Role: clinic.RoleAdministrator}, PIN: "739164"}
	b := New(Options{Config: spare, Log: quiet()})
	b.vault = v
	b.recovered(clinic.MachineRecovered, heir)
	if err := b.setUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Logf("from the stick to a new administrator: %v", time.Since(begin))
	first := 0
	working(t, spare, v, func(b *Box) {
		if first = slips(t, b); first < 40+500 {
			t.Errorf("the next slip is %d; 40 are printed", first+1)
		}
		storetest.Save(t, b.store, appointment(t, first+1))
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Error("the spare board's own copy:", err)
		}
		b.cfg.Copy.Dir = old.Copy.Dir // and the old stick in it: it goes on there
		if _, err := b.newCopier().Run(t.Context()); err != nil {
			t.Error("the old stick in the spare board:", err)
		}
	})
	working(t, spare, v, func(b *Box) { // a restart makes no further jump
		if n := slips(t, b); n != first+1 {
			t.Errorf("the series is at %d, was at %d", n, first+1)
		}
	})
	if !recorded(t, spare, v, clinic.MachineRestored) || !recorded(t, spare, v, clinic.MachineRecovered) {
		t.Error("no loud entry of the restore, or of the recovery")
	}
	if n := slices.IndexFunc(v.list(), func(s sealer.Slot) bool { return s.Owner == heir.ID }); n < 0 {
		t.Error("the new administrator's PIN does not open the spare board")
	}
}

// TestOldBoxWithTheSpareBoxesStick: the old board turns up again. What the spare one
// wrote on the stick is not overwritten.
func TestOldBoxWithTheSpareBoxesStick(t *testing.T) {
	_, old := sealed(t, "10000000abcdef01\x00")
	v := opened1(t, old)
	if _, err := v.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
		t.Fatal(err)
	}
	twin := old
	working(t, old, v, func(b *Box) {
		storetest.Save(t, b.store, appointment(t, 1))
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	twin.Data.Dir = filepath.Join(t.TempDir(), "twin")
	copyDir(t, old.Data.Dir, twin.Data.Dir)
	working(t, old, v, func(b *Box) {
		storetest.Save(t, b.store, appointment(t, 2))
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	v.close()
	v = opened1(t, twin)
	for _, s := range v.list() {
		if s.Kind == sealer.Staff {
			if err := v.unlock(t.Context(), v.method(s.Owner, rightPIN)); err != nil {
				t.Fatal(err)
			}
		}
	}
	working(t, twin, v, func(b *Box) {
		storetest.Save(t, b.store, appointment(t, 7))
		_, err := b.copier.Run(t.Context())
		if !errors.Is(err, medium.ErrAhead) {
			t.Errorf("two boxes write on one stick: %v", err)
		}
		b.copyTold(err)
		if w := b.health.States(); !slices.ContainsFunc(w, func(s health.State) bool { return s.Code == health.CopyAhead }) {
			t.Errorf("nobody is told: %+v", w)
		}
	})
}

// TestUnfinishedRestoreOpensNothing: every command refuses half of a box.
func TestUnfinishedRestoreOpensNothing(t *testing.T) {
	path, cfg := sealed(t, "10000000abcdef01\x00")
	if err := os.MkdirAll(cfg.Data.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.Data.Dir, medium.Restoring), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"check", "-config", path}, {"run", "-config", path}, {"mend", "-config", path}} {
		if out, err := program(t, "", args...); !errors.Is(err, medium.ErrRestoring) {
			t.Errorf("%s: %v\n%s", args[0], err, out)
		}
	}
}

// TestMendCommand: damage of a stopped box is mended from the stick.
func TestMendCommand(t *testing.T) {
	path := write(t, fmt.Sprintf("[copy]\ndir = %q\nsame_disk = true\n", t.TempDir()))
	cfg := must[config.Box](t)(Load(path))
	v := opened1(t, cfg)
	if err := v.loadKey(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	working(t, cfg, v, func(b *Box) {
		for i := range 30 {
			storetest.Save(t, b.store, appointment(t, i+1))
		}
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	v.close()
	seg := filepath.Join(cfg.Data.Dir, "own", "00000000.seg")
	for _, at := range []int{3, 1100, 1900, 2600} {
		data, err := os.ReadFile(seg)
		if err != nil {
			t.Fatal(err)
		}
		data[at] ^= 16
		if err := os.WriteFile(seg, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := program(t, "", "check", "-config", path); !errors.Is(err, ErrDamage) {
		t.Errorf("check finds nothing: %v", err)
	}
	if out, err := program(t, "", "mend", "-config", path, "-from", t.TempDir()); !errors.Is(err, medium.ErrNone) {
		t.Errorf("from where no copy is: %v\n%s", err, out)
	}
	out, err := program(t, "", "mend", "-config", path, "-from", filepath.Join(cfg.Copy.Dir, medium.Folder))
	if err != nil || !strings.Contains(out, "đã sửa / mended") || !strings.Contains(out, "sạch / clean") || !strings.Contains(out, "own/00000000.seg") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := program(t, "", "check", "-config", path); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestKeysAreMended: a damaged file of the keys is written anew from memory, from its
// other copy, or from the stick.
func TestKeysAreMended(t *testing.T) {
	_, cfg := sealed(t, "10000000abcdef01\x00")
	v := opened1(t, cfg)
	if _, err := v.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
		t.Fatal(err)
	}
	working(t, cfg, v, func(b *Box) {
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, names := range [][]string{{"slots"}, {"slots.copy"}, {"slots", "slots.copy"}, {"closed"}} {
			want := map[string][]byte{}
			for _, name := range names {
				path := filepath.Join(keysDir(cfg), name)
				want[name], _ = os.ReadFile(path)
				bad := bytes.Clone(want[name])
				bad[len(bad)/2] ^= 1
				if err := os.WriteFile(path, bad, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if mended, err := b.scrubKeys(t.Context()); !mended || !errors.Is(err, errKeysMended) {
				t.Errorf("%v: %v, %v", names, mended, err)
			}
			for _, name := range names {
				got, _ := os.ReadFile(filepath.Join(keysDir(cfg), name))
				if name != "closed" && !bytes.Equal(got, want[name]) {
					t.Errorf("%s is not as before", name)
				}
			}
			if mended, err := b.scrubKeys(t.Context()); mended || err != nil {
				t.Errorf("%v: again: %v, %v", names, mended, err)
			}
		}
		open := filepath.Join(keysDir(cfg), "open")
		if err := errors.Join(os.Remove(open), os.Mkdir(open, 0o700)); err != nil { // nothing is written there
			t.Fatal(err)
		}
		mended, err := b.scrubKeys(t.Context())
		b.found(store.Finding{Part: "keys", Err: err})
		if err == nil || mended || len(b.health.States()) == 0 {
			t.Error("nobody is told of a file that nothing mends")
		}
	})
}

// TestDamageIsLoud: what can no longer be read is a cause on the page, and an entry
// for the centre; when it is back, the cause goes and another entry comes.
func TestDamageIsLoud(t *testing.T) {
	_, cfg := sealed(t, "10000000abcdef01\x00")
	v := opened1(t, cfg)
	if _, err := v.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
		t.Fatal(err)
	}
	working(t, cfg, v, func(b *Box) {
		b.ending.Lock()
		b.end = func(error) {}
		b.ending.Unlock()
		for i := range 30 {
			storetest.Save(t, b.store, appointment(t, i+1))
		}
		if _, err := b.copier.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		seg := filepath.Join(cfg.Data.Dir, "own", "00000000.seg")
		f, err := os.OpenFile(seg, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt([]byte("rot"), 2000); err != nil {
			t.Fatal(err)
		}
		f.Close()
		b.differs("own/00000000.seg")
		blind := b.scrubOptions()
		blind.Copies, blind.Cold = nil, durable.Cold{}
		if err := b.store.Scrubber(blind).Part(t.Context(), <-b.rotten); err != nil {
			t.Fatal(err)
		}
		quarantined := func() bool {
			return slices.ContainsFunc(b.health.States(), func(s health.State) bool { return s.Code == health.StoreQuarantine })
		}
		named := slices.ContainsFunc(machine{b}.Warnings(), func(w web.Warning) bool {
			return w.Code == health.StoreQuarantine && strings.HasSuffix(w.Words["vi"], ")") && strings.Contains(w.Words["en"], "(own ")
		})
		if !named {
			t.Errorf("the page names nothing: %+v", machine{b}.Warnings())
		}
		if !quarantined() || timesTold(t, b.store, clinic.MachineDamaged) != 1 {
			t.Error("damage is not told")
		}
		seeing := b.scrubOptions()
		seeing.Cold = durable.Cold{}
		if err := b.store.Scrubber(seeing).Part(t.Context(), "own/00000000.seg"); err != nil {
			t.Fatal(err)
		}
		if quarantined() || timesTold(t, b.store, clinic.MachineMended) != 1 {
			t.Error("the repair is not told")
		}
	})
}

// TestCopyCausesHaveWords: every trouble of the medium is a cause that says what to do.
func TestCopyCausesHaveWords(t *testing.T) {
	b := New(Options{Log: quiet()})
	for _, c := range append(copyCauses(), copyCause{errors.New("something else"), health.CopyFailed}) {
		b.copyTold(fmt.Errorf("around: %w", c.err))
		if b.copyWas != c.code {
			t.Errorf("%v is told as %s", c.err, b.copyWas)
		}
		known := slices.ContainsFunc(health.Box(), func(k health.Cause) bool { return k.Code == c.code && k.VI != "" && k.EN != "" })
		if !known {
			t.Errorf("%s has no words", c.code)
		}
	}
	b.copyTold(nil)
	if s := b.health.States(); len(s) != 0 {
		t.Errorf("all is well, and yet %+v", s)
	}
}

// TestCopyTask: a stick that is not there is told and waited for, a copy is made as
// soon as it is plugged in and every hour from then on, and the status page has its age.
func TestCopyTask(t *testing.T) {
	path := write(t, fmt.Sprintf("[copy]\ndir = %q\nsame_disk = true\n", filepath.Join(t.TempDir(), "stick")))
	cfg := must[config.Box](t)(Load(path))
	v := opened1(t, cfg)
	if err := v.loadKey(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		b := New(Options{Config: cfg, Log: quiet(), Clock: bubbled{}})
		b.vault = v
		if err := b.open(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		copying := must[task.Task](t)(b.buildCopy())
		go func() { ended <- b.store.Run(ctx) }()
		go func() { ended <- copying.Run(ctx) }()
		has := func(code string) bool {
			return slices.ContainsFunc(b.health.States(), func(s health.State) bool { return s.Code == code })
		}
		time.Sleep(2 * time.Minute)
		if !has(health.CopyAbsent) || !(machine{b}).Truths().Copied.IsZero() || !(machine{b}).Truths().Copies {
			t.Errorf("without a stick: %+v", b.health.States())
		}
		if err := os.MkdirAll(cfg.Copy.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(copyLook + time.Second)
		if first := b.copier.Last(); has(health.CopyAbsent) || first == nil || first.Count != 1 || (machine{b}).Truths().Copied.IsZero() {
			t.Errorf("with one: %+v, %+v", first, b.health.States())
		}
		time.Sleep(5*time.Hour + time.Minute)
		if m := b.copier.Last(); m.Count != 6 {
			t.Errorf("%d copies after five hours", m.Count)
		}
		if err := os.RemoveAll(cfg.Copy.Dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(28 * time.Hour)
		if !has(health.CopyAbsent) || !b.copyOld() {
			t.Errorf("pulled out for a day: %+v", b.health.States())
		}
		stop()
		if err := errors.Join(<-ended, <-ended, b.store.Close()); err != nil {
			t.Error(err)
		}
	})
}

// bubbled is the clock of a bubble.
type bubbled struct{}

func (bubbled) Now() (time.Time, bool) { return time.Now(), true }

// sentDown are entries of a centre.
func sentDown(t *testing.T, n int) (sent []wire.Salted) {
	t.Helper()
	for i := range n {
		d := clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{byte(i + 1)}, Body: &clinic.Vitals{Pulse: 60}}
		e, err := entry.Encode(d, clinic.NewID(), clinic.ID{9}, uint64(i+1)<<16, true)
		if err != nil {
			t.Fatal(err)
		}
		sent = append(sent, wire.Salted{Salt: wire.Salt{byte(i), 1}, Bytes: e})
	}
	return sent
}

// TestCentreSendsAgain: received entries that rotted, and that no copy has, are asked
// for from the start of the stream, once; those that come fill the holes.
func TestCentreSendsAgain(t *testing.T) {
	cfg := must[config.Box](t)(Load(write(t, "")))
	v := opened1(t, cfg)
	if err := v.loadKey(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	working(t, cfg, v, func(b *Box) {
		k := keeper{b.store.State()}
		if err := k.SaveCursor(outbox.Cursor{Epoch: wire.Epoch{1}, Next: 40}); err != nil {
			t.Fatal(err)
		}
		sent := sentDown(t, 40)
		for _, some := range [][]wire.Salted{sent[:38], sent[38:]} {
			if err := (applier{b}).Apply(t.Context(), some); err != nil {
				t.Fatal(err)
			}
		}
		f, err := os.OpenFile(filepath.Join(cfg.Data.Dir, "in", "00000000.seg"), os.O_RDWR, 0)
		if err == nil {
			_, err = f.WriteAt([]byte("rot"), 2000)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.store.Scrubber(store.ScrubOptions{}).Pass(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, in := b.store.Holes(); in != 1 {
			t.Fatalf("%d holes", in)
		}
		if err := k.askAgain(); err != nil {
			t.Fatal(err)
		}
		if err := k.SaveCursor(outbox.Cursor{Epoch: wire.Epoch{1}, Next: 41}); err != nil { // before the restart
			t.Fatal(err)
		}
		if _, c, err := k.Load(); c.Next != 0 || c.Epoch != (wire.Epoch{1}) || err != nil {
			t.Errorf("asks from %d, %v", c.Next, err)
		}
		if err := (applier{b}).Apply(t.Context(), sent[:20]); err != nil {
			t.Fatal(err)
		}
		if _, in := b.store.Holes(); in != 0 {
			t.Errorf("%d holes are left", in)
		}
		if err := k.SaveCursor(outbox.Cursor{Epoch: wire.Epoch{1}, Next: 20}); err != nil {
			t.Fatal(err)
		}
		if _, c, err := k.Load(); c.Next != 20 || err != nil {
			t.Errorf("asks again from %d, %v", c.Next, err)
		}
	})
}
