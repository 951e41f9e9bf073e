package web

import (
	"bytes"
	"compress/gzip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clinicbox/clinic"
	"clinicbox/web/i18n"
)

var (
	missing  = regexp.MustCompile(`\[[a-z]+[.-][a-z0-9.-]*\]`)
	inline   = regexp.MustCompile(`(?i)<[^>]*\s(style|on[a-z]+)=|<style|<script>|javascript:`)
	outside  = regexp.MustCompile(`(?i)(https?:)?//[a-z0-9]`)
	leads    = regexp.MustCompile(`(?i)(href|src|srcset|action|content)="(https?:)?//[^"]*`)
	buttons  = regexp.MustCompile(`class="(govuk-button|cb-tile cb-tile--first)"[^>]*>`)
	unfilled = regexp.MustCompile(`\{[a-z]+(:[^}]*)?\}`)
)

// pagesOf walks through every page of a full visit in one language.
func pagesOf(w *world) map[string]answer {
	w.t.Helper()
	nurse, b := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	visit := nurse.opened("Phạm Thị Sương", "001161012345")
	b.examined(visit)
	v := b.get(visit + "/check").hidden()
	v.Set("patient", visit[10:42])
	v.Set("visit", visit[50:])
	v.Set("pin", doctorPIN)
	b.post(visit+"/sign", v)
	b.send(visit+"/exam", url.Values{"reason": {"Ho 4 ngày"}, "why": {"hỏi lại"}, "do": {"save"}})
	b.send(visit[:42]+"/edit", url.Values{"name": {"Phạm Thị Thu Sương"}, "birth.year": {"1961"}, "sex": {"2"}, "insurance": {"XD2562212345678"}, "why": {"sai tên"}})
	b.send(visit[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Penicillin"}, "severe.0": {"yes"}})
	b.send(visit[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Amoxicilin"}, "why": {"hỏi lại"}})
	fresh := nurse.opened("Nguyễn Văn Lâm", "")
	closed := nurse.opened("Trần Thị Mùa", "")
	nurse.send(closed+"/end", url.Values{"reason": {"left"}})
	pages := map[string]answer{
		"login": w.browser().get("/login"), "pin": w.browser().get("/login/" + w.nurse.String()),
		"find answer": b.post("/find", url.Values{"q": {"suong"}}), "find nothing": b.post("/find", url.Values{"q": {"zzz"}}),
		"find long number": b.post("/find", url.Values{"q": {"1234567890123"}}),
		"scan refused":     b.post("/scan/type", url.Values{"code": {"nonsense"}}),
	}
	for _, path := range []string{
		"/", "/find", "/scan", "/scan/type", "/register", "/status", "/nothing", visit[:42], visit[:42] + "/edit", visit[:42] + "/allergies",
		visit[:42] + "/allergies/versions", visit, visit + "/check", visit + "/versions/exam", fresh, fresh + "/check", fresh + "/end", closed, fresh[:42],
	} {
		pages[path] = b.get(path)
	}
	for name, path := range legalPaths(b.get(visit)) {
		pages["legal "+name], pages["nurse's legal "+name] = b.get(path), nurse.get(path)
		pages["legal refused "+name] = b.send(path, url.Values{"signature": {"không phải chữ ký"}})
	}
	for _, st := range steps() {
		pages[st.name+" new"], pages[st.name+" saved"] = b.get(fresh+"/"+st.name), b.get(visit+"/"+st.name)
	}
	again := url.Values{"act": {clinic.NewID().String()}, "patient": {fresh[10:42]}}
	if pages["waiting"] = b.post(fresh[:42]+"/visits", again); pages["waiting"].status != 409 {
		w.t.Errorf("second visit: %d", pages["waiting"].status)
	}
	pages["nurse's visit"] = nurse.get(fresh)
	staffPages(w, nurse, b, pages)
	machinePages(w, pages)
	pages["no stick"] = nurse.get("/sticks")
	w.sticks.sticks = plugged()
	pages["sticks"] = nurse.get("/sticks")
	pages["no month"] = nurse.get("/budget")
	w.budget.spent = nearlyUsed()
	pages["budget"], pages["status, some waits"] = nurse.get("/budget"), nurse.get("/status")
	familyPages(nurse, pages)
	vaccinePages(nurse, b, pages)
	shelfPages(w, pages)
	bookPages(w, nurse, b, pages)
	programmePages(nurse, b, pages)
	deathPages(nurse, b, pages)
	motherPages(nurse, b, pages)
	stayPages(w, nurse, b, pages)
	healthBookPages(nurse, b, pages)
	labPages(w, pages)
	barePages(w, pages)
	guardedPages(w, pages)
	troubledPages(w, pages)
	pages["technician"] = w.login(w.tech, techPIN).get("/status")
	b.post("/lock", nil)
	pages["lock"] = b.get("/lock")
	return pages
}

// familyPages adds the pages of a mother and her children.
func familyPages(b *browser, pages map[string]answer) {
	mother := b.bears()
	twin := infant()
	twin.Set("place", "1/2")
	pages["newborn next"] = b.get(b.send(mother+"/child", twin).location)
	twin.Set("place", "2/2")
	child := b.send(mother+"/child", twin).location
	for _, path := range []string{mother, mother + "/child", child, child + "/edit"} {
		pages["family "+path] = b.get(path)
	}
	pages["newborn again"], pages["newborn refused"] = b.send(mother+"/child", twin), b.send(mother+"/child", url.Values{})
	b.opened("Lê Thị Giữ", "056161012345")
	claim := person("Trần Thị Khác", "056161012345")
	claim.Set("do", "unknown") // keeps what was typed
	pages["held"] = b.send("/register", claim)
	pages["held without a reason"] = b.answers(pages["held"], "/register", "end", "")
	waits := b.answers(pages["held"], "/register", "unsure", "").location[:42]
	pages["held in an edit"] = b.send(waits+"/edit", claim)
	unknown := b.send("/register", url.Values{"do": {"unknown"}}).location[:42]
	for _, path := range []string{waits, unknown, unknown + "/edit"} {
		pages["numbers "+path] = b.get(path)
	}
	pages["newborn found"] = b.post("/find", url.Values{"q": {"nguyen thi me"}})
}

// staffPages adds the pages about people and slips.
func staffPages(w *world, nurse, doctor *browser, pages map[string]answer) {
	w.queue.jobs = waiting()
	admin := w.login(w.admin, adminPIN)
	pages["retention none"], pages["conflicts none"] = admin.get("/retention"), admin.get("/conflicts")
	forked := nurse.opened("Phạm Thị Khác Bản", "")
	doctor.examined(forked)
	w.fork(doctor, forked)
	pages["conflicts"], pages["choose"], pages["choose doc"] = doctor.get("/conflicts"), nurse.get(forked[:42]+"/choose"), doctor.get(forked+"/versions/exam")
	w.old(2014, "J06.9")
	shut, _ := w.old(2013, "J06.9")
	w.shut(shut)
	pages["retention"] = admin.get("/retention")
	locked := admin.add(newcomer())
	for range 11 {
		pages["locked"] = w.browser().post(strings.Replace(locked, "staff", "login", 1), url.Values{"pin": {"000001"}})
	}
	for name, b := range map[string]*browser{"nurse ": nurse, "doctor ": doctor, "admin ": admin} {
		for _, path := range []string{
			"/staff", "/staff/pin", "/staff/new", "/staff/" + w.nurse.String(), "/staff/" + w.nurse.String() + "/edit",
			locked, locked + "/unlock", locked + "/newpin", "/printing/b2/drop", "/printing/damaged-04/drop", "/status",
		} {
			pages[name+path] = b.get(path)
		}
	}
	catalogPages(w, nurse, admin, pages)
	oldPages(admin, pages)
	oldShelfPages(admin, pages)
	paperPages(nurse, pages)
	pages["bad person"] = admin.send("/staff/new", url.Values{"pin": {"123456"}, "again": {"1"}})
	w.awayPages(nurse, pages)
	pages["bad PIN"] = nurse.send("/staff/pin", url.Values{"own": {"1"}, "pin": {"111111"}, "again": {"111111"}})
}

// oneByOne leaves a walk that asks for one page after another out of the race run:
// nothing runs beside it, and under the detector it takes minutes.
func oneByOne(t *testing.T) {
	if testing.Short() {
		t.Skip("a walk over every page is slow")
	}
}

// TestEveryPage renders every page in both languages: no word is missing, nothing
// inline, nothing from outside, at most one primary button.
func TestEveryPage(t *testing.T) {
	oneByOne(t)
	for _, lang := range i18n.Languages() {
		t.Run(lang, func(t *testing.T) {
			w := newWorld(t, 0)
			pages := pagesOf(w.speaking(lang))
			everyRoute(w, pages)
			for name, a := range pages {
				if a.status >= 500 && a.status != 503 || a.body == "" {
					t.Errorf("%s: %d", name, a.status)
				}
				if !strings.Contains(a.body, `<html lang="`+lang+`"`) || strings.Contains(a.body, `id="strip"`) == strings.HasPrefix(name, "bare ") {
					t.Errorf("%s: wrong language or no strip: %d", name, a.status)
				}
				for what, re := range map[string]*regexp.Regexp{"missing words": missing, "unfilled places": unfilled} {
					if m := re.FindAllString(a.text(), -1); m != nil {
						t.Errorf("%s: %s %v", name, what, m)
					}
				}
				for what, re := range map[string]*regexp.Regexp{"inline": inline, "outside": leads} {
					if m := re.FindAllString(a.body, -1); m != nil && !slices.Equal(m, []string{`href="https://tram-01.local/`}) {
						t.Errorf("%s: %s %q", name, what, m)
					}
				}
				if n := len(buttons.FindAllString(main(a.body), -1)); n > 1 {
					t.Errorf("%s: %d primary buttons", name, n)
				}
				if !strings.Contains(a.header.Get("Content-Security-Policy"), "default-src 'self'") || a.header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: headers %v", name, a.header)
				}
			}
			w.log.Absent("Sương", "001161012345", doctorPIN, nursePIN)
		})
	}
}

func main(body string) string {
	_, body, _ = strings.Cut(body, "<main")
	body, _, _ = strings.Cut(body, "</main>")
	return body
}

// speaking makes every browser of the world ask for a language.
func (w *world) speaking(lang string) *world {
	w.lang = lang
	return w
}

// TestHostileNames puts markup where people type words.
func TestHostileNames(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.doctor, doctorPIN)
	visit := b.opened("Phạm Thị Sương", "001161012345")
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.}}`
	b.send(visit+"/exam", url.Values{"reason": {evil}, "finding": {evil}, "do": {"save"}})
	b.send(visit[:42]+"/edit", url.Values{"name": {"Sương'\"&;O’Đông"}, "birth.year": {"1961"}, "sex": {"2"}, "address": {evil}})
	b.send(visit[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {evil}})
	seen := 0
	for _, path := range []string{"/", visit, visit[:42], visit + "/exam", visit + "/check", visit[:42] + "/edit", visit[:42] + "/allergies"} {
		a := b.get(path)
		if strings.Contains(a.body, "<script>alert") || strings.Contains(a.body, "<img src=x") {
			t.Errorf("%s: markup got through", path)
		}
		if strings.Contains(a.body, "&lt;script&gt;alert(1)") {
			seen++
		}
	}
	if seen < 5 {
		t.Errorf("the words were seen on %d pages only", seen)
	}
	if a := b.post("/find", url.Values{"q": {evil}}); strings.Contains(a.body, "<script>alert") {
		t.Error("search: markup got through")
	}
}

// TestFirstPageIsSmall holds DESIGN 8: the first page with all it needs weighs at
// most 60 KB on the wire.
func TestFirstPageIsSmall(t *testing.T) {
	w := newWorld(t, 0)
	b := w.login(w.nurse, nursePIN)
	for i := range 40 {
		b.opened("Phạm Thị "+string(rune(0x61+i%26))+string(rune(0x61+i/26)), "")
	}
	a := b.get("/")
	total := packed(t, []byte(a.body))
	refs := regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`).FindAllStringSubmatch(a.body, -1)
	if len(refs) != 3 {
		t.Errorf("assets: %v", refs)
	}
	for _, m := range refs {
		f, ok := w.web.assets.byPath[m[1]]
		if !ok {
			t.Fatalf("no asset %s", m[1])
		}
		if f.packed != nil {
			total += len(f.packed)
		} else {
			total += len(f.raw)
		}
	}
	t.Logf("first page with 40 waiting: %d bytes", total)
	if total > 60<<10 {
		t.Errorf("first page weighs %d bytes", total)
	}
}

func packed(t *testing.T, raw []byte) int {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(raw); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

func TestAssets(t *testing.T) {
	w := newWorld(t, 0)
	b := w.browser()
	for name, path := range w.web.assets.path {
		a := b.get(path)
		if a.status != 200 || !strings.Contains(a.header.Get("Cache-Control"), "immutable") || a.header.Get("Content-Type") == "" {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		if strings.HasSuffix(name, "css") && outside.MatchString(a.body) {
			t.Errorf("%s names another site", name)
		}
	}
}

func TestDatesCannotBeMisread(t *testing.T) {
	d := clinic.Date{Year: 2026, Month: 3, Day: 2}
	for lang, want := range map[string]string{"vi": "02/03/2026", "en": "2 Mar 2026"} {
		c, err := i18n.Load(lang)
		if err != nil {
			t.Fatal(err)
		}
		if got := dateText(c, d); got != want {
			t.Errorf("%s: %q", lang, got)
		}
	}
}
