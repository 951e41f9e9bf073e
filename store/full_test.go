package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/testpeer"
	"clinicbox/store"
	"clinicbox/store/storetest"
)

// smallDisk mounts a disk of 8 MiB; stuff fills it to the last byte, and what it
// returns makes room again.
func smallDisk(t *testing.T) (dir string, stuff func() (unstuff func())) {
	t.Helper()
	dir = t.TempDir()
	testpeer.Disk(t, dir, "8m")
	return dir, func() func() {
		path := filepath.Join(dir, "stuffing")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for b := make([]byte, 4096); err == nil; {
			_, err = f.Write(b)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		return func() { os.Remove(path) }
	}
}

// TestOpenOnAFullDisk stops a store with views that lag, fills its disk to the last
// byte and takes away what can be made again: everything that was saved can be read,
// and people can log in. With room again, work goes on.
func TestOpenOnAFullDisk(t *testing.T) {
	for name, lose := range map[string]string{
		"nothing lost": "", "views": viewsFile(""), "hashes": "own/hashes", "offsets": "own/00000000.idx", "all hashes": "in/hashes",
	} {
		t.Run(name, func(t *testing.T) {
			disk, stuff := smallDisk(t)
			o := storetest.Options(filepath.Join(disk, "data"))
			o.Reserve, o.SegmentSize = 1<<20, 16<<10
			last, inc := laggingStore(t, o)
			if lose != "" {
				if err := os.Remove(filepath.Join(o.Dir, lose)); err != nil {
					t.Fatal(err)
				}
			}
			unstuff := stuff()
			s := storetest.Start(t, o)
			root := readable(t, s, last)
			if now, _, _ := s.Incarnation(); now != inc {
				t.Error("an incarnation began that the disk does not have")
			}
			if _, err := s.Act(t.Context(), clinic.NewID(), clinic.ID{1}, anAct); !errors.Is(err, store.ErrFull) {
				t.Error("an act on a full disk:", err)
			}
			if _, err := s.Receive(t.Context(), received(t, 1)); !errors.Is(err, store.ErrFull) {
				t.Error("received on a full disk:", err)
			}
			for i := range 50 { // tries of PINs
				if err := s.State().Put("pins", fmt.Sprint(i%5), []byte{byte(i)}); err != nil {
					t.Fatal("state on a full disk:", err)
				}
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = storetest.OpenWith(t, o) // a second time: the first left nothing half done
			if again := readable(t, s, last); again != root {
				t.Error("another root")
			}
			unstuff()
			storetest.Save(t, s, patient(clinic.NewID(), "Có chỗ lại"))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			s = storetest.OpenWith(t, o)
			if _, parent, tip := s.Incarnation(); parent != inc || tip != s.Own().Size() {
				t.Error("the next incarnation has another parent or tip")
			}
			readable(t, s, last)
			storetest.View(t, s, func(r desk.Reader) {
				if ids, err := r.ByName("co cho lai", 5); err != nil || len(ids) != 1 {
					t.Error(ids, err)
				}
			})
		})
	}
}

func anAct(desk.Reader) ([]clinic.Draft, error) {
	return []clinic.Draft{patient(clinic.NewID(), "A")}, nil
}

// laggingStore fills a store and ends it between the journal's sync and the views'
// commit; it returns the patient of the last act and
// the incarnation.
func laggingStore(t *testing.T, o store.Options) (last clinic.ID, incarnation [8]byte) {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() { ended <- s.Run(context.Background()) }()
	storetest.Fill(t, s, storetest.Population{Patients: 60, Visits: 30})
	if err := s.State().Put("pins", "0", []byte{1}); err != nil {
		t.Fatal(err)
	}
	s.SetCommit(func(tx *bbolt.Tx) error { return errors.Join(syscall.ENOSPC, tx.Rollback()) })
	last = clinic.NewID()
	storetest.Save(t, s, patient(last, "Lần cuối"))
	if err := <-ended; !errors.Is(err, store.ErrFatal) {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	incarnation, _, _ = s.Incarnation()
	return last, incarnation
}

func readable(t *testing.T, s *store.Store, last clinic.ID) (root [32]byte) {
	t.Helper()
	storetest.View(t, s, func(r desk.Reader) {
		if p, err := r.Patient(last); err != nil || p == nil || p.Name != "Lần cuối" {
			t.Error("the last act:", p, err)
		}
		if ids, err := r.ByName("lan cuoi", 5); err != nil || len(ids) != 1 {
			t.Error("by name:", ids, err)
		}
		if rows, err := r.Day(clinic.Date{Year: 2026, Month: 6, Day: 14}); err != nil || len(rows) != 30 {
			t.Error("queue:", len(rows), err)
		}
	})
	root, err := s.Own().Root(s.Own().Size())
	if err != nil {
		t.Error(err)
	}
	return root
}

// TestFailedBatchAnswersForAll: an act that saw what an act before it in the batch
// wrote must not report it when the batch is not saved.
func TestFailedBatchAnswersForAll(t *testing.T) {
	l := &storetest.Faults{}
	o := storetest.Options(t.TempDir())
	o.Files = l
	s := storetest.OpenWith(t, o)
	storetest.Save(t, s, patient(clinic.NewID(), "Có sẵn"))
	p := clinic.NewID()
	var order sync.WaitGroup
	gate, answers := make(chan bool), make(chan error, 2)
	queue := func(answer chan<- error, f func(desk.Reader) ([]clinic.Draft, error)) {
		n := s.Waiting()
		order.Go(func() {
			_, err := s.Act(context.Background(), clinic.NewID(), clinic.ID{1}, f)
			answer <- err
		})
		for s.Waiting() == n && t.Context().Err() == nil {
			runtime.Gosched()
		}
	}
	inside := make(chan bool)
	order.Go(func() { // while it runs, the others gather
		_, _ = s.Act(context.Background(), clinic.NewID(), clinic.ID{1}, func(desk.Reader) ([]clinic.Draft, error) {
			close(inside)
			<-gate
			return nil, nil
		})
	})
	<-inside
	queue(answers, func(desk.Reader) ([]clinic.Draft, error) { return []clinic.Draft{patient(p, "Mới")}, nil })
	queue(answers, func(r desk.Reader) ([]clinic.Draft, error) {
		if got, err := r.Patient(p); got != nil || err != nil {
			return nil, errors.Join(err, errors.New("she is registered already"))
		}
		return nil, errors.New("she is not in the batch")
	})
	l.Arm(storetest.StepWrite, 0, syscall.ENOSPC, false)
	close(gate)
	order.Wait()
	for range 2 {
		if err := <-answers; !errors.Is(err, store.ErrFull) {
			t.Error(err)
		}
	}
}

// TestReceiveTooMany: more entries at once than a batch carries stop nothing.
func TestReceiveTooMany(t *testing.T) {
	s := storetest.Open(t)
	one := received(t, 1)[0]
	many := make([]store.Received, 1<<16)
	for i := range many {
		many[i] = one
		many[i].Salt[3], many[i].Salt[4], many[i].Salt[5] = byte(i), byte(i>>8), 9
	}
	if n, err := s.Receive(t.Context(), many); err == nil || n != 0 {
		t.Fatal(n, err)
	}
	if n, err := s.Receive(t.Context(), many[:300]); err != nil || n != 300 {
		t.Fatal(n, err)
	}
}

// TestCheckWithoutHashes: missing hashes are a finding, not the end of the check.
func TestCheckWithoutHashes(t *testing.T) {
	o := storetest.Options(t.TempDir())
	filled(t, o)
	if err := os.Remove(filepath.Join(o.Dir, "own", "hashes")); err != nil {
		t.Fatal(err)
	}
	rep, err := store.Check(t.Context(), o)
	if err != nil || rep.Unhashed == 0 || rep.OwnRoot == [32]byte{} {
		t.Fatalf("%+v, %v", rep, err)
	}
}
