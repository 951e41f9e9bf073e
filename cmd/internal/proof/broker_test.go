package proof

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"clinicbox/clinic"
	"clinicbox/hub/broker"
	"clinicbox/internal/fold"
	"clinicbox/internal/testlog"
)

// TestBrokerSeesNoClearText: records, catalogue rows, keys and statements travel over
// a broker of somebody else without TLS; every byte between box and broker is kept. No
// name, number, address, note or PIN of anybody is in them.
func TestBrokerSeesNoClearText(t *testing.T) {
	b := broker.New(broker.Options{Listen: "127.0.0.1:0", Dir: t.TempDir(), Log: testlog.Logger(t)})
	w := newWorld(t, 20, "")
	w.run("somebody's broker", b.Run)
	w.within(30*time.Second, "the broker", func() bool {
		select {
		case <-b.Ready():
			return true
		default:
			return false
		}
	})
	w.plain = b.Addr()
	w.write("hub.toml", "[data]\ndir = \"hub\"\nkeys = \"hub.keys\"\n[broker]\nurl = \"tcp://"+w.plain+"\"\n[web]\nlisten = \"127.0.0.1:0\"\n")
	var mu sync.Mutex
	var all bytes.Buffer
	w.line.heard = func(p []byte) {
		mu.Lock()
		defer mu.Unlock()
		all.Write(p)
	}
	w.begins()
	w.days(2, 6)
	w.agree()
	const row = "Thuốc thử Yến Xa 1"
	w.command(`[{"catalog":"medicine","code":"YX.0","name":"`+row+`","english":"Yen Xa test 1","from":"2026-01-01","unit":"viên"}]`, "push", "-box", boxName, "-")
	w.arrived(0)
	w.agree()
	words := append(w.words(), row, "Yen Xa test 1")
	w.stopBox()

	mu.Lock()
	defer mu.Unlock()
	seen := all.Bytes()
	if n := bytes.Count(seen, []byte("cb/1/"+boxName+"/up")); n < 3 || !bytes.Contains(seen, []byte("cb/1/"+boxName+"/beat")) || !bytes.Contains(seen, []byte("cb/1/"+boxName+"/down")) {
		t.Fatalf("%d frames upward among %d bytes: this is not what the broker sees", n, len(seen))
	}
	if len(words) < 60 {
		t.Fatalf("%d words", len(words))
	}
	for _, s := range words {
		for _, form := range []string{s, fold.String(s), strings.ToUpper(s)} {
			if bytes.Contains(seen, []byte(form)) {
				t.Errorf("the broker sees %q", form)
			}
		}
	}
	t.Logf("%d words are not in %d bytes", len(words), len(seen))
}

// words are what the records tell of people.
func (w *world) words() (out []string) {
	w.t.Helper()
	add := func(s ...string) {
		for _, s := range s {
			if len(s) >= 6 {
				out = append(out, s)
			}
		}
	}
	for _, rec := range journal(w.t, w.store.Own()) {
		switch b := rec.Body.(type) {
		case *clinic.Patient:
			add(b.Name, b.Phone, b.Address)
			for _, n := range b.Identifiers {
				add(n.Value)
			}
		case *clinic.Visit:
			add(b.Key, b.Insurance, b.Reason)
		case *clinic.Exam:
			add(b.Reason, b.History, b.Finding)
		case *clinic.Diagnosis:
			add(b.Text)
		case *clinic.Prescription:
			add(b.Advice, b.Code)
		case *clinic.Staff:
			add(b.Name)
		}
	}
	for _, s := range w.play.Staff() {
		add(s.Name, s.PIN)
	}
	return out
}
