package pages_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
	"clinicbox/hub"
	"clinicbox/hub/db"
	"clinicbox/hub/db/dbtest"
	"clinicbox/hub/ingest"
	"clinicbox/hub/merge"
	"clinicbox/hub/pages"
	"clinicbox/internal/cert"
	"clinicbox/internal/testlog"
)

const token = "a-token-of-the-test-1234"

type site struct {
	*httptest.Server
	t      *testing.T
	db     *db.DB
	live   pages.Live
	now    time.Time
	trust  *trust // nil = no authority yet
	merge  *merge.Merge
	client *http.Client
}

// newSite serves pages over a database with five boxes in every state.
func newSite(t *testing.T) *site { return openSite(t, false) }

func openSite(t *testing.T, trusted bool) *site {
	t.Helper()
	s := &site{t: t, live: pages.Live{Linked: true}}
	var err error
	if s.db, err = db.Open(t.Context(), filepath.Join(t.TempDir(), "hub.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.db.Close() })
	push := func(ctx context.Context, box string, ds []clinic.Draft) (uint64, error) {
		es, err := ingest.Encode(dbtest.At(60), ds)
		if err != nil {
			return 0, err
		}
		return s.db.Push(ctx, box, es)
	}
	if err := s.db.FirstOperator(t.Context(), sha256.Sum256([]byte(token)), dbtest.At(0)); err != nil {
		t.Fatal(err)
	}
	s.now = dbtest.At(60)
	if trusted {
		s.trust = newTrust(t, func() time.Time { return s.now })
	}
	s.merge = s.desk()
	h, err := pages.New(pages.Options{
		DB: s.db, Push: push, Live: func() pages.Live { return s.live }, Operators: s.db, Secret: make([]byte, 32),
		Now: func() time.Time { return s.now }, Log: testlog.Logger(t), Trust: s.trust.pages(s.merge),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(h)
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s.client = &http.Client{Jar: jar}
	s.fill()
	return s
}

func (s *site) fill() {
	s.t.Helper()
	ok := func(err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
	}
	ctx := s.t.Context()
	for i, n := range []string{"tram-01", "tram-02", "tram-03", "luu-dong-01", "tram-04"} {
		ok(s.db.AddBox(ctx, n, hub.Keys{Identity: [32]byte{byte(i + 1), 0xab}, HPKE: []byte{1}}, dbtest.At(0)))
	}
	feed := func(name string, n int, stated uint64, f *clinic.Facility) *dbtest.Maker {
		m := &dbtest.Maker{Box: name, Epoch: dbtest.Epoch()}
		b := m.Next(n)
		b.Stated, b.Facility, b.At = stated, f, dbtest.At(50)
		b.Entries[2].Parked = name == "tram-02"
		ok(s.db.Append(ctx, b))
		return m
	}
	feed("tram-01", 12841, 12841, &clinic.Facility{Code: "22736", Name: "Trạm Y tế xã Đảo Mẫu", Site: "Điểm chính"})
	feed("tram-02", 910, 2310, &clinic.Facility{Code: "22736", Name: "Trạm Y tế xã Đảo Mẫu", Site: "Điểm trạm thôn Bãi Dài"})
	m := feed("tram-03", 400, 400, &clinic.Facility{Code: "22801", Name: `Trạm <script>alert("x")</script>`})
	ok(s.db.Conflict(ctx, hub.Alarm{Box: "tram-03", Code: hub.AlarmFork, Detail: "epoch 0102030405060708 from 388", Last: dbtest.At(55)}, dbtest.Epoch(), m.Next(1).Entries))
	ok(s.db.Raise(ctx, hub.Alarm{Box: "tram-03", Code: hub.AlarmGarbage, Last: dbtest.At(40)}))
	ok(s.db.Raise(ctx, hub.Alarm{Box: "tram-03", Code: hub.AlarmGarbage, Last: dbtest.At(41)}))
	feed("luu-dong-01", 77, 77, nil)
	for i := range byte(3) {
		_, err := s.db.Incarnation(ctx, hub.Stream{Box: "tram-03", Epoch: dbtest.Epoch(), Incarnation: hub.Epoch{i + 1}, Parent: hub.Epoch{i}, Tip: uint64(i) * 120, Started: dbtest.At(int(i))})
		ok(err)
	}
}

func (s *site) get(path string) (int, string) {
	s.t.Helper()
	r, err := s.client.Get(s.URL + path)
	if err != nil {
		s.t.Fatal(err)
	}
	return read(s.t, r)
}

func (s *site) post(path string, v url.Values) (int, string) {
	s.t.Helper()
	r, err := s.client.PostForm(s.URL+path, v)
	if err != nil {
		s.t.Fatal(err)
	}
	return read(s.t, r)
}

func read(t *testing.T, r *http.Response) (int, string) {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.Header.Get("Content-Security-Policy") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Error("headers are missing")
	}
	return r.StatusCode, string(b)
}

func (s *site) enter() {
	s.t.Helper()
	if code, body := s.post("/login", url.Values{"token": {token}}); code != 200 || !strings.Contains(body, "tram-01") {
		s.t.Fatal(code, body)
	}
}

func has(t *testing.T, body string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(body, w) {
			t.Errorf("the page lacks %q", w)
		}
	}
	if m := regexp.MustCompile(`⟦[^⟧]*⟧|<no value>|%!|https?://|<script|style="`).FindString(body); m != "" {
		t.Errorf("the page holds %q", m)
	}
}

func TestOnlyTheOperator(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/", "/boxes/tram-01", "/push", "/boxes/nobody", "/anything"} {
		if code, body := s.get(path); code != 200 || !strings.Contains(body, `name="token"`) || strings.Contains(body, "tram-01") {
			t.Errorf("%s: %d, shows more than the log-in", path, code)
		}
	}
	if code, body := s.post("/login", url.Values{"token": {"wrong"}}); code != 403 || strings.Contains(body, "tram-01") {
		t.Error(code)
	}
	if code, body := s.post("/push", url.Values{"code": {"x"}}); strings.Contains(body, "tram-01") || code == 500 {
		t.Error(code)
	}
	forged, _ := cookiejar.New(nil)
	u, _ := url.Parse(s.URL)
	for _, v := range []string{"", "x", "2999-01-01T00:00:00Z.AAAA", "2999-01-01T00:00:00Z."} {
		forged.SetCookies(u, []*http.Cookie{{Name: "clinichub", Value: v}})
		r, err := (&http.Client{Jar: forged}).Get(s.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		if _, body := read(t, r); strings.Contains(body, "tram-01") {
			t.Errorf("cookie %q got in", v)
		}
	}
	req, _ := http.NewRequest("GET", s.URL+"/", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	r, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, body := read(t, r); !strings.Contains(body, "tram-01") {
		t.Error("a program with the token is refused")
	}
	s.enter()
	s.post("/logout", nil)
	if _, body := s.get("/"); strings.Contains(body, "tram-01") {
		t.Error("still in after logging out")
	}
	if _, err := pages.New(pages.Options{Secret: []byte("short")}); err == nil {
		t.Error("cookies that can be made up")
	}
}

func TestBoxes(t *testing.T) {
	s := newSite(t)
	s.enter()
	code, body := s.get("/")
	if code != 200 {
		t.Fatal(code)
	}
	has(t, body, `lang="vi"`, "12.841", "1.400", "Còn thiếu", "Chưa gửi lần nào", "Đủ", "Điểm trạm thôn Bãi Dài",
		"&lt;script&gt;", "10 phút trước", "Dữ liệu hỏng ×2", "21/09/2026")
	code, body = s.get("/boxes/tram-03")
	if code != 200 {
		t.Fatal(code)
	}
	has(t, body, "Cả hai bản được giữ", "from 388", "0102030405060708", "mới nhất", cert.Fingerprint(append([]byte{3, 0xab}, make([]byte, 30)...)))
	if code, _ := s.get("/boxes/nobody"); code != 404 {
		t.Error(code)
	}
	if code, _ := s.get("/boxes/..%2f..%2fetc"); code != 404 {
		t.Error(code)
	}
	s.post("/lang", url.Values{"lang": {"en"}, "back": {"//evil.example"}})
	_, body = s.get("/")
	has(t, body, `lang="en"`, "12,841", "Behind", "21 Sep 2026")
	_, body = s.get("/boxes/tram-03")
	has(t, body, "Both versions are kept")
}

// TestAcknowledge: what a person has seen is kept, and no longer red until it
// happens again.
func TestAcknowledge(t *testing.T) {
	s := newSite(t)
	s.enter()
	s.post("/lang", url.Values{"lang": {"en"}, "back": {"/"}})
	as, err := s.db.Alarms(t.Context(), "tram-03", 10)
	if err != nil || len(as) != 2 {
		t.Fatal(as, err)
	}
	of := func(code string) string {
		for _, a := range as {
			if a.Code == code {
				return fmt.Sprintf("%d:%d", a.ID, a.Count)
			}
		}
		return ""
	}
	_, body := s.get("/boxes/tram-03")
	has(t, body, "Acknowledge all shown (2)", of(hub.AlarmFork), of(hub.AlarmGarbage), "evidence: 1")
	for path, v := range map[string]string{
		"/boxes/tram-03/ack": "x", "/boxes/tram-01/ack": of(hub.AlarmFork), "/boxes/nobody/ack": of(hub.AlarmFork), "/boxes/tram-03/ack?": "99:1",
	} {
		if code, _ := s.post(path, url.Values{"alarm": {v}}); code != 400 && code != 404 {
			t.Errorf("%s %q: %d", path, v, code)
		}
	}
	code, body := s.post("/boxes/tram-03/ack", url.Values{"alarm": {of(hub.AlarmFork)}})
	if code != 200 {
		t.Fatal(code)
	}
	has(t, body, "Acknowledged.", "Acknowledged alarms (1)", hub.FirstOperator, "Look here", "21 Sep 2026")
	if err := s.db.Raise(t.Context(), hub.Alarm{Box: "tram-03", Code: hub.AlarmGarbage, Last: dbtest.At(59)}); err != nil {
		t.Fatal(err)
	}
	_, body = s.post("/boxes/tram-03/ack", url.Values{"alarm": {of(hub.AlarmGarbage)}})
	has(t, body, "happened again while", "Look here")
	_, body = s.get("/")
	has(t, body, "Garbage ×3")
	if as, err = s.db.Alarms(t.Context(), "tram-03", 10); err != nil {
		t.Fatal(err)
	}
	_, body = s.post("/boxes/tram-03/ack", url.Values{"alarm": {of(hub.AlarmGarbage), of(hub.AlarmFork)}})
	has(t, body, "There are no open alarms", "Acknowledged alarms (2)", "Complete")
	if _, body = s.get("/"); strings.Contains(body, "tag bad") {
		t.Error("still red")
	}
	if err := s.db.Raise(t.Context(), hub.Alarm{Box: "tram-03", Code: hub.AlarmGarbage, Last: dbtest.At(60)}); err != nil {
		t.Fatal(err)
	}
	_, body = s.get("/boxes/tram-03")
	has(t, body, "Happened again since", "Acknowledged alarms (1)")
	_, body = s.get("/")
	has(t, body, "tag bad", "Garbage</span>")
}

func TestTroubleIsSaid(t *testing.T) {
	s := newSite(t)
	s.enter()
	if code, body := s.get("/healthz"); code != 200 || !strings.Contains(body, `"ok":true`) {
		t.Error(code, body)
	}
	s.live = pages.Live{Trouble: true}
	if code, body := s.get("/healthz"); code != 503 || !strings.Contains(body, `"storing":false`) {
		t.Error(code, body)
	}
	_, body := s.get("/")
	has(t, body, "không gửi biên nhận", "chưa nối được")
	s.db.Close()
	if code, body := s.get("/"); code != 500 || strings.Contains(body, "sql") || !strings.Contains(body, "không bị mất") {
		t.Error(code, body)
	}
	if code, _ := s.get("/healthz"); code != 503 {
		t.Error(code)
	}
}

func TestPush(t *testing.T) {
	s := newSite(t)
	s.enter()
	good := url.Values{
		"box": {"tram-01"}, "catalog": {"medicine"}, "code": {"PARA500"}, "name": {"Paracetamol 500 mg"},
		"from": {"01/09/2026"}, "price": {"500"}, "unit": {"viên"},
	}
	with := func(k, v string) url.Values {
		c := url.Values{}
		for key := range good {
			c[key] = good[key]
		}
		c.Set(k, v)
		return c
	}
	for _, bad := range []url.Values{
		with("catalog", "poison"), with("code", ""), with("code", strings.Repeat("x", 51)), with("name", "  "),
		with("name", "a\xff"), with("from", "30/02/2026"), with("from", "09/21/2026"), with("from", "01/01/0001"), with("price", "-5"), with("price", "1.5"),
		with("english", strings.Repeat("ạ", 501)),
	} {
		for _, box := range []string{"tram-01", ""} {
			bad.Set("box", box)
			code, body := s.post("/push", bad)
			if code != 422 || !strings.Contains(body, "Chưa gửi gì") {
				t.Errorf("%v: %d", bad, code)
			}
		}
	}
	if st, err := s.db.DownState(t.Context(), "tram-01"); err != nil || st.Last != 0 {
		t.Fatalf("%+v %v", st, err)
	}
	if code, _ := s.post("/push", with("box", "nobody")); code != 404 {
		t.Error(code)
	}
	if code, _ := s.post("/push", with("name", strings.Repeat("x", 2<<20))); code != 413 {
		t.Error(code)
	}
	code, body := s.post("/push", good)
	if code != 200 {
		t.Fatal(code)
	}
	has(t, body, "Đã xếp hàng")
	s.post("/push", with("box", ""))
	for n, want := range map[string]uint64{"tram-01": 2, "tram-04": 1} {
		if st, err := s.db.DownState(t.Context(), n); err != nil || st.Last != want {
			t.Errorf("%s: %+v %v", n, st, err)
		}
	}
	_, body = s.get("/push")
	has(t, body, "tất cả các hộp")
	req, _ := http.NewRequest("POST", s.URL+"/push", strings.NewReader(good.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	r, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if code, body := read(t, r); code != 403 || !strings.Contains(body, "từ chối") {
		t.Error(code, body)
	}
}

func TestWordsAreComplete(t *testing.T) {
	read := func(lang string) map[string]string {
		b, err := os.ReadFile("i18n/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		m := map[string]string{}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		return m
	}
	vi, en := read("vi"), read("en")
	for k := range vi {
		if en[k] == "" {
			t.Errorf("English lacks %s", k)
		}
	}
	for k := range en {
		if vi[k] == "" {
			t.Errorf("Vietnamese lacks %s", k)
		}
	}
	for _, code := range []string{
		hub.AlarmFork, hub.AlarmRoot, hub.AlarmHead, hub.AlarmSignature, hub.AlarmForeign, hub.AlarmGarbage, hub.AlarmClone, hub.AlarmSplit, hub.AlarmDown, hub.AlarmRevoked, hub.AlarmBeat, hub.AlarmLegal, hub.AlarmKey,
		hub.AlarmVoid, hub.AlarmRecords, hub.AlarmDisease,
	} {
		if vi["alarm."+code] == "" {
			t.Errorf("no words for alarm %s", code)
		}
	}
	for k := range vi {
		if !used(t, k) {
			t.Errorf("nothing uses %s", k)
		}
	}
	for _, m := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(sources(t, "templates/*.html"), -1) {
		if vi[m[1]] == "" {
			t.Errorf("a template uses %s, which has no words", m[1])
		}
	}
}

// used reports whether a template or the program names the key, or makes it of a
// prefix that the pages have for what comes from elsewhere.
func used(t *testing.T, key string) bool {
	all := sources(t, "templates/*.html") + sources(t, "[a-z]*.go")
	if strings.Contains(all, `"`+key+`"`) {
		return true
	}
	for _, prefix := range []string{"alarm.", "short.", "people.bad.", "push.catalog.", "op.", "act.", "done.", "task.", "go.", "point."} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

func sources(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatal(pattern, err)
	}
	var b strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

// lang changes the language of the browser's pages.
func (s *site) lang(ctx context.Context, lang string) {
	s.t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(s.URL+"/"), chromedp.SetValue(chromedp.CSS("input[name=lang]"), lang),
		chromedp.Submit(chromedp.CSS("input[name=lang]")), chromedp.WaitVisible(chromedp.CSS("html[lang="+lang+"] .sum"))); err != nil {
		s.t.Fatal(err)
	}
}

// TestScreenshots writes pictures to the folder in CLINICHUB_SHOTS, for people to
// look at.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("CLINICHUB_SHOTS")
	if dir == "" {
		t.Skip("CLINICHUB_SHOTS is not set")
	}
	s := newSite(t)
	actx, cancel := chromedp.NewExecAllocator(t.Context(), chromedp.Headless, chromedp.NoSandbox)
	defer cancel()
	ctx, cancel := chromedp.NewContext(actx)
	defer cancel()
	shot := func(name, path string, w, h int64) {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(w, h), chromedp.Navigate(s.URL+path)); err != nil {
			t.Fatal(name, err)
		}
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	shot("login", "/", 1280, 700)
	err := chromedp.Do(ctx, chromedp.SetValue(chromedp.CSS("#token"), token), chromedp.Submit(chromedp.CSS("#token")),
		chromedp.WaitVisible(chromedp.CSS(".sum")))
	if err != nil {
		t.Fatal(err)
	}
	as, err := s.db.Alarms(t.Context(), "tram-03", 1)
	if err != nil || len(as) != 1 {
		t.Fatal(as, err)
	}
	for _, lang := range []string{"vi", "en"} {
		s.lang(ctx, lang)
		for _, w := range []int64{1280, 800} {
			name := fmt.Sprintf("-%s-%d", lang, w)
			shot("boxes"+name, "/", w, 800)
			shot("box"+name, "/boxes/tram-03", w, 900)
			shot("push"+name, "/push", w, 800)
		}
		if err := s.db.Acknowledge(t.Context(), "tram-03", as[0].ID, hub.Ack{Count: as[0].Count, At: dbtest.At(58), Who: "operator"}); err != nil {
			t.Fatal(err)
		}
	}
	shot("boxes-phone", "/", 420, 900)
	s.live.Trouble = true
	shot("trouble", "/", 1280, 800)
}
