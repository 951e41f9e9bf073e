package web

import (
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"clinicbox/clinic"
)

// TestShotsOfStock takes pictures of the pages of stock and of handing out, in both
// languages.
func TestShotsOfStock(t *testing.T) {
	dir := os.Getenv("CLINICBOX_WEB_SHOTS")
	if dir == "" {
		t.Skip("set CLINICBOX_WEB_SHOTS to a folder to take pictures of the pages")
	}
	w := newWorld(t, time.Hour).serve()
	s := newShelf(w)
	visit := s.prescribed("Nguyễn Văn Lâm", "056061000123")
	partly := s.prescribed("Trần Thị Mùa", "056161000456")
	s.hand(partly, "4")
	s.doctors.examined(s.nurses.opened("Phạm Thị Sương", "056161012345"))
	s.doctors.send("/stock/send", url.Values{"goods.0": {s.lot("B2").Key()}, "quantity.0": {"20"}, "to": {"Điểm trạm Bãi Mẫu"}, "do": {"save"}})
	s.doctors.send("/stock/requisition", url.Values{"goods.0": {"medicine;PARA500"}, "quantity.0": {"200"}, "to": {"Trung tâm Y tế"}, "do": {"save"}})
	c := newCamera(t, w, dir)
	for _, lang := range []string{"vi", "en"} {
		shot := func(name string, do ...chromedp.Action[chromedp.Void]) { t.Helper(); c.shot("s-"+lang+"-"+name, do...) }
		if lang == "vi" {
			shot("00-today", c.to("/login/"+w.doctor.String()), typing("#pin", doctorPIN), press("main button"), wait(".cb-tiles"))
		} else {
			shot("00-today", c.to("/"), press("button[name=lang]"), wait("html[lang=en]"))
		}
		shot("01-hands", c.to("/hand"))
		shot("02-hand", c.to(visit+"/hand"))
		shot("03-hand-scanned", typing("#scan", "box A1\r"), wait("#checked\\.0:checked"))
		shot("04-hand-refused", press("button[value=save]"), wait("[data-errors]"))
		shot("05-partly", c.to(partly+"/hand"))
		shot("06-back", c.to(partly+"/back"))
		shot("07-use", c.to(visit+"/use"))
		shot("08-receive", c.to("/stock/receive"), typing("#scan", "box B2\r"), wait("#lot\\.0"))
		shot("09-receive-twice", typing("#scan", "box B2\r"), wait("button[value^=more]"))
		shot("10-receive-asked", chromedp.SetValue(chromedp.CSS("#expiry\\.0"), "12/2026"), chromedp.SetValue(chromedp.CSS("#pack\\.0"), "100"), press("button[value=save]"), wait("button[value=confirm]"))
		shot("11-count", c.to("/stock/count?item=medicine%3BPARA500"))
		shot("12-adjust", c.to("/stock/adjust?item=medicine%3BPARA500"))
		shot("13-send", c.to("/stock/send"), typing("#q", "para\r"), wait(".cb-suggest button"))
		shot("14-requisition", c.to("/stock/requisition"), typing("#q", "amox\r"), wait(".cb-suggest button"))
		shot("15-papers", c.to("/stock/papers"))
		shot("16-month", c.to("/stock/month"))
		shot("17-card", c.to(batchPath(s.lot("B2"))))
		shot("18-visit", c.to(partly))
		if lang == "en" {
			w.put(clinic.Draft{Kind: clinic.KindDispensed, Subject: clinic.NewID(), Visit: clinic.NewID(), Body: &clinic.Dispensed{Site: "22736A", Lines: []clinic.DispensedLine{{Goods: s.lot("A1"), Quantity: 8_000}}}})
		}
		shot("19-stock", c.to("/stock"))
		shot("20-short", c.to("/stock?show=short"))
	}
}
