package proof

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// TestThreeDaysWithoutLink cuts the link for three days of an invented clinic, four
// times over, with something going wrong each time while the backlog travels.
func TestThreeDaysWithoutLink(t *testing.T) {
	w := newWorld(t, 80, "")
	w.startHub()
	w.startBox(w.cable.Addr(), "")
	for i, round := range []struct {
		name   string
		visits int    // on each of three days; some 45 fill a frame, and a middle needs two
		middle func() // while the backlog travels; nil for nothing
	}{
		{"nothing else", 20, nil},
		{"centre restarts", 22, func() { w.stopHub(); w.startHub(); w.box.Reconnect() }},
		{"box restarts", 22, func() { w.stopBox(); w.startBox(w.cable.Addr(), "") }},
		{"link flaps", 22, func() { w.cable.Set(false); w.cable.Set(true); w.box.Reconnect() }},
	} {
		if t.Failed() || testing.Short() && i > 1 {
			break
		}
		t.Logf("round %d: %s", i+1, round.name)
		w.outage(i, round.visits)
		w.restore(round.middle)
		w.agree()
		w.arrived(i)
	}
	w.stopBox()
	w.stopHub()
	w.command("", "check")
}

// outage plays three days without a link. The centre pushes a row meanwhile.
func (w *world) outage(round, visits int) {
	w.t.Helper()
	if round > 0 {
		w.agree()
	}
	w.cable.Set(false)
	w.within(30*time.Second, "the box to see that the link is gone", func() bool { return !w.box.Truths().Linked })
	before := w.held()
	if round == 0 {
		if err := w.play.Register(context.Background()); err != nil {
			w.t.Fatal(err)
		}
	}
	w.days(3, visits)
	w.command(fmt.Sprintf(`[{"catalog":"medicine","code":"YX.%d","name":"Thuốc thử Yến Xa %d","english":"Yen Xa test %[1]d","from":"2026-01-01","unit":"viên"}]`, round, round+1),
		"push", "-box", boxName, "-")
	tr := w.box.Truths()
	if tr.Linked || tr.Saved-tr.Received < uint64(visits)*3*6 || tr.Oldest.IsZero() {
		w.t.Errorf("three days without link, and the box says %+v", tr)
	}
	if now := w.held(); now != before {
		w.t.Errorf("the centre grew from %d to %d through a pulled cable", before, now)
	}
	if len(w.search(round)) != 0 {
		w.t.Error("the pushed row came through a pulled cable")
	}
}

// restore puts the cable back; what happens in the middle happens while the centre
// holds some of the backlog and not all.
func (w *world) restore(middle func()) {
	w.t.Helper()
	before, all := w.held(), w.store.Own().Size()
	if middle != nil {
		w.line.slow(200)
		defer w.line.slow(0)
	}
	w.cable.Set(true)
	w.box.Reconnect()
	if middle == nil {
		return
	}
	at := uint64(0)
	w.within(time.Minute, "some of the backlog", func() bool {
		at = w.held()
		return at > before
	})
	if at >= all {
		w.t.Fatalf("all of %d entries came at once: there was no middle", all-before)
	}
	middle()
	w.t.Logf("in the middle: %d of %d entries had arrived", at-before, all-before)
}

func (w *world) search(round int) []clinic.CatalogRow {
	w.t.Helper()
	rows, err := w.desk.Search(context.Background(), clinic.CatalogMedicine, fmt.Sprintf("thuoc thu yen xa %d", round+1), w.day, 5)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// arrived waits for the row that was pushed during the outage.
func (w *world) arrived(round int) {
	w.t.Helper()
	w.within(time.Minute, "the pushed row to be found on the box", func() bool { return len(w.search(round)) == 1 })
	if row := w.search(round)[0]; row.Code != fmt.Sprintf("YX.%d", round) || row.Unit != "viên" {
		w.t.Errorf("the row came as %+v", row)
	}
}

// TestBrokerThatRefuses works a day with a broker that is not there, a day with one
// of another centre, which the box must not talk to, and then with the right one.
func TestBrokerThatRefuses(t *testing.T) {
	w := newWorld(t, 20, "")
	w.startHub()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	closed.Close()
	other := newWorld(t, 1, "")
	other.startHub()
	for i, broker := range []string{nobody, other.hub.BrokerAddr()} {
		w.startBox(broker, "")
		if i == 0 {
			if err := w.play.Register(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.days(1, 4)
		w.within(30*time.Second, "the pages to say it", func() bool { return w.says("vi", "Không có mạng") && w.says("en", "No link") })
		if tr := w.box.Truths(); tr.Linked || tr.Received != 0 || tr.Saved < 20 {
			t.Errorf("%s: the box says %+v", broker, tr)
		}
		w.stopBox()
	}
	if n := w.held() + other.held(); n != 0 {
		t.Errorf("centres hold %d entries that no box may have sent", n)
	}
	w.startBox(w.cable.Addr(), "")
	w.days(1, 2)
	w.agree()
	w.stopBox()
	w.stopHub()
	w.command("", "check")
}

// says reports whether the first page has the words in a language.
func (w *world) says(lang, words string) bool {
	w.t.Helper()
	b := newBrowser(w.t, w.box.URL())
	if _, err := b.post("/language", url.Values{"lang": {lang}, "next": {"/login"}}); err != nil {
		w.t.Fatal(err)
	}
	p, err := b.get("/login")
	return err == nil && p.status == http.StatusOK && strings.Contains(p.text(), words)
}
