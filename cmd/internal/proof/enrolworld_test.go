package proof

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic/desk"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/cmd/internal/hubmain"
	"clinicbox/internal/testlog"
	"clinicbox/internal/testtab"
)

const (
	stationCode = "22736"
	stationName = "Trạm Y tế xã Đảo Mẫu"
)

// fleet is a real centre with its operator logged in, and fresh boxes beside it.
type fleet struct {
	t       *testing.T
	log     *testlog.Log
	browser context.Context
	hub     *hubmain.Hub
	at      string       // of the centre's pages
	op      *testtab.Tab // the operator's
	prints  []string
}

// running runs something until the test ends, and waits until it is ready.
func (f *fleet) running(what string, ready <-chan struct{}, run func(context.Context) error) {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(f.t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	f.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Errorf("%s: %v", what, err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- nil
		f.t.Fatalf("%s did not start: %v", what, err)
	}
}

func newFleet(t *testing.T) *fleet {
	t.Helper()
	f := &fleet{t: t, log: testlog.New(t), browser: testtab.Browser(t)}
	var cfg hubmain.Config
	dir := t.TempDir()
	cfg.Data.Dir, cfg.Data.Keys = filepath.Join(dir, "hub"), filepath.Join(dir, "hub.keys")
	cfg.Broker.Listen, cfg.Web.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Authority.Dir = filepath.Join(dir, "authority")
	if err := hubmain.MakeAuthority(cfg.Authority.Dir, "Tỉnh Mẫu"); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.hub, err = hubmain.Open(t.Context(), cfg, f.log.Logger().With("program", "hub")); err != nil {
		t.Fatal(err)
	}
	f.running("centre", f.hub.Ready(), func(ctx context.Context) error { return errors.Join(f.hub.Run(ctx), f.hub.Close()) })
	f.at, f.op = "http://"+f.hub.WebAddr(), testtab.New(t, f.browser, testtab.Opts{Name: "enrol-hub", Width: 1100})
	f.op.Open(f.at + "/")
	f.op.Fill("#token", f.hub.Token())
	f.op.Follow("button.go")
	f.op.Open(f.at + "/certs")
	for _, n := range []string{"1", "2"} { // browsers' root, root of the fleet
		f.prints = append(f.prints, words(f.op.Reads(".card:last-of-type dd.print:nth-of-type("+n+")")))
	}
	return f
}

// words are what is left of a text when it is read aloud.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// invite makes an invitation by the pages and reads the code from them.
func (f *fleet) invite(box string) (code string) {
	f.t.Helper()
	f.op.Open(f.at + "/invitations/new")
	f.op.Fill("#f-code", stationCode, "#f-name", stationName, "#f-box", box, "#f-book", "a")
	f.op.Follow("main button.go")
	f.op.Sees(box, stationName)
	return words(f.op.Reads(".big"))
}

// wrongClock is a box's clock that stands elsewhere in time.
type wrongClock struct {
	at, since time.Time
	trusted   bool // by the box
}

// Now implements desk.Clock.
func (c wrongClock) Now() (time.Time, bool) { return c.at.Add(time.Since(c.since)), c.trusted }

// newcomer is a box that belongs to nobody yet, with its people at its pages.
type newcomer struct {
	*fleet
	name         string // in the configuration, until a centre gives another
	path         string // of the configuration
	box          *boxmain.Box
	boss         member
	nurse        member
	*testtab.Tab // the administrator's
}

// fresh sets a box up by its command, as a technician does, and starts it.
func (f *fleet) fresh(name, more string, clock desk.Clock) *newcomer {
	f.t.Helper()
	dir := f.t.TempDir()
	n := &newcomer{
		fleet: f, name: name, path: filepath.Join(dir, "box.toml"),
		boss: member{"Phạm Văn Bịa", "administrator", "480257"}, nurse: member{"Lê Thị Hư Cấu", "nurse", "739164"},
	}
	if strings.Contains(more, "board") {
		more += fmt.Sprintf("board = %q\n", filepath.Join(dir, "serial-number"))
		if err := os.WriteFile(filepath.Join(dir, "serial-number"), []byte("10000000abcdef01\x00"), 0o600); err != nil {
			f.t.Fatal(err)
		}
	}
	text := fmt.Sprintf("[data]\ndir = \"data\"\n[facility]\ncode = \"00000\"\nname = \"Trạm chưa đặt tên\"\n"+
		"[box]\nname = %q\ntrust_clock = true\n[web]\nlisten = \"127.0.0.1:0\"\nsecure = \"127.0.0.1:0\"\n%s", name, more)
	if err := os.WriteFile(n.path, []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
	n.command(n.boss.pin, n.boss)
	n.command(n.nurse.pin+"\n1\n"+n.boss.pin, n.nurse)
	cfg, err := boxmain.Load(n.path)
	if err != nil {
		f.t.Fatal(err)
	}
	n.box = boxmain.New(boxmain.Options{Config: cfg, Log: f.log.Logger().With("program", name), Clock: clock})
	f.running(name, n.box.Ready(), n.box.Run)
	n.Tab = testtab.New(f.t, f.browser, testtab.Opts{Name: "enrol-" + name, Width: 800})
	if strings.Contains(more, "board") {
		n.Open(n.box.URL() + "pin/1")
		n.Fill("#pin", n.boss.pin)
		n.Follow("main button[type=submit]")
	}
	n.login(n.Tab, n.boss, "machine")
	n.Sees("Chưa gia nhập trung tâm")
	return n
}

// command adds a person while the box is stopped.
func (n *newcomer) command(stdin string, who member) {
	n.tb().Helper()
	var out bytes.Buffer
	p := &boxmain.Program{Stdin: strings.NewReader(stdin + "\n"), Stdout: &out, Stderr: &out}
	err := p.ParseFlags([]string{"staff", "-config", n.path, "-name", who.name, "-role", who.role})
	if err == nil {
		err = p.Run(context.Background())
	}
	if err != nil {
		n.tb().Fatalf("staff: %v\n%s", err, out.String())
	}
}

func (n *newcomer) tb() *testing.T { return n.fleet.t }

// login logs a person in by name and PIN, once the box serves, and opens a page.
func (n *newcomer) login(b *testtab.Tab, who member, path string) {
	b.T.Helper()
	b.Soon(n.box.URL()+"login", "the list of people", func(text string) bool { return strings.Contains(text, who.name) })
	b.Open(strings.TrimSuffix(n.box.URL(), "/") + b.Evaluates(
		`[...document.querySelectorAll("a.cb-person")].find(a => a.textContent.includes("`+who.name+`")).getAttribute("href")`))
	b.Fill("#pin", who.pin)
	b.Follow("main button[type=submit]")
	b.Open(n.box.URL() + path)
}

// enrolled waits until the box lives as a member, and compares all prints with those
// on the centre's pages.
func (n *newcomer) enrolled(as string) {
	t := n.tb()
	t.Helper()
	at := n.box.URL() + "machine"
	n.Soon(at, "the box as a member", func(text string) bool {
		if strings.Contains(text, "Ai đang làm việc") {
			n.login(n.Tab, n.boss, "machine")
			text = n.Text()
		}
		return strings.Contains(text, "Đã gia nhập trung tâm") && strings.Contains(text, as)
	})
	n.Sees(stationName, n.prints[1])
	own := words(n.Evaluates(`document.querySelectorAll("section dl")[1].querySelectorAll("dd")[1].textContent`))
	serial := words(n.Evaluates(`[...document.querySelector("section dl").querySelectorAll("dd")].at(-1).textContent`))
	n.Shot(as + "-3-enrolled")
	n.op.Open(n.at + "/certs/" + serial)
	n.op.Sees(as, own)
	n.op.Shot(as + "-4-hub-certificate")
	n.Open(n.box.URL() + "trust")
	if got := words(n.Reads(".cb-print")); got != n.prints[0] {
		t.Errorf("the box shows the certificate's print\n%s, the centre\n%s", got, n.prints[0])
	}
	n.Shot(as + "-5-trust")
}

// delivers registers somebody and waits until the centre confirmed everything.
func (n *newcomer) delivers(as string) {
	t := n.tb()
	t.Helper()
	before := n.box.Truths().Saved
	desk := testtab.New(t, n.browser, testtab.Opts{Name: "enrol-nurse", Width: 800})
	n.login(desk, n.nurse, "register")
	desk.Fill("#name", "Nguyễn Thị Mẫu", `[name="birth.day"]`, "3", `[name="birth.month"]`, "2", `[name="birth.year"]`, "1961")
	desk.Evaluates(`document.querySelector("#sex-2").click(), ""`)
	desk.Follow("button[name=do][value=queue]")
	desk.Sees("Nguyễn Thị Mẫu")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	testlog.Eventually(ctx, t, "the receipt", func() bool {
		s := n.box.Truths()
		return s.Linked && s.Saved > before && s.Received == s.Saved
	})
	streams, err := n.hub.Streams(ctx, as)
	if err != nil || len(streams) != 1 || streams[0].Size != n.box.Truths().Saved {
		t.Errorf("the centre holds %+v of %d entries: %v", streams, n.box.Truths().Saved, err)
	}
}
