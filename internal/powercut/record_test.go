package powercut_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"clinicbox/internal/powercut"
	"clinicbox/internal/testpeer"
)

const workDir = "CLINICBOX_POWERCUT_DIR"

// TestWorker is the process that is recorded.
func TestWorker(t *testing.T) {
	dir := os.Getenv(workDir)
	if dir == "" {
		t.Skip("only as a child")
	}
	ok := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	ok(os.Mkdir(filepath.Join(dir, "sub"), 0o700))
	a, err := os.OpenFile(filepath.Join(dir, "sub", "a.tmp"), os.O_RDWR|os.O_CREATE, 0o600)
	ok(err)
	_, err = a.Write([]byte("hello "))
	ok(err)
	_, err = a.Write([]byte("world"))
	ok(err)
	_, err = a.WriteAt([]byte("J"), 0)
	ok(err)
	ok(a.Sync())
	ok(os.Rename(filepath.Join(dir, "sub", "a.tmp"), filepath.Join(dir, "sub", "a")))
	ok(a.Close())
	d, err := os.Open(filepath.Join(dir, "sub"))
	ok(err)
	ok(d.Sync())
	top, err := os.Open(dir)
	ok(err)
	ok(top.Sync())
	fmt.Println("said: a is there")
	ap, err := os.OpenFile(filepath.Join(dir, "old"), os.O_WRONLY|os.O_APPEND, 0)
	ok(err)
	_, err = ap.Write([]byte(" and more"))
	ok(err)
	ok(ap.Truncate(5))
	ok(syscall.Fallocate(int(ap.Fd()), 0, 0, 3000))
	if _, err := os.OpenFile(filepath.Join(dir, "no", "such"), os.O_CREATE|os.O_WRONLY, 0o600); err == nil {
		t.Fatal("made")
	}
	root, err := os.OpenRoot(dir)
	ok(err)
	ok(root.WriteFile("rooted", []byte("x"), 0o600))
	ok(root.Remove("rooted"))
	var wg sync.WaitGroup
	for n := range 4 {
		wg.Go(func() {
			f, err := os.Create(filepath.Join(dir, fmt.Sprint("t", n)))
			if err != nil {
				panic(err)
			}
			for i := range 200 {
				if _, err := f.WriteAt(bytes.Repeat([]byte{byte(i)}, 700), int64(i*600)); err != nil {
					panic(err)
				}
				if i%40 == 0 {
					_ = f.Sync()
				}
			}
			fmt.Printf("said: %d is done\n", n)
		})
	}
	wg.Wait()
	for n := range 4 {
		f, err := os.Open(filepath.Join(dir, fmt.Sprint("t", n)))
		ok(err)
		ok(f.Sync())
	}
	ok(ap.Sync())
	ok(top.Sync())
	if os.Getenv(workDir+"_BAD") != "" {
		f, err := os.OpenFile(filepath.Join(dir, "old"), os.O_RDWR, 0)
		ok(err)
		_, err = syscall.Mmap(int(f.Fd()), 0, 100, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		ok(err)
	}
}

func record(t *testing.T, more ...string) (string, *powercut.Trace, error) {
	t.Helper()
	if !powercut.Supported() {
		testpeer.Lacks(t, "recording needs Linux on amd64 or arm64")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("old content"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(os.Args[0], "-test.run=^TestWorker$")
	c.Env = append(append(os.Environ(), workDir+"="+dir), more...)
	trace, err := powercut.Record(dir, c)
	return dir, trace, err
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[strings.TrimPrefix(path, dir+"/")] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestRecord: what is recorded, when nothing is lost, is what the process left, also
// when threads write at the same time; what was flushed is there at every cut.
func TestRecord(t *testing.T) {
	dir, trace, err := record(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(trace.Summary(), "moments", trace.Moment)
	want := tree(t, dir)
	for seed := range uint64(20) {
		at := t.TempDir()
		if err := trace.Rebuild(powercut.Cut{At: trace.Moment, Sector: 512, Seed: seed}, at); err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(tree(t, at), want) {
			t.Fatalf("seed %d: everything was flushed, and another content is there", seed)
		}
	}
	if said := trace.Said(trace.Moment); strings.Count(said, "said: ") != 5 {
		t.Errorf("said %q", said)
	}
	for at := range trace.Moment {
		heard := strings.Contains(trace.Said(at), "a is there")
		dir := t.TempDir()
		if err := trace.Rebuild(powercut.Cut{At: at, Sector: 4096, Seed: 7}, dir); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, dir)["sub/a"]; heard && got != "Jello world" {
			t.Fatalf("cut at %d: %q", at, got)
		}
		if at > 300 {
			break
		}
	}
}

// TestRecordRefuses: what the model does not know ends the recording.
func TestRecordRefuses(t *testing.T) {
	if _, _, err := record(t, workDir+"_BAD=1"); err == nil || !strings.Contains(err.Error(), "writable mapping of old") {
		t.Error(err)
	}
}
