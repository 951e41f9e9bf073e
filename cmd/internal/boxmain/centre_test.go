package boxmain

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/device/health"
	"clinicbox/device/task"
	"clinicbox/internal/testlog"
	"clinicbox/store"
)

// runs starts a task and stops it, without an error, at the end of the test.
func runs(t *testing.T, name string, x interface {
	Run(context.Context) error
	Ready() <-chan struct{}
},
) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx) }()
	select {
	case <-x.Ready():
	case err := <-done:
		t.Fatalf("%s did not start: %v", name, err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	t.Cleanup(stop)
	return stop
}

// centre starts a real hub on free ports.
func centre(t *testing.T) *hubmain.Hub {
	t.Helper()
	var cfg hubmain.Config
	dir := t.TempDir()
	cfg.Data.Dir, cfg.Data.Keys = filepath.Join(dir, "hub"), filepath.Join(dir, "hub.keys")
	cfg.Broker.Listen, cfg.Web.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Authority.Dir = filepath.Join(dir, "authority")
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		t.Fatal(err)
	}
	h, err := hubmain.Open(t.Context(), cfg, testlog.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	runs(t, "centre", h)
	return h
}

// TestRecordsReachTheCentre joins real box and real centre: what the box recorded
// while it was alone arrives once it is joined, and both compute the same root.
func TestRecordsReachTheCentre(t *testing.T) {
	const name, pin = "Phạm Văn Bịa", "581047"
	h := centre(t)
	path := write(t, "[hub]\nbroker = \"ssl://"+h.BrokerAddr()+"\"\n")
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	log := testlog.New(t)
	staff := []desk.StaffSeed{{ID: clinic.NewID(), Staff: clinic.Staff{Name: name, Role: clinic.RoleDoctor}, PIN: pin}}
	stop := runs(t, "box alone", New(Options{Config: cfg, Log: log.Logger(), Staff: staff}))
	stop()
	code, err := h.Invite(t.Context(), operator(), invitation(cfg.Box.Name))
	if err != nil {
		t.Fatal(err)
	}
	if exit, out, said := clinicbox(t, code.String()+"\n", "enrol", "-config", path, "-hub", "http://"+h.WebAddr()); exit != ExitOK || !strings.Contains(out, "tram-01") {
		t.Fatal(exit, out, said)
	}

	b := New(Options{Config: cfg, Log: log.Logger()})
	runs(t, "box", b)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, "the receipt", func() bool {
		s := machine{b}.Truths()
		return s.Linked && s.Saved >= 2 && s.Received == s.Saved
	})
	streams, err := h.Streams(ctx, cfg.Box.Name)
	if err != nil || len(streams) != 1 {
		t.Fatal(streams, err)
	}
	head, err := Witness{b.store}.Head()
	if err != nil || streams[0].Size != head.Size || string(streams[0].Root[:]) != string(head.Root) {
		t.Errorf("the centre has %d entries %x, the box %d %x (%v)", streams[0].Size, streams[0].Root, head.Size, head.Root, err)
	}
	if code, body := get(t, b.URL()+"healthz"); code != http.StatusOK || strings.Contains(body, health.LinkOff) {
		t.Error(code, body)
	}
	log.Absent(name, pin)
}

// TestPrepareFailureEndsTheBox: what fails before pages are served is told, and
// leaves the records closed and whole.
func TestPrepareFailureEndsTheBox(t *testing.T) {
	path := write(t, "")
	cfg, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	b := New(Options{Config: cfg, Log: quiet(), Prepare: func(context.Context, *desk.Desk, *store.Store) error {
		return task.ErrStuck // any error
	}})
	err = b.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "task set-up") {
		t.Fatal(err)
	}
	if code, out, said := clinicbox(t, "", "check", "-config", path); code != ExitOK {
		t.Error(code, out, said)
	}
}
