package proof

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/cmd/internal/boxmain"
	"clinicbox/sync/courier"
)

// TestStickCarriesAClinic: a box whose link never comes up plays days of a clinic. A
// stick is plugged in, found, filled, carried to the centre's command beside the running
// centre, and brings back receipts and rows, while the pages serve.
func TestStickCarriesAClinic(t *testing.T) {
	w := newWorld(t, 40, "")
	stick := filepath.Join(t.TempDir(), "USB")
	var plugged atomic.Bool
	w.sticks = func() ([]string, error) {
		if plugged.Load() {
			return []string{stick}, nil
		}
		return nil, nil
	}
	if err := os.MkdirAll(filepath.Join(stick, courier.Folder), 0o755); err != nil {
		t.Fatal(err)
	}
	w.startHub()
	w.startBox("127.0.0.1:1", "") // nobody listens there
	if err := w.play.Register(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.days(3, 8)
	rows := make([]clinic.Draft, 40)
	for i := range rows {
		rows[i] = clinic.Draft{Kind: clinic.KindCatalogRow, Body: &clinic.CatalogRow{
			Catalog: clinic.CatalogICD10, Code: fmt.Sprintf("Z%02d", i), Name: "Thử", From: clinic.Date{Year: 2026, Month: 1, Day: 1},
		}}
	}
	if err := w.hub.Push(t.Context(), boxName, rows); err != nil {
		t.Fatal(err)
	}
	received := func() uint64 {
		snap, err := w.store.Snapshot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return snap.In.Size
	}
	had := received()
	visit := func(what string, done func() bool) {
		plugged.Store(true)
		w.within(time.Minute, what, func() bool { return done() && !w.box.Carrying() })
		plugged.Store(false)
		w.within(time.Minute, "the stick is pulled out", func() bool { return w.box.Plugged() == 0 })
	}
	files := func(side string) (n int) {
		es, _ := os.ReadDir(filepath.Join(stick, courier.Folder, side, boxName))
		for _, e := range es {
			if strings.HasSuffix(e.Name(), ".cbc") {
				n++
			}
		}
		return n
	}
	visit("the box to fill the stick", func() bool { return files("up") > 0 })
	if tr := w.box.Truths(); tr.Received > 0 || tr.Linked {
		t.Fatalf("%+v", tr)
	}
	out := w.command("", "courier", "import", stick)
	if w.held() == 0 || w.held() > w.box.Truths().Saved || files("down") == 0 {
		t.Fatalf("the centre holds %d of %d: %s", w.held(), w.box.Truths().Saved, out)
	}
	held := w.held()
	visit("the receipt", func() bool { return w.box.Truths().Received >= held })
	if got := received(); got < had+uint64(len(rows)) {
		t.Errorf("%d entries of the centre arrived, want %d more than %d", got, len(rows), had)
	}
	w.command("", "courier", "import", stick)
	// The same by hand, with the box stopped.
	w.days(1, 3)
	saved := w.store.Own().Size()
	w.stopBox()
	said := w.boxCommand("courier", "-from", stick)
	if !strings.Contains(said, "came from the centre: 0") {
		t.Error(said)
	}
	w.command("", "courier", "import", stick)
	if w.held() < saved {
		t.Errorf("the centre holds %d of %d", w.held(), saved)
	}
	w.within(time.Minute, "the centre's look at every signature", func() bool {
		judged, err := w.hub.Judged(context.Background())
		return err == nil && judged
	})
	if alarms := w.alarms(); len(alarms) > 0 {
		t.Errorf("alarms: %+v", alarms)
	}
}

// boxCommand runs a command of clinicbox on the stopped box.
func (w *world) boxCommand(name string, args ...string) string {
	w.t.Helper()
	var out bytes.Buffer
	p := &boxmain.Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: w.log}
	err := p.ParseFlags(append([]string{name, "-config", filepath.Join(w.dir, "box.toml")}, args...))
	if err == nil {
		err = p.Run(context.Background())
	}
	if err != nil {
		w.t.Fatalf("clinicbox %s: %v\n%s", name, err, out.String())
	}
	return out.String()
}
