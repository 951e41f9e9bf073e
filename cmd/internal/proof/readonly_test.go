package proof

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"clinicbox/internal/testpeer"
)

// TestReadOnlyDisk takes a box's card away from the real program in the way a failing
// one does: it can only be read. The box opens, people log in and read, saving says in
// words what is the matter, health says why. Once the card takes data again the box
// begins anew by itself, and the form that was refused is saved.
func TestReadOnlyDisk(t *testing.T) {
	bin, dir := program(t), t.TempDir()
	remount := testpeer.Disk(t, dir, "160m")
	s := newStation(t, bin, dir, "", team()[0])
	r := s.serve()
	w := &worker{t: t, who: team()[0]}
	if err := w.login(r.url); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := w.step(); err != nil {
			t.Fatal(err)
		}
	}
	r.kill()
	remount(syscall.MS_RDONLY)
	r = w.back(s)
	p, err := w.b.get("/healthz")
	if err != nil || p.status != http.StatusServiceUnavailable || !strings.Contains(p.body, "store.readonly") {
		t.Errorf("health: %v %.300s", err, p.body)
	}
	w.refusedWith("The storage can only be read", "chỉ còn đọc được")
	if err := newBrowser(t, r.url).login(member{w.who.name, w.who.role, "111111"}); err == nil {
		t.Error("a wrong PIN opens a box that cannot count it")
	}
	select {
	case <-r.ended:
		t.Fatalf("the box ended: %v\n%s", r.err, s.log)
	default:
	}
	remount(0)
	<-r.ended // by itself; the supervisor starts it again
	r = w.back(s)
	w.resumed()
	if err := r.stop(); err != nil {
		t.Fatal(err, s.log)
	}
	s.clean()
	w.audit(acts(t, s))
}
