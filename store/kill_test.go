package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

const killDir = "CLINICBOX_KILL_DIR"

// TestKilledChild is the process that TestKill9 kills: four desks save acts and
// print each ID once it is saved.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("only as a child of TestKill9")
	}
	o := storetest.Options(dir)
	o.SegmentSize = 64 << 10
	s := storetest.Start(t, o)
	var out sync.Mutex
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				act := clinic.NewID()
				_, err := s.Act(context.Background(), act, clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) {
					return []clinic.Draft{patient(act, "Một"), visit(act, act, 1)}, nil
				})
				if err != nil {
					return
				}
				out.Lock()
				fmt.Println(act)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKill9 kills a working store many times over one directory: every act that
// was answered as saved is there, whole, and the check finds nothing.
func TestKill9(t *testing.T) {
	dir := t.TempDir()
	rnd := rand.New(rand.NewPCG(4, 2))
	var saved []clinic.ID
	for range 12 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(pipe)
		for n := 1 + rnd.IntN(150); lines.Scan(); n-- {
			if id, err := clinic.ParseID(lines.Text()); err == nil {
				saved = append(saved, id)
			}
			if n == 0 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait() // killed
		if rep, err := store.Check(t.Context(), storetest.Options(dir)); err != nil || len(rep.Problems) > 0 {
			t.Fatalf("%+v, %v", rep, err)
		}
	}
	s := storetest.OpenWith(t, storetest.Options(dir))
	for _, id := range saved {
		again, err := s.Act(t.Context(), id, clinic.ID{}, func(desk.Reader) ([]clinic.Draft, error) { return nil, nil })
		if err != nil || !again.Again || len(again.Records) != 2 {
			t.Fatalf("act %v, answered as saved: %+v, %v", id, again, err)
		}
	}
	t.Logf("%d acts survived 12 kills", len(saved))
}
