package web

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"clinicbox/clinic"
)

// card is an invented person's card.
func card() clinic.Scan {
	return clinic.Scan{Kind: clinic.ScanCitizen, Patient: clinic.Patient{
		Name: "Võ Thị Ngọc Ánh", Birth: clinic.Date{Year: 1990, Month: 9, Day: 5}, Sex: clinic.SexFemale, Address: "Thôn Đông",
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056190004321"}},
		Issued:      clinic.Date{Year: 2022, Month: 1, Day: 15},
	}}
}

// TestScanAtAnyMoment follows a scan without JavaScript: the waiting page goes on
// by itself, the form is filled, the saved patient keeps what the card said; the
// next scan of the card opens the patient.
func TestScanAtAnyMoment(t *testing.T) {
	w := newWorld(t, 0)
	w.scans["card"] = card()
	b := w.login(w.nurse, nursePIN)
	if a := b.get("/scan"); a.status != http.StatusOK || !strings.Contains(a.body, `content="3;url=/scan?watch=1"`) {
		t.Fatalf("the waiting page does not reload itself: %d", a.status)
	}
	w.web.Scanned([]byte("card"))
	a := b.get("/scan?watch=1")
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/scan/") {
		t.Fatalf("after a scan: %d %s", a.status, a.location)
	}
	a = b.get(a.location)
	if !strings.HasPrefix(a.location, "/register?scan=") {
		t.Fatalf("a new person: %d %s", a.status, a.location)
	}
	form := b.get(a.location)
	for _, want := range []string{"Võ Thị Ngọc Ánh", "056190004321", `value="1990"`, "Thôn Đông", "Đã điền từ thẻ"} {
		if !strings.Contains(form.body, want) {
			t.Errorf("the form lacks %q", want)
		}
	}
	v := person("Võ Thị Ngọc Ánh", "056190004321")
	v.Set("birth.day", "5")
	v.Set("birth.month", "9")
	v.Set("birth.year", "1990")
	v.Set("scan", strings.TrimPrefix(a.location, "/register?scan="))
	maps.Copy(v, form.hidden())
	saved := b.post("/register", v)
	if saved.status != http.StatusSeeOther {
		t.Fatalf("save: %d %s", saved.status, saved.text())
	}
	id, err := clinic.ParseID(saved.location[10:42])
	w.must(err)
	p, err := w.desk.PatientPage(t.Context(), w.nurse, id)
	w.must(err)
	if p.Now.Issued.Year != 2022 || p.Now.Source != clinic.SourceCitizenQR {
		t.Errorf("the card's issue date or source is lost: %+v %v", p.Now.Issued, p.Now.Source)
	}
	if a := b.get("/scan"); a.status != http.StatusOK {
		t.Errorf("a scan that was opened opens again: %s", a.location)
	}
	w.web.Scanned([]byte("card"))
	if a := b.get(b.get("/scan").location); !strings.HasPrefix(a.location, saved.location[:42]) {
		t.Errorf("the known person: %d %s", a.status, a.location)
	}
	w.web.Scanned([]byte("half a co"))
	if a := b.get(b.get("/scan").location); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), "Không nhận ra mã này") {
		t.Errorf("half a code: %d %s", a.status, a.text())
	}
}

func mustURL(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse("http://box.test/")
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// events opens the stream of a browser and returns what it says, by name.
func events(t *testing.T, w *world, b *browser) <-chan [2]string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.http.URL+"/events", nil)
	w.must(err)
	req.Header.Set("User-Agent", b.agent)
	for _, c := range b.client.Jar.Cookies(mustURL(t)) {
		req.AddCookie(c)
	}
	for _, x := range w.web.sessions.live { // the network gives this browser another address
		x.places = append(x.places, place{addr: netip.MustParseAddr("127.0.0.1"), agent: agentOf(req)})
	}
	res, err := http.DefaultClient.Do(req)
	w.must(err)
	t.Cleanup(func() { res.Body.Close() })
	out := make(chan [2]string, 16)
	go func() {
		defer close(out)
		name := ""
		lines := bufio.NewScanner(res.Body)
		for lines.Scan() {
			if s, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = s
			}
			if s, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				out <- [2]string{name, s}
			}
		}
	}()
	return out
}

func TestLiveEvents(t *testing.T) {
	w := newWorld(t, time.Hour).serve()
	w.scans["card"] = card()
	a, b := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	a.get("/scan") // the nurse waits for a card: scans are hers
	nurse, doctor := events(t, w, a), events(t, w, b)
	next := func(from <-chan [2]string, want string) string {
		t.Helper()
		for e := range from {
			if e[0] == want {
				return e[1]
			}
		}
		t.Fatalf("the stream ended without %q", want)
		return ""
	}
	if s := next(nurse, "strip"); !strings.Contains(s, "Chưa gửi") {
		t.Errorf("strip: %s", s)
	}
	w.web.Scanned([]byte("card"))
	var mine, other live
	w.must(json.Unmarshal([]byte(next(nurse, "scan")), &mine))
	w.must(json.Unmarshal([]byte(next(doctor, "scan")), &other))
	if !mine.Go || other.Go || mine.Open == "" || mine.Open != other.Open || !strings.Contains(mine.Text, "Võ Thị Ngọc Ánh") {
		t.Errorf("nurse %+v, doctor %+v", mine, other)
	}
	w.web.Scanned([]byte("nonsense"))
	mine = live{}
	w.must(json.Unmarshal([]byte(next(nurse, "scan")), &mine))
	if mine.Open != "" || mine.Go || mine.Text == "" {
		t.Errorf("nonsense: %+v", mine)
	}
	b.post("/lock", nil)
	next(doctor, "lock")
}

// TestRun serves on a real listener and stops though a page listens for events.
func TestRun(t *testing.T) {
	w := newWorld(t, time.Hour)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.web.opts.Listener = l
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.web.Run(ctx) }()
	<-w.web.Ready()
	res, err := http.Get("http://" + l.Addr().String() + "/healthz")
	w.must(err)
	res.Body.Close()
	stop()
	if err := <-ended; err != nil && !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
