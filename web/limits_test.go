package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/clinic"
	"clinicbox/clinic/desk"
)

// errWrong is a wrong PIN as the desk tells it.
func errWrong() error { return &desk.Error{Code: desk.CodePINWrong} }

// TestTenAddressesGuess: ten tablets guess at everybody's PIN, and the box restarts
// again and again. What stops them is the durable counter of each person; the
// limits of the addresses, which a restart forgets, only slow them down.
func TestTenAddressesGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0)
		tries, refused := map[clinic.ID]int{}, 0
		for restart := range 3 {
			web, err := New(w.web.opts)
			w.must(err)
			w.web = web
			for address := range 10 {
				b := w.browser()
				b.addr = fmt.Sprintf("192.168.4.%d:%d", 100+address, 1000+restart)
				for range 6 {
					for _, person := range []clinic.ID{w.nurse, w.doctor, w.tech, w.admin} {
						a := b.post("/login/"+person.String(), url.Values{"pin": {"000001"}})
						switch {
						case a.status == http.StatusTooManyRequests:
							refused++
						case strings.Contains(a.text(), "Mã PIN không đúng"):
							tries[person]++
						case a.status == http.StatusSeeOther:
							t.Fatal("a guess was right")
						}
					}
				}
			}
		}
		for person, n := range tries {
			if n > 10 {
				t.Errorf("%d tries at %v", n, person)
			}
		}
		if refused == 0 {
			t.Error("no address was ever told to wait")
		}
	})
}

// TestOneAddressWaits: with the words and the time, at every page that takes a PIN,
// and only there.
func TestOneAddressWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 0)
		in := w.login(w.doctor, doctorPIN)
		b := w.browser()
		b.addr = in.addr // another browser on the same tablet
		for i := range wrongMax {
			person := []clinic.ID{w.nurse, w.tech}[i%2]
			if a := b.post("/login/"+person.String(), url.Values{"pin": {"000001"}}); a.status != http.StatusUnprocessableEntity {
				t.Fatalf("try %d: %d", i, a.status)
			}
		}
		time.Sleep(9*time.Minute + 30*time.Second)
		a := b.post("/login/"+w.admin.String(), url.Values{"pin": {adminPIN}})
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "30" || !strings.Contains(a.text(), "Đợi 30 giây") {
			t.Errorf("the eleventh: %d %s", a.status, a.text())
		}
		if a := b.get("/login"); a.status != http.StatusOK {
			t.Errorf("a page without a PIN: %d", a.status)
		}
		// Who is logged in here already is not kept from the lock page.
		in.post("/lock", nil)
		if a := in.post("/unlock", url.Values{"pin": {doctorPIN}}); a.status != http.StatusSeeOther {
			t.Errorf("the lock page beside it: %d %s", a.status, a.text())
		}
		// With the token elsewhere it counts by address again.
		in.addr = "192.168.4.250:1"
		for range wrongMax {
			w.must(w.pins.Unlock(w.doctor))
			in.post("/unlock", url.Values{"pin": {"000001"}})
		}
		time.Sleep(30 * time.Second)
		if a := b.post("/login/"+w.admin.String(), url.Values{"pin": {adminPIN}}); a.status != http.StatusSeeOther {
			t.Errorf("after the wait: %d", a.status)
		}
	})
}

func TestColleagueHelpsAtTheSameTablet(t *testing.T) {
	l := newLimits()
	for range 20 {
		l.check(t.Context(), "tablet", "nurse", errWrong)
	}
	if err := l.check(t.Context(), "tablet", "doctor", func() error { return nil }); err != nil {
		t.Errorf("one forgetful person shuts the tablet: %v", err)
	}
	for range 2 {
		l.check(t.Context(), "tablet", "doctor", errWrong)
	}
	if err := l.check(t.Context(), "tablet", "doctor", func() error { return nil }); err == nil {
		t.Error("ten wrong PINs for two people are let pass")
	}
}

// TestChecksAreBounded: a flood from one address neither runs more checks than one
// at a time nor keeps others waiting for more than one.
func TestChecksAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		var mu sync.Mutex
		running, most, busy, done := 0, 0, 0, 0
		slow := func() error {
			mu.Lock()
			running++
			most = max(most, running)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			running--
			done++
			mu.Unlock()
			return nil
		}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := l.check(context.Background(), "flood", "", slow); errors.Is(err, errBusy) {
					mu.Lock()
					busy++
					mu.Unlock()
				}
			})
		}
		synctest.Wait()
		begin := time.Now()
		if err := l.check(context.Background(), "nurse", "", slow); err != nil || time.Since(begin) > 2*time.Second {
			t.Errorf("a neighbour of a flood: %v after %v", err, time.Since(begin))
		}
		for i := range 20 {
			all.Go(func() { l.check(context.Background(), fmt.Sprint(i), "", slow) })
		}
		all.Wait()
		if most > checksMax || busy != 100-queueMax || done != queueMax+21 {
			t.Errorf("%d at once, %d refused, %d done", most, busy, done)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		l.by["flood"].turn <- struct{}{}
		if err := l.check(ctx, "flood", "", slow); !errors.Is(err, context.Canceled) || l.by["flood"].using != 0 {
			t.Errorf("who went away: %v", err)
		}
	})
}

func TestAddressesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		for i := range 3 * neighbourMax {
			l.check(t.Context(), fmt.Sprint(i), "", errWrong)
		}
		if n := len(l.by); n > neighbourMax+1 {
			t.Errorf("%d addresses", n)
		}
		for range wrongMax {
			l.check(t.Context(), "0", "", errWrong)
		}
		if err := l.check(t.Context(), "0", "", errWrong); err == nil || strings.Contains(err.Error(), "pin.wrong") {
			t.Error("a flood of addresses made wrong tries forgotten")
		}
		if err := l.check(t.Context(), "new", "", errWrong); err == nil || strings.Contains(err.Error(), "pin.wrong") {
			t.Error("newcomers beyond the table are not limited")
		}
		time.Sleep(wrongSpan)
		if err := l.check(t.Context(), "new", "", func() error { return nil }); err != nil {
			t.Errorf("after the flood: %v", err)
		}
		if n := len(l.by); n > 10 {
			t.Errorf("%d addresses after the flood", n)
		}
	})
}

func TestPlainOnLoopback(t *testing.T) {
	w := newWorld(t, 0)
	if a := w.at(w.web.plain).get("/login"); a.status != http.StatusOK {
		t.Errorf("on loopback: %d", a.status)
	}
	o := w.web.opts
	o.PlainTrustOnly = true
	web, err := New(o)
	w.must(err)
	if a := w.at(web.plain).get("/login"); a.location != "/trust" {
		t.Errorf("elsewhere: %d %s", a.status, a.location)
	}
	if a := w.at(web.plain).get("/trust/qr.png"); a.status != http.StatusNotFound || strings.Contains(a.body, `id="strip"`) {
		t.Errorf("an error page elsewhere: %d", a.status)
	}
	if a := w.at(web.Handler()).get("/login"); a.status != http.StatusOK {
		t.Errorf("over TLS: %d", a.status)
	}
}

func BenchmarkTemplates(b *testing.B) {
	for b.Loop() {
		if _, err := newShell(slog.New(slog.DiscardHandler), "", clinic.NewID); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNewSessionsAreBounded(t *testing.T) {
	w := newWorld(t, 0)
	b := w.browser()
	for i := range startMax {
		if a := b.post("/login/"+w.nurse.String(), url.Values{"pin": {nursePIN}}); a.status != http.StatusSeeOther {
			t.Fatalf("login %d: %d", i, a.status)
		}
	}
	if a := b.post("/login/"+w.nurse.String(), url.Values{"pin": {nursePIN}}); a.status != http.StatusTooManyRequests {
		t.Errorf("login %d: %d", startMax, a.status)
	}
	if a := w.browser().post("/login/"+w.nurse.String(), url.Values{"pin": {nursePIN}}); a.status != http.StatusSeeOther {
		t.Errorf("a neighbour: %d", a.status)
	}
}
