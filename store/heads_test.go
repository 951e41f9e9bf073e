package store_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/checkpoint"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/journal"
	"clinicbox/store/storetest"
)

func identity() ed25519.PublicKey { return storetest.Identity().Public().(ed25519.PublicKey) }

// grow saves n patients, an act each.
func grow(t testing.TB, s *store.Store, n int) {
	t.Helper()
	for range n {
		storetest.Save(t, s, patient(clinic.NewID(), "Nguyễn Thị Mẫu"))
	}
}

// stopped fills a store with n acts and closes it.
func stopped(t testing.TB, o store.Options, n int) {
	t.Helper()
	s := storetest.Start(t, o)
	grow(t, s, n)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// checkpointOf returns the newest signed checkpoint of an open store.
func checkpointOf(t testing.TB, s *store.Store) (note []byte, c checkpoint.Checkpoint) {
	t.Helper()
	note, err := s.Own().Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if c, err = checkpoint.Open(note, identity()); err != nil {
		t.Fatal(err)
	}
	return note, c
}

func TestCheckpointAfterEveryBatch(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.OpenWith(t, o)
	if _, err := s.Own().Checkpoint(); !errors.Is(err, store.ErrUnsigned) {
		t.Errorf("an empty log is signed: %v", err)
	}
	var before checkpoint.Checkpoint
	for i := range 5 {
		grow(t, s, 1)
		_, c := checkpointOf(t, s)
		root, err := s.Own().Root(c.Size)
		if err != nil || c.Size != uint64(i+1) || root != c.Root || c.Origin != checkpoint.Origin("tram-01", s.Epoch()) {
			t.Fatalf("%v %v", c, err)
		}
		if before.Size > 0 {
			p, err := s.Own().Grow(before.Size, c.Size)
			if err != nil || checkpoint.Grew(before, c, p) != nil {
				t.Fatal(err)
			}
		}
		before = c
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	rep, err := store.Check(t.Context(), o)
	if err != nil || rep.Signed != 5 || rep.Own != 5 {
		t.Errorf("%+v %v", rep, err)
	}
}

// TestCheckpointIsSyncedInTime: nobody asks for it, and it is on the disk all the same,
// with one sync for all that was signed in between.
func TestCheckpointIsSyncedInTime(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		o := storetest.Options(dir)
		files := &storetest.Faults{}
		o.Files = files
		s := storetest.Start(t, o)
		grow(t, s, 3)
		synctest.Wait()
		before := files.Count(storetest.StepSync)
		time.Sleep(time.Minute) // synctest's time
		synctest.Wait()
		if n := files.Count(storetest.StepSync) - before; n != 1 {
			t.Errorf("%d syncs of the checkpoint", n)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := files.Count(storetest.StepSync) - before; n != 1 {
			t.Errorf("%d syncs though nothing grew", n)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if rep, err := store.Check(t.Context(), storetest.Options(dir)); err != nil || rep.Signed != 3 {
		t.Errorf("%+v %v", rep, err)
	}
}

// TestCheckpointSurvivesTears cuts the power at each sector of the slot that was not
// synced: the other one is there.
func TestCheckpointSurvivesTears(t *testing.T) {
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	grow(t, s, 1)
	_, first := checkpointOf(t, s) // synced
	path := filepath.Join(o.Dir, "own", "checkpoint")
	old, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	grow(t, s, 1)
	_, second := checkpointOf(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for torn := range len(whole) / 512 {
		b := bytes.Clone(whole)
		copy(b[torn*512:(torn+1)*512], old[torn*512:])
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		rep, err := store.Check(t.Context(), o)
		if err != nil || len(rep.Problems) > 0 || rep.Signed != first.Size && rep.Signed != second.Size {
			t.Errorf("sector %d: %+v %v", torn, rep, err)
		}
	}
}

func TestProofs(t *testing.T) {
	s := storetest.OpenWith(t, storetest.Options(t.TempDir()))
	grow(t, s, 11)
	_, c := checkpointOf(t, s)
	for i := range c.Size {
		read, err := s.Own().Read(i, 1, 1)
		if err != nil {
			t.Fatal(i, err)
		}
		e := read[0]
		path, err := s.Own().Prove(i, c.Size)
		if err != nil || c.Holds(i, e.Leaf, path) != nil {
			t.Fatal(i, err)
		}
		for _, prefix := range [][]byte{e.Leaf[:], e.Leaf[:16]} {
			if got, err := s.Own().Find(prefix); err != nil || got != i {
				t.Fatal(got, err)
			}
		}
		if _, err := s.Own().Find(e.Leaf[:15]); !errors.Is(err, journal.ErrRange) {
			t.Error("15 bytes name an entry:", err)
		}
		e.Leaf[31] ^= 1
		if _, err := s.Own().Find(e.Leaf[:]); !errors.Is(err, journal.ErrRange) {
			t.Error(err)
		}
	}
	if _, err := s.Own().Prove(3, c.Size+1); !errors.Is(err, journal.ErrRange) {
		t.Error(err)
	}
	if _, err := s.Own().Grow(3, c.Size+1); !errors.Is(err, journal.ErrRange) {
		t.Error(err)
	}
}

func TestKeepCosigned(t *testing.T) {
	_, centre, _ := ed25519.GenerateKey(nil)
	by := checkpoint.Cosigner{Name: "centre", Key: centre.Public().(ed25519.PublicKey)}
	o := storetest.Options(t.TempDir())
	s := storetest.Start(t, o)
	grow(t, s, 2)
	older, _ := checkpointOf(t, s)
	grow(t, s, 2)
	note, c := checkpointOf(t, s)
	cosign := func(note []byte) []byte {
		out, err := checkpoint.Cosign(note, "centre", centre, time.Unix(1_790_000_000, 0))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	sign := func(c checkpoint.Checkpoint, k ed25519.PrivateKey) []byte {
		out, err := checkpoint.Sign(c, k)
		if err != nil {
			t.Fatal(err)
		}
		return cosign(out)
	}
	longer, other, epoch := c, c, c
	longer.Size += 5
	other.Root[0] ^= 1
	epoch.Origin = checkpoint.Origin("tram-01", [8]byte{9})
	for name, bad := range map[string]struct {
		note []byte
		want error
	}{
		"not cosigned":                   {note, checkpoint.ErrSignature},
		"signed by another key":          {sign(c, centre), checkpoint.ErrSignature},
		"changed":                        {bytes.Replace(cosign(note), []byte("\n4\n"), []byte("\n3\n"), 1), checkpoint.ErrSignature},
		"of another epoch":               {sign(epoch, storetest.Identity()), checkpoint.ErrFormat},
		"malformed":                      {[]byte("x"), checkpoint.ErrFormat},
		"of a log that grew differently": {sign(other, storetest.Identity()), store.ErrRewound},
		"of a longer log":                {sign(longer, storetest.Identity()), store.ErrRewound},
	} {
		if err := s.KeepCosigned(bad.note, by); !errors.Is(err, bad.want) {
			t.Errorf("%s: %v", name, err)
		}
		if s.Own().Cosigned() != nil {
			t.Fatalf("%s: kept", name)
		}
	}
	if n := len(s.Rewound()); n != 2 {
		t.Errorf("%d witnesses against the journal are told, not 2", n)
	}
	for _, keep := range [][]byte{cosign(note), cosign(older)} {
		if err := s.KeepCosigned(keep, by); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Own().Cosigned(); !bytes.Equal(got, cosign(note)) {
		t.Errorf("kept:\n%s", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if rep, err := store.Check(t.Context(), o); err != nil || rep.Cosigned != 4 || len(rep.Problems) != 2 {
		t.Errorf("%+v %v", rep, err) // the two stay loud: somebody has another history
	}
}

// TestHistoryThatIsNotWhatWasSigned is what a database administrator, a restored copy
// or a lying card makes of a journal. The box opens, works, and says so; so does check.
func TestHistoryThatIsNotWhatWasSigned(t *testing.T) {
	const others = "the first 6 entries are not those that were signed"
	for name, bend := range map[string]struct {
		do   func(t *testing.T, o store.Options, backup string)
		says string
		then string // once the journal has grown beyond it
	}{
		"rolled back to an older copy": {func(t *testing.T, o store.Options, backup string) {
			note := read(t, o, "own/checkpoint")
			restore(t, o, backup)
			write(t, o, "own/checkpoint", note)
		}, "6 entries were signed, 3 are there", others},
		"rolled back and grown again": {func(t *testing.T, o store.Options, backup string) {
			note := read(t, o, "own/checkpoint")
			restore(t, o, backup)
			o.Identity = nil
			stopped(t, o, 9)
			write(t, o, "own/checkpoint", note)
		}, others, others},
		"written anew by who has the storage key and not the identity": {func(t *testing.T, o store.Options, backup string) {
			note := read(t, o, "own/checkpoint")
			epoch := read(t, o, "epoch")
			for _, f := range []string{"own", viewsFile("")} {
				if err := os.RemoveAll(filepath.Join(o.Dir, f)); err != nil {
					t.Fatal(err)
				}
			}
			write(t, o, "epoch", epoch)
			o.Identity = nil
			stopped(t, o, 6)
			write(t, o, "own/checkpoint", note)
		}, others, others},
		"signed by another key": {func(t *testing.T, o store.Options, backup string) {
			b, err := hex.DecodeString(strings.Fields(string(read(t, o, "epoch")))[4])
			if err != nil {
				t.Fatal(err)
			}
			epoch := [8]byte(b)
			_, k, _ := ed25519.GenerateKey(nil)
			note, err := checkpoint.Sign(checkpoint.Checkpoint{Origin: checkpoint.Origin("tram-01", epoch), Size: 6}, k)
			if err != nil {
				t.Fatal(err)
			}
			write(t, o, "own/checkpoint", slot(99, note))
		}, "not signed by this box's key", "not signed by this box's key"},
	} {
		t.Run(name, func(t *testing.T) {
			o := storetest.Options(t.TempDir())
			stopped(t, o, 3)
			backup := t.TempDir()
			if err := os.CopyFS(backup, os.DirFS(o.Dir)); err != nil {
				t.Fatal(err)
			}
			stopped(t, o, 3)
			bend.do(t, o, backup)
			loud(t, o, bend.says)
			stopped(t, o, 7) // and signs what it has now
			loud(t, o, bend.then)
		})
	}
}

// TestEvidenceOutlastsAFullDisk: a checkpoint that contradicts the journal and cannot be
// set aside is never overwritten, however often the store is opened, written to and
// closed; it is set aside as soon as there is room, while the store runs.
func TestEvidenceOutlastsAFullDisk(t *testing.T) {
	o := storetest.Options(t.TempDir())
	stopped(t, o, 3)
	backup := t.TempDir()
	if err := os.CopyFS(backup, os.DirFS(o.Dir)); err != nil {
		t.Fatal(err)
	}
	stopped(t, o, 3)
	note := read(t, o, "own/checkpoint")
	restore(t, o, backup)
	write(t, o, "own/checkpoint", note)
	full := &fullFor{suffix: "rewound-6-"}
	o.Files = full
	evidence := func() int {
		names, err := filepath.Glob(filepath.Join(o.Dir, "own", "rewound-6-????????"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	for range 3 { // two slots: the third signature would overwrite for certain
		s := storetest.Start(t, o)
		for range 3 {
			grow(t, s, 1)
			if _, err := s.Own().Checkpoint(); !errors.Is(err, store.ErrUnsigned) {
				t.Errorf("signed: %v", err)
			}
		}
		if r := s.Rewound(); len(r) != 1 || evidence() != 0 {
			t.Errorf("%+v, %d files", r, evidence())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := read(t, o, "own/checkpoint"); !bytes.Equal(got, note) {
			t.Fatal("the evidence was overwritten")
		}
	}
	s := storetest.Start(t, o)
	full.room.Store(true)
	grow(t, s, 1)
	if _, c := checkpointOf(t, s); c.Size != s.Own().Size() || evidence() != 1 {
		t.Errorf("with room again: %d of %d signed, %d files", c.Size, s.Own().Size(), evidence())
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	loud(t, o, "the first 6 entries are not those that were signed")
}

// fullFor is a disk that has no room for files whose names hold a part, until it has.
type fullFor struct {
	durable.OS
	suffix string
	room   atomic.Bool
}

func (f *fullFor) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if flag&os.O_CREATE != 0 && strings.Contains(name, f.suffix) && !f.room.Load() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.ENOSPC}
	}
	return f.OS.OpenFile(name, flag, perm)
}

// TestCosignedEvidenceIsAskedForAgain: the centre's word against the journal that the
// disk does not take is not answered as kept, and is once there is room.
func TestCosignedEvidenceIsAskedForAgain(t *testing.T) {
	o := storetest.Options(t.TempDir())
	full := &fullFor{suffix: "rewound-"}
	o.Files = full
	s := storetest.Start(t, o)
	grow(t, s, 2)
	_, c := checkpointOf(t, s)
	_, centre, _ := ed25519.GenerateKey(nil)
	by := checkpoint.Cosigner{Name: "centre", Key: centre.Public().(ed25519.PublicKey)}
	c.Size = 7
	note, err := checkpoint.Sign(c, storetest.Identity())
	if err == nil {
		note, err = checkpoint.Cosign(note, by.Name, centre, time.Unix(1_800_000_000, 0))
	}
	if err != nil {
		t.Fatal(err)
	}
	err = s.KeepCosigned(note, by)
	if !errors.Is(err, store.ErrRewound) || !strings.Contains(err.Error(), "set aside") {
		t.Errorf("without room: %v", err)
	}
	full.room.Store(true)
	if err = s.KeepCosigned(note, by); !errors.Is(err, store.ErrRewound) || strings.Contains(err.Error(), "set aside") {
		t.Errorf("with room: %v", err)
	}
	if names, _ := filepath.Glob(filepath.Join(o.Dir, "own", "rewound-7-*")); len(names) != 1 || len(s.Rewound()) != 1 {
		t.Errorf("%v, %+v", names, s.Rewound())
	}
}

// TestUnreadableEvidenceIsTold: a file of evidence that cannot be read is told, too.
func TestUnreadableEvidenceIsTold(t *testing.T) {
	o := storetest.Options(t.TempDir())
	stopped(t, o, 3)
	if err := os.Mkdir(filepath.Join(o.Dir, "own", "rewound-6-00000000"), 0o700); err != nil {
		t.Fatal(err) // reading it fails
	}
	s := storetest.Start(t, o)
	if r := s.Rewound(); len(r) != 1 {
		t.Errorf("%+v", r)
	}
}

// loud expects check, and the next open, to say it.
func loud(t *testing.T, o store.Options, says string) {
	t.Helper()
	rep, err := store.Check(t.Context(), o)
	if err != nil || !strings.Contains(strings.Join(rep.Problems, "\n"), says) {
		t.Errorf("check says %q (%v), not %q", rep.Problems, err, says)
	}
	s := storetest.Start(t, o)
	if r := s.Rewound(); len(r) != 1 || !strings.Contains(r[0].Why, says) {
		t.Errorf("open tells %+v", r)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// restore puts a copy in the place of the data directory.
func restore(t *testing.T, o store.Options, backup string) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(o.Dir), os.CopyFS(o.Dir, os.DirFS(backup))); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, o store.Options, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(o.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, o store.Options, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(o.Dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// slot is a slot of own/checkpoint as the store writes it.
func slot(seq uint64, note []byte) []byte {
	b := binary.BigEndian.AppendUint64([]byte("CBXCKPT1"), seq)
	b = append(binary.BigEndian.AppendUint16(b, uint16(len(note))), note...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return append(b, make([]byte, 4*4096-len(b))...)
}

// TestCheckpointsOnAFailingDisk: records go on when checkpoints cannot be written, and
// end when a sync failed.
func TestCheckpointsOnAFailingDisk(t *testing.T) {
	files := &storetest.Faults{}
	o := storetest.Options(t.TempDir())
	o.Files = files
	s := storetest.Start(t, o)
	grow(t, s, 1)
	checkpointOf(t, s)
	files.Arm(storetest.StepSync, 1, errInjected, false) // the journal's goes well
	grow(t, s, 1)
	if _, err := s.Own().Checkpoint(); !errors.Is(err, store.ErrFatal) {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Files = durable.OS{}
	storetest.Check(t, o.Dir)
}

func FuzzSlot(f *testing.F) {
	f.Add(slot(3, []byte("note"))[:4096])
	f.Fuzz(func(t *testing.T, b []byte) { store.TrySlot(t, b) })
}
