package boxmain

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// TestCommandsKeepOffARunningBox: a box that runs, locked or not, would undo what a
// command writes beside it.
func TestCommandsKeepOffARunningBox(t *testing.T) {
	path := write(t, "")
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	stop := runs(t, "box", New(Options{Config: cfg, Log: quiet()}))
	before := files(t, keysDir(cfg))
	for _, args := range [][]string{
		{"enrol", "-config", path, "-hub", "http://127.0.0.1:1"},
		{"staff", "-config", path, "-name", "Nguyễn Văn Mẫu"},
		{"check", "-config", path},
	} {
		exit, _, said := clinicbox(t, "582903\n", args...)
		if exit != ExitFailure || !strings.Contains(said, "Dừng nó trước") {
			t.Errorf("%s: %d %s", args[0], exit, said)
		}
	}
	if got := files(t, keysDir(cfg)); !bytes.Equal(got, before) {
		t.Error("a command wrote into the keys of a box that runs")
	}
	stop()
	if exit, out, said := clinicbox(t, "", "check", "-config", path); exit != ExitOK {
		t.Error("after the stop:", exit, out, said)
	}
}

// files is everything in a folder.
func files(t *testing.T, dir string) (all []byte) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, e.Name()...), b...)
	}
	return all
}

// TestErasedBoxIsNotSetUpAgain: new keys over records that nobody can read would look
// like a box that lost them.
func TestErasedBoxIsNotSetUpAgain(t *testing.T) {
	for _, method := range []string{"file", "board"} {
		cfg := board(t)
		if cfg.Seal.Method = method; method == "file" {
			cfg.Seal.KeyFile = filepath.Join(t.TempDir(), "key")
		}
		v := opened1(t, cfg)
		if _, err := v.setUp(t.Context(), clinic.NewID(), rightPIN); err != nil {
			t.Fatal(err)
		}
		if err := v.destroy(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.lock()
		before := files(t, keysDir(cfg))
		if again := opened1(t, cfg); again.loadKey(t.Context(), true) == nil {
			t.Error(method, ": set up again")
		}
		if !bytes.Equal(files(t, keysDir(cfg)), before) {
			t.Error(method, ": keys were made")
		}
	}
}

// TestEventsWaitForTheRecords: what happens to a locked box is recorded once somebody
// opens it.
func TestEventsWaitForTheRecords(t *testing.T) {
	cfg, boss := board(t), admin()
	v, _ := clinicOf(t, cfg, boss)
	b := New(Options{Config: cfg, Log: quiet()})
	runs(t, "box", b)
	b.recordNow(event{what: clinic.MachineOrder, detail: "lock 7"})
	if err := b.vault.unlock(t.Context(), v.method(boss.ID, boss.PIN)); err != nil {
		t.Fatal(err)
	}
	within(t, "the event in the records", func() bool {
		b.ending.Lock()
		d := b.desk
		b.ending.Unlock()
		return d != nil && told(t, b, "lock 7")
	})
}

func told(t *testing.T, b *Box, detail string) (found bool) {
	t.Helper()
	err := b.store.View(t.Context(), func(r desk.Reader) error {
		records, err := r.Records(clinic.MachineSubject())
		for i := range records {
			if m, ok := records[i].Body.(*clinic.Machine); ok && m.Detail == detail {
				found = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
