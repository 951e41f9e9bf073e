package web

import (
	"context"
	"errors"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"clinicbox/web/i18n"
)

// fakeUnlocker opens for one number and PIN, one code and one answer.
type fakeUnlocker struct {
	mu    sync.Mutex
	ways  Ways
	fails error // what every way in answers, unless it is right and fails is nil
	tries int
	got   Recovery
}

const (
	lockedNumber = 3
	lockedPIN    = "481516"
)

func newUnlocker() *fakeUnlocker {
	return &fakeUnlocker{ways: Ways{
		People: []uint32{1, 2, 3, 5, 12}, Card: true, Recovery: true, Telephone: true, Challenge: "27CFGH-JKLMNP-QRTVX2",
	}}
}

func (u *fakeUnlocker) Ways() Ways { u.mu.Lock(); defer u.mu.Unlock(); return u.ways }

func (u *fakeUnlocker) try(right bool) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tries++
	switch {
	case u.fails != nil:
		return u.fails
	case !right:
		return &UnlockError{Key: UnlockWrong}
	}
	u.ways.Opening = true
	return nil
}

func (u *fakeUnlocker) PIN(_ context.Context, n uint32, pin string) error {
	return u.try(n == lockedNumber && pin == lockedPIN)
}
func (u *fakeUnlocker) Card(context.Context) error    { return u.try(true) }
func (u *fakeUnlocker) KeyFile(context.Context) error { return u.try(true) }

func (u *fakeUnlocker) Recover(_ context.Context, r Recovery) error {
	u.mu.Lock()
	u.got = r
	u.mu.Unlock()
	return u.try(r.Code == "RIGHT" || r.Answer == "RIGHT")
}

// lockedBox is a browser before a locked box; nil takes a fresh unlocker.
func (w *world) lockedBox(u *fakeUnlocker) *browser {
	w.t.Helper()
	if u == nil {
		u = newUnlocker()
	}
	h, err := NewLocked(LockedOpts{
		Unlocker: u, Log: w.log.Logger(), Facility: "Trạm y tế đảo Sò Biển",
		Healthz: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) }),
	})
	w.must(err)
	return w.at(h)
}

// barePages adds the pages of a locked box and of one that is not trusted yet.
func barePages(w *world, pages map[string]answer) {
	root, _ := fleet(w.t)
	for name, trust := range map[string]Trust{
		"whole": {URL: "https://tram-01.local/", Plain: "http://tram-01.local/", Root: root}, "no root": {URL: "https://tram-01.local/"}, "nothing": {},
	} {
		h, err := NewTrust(TrustOpts{Log: w.log.Logger(), Facility: "Trạm", Trust: func() Trust { return trust }})
		w.must(err)
		pages["bare trust "+name], pages["bare trusted "+name] = w.at(h).get("/trust"), w.at(h).secured().get("/trust")
	}
	b := w.lockedBox(nil)
	for _, path := range []string{"/", "/pin/3", "/recover", "/telephone", "/pin/99", "/trust"} {
		pages["bare locked "+path] = b.get(path)
	}
	pages["bare locked empty"], pages["bare locked form"] = b.post("/recover", url.Values{"pin": {"1"}}), b.post("/register", nil)
	for i := range wrongMax + 1 {
		pages["bare locked wrong "+strconv.Itoa(i/wrongMax)] = b.post("/pin/3", url.Values{"pin": {"000000"}})
	}
	for name, ways := range map[string]Ways{
		"erased": {Erased: true}, "blocked": {Blocked: true}, "not set up": {NotSetUp: true}, "key file": {KeyFile: true}, "opening": {Opening: true},
	} {
		u := newUnlocker()
		u.ways = ways
		pages["bare "+name] = w.lockedBox(u).get("/")
	}
}

func TestLockedBoxOpens(t *testing.T) {
	for name, open := range map[string]func(b *browser) answer{
		"PIN":     func(b *browser) answer { return b.post("/pin/3", url.Values{"pin": {lockedPIN}}) },
		"card":    func(b *browser) answer { return b.post("/card", nil) },
		"code":    func(b *browser) answer { return b.post("/recover", url.Values{"code": {" RIGHT "}}) },
		"answer":  func(b *browser) answer { return b.post("/telephone", url.Values{"answer": {"RIGHT"}}) },
		"keyfile": func(b *browser) answer { return b.post("/keyfile", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			w, u := newWorld(t, 0), newUnlocker()
			u.ways.KeyFile = name == "keyfile"
			b := w.lockedBox(u)
			front := b.get("/")
			if front.status != http.StatusOK || !strings.Contains(front.text(), "Tôi là số 3") || !strings.Contains(front.text(), "Tôi là số 12") {
				t.Fatalf("front: %d %s", front.status, front.text())
			}
			if a := open(b); a.status != http.StatusSeeOther || a.location != "/" {
				t.Fatalf("%d %s", a.status, a.text())
			}
			for _, path := range []string{"/", "/pin/3", "/recover"} {
				a := b.get(path)
				if a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), "Đang mở hồ sơ") || a.header.Get("Refresh") != "2; url=/" {
					t.Errorf("%s after: %d %s", path, a.status, a.text())
				}
			}
			if a := b.post("/pin/3", url.Values{"pin": {"000000"}}); a.status != http.StatusServiceUnavailable || u.tries != 1 {
				t.Errorf("a second person's PIN while it opens: %d, %d tries", a.status, u.tries)
			}
			w.log.Absent(lockedPIN, "RIGHT")
		})
	}
}

// TestLockedBoxShowsNothing: every address of the open box leads to the way in, and
// no page of the locked one holds a name.
func TestLockedBoxShowsNothing(t *testing.T) {
	w := newWorld(t, 0)
	b := w.lockedBox(nil)
	for _, m := range []map[string]handler{w.web.staffRoutes(), w.web.recordRoutes()} {
		for pattern := range m {
			method, path := address(pattern)
			if path == "/" {
				continue
			}
			a := b.request(method, path)
			switch {
			case path == "/events" || strings.HasPrefix(path, "/suggest/") || method == http.MethodPost:
				if a.status != http.StatusServiceUnavailable {
					t.Errorf("%s: %d", pattern, a.status)
				}
			case a.status != http.StatusSeeOther || a.location != "/":
				t.Errorf("%s: %d %s", pattern, a.status, a.location)
			}
		}
	}
	if a := b.post("/register", person("Phạm Thị Sương", "001161012345")); !strings.Contains(a.text(), "nút Quay lại") || strings.Contains(a.body, "Sương") {
		t.Errorf("a form: %s", a.text())
	}
	for _, path := range []string{"/", "/pin/3", "/recover", "/telephone", "/nothing"} {
		if a := b.get(path); strings.Contains(a.body, "Nguyễn Thị Hoa") || strings.Contains(a.body, `id="strip"`) || strings.Contains(a.body, w.nurse.String()) {
			t.Errorf("%s shows too much", path)
		}
	}
	if a := b.get("/healthz"); a.status != http.StatusServiceUnavailable || a.body != "" {
		t.Errorf("health: %d %q", a.status, a.body)
	}
	if a := b.get("/telephone"); !strings.Contains(a.text(), "27CFGH JKLMNP QRTVX2") {
		t.Errorf("challenge: %s", a.text())
	}
}

func TestLockedBoxThatStaysShut(t *testing.T) {
	w := newWorld(t, 0)
	for words, ways := range map[string]Ways{
		"Khóa của máy này đã bị xóa": {Erased: true, People: []uint32{3}, Recovery: true},
		"Trung tâm đã khóa máy này":  {Blocked: true, People: []uint32{3}, Recovery: true},
		"Máy chưa được cài đặt":      {NotSetUp: true},
		"Đang mở hồ sơ":              {Opening: true, Erased: true},
	} {
		u := newUnlocker()
		u.ways = ways
		b := w.lockedBox(u)
		for _, a := range []answer{b.get("/"), b.post("/pin/3", url.Values{"pin": {lockedPIN}}), b.post("/recover", url.Values{"code": {"RIGHT"}})} {
			if a.status != http.StatusServiceUnavailable || !strings.Contains(a.text(), words) {
				t.Errorf("%s: %d %s", words, a.status, a.text())
			}
		}
		if u.tries != 0 {
			t.Errorf("%s: a way in was tried", words)
		}
	}
	u := newUnlocker()
	u.ways = Ways{People: []uint32{3}}
	b := w.lockedBox(u)
	for _, a := range []answer{b.get("/recover"), b.get("/telephone"), b.post("/card", nil), b.post("/keyfile", nil), b.get("/pin/4"), b.get("/pin/x"), b.post("/pin/99999999999", nil)} {
		if a.status != http.StatusNotFound {
			t.Errorf("a way that is none: %d", a.status)
		}
	}
	if u.tries != 0 {
		t.Error("a way that is none was tried")
	}
}

// TestEveryRefusalOfAnUnlock shows each as words, in the field it belongs to, and
// keeps the long code that was typed, but no PIN.
func TestEveryRefusalOfAnUnlock(t *testing.T) {
	oneByOne(t)
	for _, lang := range i18n.Languages() {
		w := newWorld(t, 0).speaking(lang)
		for _, key := range unlockKeys() {
			if key == UnlockBusy {
				continue
			}
			u := newUnlocker()
			u.fails = &UnlockError{key, []any{"n", 7, "groups", "2, 5", "have", 5, "want", 6}}
			b := w.lockedBox(u)
			for path, v := range map[string]url.Values{
				"/pin/3": {"pin": {"271828"}}, "/card": {}, "/recover": {"code": {"CFGHJK 23"}, "name": {"Bùi Thị Mẫu"}, "pin": {"271828"}, "again": {"271828"}},
				"/telephone": {"answer": {"CFGHJK 23"}},
			} {
				a := b.post(path, v)
				words, err := i18n.Load(lang)
				w.must(err)
				key := key
				if key == UnlockWrong && path == "/pin/3" {
					key = "unlock.wrong-pin"
				}
				if a.status != http.StatusUnprocessableEntity || !strings.Contains(html.UnescapeString(a.text()), words.Text(key, u.fails.(*UnlockError).Args...)) || unfilled.MatchString(a.text()) {
					t.Errorf("%s %s %s: %d", lang, path, key, a.status)
				}
				if strings.Contains(a.body, "271828") || v.Get("code") != "" && (!strings.Contains(a.body, "CFGHJK 23") || !strings.Contains(a.body, "Bùi Thị Mẫu")) {
					t.Errorf("%s %s: a PIN is shown, or what was typed is lost", path, key)
				}
			}
		}
	}
	for wait, want := range map[time.Duration]UnlockError{
		time.Millisecond: {UnlockWait, []any{"n", 1}}, 90 * time.Second: {UnlockWait, []any{"n", 90}}, time.Hour: {UnlockWait + "-minutes", []any{"n", 60}},
	} {
		if got := UnlockAfter(UnlockWait, wait); got.Key != want.Key || got.Args[1] != want.Args[1] {
			t.Errorf("%v: %v", wait, got)
		}
	}
}

func TestLockedBoxFails(t *testing.T) {
	w, u := newWorld(t, 0), newUnlocker()
	b := w.lockedBox(u)
	u.fails = errors.New("disk on fire at /dev/sda")
	if a := b.post("/pin/3", url.Values{"pin": {lockedPIN}}); a.status != http.StatusInternalServerError || strings.Contains(a.body, "sda") {
		t.Errorf("%d %s", a.status, a.text())
	}
	u.fails = &UnlockError{Key: UnlockBusy}
	if a := b.post("/pin/3", url.Values{"pin": {lockedPIN}}); a.status != http.StatusServiceUnavailable || a.header.Get("Refresh") == "" {
		t.Errorf("busy: %d %s", a.status, a.text())
	}
}

func TestNewAdministrator(t *testing.T) {
	w, u := newWorld(t, 0), newUnlocker()
	b := w.lockedBox(u)
	for words, v := range map[string]url.Values{
		"Nhập mã vào ô này":  {"code": {""}},
		"Nhập họ tên":        {"code": {"RIGHT"}, "pin": {"271828"}, "again": {"271828"}},
		"đúng 6 chữ số":      {"code": {"RIGHT"}, "name": {"Bùi Thị Mẫu"}},
		"Hai lần gõ":         {"code": {"RIGHT"}, "name": {"Bùi Thị Mẫu"}, "pin": {"271828"}, "again": {"271829"}},
		"Mã PIN này dễ đoán": {"code": {"RIGHT"}, "name": {"Bùi Thị Mẫu"}, "pin": {"123456"}, "again": {"123456"}},
	} {
		if a := b.post("/recover", v); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.text(), words) {
			t.Errorf("%s: %d %s", words, a.status, a.text())
		}
	}
	if u.tries != 0 {
		t.Error("a bad form was tried")
	}
	b.post("/recover", url.Values{"code": {"RIGHT"}, "name": {"Bùi Thị Mẫu"}, "pin": {"271828"}, "again": {"271828"}})
	if want := (Recovery{Code: "RIGHT", Name: "Bùi Thị Mẫu", PIN: "271828"}); u.got != want {
		t.Errorf("got %+v", u.got)
	}
	w.log.Absent("Bùi Thị Mẫu", "271828")
}

// TestLockedBoxLimits: ten wrong from one address, then it waits; others do not.
func TestLockedBoxLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, u := newWorld(t, 0), newUnlocker()
		b := w.lockedBox(u)
		for i := range 10 {
			if a := b.post("/pin/"+strconv.Itoa([]int{1, 2, 3, 5, 12}[i%5]), url.Values{"pin": {"000000"}}); a.status != http.StatusUnprocessableEntity {
				t.Fatalf("try %d: %d", i, a.status)
			}
		}
		for path, v := range map[string]url.Values{"/pin/3": {"pin": {lockedPIN}}, "/recover": {"code": {"RIGHT"}}, "/telephone": {"answer": {"RIGHT"}}, "/card": {}} {
			a := b.post(path, v)
			if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "600" || !strings.Contains(a.text(), "Đợi 10 phút") {
				t.Errorf("%s: %d %s", path, a.status, a.text())
			}
		}
		if u.tries != 10 {
			t.Errorf("%d tries", u.tries)
		}
		other := *b
		other.addr = "192.168.4.99:1"
		if a := other.post("/pin/1", url.Values{"pin": {"000000"}}); a.status != http.StatusUnprocessableEntity {
			t.Errorf("a neighbour: %d", a.status)
		}
		time.Sleep(wrongSpan)
		if a := b.post("/pin/3", url.Values{"pin": {lockedPIN}}); a.status != http.StatusSeeOther {
			t.Errorf("after the wait: %d %s", a.status, a.text())
		}
	})
}

func TestLockedBoxRefusesOtherSites(t *testing.T) {
	w, u := newWorld(t, 0), newUnlocker()
	b := w.lockedBox(u).secured()
	for path := range map[string]bool{"/pin/3": true, "/card": true, "/recover": true, "/keyfile": true} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://box.test"+path, strings.NewReader("pin="+lockedPIN+"&code=RIGHT"))
		w.must(err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://evil.test")
		if a := b.do(req); a.status != http.StatusForbidden {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	if u.tries != 0 {
		t.Error("another site tried a way in")
	}
}

func FuzzLockedBox(f *testing.F) {
	f.Add("/pin/3", "pin=481516", "")
	f.Add("/recover", "code=RIGHT&name=%00&pin=271828&again=271828", "vi")
	f.Add("/pin/-1", "pin=%zz", "en")
	f.Add("/telephone", "answer=<script>alert(1)</script>", `"><`)
	w, u := newWorld(f, 0), newUnlocker()
	u.fails = &UnlockError{Key: UnlockMistyped} // does not fill the limit of the address
	b := w.lockedBox(u)
	f.Fuzz(func(t *testing.T, path, body, lang string) {
		w.t = t
		u2, err := url.Parse("http://box.test")
		if err != nil {
			t.Fatal(err)
		}
		u2.Path = "/" + strings.TrimLeft(path, "/")
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, u2.String(), strings.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: langCookie, Value: url.QueryEscape(lang)})
		a := b.do(req)
		if a.status >= 500 && a.status != http.StatusServiceUnavailable || a.header.Get("Content-Security-Policy") != policy {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
		if strings.Contains(a.body, "<script>alert") {
			t.Error("markup got through")
		}
	})
}
