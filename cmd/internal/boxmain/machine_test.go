package boxmain

import (
	"testing"
	"time"

	"clinicbox/device/config"
	"clinicbox/device/health"
	"clinicbox/peripherals/printer"
	"clinicbox/sync/outbox"
	"clinicbox/web"
)

// Everything that the machine may say has words on the pages in both languages.
func TestDeviceStatesHaveWords(t *testing.T) {
	keys := []string{"printer.name", "printer.off", "scanner.name", "scanner.off", "scanner.ready", "scanner.absent"}
	for _, s := range []printer.State{printer.Idle, printer.Asking, printer.Printing, printer.Waiting, printer.Holding} {
		keys = append(keys, string(s))
	}
	for _, c := range []printer.Cause{
		printer.PaperOut, printer.CoverOpen, printer.Cutter, printer.Failed, printer.Hot, printer.Offline, printer.Unreachable, printer.Unknown,
		printer.Stalled, printer.Broken, printer.Stopped, printer.Storage, printer.Held, printer.BadJob, printer.NearEnd,
		printer.Unconfirmed, printer.Untold, printer.Unconfirmed + ".do", printer.Untold + ".do",
	} {
		keys = append(keys, string(c))
	}
	keys = append(keys, outbox.ProblemDiverged, outbox.ProblemJournal, outbox.ProblemApply, outbox.ProblemRefused,
		outbox.ProblemReceded, outbox.ProblemParked, outbox.ProblemHoles)
	for _, lang := range []string{"vi", "en"} {
		has := web.Messages(lang)
		for _, k := range keys {
			if !has(k) {
				t.Errorf("%s: no words for %s", lang, k)
			}
		}
	}
}

func TestWarningsAndReadiness(t *testing.T) {
	b := New(Options{Config: config.Box{}, Log: quiet()})
	m := machine{b}
	b.health.Set(health.KeysDevelopment, true)
	b.health.Set(health.ScannerAbsent, true)
	w := m.Warnings()
	if len(w) != 1 || w[0].Code != health.KeysDevelopment || w[0].Bad || w[0].Words["vi"] == "" || w[0].Words["en"] == "" {
		t.Errorf("%+v", w)
	}
	if n := m.NotReady(); len(n) != 0 {
		t.Errorf("not ready: %v", n)
	}
	b.health.Set(health.StoreFailed, true)
	if n := m.NotReady(); len(n) != 1 || !m.Warnings()[0].Bad {
		t.Errorf("%v, %+v", n, m.Warnings())
	}
	for _, d := range m.Devices() {
		if !d.OK {
			t.Errorf("a device that is not there by decision nags: %+v", d)
		}
	}
}

func TestSilent(t *testing.T) {
	now := time.Unix(1_790_000_000, 0)
	old := now.Add(-time.Hour)
	for _, tt := range []struct {
		name string
		t    outbox.Truths
		want bool
	}{
		{"all received", outbox.Truths{Saved: 5, Received: 5, Linked: true}, false},
		{"no link", outbox.Truths{Saved: 5, Oldest: old, LastReceipt: old}, false},
		{"just saved", outbox.Truths{Saved: 5, Oldest: now, Linked: true, LastReceipt: old}, false},
		{"receipts come, the backlog is long", outbox.Truths{Saved: 5, Oldest: old, Linked: true, LastReceipt: now}, false},
		{"centre says nothing", outbox.Truths{Saved: 5, Oldest: old, Linked: true, LastReceipt: old}, true},
		{"centre never said anything", outbox.Truths{Saved: 5, Oldest: old, Linked: true}, true},
	} {
		if silent(tt.t, now) != tt.want {
			t.Error(tt.name)
		}
	}
}
