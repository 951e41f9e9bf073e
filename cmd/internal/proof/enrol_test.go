package proof

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clinicbox/internal/testpeer"
	"clinicbox/internal/testtab"
)

// joinOnline types address and code at the box's page.
func (n *newcomer) joinOnline(as, code string) {
	n.tb().Helper()
	n.Shot(as + "-1-alone")
	n.Follow(`a[href="/machine/join"]`)
	n.Fill("#hub", n.at, "#code", strings.ToLower(code))
	n.Shot(as + "-2-join")
	n.Follow("main button[type=submit]")
}

// request types the code at the box's page and returns what must be carried.
func (n *newcomer) request(as, code string) string {
	n.tb().Helper()
	n.Shot(as + "-1-alone")
	n.Follow(`a[href="/machine/carry"]`)
	n.Fill("#code", code)
	n.Follow("main button[type=submit]")
	n.Shot(as + "-2-request")
	return n.Evaluates(`document.querySelector("#request").value`)
}

// answer takes a request to the operator and brings the answer.
func (f *fleet) answer(as, request string) string {
	f.t.Helper()
	f.op.Open(f.at + "/carried")
	f.op.Fill("#f-text", request)
	f.op.Follow("main button.go")
	f.op.Sees(as)
	f.op.Shot(as + "-hub-answer")
	return f.op.Reads("pre.copy")
}

// accept pastes an answer at the box's page.
func (n *newcomer) accept(answer string) {
	n.tb().Helper()
	n.Open(n.box.URL() + "machine/answer")
	n.Fill("#answer", answer)
	n.Follow("form[enctype] button[type=submit]") // not the one that drops a draft
}

// upload takes the file that the operator's page offers for an answer.
func (n *newcomer) upload(answer string) {
	t := n.tb()
	t.Helper()
	if words(n.op.Reads("pre.copy")) != words(answer) {
		t.Fatal("the operator looks at another answer")
	}
	again := newBrowser(t, n.fleet.at)
	if p, err := again.post("/login", url.Values{"token": {n.hub.Token()}}); err != nil || p.status != http.StatusSeeOther {
		t.Fatal(p.status, err)
	}
	file, err := again.get(n.op.Evaluates(`document.querySelector("a.go").getAttribute("href")`))
	path := filepath.Join(t.TempDir(), "clinicbox-answer.bin")
	if err = errors.Join(err, os.WriteFile(path, []byte(file.body), 0o600)); err != nil {
		t.Fatal(err)
	}
	n.Open(n.box.URL() + "machine/answer")
	n.Upload("#file", path)
	n.Follow("form[enctype] button[type=submit]")
}

// camera reads the QR codes on a screen.
func camera(b *testtab.Tab) string {
	b.T.Helper()
	path := filepath.Join(b.T.TempDir(), "screen.png")
	if err := os.WriteFile(path, b.Photo(), 0o600); err != nil {
		b.T.Fatal(err)
	}
	out, err := exec.CommandContext(b.T.Context(), testpeer.Need(b.T, "zbarimg"), "-q", "--nodbus", "--raw", path).Output()
	if err != nil {
		b.T.Fatalf("zbarimg: %v", err)
	}
	return string(out)
}

// TestEnrolmentByPages lets people at two screens join boxes to a centre, online and
// by carrying, whatever the box's clock says.
func TestEnrolmentByPages(t *testing.T) {
	f := newFleet(t)
	t.Run("online", func(t *testing.T) {
		g := f.in(t)
		n := g.fresh("hop-moi", "", nil)
		code := g.invite("tram-01")
		g.op.Shot("hub-invitation")
		begin := time.Now()
		n.joinOnline("tram-01", code)
		n.enrolled("tram-01")
		t.Logf("from the code on the centre's page to the member's page: %v", time.Since(begin).Round(time.Millisecond))
		n.delivers("tram-01")
		t.Logf("to the receipt for a new patient: %v", time.Since(begin).Round(time.Millisecond))
	})
	t.Run("online, sealed, in 1970", func(t *testing.T) {
		g := f.in(t)
		n := g.fresh("hop-moi", "[seal]\nmethod = \"board\"\n", wrongClock{time.Unix(60, 0), time.Now(), false})
		n.joinOnline("tram-02", g.invite("tram-02"))
		n.enrolled("tram-02")
		n.delivers("tram-02")
	})
	t.Run("carried, in 2045", func(t *testing.T) {
		g := f.in(t)
		n := g.fresh("hop-moi", "", wrongClock{time.Date(2045, 6, 1, 3, 0, 0, 0, time.UTC), time.Now(), true})
		answer := g.answer("tram-03", n.request("tram-03", g.invite("tram-03")))
		n.accept(answer)
		n.enrolled("tram-03")
		n.delivers("tram-03")
	})
	t.Run("carried by camera", func(t *testing.T) {
		g := f.in(t)
		n := g.fresh("hop-moi", "", nil)
		n.request("tram-04", g.invite("tram-04"))
		g.answer("tram-04", camera(n.Tab))
		n.accept(camera(g.op))
		n.enrolled("tram-04")
	})
}

// in is the fleet of a subtest.
func (f *fleet) in(t *testing.T) *fleet {
	g := *f
	g.t, g.op = t, f.op.For(t)
	return &g
}

// TestAnswersOfOthersByPages: an answer is good for one request, once.
func TestAnswersOfOthersByPages(t *testing.T) {
	f := newFleet(t)
	first, second := f.fresh("hop-moi-1", "", nil), f.fresh("hop-moi-2", "", nil)
	request1, request2 := first.request("tram-01", f.invite("tram-01")), second.request("tram-02", f.invite("tram-02"))
	answer1, answer2 := f.answer("tram-01", request1), f.answer("tram-02", request2)

	second.accept(answer1)
	second.Sees("Đây là trả lời cho một yêu cầu khác")
	second.Shot("other-answer")
	second.Open(second.box.URL() + "machine")
	second.Sees("Đang chờ trung tâm trả lời", "hop-moi-2")

	first.accept(answer1)
	first.enrolled("tram-01")
	first.accept(answer1)
	first.Sees("Máy này đã thuộc một trung tâm")
	first.Open(first.box.URL() + "machine")
	first.Sees("Đã gia nhập trung tâm", "tram-01")

	f.answer("tram-02", request2) // the same request again, the same answer
	second.upload(answer2)        // what was refused did no harm
	second.enrolled("tram-02")
}
