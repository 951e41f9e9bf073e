package store_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/internal/durable"
	"clinicbox/store"
	"clinicbox/store/seal"
	"clinicbox/store/storetest"
)

// unpack makes a directory of the archive in testdata.
func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, filepath.FromSlash(h.Name))
		if h.Typeflag == tar.TypeDir {
			err = os.MkdirAll(path, 0o700)
		} else {
			var b []byte
			if b, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(path, b, 0o600)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// treeFiles reads every file of a directory.
func treeFiles(t testing.TB, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		out[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func putTree(t testing.TB, files map[string][]byte) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, b := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		err := os.WriteFile(path, bytes.TrimRight(b, "\x00"), 0o600)
		if err := errors.Join(err, os.Truncate(path, int64(len(b)))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestDirectoryBeforeRings opens a directory that was written before there was a ring,
// then gives it one: the oldest entries stay readable, and no hash changes.
func TestDirectoryBeforeRings(t *testing.T) {
	o := storetest.Options(unpack(t, "before-ring.tar.gz"))
	before := treeFiles(t, o.Dir)
	look := func() {
		t.Helper()
		s := storetest.OpenWith(t, o)
		root, err := s.Own().Root(18)
		if err != nil || hex.EncodeToString(root[:]) != "4589770dddbf5b8bfb74e5c560500d20122e81b30458d6184f15fe8cde546b64" {
			t.Errorf("root %x, %v", root, err)
		}
		storetest.View(t, s, func(r desk.Reader) {
			all, err := r.Records(clinic.ID{1, 1})
			if err != nil || len(all) < 15 || all[0].Body.(*clinic.Patient).Name != "Nguyễn Văn Mẫu" {
				t.Error(all, err)
			}
			if ids, err := r.ByIdentifier(clinic.SystemCitizen, "000000015838"); err != nil || len(ids) != 1 {
				t.Error(ids, err)
			}
			if _, ok, err := r.Slip("slip1"); !ok || err != nil {
				t.Error("slip", ok, err)
			}
			if _, ok := r.Row(clinic.CatalogMedicine, "m7", today); !ok {
				t.Error("received row is gone")
			}
		})
		if v, err := s.State().Get("print", "job"); err != nil || string(v) != "phiếu" {
			t.Errorf("%q, %v", v, err)
		}
		storetest.Save(t, s, patient(clinic.NewID(), "Thêm"))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	look()
	if _, err := os.Stat(filepath.Join(o.Dir, "ring")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a ring that nobody asked for:", err)
	}
	for range 2 {
		if err := store.Rotate(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		look()
	}
	after := treeFiles(t, o.Dir)
	for _, name := range []string{"own/00000000.seg", "own/00000001.seg", "in/00000000.seg"} {
		if !bytes.Equal(before[name], after[name]) {
			t.Error(name, "was written again")
		}
	}
}

// keyIDs are the keys that the segments of a journal name.
func keyIDs(files map[string][]byte, journal string) (out []seal.KeyID) {
	for name, b := range files {
		if strings.HasPrefix(name, journal+"/") && strings.HasSuffix(name, ".seg") {
			out = append(out, seal.KeyID(b[32:40]))
		}
	}
	return out
}

func ringOf(t testing.TB, dir string, root seal.Key) seal.Ring {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "ring"))
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := seal.DecodeRing(b, root)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRotate: after it nothing is written under an older key, the rows that name
// people stand under other hashes, and all is as it was to who reads.
func TestRotate(t *testing.T) {
	o := storetest.Options(t.TempDir())
	_, dump := filled(t, o)
	last := storetest.Options(t.TempDir()) // never rotated: the oldest key alone
	last.Dir = putTree(t, treeFiles(t, o.Dir))
	for n := range 3 {
		if err := store.Rotate(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		rep, err := store.Check(t.Context(), o)
		if err != nil || len(rep.Problems) > 0 || rep.Unturned != 4 {
			t.Fatalf("%+v, %v", rep, err)
		}
		s := storetest.Start(t, o)
		now := s.Dump(false)
		if err := s.State().Put("pins", "person", []byte{byte(n)}); err != nil {
			t.Fatal(err)
		}
		storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{8}, Body: &clinic.Vitals{Pulse: 60 + n}})
		if _, err := s.Receive(t.Context(), received(t, 31+n)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		storetest.Check(t, o.Dir)
		if rep, _ := store.Check(t.Context(), o); rep.Unturned != 0 || rep.Rows == 0 {
			t.Fatalf("%+v", rep)
		}
		ring, files := ringOf(t, o.Dir, o.Key), treeFiles(t, o.Dir)
		for _, j := range []string{"own", "in"} {
			if ids := keyIDs(files, j); len(ids) != n+2 || !slices.Contains(ids, ring.Newest().ID()) {
				t.Errorf("%s: segments of %x, newest %x", j, ids, ring.Newest().ID())
			}
		}
		same := 0
		for i, row := range now {
			switch table, _, _ := strings.Cut(row, " "); table {
			case "ident", "slip", "due", "born":
				if slices.Contains(dump, row) {
					same++
				}
			case "day": // the slip stands in it
			default:
				if n == 0 && row != dump[i] {
					t.Error("another row changed:", table)
				}
			}
		}
		if same > 0 {
			t.Errorf("%d rows that name people stand under the older hash", same)
		}
		dump = now
	}
	if err := os.Rename(filepath.Join(o.Dir, "state.db"), filepath.Join(last.Dir, "state.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), last); !errors.Is(err, store.ErrKey) {
		t.Error("a state of an unknown key:", err)
	}
	if _, err := os.Stat(filepath.Join(last.Dir, "state.db")); err != nil {
		t.Error("it was set aside:", err)
	}
}

// secretWords name people and secrets in the stores of the tests below.
func secretWords() []string {
	return []string{"Nguyễn Thị Bí Mật", "nguyen thi bi mat", "001199054321", "0912345678", "Viêm họng kín", "SLIPSECRET", "pin-person-9", "pin-value"}
}

// secretive fills a store with them and closes it.
func secretive(t *testing.T, o store.Options) {
	t.Helper()
	w := secretWords()
	s := storetest.Start(t, o)
	p, v := clinic.ID{3}, clinic.ID{4}
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindPatient, Subject: p, Body: &clinic.Patient{
		Name: w[0], Folded: w[1], Phone: w[3], Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: w[2]}},
	}}, visit(p, v, 1),
		clinic.Draft{Kind: clinic.KindDiagnosis, Subject: p, Visit: v, Body: &clinic.Diagnosis{Main: "J02", Text: w[4]}},
		clinic.Draft{Kind: clinic.KindAppointment, Subject: p, Visit: v, Body: &clinic.Appointment{Slip: w[5], Due: today}})
	if _, err := s.Receive(t.Context(), received(t, 8)); err != nil {
		t.Fatal(err)
	}
	if err := s.State().Put("pins", w[6], []byte(w[7])); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// unharmed opens the store and reads all that secretive wrote.
func unharmed(t *testing.T, o store.Options) {
	t.Helper()
	w := secretWords()
	s := storetest.Start(t, o)
	storetest.View(t, s, func(r desk.Reader) {
		if ids, err := r.ByIdentifier(clinic.SystemCitizen, w[2]); err != nil || len(ids) != 1 || ids[0] != (clinic.ID{3}) {
			t.Error("by number:", ids, err)
		}
		if a, ok, err := r.Slip(w[5]); err != nil || !ok || a.Patient != (clinic.ID{3}) {
			t.Error("by slip:", a, ok, err)
		}
		all, err := r.Records(clinic.ID{3})
		if err != nil || len(all) < 4 {
			t.Error(all, err)
		}
		if _, ok := r.Row(clinic.CatalogMedicine, "m7", today); !ok {
			t.Error("received row is gone")
		}
	})
	if v, err := s.State().Get("pins", w[6]); err != nil || string(v) != w[7] {
		t.Errorf("%q, %v", v, err)
	}
	storetest.Save(t, s, clinic.Draft{Kind: clinic.KindVitals, Subject: clinic.ID{3}, Visit: clinic.ID{4}, Body: &clinic.Vitals{Pulse: 70}})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name, b := range treeFiles(t, o.Dir) {
		holdsNone(t, name, b)
		if strings.HasSuffix(name, durable.TempSuffix) {
			t.Error("left behind:", name)
		}
	}
	if rep, err := store.Check(t.Context(), o); err != nil || len(rep.Problems) > 0 || rep.Unturned > 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func holdsNone(t *testing.T, name string, b []byte) {
	t.Helper()
	b = bytes.ToLower(bytes.TrimRight(b, "\x00"))
	for _, w := range secretWords() {
		if bytes.Contains(b, bytes.ToLower([]byte(w))) {
			t.Errorf("%q stands in clear in %s", w, name)
		}
	}
}

// snapshots is a file layer that keeps the directory as it is before every change.
type snapshots struct {
	durable.OS
	t     *testing.T
	dir   string
	taken []map[string][]byte
}

func (l *snapshots) take() { l.taken = append(l.taken, treeFiles(l.t, l.dir)) }

func (l *snapshots) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	if flag&(os.O_TRUNC|os.O_CREATE) != 0 {
		l.take()
	}
	f, err := l.OS.OpenFile(name, flag, perm)
	return snapshotFile{f, l}, err
}

func (l *snapshots) Rename(from, to string) error {
	l.take()
	return l.OS.Rename(from, to)
}

func (l *snapshots) Remove(name string) error {
	l.take()
	return l.OS.Remove(name)
}

type snapshotFile struct {
	durable.File
	l *snapshots
}

func (f snapshotFile) WriteAt(b []byte, off int64) (int, error) {
	f.l.take()
	if n := len(b) / 2; n > 0 { // and torn in the middle
		if _, err := f.File.WriteAt(b[:n], off); err != nil {
			return 0, err
		}
		f.l.take()
	}
	return f.File.WriteAt(b, off)
}

func (f snapshotFile) Truncate(size int64) error {
	f.l.take()
	return f.File.Truncate(size)
}

// rotations are the changes of keys, of a closed directory that is opened next.
func rotations() map[string]func(*store.Options) error {
	return map[string]func(*store.Options) error{
		"data":    func(o *store.Options) error { return store.Rotate(context.Background(), *o) },
		"storage": func(o *store.Options) error { *o = under(*o, seal.Key{99}); return nil },
	}
}

// TestRotationCutAnywhere opens the directory as a power cut would leave it before
// and inside every write of ring and journals, and with every mixture of old and new
// parts: each opens, finishes, and has nothing in clear before or after.
func TestRotationCutAnywhere(t *testing.T) {
	for name, rotate := range rotations() {
		t.Run(name, func(t *testing.T) { cutAnywhere(t, rotate) })
	}
}

func cutAnywhere(t *testing.T, rotate func(*store.Options) error) {
	o := storetest.Options(t.TempDir())
	secretive(t, o)
	before := treeFiles(t, o.Dir)
	l := &snapshots{t: t, dir: o.Dir}
	cut := o
	cut.Files = l
	if err := rotate(&cut); err != nil {
		t.Fatal(err)
	}
	o.Key, o.Before = cut.Key, cut.Before
	s, err := store.Open(t.Context(), cut)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	after := treeFiles(t, o.Dir)
	states := l.taken
	if len(states) < 20 {
		t.Fatal(len(states), "snapshots")
	}
	parts := []string{"own/", "in/", "views-", "state.db"}
	for mix := range 1 << len(parts) {
		m := map[string][]byte{"state.db.tmp": before["state.db"][:5000], viewsFile("") + ".tmp": after[viewsFile("")][:9000]}
		for _, files := range []map[string][]byte{before, after} {
			for name, b := range files {
				i := slices.IndexFunc(parts, func(p string) bool { return strings.HasPrefix(name, p) })
				if _, old := before[name]; i < 0 || (mix>>i&1 == 0) == (old && bytes.Equal(before[name], b)) || mix>>i&1 == 0 && old {
					m[name] = b
				}
				if i >= 0 && mix>>i&1 == 0 {
					if m[name] = before[name]; m[name] == nil {
						delete(m, name)
					}
				}
			}
		}
		states = append(states, m)
	}
	for _, files := range states {
		for name, b := range files {
			holdsNone(t, name, b)
		}
		c := o
		c.Dir = putTree(t, files)
		unharmed(t, c)
		if t.Failed() {
			t.Fatalf("with %d files", len(files))
		}
	}
}

// TestRotationFaults makes every write of the rotation, and of the open behind it,
// fail: not applied, and applied.
func TestRotationFaults(t *testing.T) {
	for name, rotate := range rotations() {
		t.Run(name, func(t *testing.T) { faultAnywhere(t, rotate, map[string]int{"data": 1000, "storage": 8}[name]) })
	}
}

// faultAnywhere tries the first most writes of each kind; those behind the ring's are the
// same in both changes.
func faultAnywhere(t *testing.T, rotate func(*store.Options) error, most int) {
	start := storetest.Options(t.TempDir())
	secretive(t, start)
	files := treeFiles(t, start.Dir)
	delete(files, filepath.Base(viewsFile(start.Dir))) // they go through another file layer
	for _, step := range []storetest.Step{storetest.StepOpen, storetest.StepWrite, storetest.StepTruncate, storetest.StepSync, storetest.StepRename, storetest.StepSyncDir} {
		for _, applied := range []bool{false, true} {
			for _, fault := range []error{errInjected, syscall.ENOSPC} {
				for n := 0; n < most && (!applied || fault == errInjected && step != storetest.StepOpen); n++ {
					o := start
					o.Dir = putTree(t, files)
					l := &storetest.Faults{}
					o.Files = l
					l.Arm(step, n, fault, applied)
					err := rotate(&o)
					if err == nil {
						var s *store.Store
						if s, err = store.Open(t.Context(), o); err == nil {
							err = s.Close()
						}
					}
					hit := l.Count(step) > n
					o.Files = nil
					unharmed(t, o)
					if t.Failed() {
						t.Fatalf("%s %d, applied %t, %v: %v", step, n, applied, fault, err)
					}
					if !hit {
						break
					}
				}
			}
		}
	}
}

// TestDamagedStateInARotation: it is set aside as it is, sealed, and the rest turns.
func TestDamagedStateInARotation(t *testing.T) {
	o := storetest.Options(t.TempDir())
	secretive(t, o)
	storetest.DamageState(t, o.Dir, "pins", 1)
	if err := store.Rotate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s := storetest.Start(t, o)
	if names, err := s.State().Damaged("pins"); err != nil || len(names) != 1 {
		t.Fatal("a damaged value is no longer named:", names, err)
	}
	if err := s.State().Put("pins", "another", []byte("pin-value")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Dir, "state.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	clear(b[4096*2 : 4096*8])
	if err := errors.Join(os.WriteFile(path, b, 0o600), store.Rotate(t.Context(), o)); err != nil {
		t.Fatal(err)
	}
	s = storetest.OpenWith(t, o)
	if v, err := s.State().Get("pins", "another"); v != nil || err != nil {
		t.Error(v, err)
	}
	aside := false
	for name, b := range treeFiles(t, o.Dir) {
		aside = aside || strings.HasPrefix(name, "state.db.damaged-")
		holdsNone(t, name, b)
	}
	if !aside {
		t.Error("nothing was set aside")
	}
}

// TestRingCopies: one bad copy costs nothing; two, or an older pair, lose nothing and
// tell what to do.
func TestRingCopies(t *testing.T) {
	o := storetest.Options(t.TempDir())
	secretive(t, o)
	if err := store.Rotate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	older := treeFiles(t, o.Dir)
	unharmed(t, o)
	if err := store.Rotate(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	unharmed(t, o)
	good := treeFiles(t, o.Dir)
	bad := bytes.Clone(good["ring"])
	bad[50] ^= 1
	newer := bytes.Clone(good["ring"])
	newer[9]++
	foreign := seal.NewRing(seal.Key{77}).Encode(seal.Key{77})
	for _, c := range []struct {
		name         string
		ring, mirror []byte // nil: missing
		want         error
		problem      bool
	}{
		{"main damaged", bad, good["ring"], nil, true},
		{"copy damaged", good["ring"], bad, nil, true},
		{"main missing", nil, good["ring"], nil, false},
		{"copy missing", good["ring"], nil, nil, false},
		{"copy older", good["ring"], older["ring"], nil, false},
		{"main older", older["ring"], good["ring"], nil, false},
		{"copy of another box", good["ring"], foreign, nil, true},
		{"both damaged", bad, bad, store.ErrRing, false},
		{"cut short", bad[:9], nil, store.ErrRing, false},
		{"both older", older["ring"], older["ring"], store.ErrKey, false},
		{"both missing", nil, nil, store.ErrKey, false},
		{"of another box", foreign, foreign, store.ErrKey, false},
		{"of a newer program", newer, good["ring"], store.ErrVersion, false},
	} {
		files := map[string][]byte{}
		for name, b := range good {
			files[name] = b
		}
		for name, b := range map[string][]byte{"ring": c.ring, "ring.copy": c.mirror} {
			if files[name] = b; b == nil {
				delete(files, name)
			}
		}
		try := o
		try.Dir = putTree(t, files)
		rep, err := store.Check(t.Context(), try)
		if !errors.Is(err, c.want) || c.problem != (len(rep.Problems) > 0) {
			t.Errorf("%s: check says %v, %+v", c.name, err, rep)
		}
		if c.want == nil {
			unharmed(t, try)
			continue
		}
		if s, err := store.Open(t.Context(), try); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
			if s != nil {
				s.Close()
			}
		}
		if err := store.Rotate(t.Context(), try); !errors.Is(err, c.want) && c.want != store.ErrKey {
			t.Errorf("%s: rotated: %v", c.name, err)
		}
		now := treeFiles(t, try.Dir)
		for name := range files {
			if !bytes.Equal(now[name], good[name]) && !strings.HasPrefix(name, "ring") && name != "LOCK" {
				t.Errorf("%s: %s has changed", c.name, name)
			}
		}
		for _, name := range []string{"ring", "ring.copy"} { // brought back, all is well
			if err := os.WriteFile(filepath.Join(try.Dir, name), good["ring"], 0o600); err != nil {
				t.Fatal(err)
			}
		}
		unharmed(t, try)
	}
}

// under is o after its storage key was replaced.
func under(o store.Options, next seal.Key) store.Options {
	old := o.Key
	o.Key, o.Before = next, &old
	return o
}

// TestAnotherStorageKey: whoever has the key that replaced another opens what lies under
// that one; afterwards the other opens nothing, in no block that was ever written.
func TestAnotherStorageKey(t *testing.T) {
	for _, rotated := range []int{0, 2} {
		old := storetest.Options(t.TempDir())
		secretive(t, old)
		copyKey, err := store.CopyKey(old)
		if err != nil {
			t.Fatal(err)
		}
		for range rotated {
			if err := store.Rotate(t.Context(), old); err != nil {
				t.Fatal(err)
			}
		}
		for n := range 2 {
			next := under(old, seal.Key{99, byte(n)})
			bare := next
			if bare.Before = nil; rotated+n > 0 {
				if _, err := store.Open(t.Context(), bare); !errors.Is(err, store.ErrKey) {
					t.Fatal("a key that has replaced none opens:", err)
				}
			}
			if err := store.Settled(next); !errors.Is(err, store.ErrKey) {
				t.Fatal("may be replaced before it was opened:", err)
			}
			if rep, err := store.Check(t.Context(), next); err != nil || len(rep.Problems) > 0 || rep.Unturned == 0 {
				t.Errorf("%+v, %v", rep, err)
			}
			l := &snapshots{t: t, dir: old.Dir}
			next.Files = l
			unharmed(t, next)
			newest := *ringOf(t, old.Dir, next.Key).Newest()
			for _, files := range l.taken {
				for _, name := range []string{"ring", "ring.copy", "ring.tmp", "ring.copy.tmp"} {
					if r, _, err := seal.DecodeRing(files[name], old.Key); err == nil && r.Find(newest.ID()) != nil {
						t.Fatal("the old storage key opens the new data key in", name)
					}
				}
			}
			next.Files = nil
			for _, o := range []store.Options{next, bare} { // it is over
				if err := store.Settled(o); err != nil {
					t.Error(err)
				}
				unharmed(t, o)
			}
			if _, err := store.Open(t.Context(), old); !errors.Is(err, store.ErrKey) {
				t.Fatal("the old key opens:", err)
			}
			if now, err := store.CopyKey(bare); err != nil || now != copyKey {
				t.Error("copies from before are no longer this box's:", err)
			}
			if r := ringOf(t, old.Dir, next.Key); r.Len() != rotated+n+2 {
				t.Error(r)
			}
			old = bare
		}
	}
}

// TestRotateNeedsAClosedStore: a store that is open would go on under the older key.
func TestRotateNeedsAClosedStore(t *testing.T) {
	o := storetest.Options(t.TempDir())
	storetest.OpenWith(t, o)
	if err := store.Rotate(t.Context(), o); !errors.Is(err, store.ErrLocked) {
		t.Fatal(err)
	}
}
