package proof

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testpeer"
)

// smallDisk mounts a disk of so many MiB.
func smallDisk(t testing.TB, size string) string {
	t.Helper()
	dir := t.TempDir()
	testpeer.Disk(t, dir, size)
	return dir
}

// stuff fills the disk until left bytes are free, with a file that unstuff removes.
func stuff(t testing.TB, dir string, left int64) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "stuffing"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		t.Fatal(err)
	}
	n := int64(s.Bavail)*int64(s.Bsize) - left
	if _, err := io.CopyN(f, zeros{}, n); err != nil && !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}

func unstuff(t testing.TB, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, "stuffing")); err != nil {
		t.Fatal(err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// TestFullDisk fills the disk under the real program: pages stay readable, saving
// says in words what is the matter, nothing is lost, and work goes on once there
// is room.
func TestFullDisk(t *testing.T) {
	bin, dir := program(t), smallDisk(t, "160m")
	s := newStation(t, bin, dir, "", team()[0])
	r := s.serve()
	w := &worker{t: t, who: team()[0]}
	if err := w.login(r.url); err != nil {
		t.Fatal(err)
	}
	for range 4 { // registered, measured, examined, diagnosed
		if err := w.step(); err != nil {
			t.Fatal(err)
		}
	}
	stuff(t, dir, 16<<20) // below what the store keeps free
	w.blocked(s, r)
	unstuff(t, dir)
	w.resumed()
	w.visible(s)

	stuff(t, dir, 16<<20)
	r.kill() // a power cut on top: it opens and can be read
	r = w.back(s)
	unstuff(t, dir)

	stuff(t, dir, 0)
	w.blocked(s, r)
	r.kill()
	r = w.back(s) // not one byte is free: it opens and can be read all the same
	unstuff(t, dir)
	w.resumed()
	for w.next != 0 {
		if err := w.step(); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-r.ended:
		t.Fatal("the box ended", r.err)
	default:
	}
	if err := r.stop(); err != nil {
		t.Fatal(err, s.log)
	}
	s.clean()
	found := acts(t, s)
	views := 0
	for _, recs := range found {
		if recs[0].Kind == clinic.KindLooked {
			views++
		}
	}
	w.audit(found)
	if views == 0 {
		t.Error("no view of a record was recorded after there was room again")
	}
}

// back starts the box, logs in and reads.
func (w *worker) back(s *station) *running {
	w.t.Helper()
	r := s.serve()
	if err := w.login(r.url); err != nil {
		w.t.Fatal(err)
	}
	w.reads()
	return r
}

// resumed sends the very form that was refused.
func (w *worker) resumed() {
	w.t.Helper()
	if err := w.resume(); err != nil {
		w.t.Fatal(err)
	}
}

// blocked works at a box whose disk is full.
func (w *worker) blocked(s *station, r *running) {
	w.t.Helper()
	w.refusedWith("Storage is full", "hết chỗ lưu")
	// Reading goes on, also after the views of records could not be written.
	held := strings.Count(s.log.String(), "held in memory")
	w.eventually("the views to be tried in vain", func() bool {
		w.reads()
		return strings.Count(s.log.String(), "held in memory") > held || held > 0
	})
	w.reads()
	// The colleague logs in, or is told why not.
	if err := newBrowser(w.t, r.url).login(w.who); err != nil && !strings.Contains(err.Error(), "hết chỗ lưu") {
		w.t.Errorf("log-in on a full disk: %v", err)
	} else {
		w.t.Logf("log-in on a full disk: %v", err)
	}
	select {
	case <-r.ended:
		w.t.Fatalf("the box ended: %v\n%s", r.err, s.log)
	default:
	}
}

// refusedWith fills in the next form and is told, in both languages, why it is not
// saved. It stays pending.
func (w *worker) refusedWith(en, vi string) {
	w.t.Helper()
	name := plan()[w.next]
	mark := word(w.n, int(w.count.Add(1)))
	path, with := w.fields(name, mark)
	v, err := w.b.fill(path, with) // the page opens
	if err != nil {
		w.t.Fatal(err)
	}
	w.pending = &form{path: path, v: v, step: name, mark: mark}
	for lang, words := range map[string]string{"en": en, "vi": vi} {
		if _, err := w.b.post("/language", url.Values{"lang": {lang}, "next": {"/"}}); err != nil {
			w.t.Fatal(err)
		}
		p, err := w.b.post(path, v)
		if err != nil {
			w.t.Fatal(err)
		}
		if p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text(), words) {
			w.t.Errorf("%s: saving on a disk that takes nothing: %d %.500s", lang, p.status, p.text())
		}
		if !strings.Contains(p.body, mark) {
			w.t.Errorf("%s: what was typed is not on the page any more", lang)
		}
	}
}

func (w *worker) eventually(what string, cond func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	testlog.Eventually(ctx, w.t, what, cond)
}

// reads opens the pages of the visit in hand.
func (w *worker) reads() {
	w.t.Helper()
	patient, _, _ := strings.Cut(w.visit, "/visits/")
	for _, path := range []string{"/", w.visit, patient, "/status", "/healthz"} {
		p, err := w.b.get(path)
		failed := path == "/healthz" && p.status == http.StatusServiceUnavailable // it says why
		if err != nil || p.status != http.StatusOK && !failed {
			w.t.Fatalf("%s on a disk that takes nothing: %d %v %.300s", path, p.status, err, p.text())
		}
	}
}

// visible waits until the views that were held are written.
func (w *worker) visible(s *station) {
	w.t.Helper()
	begin := time.Now()
	w.eventually("held views to be written", func() bool {
		return strings.Contains(s.log.String(), "held views of records are written")
	})
	w.t.Logf("held views were written %v after there was room", time.Since(begin).Round(time.Millisecond))
}
