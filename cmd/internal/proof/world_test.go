package proof

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/cmd/internal/demo"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/hub"
	"clinicbox/internal/testlog"
	"clinicbox/store"
)

const boxName = "tram-01"

// world is a box and a centre as their programs wire them, a cable between them,
// and an invented clinic whose days pass when they are told to.
type world struct {
	t     testing.TB
	dir   string
	log   *testlog.Log
	play  *demo.Play
	day   clinic.Date // the next to play
	cable *demo.Cable // pulled and put back
	line  *line       // behind it, narrow
	plain string      // address of a broker of somebody else, without TLS; "" = the hub's own

	hub     *hubmain.Hub
	stopHub func()
	box     *boxmain.Box
	stopBox func()
	desk    *desk.Desk
	store   *store.Store
	sticks  func() ([]string, error) // that are plugged into the box; nil: what the system has
}

// newWorld makes keys and configuration. Hub and box are started by their methods.
func newWorld(t testing.TB, people int, hubMore string) *world {
	t.Helper()
	first := clinic.Date{Year: 2026, Month: 11, Day: 2}
	w := &world{
		t: t, dir: t.TempDir(), log: testlog.New(t), day: first, line: newLine(t),
		play: demo.NewPlay(11, people, first),
	}
	var err error
	if w.cable, err = demo.NewCable(w.line.addr()); err != nil {
		t.Fatal(err)
	}
	w.run("cable", w.cable.Run)
	w.write("hub.toml", "[data]\ndir = \"hub\"\nkeys = \"hub.keys\"\n[broker]\nlisten = \"127.0.0.1:0\"\n"+hubMore+"[web]\nlisten = \"127.0.0.1:0\"\n")
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// run runs something until the returned function is called, or the test ends.
func (w *world) run(name string, f func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("%s: %v", name, err)
		}
	}
	w.t.Cleanup(stop)
	return stop
}

func (w *world) within(d time.Duration, what string, cond func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	testlog.Eventually(ctx, w.t, what, cond)
}

// startHub starts the centre and lets the line lead to it.
func (w *world) startHub() {
	w.t.Helper()
	cfg, err := hubmain.Load(filepath.Join(w.dir, "hub.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		w.t.Fatal(err)
	}
	if w.hub, err = hubmain.Open(context.Background(), cfg, w.log.Logger().With("program", "hub")); err != nil {
		w.t.Fatal(err)
	}
	h := w.hub
	w.stopHub = w.run("hub", func(ctx context.Context) error { return errors.Join(h.Run(ctx), h.Close()) })
	w.within(30*time.Second, "the centre", func() bool {
		select {
		case <-h.Ready():
			return true
		default:
			return false
		}
	})
	w.line.lead(cmp.Or(w.plain, h.BrokerAddr()))
}

// startBox starts the box that dials broker; more is added to its configuration's
// section of the centre.
func (w *world) startBox(broker, more string) {
	w.t.Helper()
	w.write("box.toml", fmt.Sprintf(`[data]
dir = "box"
[facility]
code = "56999"
name = "Trạm Y tế xã Yến Xa"
[box]
name = %q
trust_clock = true
[web]
listen = "127.0.0.1:0"
[hub]
broker = "%s://%s"
%s
`, boxName, w.scheme(), broker, more))
	cfg, err := boxmain.Load(filepath.Join(w.dir, "box.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	if err := demo.Join(context.Background(), w.hub, cfg); err != nil {
		w.t.Fatal(err)
	}
	w.box = boxmain.New(boxmain.Options{
		Config: cfg, Log: w.log.Logger().With("program", "box"), Staff: w.play.Staff(), Clock: w.play.Clock(),
		Pause:  func(int) time.Duration { return 0 }, // no test waits
		Sticks: w.sticks,
		Prepare: func(_ context.Context, d *desk.Desk, s *store.Store) error {
			w.desk, w.store = d, s
			w.play.At(d)
			return nil
		},
	})
	box := w.box
	w.stopBox = w.run("box", box.Run)
	w.within(30*time.Second, "the box", func() bool {
		select {
		case <-box.Ready():
			return true
		default:
			return false
		}
	})
}

func (w *world) scheme() string {
	if w.plain != "" {
		return "tcp"
	}
	return "ssl"
}

// begins starts centre and box, and registers the play's patients.
func (w *world) begins() {
	w.t.Helper()
	w.startHub()
	w.startBox(w.cable.Addr(), "")
	if err := w.play.Register(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

// days plays days of the clinic.
func (w *world) days(n, visits int) {
	w.t.Helper()
	for range n {
		if err := w.play.Day(context.Background(), w.day, visits); err != nil {
			w.t.Fatal(err)
		}
		w.day = w.day.AddDays(1)
	}
}

// held is how many of the box's entries the centre holds.
func (w *world) held() uint64 {
	w.t.Helper()
	ss, err := w.hub.Streams(context.Background(), boxName)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(ss) == 0 {
		return 0
	}
	return ss[0].Size
}

// agree waits until everything is receipted, then compares box and centre, and finds
// nothing that anybody must look at. The centre judges after its receipt: until it has,
// that there is no alarm says nothing.
func (w *world) agree() {
	w.t.Helper()
	w.same()
	w.within(2*time.Minute, "the centre's look at every signature", func() bool {
		judged, err := w.hub.Judged(context.Background())
		return err == nil && judged
	})
	if alarms := w.alarms(); len(alarms) > 0 {
		w.t.Errorf("alarms: %+v", alarms)
	}
}

// alarms are those about boxes and records; the invented people have diseases that must
// be reported.
func (w *world) alarms() []hub.Alarm {
	w.t.Helper()
	all, err := w.hub.Alarms(context.Background(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return slices.DeleteFunc(all, func(a hub.Alarm) bool { return a.Code == hub.AlarmDisease })
}

// same is agree where alarms are expected: they follow the receipt when they may.
func (w *world) same() {
	w.t.Helper()
	w.within(2*time.Minute, "the receipt for everything", func() bool {
		tr := w.box.Truths()
		// The answer that raises Linked comes right behind the receipt.
		return tr.Received == tr.Saved && tr.Saved > 0 && tr.Linked && w.held() == tr.Saved
	})
	ss, err := w.hub.Streams(context.Background(), boxName)
	if err != nil || len(ss) != 1 {
		w.t.Fatalf("%d streams of the box, want one: %v", len(ss), err)
	}
	root, err := w.store.Own().Root(ss[0].Size)
	if err != nil || ss[0].Root != root {
		w.t.Errorf("the centre's root of %d entries is not the box's: %v", ss[0].Size, err)
	}
	if ss[0].Parked+ss[0].Holes > 0 || ss[0].Epoch != w.store.Epoch() {
		w.t.Errorf("%d entries parked, %d holes, epoch %v", ss[0].Parked, ss[0].Holes, ss[0].Epoch)
	}
	if tr := w.box.Truths(); tr.Problem != "" {
		w.t.Errorf("the box says %+v", tr)
	}
}

// command runs a command of clinichub, beside the running centre, and returns what it
// prints.
func (w *world) command(stdin string, args ...string) string {
	w.t.Helper()
	var out bytes.Buffer
	p := &hubmain.Program{Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: w.log}
	err := p.ParseFlags(append([]string{args[0], "-config", filepath.Join(w.dir, "hub.toml")}, args[1:]...))
	if err == nil {
		err = p.Run(context.Background())
	}
	if err != nil {
		w.t.Fatalf("clinichub %v: %v\n%s", args, err, out.String())
	}
	return out.String()
}
