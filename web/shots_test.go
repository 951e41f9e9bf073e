package web

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
)

// TestShots takes a picture of every page into CLINICBOX_WEB_SHOTS, as an 8-inch
// tablet held upright shows it, for a person to look at.
func TestShots(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	w.scans["card"] = clinic.Scan{Kind: clinic.ScanCitizen, Patient: clinic.Patient{
		Name: "Võ Thị Ngọc Ánh", Birth: clinic.Date{Year: 1990, Month: 9, Day: 5}, Sex: clinic.SexFemale,
		Identifiers: []clinic.Identifier{{System: clinic.SystemCitizen, Value: "056190004321"}}, Address: "Thôn Đông, xã Sò Biển",
	}}
	nurse, doctor := w.login(w.nurse, nursePIN), w.login(w.doctor, doctorPIN)
	signed := nurse.opened("Phạm Thị Sương", "056161012345")
	doctor.examined(signed)
	v := doctor.get(signed + "/check").hidden()
	v.Set("patient", signed[10:42])
	v.Set("visit", signed[50:])
	v.Set("pin", doctorPIN)
	doctor.post(signed+"/sign", v)
	doctor.send(signed+"/exam", url.Values{"reason": {"Ho, sốt 4 ngày"}, "why": {"hỏi lại người nhà"}, "do": {"save"}})
	open := nurse.opened("Nguyễn Văn Lâm", "056061000123")
	doctor.examined(open)
	fresh := nurse.opened("Đặng Quốc Hải Đăng", "056061000777")
	nurse.send(fresh[:42]+"/allergies", url.Values{"known": {"yes"}, "substance.0": {"Amoxicilin"}, "reaction.0": {"phát ban"}, "severe.0": {"yes"}})

	c := newCamera(t, w, dir)
	shot, to := c.shot, c.to

	shot("01-login", to("/login"))
	shot("02-pin-wrong", to("/login/"+w.doctor.String()), typing("#pin", "111111"), press("main button"), wait("[data-errors]"))
	shot("03-today", to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
	shot("04-scan", to("/scan"))
	shot("05-scan-type", to("/scan/type"), typing("#code", "0123456789012"), press("main button"), wait("[data-errors]"))
	shot("06-find", to("/find"), typing("#q", "dang"), press("main button"), wait(".cb-list"))
	id := w.web.scans.add([]byte("card"), true).String()
	shot("07-register-scan", to("/scan/"+id), wait("#name"))
	shot("08-register-errors", to("/register"), typing("#citizen", "0561610123"), press("main form[data-keep] button"), wait("[data-errors]"))
	shot("09-duplicates", to("/register"), typing("#name", "Phạm Thị Sương"), typing("#birth\\.day", "2"), typing("#birth\\.month", "3"), typing("#birth\\.year", "1961"),
		press("label[for=sex-2]"), press("main form[data-keep] button"), wait(".cb-list"))
	shot("10-patient", to(fresh[:42]))
	shot("11-patient-signed", to(signed[:42]))
	shot("12-edit", to(fresh[:42]+"/edit"))
	shot("13-allergies", to(fresh[:42]+"/allergies"))
	shot("14-visit-new", to(fresh))
	shot("15-vitals", to(fresh+"/vitals"))
	shot("16-vitals-error", typing("#temperature", "370"), typing("#systolic", "120"), press("main form[data-keep] button"), wait("[data-errors]"))
	shot("17-confirm", chromedp.SetValue(chromedp.CSS("#temperature"), "39,6"), typing("#diastolic", "80"), press("main form[data-keep] .cb-actions button"), wait("button[value=confirm]"))
	shot("18-exam", press("button[value=confirm]"), wait("#finding"))
	shot("19-diagnosis-suggest", to(fresh+"/diagnosis"), typing("#q", "viem hong"), wait("#found button"))
	shot("20-diagnosis", press("#found button"), wait(".cb-lines"))
	shot("21-prescription-suggest", to(fresh+"/prescription"), typing("#q", "amox"), wait("#found button"))
	shot("22-prescription", press("#found button"), wait("#dose\\.0"), typing("#dose\\.0", "1"), typing("#times\\.0", "2"), typing("#days\\.0", "5"))
	shot("23-prescription-allergy", press("button[value=save]"), wait("button[value=confirm]"))
	shot("24-bill", to(open+"/bill"))
	shot("25-appointment", to(fresh+"/appointment"))
	shot("26-check", to(open+"/check"))
	shot("27-visit-amended", to(signed))
	shot("28-versions", to(signed+"/versions/exam"))
	shot("29-end", to(fresh+"/end"))
	shot("30-status", to("/status"))
	shot("31-missing", to("/nothing"))
	w.web.sessions.takeDesk("nobody")
	shot("32-live", to(fresh+"/exam"), chromedp.Func(func(context.Context, *chromedp.Target) error { w.web.Scanned([]byte("card")); return nil }), wait("#live a"))
	shot("35-typed", typing("#finding", "Phổi có ran ẩm"))
	w.web.sessions.lockAll()
	shot("36-locked", wait("#pin"))
	shot("37-unlocked", typing("#pin", doctorPIN), press("main button"), wait("#finding"))
	w.web.sessions.takeDesk("")
	if x, ok, _ := w.web.scans.fresh(); ok {
		w.web.scans.take(x.id)
	}
	shot("38-today", to("/"))
	w.web.Scanned([]byte("card"))
	shot("39-live-went", wait("#name"))
	shot("33-english", to("/"), press("button[name=lang]"), wait("html[lang=en]"))
	shot("34-lock", press(".cb-top__who button"), wait("#pin"))
}

// lockAll locks every session, as if all had been idle.
func (s *sessions) lockAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.live {
		x.locked = true
	}
}

// camera is a browser of tablet size that takes pictures.
type camera struct {
	t   *testing.T
	w   *world
	ctx context.Context
	dir string
}

func newCamera(t *testing.T, w *world, dir string) *camera {
	ctx, cancel := newBrowser(t)
	t.Cleanup(cancel)
	return &camera{t, w, ctx, dir}
}

// shot does something and takes a picture of the whole page.
func (c *camera) shot(name string, actions ...chromedp.Action[chromedp.Void]) {
	c.t.Helper()
	step, late := context.WithTimeout(c.ctx, 10*time.Second)
	defer late()
	if err := chromedp.Do(step, actions...); err != nil {
		c.t.Errorf("%s: %v", name, err)
	}
	png, err := chromedp.Run(c.ctx, chromedp.FullScreenshot(100))
	c.w.must(err)
	c.w.must(os.WriteFile(filepath.Join(c.dir, name+".png"), png, 0o644))
}

func (c *camera) to(path string) chromedp.Action[chromedp.Void] {
	return chromedp.Navigate(c.w.http.URL + path)
}

func press(sel string) chromedp.Action[chromedp.Void] { return chromedp.Click(chromedp.CSS(sel)) }

func typing(sel, text string) chromedp.Action[chromedp.Void] {
	return chromedp.SendKeys(chromedp.CSS(sel), text)
}

func wait(sel string) chromedp.Action[chromedp.Void] { return chromedp.WaitVisible(chromedp.CSS(sel)) }

// tablet is the size of the screen: CLINICBOX_WEB_SIZE such as 600x960, or that of
// an 8-inch tablet held upright.
func tablet(t *testing.T) (width, height int64) {
	width, height = 800, 1280
	if size := os.Getenv("CLINICBOX_WEB_SIZE"); size != "" {
		if _, err := fmt.Sscanf(size, "%dx%d", &width, &height); err != nil {
			t.Fatal(err)
		}
	}
	return width, height
}

// newBrowser starts a browser of tablet size.
func newBrowser(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	width, height := tablet(t)
	alloc, stop := chromedp.NewExecAllocator(t.Context(), chromedp.Headless, chromedp.NoSandbox, chromedp.WindowSize(int(width), int(height)),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, cancel := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	return ctx, func() { cancel(); stop() }
}
